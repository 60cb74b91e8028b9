//===- ResourceDir.h - where clang's own headers are ----------------------===//
//
// clang's `stddef.h` and its like are not beside this program but in the LLVM
// installation that libclang-cpp comes from, and that may be another one than
// the one it was built with.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_RESOURCEDIR_H
#define TORCH_TIDY_TOOL_FRONTEND_RESOURCEDIR_H

#include "llvm/Support/Error.h"
#include <string>

namespace torch_tidy {

/// Looks relative to this program, then relative to the libclang-cpp that is
/// loaded, then where the build found LLVM. The error lists what was tried.
llvm::Expected<std::string> findResourceDir();

} // namespace torch_tidy

#endif
