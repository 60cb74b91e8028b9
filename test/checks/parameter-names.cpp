// RUN: %check_torch %s
// Parameters by name, and what an object hides.
#include <torch/torch.h>
#include <map>
void namedParameters() {
  torch::nn::Sequential net(torch::nn::Linear(5, 9), torch::nn::Linear(9, 2));
  std::map<std::string, torch::Tensor> shadow;
  for (const auto &item : net->named_parameters())
    shadow[item.key()] = item.value().detach().clone();
  net->to(torch::kCUDA);
  for (auto &item : net->named_parameters()) {
    auto &average = shadow.at(item.key());
    average.mul_(0.9).add_(item.value(), 0.1); // expect: 'shadow[item.key()]' is on the CPU but 'item.value()' is on CUDA
  }
}
void namedParametersOfOne() {
  torch::nn::Linear net(5, 9);
  std::map<std::string, torch::Tensor> shadow;
  for (const auto &item : net->named_parameters())
    shadow[item.key()] = item.value().detach().clone();
  net->to(torch::kCUDA);
  for (auto &item : net->named_parameters()) {
    auto &average = shadow.at(item.key());
    average.mul_(0.9).add_(item.value(), 0.1); // expect: 'shadow[item.key()]' is on the CPU but 'item.value()' is on CUDA
  }
}
class Engine {
public:
  explicit Engine(const std::string &device);
  ~Engine();
  torch::Tensor run(const torch::Tensor &x);

public:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
struct Engine::Impl {
  torch::Device device;
  torch::Tensor mean = torch::zeros({4});
  explicit Impl(const std::string &where) : device(where) {
  }
  torch::Tensor upload(const torch::Tensor &t) const {
    return t.clone().to(device, /*non_blocking=*/false);
  }
};
Engine::Engine(const std::string &device) : impl_(std::make_unique<Impl>(device)) {
}
Engine::~Engine() = default;
torch::Tensor Engine::run(const torch::Tensor &x) {
  return impl_->upload(x) - impl_->mean;
}
void test() {
  Engine engine("cuda:0");
  auto y = engine.run(torch::rand({4})); // expect: 'mean' is on the CPU but 'impl_->upload(x)' is on CUDA
}
void test2() {
  const std::string device = "cuda:0";
  Engine engine(device);
  auto y = engine.run(torch::rand({4})); // expect: 'mean' is on the CPU but 'impl_->upload(x)' is on CUDA
}
void test3() {
  Engine::Impl i("cuda:0");
  i.upload(torch::rand({4})) - i.mean; // expect: 'i.mean' is on the CPU but 'i.upload(torch::rand({4}))' is on CUDA
}
