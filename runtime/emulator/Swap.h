//===- Swap.h - one call's arguments, on the host -------------------------===//
//
// A Swap stands for one operator call. `toHost` gives, for a CUDA tensor, a CPU
// tensor over the same bytes; `toDevice` gives, for what a CPU kernel returned,
// the CUDA tensor that a CUDA kernel would have returned: the argument itself
// where the kernel gave that back, a view of the argument's storage where the
// result shares it, a new CUDA tensor otherwise.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_SWAP_H
#define TORCH_TIDY_RUNTIME_EMULATOR_SWAP_H

#include "Compat.h"
#include <ATen/core/ivalue.h>
#include <c10/util/SmallVector.h>

namespace torch_tidy::emulator {

class Swap {
public:
  /// \p Index is the device of what has no other device to go by.
  explicit Swap(c10::DeviceIndex Index) : Index(Index) {}

  /// \p T on the host. Tensors that are not on CUDA stay as they are.
  at::Tensor toHost(const at::Tensor &T);
  /// The same, in place, for whatever holds tensors, storages, devices or
  /// generators.
  void putOnHost(c10::IValue &V);

  at::Tensor toDevice(const at::Tensor &T);
  void putOnDevice(c10::IValue &V);

  /// Carries over what a kernel did to the shape or the storage of arguments
  /// that it may write.
  void writeBack();

private:
  struct Pair {
    at::Tensor Cuda, Host;
    /// What the host tensor lay in before the kernel ran, which may give it
    /// another (set_). Null for a sparse tensor.
    c10::StorageImpl *Storage;
  };
  c10::DispatchKeySet keys(c10::DispatchKeySet From, bool ToHost) const;
  at::Tensor sparseToHost(const at::Tensor &T);
  at::Tensor sparseToDevice(const at::Tensor &T);
  void writeBackSparse(const at::Tensor &Cuda, const at::Tensor &Host);
  c10::Storage storageToDevice(const c10::Storage &Host);

  c10::DeviceIndex Index;
  c10::SmallVector<Pair, 6> Pairs;
  /// Storages of results, so that two results that share one still do, and
  /// those that are arguments themselves.
  c10::SmallVector<std::pair<c10::StorageImpl *, c10::Storage>, 2> Storages;
};

} // namespace torch_tidy::emulator

#endif
