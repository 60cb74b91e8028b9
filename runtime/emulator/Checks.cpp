//===- Checks.cpp - kernels that compare devices in their own way ---------===//
//
// Each function here repeats what a CUDA kernel's own code says about arguments
// on different devices, with its words, and lists the operator in the table
// below.
//
//===----------------------------------------------------------------------===//
#include "Compat.h"
#include "Operators.h"
#include <unordered_map>

using namespace torch_tidy::emulator;

namespace {

using Arguments = at::ArrayRef<c10::IValue>;

[[noreturn]] void twoDevices(c10::Device Common, c10::Device Other) {
  TORCH_CHECK(false,
              "Expected all tensors to be on the same device, but found at "
              "least two devices, ",
              Common, " and ", Other, "!");
}

/// masked_fill__cuda.
void checkMaskedFill(Arguments A) {
  const at::Tensor &Self = A[0].toTensor(), &Mask = A[1].toTensor();
  if (A[2].isTensor())
    TORCH_CHECK(!Self.device().is_cpu(),
                "masked_fill_: Expected inputs to be on same device");
  TORCH_CHECK(
      Self.device() == Mask.device(),
      "expected self and mask to be on the same device, but got mask on ",
      Mask.device(), " and self on ", Self.device());
}

/// where: a tensor without dimensions goes to where the condition is.
void checkWhere(Arguments A) {
  c10::Device Common(c10::DeviceType::CPU);
  for (const c10::IValue &V : A)
    if (Common.is_cpu())
      Common = V.toTensor().device();
  c10::Device Condition = A[0].toTensor().device();
  for (size_t I = 0; I < A.size(); ++I) {
    const at::Tensor &T = A[I].toTensor();
    c10::Device Device =
        (I == 1 || I == 2) && T.dim() == 0 ? Condition : T.device();
    if (Device != Common)
      twoDevices(Common, Device);
  }
}

/// index_put_: the indices as in index(), the value where self is.
void checkIndexPut(Arguments A) {
  const at::Tensor &Self = A[0].toTensor(), &Value = A[2].toTensor();
  for (const c10::IValue &V : A[1].toListRef())
    if (V.isTensor() && V.toTensor().defined()) {
      c10::Device Device = V.toTensor().device();
      TORCH_CHECK(Device.is_cpu() || Device == Self.device(),
                  "indices should be either on ", at::kCPU,
                  " or on the same device as the indexed tensor (",
                  Self.device(), ")");
    }
  if (Value.device() != Self.device() && Value.dim() != 0) {
    bool Accumulate = A[3].toBool();
    TORCH_CHECK(!Accumulate || Self.is_cpu(), "expected device ", Self.device(),
                " but got device ", Value.device(), " for value tensor");
    if (Self.is_cpu())
      twoDevices(Value.device(), Self.device());
    twoDevices(Self.device(), Value.device());
  }
}

} // namespace

CheckFunction torch_tidy::emulator::ownCheck(const std::string &Name) {
  static const auto *Table = new std::unordered_map<std::string, CheckFunction>{
      {"masked_fill_.Scalar", checkMaskedFill},
      {"masked_fill_.Tensor", checkMaskedFill},
      {"where.self", checkWhere},
      {"where.self_out", checkWhere},
      {"_index_put_impl_", checkIndexPut},
  };
  auto It = Table->find(Name);
  return It == Table->end() ? nullptr : It->second;
}
