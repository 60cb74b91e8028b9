// RUN: %check_torch %s
// CUDA takes 0-dimensional tensors from the CPU: which ones are.
#include <torch/torch.h>
namespace case001 {
void a() {
  auto x = torch::ones({4}, torch::kCUDA);
  auto s = torch::zeros({});
  auto y = torch::mul(x, s);
  auto z = x + torch::rand({});
}
} // namespace ndiff_001

namespace case124 {
// squeeze(dim) (rank at least that of the argument less one; unsqueeze(0).squeeze(0) as before), view({-1}), ==, eq. Every accuracy computation is of this kind.
void a() {
  auto out = torch::ones({2, 4});
  auto target = torch::ones({2}, torch::dtype(torch::kLong).device(torch::kCUDA));
  auto right = out.argmax(1).eq(target).sum(); // expect: 'out.argmax(1)' is on the CPU but 'target' is on CUDA
}
void b() {
  auto out = torch::ones({2, 4});
  auto target = torch::ones({2}, torch::dtype(torch::kLong).device(torch::kCUDA));
  auto right = (out.argmax(1) == target).to(torch::kFloat).mean(); // expect: 'out.argmax(1)' is on the CPU but 'target' is on CUDA
}
void c() {
  auto out = torch::ones({2, 4}, torch::kCUDA);
  auto target = torch::ones({2}, torch::kLong);
  auto right = std::get<1>(out.max(1)).eq(target.view({-1})).sum(); // expect: 'target' is on the CPU but 'std::get<1>(out.max(1))' is on CUDA
}
void d() {
  auto x = torch::zeros({2, 4}).unsqueeze(0).squeeze(0);
  auto y = x.mul(torch::rand({2, 4}, torch::kCUDA)); // expect: 'x' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
}
void e() {
  auto x = torch::rand({2, 4}).argmax() + torch::ones({2}, torch::dtype(torch::kLong).device(torch::kCUDA));
}
} // namespace ndiff_124

namespace case120 {
void a() {
  auto xs = torch::meshgrid({torch::arange(2), torch::arange(3)});
  auto y = xs[0] + torch::zeros({2, 3}, torch::kCUDA); // expect: 'xs[0]' is on the CPU but 'torch::zeros({2, 3}, torch::kCUDA)' is on CUDA
}
} // namespace ndiff_120

namespace verify003 {
// accepted next to CUDA whatever the other is). Wanted: no finding. verify refutes the one that is reported.
void run(bool flag) {
  auto t1 = torch::randn({2, 3}, torch::device(flag ? torch::kCUDA : torch::kCPU));
  auto t4 = t1.sum();
  auto t5 = t4 + t4;
  auto t6 = torch::ones({}, torch::device(flag ? torch::kCPU : torch::kCUDA));
  auto t7 = t5 * t6;
}
} // namespace nverify_003

// The states of a recurrent module have the rank of its input.
void stateOfRecurrent() {
  torch::nn::LSTM lstm(4, 4);
  auto [out, state] = lstm->forward(torch::rand({2, 3, 4}));
  std::get<0>(state)[0] * torch::rand({3, 4}, torch::kCUDA); // expect: 'std::get<0>(state)[0]' is on the CPU but
}

// As many dimensions as another tensor.
void ofOthersSizes(torch::Tensor any) {
  auto x = torch::rand({2, 3}, torch::kCUDA);
  x * torch::ones({6}).view(x.sizes()); // expect: 'torch::ones({6}).view(x.sizes())' is on the CPU but 'x' is on CUDA
  x * torch::ones({1}).view(x.sum().sizes());
  x * torch::ones({1}).view(any.sizes());
}

// What is joined along a dimension has one.
void joined(std::vector<torch::Tensor> any) {
  std::vector<torch::Tensor> rewards{torch::tensor({1.0f, 0.0f})};
  torch::cat(rewards) * torch::rand({2}, torch::kCUDA);   // expect: 'torch::cat(rewards)' is on the CPU but
  torch::stack(rewards) * torch::rand({2}, torch::kCUDA); // expect: 'torch::stack(rewards)' is on the CPU but
  torch::cat(any) * torch::rand({2}, torch::kCUDA);
}
void partsOfASplit() {
  auto x = torch::rand({2, 4});
  auto parts = torch::split(x, 1);
  auto row = parts[1].squeeze(0);
  row - torch::zeros({4}, torch::kCUDA); // expect: 'row' is on the CPU but
  auto halves = x.chunk(2, 1);
  halves[0] + torch::zeros({2, 2}, torch::kCUDA); // expect: 'halves[0]' is on the CPU but
  auto scalar = torch::rand({1}).split(1)[0].squeeze(0);
  scalar + torch::zeros({4}, torch::kCUDA);
}
