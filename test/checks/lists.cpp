// RUN: %check_torch %s
// Lists of tensors and of numbers.
#include <torch/torch.h>
void list() {
  std::vector<torch::Tensor> v{torch::randn({2, 4}), torch::randn({2, 4}).to(torch::kCUDA), torch::ones({2, 4})};
  auto j = torch::cat(v); // expect: 'v[0]' is on the CPU but 'v[1]' is on CUDA
}
void insertedLast() {
  std::vector<torch::Tensor> v{torch::randn({2, 4}), torch::randn({2, 4}).to(torch::kCUDA), torch::ones({2, 4})};
  v.insert(v.end(), torch::rand({2, 4}).to(torch::Device(torch::kCPU)));
  auto j = torch::cat(v); // expect: 'v[0]' is on the CPU but 'v[1]' is on CUDA
}
void insertedWithin() {
  std::vector<torch::Tensor> v{torch::randn({2, 4}), torch::randn({2, 4}).to(torch::kCUDA), torch::ones({2, 4})};
  v.insert(v.begin() + 1, torch::rand({2, 4}).to(torch::Device(torch::kCPU)));
  auto j = torch::cat(v); // expect: 'v[0]' is on the CPU but 'v[2]' is on CUDA
}
// Spelled in place, an element is called as it stands there.
void spelledInPlace(bool first) {
  auto a = torch::rand({4});
  if (first)
    torch::cat({a, a.cuda()}); // expect: 'a' is on the CPU but 'a.cuda()' is on CUDA
  else
    torch::stack({a.cuda(), torch::ones({4})}); // expect: 'torch::ones({4})' is on the CPU but 'a.cuda()' is on CUDA
}
void elementTypes() {
  torch::nn::Linear m2(4, 4);
  m2(torch::tensor(std::vector<float>{1, 2, 3, 4}));
  m2(torch::tensor({1, 2, 3, 4})); // expect: 'torch::tensor({1, 2, 3, 4})' holds Long but 'm2' works in Float
  std::vector<int> w{1, 2, 3, 4};
  m2(torch::tensor(w)); // expect: 'torch::tensor(w)' holds Long but 'm2' works in Float
  std::vector<double> z{1, 2, 3, 4};
  m2(torch::tensor(z));
  m2(torch::tensor({1.0, 2.0, 3.0, 4.0}));
  m2(torch::tensor(std::vector<float>{1.f, 2.f, 3.f, 4.f}));
}
// So for an operator that calls another one, which has another name for them.
void multiplied(int rounds) {
  std::vector<torch::Tensor> matrices;
  for (int i = 0; i != rounds; ++i)
    matrices.push_back(torch::rand({2, 2}, torch::kCUDA));
  torch::chain_matmul(matrices) + torch::rand({2, 2}); // expect: 'torch::rand({2, 2})' is on the CPU but 'torch::chain_matmul(matrices)' is on CUDA
}
// Of what a loop has filled all elements are alike, and there is one to stack.
std::pair<torch::Tensor, torch::Tensor> filled(torch::Tensor x, int rounds) {
  std::vector<torch::Tensor> twice, once;
  for (int i = 0; i != rounds; ++i) {
    twice.push_back(x * 2);
    once.push_back(x);
  }
  return {torch::stack(twice, 1), torch::stack(once, 1)};
}
void filledInALoop(int rounds) {
  auto [twice, once] = filled(torch::rand({3}, torch::kCUDA), rounds);
  twice + torch::rand({3, 2}); // expect: 'torch::rand({3, 2})' is on the CPU but 'twice' is on CUDA
  once + torch::rand({3, 2}); // expect: 'torch::rand({3, 2})' is on the CPU but 'once' is on CUDA
  once + torch::rand({3, 2}, torch::kCUDA);
}
