// RUN: %check_torch %s
// Template constants, inherited constructors, promises, packed sequences.
#include <future>
#include <torch/torch.h>
template <c10::DeviceType Type>
torch::Tensor makeOn() {
  return torch::rand({2, 4}, Type);
}
void a() {
  makeOn<torch::kCPU>() + torch::ones({2, 4}, torch::kCUDA); // expect: 'makeOn<torch::kCPU>()' is on the CPU but 'torch::ones({2, 4}, torch::kCUDA)' is on CUDA
  makeOn<torch::kCUDA>() + torch::ones({2, 4}, torch::kCUDA);
  torch::rand({2, 4}, static_cast<c10::DeviceType>(1)) + torch::ones({2, 4}); // expect: 'torch::ones({2, 4})' is on the CPU but 'torch::rand({2, 4}, static_cast<c10::DeviceType>(1))' is on CUDA
}
struct Base {
  torch::Device device;
  explicit Base(torch::Device d = torch::kCPU) : device(d) {
  }
};
struct Settings : Base {
  using Base::Base;
  torch::Tensor make() {
    return torch::rand({2, 4}, this->device);
  }
};
void b() {
  Settings s{torch::kCUDA}, t;
  s.make() + torch::ones({2, 4}); // expect: 'torch::ones({2, 4})' is on the CPU but 's.make()' is on CUDA
  t.make() + torch::ones({2, 4});
}
void c() {
  auto t = torch::ones({2, 4}, torch::kLong).toType(torch::kFloat);
  torch::nn::Linear(4, 4)(t);
  auto u = torch::ones({2, 4}).toType(torch::kLong);
  torch::nn::Linear(4, 4)(u); // expect: 'u' holds Long but 'Linear' works in Float
}
void d() {
  auto t = torch::zeros({2, 3, 4});
  torch::nn::GRU rnn(torch::nn::GRUOptions(4, 4).batch_first(true));
  auto packed = torch::nn::utils::rnn::pack_padded_sequence(t, torch::full({2}, 3, torch::kLong), true);
  auto out = rnn->forward_with_packed_input(packed);
  auto padded = torch::nn::utils::rnn::pad_packed_sequence(std::get<0>(out), true);
  std::get<0>(padded).sum(1) + torch::zeros({2, 4}, torch::kCUDA); // expect: 'std::get<0>(padded).sum(1)' is on the CPU but 'torch::zeros({2, 4}, torch::kCUDA)' is on CUDA
  auto rows = torch::nn::utils::rnn::pad_sequence(std::vector<torch::Tensor>{torch::rand({4}), torch::rand({2})});
  rows *torch::rand({2, 4}, torch::kCUDA); // expect: 'rows' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
}
void e() {
  std::promise<torch::Tensor> p;
  auto f = p.get_future();
  p.set_value(torch::rand({3}, torch::kCUDA));
  auto y = f.get() * torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'f.get()' is on CUDA
}
