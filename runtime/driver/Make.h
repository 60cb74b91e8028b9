//===- Make.h - tensors, devices and modules for an entry's arguments -----===//
//
// What the generated entries call. Included before the user's own translation
// unit, whose macros may have any name, so it includes only what the probe
// includes anyway; loaders have a header of their own (MakeLoader.h), which
// comes after it.
//
// Values are dull on purpose: floats in [0, 1), integers 0 and 1 (valid class
// labels and indices nearly everywhere), `true`, 0.5, "text".
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_DRIVER_MAKE_H
#define TORCH_TIDY_RUNTIME_DRIVER_MAKE_H

#include "Driver.h"
#include <ATen/ATen.h>
#include <iostream>
#include <memory>

namespace torch_tidy::driver {

/// A tensor as a caller makes it: on the CPU, then moved where the world
/// says so.
inline at::Tensor tensor(Args &A, const char *Name) {
  const Choice C = A.draw(Choice::Tensor, Name);
  at::Tensor T;
  switch (C.Type) {
  case 'l':
    T = at::randint(0, 2, C.Shape, at::kLong);
    break;
  case 'b':
    T = at::randint(0, 2, C.Shape, at::kLong).to(at::kBool);
    break;
  case 'd':
    T = at::rand(C.Shape, at::kDouble);
    break;
  default:
    T = at::rand(C.Shape);
    break;
  }
  if (C.Cuda)
    T = T.to(at::kCUDA);
  if (C.Grad)
    T.requires_grad_();
  return T;
}

inline at::Device device(Args &A, const char *Name) {
  return at::Device(A.onCuda(Name) ? at::kCUDA : at::kCPU);
}

/// \p Module, moved to CUDA in the worlds where the caller did so.
template <class M>
std::shared_ptr<M> placed(Args &A, const char *Name,
                          std::shared_ptr<M> Module) {
  if (A.movedModule(Name))
    Module->to(at::Device(at::kCUDA));
  return Module;
}

} // namespace torch_tidy::driver

#endif
