//===- training.cpp - the same training on the CPU and on CUDA ------------===//
//
// Trains an MLP, a CNN, an LSTM and a Transformer encoder with SGD and Adam
// from the same start on both devices and compares the losses.
//
//   training [--steps=N] [--tolerance=T] [--timing] [NAME...]
//
// With --timing, also the processor time per step on either device (of the
// fastest step, as other load on the machine makes steps slower only); set
// OMP_NUM_THREADS=1 for it.
// Exit status: 1 if a loss differs by more than the tolerance (1e-5).
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <torch/torch.h>
#include <vector>

using torch::Tensor;
namespace nn = torch::nn;

namespace {

struct Sample {
  Tensor Input, Target;
};

struct Task {
  const char *Name;
  std::function<std::shared_ptr<nn::Module>()> Make;
  std::function<Tensor(nn::Module &, const Tensor &)> Forward;
  Sample Data;
};

struct Recurrent : nn::Module {
  nn::LSTM Cells{nullptr};
  nn::Linear Out{nullptr};
  Recurrent() {
    Cells = register_module("cells", nn::LSTM(nn::LSTMOptions(64, 256)));
    Out = register_module("out", nn::Linear(256, 10));
  }
  Tensor forward(const Tensor &X) {
    return Out->forward(std::get<0>(Cells->forward(X))[-1]);
  }
};

struct Encoder : nn::Module {
  nn::TransformerEncoder Layers{nullptr};
  nn::Linear Out{nullptr};
  Encoder() {
    Layers = register_module(
        "layers",
        nn::TransformerEncoder(nn::TransformerEncoderLayer(
                                   nn::TransformerEncoderLayerOptions(64, 4)
                                       .dim_feedforward(128)
                                       .dropout(0)),
                               2));
    Out = register_module("out", nn::Linear(64, 10));
  }
  Tensor forward(const Tensor &X) {
    return Out->forward(Layers->forward(X).mean(0));
  }
};

template <class M> Tensor forwardOf(nn::Module &Module, const Tensor &X) {
  return Module.as<M>()->forward(X);
}

std::vector<Task> tasks() {
  auto Labels = [](int64_t Count) { return torch::randint(10, {Count}); };
  std::vector<Task> All;
  All.push_back({"mlp",
                 [] {
                   return nn::Sequential(nn::Linear(256, 512), nn::ReLU(),
                                         nn::Linear(512, 512), nn::ReLU(),
                                         nn::Linear(512, 10))
                       .ptr();
                 },
                 forwardOf<nn::SequentialImpl>,
                 {torch::randn({256, 256}), Labels(256)}});
  All.push_back(
      {"cnn",
       [] {
         return nn::Sequential(
                    nn::Conv2d(nn::Conv2dOptions(3, 16, 3).padding(1)),
                    nn::BatchNorm2d(16), nn::ReLU(), nn::MaxPool2d(2),
                    nn::Conv2d(nn::Conv2dOptions(16, 32, 3).padding(1)),
                    nn::ReLU(), nn::AdaptiveAvgPool2d(1), nn::Flatten(),
                    nn::Linear(32, 10))
             .ptr();
       },
       forwardOf<nn::SequentialImpl>,
       {torch::randn({32, 3, 32, 32}), Labels(32)}});
  All.push_back({"lstm",
                 [] { return std::make_shared<Recurrent>(); },
                 forwardOf<Recurrent>,
                 {torch::randn({20, 64, 64}), Labels(64)}});
  All.push_back({"transformer",
                 [] { return std::make_shared<Encoder>(); },
                 forwardOf<Encoder>,
                 {torch::randn({24, 32, 64}), Labels(32)}});
  return All;
}

/// One training run that is taken step by step.
struct Run {
  const Task &Of;
  std::shared_ptr<nn::Module> Module;
  std::unique_ptr<torch::optim::Optimizer> Optimizer;
  Tensor Input, Target;
  std::vector<double> Losses, Milliseconds;

  Run(const Task &Of, bool Adam, torch::Device Device) : Of(Of) {
    torch::manual_seed(1);
    Module = Of.Make();
    Module->to(Device);
    if (Adam)
      Optimizer =
          std::make_unique<torch::optim::Adam>(Module->parameters(), 1e-3);
    else
      Optimizer = std::make_unique<torch::optim::SGD>(
          Module->parameters(), torch::optim::SGDOptions(1e-2).momentum(0.9));
    Input = Of.Data.Input.to(Device);
    Target = Of.Data.Target.to(Device);
  }

  void step() {
    std::clock_t Start = std::clock();
    Optimizer->zero_grad();
    Tensor Loss = torch::cross_entropy_loss(Of.Forward(*Module, Input), Target);
    Loss.backward();
    Optimizer->step();
    Losses.push_back(Loss.item<double>());
    Milliseconds.push_back(1e3 * static_cast<double>(std::clock() - Start) /
                           CLOCKS_PER_SEC);
  }

  double fastest() const {
    return *std::min_element(Milliseconds.begin(), Milliseconds.end());
  }
};

} // namespace

int main(int Count, char **Arguments) {
  int Steps = 50;
  double Tolerance = 1e-5;
  bool Timing = false;
  std::vector<std::string> Names;
  for (int I = 1; I < Count; ++I) {
    if (!std::strncmp(Arguments[I], "--steps=", 8))
      Steps = std::atoi(Arguments[I] + 8);
    else if (!std::strncmp(Arguments[I], "--tolerance=", 12))
      Tolerance = std::atof(Arguments[I] + 12);
    else if (!std::strcmp(Arguments[I], "--timing"))
      Timing = true;
    else
      Names.push_back(Arguments[I]);
  }
  torch::manual_seed(0);
  bool Good = true;
  for (const Task &T : tasks())
    for (bool Adam : {false, true}) {
      if (!Names.empty() &&
          std::find(Names.begin(), Names.end(), T.Name) == Names.end())
        continue;
      Run Host(T, Adam, torch::kCPU), Cuda(T, Adam, torch::kCUDA);
      double Worst = 0;
      for (int I = 0; I < Steps; ++I) {
        Host.step();
        Cuda.step();
        Worst =
            std::max(Worst, std::abs(Host.Losses.back() - Cuda.Losses.back()));
      }
      bool Learned = Cuda.Losses.back() < Cuda.Losses.front();
      std::printf("%-12s %-5s loss %.5f -> %.5f, difference %.1e%s", T.Name,
                  Adam ? "adam" : "sgd", Cuda.Losses.front(),
                  Cuda.Losses.back(), Worst,
                  Worst <= Tolerance && Learned ? "" : " WRONG");
      if (Timing) {
        double Before = Host.fastest(), After = Cuda.fastest();
        std::printf(", %.2f ms a step on the CPU, %.2f on CUDA: %.2f times",
                    Before, After, After / Before);
      }
      std::printf("\n");
      std::fflush(stdout);
      Good &= Worst <= Tolerance && Learned;
    }
  return !Good;
}
