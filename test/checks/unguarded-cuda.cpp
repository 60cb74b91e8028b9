// RUN: %check_torch %s --checks=-*,torch-unguarded-cuda
// A program that needs a GPU asks for one first, or says so where it starts.
#include <torch/torch.h>

void moves() {
  torch::nn::Linear l(4, 4);
  l->to(torch::kCUDA); // expect: CUDA is needed here, but 'torch::cuda::is_available()' is not asked on the way
  // One is told of: what repairs it repairs the rest.
  auto x = torch::rand({2, 4}).to(torch::kCUDA);
}
void makes() {
  auto x = torch::rand({2, 4}, torch::kCUDA); // expect: CUDA is needed here
}
void asks() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::rand({2, 4}, device);
}
void counts() {
  if (torch::cuda::device_count() > 0)
    auto x = torch::rand({2, 4}).cuda();
}
void asksLate() {
  auto x = torch::rand({2, 4}).cuda(); // expect: CUDA is needed here
  if (torch::cuda::is_available())
    x = x.cuda();
}
void oneBranch(bool some) {
  if (some)
    if (!torch::cuda::is_available())
      return;
  auto x = torch::rand({2, 4}).cuda();
}
// The caller's device, and what is there already.
torch::Tensor like(torch::Tensor x, torch::Device device) {
  if (x.is_cuda())
    return torch::rand({2, 4}).cuda();
  return torch::rand({2, 4}).to(device);
}
// A helper of those that ask.
static torch::Tensor help() { return torch::rand({2, 4}).cuda(); }
void asksForHelp() {
  if (torch::cuda::is_available())
    help();
}
