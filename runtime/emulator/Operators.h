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
  /// The kernel, in a way of its own (Checks.cpp).
  Own,
  /// Nobody: the operator works across devices.
  None,
};

/// Throws as the operator's CUDA kernel does for arguments on several devices.
using CheckFunction = void (*)(at::ArrayRef<c10::IValue> Arguments);

/// The own check of the operator \p Name ("masked_fill_.Scalar"), or null.
CheckFunction ownCheck(const std::string &Name);

struct OperatorFacts {
  bool HasCuda = false; ///< A CUDA build has a kernel for it.
  DeviceCheck Check = DeviceCheck::Wrapper;
  CheckFunction OwnCheck = nullptr; ///< Where Check is Own.
  /// It has to run on the host as one piece, though LibTorch composes it of
  /// operators that the device has.
  bool WholeOnHost = false;
  /// What messages call the wrapper, without its prefix.
  std::string Method;
};

/// Facts on an operator of the `aten` namespace; Wrapper checks for others.
OperatorFacts factsOf(const c10::OperatorName &Name, bool IsOut);

} // namespace torch_tidy::emulator

#endif
