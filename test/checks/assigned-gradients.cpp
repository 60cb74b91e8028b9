// RUN: %check_torch %s
// A gradient that is assigned by hand has to be where its parameter is.
#include <torch/torch.h>

void step() {
  torch::nn::Linear m(3, 2);
  torch::optim::SGD opt(m->parameters(), 0.1);
  m->weight.mutable_grad() = torch::zeros({2, 3});
  opt.step();
  m->weight.mutable_grad() = torch::zeros({2, 3}, torch::kCUDA);
  opt.step(); // expect: 'gradient' is on CUDA but 'parameter' is on the CPU
}
void copies(const std::vector<torch::Tensor> &half) {
  auto host = torch::rand({3}).set_requires_grad(true);
  auto there = torch::rand({3}, torch::kCUDA).set_requires_grad(true);
  torch::optim::Adam opt(std::vector<torch::Tensor>{host}, 0.1);
  there.sum().backward();
  host.mutable_grad() = there.grad().cpu();
  opt.step();
  opt.zero_grad();
  host.mutable_grad() = there.grad() / 2;
  opt.zero_grad();
  opt.step();
  host.mutable_grad() = there.grad() / 2;
  opt.step(); // expect: 'gradient' is on CUDA but 'host' is on the CPU
}
// Autograd's own gradient is where its tensor is.
void clipped() {
  auto w = torch::rand({3}, torch::kCUDA).set_requires_grad(true);
  torch::optim::SGD opt(std::vector<torch::Tensor>{w}, 0.1);
  w.sum().backward();
  w.mutable_grad().clamp_(-1, 1);
  w.grad() + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'w.grad()' is on CUDA
  opt.step();
}
