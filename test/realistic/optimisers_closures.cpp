// Optimizers with state, closures, second order, search, learning rates that the loop decides.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace late_move {

struct ModelImpl : torch::nn::Module {
  ModelImpl() {
    a = register_module("a", torch::nn::Linear(3, 6));
    b = register_module("b", torch::nn::Linear(6, 1));
  }
  torch::Tensor forward(const torch::Tensor &x) { return b(torch::softplus(a(x))); }
  torch::nn::Linear a{nullptr}, b{nullptr};
};
TORCH_MODULE(Model);

enum class Kind { SGD, Momentum, Adam };

std::unique_ptr<torch::optim::Optimizer> make(Kind kind, const std::vector<torch::Tensor> &params) {
  switch (kind) {
  case Kind::SGD:
    return std::make_unique<torch::optim::SGD>(params, torch::optim::SGDOptions(0.05));
  case Kind::Momentum:
    return std::make_unique<torch::optim::SGD>(params, torch::optim::SGDOptions(0.05).momentum(0.9));
  case Kind::Adam:
    return std::make_unique<torch::optim::Adam>(params, torch::optim::AdamOptions(0.05));
  }
  throw std::invalid_argument("kind");
}

// Warms up on the host, then goes on where it is faster.
class Trainer {
public:
  Trainer(Kind kind) : opt_(make(kind, model_->parameters())) {}

  double fit(int64_t steps, torch::Device where) {
    model_->to(where);
    double last = 0;
    for (int64_t i = 0; i < steps; ++i) {
      auto x = torch::randn({5, 3}, where);
      auto loss = torch::mse_loss(model_->forward(x), x.sum(1, true));
      opt_->zero_grad();
      loss.backward();
      opt_->step(); // THROWN: late_move_with_moments // THROWN: late_move_with_momentum
      last = loss.item<double>();
    }
    return last;
  }
  Model &model() { return model_; }

private:
  Model model_;
  std::unique_ptr<torch::optim::Optimizer> opt_;
};

} // namespace late_move

void case_late_move_without_state() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  late_move::Trainer trainer(late_move::Kind::SGD);
  double cold = trainer.fit(2, torch::kCPU);
  double warm = trainer.fit(2, device); // plain SGD keeps nothing between steps
  std::cout << cold << " " << warm << "\n";
  torch::NoGradGuard guard;
  std::cout << trainer.model()->forward(torch::ones({1, 3}, device)).item<float>() << "\n";
}

void case_late_move_with_moments() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  late_move::Trainer trainer(late_move::Kind::Adam);
  double cold = trainer.fit(2, torch::kCPU);
  double warm = trainer.fit(2, device); // THROWS: device
  std::cout << cold << " " << warm << "\n";
}

void case_late_move_with_momentum() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  late_move::Trainer trainer(late_move::Kind::Momentum);
  trainer.fit(1, torch::kCPU);
  if (device.is_cuda())
    trainer.fit(1, device); // THROWS: device
  std::cout << trainer.model()->parameters().size() << "\n";
}

void case_late_move_before_any_step() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  late_move::Trainer trainer(late_move::Kind::Adam);
  trainer.fit(0, torch::kCPU);
  double warm = trainer.fit(2, device);
  std::cout << warm << "\n";
}

namespace fitting {

// Fits a curve by LBFGS; what it is fitted to stays with the object.
class CurveFit {
public:
  CurveFit(const std::vector<float> &xs, const std::vector<float> &ys, torch::Device device) : device_(device) {
    x_ = torch::tensor(xs).to(device_);
    y_ = torch::tensor(ys).to(device_);
    for (double start : {1.0, 0.5, 0.0})
      coefficients_.push_back(torch::full({1}, start, torch::TensorOptions(device_).requires_grad(true)));
  }
  virtual ~CurveFit() = default;

  torch::Tensor predict(const torch::Tensor &x) const {
    return coefficients_[0] * torch::exp(-coefficients_[1] * x) + coefficients_[2]; // THROWN: fitting_prediction_at_host_points
  }
  double run(int steps) {
    torch::optim::LBFGS opt(coefficients_, torch::optim::LBFGSOptions(0.5).max_iter(4));
    double last = std::numeric_limits<double>::infinity();
    for (int i = 0; i < steps; ++i) {
      auto loss = opt.step([&]() -> torch::Tensor {
        opt.zero_grad();
        auto l = torch::mse_loss(predict(x_), y_) + penalty();
        l.backward();
        return l;
      });
      last = std::min(last, loss.item<double>());
    }
    return last;
  }
  std::vector<float> sample(float from, float to, int64_t n) const {
    torch::NoGradGuard guard;
    auto y = predict(torch::linspace(from, to, n, device_)).cpu();
    return std::vector<float>(y.data_ptr<float>(), y.data_ptr<float>() + n);
  }

protected:
  virtual torch::Tensor penalty() { return 1e-3 * coefficients_[0].pow(2).sum(); }
  torch::Device device_;
  torch::Tensor x_, y_;
  std::vector<torch::Tensor> coefficients_;
};

// Knows about where the coefficients should be.
class PriorFit : public CurveFit {
public:
  PriorFit(const std::vector<float> &xs, const std::vector<float> &ys, torch::Device device, bool careful)
      : CurveFit(xs, ys, device), prior_(torch::tensor({2.f, 1.f, 0.1f})) {
    if (careful)
      prior_ = prior_.to(device_);
  }

protected:
  torch::Tensor penalty() override {
    auto all = torch::cat(coefficients_);
    return 1e-2 * (all - prior_).pow(2).sum(); // THROWN: fitting_prior_stays_on_host
  }

private:
  torch::Tensor prior_;
};

std::pair<std::vector<float>, std::vector<float>> decay() {
  std::vector<float> x, y;
  for (int i = 0; i < 8; ++i) {
    x.push_back(0.25f * i);
    y.push_back(2 * std::exp(-x.back()) + 0.1f);
  }
  return {x, y};
}

} // namespace fitting

void case_fitting_prior_moved_when_careful() {
  using namespace fitting;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto [x, y] = decay();
  std::unique_ptr<CurveFit> fit = std::make_unique<PriorFit>(x, y, device, true);
  std::cout << fit->run(2) << "\n";
  for (float v : fit->sample(0, 1, 3))
    std::cout << v << " ";
}

void case_fitting_prior_stays_on_host() {
  using namespace fitting;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto [x, y] = decay();
  std::unique_ptr<CurveFit> fit = std::make_unique<PriorFit>(x, y, device, false);
  double loss = fit->run(2); // THROWS: device
  std::cout << loss << "\n";
}

void case_fitting_prediction_at_host_points() {
  using namespace fitting;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto [x, y] = decay();
  CurveFit fit(x, y, device);
  auto at = torch::linspace(0, 1, 4);
  auto curve = fit.predict(at); // THROWS: device
  std::cout << curve.cpu() << "\n";
}

void case_fitting_prediction_at_one_host_point() {
  using namespace fitting;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto [x, y] = decay();
  CurveFit fit(x, y, device);
  fit.run(1);
  torch::NoGradGuard guard;
  auto at = torch::tensor(0.5); // a number
  auto value = fit.predict(at);
  std::cout << value.item<float>() - y[2] << "\n";
}

namespace adversary {

struct VictimImpl : torch::nn::Module {
  VictimImpl() {
    net = register_module("net", torch::nn::Sequential(torch::nn::Flatten(), torch::nn::Linear(16, 8), torch::nn::ReLU(),
                                                       torch::nn::Linear(8, 3)));
    mean = register_buffer("mean", torch::full({1, 1, 1}, 0.5));
  }
  torch::Tensor forward(const torch::Tensor &x) { return net->forward((x - mean) / 0.25); }
  torch::nn::Sequential net{nullptr};
  torch::Tensor mean;
};
TORCH_MODULE(Victim);

// Projected gradient: a few steps, kept within a box around the picture.
torch::Tensor attack(Victim &victim, const torch::Tensor &image, const torch::Tensor &label, double radius, int steps,
                     bool random_start) {
  auto changed = image.detach().clone();
  if (random_start)
    changed += torch::empty(image.sizes()).uniform_(-radius, radius); // THROWN: adversary_starts_at_random
  for (int i = 0; i < steps; ++i) {
    changed.set_requires_grad(true);
    auto loss = torch::cross_entropy_loss(victim->forward(changed), label); // THROWN: adversary_label_fetched
    auto gradient = torch::autograd::grad({loss}, {changed})[0];
    torch::NoGradGuard guard;
    changed = changed.detach() + radius / 4 * gradient.sign();
    changed = torch::max(torch::min(changed, image + radius), image - radius).clamp(0, 1);
  }
  return changed.detach();
}

double flipped(Victim &victim, const torch::Tensor &before, const torch::Tensor &after) {
  torch::NoGradGuard guard;
  auto a = victim->forward(before).argmax(1), b = victim->forward(after).argmax(1);
  return (a != b).to(torch::kFloat).mean().item<double>();
}

} // namespace adversary

void case_adversary_starts_at_the_picture() {
  using namespace adversary;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Victim victim;
  victim->to(device);
  victim->eval();
  auto image = torch::rand({2, 1, 4, 4}).to(device);
  auto label = victim->forward(image).argmax(1).detach();
  auto found = attack(victim, image, label, 0.1, 3, /*random_start=*/false);
  std::cout << flipped(victim, image, found) << "\n";
}

void case_adversary_starts_at_random() {
  using namespace adversary;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Victim victim;
  victim->to(device);
  victim->eval();
  auto image = torch::rand({2, 1, 4, 4}).to(device);
  auto label = victim->forward(image).argmax(1).detach();
  auto found = attack(victim, image, label, 0.1, 3, /*random_start=*/true); // THROWS: device
  std::cout << flipped(victim, image, found) << "\n";
}

void case_adversary_label_fetched() {
  using namespace adversary;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Victim victim;
  victim->to(device);
  victim->eval();
  auto image = torch::rand({2, 1, 4, 4}, device);
  auto label = victim->forward(image).argmax(1).cpu();
  std::cout << label << "\n";
  auto found = attack(victim, image, label, 0.1, 2, false); // THROWS: device
  std::cout << flipped(victim, image, found) << "\n";
}
