// A repair names the device as the program around it does.
// RUN: rm -rf %t && mkdir %t && cp %s %t/a.cpp && cd %t
// RUN: not %torch-tidy %torch_pch --quiet --fix a.cpp -- %torch_flags
// RUN: FileCheck %s < a.cpp
// RUN: %torch-tidy %torch_pch --quiet a.cpp -- %torch_flags | count 0
#include <torch/torch.h>

torch::Tensor madeThere(torch::Device place) {
  return torch::rand({2, 3}, place);
}

// CHECK-LABEL: void anotherOperand
void anotherOperand() {
  auto x = madeThere(torch::kCUDA);
  x + torch::ones(3);
  // CHECK: x + torch::ones(3).to(x.device());
}

static torch::Tensor sum(torch::Tensor a, const torch::Tensor &b) {
  return a + b;
}

// An argument is mended where it is given.
// CHECK-LABEL: void anArgument
void anArgument() {
  torch::Device device(torch::kCUDA);
  auto x = torch::rand({2, 3}, device);
  sum(x, torch::ones(3));
  // CHECK: sum(x, torch::ones(3).to(device));
}

// A copy that a parameter takes is not in the source.
// CHECK-LABEL: void aCopiedArgument
void aCopiedArgument() {
  torch::Device device(torch::kCUDA);
  auto x = torch::rand({2, 3}, device), y = torch::ones(3);
  sum(y, x);
  // CHECK: sum(y.to(device), x);
}

// An element is mended where it is spelled.
// CHECK-LABEL: void anElement
void anElement() {
  torch::Device device(torch::kCUDA);
  auto x = torch::rand({2, 3}, device);
  torch::cat({x, x.cpu()});
  // CHECK: torch::cat({x, x.cpu().to(device)});
}

// CHECK-LABEL: void aVariable
void aVariable() {
  torch::Device device(torch::kCUDA);
  auto x = torch::rand({2, 3}, device);
  x + torch::ones(3);
  // CHECK: x + torch::ones(3).to(device);
}

// CHECK-LABEL: void aParameter
void aParameter(torch::Device place, torch::nn::Linear net) {
  if (!place.is_cuda())
    return;
  auto x = torch::rand({2, 3}, place);
  x + torch::ones(3);
  // CHECK: x + torch::ones(3).to(place);
}

// Another device of the same type, out of reach, or one that is elsewhere.
// CHECK-LABEL: void noneInReach
void noneInReach() {
  torch::Device host(torch::kCPU);
  {
    torch::Device inner(torch::kCUDA);
  }
  auto x = torch::rand({2, 3}, torch::kCUDA);
  x + torch::ones(3);
  // CHECK: x + torch::ones(3).to(torch::kCUDA);
  torch::Device later(torch::kCUDA);
}

// CHECK-LABEL: struct Trainer
struct Trainer {
  torch::Device device_{torch::kCUDA};
  torch::nn::Linear net{3, 1};
  Trainer() { net->to(device_); }
  void step() {
    net(torch::rand({2, 3}));
    // CHECK: net(torch::rand({2, 3}).to(device_));
  }
};
void trained() {
  Trainer trainer;
  trainer.step();
}
