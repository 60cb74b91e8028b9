//===- program_cases.cpp - what programs do with a CUDA device ------------===//
//
// Where device_cases.cpp has what a device does by itself, these are the uses
// that a program makes of it: TorchScript, replicas, files, scaled gradients.
//
//===----------------------------------------------------------------------===//
#include "Cases.h"
#include <ATen/autocast_mode.h>
#include <c10/core/DeviceGuard.h>
#include <future>
#include <sstream>
#include <thread>
#include <torch/script.h>
#include <torch/version.h>

using namespace torch_tidy::cases;

namespace {

const auto Long = torch::TensorOptions(D).dtype(torch::kLong);

struct Square : torch::autograd::Function<Square> {
  static Tensor forward(torch::autograd::AutogradContext *Context, Tensor X) {
    Context->save_for_backward({X});
    return X * X;
  }
  static torch::autograd::variable_list
  backward(torch::autograd::AutogradContext *Context,
           torch::autograd::variable_list Grads) {
    return {Grads[0] * 2 * Context->get_saved_variables()[0]};
  }
};

Add CustomAutograd("custom-autograd", [] {
  Tensor X = torch::rand({3}, D).requires_grad_();
  bool OnDevice = false;
  X.register_hook([&](Tensor Grad) { OnDevice = Grad.is_cuda(); });
  Square::apply(X).sum().backward();
  HOLDS(OnDevice && near(X.grad(), X * 2));
  // Of second order, and through a copy between the devices.
  auto First = torch::autograd::grad({(X * X * X).sum()}, {X}, {}, true, true);
  HOLDS(near(torch::autograd::grad({First[0].sum()}, {X})[0], X * 6));
  Tensor Host = torch::rand({3}).requires_grad_();
  ((Host.to(D) + 1).cpu() * 2).sum().backward();
  HOLDS(Host.grad().is_cpu() && near(Host.grad(), torch::full({3}, 2.f)));
});

#if TORCH_VERSION_MAJOR >= 2 // 1.13 has neither on the CPU.
// What torch.cuda.amp.GradScaler is made of.
Add ScaledGradients("scaled-gradients", [] {
  std::vector<Tensor> Grads{torch::full({3}, 8.f, D)};
  Tensor Found = torch::zeros({1}, D), Inverse = torch::full({1}, 0.125f, D);
  torch::_amp_foreach_non_finite_check_and_unscale_(Grads, Found, Inverse);
  HOLDS(near(Grads[0], torch::ones({3})) && Found.item<float>() == 0);
  Grads[0][1] = std::numeric_limits<float>::infinity();
  torch::_amp_foreach_non_finite_check_and_unscale_(Grads, Found, Inverse);
  HOLDS(Found.item<float>() == 1);
  Tensor Scale = torch::full({1}, 8.f, D);
  Tensor Growth = torch::zeros({1}, torch::TensorOptions(D).dtype(at::kInt));
  torch::_amp_update_scale_(Scale, Growth, Found, 2.0, 0.5, 2);
  HOLDS(Scale.item<float>() == 4);
});

Add AutocastTraining("autocast-training", [] {
  nn::Sequential Model(nn::Conv2d(3, 4, 3), nn::BatchNorm2d(4), nn::ReLU(),
                       nn::Flatten(), nn::Linear(4 * 36, 5));
  Model->to(D);
  at::autocast::set_autocast_enabled(at::kCUDA, true);
  Tensor Y = Model->forward(torch::rand({2, 3, 8, 8}, D));
  Tensor Loss = torch::cross_entropy_loss(Y, torch::randint(5, {2}, Long));
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCUDA, false);
  HOLDS(Y.scalar_type() == at::kHalf && Loss.scalar_type() == at::kFloat);
  (Loss * 1024).backward();
  for (const Tensor &P : Model->parameters())
    HOLDS(P.grad().is_cuda() && P.grad().scalar_type() == at::kFloat);
});
#endif

Add Script("script", [] {
  torch::jit::Module M("m");
  M.register_parameter("w", torch::rand({4, 4}), false);
  M.register_buffer("b", torch::rand({4}));
  M.define(R"(
def forward(self, x):
    y = torch.relu(x @ self.w + self.b)
    for i in range(3):
        y = torch.sigmoid(y) * torch.tanh(y) + y
    return y + torch.zeros([2, 4], device=x.device)
)");
  Tensor X = torch::rand({2, 4});
  Tensor Want = M.forward({X}).toTensor();
  M.to(D);
  // The profiling executor compiles from the second and third call on.
  for (int I = 0; I < 5; ++I)
    HOLDS(near(M.forward({X.to(D)}).toTensor(), Want));
  throws("same device", [&] { M.forward({X}); });
  std::stringstream File;
  M.save(File);
  auto Load = [&](auto... Device) {
    File.clear();
    File.seekg(0);
    return torch::jit::load(File, Device...);
  };
  HOLDS(Load().forward({X.to(D)}).toTensor().is_cuda());
  HOLDS(near(Load(torch::kCPU).forward({X}).toTensor(), Want));
  auto Frozen = Load(torch::Device(D, 0));
  Frozen.eval();
  Frozen = torch::jit::freeze(Frozen);
  for (int I = 0; I < 3; ++I)
    HOLDS(near(Frozen.forward({X.to(D)}).toTensor(), Want));
});

Add Files("files", [] {
  Tensor T = torch::rand({3}, D);
  Tensor Same = torch::pickle_load(torch::pickle_save(T)).toTensor();
  HOLDS(Same.is_cuda() && near(Same, T));
  std::stringstream Tensors;
  torch::save(std::vector<Tensor>{T, T.cpu()}, Tensors);
  std::vector<Tensor> Loaded;
  torch::load(Loaded, Tensors, torch::Device(D, 0));
  HOLDS(Loaded[0].is_cuda() && Loaded[1].is_cuda());
  // An optimizer's state comes back where it was.
  nn::Linear A(3, 2), B(3, 2);
  A->to(D);
  B->to(D);
  torch::optim::Adam From(A->parameters(), 0.1), To(B->parameters(), 0.1);
  auto Step = [](nn::Linear &L, torch::optim::Optimizer &O) {
    L->forward(torch::rand({2, 3}, D)).sum().backward();
    O.step();
  };
  Step(A, From);
  std::stringstream State;
  torch::save(From, State);
  torch::load(To, State);
  Step(B, To);
  HOLDS(B->weight.is_cuda());
});

Add Recurrent("recurrent", [] {
  nn::GRU Cells(
      nn::GRUOptions(3, 5).num_layers(2).bidirectional(true).batch_first(true));
  Tensor X = torch::rand({4, 6, 3}), Lengths = torch::tensor({6, 5, 3, 1});
  auto Run = [&](torch::Device Device) {
    Cells->to(Device);
    auto Packed =
        nn::utils::rnn::pack_padded_sequence(X.to(Device), Lengths, true);
    return std::get<0>(nn::utils::rnn::pad_packed_sequence(
        std::get<0>(Cells->forward_with_packed_input(Packed)), true));
  };
  Tensor Want = Run(torch::kCPU), Got = Run(D);
  HOLDS(Got.is_cuda() && near(Got, Want));
});

Add GeneratorState("generator-state", [] {
  at::Generator G = at::globalContext().defaultGenerator(torch::Device(D, 0));
  HOLDS(G.device().is_cuda());
  Tensor State = G.get_state();
  Tensor A = torch::rand({4}, D);
  G.set_state(State);
  HOLDS(near(torch::rand({4}, D), A));
  at::Generator Other = G.clone();
  HOLDS(near(torch::rand({4}, Other, torch::TensorOptions(D)),
             torch::rand({4}, G, torch::TensorOptions(D))));
});

Add SparseGradients("sparse-gradients", [] {
  nn::Embedding E(nn::EmbeddingOptions(5, 2).sparse(true));
  E->to(D);
  E->forward(torch::tensor({1, 1, 2}, Long)).sum().backward();
  Tensor Before = E->weight.detach().clone();
  HOLDS(E->weight.grad().is_sparse() && E->weight.grad().is_cuda());
  torch::optim::SGD(E->parameters(), 0.5).step();
  HOLDS(near(E->weight[1], Before[1] - 1) && near(E->weight[0], Before[0]));
});

// A storage has one address, whichever tensor it is asked through.
Add Addresses("addresses", [] {
  Tensor T = torch::rand({6}, D), U = torch::empty({0}, D);
  U.set_(T.storage(), 0, {2, 3}, {3, 1});
  HOLDS(U.is_alias_of(T) && U.data_ptr() == T.data_ptr());
  Tensor B =
      torch::from_blob(T.data_ptr(), {6}, torch::TensorOptions().device(D));
  B.add_(1);
  HOLDS(B.data_ptr() == T.data_ptr() && near(B, T));
});

Add CustomOperators("custom-operators", [] {
  static torch::Library Library(torch::Library::DEF, "torch_tidy_cases", {},
                                __FILE__, __LINE__);
  Library.def("twice(Tensor x) -> Tensor");
  Library.def("host_only(Tensor x) -> Tensor");
  auto Twice = [](const Tensor &X) { return X * 2; };
  Library.impl("twice", torch::dispatch(c10::DispatchKey::CUDA, Twice));
  Library.impl("host_only", torch::dispatch(c10::DispatchKey::CPU, Twice));
  auto Find = [](const char *Name) {
    return c10::Dispatcher::singleton()
        .findSchemaOrThrow(Name, "")
        .typed<Tensor(const Tensor &)>();
  };
  Tensor X = torch::ones({2}, D);
  HOLDS(near(Find("torch_tidy_cases::twice").call(X), X * 2));
  throws("'CUDA' backend",
         [&] { Find("torch_tidy_cases::host_only").call(X); });
});

Add SharedModel("shared-model", [] {
  nn::Sequential Model(nn::Linear(8, 8), nn::ReLU(), nn::Linear(8, 2));
  Model->to(D);
  Tensor X = torch::rand({3, 8}, D), Want = Model->forward(X).cpu();
  std::vector<std::future<bool>> All;
  for (int I = 0; I < 4; ++I)
    All.push_back(std::async(std::launch::async, [&] {
      c10::InferenceMode Guard;
      for (int Step = 0; Step < 20; ++Step)
        if (!near(Model->forward(X), Want))
          return false;
      return true;
    }));
  for (auto &Good : All)
    HOLDS(Good.get());
});

// What torch::nn::parallel::data_parallel does.
Add Replicas(
    "replicas",
    [] {
      nn::Linear Model(4, 2);
      Model->to(D);
      Tensor X = torch::rand({6, 4}, D);
      std::vector<Tensor> Parts = X.chunk(2), Out(2);
      std::vector<std::thread> Workers;
      for (int I = 0; I < 2; ++I)
        Workers.emplace_back([&, I] {
          torch::Device Here(D, static_cast<c10::DeviceIndex>(I));
          c10::DeviceGuard Guard(Here);
          auto Replica =
              std::dynamic_pointer_cast<nn::LinearImpl>(Model->clone(Here));
          Out[I] = Replica->forward(Parts[I].to(Here));
        });
      for (std::thread &Worker : Workers)
        Worker.join();
      HOLDS(Out[0].device().index() == 0 && Out[1].device().index() == 1);
      HOLDS(near(torch::cat({Out[0], Out[1].to(Out[0].device())}),
                 Model->forward(X)));
      // The gradient of a copy comes back to where the parameter is.
      Tensor W = torch::rand({4, 2}, D).requires_grad_();
      torch::Device Other(D, 1);
      X.to(Other).mm(W.to(Other)).sum().backward();
      HOLDS(W.grad().device() == W.device());
    },
    true);

} // namespace
