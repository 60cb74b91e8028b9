//===- Direct.h - frequent operators, without a stack ---------------------===//
//
// The stand-in of Fallback.h takes its arguments on a stack, whatever they are;
// putting them there and taking them off again is half of what it costs. For the
// operators that a training step is made of there is a way past it, where
// nothing can be said against a call: all of its tensors are on one device and
// of one type, Float or Double, which every kernel of either device takes. Any
// other call goes the ordinary way.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_DIRECT_H
#define TORCH_TIDY_RUNTIME_EMULATOR_DIRECT_H

#include "Compat.h"
#include <ATen/core/dispatch/Dispatcher.h>

namespace torch_tidy::emulator {

/// \p Boxed, the stand-in for \p Op; where \p Op is frequent, with the short way
/// before it.
c10::KernelFunction withShortWay(const c10::OperatorHandle &Op,
                                 c10::KernelFunction Boxed);

/// What the CPU kernel is called with for a call on CUDA by \p Keys.
inline c10::DispatchKeySet hostKeys(c10::DispatchKeySet Keys) {
  return Keys.remove_backend(c10::BackendComponent::CUDABit) |
         c10::DispatchKeySet(c10::BackendComponent::CPUBit);
}

/// Leaves to the kernels below what autograd and autocast would do again.
struct BelowAutograd : c10::impl::ExcludeDispatchKeyGuard {
  BelowAutograd()
      : ExcludeDispatchKeyGuard(
            c10::autograd_dispatch_keyset_with_ADInplaceOrView |
            c10::DispatchKeySet(c10::DispatchKey::AutocastCPU)) {}
};

} // namespace torch_tidy::emulator

#endif
