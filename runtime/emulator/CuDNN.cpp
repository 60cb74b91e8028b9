//===- CuDNN.cpp - what LibTorch gives to cuDNN ---------------------------===//
//
// The hooks say that LibTorch was built with cuDNN, so its own functions choose
// cuDNN's operators where they do on a GPU, and with them cuDNN's checks. Here
// are the host's versions of those operators, and of the recurrent layers that
// LibTorch hands over through a function pointer.
//
//===----------------------------------------------------------------------===//
#include "Compat.h"
#include "Device.h"
#include "Kernels.h"
#include "Swap.h"
#include <ATen/native/RNN.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

using namespace torch_tidy::emulator;
using at::Tensor;
using at::TensorList;
using compat::Optional;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

std::tuple<Tensor, Tensor, Tensor, Tensor>
batchNorm(const Tensor &Input, const Tensor &Weight,
          const Optional<Tensor> &Bias, const Optional<Tensor> &Mean,
          const Optional<Tensor> &Var, bool Training, double Momentum,
          double Epsilon) {
  auto [Out, SaveMean, SaveInverse] = at::native_batch_norm(
      Input, Weight, Bias, Mean, Var, Training, Momentum, Epsilon);
  return {Out, SaveMean, SaveInverse,
          at::empty({0}, Input.options().dtype(at::kByte))};
}

std::tuple<Tensor, Tensor, Tensor>
batchNormBackward(const Tensor &Input, const Tensor &Grad, const Tensor &Weight,
                  const Optional<Tensor> &Mean, const Optional<Tensor> &Var,
                  const Optional<Tensor> &SaveMean,
                  const Optional<Tensor> &SaveInverse, double Epsilon,
                  const Tensor &) {
  return at::native_batch_norm_backward(
      Grad, Input, Weight, Mean, Var, SaveMean, SaveInverse,
      /*train=*/true, Epsilon, {true, true, true});
}

Tensor gridSampler(const Tensor &Input, const Tensor &Grid) {
  return at::grid_sampler_2d(Input, Grid, /*bilinear*/ 0, /*zeros*/ 0,
                             /*align_corners=*/true);
}

std::tuple<Tensor, Tensor> gridSamplerBackward(const Tensor &Input,
                                               const Tensor &Grid,
                                               const Tensor &Grad) {
  return at::grid_sampler_2d_backward(Grad, Input, Grid, 0, 0, true,
                                      {true, true});
}

#if TORCH_TIDY_LIBTORCH_2
using Size = c10::SymInt;
#else
using Size = int64_t;
#endif
/// On a GPU this moves the weights of a recurrent layer into one block of
/// memory. The host's layers do not ask for that.
Tensor flattenWeight(TensorList Weights, int64_t, Size, int64_t, Size, Size,
                     int64_t, bool, bool) {
  return at::empty({0}, Weights[0].options());
}

/// A whole LSTM on the host, where oneDNN has a fast one, as one node of the
/// graph: the gradients come from the host's own graph.
struct HostLstm : torch::autograd::Function<HostLstm> {
  struct Options {
    size_t Hidden;
    bool HasBiases;
    int64_t Layers;
    bool Train, Bidirectional, BatchFirst;
  };

  /// \p All is the input, the hidden state and the parameters.
  static variable_list forward(AutogradContext *Context, Options Options,
                               TensorList All) {
    c10::DeviceIndex Index = All[0].device().index();
    Swap Swap(Index);
    std::vector<Tensor> Host;
    for (const Tensor &T : All)
      Host.push_back(Swap.toHost(T.detach()).requires_grad_(T.requires_grad()));
    TensorList Rest(Host);
    std::tuple<Tensor, Tensor, Tensor> Results;
    {
      at::AutoGradMode Graph(true);
      Results = at::lstm(Host[0], Rest.slice(1, Options.Hidden),
                         Rest.slice(1 + Options.Hidden), Options.HasBiases,
                         Options.Layers, /*dropout=*/0., Options.Train,
                         Options.Bidirectional, Options.BatchFirst);
    }
    variable_list Out = {std::get<0>(Results), std::get<1>(Results),
                         std::get<2>(Results)};
    Context->saved_data["host"] = c10::List<Tensor>(TensorList(Host));
    Context->saved_data["out"] = c10::List<Tensor>(TensorList(Out));
    Context->saved_data["device"] = static_cast<int64_t>(Index);
    for (Tensor &T : Out)
      T = Swap.toDevice(T.detach());
    return Out;
  }

  static variable_list backward(AutogradContext *Context, variable_list Grads) {
    auto Index =
        static_cast<c10::DeviceIndex>(Context->saved_data["device"].toInt());
    Swap Swap(Index);
    auto Host = Context->saved_data["host"].toTensorVector();
    auto Out = Context->saved_data["out"].toTensorVector();
    variable_list From, Wanted, Given;
    for (size_t I = 0; I < Out.size(); ++I)
      if (Grads[I].defined() && Out[I].requires_grad()) {
        From.push_back(Out[I]);
        Given.push_back(Swap.toHost(Grads[I].detach()));
      }
    for (const Tensor &T : Host)
      if (T.requires_grad())
        Wanted.push_back(T);
    variable_list Got =
        torch::autograd::grad(From, Wanted, Given, /*retain_graph=*/true,
                              /*create_graph=*/false, /*allow_unused=*/true);
    variable_list Result = {Tensor()}; // The options.
    size_t Next = 0;
    for (const Tensor &T : Host)
      Result.push_back(T.requires_grad() ? Swap.toDevice(Got[Next++])
                                         : Tensor());
    return Result;
  }
};

void lstm(Tensor &Out, Tensor &Hy, Tensor &Cy, const Tensor &Input,
          TensorList Hidden, TensorList Parameters, bool HasBiases,
          int64_t Layers, double Dropout, bool Train, bool Bidirectional,
          bool BatchFirst) {
  at::native::check_attributes(Input, Parameters, Hidden, /*check_dtype=*/true);
  if ((Dropout == 0 || !Train) && Input.scalar_type() == at::kFloat) {
    std::vector<Tensor> All = {Input};
    All.insert(All.end(), Hidden.begin(), Hidden.end());
    All.insert(All.end(), Parameters.begin(), Parameters.end());
    HostLstm::Options Options = {Hidden.size(), HasBiases,     Layers,
                                 Train,         Bidirectional, BatchFirst};
    variable_list Results = HostLstm::apply(Options, TensorList(All));
    Out = Results[0];
    Hy = Results[1];
    Cy = Results[2];
    return;
  }
  WithCuDNN None(false);
  std::tie(Out, Hy, Cy) = at::lstm(Input, Hidden, Parameters, HasBiases, Layers,
                                   Dropout, Train, Bidirectional, BatchFirst);
}

void lstmPacked(Tensor &Out, Tensor &Hy, Tensor &Cy, const Tensor &Data,
                const Tensor &Sizes, TensorList Hidden, TensorList Parameters,
                bool HasBiases, int64_t Layers, double Dropout, bool Train,
                bool Bidirectional) {
  WithCuDNN None(false);
  std::tie(Out, Hy, Cy) = at::lstm(Data, Sizes, Hidden, Parameters, HasBiases,
                                   Layers, Dropout, Train, Bidirectional);
}

using Layer = std::tuple<Tensor, Tensor> (*)(const Tensor &, const Tensor &,
                                             TensorList, bool, int64_t, double,
                                             bool, bool, bool);
template <Layer Run>
void recurrent(Tensor &Out, Tensor &Hy, const Tensor &Input,
               const Tensor &Hidden, TensorList Parameters, bool HasBiases,
               int64_t Layers, double Dropout, bool Train, bool Bidirectional,
               bool BatchFirst) {
  at::native::check_attributes(Input, Parameters, {Hidden},
                               /*check_dtype=*/true);
  WithCuDNN None(false);
  std::tie(Out, Hy) = Run(Input, Hidden, Parameters, HasBiases, Layers, Dropout,
                          Train, Bidirectional, BatchFirst);
}

using PackedLayer = std::tuple<Tensor, Tensor> (*)(const Tensor &,
                                                   const Tensor &,
                                                   const Tensor &, TensorList,
                                                   bool, int64_t, double, bool,
                                                   bool);
template <PackedLayer Run>
void recurrentPacked(Tensor &Out, Tensor &Hy, const Tensor &Data,
                     const Tensor &Sizes, const Tensor &Hidden,
                     TensorList Parameters, bool HasBiases, int64_t Layers,
                     double Dropout, bool Train, bool Bidirectional) {
  WithCuDNN None(false);
  std::tie(Out, Hy) = Run(Data, Sizes, Hidden, Parameters, HasBiases, Layers,
                          Dropout, Train, Bidirectional);
}

} // namespace

void torch_tidy::emulator::registerCuDNN(torch::Library &Library) {
  Library.impl("cudnn_batch_norm", &batchNorm);
  Library.impl("cudnn_batch_norm_backward", &batchNormBackward);
  Library.impl("_cudnn_rnn_flatten_weight", &flattenWeight);
  Library.impl("cudnn_grid_sampler", &gridSampler);
  Library.impl("cudnn_grid_sampler_backward", &gridSamplerBackward);

  using namespace at::native;
  lstm_cudnn_stub.set_cuda_dispatch_ptr(&::lstm);
  lstm_packed_cudnn_stub.set_cuda_dispatch_ptr(&::lstmPacked);
  gru_cudnn_stub.set_cuda_dispatch_ptr(&recurrent<&at::gru>);
  rnn_tanh_cudnn_stub.set_cuda_dispatch_ptr(&recurrent<&at::rnn_tanh>);
  rnn_relu_cudnn_stub.set_cuda_dispatch_ptr(&recurrent<&at::rnn_relu>);
  gru_packed_cudnn_stub.set_cuda_dispatch_ptr(&recurrentPacked<&at::gru>);
  rnn_tanh_packed_cudnn_stub.set_cuda_dispatch_ptr(
      &recurrentPacked<&at::rnn_tanh>);
  rnn_relu_packed_cudnn_stub.set_cuda_dispatch_ptr(
      &recurrentPacked<&at::rnn_relu>);
}
