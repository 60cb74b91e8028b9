// Training loops with validation, checkpoints and early stopping.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace house_prices {

struct RegressorImpl : torch::nn::Module {
  RegressorImpl(int64_t features, int64_t hidden)
      : fc1(features, hidden), fc2(hidden, hidden), out(hidden, 1), drop(0.1) {
    register_module("fc1", fc1);
    register_module("fc2", fc2);
    register_module("out", out);
    register_module("drop", drop);
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(fc1(x)); // THROWN: prices_best_weights_come_back_on_host
    x = drop(torch::relu(fc2(x)));
    return out(x).squeeze(-1);
  }
  torch::nn::Linear fc1, fc2, out;
  torch::nn::Dropout drop;
};
TORCH_MODULE(Regressor);

struct EarlyStopping {
  int patience = 2, bad = 0;
  double best = std::numeric_limits<double>::max();
  bool improved(double loss) {
    if (loss < best) {
      best = loss;
      bad = 0;
      return true;
    }
    ++bad;
    return false;
  }
  bool stop() const { return bad > patience; }
};

double validate(Regressor &model, const torch::Tensor &x, const torch::Tensor &y, torch::Device device) {
  torch::NoGradGuard no_grad;
  model->eval();
  auto pred = model->forward(x.to(device)); // VIA: prices_best_weights_come_back_on_host
  return torch::mse_loss(pred, y.to(device)).item<double>();
}

} // namespace house_prices

void case_prices_best_weights_restored() {
  using namespace house_prices;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::randn({24, 6}), y = x.sum(1) + 0.1 * torch::randn({24});
  auto train_x = x.slice(0, 0, 16), valid_x = x.slice(0, 16);
  auto train_y = y.slice(0, 0, 16), valid_y = y.slice(0, 16);
  Regressor model(6, 12);
  model->to(device);
  torch::optim::SGD opt(model->parameters(), torch::optim::SGDOptions(0.05).momentum(0.9));
  EarlyStopping early;
  std::string best;
  for (int epoch = 0; epoch < 4 && !early.stop(); ++epoch) {
    model->train();
    auto order = torch::randperm(16);
    for (int64_t at = 0; at < 16; at += 8) {
      auto rows = order.slice(0, at, at + 8);
      auto loss = torch::mse_loss(model->forward(train_x.index({rows}).to(device)), train_y.index({rows}).to(device));
      opt.zero_grad();
      loss.backward();
      opt.step();
    }
    if (early.improved(validate(model, valid_x, valid_y, device))) {
      std::ostringstream out;
      torch::save(model, out);
      best = out.str();
    }
  }
  // Read on the host whatever it was saved from, and moved again.
  std::istringstream in(best);
  torch::load(model, in, torch::kCPU);
  model->to(device);
  std::cout << "best " << early.best << ", now " << validate(model, valid_x, valid_y, device) << "\n";
}

// Where torch::load leaves the parameters of a model.
void case_prices_best_weights_come_back_on_host() {
  using namespace house_prices;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::randn({24, 6}), y = x.sum(1);
  Regressor model(6, 12);
  model->to(device);
  torch::optim::SGD opt(model->parameters(), torch::optim::SGDOptions(0.05).momentum(0.9));
  EarlyStopping early;
  std::string best;
  for (int epoch = 0; epoch < 3 && !early.stop(); ++epoch) {
    model->train();
    auto loss = torch::mse_loss(model->forward(x.to(device)), y.to(device));
    opt.zero_grad();
    loss.backward();
    opt.step();
    if (early.improved(validate(model, x, y, device)) || best.empty()) {
      std::ostringstream out;
      torch::save(model, out);
      best = out.str();
    }
  }
  std::istringstream in(best);
  torch::load(model, in, torch::kCPU);
  std::cout << "best " << early.best << ", now " << validate(model, x, y, device) << "\n"; // THROWS: device
}

namespace resuming {

struct NetImpl : torch::nn::Module {
  NetImpl() {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 4, 3).padding(1)));
    norm = register_module("norm", torch::nn::BatchNorm2d(4));
    fc = register_module("fc", torch::nn::Linear(4 * 16, 3));
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(norm(conv(x)));
    return torch::log_softmax(fc(x.flatten(1)), 1);
  }
  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
  torch::nn::Linear fc{nullptr};
};
TORCH_MODULE(Net);

class Trainer {
public:
  explicit Trainer(torch::Device device) : device_(device) {
    model_->to(device_);
    optimizer_ = std::make_unique<torch::optim::Adam>(model_->parameters(), torch::optim::AdamOptions(1e-3));
  }

  float step(const torch::Tensor &images, const torch::Tensor &labels) {
    model_->train();
    auto loss = torch::nll_loss(model_->forward(images.to(device_)), labels.to(device_));
    optimizer_->zero_grad();
    loss.backward();
    optimizer_->step(); // THROWN: resume_momenta_read_on_host
    return loss.item<float>();
  }

  void save(std::ostream &weights, std::ostream &state) const {
    torch::save(model_, weights);
    torch::save(*optimizer_, state);
  }

  void load(std::istream &weights, std::istream &state, torch::Device where) {
    torch::load(model_, weights, where);
    torch::load(*optimizer_, state, where);
    model_->to(device_); // the weights may have come from another machine
  }

  Net &model() { return model_; }

private:
  torch::Device device_;
  Net model_;
  std::unique_ptr<torch::optim::Adam> optimizer_;
};

} // namespace resuming

void case_resume_everything_on_the_device() {
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  auto images = torch::rand({4, 1, 4, 4});
  auto labels = torch::randint(0, 3, {4});
  std::stringstream weights, state;
  {
    resuming::Trainer first(device);
    for (int i = 0; i < 2; ++i)
      std::cout << first.step(images, labels) << "\n";
    first.save(weights, state);
  }
  resuming::Trainer second(device);
  second.load(weights, state, device);
  for (int i = 0; i < 2; ++i)
    std::cout << second.step(images, labels) << "\n";
}

void case_resume_momenta_read_on_host() {
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  auto images = torch::rand({4, 1, 4, 4});
  auto labels = torch::randint(0, 3, {4});
  std::stringstream weights, state;
  resuming::Trainer first(device);
  first.step(images, labels);
  first.save(weights, state);
  resuming::Trainer second(device);
  second.load(weights, state, torch::kCPU);
  float loss = second.step(images, labels); // THROWS: device
  std::cout << "resumed at " << loss << std::endl;
}
