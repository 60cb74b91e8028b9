//===- Operators.h - what CUDA has kernels for, and how they check --------===//
//
// The facts of Operators.inc (from PyTorch's own operator definitions) and of
// Operators.cpp (what stands in the kernels' own code).
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_OPERATORS_H
#define TORCH_TIDY_RUNTIME_EMULATOR_OPERATORS_H

#include <ATen/core/ivalue.h>
#include <ATen/core/operator_name.h>
#include <string>

namespace torch_tidy::emulator {

/// Who compares the devices of an operator's arguments, and how.
enum class DeviceCheck {
  /// The generated wrapper, before anything else: every tensor argument has to
  /// be where the first one is.
  Wrapper,
  /// The operator's meta function, which LibTorch has for every backend.
  Meta,
  /// TensorIterator, which lets no CPU tensor pass.
  Iterator,
  /// TensorIterator, which lets one CPU tensor without dimensions pass.
  IteratorScalar,
  /// Nobody, or the kernel in a way of its own (Checks.cpp).
  None,
};

/// Throws as the operator's CUDA kernel does for arguments on several devices.
/// \p Method is what its wrapper is called.
using CheckFunction = void (*)(at::ArrayRef<c10::IValue> Arguments,
                               const std::string &Method);

/// What the kernel of \p Name ("masked_fill_.Scalar") compares in a way of its
/// own, or null.
CheckFunction ownCheck(const std::string &Name);

/// The kinds of tensors that CUDA has kernels of their own for.
enum class Kind { Dense, Sparse, SparseCsr };

struct OperatorFacts {
  bool HasCuda = false; ///< A CUDA build has a kernel for it.
  DeviceCheck Check = DeviceCheck::Wrapper;
  CheckFunction OwnCheck = nullptr; ///< Comes before Check.
  /// What messages call the wrapper.
  std::string Method;
};

/// Facts on an operator of the `aten` namespace; Wrapper checks for others.
OperatorFacts factsOf(const c10::OperatorName &Name, bool IsOut,
                      Kind Kind = Kind::Dense);

} // namespace torch_tidy::emulator

#endif
