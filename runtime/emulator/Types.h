//===- Types.h - what CUDA's kernels take that the CPU's do not -----------===//
//
// CUDA and CPU kernels of one operator do not take the same element types. The
// facts come from comparing the types that PyTorch's operator database lists
// for either, and from measurements on a GPU.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_TYPES_H
#define TORCH_TIDY_RUNTIME_EMULATOR_TYPES_H

#include "Compat.h"
#include <ATen/core/ivalue.h>

namespace torch_tidy::emulator {

/// Throws where the types of the arguments do not go together on CUDA, though
/// the CPU kernel takes them.
using TypeCheck = void (*)(at::ArrayRef<c10::IValue> Arguments);
TypeCheck typeCheck(const std::string &Operator);

/// The type in which the CPU kernel of \p Operator computes for arguments of
/// \p Type; \p Type itself where it has a kernel for that.
at::ScalarType computeType(const std::string &Operator, at::ScalarType Type);
/// A type with room for \p Type that every CPU kernel has, where CPU kernels of
/// this LibTorch may lack \p Type: ComplexHalf, and Half before 2.x.
at::ScalarType widerType(at::ScalarType Type);
/// Whether computeType has anything to say on \p Operator.
bool lacksTypes(const std::string &Operator);

/// The types that CUDA has no kernel of \p Operator for, though the CPU has;
/// null where there are none.
struct Refusal;
const Refusal *refusalOf(const std::string &Operator);
/// What CUDA calls the kernel when it says that there is none for \p Type; null
/// where there is one.
const char *refusedKernel(const Refusal &R, at::ScalarType Type);

} // namespace torch_tidy::emulator

#endif
