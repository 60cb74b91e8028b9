// RUN: %check_torch %s
// A parameter of a built-in layer that is replaced from outside is what forward
// computes with, and nothing registers it.
#include <torch/torch.h>

void replaced() {
  torch::nn::Linear l(4, 4);
  l->weight = torch::rand({4, 4}, torch::kCUDA);
  l(torch::rand({2, 4}, torch::kCUDA));
  l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' is on CUDA
}
void leftBehind() {
  torch::nn::Linear l(torch::nn::LinearOptions(4, 4).bias(false));
  l->weight = torch::rand({4, 4});
  l->to(torch::kCUDA);
  l(torch::rand({2, 4}));
}
void read() {
  torch::nn::Linear l(4, 4);
  auto w = l->weight;
  l->to(torch::kCUDA);
  l(torch::rand({2, 4}, torch::kCUDA));
}
