//===- LibTorchUse.h - whether a file has anything to do with LibTorch ----===//
//
// Most sources of most projects do not include LibTorch, and nothing is found
// in them. They are parsed all the same, for what the compiler says of them,
// but with less: no body of the standard library can lead to LibTorch there.
//
// Their tokens tell them: LibTorch declares all that the analysis starts from
// in `namespace at`.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_LIBTORCHUSE_H
#define TORCH_TIDY_TOOL_FRONTEND_LIBTORCHUSE_H

#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace clang {
class CompilerInvocation;
}

namespace torch_tidy {

/// False where the preprocessed file never opens `namespace at`. True in doubt:
/// where it imports modules or begins with a precompiled header, or where the
/// preprocessor reports an error. Reads until it knows, so it costs little for
/// a file that includes LibTorch early.
bool mayUseLibTorch(const clang::CompilerInvocation &Invocation,
                    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files);

} // namespace torch_tidy

#endif
