// RUN: %check_torch %s
// `x.type_as(y)` is `x.to(y)`: the device and the element type of the other one.
#include <torch/torch.h>

void elementType() {
  torch::nn::Linear layer(4, 4);
  layer->to(torch::kDouble);
  auto x = torch::rand({2, 4}).type_as(layer->weight);
  layer(x);
  torch::mm(x, torch::rand({4, 4})); // expect: 'x' holds Double but 'torch::rand({4, 4})' holds Float
}
void device() {
  auto x = torch::rand({2}).type_as(torch::rand({3}, torch::kCUDA));
  x + torch::rand({2}, torch::kCUDA);
  x + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'x' is on CUDA
}
