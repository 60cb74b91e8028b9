//===- TypicalUse.h - what a base preamble prepares beside the headers ----===//
//
// A program that makes a tensor or a module needs classes of the standard
// library for LibTorch's types, `std::unique_ptr<c10::TensorImpl>` among them,
// which <torch/torch.h> alone does not instantiate. Each file would do it
// again: a third of the time of a small one. So the preamble of <torch/torch.h>
// is made behind a short program that has done so. It declares one name, which
// is the implementation's own, and adds nothing else that a file could tell.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_TYPICALUSE_H
#define TORCH_TIDY_TOOL_FRONTEND_TYPICALUSE_H

#include "llvm/ADT/StringRef.h"

namespace torch_tidy {

/// To stand behind `#include <torch/torch.h>`. Where a release of LibTorch
/// does not compile it, the preamble does without.
llvm::StringRef typicalUse();

} // namespace torch_tidy

#endif
