//===- Parse.h - what the parses of this folder have in common ------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_PARSE_H
#define TORCH_TIDY_TOOL_FRONTEND_PARSE_H

#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <memory>
#include <string>

namespace clang {
class ASTConsumer;
class CompilerInstance;
class CompilerInvocation;
class DiagnosticConsumer;
} // namespace clang

namespace torch_tidy {

struct ParseJob;

/// The file system of a job: its working directory is the command's.
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> filesOf(const ParseJob &Job);

/// The command as clang takes it, with library bodies skipped and without what
/// changes no meaning: optimisation, debug information, position independence,
/// warnings. Include folders are absolute. Null where the command is wrong;
/// `Job.Diagnostics` has been told. Nothing is taken away where the command has
/// a precompiled header, which clang compares with it, or is to make one that
/// is not \p ForUs.
std::shared_ptr<clang::CompilerInvocation>
makeInvocation(const ParseJob &Job,
               llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files,
               bool ForUs = true);

/// Gives \p Compiler its files, sources and diagnostics.
void prepare(clang::CompilerInstance &Compiler,
             llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files,
             clang::DiagnosticConsumer &Diagnostics);

/// Which functions are parsed with their bodies (LibraryCode.h).
enum class Bodies : uint8_t {
  UsersAndStandard,
  Users, ///< For a file in which nothing can be found (LibTorchUse.h).
};

/// \p Then, after a consumer that has the other bodies skipped. \p MainFile is
/// empty for the compiler's own.
std::unique_ptr<clang::ASTConsumer>
skippingBodies(const clang::CompilerInstance &Compiler,
               std::unique_ptr<clang::ASTConsumer> Then,
               std::string MainFile = "",
               Bodies Which = Bodies::UsersAndStandard);

} // namespace torch_tidy

#endif
