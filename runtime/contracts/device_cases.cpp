//===- device_cases.cpp - what a CUDA device does, case by case -----------===//
//
// Runs on a real GPU and on the emulated device and says what did not hold:
//
//   device_cases            every case but the ones below
//   device_cases NAME...    these cases
//   device_cases --host-read, --host-write    ends in a segmentation fault
//
// Exit status: 0 if all held, 1 if not.
//
//===----------------------------------------------------------------------===//
#include "Cases.h"
#include <ATen/autocast_mode.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <cstring>
#include <fstream>
#include <iostream>
#include <thread>
#include <torch/version.h>
#include <unistd.h>

using namespace torch_tidy::cases;

namespace {
int Failures = 0;
std::string Current;
} // namespace

std::vector<Case> &torch_tidy::cases::cases() {
  static std::vector<Case> All;
  return All;
}

void torch_tidy::cases::failed(const std::string &What) {
  std::cout << Current << ": " << What << "\n";
  ++Failures;
}

void torch_tidy::cases::throws(const char *Text,
                               const std::function<void()> &F) {
  try {
    F();
  } catch (const std::exception &E) {
    if (!std::strstr(E.what(), Text))
      failed(std::string("threw ") + E.what() + " and not " + Text);
    return;
  }
  failed(std::string("did not throw ") + Text);
}

bool torch_tidy::cases::near(const Tensor &A, const Tensor &B,
                             double Tolerance) {
  return A.sizes() == B.sizes() &&
         torch::allclose(A.detach().cpu().to(torch::kDouble),
                         B.detach().cpu().to(torch::kDouble), Tolerance,
                         Tolerance);
}

namespace {

Add Available("available", [] {
  HOLDS(torch::cuda::is_available());
  HOLDS(torch::cuda::device_count() >= 1);
  torch::cuda::synchronize();
  Tensor T = torch::ones({2, 3}, D);
  HOLDS(T.is_cuda() && T.device() == torch::Device(D, 0));
  HOLDS(T.cpu().is_cpu() && T.to(D).is_same(T));
  HOLDS(T.sum().item<float>() == 6);
  std::ostringstream Text;
  Text << T;
  HOLDS(Text.str().find("CUDAFloatType{2,3}") != std::string::npos);
});

Add Views("views", [] {
  Tensor T = torch::arange(12, torch::TensorOptions().device(D)).view({3, 4});
  Tensor Row = T[1], Column = T.t()[2];
  Row.fill_(7);
  HOLDS(T.cpu()[1][3].item<int64_t>() == 7);
  Column += 10;
  HOLDS(T.cpu()[1][2].item<int64_t>() == 17);
  HOLDS(Row.storage().data() == T.storage().data());
  HOLDS(T.slice(1, 1, 3).is_alias_of(T));
  HOLDS(T.reshape({4, 3}).is_alias_of(T));
  HOLDS(!T.clone().is_alias_of(T));
  Tensor R = torch::zeros({2}, D);
  R.resize_({100}).fill_(1);
  HOLDS(R.cpu().sum().item<float>() == 100);
  Tensor S = torch::empty({0}, D);
  S.set_(T.to(torch::kFloat));
  HOLDS(S.sizes() == T.sizes() && S.is_cuda());
  auto Parts = T.split(2, 1);
  Parts[0].zero_();
  HOLDS(T.cpu()[2][0].item<int64_t>() == 0);
  HOLDS(T.unfold(1, 2, 1).is_cuda() && T.permute({1, 0}).is_alias_of(T));
});

Add Indexing("indexing", [] {
  Tensor T = torch::rand({5, 3}), C = T.to(D);
  Tensor I = torch::tensor({4, 0, 2});
  HOLDS(near(C.index({I}), T.index({I})));
  HOLDS(near(C.index_select(0, I.to(D)), T.index_select(0, I)));
  C.index_put_({I}, torch::tensor(9.f));
  HOLDS(C.cpu()[4][0].item<float>() == 9);
  C[0] = torch::zeros({3});
  HOLDS(C.cpu()[0].sum().item<float>() == 0);
  HOLDS(C.nonzero().is_cuda());
});

Add Autograd("autograd", [] {
  Tensor W = torch::rand({3, 2}), X = torch::rand({4, 3});
  auto Grad = [&](torch::Device Device) {
    Tensor V = W.detach().to(Device).requires_grad_();
    X.to(Device).matmul(V).tanh().pow(2).sum().backward();
    return V.grad();
  };
  HOLDS(Grad(D).is_cuda());
  HOLDS(near(Grad(D), Grad(torch::kCPU)));
});

Add Modules("modules", [] {
  nn::Sequential M(nn::Conv2d(1, 4, 3), nn::BatchNorm2d(4), nn::ReLU(),
                   nn::MaxPool2d(2), nn::Flatten(), nn::Linear(4 * 3 * 3, 5));
  M->eval();
  Tensor X = torch::rand({2, 1, 8, 8});
  Tensor Want = M->forward(X);
  M->to(D);
  HOLDS(M->parameters()[0].is_cuda() && M->buffers()[0].is_cuda());
  HOLDS(near(M->forward(X.to(D)), Want));
  M->to(torch::kCPU);
  HOLDS(near(M->forward(X), Want));
});

Add Inference("inference-mode", [] {
  nn::Linear L(3, 2);
  L->to(D);
  c10::InferenceMode Guard;
  Tensor Y = L->forward(torch::ones({1, 3}, D));
  HOLDS(Y.is_inference() && Y.is_cuda() && !Y.requires_grad());
  Tensor V = Y.view({2});
  V.add_(1);
  HOLDS(near(V, Y.view({2})));
});

#if TORCH_VERSION_MAJOR >= 2
Add Autocast("autocast", [] {
  at::autocast::set_autocast_enabled(at::kCUDA, true);
  Tensor A = torch::rand({2, 3}, D), B = torch::rand({3, 2}, D);
  HOLDS(A.mm(B).scalar_type() == torch::kHalf);
  HOLDS(A.exp().scalar_type() == torch::kFloat);
  HOLDS(torch::rand({2, 2}).mm(torch::rand({2, 2})).scalar_type() ==
        torch::kFloat);
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCUDA, false);
});
#endif

Add SaveLoad("save-load", [] {
  Tensor T = torch::rand({3}, D);
  std::stringstream File;
  torch::save(T, File);
  Tensor Same, Host;
  torch::load(Same, File);
  HOLDS(Same.is_cuda() && near(Same, T));
  File.clear();
  File.seekg(0);
  torch::load(Host, File, torch::kCPU);
  HOLDS(Host.is_cpu() && near(Host, T));
  nn::Linear L(2, 2), K(2, 2);
  L->to(D);
  std::stringstream Model;
  torch::save(L, Model);
  torch::load(K, Model);
  HOLDS(K->weight.is_cuda() && near(K->weight, L->weight));
});

Add Random("random", [] {
  torch::manual_seed(3);
  Tensor A = torch::randn({4}, D), B = torch::randn({4}, D);
  HOLDS(!near(A, B));
  torch::cuda::manual_seed(3);
  torch::cuda::manual_seed_all(3);
  HOLDS(near(torch::randn({4}, D), A));
  HOLDS(torch::randperm(5, torch::TensorOptions().device(D)).is_cuda());
  HOLDS(torch::rand({2}, D).bernoulli_().is_cuda());
  Tensor Dropped = torch::dropout(torch::ones({1000}, D), 0.5, true);
  double Mean = Dropped.mean().item<double>();
  HOLDS(Dropped.is_cuda() && Mean > 0.8 && Mean < 1.2);
  throws("device type for generator", [] {
    (void)torch::rand({2}, at::detail::createCPUGenerator(),
                      torch::TensorOptions().device(D));
  });
});

Add Types("types", [] {
  for (auto Type : {torch::kHalf, torch::kBFloat16, torch::kDouble}) {
    Tensor T = torch::rand({4, 4}, D).to(Type);
    HOLDS((T + T).scalar_type() == Type && T.mm(T).scalar_type() == Type);
    HOLDS(torch::softmax(T, 1).is_cuda());
  }
  Tensor Z = torch::complex(torch::rand({3}, D), torch::rand({3}, D));
  HOLDS(Z.is_complex() && (Z * Z.conj()).abs().is_cuda());
  HOLDS(near(torch::real(Z * Z.conj()), torch::abs(Z).pow(2)));
  HOLDS(
      near(torch::fft::ifft(torch::fft::fft(torch::real(Z))).select(0, 1).abs(),
           torch::real(Z)[1]));
  Tensor L = torch::ones({2, 2}, torch::TensorOptions(D).dtype(torch::kLong));
  throws("not implemented for 'Long'", [&] { (void)L.mm(L); });
  throws(TORCH_VERSION_MAJOR < 2 ? "scalar type" : "same dtype",
         [&] { (void)L.mm(torch::ones({2, 2}, D)); });
});

Add Streams("streams", [] {
  c10::impl::VirtualGuardImpl Impl(D);
  c10::Stream Default = Impl.getStream(torch::Device(D, 0));
  c10::Stream Other = Impl.getStreamFromGlobalPool(torch::Device(D, 0));
  HOLDS(Default != Other);
  {
    c10::StreamGuard Guard(Other);
    HOLDS(Impl.getStream(torch::Device(D, 0)) == Other);
    Tensor T = torch::ones({3}, D);
    T.record_stream(Other);
  }
  HOLDS(Impl.getStream(torch::Device(D, 0)) == Default);
  c10::Event Event(D);
  Event.record(Default);
  Event.block(Other);
  HOLDS(Event.query());
  HOLDS(Default.query());
  Default.synchronize();
});

Add Pinned("pinned", [] {
  Tensor T = torch::rand({8}).pin_memory();
  HOLDS(T.is_cpu() && T.is_pinned());
  HOLDS(!torch::rand({8}).is_pinned());
  HOLDS(near(T.to(D, /*non_blocking=*/true), T));
  HOLDS(torch::empty({2}, torch::TensorOptions().pinned_memory(true))
            .is_pinned());
});

Add FromBlob("from-blob", [] {
  Tensor T = torch::arange(6, torch::TensorOptions(D).dtype(torch::kFloat));
  Tensor Same =
      torch::from_blob(T.data_ptr(), {6}, torch::TensorOptions().device(D));
  Same += 1;
  HOLDS(near(T, torch::arange(1, 7, torch::kFloat)));
  float Host[2] = {1, 2};
  throws("resides on host memory", [&] {
    (void)torch::from_blob(Host, {2}, torch::TensorOptions().device(D));
  });
});

Add Devices(
    "two-devices",
    [] {
      Tensor A = torch::ones({2}, torch::Device(D, 0));
      Tensor B = torch::ones({2}, torch::Device(D, 1));
      HOLDS(B.device().index() == 1 && A.to(B.device()).device() == B.device());
      throws("cuda:0 and cuda:1", [&] { (void)(A + B); });
      throws("same device",
             [&] { (void)torch::mm(A.view({1, 2}), B.view({2, 1})); });
      A.copy_(B * 3);
      HOLDS(A.sum().item<float>() == 6);
      {
        c10::DeviceGuard Guard(torch::Device(D, 1));
        HOLDS(torch::ones({1}, D).device().index() == 1);
      }
      HOLDS(torch::ones({1}, D).device().index() == 0);
      HOLDS((B * 2).device().index() == 1);
    },
    true);

Add Ordinal("invalid-ordinal", [] {
  throws("invalid device ordinal",
         [] { (void)torch::ones({1}, torch::Device(D, 15)); });
});

Add Threads("threads", [] {
  std::vector<std::thread> Workers;
  std::atomic<int> Good{0};
  for (int I = 0; I < 4; ++I)
    Workers.emplace_back([&] {
      for (int Step = 0; Step < 20; ++Step) {
        Tensor W = torch::rand({8, 8}, D).requires_grad_();
        torch::rand({4, 8}, D).matmul(W).relu().sum().backward();
        Good += W.grad().is_cuda();
      }
    });
  for (std::thread &Worker : Workers)
    Worker.join();
  HOLDS(Good == 80);
});

Add Sparse("sparse", [] {
  Tensor Dense = torch::tensor({{0.f, 2.f}, {3.f, 0.f}}).to(D);
  Tensor S = Dense.to_sparse();
  HOLDS(S.is_sparse() && S.is_cuda() && S._nnz() == 2);
  HOLDS(near(S.to_dense(), Dense));
  HOLDS(near(torch::mm(S, Dense), Dense.mm(Dense)));
  HOLDS((S + S).coalesce().is_cuda());
  HOLDS(S.cpu().is_cpu() && near(S.cpu().to_dense(), Dense));
});

Add Optimizers("optimizers", [] {
  nn::Linear L(3, 1);
  torch::optim::Adam O(L->parameters(), 1e-2);
  auto Step = [&](torch::Device Device) {
    O.zero_grad();
    L->forward(torch::ones({2, 3}, Device)).sum().backward();
    O.step();
  };
  L->to(D);
  Step(D);
  HOLDS(L->weight.is_cuda() && L->weight.grad().is_cuda());
  L->to(torch::kCPU);
  throws("two devices", [&] { Step(torch::kCPU); });
});

size_t residentKiB() {
  std::ifstream File("/proc/self/statm");
  size_t Total = 0, Resident = 0;
  File >> Total >> Resident;
  return Resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

// Of training, with what an optimizer keeps and with sizes that change.
Add Memory("memory", [] {
  nn::Sequential Model(nn::Linear(64, 64), nn::BatchNorm1d(64), nn::ReLU(),
                       nn::Linear(64, 8));
  Model->to(D);
  torch::optim::Adam Optimizer(Model->parameters(), 1e-3);
  auto Train = [&](int Steps) {
    for (int I = 0; I < Steps; ++I) {
      Optimizer.zero_grad();
      Tensor X = torch::rand({32 + I % 7, 64}).to(D);
      Tensor Loss = torch::mse_loss(Model->forward(X), X.slice(1, 0, 8));
      Loss.backward();
      Optimizer.step();
    }
  };
  Train(200);
  size_t Before = residentKiB();
  Train(1000);
  size_t After = residentKiB();
  HOLDS(After < Before + 2048);
});

} // namespace

int main(int Count, char **Arguments) {
  torch::manual_seed(0);
  if (Count == 2 && !std::strncmp(Arguments[1], "--host-", 7)) {
    Tensor T = torch::rand({2, 3}, D);
    auto Rows = T.accessor<float, 2>();
    bool Write = !std::strcmp(Arguments[1], "--host-write");
    if (Write)
      Rows[1][1] = 1; // HOST WRITE
    else
      std::cout << Rows[0][2] << "\n"; // HOST READ
    return 0;
  }
  int Ran = 0;
  for (const Case &C : cases()) {
    bool Named = Count == 1;
    for (int I = 1; I < Count; ++I)
      Named |= !std::strcmp(Arguments[I], C.Name);
    if (!Named || (C.NeedsTwo && torch::cuda::device_count() < 2))
      continue;
    ++Ran;
    Current = C.Name;
    try {
      C.Run();
    } catch (const std::exception &E) {
      failed(std::string("threw ") + E.what());
    }
  }
  std::cout << Ran << " cases, " << Failures << " failures\n";
  return Failures || !Ran;
}
