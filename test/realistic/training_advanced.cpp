// Training with more to it: accumulation, early stopping, folds, two devices' worth of state.
#include <torch/torch.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace early {

class EarlyStopping {
public:
  explicit EarlyStopping(int patience) : patience_(patience) {}

  // Keeps a copy of the best parameters, on the host.
  bool operator()(double loss, torch::nn::Module &m) {
    if (loss < best_) {
      best_ = loss;
      bad_ = 0;
      kept_.clear();
      for (const auto &p : m.parameters())
        kept_.push_back(p.detach().to(torch::kCPU).clone());
      return false;
    }
    return ++bad_ >= patience_;
  }
  void restore(torch::nn::Module &m) const {
    torch::NoGradGuard g;
    auto ps = m.parameters();
    for (size_t i = 0; i < ps.size(); ++i)
      ps[i].copy_(kept_[i]);
  }
  double distance(torch::nn::Module &m) const {
    torch::NoGradGuard g;
    double sum = 0;
    auto ps = m.parameters();
    for (size_t i = 0; i < ps.size(); ++i)
      sum += (ps[i] - kept_[i]).norm().item<double>(); // THROWN: early_stopping_measures_distance
    return sum;
  }

private:
  int patience_, bad_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
  std::vector<torch::Tensor> kept_;
};

torch::nn::Sequential makeNet() {
  return torch::nn::Sequential(torch::nn::Linear(3, 8), torch::nn::BatchNorm1d(8), torch::nn::ReLU(), torch::nn::Dropout(0.2),
                               torch::nn::Linear(8, 1));
}

} // namespace early

void case_early_stopping_restores_from_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto net = early::makeNet();
  net->to(device);
  early::EarlyStopping stop(2);
  torch::optim::Adam opt(net->parameters(), 0.1);
  auto x = torch::rand({8, 3}, device), y = torch::rand({8, 1}, device);
  for (int epoch = 0; epoch < 3; ++epoch) {
    auto loss = torch::mse_loss(net->forward(x), y);
    opt.zero_grad();
    loss.backward();
    opt.step();
    if (stop(loss.item<double>(), *net))
      break;
  }
  stop.restore(*net);
  std::cout << torch::mse_loss(net->forward(x), y).item<float>() << "\n";
}

// Copies of parameters in a vector of an object.
void case_early_stopping_measures_distance() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto net = early::makeNet();
  net->to(device);
  early::EarlyStopping stop(2);
  auto x = torch::rand({8, 3}, device), y = torch::rand({8, 1}, device);
  auto loss = torch::mse_loss(net->forward(x), y);
  stop(loss.item<double>(), *net);
  loss.backward();
  double moved = stop.distance(*net); // THROWS: device
  std::cout << moved << "\n";
}

namespace folds {

struct Fold {
  torch::Tensor trainX, trainY, testX, testY;
};

std::vector<Fold> split(const torch::Tensor &x, const torch::Tensor &y, int64_t k) {
  auto order = torch::randperm(x.size(0));
  auto parts = order.chunk(k);
  std::vector<Fold> out;
  for (int64_t i = 0; i < k; ++i) {
    std::vector<torch::Tensor> rest;
    for (int64_t j = 0; j < k; ++j)
      if (j != i)
        rest.push_back(parts[j]);
    auto train = torch::cat(rest);
    out.push_back({x.index({train}), y.index({train}), x.index({parts[i]}), y.index({parts[i]})});
  }
  return out;
}

} // namespace folds

// Taken for floats: indices that are put together in a loop.
void case_folds_indexed_on_device() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::rand({12, 2}, device), y = torch::rand({12, 1}, device);
  double total = 0;
  for (const auto &fold : folds::split(x, y, 3)) {
    torch::nn::Linear net(2, 1);
    net->to(device);
    torch::optim::SGD opt(net->parameters(), 0.1);
    opt.zero_grad();
    torch::mse_loss(net(fold.trainX), fold.trainY).backward();
    opt.step();
    torch::NoGradGuard g;
    total += torch::l1_loss(net(fold.testX), fold.testY).item<double>();
  }
  std::cout << total / 3 << "\n";
}

void case_folds_targets_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::rand({12, 2}, device), y = torch::rand({12, 1});
  double total = 0;
  for (const auto &fold : folds::split(x, y, 3)) {
    torch::nn::Linear net(2, 1);
    net->to(device);
    auto loss = torch::mse_loss(net(fold.trainX), fold.trainY); // THROWS: device
    loss.backward();
    total += loss.item<double>();
  }
  std::cout << total / 3 << "\n";
}

void case_folds_net_made_outside() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::rand({12, 2}), y = torch::rand({12, 1});
  torch::nn::Linear net{nullptr};
  for (const auto &fold : folds::split(x, y, 2)) {
    net = torch::nn::Linear(2, 1);
    net->to(device);
    torch::mse_loss(net(fold.trainX.to(device)), fold.trainY.to(device)).backward();
  }
  // The latest net is kept, on the device.
  auto rest = net(x); // THROWS: device
  std::cout << rest.mean().item<float>() << "\n";
}

namespace accumulate {

struct Step {
  torch::Device device;
  int every = 2;
  int seen = 0;
  torch::Tensor total;

  explicit Step(torch::Device d) : device(d), total(torch::zeros({}, torch::TensorOptions().device(d))) {}

  void operator()(torch::nn::Linear &net, torch::optim::Optimizer &opt, const torch::Tensor &x, const torch::Tensor &y) {
    auto loss = torch::binary_cross_entropy_with_logits(net(x.to(device)), y.to(device)) / every;
    loss.backward();
    total += loss.detach();
    if (++seen % every == 0) {
      opt.step();
      opt.zero_grad();
    }
  }
};

} // namespace accumulate

void case_accumulate_total_on_device() {
  accumulate::Step step(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(4, 1);
  net->to(step.device);
  torch::optim::SGD opt(net->parameters(), torch::optim::SGDOptions(0.1).nesterov(true).momentum(0.9));
  for (int i = 0; i < 4; ++i)
    step(net, opt, torch::rand({3, 4}), torch::ones({3, 1}));
  std::cout << step.total.item<float>() << "\n";
}

void case_accumulate_losses_in_a_host_vector() {
  accumulate::Step step(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(4, 1);
  net->to(step.device);
  torch::optim::SGD opt(net->parameters(), 0.1);
  auto curve = torch::zeros({4});
  for (int i = 0; i < 4; ++i) {
    step(net, opt, torch::rand({3, 4}), torch::ones({3, 1}));
    curve[i] = step.total; // copies across
  }
  auto falls = curve.slice(0, 1) - curve.slice(0, 0, 3);
  std::cout << falls.mean().item<float>() << "\n";
}

void case_accumulate_curve_stacked() {
  accumulate::Step step(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(4, 1);
  net->to(step.device);
  torch::optim::SGD opt(net->parameters(), 0.1);
  std::vector<torch::Tensor> curve;
  for (int i = 0; i < 4; ++i) {
    step(net, opt, torch::rand({3, 4}), torch::ones({3, 1}));
    curve.push_back(step.total.clone());
  }
  auto weights = torch::linspace(0, 1, 4);
  auto mean = torch::dot(torch::stack(curve), weights); // THROWS: device
  std::cout << mean.item<float>() << "\n";
}

namespace resume {

struct Checkpoint {
  std::string bytes;
  int epoch = 0;
};

Checkpoint saved(torch::nn::Linear &net, int epoch) {
  std::ostringstream out;
  torch::save(net, out);
  return {out.str(), epoch};
}

void load(torch::nn::Linear &net, const Checkpoint &c, std::optional<torch::Device> where = std::nullopt) {
  std::istringstream in(c.bytes);
  if (where)
    torch::load(net, in, *where);
  else
    torch::load(net, in);
}

} // namespace resume

void case_resume_on_the_device_it_was_saved_from() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(2, 2);
  net->to(device);
  auto checkpoint = resume::saved(net, 3);
  torch::nn::Linear again(2, 2);
  resume::load(again, checkpoint); // takes the device of the file
  auto y = again(torch::rand({1, 2}, device));
  std::cout << checkpoint.epoch << y.sum().item<float>() << "\n";
}

// A device given to torch::load as an optional.
void case_resume_onto_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(2, 2);
  net->to(device);
  auto checkpoint = resume::saved(net, 3);
  torch::nn::Linear again(2, 2);
  resume::load(again, checkpoint, torch::Device(torch::kCPU));
  auto y = again(torch::rand({1, 2}, device)); // THROWS: device
  std::cout << checkpoint.epoch << y.sum().item<float>() << "\n";
}
