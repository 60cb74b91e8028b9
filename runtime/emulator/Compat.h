//===- Compat.h - what differs between LibTorch 1.13 and 2.x --------------===//
//
// The `#if`s on LibTorch's version stand here, so that a new release has one
// place to look at; kernels for operators that 1.13 does not have are set aside
// where they stand, by the same TORCH_TIDY_LIBTORCH_2.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_COMPAT_H
#define TORCH_TIDY_RUNTIME_EMULATOR_COMPAT_H

#include <ATen/ATen.h>
#include <ATen/core/op_registration/adaption.h>
#include <c10/core/Allocator.h>
#include <c10/core/DispatchKeySet.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR >= 2
#include <c10/core/CachingDeviceAllocator.h>
#define TORCH_TIDY_LIBTORCH_2 1
#else
#define TORCH_TIDY_LIBTORCH_2 0
#endif

namespace torch_tidy::emulator::compat {

#if TORCH_TIDY_LIBTORCH_2
template <class T> using Optional = std::optional<T>;
using OptionalTensorList = c10::List<std::optional<at::Tensor>>;
/// Generated wrappers are called wrapper_CUDA_addmm since 2.0.
inline std::string wrapperPrefix(const char *Key) {
  return std::string("wrapper_") + Key + "_";
}
using DeviceNumber = c10::DeviceIndex;

/// torch::cuda and torch.accelerator ask the allocator for more than memory.
class DeviceAllocator : public c10::DeviceAllocator {
public:
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr &, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats
  getDeviceStats(c10::DeviceIndex) override {
    return {};
  }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex) override {}
};
/// Named dimensions were given up before 2.13.
inline void copyNames(const c10::TensorImpl &, c10::TensorImpl &) {}
#else
template <class T> using Optional = c10::optional<T>;
using OptionalTensorList = c10::List<c10::optional<at::Tensor>>;
inline std::string wrapperPrefix(const char *) { return "wrapper_"; }
using DeviceNumber = int64_t;

class DeviceAllocator : public c10::Allocator {
public:
  virtual void copy_data(void *, const void *, std::size_t) const = 0;
};
inline void copyNames(const c10::TensorImpl &From, c10::TensorImpl &To) {
  if (From.has_named_tensor_meta())
    To.set_named_tensor_meta(From.named_tensor_meta()->clone());
}
#endif

inline c10::DataPtr allocateHost(size_t Bytes) {
  return c10::GetAllocator(c10::DeviceType::CPU)->allocate(Bytes);
}

/// Operators.inc comes from 2.13.
constexpr bool IsOlderThanTable =
    TORCH_VERSION_MAJOR < 2 || TORCH_VERSION_MINOR < 11;

/// LibTorch's own words for "not on the same device".
[[noreturn]] inline void sameDeviceFailure(c10::Device Common,
                                           const at::Tensor &Other,
                                           const char *Method,
                                           const char *Argument) {
#if TORCH_TIDY_LIBTORCH_2
  c10::impl::common_device_check_failure(Common, Other, Method, Argument);
#else
  c10::optional<c10::Device> Device = Common;
  c10::impl::common_device_check_failure(Device, Other, Method, Argument);
#endif
  __builtin_unreachable();
}

} // namespace torch_tidy::emulator::compat

#endif
