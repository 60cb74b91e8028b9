//===- HostKernels.cpp - CUDA's own operators, for the host ---------------===//
//
// LibTorch composes some functions on CUDA of operators that the CPU does not
// have. With a CPU kernel for each, the stand-in can run them.
//
//===----------------------------------------------------------------------===//
#include "Compat.h"
#include "Kernels.h"
#include <torch/library.h>

using at::Tensor;
using torch_tidy::emulator::compat::Optional;

namespace {

Tensor addBias(Tensor Gates, const Optional<Tensor> &Bias) {
  return Bias.has_value() && Bias->defined() ? Gates + *Bias : Gates;
}
void addBiases(Tensor &Gates, const Optional<Tensor> &One,
               const Optional<Tensor> &Other) {
  for (const Optional<Tensor> &Bias : {One, Other})
    if (Bias.has_value() && Bias->defined())
      Gates += *Bias;
}

/// The workspace keeps the activated gates: input, forget, cell, output.
std::tuple<Tensor, Tensor, Tensor>
lstmCell(const Tensor &InputGates, const Tensor &HiddenGates, const Tensor &Cx,
         const Optional<Tensor> &InputBias,
         const Optional<Tensor> &HiddenBias) {
  Tensor Gates = InputGates + HiddenGates;
  addBiases(Gates, InputBias, HiddenBias);
  int64_t Size = Gates.size(1) / 4;
  Gates.narrow(1, 0, 2 * Size).sigmoid_();
  Tensor G = Gates.narrow(1, 2 * Size, Size).tanh_(),
         O = Gates.narrow(1, 3 * Size, Size).sigmoid_();
  Tensor Cy = Gates.narrow(1, Size, Size) * Cx;
  Cy.addcmul_(Gates.narrow(1, 0, Size), G);
  return {O * Cy.tanh(), Cy, Gates};
}

std::tuple<Tensor, Tensor, Tensor>
lstmCellBackward(const Optional<Tensor> &GradHy, const Optional<Tensor> &GradCy,
                 const Tensor &Cx, const Tensor &Cy, const Tensor &Workspace,
                 bool HasBias) {
  bool HasHy = GradHy.has_value() && GradHy->defined();
  bool HasCy = GradCy.has_value() && GradCy->defined();
  if (!HasHy && !HasCy)
    return {};
  auto Gates = Workspace.chunk(4, 1);
  const Tensor &I = Gates[0], &F = Gates[1], &G = Gates[2], &O = Gates[3];
  Tensor TanhCy = Cy.tanh(), DHy = HasHy ? *GradHy : at::zeros_like(Cy);
  Tensor DCy = at::tanh_backward(DHy * O, TanhCy);
  if (HasCy)
    DCy += *GradCy;
  Tensor DGates = at::empty_like(Workspace);
  auto Parts = DGates.chunk(4, 1);
  at::sigmoid_backward_out(Parts[0], DCy * G, I);
  at::sigmoid_backward_out(Parts[1], DCy * Cx, F);
  at::tanh_backward_out(Parts[2], DCy * I, G);
  at::sigmoid_backward_out(Parts[3], DHy * TanhCy, O);
  return {DGates, DCy.mul_(F), HasBias ? DGates.sum(0) : Tensor()};
}

/// The workspace keeps the reset, input and new gates, the hidden state, and
/// the hidden part of the new gate.
std::tuple<Tensor, Tensor> gruCell(const Tensor &InputGates,
                                   const Tensor &HiddenGates, const Tensor &Hx,
                                   const Optional<Tensor> &InputBias,
                                   const Optional<Tensor> &HiddenBias) {
  auto In = addBias(InputGates, InputBias).chunk(3, 1);
  auto Hidden = addBias(HiddenGates, HiddenBias).chunk(3, 1);
  Tensor R = (In[0] + Hidden[0]).sigmoid(), Z = (In[1] + Hidden[1]).sigmoid(),
         N = (In[2] + R * Hidden[2]).tanh();
  return {N + Z * (Hx - N), at::cat({R, Z, N, Hx, Hidden[2]}, 1)};
}

std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor>
gruCellBackward(const Tensor &GradHy, const Tensor &Workspace, bool HasBias) {
  auto Parts = Workspace.chunk(5, 1);
  const Tensor &R = Parts[0], &Z = Parts[1], &N = Parts[2], &Hx = Parts[3],
               &HiddenN = Parts[4];
  Tensor DZ = GradHy * (Hx - N) * Z * (1 - Z);
  Tensor DN = GradHy * (1 - Z) * (1 - N * N);
  Tensor DR = DN * HiddenN * R * (1 - R);
  Tensor DInput = at::cat({DR, DZ, DN}, 1);
  Tensor DHidden = at::cat({DR, DZ, DN * R}, 1);
  return {DInput, DHidden, GradHy * Z, HasBias ? DInput.sum(0) : Tensor(),
          HasBias ? DHidden.sum(0) : Tensor()};
}

Tensor maskedScale(const Tensor &Self, const Tensor &Mask, double Scale) {
  return Self * Mask * Scale;
}

bool useLibraryForCtc(const Tensor &, const Tensor &, at::IntArrayRef,
                      at::IntArrayRef, int64_t) {
  return false;
}
#if TORCH_TIDY_LIBTORCH_2
bool useLibraryForCtcTensor(const Tensor &, const Tensor &, const Tensor &,
                            const Tensor &, int64_t) {
  return false;
}

std::tuple<Tensor, Tensor>
rmsNormBackward(const Tensor &Grad, const Tensor &Input, at::IntArrayRef Shape,
                const Tensor &Rstd, const Optional<Tensor> &Weight,
                std::array<bool, 2> Mask) {
  bool HasWeight = Weight.has_value() && Weight->defined();
  std::vector<int64_t> Inner, Outer;
  for (int64_t I = 0; I < Input.dim(); ++I)
    (I < Input.dim() - static_cast<int64_t>(Shape.size()) ? Outer : Inner)
        .push_back(I);
  Tensor Normal = Input * Rstd;
  Tensor Scaled = HasWeight ? Grad * *Weight : Grad;
  Tensor DInput, DWeight;
  if (Mask[0])
    DInput = Rstd * (Scaled - Normal * (Scaled * Normal).mean(Inner, true));
  if (Mask[1] && HasWeight)
    DWeight = Outer.empty() ? Grad * Normal : (Grad * Normal).sum(Outer);
  return {DInput, DWeight};
}
#endif

} // namespace

void torch_tidy::emulator::registerHostKernels() {
  static auto *Library = new torch::Library(
      torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  Library->impl("_thnn_fused_lstm_cell", &lstmCell);
  Library->impl("_thnn_fused_lstm_cell_backward_impl", &lstmCellBackward);
  Library->impl("_thnn_fused_gru_cell", &gruCell);
  Library->impl("_thnn_fused_gru_cell_backward", &gruCellBackward);
  Library->impl("_masked_scale", &maskedScale);
  registerCuDNN(*Library);
  Library->impl("_use_cudnn_ctc_loss", &useLibraryForCtc);
#if TORCH_TIDY_LIBTORCH_2
  Library->impl("_use_cudnn_ctc_loss.Tensor", &useLibraryForCtcTensor);
  Library->impl("_use_miopen_ctc_loss", &useLibraryForCtc);
  Library->impl("_use_miopen_ctc_loss.Tensor", &useLibraryForCtcTensor);
  Library->impl("_fused_rms_norm_backward", &rmsNormBackward);
  registerAttention(*Library);
#endif
}
