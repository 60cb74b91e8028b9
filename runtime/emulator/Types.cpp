//===- Types.cpp ----------------------------------------------------------===//
#include "Types.h"
#include <ATen/TensorUtils.h>
#include <unordered_map>

using namespace torch_tidy::emulator;
using at::ScalarType;
using Arguments = at::ArrayRef<c10::IValue>;

namespace {

bool isTensor(const c10::IValue &V) {
  return V.isTensor() && V.toTensor().defined();
}

void wantType(const c10::IValue &V, ScalarType Type) {
  TORCH_CHECK(!isTensor(V) || V.toTensor().scalar_type() == Type,
              "expected scalar type ", Type, " but found ",
              V.toTensor().scalar_type());
}

/// layer_norm and group_norm read weight and bias as what the input is.
void checkNorm(Arguments A, size_t Weight) {
  const at::Tensor &Input = A[0].toTensor();
  if (!at::isFloatingType(Input.scalar_type()) || Input.numel() == 0)
    return;
  wantType(A[Weight], Input.scalar_type());
  wantType(A[Weight + 1], Input.scalar_type());
}
void checkLayerNorm(Arguments A) { checkNorm(A, 2); }
void checkGroupNorm(Arguments A) { checkNorm(A, 1); }

/// The fused cells read the state as what the gates are.
void checkFusedCell(Arguments A) {
  wantType(A[2], A[0].toTensor().scalar_type());
}

/// cudnn_batch_norm, before it hands over to cuDNN.
void checkCuDNNBatchNorm(Arguments A) {
  const char *From = "cudnn_batch_norm";
  static constexpr const char *Names[] = {"input", "weight", "bias",
                                          "running_mean", "running_var"};
  std::vector<at::TensorArg> All;
  std::vector<at::Tensor> Kept(5);
  for (size_t I = 0; I < 5; ++I)
    if (isTensor(A[I])) {
      Kept[I] = A[I].toTensor();
      All.emplace_back(Kept[I], Names[I], static_cast<int>(I) + 1);
    }
  at::ArrayRef<at::TensorArg> Tensors(All);
  auto Type = Kept[0].scalar_type();
  if (Type == at::kHalf || Type == at::kBFloat16)
    at::checkScalarType(From, Tensors[1], at::kFloat);
  else
    at::checkAllSameType(From, Tensors.slice(0, 2));
  at::checkAllSameType(From, Tensors.slice(1));
}

enum Class { Integers, Halves, IntegersAndHalves, Long, Bool, Byte };

bool isOf(ScalarType Type, Class C) {
  bool IsHalf = Type == at::kHalf || Type == at::kBFloat16;
  bool IsInteger = at::isIntegralType(Type, /*includeBool=*/false);
  switch (C) {
  case Integers:
    return IsInteger;
  case Halves:
    return IsHalf;
  case IntegersAndHalves:
    return IsInteger || IsHalf;
  case Long:
    return Type == at::kLong;
  case Bool:
    return Type == at::kBool;
  case Byte:
    return Type == at::kByte;
  }
  return false;
}

} // namespace

struct torch_tidy::emulator::Refusal {
  Class Types;
  const char *Kernel;
};

namespace {

const std::unordered_map<std::string, Refusal> &refusals() {
  static const auto *Table = new std::unordered_map<std::string, Refusal>{
      {"mm", {Integers, "addmm_cuda"}},
      {"addmm", {Integers, "addmm_cuda"}},
      {"addmm_", {Integers, "addmm_cuda"}},
      {"_addmm_activation", {Integers, "addmm_cuda"}},
      {"addmv", {Integers, "addmv_impl_cuda"}},
      {"addmv_", {Integers, "addmv_impl_cuda"}},
      {"addbmm", {Integers, "addmm_cuda"}},
      {"addbmm_", {Integers, "addmm_cuda"}},
      {"bmm", {Integers, "baddbmm_cuda"}},
      {"baddbmm", {Integers, "baddbmm_cuda"}},
      {"baddbmm_", {Integers, "baddbmm_cuda"}},
      {"dot", {Integers, "dot"}},
      {"vdot", {Integers, "vdot"}},
      {"avg_pool2d", {Long, "avg_pool2d_out_cuda_frame"}},
      {"avg_pool3d", {Long, "avg_pool3d_out_cuda"}},
      {"max_pool2d_with_indices",
       {Integers, "max_pool2d_with_indices_out_cuda_frame"}},
      {"max_pool3d_with_indices",
       {Integers, "max_pool3d_with_indices_out_frame"}},
      {"_convolution", {Integers, "slow_conv2d_cuda"}},
      {"igamma", {Halves, "igamma_cuda"}},
      {"igammac", {Halves, "igammac_cuda"}},
      {"angle", {Halves, "angle_cuda"}},
      {"histc", {Halves, "histc"}},
      {"special_chebyshev_polynomial_t",
       {Halves, "chebyshev_polynomial_t_cuda"}},
      {"special_hermite_polynomial_h", {Halves, "hermite_polynomial_h_cuda"}},
      {"special_hermite_polynomial_he", {Halves, "hermite_polynomial_he_cuda"}},
      {"special_laguerre_polynomial_l", {Halves, "laguerre_polynomial_l_cuda"}},
      {"special_legendre_polynomial_p", {Halves, "legendre_polynomial_p_cuda"}},
      {"special_shifted_chebyshev_polynomial_t",
       {Halves, "shifted_chebyshev_polynomial_t_cuda"}},
      {"native_dropout_backward", {Integers, "masked_scale"}},
      {"upsample_bilinear2d", {Byte, "upsample_bilinear2d_out_frame"}},
      {"_upsample_bilinear2d_aa", {Byte, "upsample_bilinear2d_out_frame"}},
      {"upsample_bicubic2d", {Byte, "upsample_bicubic2d_out_frame"}},
  };
  return *Table;
}

/// Operators whose CPU kernels lack the types on the left, and the type that
/// holds all of their values.
const std::unordered_map<std::string, Class> &lacking() {
  static const auto *Table = new std::unordered_map<std::string, Class>{
      {"avg_pool3d", Halves},
      {"avg_pool3d_backward", Halves},
      {"_upsample_bilinear2d_aa", Halves},
      {"multi_margin_loss", Halves},
      {"multi_margin_loss_backward", Halves},
      {"multilabel_margin_loss_forward", Halves},
      {"multilabel_margin_loss_backward", Halves},
      {"rrelu_with_noise", Halves},
      {"rrelu_with_noise_", Halves},
      {"_fft_c2c", Halves},
      {"_fft_r2c", Halves},
      {"_fft_c2r", Halves},
      {"histc", Integers},
      {"max_unpool2d", Integers},
      {"max_unpool3d", Integers},
      {"trace", Bool},
      {"abs", Bool},
  };
  return *Table;
}

} // namespace

TypeCheck torch_tidy::emulator::typeCheck(const std::string &Operator) {
  static const auto *Table = new std::unordered_map<std::string, TypeCheck>{
      {"cudnn_batch_norm", checkCuDNNBatchNorm},
      {"native_layer_norm", checkLayerNorm},
      {"native_group_norm", checkGroupNorm},
      {"_thnn_fused_lstm_cell", checkFusedCell},
      {"_thnn_fused_gru_cell", checkFusedCell},
  };
  auto It = Table->find(Operator);
  return It == Table->end() ? nullptr : It->second;
}

ScalarType torch_tidy::emulator::computeType(const std::string &Operator,
                                             ScalarType Type) {
  auto It = lacking().find(Operator);
  if (It == lacking().end() || !isOf(Type, It->second))
    return Type;
  switch (It->second) {
  case Halves:
    return at::kFloat;
  case Bool:
    return at::kByte;
  default:
    return at::kDouble;
  }
}

ScalarType torch_tidy::emulator::widerType(ScalarType Type) {
  if (Type == at::kComplexHalf)
    return at::kComplexFloat;
  if (compat::IsOlderThanTable && isOf(Type, Halves))
    return at::kFloat;
  return Type;
}

bool torch_tidy::emulator::lacksTypes(const std::string &Operator) {
  return lacking().count(Operator) != 0;
}

const Refusal *torch_tidy::emulator::refusalOf(const std::string &Operator) {
  auto It = refusals().find(Operator);
  return It == refusals().end() ? nullptr : &It->second;
}

const char *torch_tidy::emulator::refusedKernel(const Refusal &R,
                                                ScalarType Type) {
  return isOf(Type, R.Types) ? R.Kernel : nullptr;
}
