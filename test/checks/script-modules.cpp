// RUN: %check_torch %s
// TorchScript modules and what they return.
#include <torch/torch.h>
#include <torch/script.h>
using torch::Tensor;
void jit1() {
  auto m = torch::jit::load("x.pt", torch::kCUDA);
  std::vector<torch::jit::IValue> in;
  in.push_back(torch::rand({1, 3}));
  m.forward(in); // expect: 'in' is on the CPU but 'm' is on CUDA
}
void jit2() {
  torch::jit::script::Module m;
  m = torch::jit::load("x.pt");
  m.to(at::kCUDA);
  auto out = m.forward({torch::rand({1, 3}).to(at::kCUDA)}).toTensor();
  auto o2 = m.forward({torch::rand({1, 3})}).toTensor(); // expect: '{torch::rand({1, 3})}' is on the CPU but 'm' was moved to CUDA
  out + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'out' is on CUDA
}
void jit3() {
  auto m = torch::jit::load("x.pt", torch::kCUDA);
  auto t = m.forward({torch::rand({1, 3}).cuda()}).toTuple();
  auto a = t->elements()[0].toTensor();
}
