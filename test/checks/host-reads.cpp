// RUN: %check_torch %s
// Device memory that is read on the host.
#include <torch/torch.h>
#include <cstring>
using torch::Tensor;
float r1() {
  auto x = torch::rand({3}, torch::kCUDA);
  auto a = x.accessor<float, 1>();
  return a[0]; // expect: 'x' is on CUDA, but its memory is read on the host
}
float r2() {
  auto x = torch::rand({3}, torch::kCUDA);
  return x.data_ptr<float>()[0]; // expect: 'x' is on CUDA, but its memory is read on the host
}
float r3() {
  auto x = torch::rand({3}, torch::kCUDA);
  auto y = x.cpu();
  return y.accessor<float, 1>()[0] + *y.data_ptr<float>();
}
float r4() {
  auto x = torch::rand({3}, torch::kCUDA);
  float *p = x.data_ptr<float>();
  float s = 0;
  for (int i = 0; i < 3; ++i)
    s += *p++; // expect: 'x' is on CUDA, but its memory is read on the host
  return s;
}
void r5(std::vector<float> &out) {
  auto x = torch::rand({3}, torch::kCUDA).contiguous();
  std::memcpy(out.data(), x.data_ptr(), 12); // expect: 'x' is on CUDA, but its memory is read on the host
  x = x.cpu();
  std::memcpy(out.data(), x.data_ptr(), 12);
}
std::vector<float> r6() {
  auto x = torch::rand({3}).to(torch::kCUDA);
  std::vector<float> v(x.data_ptr<float>(), x.data_ptr<float>() + x.numel()); // expect: 'x' is on CUDA, but its memory is read on the host
  return v;
}
float sum(const float *p, int n) {
  float s = 0;
  for (int i = 0; i < n; ++i)
    s += p[i];
  return s;
}
float r7() {
  auto x = torch::rand({3}).to(torch::kCUDA);
  return sum(x.data_ptr<float>(), 3); // expect: 'x' is on CUDA, but its memory is read on the host
}
float r8(Tensor x) {
  auto a = x.accessor<float, 2>();
  return a[0][1];
}
void r9() {
  r8(torch::rand({3, 3}));
  r8(torch::rand({3, 3}, torch::kCUDA)); // expect: 'torch::rand({3, 3}, torch::kCUDA)' is on CUDA, but its memory is read on the host
}
Tensor r10() {
  auto x = torch::rand({3}).to(torch::kCUDA);
  return torch::from_blob(x.data_ptr(), {3}, torch::kCUDA) + x;
}
