// Training loops with gradient accumulation, mixed precision, schedules and averaged weights.
#include <torch/torch.h>

#include <cmath>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mixed {

// Keeps float copies of the weights and lets the network compute in Half.
class MasterWeights {
public:
  explicit MasterWeights(const std::vector<torch::Tensor> &half, torch::Device where) {
    torch::NoGradGuard guard;
    for (const auto &p : half) {
      half_.push_back(p);
      auto copy = p.detach().to(where, torch::kFloat).clone();
      master_.push_back(copy.set_requires_grad(true));
    }
  }
  std::vector<torch::Tensor> parameters() const { return master_; }

  void collect(double scale) {
    for (size_t i = 0; i < half_.size(); ++i) {
      if (!half_[i].grad().defined())
        continue;
      master_[i].mutable_grad() = half_[i].grad().to(torch::kFloat) / scale;
    }
  }
  void publish() {
    torch::NoGradGuard guard;
    for (size_t i = 0; i < half_.size(); ++i)
      half_[i].copy_(master_[i]);
  }
  bool finite() const {
    for (const auto &m : master_)
      if (m.grad().defined() && !torch::isfinite(m.grad()).all().item<bool>())
        return false;
    return true;
  }

private:
  std::vector<torch::Tensor> half_, master_;
};

torch::nn::Sequential classifier() {
  return torch::nn::Sequential(torch::nn::Linear(8, 16), torch::nn::ReLU(), torch::nn::Linear(16, 4));
}

} // namespace mixed

void case_mixed_logits_back_to_float() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto net = mixed::classifier();
  net->to(device, torch::kHalf);
  mixed::MasterWeights weights(net->parameters(), device);
  torch::optim::SGD opt(weights.parameters(), 0.1);
  double scale = 128;
  for (int i = 0; i < 3; ++i) {
    auto x = torch::randn({4, 8}).to(device, torch::kHalf);
    auto y = torch::randint(0, 4, {4}, torch::dtype(torch::kLong).device(device));
    net->zero_grad();
    auto loss = torch::cross_entropy_loss(net->forward(x).to(torch::kFloat), y);
    (loss * scale).backward();
    weights.collect(scale);
    if (weights.finite()) {
      opt.step();
      weights.publish();
    } else {
      scale /= 2;
    }
  }
  std::cout << "scale " << scale << "\n";
}

void case_mixed_masters_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto net = mixed::classifier();
  net->to(device, torch::kHalf);
  mixed::MasterWeights weights(net->parameters(), torch::kCPU);
  torch::optim::SGD opt(weights.parameters(), 0.1);
  auto x = torch::randn({4, 8}, device).to(torch::kHalf);
  auto y = torch::randint(0, 4, {4}, torch::dtype(torch::kLong).device(device));
  auto loss = torch::cross_entropy_loss(net->forward(x).to(torch::kFloat), y);
  (loss * 128).backward();
  weights.collect(128);
  opt.step(); // THROWS: device
  weights.publish();
}

void case_mixed_features_forget_half() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto net = mixed::classifier();
  net->to(device, torch::kHalf);
  mixed::MasterWeights weights(net->parameters(), device);
  torch::optim::SGD opt(weights.parameters(), 0.1);
  auto mean = torch::full({1, 8}, 0.5, torch::dtype(torch::kFloat).device(device));
  for (int i = 0; i < 2; ++i) {
    auto x = torch::randn({4, 8}).to(device, torch::kHalf);
    x = x - mean; // promotes again
    auto y = torch::randint(0, 4, {4}, torch::dtype(torch::kLong).device(device));
    auto loss = torch::cross_entropy_loss(net->forward(x).to(torch::kFloat), y); // THROWS: dtype
    loss.backward();
    weights.collect(1);
    opt.step();
    weights.publish();
  }
}

namespace averaged {

// Exponential moving average of parameters by name, for evaluation.
class EMA {
public:
  EMA(torch::nn::Module &model, double decay) : decay_(decay) {
    for (const auto &item : model.named_parameters())
      shadow_[item.key()] = item.value().detach().clone();
  }
  void update(torch::nn::Module &model) {
    torch::NoGradGuard guard;
    for (auto &item : model.named_parameters()) {
      auto &average = shadow_.at(item.key());
      average.mul_(decay_).add_(item.value(), 1 - decay_); // THROWN: averaged_before_the_move
    }
  }
  void swap(torch::nn::Module &model) {
    torch::NoGradGuard guard;
    for (auto &item : model.named_parameters()) {
      auto kept = item.value().detach().clone();
      item.value().copy_(shadow_.at(item.key()));
      shadow_[item.key()] = kept;
    }
  }

private:
  double decay_;
  std::map<std::string, torch::Tensor> shadow_;
};

double learningRate(int step, int warmup, int total) {
  if (step < warmup)
    return 1e-2 * (step + 1) / warmup;
  return 1e-2 * 0.5 * (1 + std::cos(M_PI * (step - warmup) / (total - warmup)));
}

void setLearningRate(torch::optim::Optimizer &opt, double lr) {
  for (auto &group : opt.param_groups())
    static_cast<torch::optim::AdamWOptions &>(group.options()).lr(lr);
}

} // namespace averaged

void case_averaged_after_the_move() {
  using namespace averaged;
  const bool cuda = torch::cuda::is_available();
  torch::Device device(cuda ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential net(torch::nn::Linear(5, 9), torch::nn::Tanh(), torch::nn::Linear(9, 2));
  net->to(device);
  EMA ema(*net, 0.9);
  torch::optim::AdamW opt(net->parameters());
  const int accumulate = 2, total = 6;
  opt.zero_grad();
  for (int step = 0; step < total; ++step) {
    auto x = torch::randn({3, 5});
    auto y = (x.sum(1) > 0).to(torch::kLong);
    if (cuda) {
      x = x.cuda();
      y = y.cuda();
    }
    auto loss = torch::cross_entropy_loss(net->forward(x), y) / accumulate;
    loss.backward();
    if ((step + 1) % accumulate == 0) {
      setLearningRate(opt, learningRate(step, 2, total));
      torch::nn::utils::clip_grad_norm_(net->parameters(), 1.0);
      opt.step();
      opt.zero_grad();
      ema.update(*net);
    }
  }
  ema.swap(*net);
  torch::NoGradGuard guard;
  std::cout << net->forward(torch::ones({1, 5}, device)).argmax(1).cpu() << "\n";
}

void case_averaged_before_the_move() {
  using namespace averaged;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential net(torch::nn::Linear(5, 9), torch::nn::Tanh(), torch::nn::Linear(9, 2));
  EMA ema(*net, 0.9);
  net->to(device);
  torch::optim::AdamW opt(net->parameters());
  for (int step = 0; step < 4; ++step) {
    auto x = torch::randn({3, 5}, device);
    auto y = (x.sum(1) > 0).to(torch::kLong);
    auto loss = torch::cross_entropy_loss(net->forward(x), y);
    opt.zero_grad();
    loss.backward();
    setLearningRate(opt, learningRate(step, 2, 4));
    opt.step();
    ema.update(*net); // THROWS: device
  }
  ema.swap(*net);
}

void case_averaged_on_host_only_swapped() {
  using namespace averaged;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential net(torch::nn::Linear(5, 9), torch::nn::Tanh(), torch::nn::Linear(9, 2));
  EMA first(*net, 0.0); // the weights as they were made, on the host
  net->to(device);
  torch::optim::AdamW opt(net->parameters());
  for (int step = 0; step < 2; ++step) {
    auto x = torch::randn({3, 5}).to(net[0]->as<torch::nn::Linear>()->weight.device());
    auto loss = net->forward(x).pow(2).mean();
    opt.zero_grad();
    loss.backward();
    setLearningRate(opt, learningRate(step, 1, 4));
    opt.step();
  }
  auto trained = net->forward(torch::ones({1, 5}, device)).detach();
  first.swap(*net);
  auto before = net->forward(torch::ones({1, 5}, device)).detach();
  std::cout << (trained - before).abs().sum().item<float>() << "\n";
}
