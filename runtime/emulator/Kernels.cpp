//===- Kernels.cpp - what the stand-in cannot do --------------------------===//
//
// Kernels of the emulated device's own, each with its reason.
//
//===----------------------------------------------------------------------===//
#include "Kernels.h"
#include "Device.h"
#include "Fallback.h"
#include "Memory.h"
#include "Swap.h"
#include <ATen/EmptyTensor.h>
#include <ATen/NativeFunctions.h>
#include <torch/library.h>

using namespace torch_tidy::emulator;
using c10::DispatchKey;
using c10::DispatchKeySet;
using c10::OperatorHandle;
using compat::Optional;
using torch::jit::Stack;

namespace {

c10::DeviceIndex indexFor(Optional<at::Device> Device) {
  c10::DeviceIndex Index =
      Device && Device->has_index() ? Device->index() : currentDevice();
  checkDevice(Index);
  return Index;
}

// Memory comes from the device's own allocator, without a detour.
at::Tensor empty(at::IntArrayRef Size, Optional<at::ScalarType> Dtype,
                 Optional<at::Layout>, Optional<at::Device> Device,
                 Optional<bool> Pin, Optional<at::MemoryFormat> Format) {
  TORCH_CHECK(!Pin.value_or(false), "Only dense CPU tensors can be pinned");
  WithDevice Guard(indexFor(Device));
  return at::detail::empty_generic(Size, deviceAllocator(),
                                   DispatchKeySet(DispatchKey::CUDA),
                                   c10::dtype_or_default(Dtype), Format);
}

at::Tensor emptyStrided(at::IntArrayRef Size, at::IntArrayRef Stride,
                        Optional<at::ScalarType> Dtype, Optional<at::Layout>,
                        Optional<at::Device> Device, Optional<bool> Pin) {
  TORCH_CHECK(!Pin.value_or(false), "Only dense CPU tensors can be pinned");
  WithDevice Guard(indexFor(Device));
  return at::detail::empty_strided_generic(Size, Stride, deviceAllocator(),
                                           DispatchKeySet(DispatchKey::CUDA),
                                           c10::dtype_or_default(Dtype));
}

/// A convolution of tensors of one type and device runs on the host as a whole,
/// with oneDNN. On different ones, LibTorch's own function looks at the types
/// and chooses the operator, as with cuDNN, and that operator's check throws.
class Convolution final : public c10::OperatorKernel {
public:
  explicit Convolution(const OperatorHandle &Op) : Run(Op) {}
  void operator()(const OperatorHandle &Op, DispatchKeySet Keys, Stack *Stack) {
    auto Arguments = torch::jit::last(*Stack, Op.schema().arguments().size());
    c10::Device Common = Arguments[0].toTensor().device();
    bool Mixed = !Common.is_cuda();
    for (size_t I = 1; I < 3; ++I)
      Mixed |= Arguments[I].isTensor() && Arguments[I].toTensor().defined() &&
               !Arguments[I].toTensor().options().type_equal(
                   Arguments[0].toTensor().options());
    if (!Mixed)
      return Run(Op, Keys, Common.index(), Stack);
    Op.redispatchBoxed(DispatchKeySet(DispatchKey::VE), Stack);
  }

private:
  HostRun Run;
};

// Draws from the device's generator; the CPU kernel would draw from the CPU's.
std::tuple<at::Tensor, at::Tensor>
nativeDropout(const at::Tensor &Input, double P, Optional<bool> Train) {
  Swap Swap(Input.device().index());
  at::AutoDispatchBelowADInplaceOrView BelowAutograd;
  at::Tensor Host = Swap.toHost(Input);
  if (Train.has_value() && !*Train)
    return {
        Swap.toDevice(Host.clone()),
        Swap.toDevice(at::ones_like(Host, Host.options().dtype(at::kBool)))};
  if (P >= 1)
    return {
        Swap.toDevice(at::zeros_like(Host)),
        Swap.toDevice(at::zeros_like(Host, Host.options().dtype(at::kBool)))};
  at::Tensor Mask = at::empty_like(Host).bernoulli_(
      1 - P, hostGenerator(defaultGenerator(Input.device().index())));
  return {Swap.toDevice(Host.mul(Mask).mul_(1 / (1 - P))),
          Swap.toDevice(Mask.to(at::kBool))};
}

// Work is done when a call returns: no stream can still be using a tensor.
void recordStream(at::Tensor &, c10::Stream) {}

#if !TORCH_TIDY_LIBTORCH_2
// Since 2.0 these ask the hooks.
bool isPinnedTensor(const at::Tensor &Self, Optional<at::Device>) {
  return isPinned(Self.storage().data());
}

at::Tensor pinMemory(const at::Tensor &Self, Optional<at::Device>) {
  size_t Bytes = at::detail::computeStorageNbytes(Self.sizes(), Self.strides(),
                                                  Self.dtype().itemsize());
  auto Storage =
      c10::Storage(c10::Storage::use_byte_size_t(), Bytes, pinnedAllocator());
  at::Tensor Pinned =
      at::empty({0}, Self.options().pinned_memory(false))
          .set_(std::move(Storage), 0, Self.sizes(), Self.strides());
  Pinned.copy_(Self);
  return Pinned;
}
#endif

template <class Function>
void implement(torch::Library &Library, std::vector<std::string> &Names,
               const char *Name, Function *F) {
  Library.impl(Name, F);
  Names.push_back(Name);
}

} // namespace

std::vector<std::string> torch_tidy::emulator::registerKernels() {
  // Never removed: the kernels are needed until the last tensor is gone.
  static auto *Library = new torch::Library(
      torch::Library::IMPL, "aten", DispatchKey::CUDA, __FILE__, __LINE__);
  std::vector<std::string> Names;
  implement(*Library, Names, "empty.memory_format", &empty);
  implement(*Library, Names, "empty_strided", &emptyStrided);
  implement(*Library, Names, "native_dropout", &nativeDropout);
  implement(*Library, Names, "record_stream", &recordStream);
#if !TORCH_TIDY_LIBTORCH_2
  implement(*Library, Names, "is_pinned", &isPinnedTensor);
  implement(*Library, Names, "_pin_memory", &pinMemory);
#endif
  // These only make a new tensor on the same storage: LibTorch has one function
  // for all devices.
  implement(*Library, Names, "as_strided", &at::native::as_strided_tensorimpl);
  implement(*Library, Names, "view", &at::native::view);
  implement(*Library, Names, "_reshape_alias", &at::native::_reshape_alias);
  implement(*Library, Names, "unfold", &at::native::unfold);
  implement(*Library, Names, "is_set_to", &at::native::is_set_to);
  auto &Dispatcher = c10::Dispatcher::singleton();
  c10::OperatorName Name("aten::_convolution", "");
  static auto *Kept = new c10::RegistrationHandleRAII(Dispatcher.registerImpl(
      Name, DispatchKey::CUDA,
      c10::KernelFunction::makeFromBoxedFunctor<Convolution>(
          std::make_unique<Convolution>(*Dispatcher.findSchema(Name))),
      {}, nullptr, "torch-tidy's emulated CUDA device"));
  (void)Kept;
  Names.push_back("_convolution");
  return Names;
}
