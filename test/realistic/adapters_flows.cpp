// Adapters, pruning, weights that other networks make, flows, meta-learning, routing.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace lora {

// A frozen layer and a correction of low rank.
class LoraLinearImpl : public torch::nn::Module {
public:
  LoraLinearImpl(torch::nn::Linear base, int64_t rank, double alpha) : base_(base), scale_(alpha / rank) {
    register_module("base", base_);
    for (auto &p : base_->parameters())
      p.set_requires_grad(false);
    auto opts = base_->weight.options().requires_grad(false);
    a = register_parameter("a", torch::randn({rank, base_->weight.size(1)}, opts) * 0.02);
    b = register_parameter("b", torch::zeros({base_->weight.size(0), rank}, opts));
  }
  torch::Tensor forward(const torch::Tensor &x) {
    auto out = base_->forward(x);
    if (merged_)
      return out;
    return out + scale_ * x.matmul(a.t()).matmul(b.t());
  }
  void merge() {
    torch::NoGradGuard guard;
    base_->weight.add_(b.mm(a), scale_);
    merged_ = true;
  }
  torch::Tensor a, b;

private:
  torch::nn::Linear base_{nullptr};
  double scale_;
  bool merged_ = false;
};
TORCH_MODULE(LoraLinear);

// As many people write it first: where the base is does not matter.
class PlainLoraImpl : public torch::nn::Module {
public:
  PlainLoraImpl(torch::nn::Linear base, int64_t rank) : base_(register_module("base", base)) {
    a = register_parameter("a", torch::randn({rank, base_->weight.size(1)}) * 0.02);
    b = register_parameter("b", torch::zeros({base_->weight.size(0), rank}));
  }
  torch::Tensor forward(const torch::Tensor &x) { return base_(x) + x.matmul(a.t()).matmul(b.t()); } // THROWN: lora_made_on_host_for_moved_base
  torch::Tensor a, b;

private:
  torch::nn::Linear base_;
};
TORCH_MODULE(PlainLora);

torch::nn::Linear pretrained(torch::Device device) {
  torch::nn::Linear layer(torch::nn::LinearOptions(6, 4).bias(true));
  torch::nn::init::kaiming_uniform_(layer->weight, std::sqrt(5.0));
  layer->to(device);
  return layer;
}

} // namespace lora

void case_lora_made_beside_its_base() {
  using namespace lora;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto base = pretrained(device);
  LoraLinear layer(base, 2, 4.0);
  torch::optim::AdamW opt({layer->a, layer->b}, torch::optim::AdamWOptions(1e-3));
  for (int i = 0; i < 2; ++i) {
    auto x = torch::randn({3, 6}, device);
    auto loss = layer->forward(x).pow(2).mean();
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
  layer->merge();
  std::cout << base->weight.norm().item<float>() << "\n";
}

void case_lora_made_on_host_for_moved_base() {
  using namespace lora;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  PlainLora layer(pretrained(device), 2);
  auto x = torch::randn({3, 6}, device);
  auto out = layer->forward(x); // THROWS: device
  out.pow(2).mean().backward();
  std::cout << layer->b.grad().norm().item<float>() << "\n";
}

void case_lora_moved_as_a_whole() {
  using namespace lora;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  PlainLora layer(pretrained(torch::kCPU), 2);
  layer->to(device);
  auto x = torch::randn({3, 6}, device);
  layer->forward(x).pow(2).mean().backward();
  std::cout << layer->b.grad().norm().item<float>() << "\n";
}

namespace pruning {

// Zeroes the smallest weights and keeps them zero.
class Pruner {
public:
  Pruner(torch::nn::Module &model, double share) {
    torch::NoGradGuard guard;
    for (auto &p : model.named_parameters()) {
      if (p.key().find("weight") == std::string::npos)
        continue;
      auto threshold = p.value().abs().flatten().kthvalue(std::max<int64_t>(1, int64_t(share * p.value().numel())));
      masks_.insert({p.key(), (p.value().abs() > std::get<0>(threshold)).to(torch::kFloat)});
    }
  }
  void apply(torch::nn::Module &model) const {
    torch::NoGradGuard guard;
    auto params = model.named_parameters();
    for (const auto &[name, mask] : masks_)
      params[name].mul_(mask); // THROWN: pruning_masks_made_before_the_move
  }
  double density() const {
    double kept = 0, all = 0;
    for (const auto &[name, mask] : masks_) {
      kept += mask.sum().item<double>();
      all += double(mask.numel());
    }
    return kept / all;
  }

private:
  std::map<std::string, torch::Tensor> masks_;
};

struct SmallImpl : torch::nn::Module {
  SmallImpl() : fc1(5, 7), fc2(7, 2) {
    register_module("fc1", fc1);
    register_module("fc2", fc2);
  }
  torch::Tensor forward(torch::Tensor x) { return fc2(torch::relu(fc1(x))); }
  torch::nn::Linear fc1, fc2;
};
TORCH_MODULE(Small);

double step(Small &model, torch::optim::Optimizer &opt, torch::Device device) {
  auto x = torch::randn({4, 5}, device);
  auto loss = torch::cross_entropy_loss(model->forward(x), (x.sum(1) > 0).to(torch::kLong));
  opt.zero_grad();
  loss.backward();
  opt.step();
  return loss.item<double>();
}

} // namespace pruning

void case_pruning_masks_made_on_device() {
  using namespace pruning;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Small model;
  model->to(device);
  torch::optim::SGD opt(model->parameters(), 0.1);
  step(model, opt, device);
  Pruner pruner(*model, 0.5);
  for (int i = 0; i < 2; ++i) {
    step(model, opt, device);
    pruner.apply(*model);
  }
  std::cout << pruner.density() << "\n";
}

void case_pruning_masks_made_before_the_move() {
  using namespace pruning;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Small model;
  Pruner pruner(*model, 0.5);
  model->to(device);
  torch::optim::SGD opt(model->parameters(), 0.1);
  double loss = step(model, opt, device);
  pruner.apply(*model); // THROWS: device
  std::cout << loss << " " << pruner.density() << "\n";
}

namespace realnvp {

// Half of the numbers decide how the other half is scaled and shifted.
struct CouplingImpl : torch::nn::Module {
  CouplingImpl(int64_t width, bool even) {
    scale = register_module("scale", torch::nn::Sequential(torch::nn::Linear(width, 8), torch::nn::Tanh(),
                                                           torch::nn::Linear(8, width), torch::nn::Tanh()));
    shift = register_module("shift", torch::nn::Linear(width, width));
    mask = torch::zeros({width});
    for (int64_t i = even ? 0 : 1; i < width; i += 2)
      mask[i] = 1;
    mask = register_buffer("mask", mask);
  }
  std::pair<torch::Tensor, torch::Tensor> forward(const torch::Tensor &x) {
    auto kept = x * mask;
    auto s = scale->forward(kept) * (1 - mask), t = shift(kept) * (1 - mask);
    return {kept + (1 - mask) * (x * s.exp() + t), s.sum(1)};
  }
  torch::Tensor inverse(const torch::Tensor &y) {
    auto kept = y * mask; // THROWN: realnvp_sampled_from_host_noise
    auto s = scale->forward(kept) * (1 - mask), t = shift(kept) * (1 - mask);
    return kept + (1 - mask) * ((y - t) * (-s).exp());
  }
  torch::nn::Sequential scale{nullptr};
  torch::nn::Linear shift{nullptr};
  torch::Tensor mask;
};
TORCH_MODULE(Coupling);

class Flow : public torch::nn::Module {
public:
  Flow(int64_t width, int layers) : width_(width) {
    for (int i = 0; i < layers; ++i)
      layers_.push_back(register_module("layer" + std::to_string(i), Coupling(width, i % 2 == 0)));
  }
  torch::Tensor log_prob(torch::Tensor x) {
    auto total = torch::zeros({x.size(0)}, x.options());
    for (auto &l : layers_) {
      auto [y, det] = l->forward(x);
      x = y;
      total += det;
    }
    return total - 0.5 * (x.pow(2) + std::log(2 * M_PI)).sum(1);
  }
  torch::Tensor sample(int64_t n) { return invert(torch::randn({n, width_})); } // VIA: realnvp_sampled_from_host_noise
  torch::Tensor sample(int64_t n, torch::Device device) { return invert(torch::randn({n, width_}, device)); }

private:
  torch::Tensor invert(torch::Tensor z) {
    for (auto it = layers_.rbegin(); it != layers_.rend(); ++it)
      z = (*it)->inverse(z);
    return z;
  }
  int64_t width_;
  std::vector<Coupling> layers_;
};

} // namespace realnvp

void case_realnvp_sampled_on_its_device() {
  using namespace realnvp;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Flow flow(4, 3);
  flow.to(device);
  torch::optim::Adam opt(flow.parameters(), 1e-3);
  for (int i = 0; i < 2; ++i) {
    auto x = torch::randn({6, 4}).mul(2).add(1).to(device);
    auto loss = -flow.log_prob(x).mean();
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
  torch::NoGradGuard guard;
  std::cout << flow.sample(2, device).cpu() << "\n";
}

void case_realnvp_sampled_from_host_noise() {
  using namespace realnvp;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Flow flow(4, 3);
  flow.to(device);
  auto x = flow.sample(2); // THROWS: device
  std::cout << flow.log_prob(x).mean().item<float>() << "\n";
}

namespace maml {

using Weights = std::vector<torch::Tensor>;

torch::Tensor evaluate(const Weights &w, const torch::Tensor &x) {
  auto h = torch::relu(torch::nn::functional::linear(x, w[0], w[1])); // THROWN: maml_query_drawn_on_host
  return torch::nn::functional::linear(h, w[2], w[3]);
}

Weights fresh(torch::Device device) {
  auto opts = torch::TensorOptions().device(device);
  Weights w{torch::randn({8, 1}, opts), torch::zeros({8}, opts), torch::randn({1, 8}, opts) * 0.3, torch::zeros({1}, opts)};
  for (auto &t : w)
    t.requires_grad_();
  return w;
}

Weights adapt(const Weights &w, const torch::Tensor &x, const torch::Tensor &y, double rate) {
  auto loss = torch::mse_loss(evaluate(w, x), y);
  auto grads = torch::autograd::grad({loss}, w, {}, /*retain_graph=*/true, /*create_graph=*/true);
  Weights out;
  for (size_t i = 0; i < w.size(); ++i)
    out.push_back(w[i] - rate * grads[i]);
  return out;
}

struct Task {
  double amplitude, phase;
  std::pair<torch::Tensor, torch::Tensor> draw(int64_t n, torch::TensorOptions opts = {}) const {
    auto x = torch::rand({n, 1}, opts) * 10 - 5;
    return {x, amplitude * torch::sin(x + phase)};
  }
};

} // namespace maml

void case_maml_tasks_drawn_on_device() {
  using namespace maml;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto w = fresh(device);
  torch::optim::Adam opt(w, 1e-3);
  for (int i = 0; i < 2; ++i) {
    auto total = torch::zeros({}, device);
    for (const Task &task : {Task{1.0, 0.3}, Task{2.0, 1.1}}) {
      auto [x, y] = task.draw(5, device);
      auto [qx, qy] = task.draw(5);
      total = total + torch::mse_loss(evaluate(adapt(w, x, y, 0.01), qx.to(device)), qy.to(device));
    }
    opt.zero_grad();
    total.backward();
    opt.step();
  }
}

void case_maml_query_drawn_on_host() {
  using namespace maml;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto w = fresh(device);
  Task task{1.5, 0.2};
  auto [x, y] = task.draw(5, device);
  auto fast = adapt(w, x, y, 0.01);
  auto [qx, qy] = task.draw(5);
  auto loss = torch::mse_loss(evaluate(fast, qx), qy.to(device)); // THROWS: device
  loss.backward();
}
