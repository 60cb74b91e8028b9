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

/// What a loop over CUDA memory says of an operand that TensorIterator let
/// pass because it has no dimensions.
void loopWants(const c10::IValue &V, int Position) {
  const at::Tensor &T = V.toTensor();
  TORCH_CHECK(!T.is_cpu() || T.dim() != 0,
              "iter.device(arg).is_cuda() INTERNAL ASSERT FAILED at "
              "\"/pytorch/aten/src/ATen/native/cuda/Loops.cuh\":109, please "
              "report a bug to PyTorch. argument ",
              Position, ": expected a CUDA device but found ", T.device());
}

c10::Device firstDevice(Arguments A) {
  for (const c10::IValue &V : A)
    if (V.isTensor() && V.toTensor().defined() && !V.toTensor().is_cpu())
      return V.toTensor().device();
  return c10::DeviceType::CPU;
}

void sameDevice(const c10::IValue &V, c10::Device Common) {
  if (V.isTensor() && V.toTensor().defined() && V.toTensor().device() != Common)
    twoDevices(Common, V.toTensor().device());
}

/// masked_fill__cuda.
void checkMaskedFill(Arguments A, const std::string &) {
  const at::Tensor &Self = A[0].toTensor(), &Mask = A[1].toTensor();
  if (A[2].isTensor())
    TORCH_CHECK(!Self.device().is_cpu(),
                "masked_fill_: Expected inputs to be on same device");
  TORCH_CHECK(
      Self.device() == Mask.device(),
      "expected self and mask to be on the same device, but got mask on ",
      Mask.device(), " and self on ", Self.device());
}

/// where: what has no dimensions goes to where the result is.
void checkWhere(Arguments A, const std::string &) {
  c10::Device Common = firstDevice(A);
  for (size_t I = 0; I < A.size(); ++I)
    if (I >= 3 || A[I].toTensor().dim() != 0)
      sameDevice(A[I], Common);
}

/// index_put_: indices as in index(), the value where self is.
void checkIndexPut(Arguments A, const std::string &) {
  const at::Tensor &Self = A[0].toTensor(), &Value = A[2].toTensor();
  if (Value.device() != Self.device() && Value.dim() != 0) {
    TORCH_CHECK(!A[3].toBool() || Self.is_cpu(), "expected device ",
                Self.device(), " but got device ", Value.device(),
                " for value tensor");
    twoDevices(Self.is_cpu() ? Value.device() : Self.device(),
               Self.is_cpu() ? Self.device() : Value.device());
  }
  for (const c10::IValue &V : A[1].toListRef())
    if (V.isTensor() && V.toTensor().defined()) {
      c10::Device Device = V.toTensor().device();
      TORCH_CHECK(Device.is_cpu() || Device == Self.device(),
                  "indices should be either on ", at::kCPU,
                  " or on the same device as the indexed tensor (",
                  Self.device(), ")");
    }
}

/// index_fill_: the value becomes a number, the index does not.
void checkIndexFill(Arguments A, const std::string &) {
  c10::Device Common = firstDevice({A[0], A[2]});
  sameDevice(A[0], Common);
  sameDevice(A[2], Common);
}

void checkAddcmul(Arguments A, const std::string &) {
  auto IsScalar = [](const c10::IValue &V) {
    return V.toTensor().is_cpu() && V.toTensor().dim() == 0;
  };
  TORCH_CHECK(!IsScalar(A[0]), "CPU Scalar support for self argument is not "
                               "supported when calling addcmul on CUDA "
                               "tensors.");
  TORCH_CHECK(!IsScalar(A[1]),
              "CPU Scalar support for tensor1 argument is not supported when "
              "calling addcmul on CUDA tensors. However, CPU Scalar support "
              "for tensor2 is supported, please swap your tensor1 and tensor2 "
              "terms.");
}

/// lerp with a number as weight, smooth_l1_loss: the meta function lets a
/// scalar pass, the loop does not.
void checkTwoLooped(Arguments A, const std::string &) {
  loopWants(A[0], 1);
  loopWants(A[1], 2);
}

/// mse_loss: the mean goes to a result on the device of self.
void checkMseLoss(Arguments A, const std::string &) {
  c10::Device Common = firstDevice(A);
  if (A[0].toTensor().is_cpu() && A[0].toTensor().dim() == 0)
    twoDevices(A[0].toTensor().device(), Common);
  sameDevice(A[0], Common);
  sameDevice(A[1], Common);
}

/// binary_cross_entropy: the weight is multiplied on afterwards.
void checkBinaryCrossEntropy(Arguments A, const std::string &) {
  c10::Device Common = firstDevice(A);
  sameDevice(A[0], Common);
  sameDevice(A[1], Common);
  if (A[2].isTensor() && A[2].toTensor().defined() &&
      A[2].toTensor().dim() != 0)
    sameDevice(A[2], Common);
}

/// searchsorted: the wrapper does not look at keyword arguments.
void checkSearchSorted(Arguments A, const std::string &) {
  const at::Tensor &Boundaries = A[0].toTensor();
  const c10::IValue &Sorter = A.back();
  if (Sorter.isTensor() && Sorter.toTensor().defined() && A[1].isTensor())
    TORCH_CHECK(Boundaries.device() != A[1].toTensor().device() ||
                    Sorter.toTensor().device() == Boundaries.device(),
                "torch.searchsorted(): sorter and boundary tensors should have "
                "same device type, but got sorter tensor device type ",
                Sorter.toTensor().device(),
                " and input value tensor device "
                "type ",
                Boundaries.device());
}

/// segment_reduce: the same.
void checkSegmentReduce(Arguments A, const std::string &) {
  const char *Names[] = {"lengths", "indices", "offsets"};
  for (size_t I = 2; I < 5; ++I)
    TORCH_CHECK(!A[I].isTensor() || !A[I].toTensor().defined() ||
                    A[I].toTensor().device() == A[0].toTensor().device(),
                "Expected data.get_device() == ", Names[I - 2],
                "_value.get_device() to be true, but got false.  (Could this "
                "error message be improved?  If so, please report an "
                "enhancement request to PyTorch.)");
}

} // namespace

CheckFunction torch_tidy::emulator::ownCheck(const std::string &Name) {
  static const auto *Table = new std::unordered_map<std::string, CheckFunction>{
      {"_index_put_impl_", checkIndexPut},
      {"addcmul", checkAddcmul},
      {"addcmul_", checkAddcmul},
      {"binary_cross_entropy", checkBinaryCrossEntropy},
      {"index_fill_.int_Tensor", checkIndexFill},
      {"lerp.Scalar", checkTwoLooped},
      {"lerp_.Scalar", checkTwoLooped},
      {"masked_fill_.Scalar", checkMaskedFill},
      {"masked_fill_.Tensor", checkMaskedFill},
      {"mse_loss", checkMseLoss},
      {"searchsorted.Tensor", checkSearchSorted},
      {"segment_reduce", checkSegmentReduce},
      {"smooth_l1_loss", checkTwoLooped},
      {"where.self", checkWhere},
      {"where.self_out", checkWhere},
  };
  auto It = Table->find(Name);
  return It == Table->end() ? nullptr : It->second;
}
