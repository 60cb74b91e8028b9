//===- Ranks.h - how many dimensions tensors have -------------------------===//
//
// The device rules ask one thing of it: whether a tensor is 0-dimensional,
// which CUDA takes from the CPU.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_RANKS_H
#define TORCH_TIDY_CHECKS_FLOW_RANKS_H

#include "checks/flow/State.h"
#include <optional>

namespace torch_tidy {

/// The length of a list of sizes or dimensions; an integer is a list of one.
std::optional<int> lengthOf(const State &S, const Value &V);

/// Writes what is known of the dimensions into a fact.
void setDims(TensorFact &F, std::optional<int> Dims);

/// What a built-in module makes of the dimensions of its input.
std::optional<int> moduleDims(llvm::StringRef Kind, const TensorFact &Input);

} // namespace torch_tidy

#endif
