//===- CompileCommands.h - how a source file is compiled ------------------===//
//
// Finds the compile command of a file and turns it into one that this clang
// can parse: build-only flags (outputs, dependency files, precompiled headers
// of another compiler, plugins) go, and so do flags that only GCC knows.
//
// A compile database is, in this order: the one that `-p` names, then
// `compile_commands.json` in each folder from the source file upwards, and in
// each of those also in `build*/`, `out/` and `cmake-build-*/`. A file without
// an entry, as headers have none, borrows the flags of the entry with the most
// similar name.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_COMPILECOMMANDS_H
#define TORCH_TIDY_TOOL_FRONTEND_COMPILECOMMANDS_H

#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace torch_tidy {

/// Flags that the user adds to every command; the first come right after the
/// compiler's name, the last at the end.
struct ExtraFlags {
  std::vector<std::string> Before;
  std::vector<std::string> After;
};

class CompileCommands {
public:
  /// Every file is compiled with the flags after `--`.
  static CompileCommands
  fixed(std::unique_ptr<clang::tooling::CompilationDatabase> Database);
  /// `BuildPath` is the value of `-p` (a folder or the file itself), or empty
  /// for a search from each source file.
  static CompileCommands search(std::string BuildPath);

  /// The commands of one file, absolute path, ready to parse; never empty.
  /// Identical commands come once. A borrowed one says so in `Heuristic`. The
  /// error says which file has none and how to make one.
  llvm::Expected<std::vector<clang::tooling::CompileCommand>>
  get(llvm::StringRef File, const ExtraFlags &Extra);
  /// All sources of the databases that were read so far; none with fixed flags.
  std::vector<std::string> allSources() const;
  /// True where there is a database for the file, readable or not.
  bool hasDatabaseFor(llvm::StringRef File) const;

private:
  /// The database's file; empty where there is none.
  std::string databaseFor(llvm::StringRef File) const;
  llvm::Expected<clang::tooling::CompilationDatabase *>
  load(llvm::StringRef DatabaseFile);

  std::unique_ptr<clang::tooling::CompilationDatabase> Fixed;
  std::string BuildPath;
  /// By the path of the database's file.
  llvm::StringMap<std::unique_ptr<clang::tooling::CompilationDatabase>> Loaded;
};

/// The compile database for a source file (absolute path) by the search that
/// the head of this file describes; empty where there is none.
std::string findCompileDatabase(llvm::StringRef SourceFile);

/// Drops from a compile command what only its own compiler can use, and turns
/// one for nvcc into clang's (Nvcc.h). Names of files are relative to
/// \p Directory.
std::vector<std::string> portableArguments(std::vector<std::string> Arguments,
                                           llvm::StringRef File,
                                           llvm::StringRef Directory = "");

} // namespace torch_tidy

#endif
