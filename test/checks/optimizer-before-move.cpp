// RUN: %check_torch %s
#include <torch/torch.h>

void steppedThenMoved() {
  torch::nn::Linear m(3, 1);
  torch::optim::Adam adam(m->parameters(), torch::optim::AdamOptions(1e-3));
  m->forward(torch::rand({2, 3})).sum().backward();
  adam.step();
  m->to(torch::kCUDA);
  m->forward(torch::rand({2, 3}).to(torch::kCUDA)).sum().backward();
  adam.step(); // expect: 'adam' has stepped on the CPU and keeps its state there
}

void madeBeforeTheMove() {
  torch::nn::Linear m(3, 1);
  torch::optim::Adam adam(m->parameters(), torch::optim::AdamOptions(1e-3));
  m->to(torch::kCUDA);
  adam.step();
  adam.step();
}

void keepsNothing() {
  torch::nn::Linear m(3, 1);
  torch::optim::SGD sgd(m->parameters(), 0.1);
  sgd.step();
  m->to(torch::kCUDA);
  sgd.step();
}

void momentumIsKept() {
  torch::nn::Linear m(3, 1);
  torch::optim::SGD sgd(m->parameters(), torch::optim::SGDOptions(0.1).momentum(0.9));
  for (int epoch = 0; epoch < 3; ++epoch) {
    sgd.step(); // expect: 'sgd' has stepped on the CPU
    m->to(torch::kCUDA);
  }
}
