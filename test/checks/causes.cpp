// RUN: %check_torch %s
// One finding for one cause, with the steps that led to it.
#include <torch/torch.h>

void droppedMove(torch::Device) {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA); // expect-note: 'model' moved to CUDA here
  auto x = torch::rand({2, 3}); // expect-note: 'x' created on the CPU here
  x.to(torch::kCUDA); // expect-note: the result of this call is dropped; it does not move 'x' in place
  model(x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
}

// Everything after the first finding is as if it had been mended.
void oneForAll() {
  torch::nn::Linear model(3, 3);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  torch::Tensor y;
  for (int i = 0; i < 3; ++i)
    y = model(x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
  y + torch::rand({2, 3}, torch::kCUDA);
}

// Two causes are two findings.
void oneForEach(torch::Tensor target) {
  torch::nn::Linear model(3, 3);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  auto y = model(x); // expect: 'x' is on the CPU but
  auto t = torch::rand({2, 3});
  torch::mse_loss(y, t); // expect: 't' is on the CPU but 'y' is on CUDA
}

static void evaluate(torch::nn::Linear model) {
  model->to(torch::kCPU); // expect-note: 'model' moved to the CPU here
}

void movedBack() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  for (int epoch = 0; epoch < 2; ++epoch) {
    model(torch::rand({2, 3}, torch::kCUDA)); // expect: but 'model' is on the CPU
    evaluate(model);
  }
}

// A function that is given a device and does not use it.
static torch::Tensor batch(int64_t n, torch::Device device) { // expect-note: 'batch' is given 'device' and does not use it
  return torch::rand({n, 3}); // expect-note: created on the CPU here
}

void ignoresItsDevice() {
  torch::Device device(torch::kCUDA);
  torch::nn::Linear model(3, 1);
  model->to(device);
  model(batch(4, device)); // expect: is on the CPU but 'model' was moved to CUDA
}

// The way through a callee is told.
static torch::Tensor loss(torch::nn::Linear model, torch::Tensor x, torch::Tensor t) {
  return torch::mse_loss(model(x), t); // expect-note: in the call to 'loss', used together here
}

void throughTheCallee() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3}, torch::kCUDA), t = torch::rand({2, 1});
  loss(model, x, t); // expect: 't' is on the CPU but
}

void onlyUnderACondition(bool cuda) {
  torch::nn::Linear model(3, 1);
  if (cuda)
    model->to(torch::kCUDA);
  model(torch::rand({2, 3})); // expect: when 'cuda' is true
}
