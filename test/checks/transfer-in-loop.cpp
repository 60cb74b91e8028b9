// RUN: %check_torch %s --checks=-*,torch-transfer-in-loop
// What does not change is copied once, before the loop.
#include <torch/torch.h>

void invariant() {
  auto mask = torch::ones({4, 4}); // expect-note: 'mask' is made here; a copy before the loop serves all rounds
  auto x = torch::rand({4, 4}, torch::kCUDA);
  for (int i = 0; i < 10; ++i)
    x = x * mask.to(torch::kCUDA); // expect: 'mask' is copied to CUDA in every round of the loop, but does not change in it
  while (x.sum().item<float>() > 1)
    x = x * mask.cuda(); // expect: 'mask' is copied to CUDA
}
void overData(std::vector<torch::Tensor> batches) {
  auto weight = torch::ones({4});
  for (auto &batch : batches) {
    auto x = batch.to(torch::kCUDA);
    x = x * weight.to(x.device()); // expect: 'weight' is copied to CUDA
  }
}
void hoisted() {
  auto mask = torch::ones({4, 4}).to(torch::kCUDA);
  auto x = torch::rand({4, 4}, torch::kCUDA);
  for (int i = 0; i < 10; ++i)
    x = x * mask.to(torch::kCUDA);
}
void changes(float *memory) {
  auto sum = torch::zeros({4}), part = torch::zeros({4}), read = torch::zeros({4});
  auto frame = torch::from_blob(memory, {4});
  auto next = torch::zeros({4});
  for (int i = 0; i < 10; ++i) {
    sum.add_(1);
    part[0] = i;
    read.data_ptr<float>()[0] = i;
    auto a = sum.cuda() + part.cuda() + read.cuda() + frame.cuda() + next.cuda();
    next = torch::rand({4});
  }
}
void once() {
  auto mask = torch::ones({4, 4});
  auto x = mask.cuda() + mask.cuda();
}
void parameters() {
  torch::nn::Linear l(4, 4);
  torch::optim::SGD optimizer(l->parameters(), 0.1);
  for (int i = 0; i < 10; ++i) {
    auto x = l->weight.cuda();
    optimizer.step();
  }
}
