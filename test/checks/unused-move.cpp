// RUN: %check_torch %s
#include <torch/torch.h>

torch::Tensor dropped() {
  auto x = torch::rand({2, 3});
  x.to(torch::kCUDA); // expect: the result of 'x.to(torch::kCUDA)' is dropped: it does not move 'x' in place
  return x;
}

torch::Tensor assigned() {
  auto x = torch::rand({2, 3});
  x = x.to(torch::kCUDA);
  return x;
}

torch::Tensor alreadyThere() {
  auto x = torch::rand({2, 3}, torch::kCUDA);
  x.to(torch::kCUDA);
  return x;
}

torch::Tensor onlyTheElementType() {
  auto x = torch::rand({2, 3});
  x.to(torch::kDouble);
  return x;
}

void neverUsedAgain() {
  auto x = torch::rand({2, 3});
  x.cuda();
}

void moduleMovesInPlace() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  model->forward(torch::rand({2, 3}).cuda());
}

void causeOfAMismatch() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3}), y = torch::rand({2, 3});
  x.to(torch::kCUDA), y.to(torch::kCUDA);
  model->forward(x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
}
