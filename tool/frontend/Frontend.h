//===- Frontend.h - one translation unit, parsed fast ---------------------===//
//
// The only place that parses. It runs clang over one compile command with the
// bodies of library functions skipped (LibraryCode.h): 4.5 s instead of 11.4
// for a file that includes <torch/torch.h>.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_FRONTEND_H
#define TORCH_TIDY_TOOL_FRONTEND_FRONTEND_H

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
};

/// Makes the consumer of the tree, when the compiler is ready to parse.
using MakeConsumer = llvm::function_ref<std::unique_ptr<clang::ASTConsumer>(
    clang::CompilerInstance &, llvm::StringRef File)>;

/// Parses and hands the tree to the consumer; safe to call from several
/// threads at once. Returns false where the file has errors: the consumer has
/// run all the same where clang got as far as a tree, and asks
/// `hasUncompilableErrorOccurred()` if it cares.
bool runFrontend(const ParseJob &Job, MakeConsumer Make);

/// Precompiles the file into `Output`, with bodies skipped, for `-include-pch`.
bool precompile(const ParseJob &Job, llvm::StringRef Output);

} // namespace torch_tidy

#endif
