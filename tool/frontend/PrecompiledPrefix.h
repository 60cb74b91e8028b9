//===- PrecompiledPrefix.h - library headers, precompiled -----------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_PRECOMPILEDPREFIX_H
#define TORCH_TIDY_TOOL_FRONTEND_PRECOMPILEDPREFIX_H

#include "tool/frontend/Dependencies.h"

namespace clang {
class CompilerInvocation;
struct PCHBuffer;
} // namespace clang

namespace torch_tidy {

/// What to precompile, and how.
struct PrefixJob {
  /// Of a file that begins so: its flags, and its main file's name.
  const clang::CompilerInvocation &Invocation;
  llvm::StringRef Text;      ///< The includes.
  llvm::StringRef BaseFile;  ///< A precompiled header below it, or empty.
  llvm::StringRef Directory; ///< The command's folder.
  llvm::StringRef OwnFolder; ///< The cache, which is no dependency.
};

struct PrecompiledPrefix {
  /// The precompiled header; empty where the text has errors, or brings in
  /// what is not library code for every file that may share it.
  llvm::StringRef bytes() const;
  /// The macros of shared libraries (isExportMacro()) that it asks for.
  std::vector<std::string> Exports;
  /// Everything that was read; nothing where the files changed meanwhile.
  std::optional<Dependencies> Read;
  std::shared_ptr<clang::PCHBuffer> Buffer;
};

/// True for what CMake defines for a shared library's own sources:
/// "<target>_EXPORTS". Other projects' headers know nothing of it.
bool isExportMacro(llvm::StringRef Name);

/// Bodies of library functions are skipped, as in any parse here.
PrecompiledPrefix precompilePrefix(const PrefixJob &Job);

} // namespace torch_tidy

#endif
