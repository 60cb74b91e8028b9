//===- Fallback.h - runs CUDA operators with CPU kernels ------------------===//
//
// One boxed kernel stands in for every CUDA kernel: it compares the devices of
// the arguments as the CUDA kernel would (see Operators.h), puts the arguments
// on the host (Swap.h), runs the CPU kernel, and puts the results back.
//
// Where the arguments are on different devices and the operator's check is in
// its meta function, that genuine function runs first on the genuine arguments:
// LibTorch has a kernel made of the meta function and a call of the `out=`
// overload for every backend that has none of its own, and the slot of one such
// backend reaches it.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_FALLBACK_H
#define TORCH_TIDY_RUNTIME_EMULATOR_FALLBACK_H

#include "Compat.h"
#include "Swap.h"
#include "Types.h"
#include <ATen/core/dispatch/Dispatcher.h>

namespace torch_tidy::emulator {

/// Registers the stand-in for each operator that a CUDA build has a kernel for,
/// unless it is in \p Own ("copy_", "add.out"), and for operators of other
/// libraries. The registrations live as long as the process.
void registerFallback(const std::vector<std::string> &Own);

/// Runs one operator with its CPU kernel on the host, without any check of
/// devices.
class HostRun {
public:
  explicit HostRun(const c10::OperatorHandle &Op);
  /// \p Keys is what the operator was dispatched by. \p Index is the device of
  /// the results; -1 for the one that a Device argument names or else the
  /// current one.
  void operator()(const c10::OperatorHandle &Op, c10::DispatchKeySet Keys,
                  c10::DeviceIndex Index, torch::jit::Stack *Stack) const;

  /// The arguments that may have to do with a device: tensors, lists of them,
  /// generators, but not numbers.
  at::ArrayRef<size_t> placed() const { return Placed; }
  size_t arguments() const { return Count; }

private:
  void putOnHost(c10::IValue *Arguments, c10::DeviceIndex Index,
                 Swap &Swap) const;
  void runKernel(const c10::OperatorHandle &Op, c10::DispatchKeySet Keys,
                 torch::jit::Stack *Stack) const;
  void runInOtherType(const c10::OperatorHandle &Op, c10::DispatchKeySet Keys,
                      torch::jit::Stack &Host) const;
  struct Refused {
    const char *Kernel = nullptr;
    at::ScalarType Type = at::ScalarType::Undefined;
  };
  Refused refused(at::ArrayRef<c10::IValue> Arguments) const;

  size_t Count;
  std::vector<size_t> Placed;
  /// For each result, the argument that it is (in-place and out=), or -1.
  std::vector<int> Returned;
  int Generator = -1;
  int Device = -1;
  bool Writes = false;
  std::string Name; ///< Without namespace and overload.
  TypeCheck CheckTypes;
  const Refusal *Refuses;
  bool Lacks;
};

} // namespace torch_tidy::emulator

#endif
