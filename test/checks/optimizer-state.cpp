// RUN: %check_torch %s
// The state of an optimizer that is loaded, and of one written by hand.
#include <memory>
#include <sstream>
#include <torch/torch.h>
#include <unordered_map>
#include <vector>

class Trainer {
public:
  explicit Trainer(torch::Device device) : device_(device) {
    model_->to(device_);
    optimizer_ = std::make_unique<torch::optim::Adam>(model_->parameters(), torch::optim::AdamOptions(1e-3));
  }
  void step(const torch::Tensor &x) {
    auto loss = model_->forward(x.to(device_)).sum();
    optimizer_->zero_grad();
    loss.backward();
    optimizer_->step();
  }
  void save(std::ostream &state) const {
    torch::save(*optimizer_, state);
  }
  void load(std::istream &state, torch::Device where) {
    torch::load(*optimizer_, state, where);
  }

private:
  torch::Device device_;
  torch::nn::Linear model_{4, 2};
  std::unique_ptr<torch::optim::Adam> optimizer_;
};
void loadedElsewhere() {
  std::stringstream state;
  Trainer first(torch::kCUDA);
  first.step(torch::rand({3, 4}));
  first.save(state);
  Trainer second(torch::kCUDA);
  second.load(state, torch::kCPU);
  second.step(torch::rand({3, 4})); // expect: 'optimizer_' has stepped on the CPU and keeps its state there, but the parameters have moved to CUDA since
}
void loadedThere() {
  std::stringstream state;
  Trainer first(torch::kCUDA);
  first.step(torch::rand({3, 4}));
  first.save(state);
  Trainer second(torch::kCUDA);
  second.load(state, torch::kCUDA);
  second.step(torch::rand({3, 4}));
}

class EagerLion {
public:
  explicit EagerLion(std::vector<torch::Tensor> params) : params_(std::move(params)) {
    for (const auto &p : params_)
      state_[p.unsafeGetTensorImpl()] = torch::zeros_like(p.detach());
  }
  void step() {
    torch::NoGradGuard guard;
    for (auto &p : params_) {
      auto &m = state_[p.unsafeGetTensorImpl()];
      p.add_((m * 0.9 + p.grad() * 0.1).sign(), -0.1);
    }
  }

private:
  std::vector<torch::Tensor> params_;
  std::unordered_map<c10::TensorImpl *, torch::Tensor> state_;
};
template <class Optimizer>
void train(torch::nn::Sequential &net, Optimizer &opt, torch::Device device) {
  net->forward(torch::randn({4, 3}, device)).sum().backward();
  opt.step();
}
void keptBefore() {
  torch::nn::Sequential net(torch::nn::Linear(3, 5), torch::nn::Linear(5, 1));
  EagerLion opt(net->parameters());
  net->to(torch::kCUDA);
  train(net, opt, torch::kCUDA); // expect: 'm * 0.9' is on the CPU but 'p.grad() * 0.1' is on CUDA
}
void keptAfter() {
  torch::nn::Sequential net(torch::nn::Linear(3, 5), torch::nn::Linear(5, 1));
  net->to(torch::kCUDA);
  EagerLion opt(net->parameters());
  train(net, opt, torch::kCUDA);
}
