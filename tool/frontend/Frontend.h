//===- Frontend.h - one translation unit, parsed fast ---------------------===//
//
// The only place that parses. It runs clang over one compile command with the
// bodies of library functions skipped (LibraryCode.h): 4.5 s instead of 11.4
// for a file that includes <torch/torch.h>; and with the library headers that
// the file begins with taken from a preamble (Preamble.h): 0.3 s.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_FRONTEND_H
#define TORCH_TIDY_TOOL_FRONTEND_FRONTEND_H

#include "tool/frontend/Preamble.h"
#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <memory>

namespace clang {
class ASTConsumer;
class CompilerInstance;
class DiagnosticConsumer;
class FrontendAction;
} // namespace clang

namespace torch_tidy {

/// What a parse depended on, for those who keep its result.
struct ParseRecord {
  /// Everything that was read besides the preamble; nothing where the files
  /// changed meanwhile.
  std::optional<Dependencies> Read;
  std::optional<Preamble> Began; ///< With this preamble.
  double SecondsForPreamble = 0; ///< To find it or make it.
  double SecondsToParse = 0;     ///< And for the consumer.
};

struct ParseJob {
  /// From CompileCommands::get.
  const clang::tooling::CompileCommand &Command;
  /// From findResourceDir().
  llvm::StringRef ResourceDir;
  /// Receives what clang says. Not owned.
  clang::DiagnosticConsumer &Diagnostics;
  /// The files as clang shall see them, an editor's unsaved ones among them;
  /// null is the disk. The job sets its working directory.
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files = nullptr;
  /// Sources that are read behind the file, as if it included them at its end.
  llvm::ArrayRef<std::string> Behind = {};
  /// Where preambles come from; null for a parse without.
  Preambles *Library = nullptr;
  /// Filled in where given.
  ParseRecord *Record = nullptr;
};

/// Makes the consumer of the tree, when the compiler is ready to parse.
using MakeConsumer = llvm::function_ref<std::unique_ptr<clang::ASTConsumer>(
    clang::CompilerInstance &, llvm::StringRef File)>;

/// What the text of a main file ends in where others are read behind it.
std::string includesBehind(llvm::ArrayRef<std::string> Sources);

/// Parses and hands the tree to the consumer; safe to call from several
/// threads at once. Returns false where the file has errors: the consumer has
/// run all the same where clang got as far as a tree, and asks
/// `hasUncompilableErrorOccurred()` if it cares.
bool runFrontend(const ParseJob &Job, MakeConsumer Make);

/// Precompiles the file into `Output`, with bodies skipped, for `-include-pch`.
bool precompile(const ParseJob &Job, llvm::StringRef Output);

} // namespace torch_tidy

#endif
