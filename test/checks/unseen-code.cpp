// RUN: %check_torch %s
// Modules that are declared here and defined in another file.
#include <torch/torch.h>

// Its code is in another file: what it holds is where the module was moved.
struct Elsewhere : torch::nn::Module {
  Elsewhere();
  torch::Tensor forward(torch::Tensor x);
  torch::nn::Linear fc{nullptr};
};

void unseenForward() {
  auto net = std::make_shared<Elsewhere>();
  net->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  net->forward(x.to(torch::kCUDA));
  net->forward(x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}

void unseenAndNeverMoved() {
  auto net = std::make_shared<Elsewhere>();
  net->forward(torch::rand({2, 3}));
}
