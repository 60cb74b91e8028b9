// Gaussian processes, Kalman filters, series that are forecast, alignments, clients that are averaged.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace gp {

// Regression with a kernel; in double precision, for the sake of the factorisation.
class GaussianProcess : public torch::nn::Module {
public:
  GaussianProcess() {
    log_length = register_parameter("log_length", torch::zeros({1}, torch::kDouble));
    log_noise = register_parameter("log_noise", torch::full({1}, -2.0, torch::kDouble));
  }
  void fit(const torch::Tensor &x, const torch::Tensor &y, int steps) {
    x_ = x.to(torch::kDouble);
    y_ = y.to(torch::kDouble);
    torch::optim::Adam opt(parameters(), 0.1);
    for (int i = 0; i < steps; ++i) {
      auto loss = -evidence();
      opt.zero_grad();
      loss.backward();
      opt.step();
    }
  }
  torch::Tensor kernel(const torch::Tensor &a, const torch::Tensor &b) {
    auto d = a.unsqueeze(1) - b.unsqueeze(0);
    return torch::exp(-0.5 * (d / log_length.exp()).pow(2).sum(-1)); // THROWN: gp_fitted_before_the_move
  }
  torch::Tensor evidence() {
    auto l = factor();
    auto alpha = torch::cholesky_solve(y_.unsqueeze(1), l); // THROWN: gp_targets_left_on_host
    return -0.5 * y_.dot(alpha.squeeze(1)) - l.diagonal().log().sum();
  }
  std::pair<torch::Tensor, torch::Tensor> predict(const torch::Tensor &at) {
    torch::NoGradGuard guard;
    auto l = factor();
    auto k = kernel(at, x_);
    auto mean = k.mm(torch::cholesky_solve(y_.unsqueeze(1), l)).squeeze(1);
    auto v = torch::cholesky_solve(k.t(), l);
    return {mean, 1 - (k * v.t()).sum(1)};
  }
  torch::Tensor log_length, log_noise;

private:
  torch::Tensor factor() {
    auto k = kernel(x_, x_);
    auto eye = torch::eye(x_.size(0), k.options());
    return torch::linalg_cholesky(k + log_noise.exp() * eye + 1e-6 * eye);
  }
  torch::Tensor x_, y_;
};

} // namespace gp

void case_gp_points_beside_the_kernel() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  gp::GaussianProcess process;
  process.to(device);
  auto x = torch::rand({6, 2}), y = torch::sin(x.sum(1));
  process.fit(x.to(device), y.to(device), 2);
  auto [mean, variance] = process.predict(torch::rand({3, 2}, torch::dtype(torch::kDouble).device(device)));
  std::cout << mean.cpu() << variance.min().item<double>() << "\n";
}

void case_gp_fitted_before_the_move() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  gp::GaussianProcess process;
  auto x = torch::rand({6, 2}), y = torch::sin(x.sum(1));
  process.fit(x, y, 2);
  process.to(device);
  auto at = torch::rand({3, 2}, torch::dtype(torch::kDouble).device(device));
  auto [mean, variance] = process.predict(at); // THROWS: device
  std::cout << mean.cpu() << "\n";
}

void case_gp_targets_left_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  gp::GaussianProcess process;
  process.to(device);
  auto x = torch::rand({6, 2}).to(device);
  auto y = torch::sin(x.sum(1)).cpu() + 0.01 * torch::randn({6});
  process.fit(x, y, 1); // THROWS: device
  std::cout << process.log_length.item<double>() << "\n";
}

namespace kalman {

struct Belief {
  torch::Tensor mean, covariance;
};

// Constant velocity in one dimension, many tracks at a time.
class Filter {
public:
  Filter(double dt, double noise, torch::TensorOptions opts) {
    f_ = torch::tensor({{1.0, dt}, {0.0, 1.0}}, opts);
    h_ = torch::tensor({{1.0, 0.0}}, opts);
    q_ = torch::eye(2, opts) * noise;
    r_ = torch::full({1, 1}, 0.1, opts);
  }
  Belief start(int64_t tracks) const {
    return {torch::zeros({tracks, 2, 1}, f_.options()), torch::eye(2, f_.options()).expand({tracks, 2, 2}).clone()};
  }
  Belief predict(const Belief &b) const {
    return {torch::matmul(f_, b.mean), torch::matmul(torch::matmul(f_, b.covariance), f_.t()) + q_};
  }
  Belief update(const Belief &b, const torch::Tensor &seen) const {
    auto innovation = seen.view({-1, 1, 1}) - torch::matmul(h_, b.mean); // THROWN: kalman_measurements_on_host
    auto s = torch::matmul(torch::matmul(h_, b.covariance), h_.t()) + r_;
    auto gain = torch::matmul(b.covariance, h_.t()) / s;
    auto rest = torch::eye(2, b.covariance.options()) - torch::matmul(gain, h_);
    return {b.mean + torch::matmul(gain, innovation), torch::matmul(rest, b.covariance)};
  }
  template <class Measure> std::vector<Belief> run(int64_t tracks, int steps, Measure &&measure) const {
    std::vector<Belief> out{start(tracks)};
    for (int i = 0; i < steps; ++i) {
      auto b = predict(out.back());
      std::optional<torch::Tensor> seen = measure(i);
      out.push_back(seen ? update(b, *seen) : b);
    }
    return out;
  }

private:
  torch::Tensor f_, h_, q_, r_;
};

} // namespace kalman

void case_kalman_measurements_moved() {
  using namespace kalman;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Filter filter(0.1, 1e-3, torch::TensorOptions().device(device).dtype(torch::kFloat));
  auto track = torch::linspace(0, 1, 5);
  auto beliefs = filter.run(3, 5, [&](int i) -> std::optional<torch::Tensor> {
    if (i == 2)
      return std::nullopt; // out of sight
    return (track[i] + 0.01 * torch::randn({3})).to(device);
  });
  auto path = torch::stack({beliefs.front().mean, beliefs.back().mean}).squeeze(-1);
  std::cout << path.cpu() << "\n";
}

void case_kalman_measurements_on_host() {
  using namespace kalman;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Filter filter(0.1, 1e-3, torch::TensorOptions().device(device).dtype(torch::kFloat));
  auto track = torch::linspace(0, 1, 5);
  auto beliefs = filter.run(3, 5, [&](int i) -> std::optional<torch::Tensor> { // THROWS: device
    return track[i] + 0.01 * torch::randn({3});
  });
  std::cout << beliefs.back().mean.cpu() << "\n";
}

void case_kalman_never_sees_anything() {
  using namespace kalman;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Filter filter(0.1, 1e-3, torch::TensorOptions().device(device).dtype(torch::kFloat));
  auto beliefs = filter.run(3, 5, [](int) { return std::optional<torch::Tensor>(); });
  auto spread = beliefs.back().covariance.diagonal(0, 1, 2).sum(1);
  auto limit = torch::full({3}, 2.0);
  std::cout << (spread.cpu() > limit).all().item<bool>() << "\n";
}

namespace federated {

struct NetImpl : torch::nn::Cloneable<NetImpl> {
  NetImpl() { reset(); }
  void reset() override {
    a = register_module("a", torch::nn::Linear(3, 5));
    b = register_module("b", torch::nn::Linear(5, 1));
  }
  torch::Tensor forward(const torch::Tensor &x) { return b(torch::relu(a(x))); } // THROWN: federated_global_asked_on_device
  torch::nn::Linear a{nullptr}, b{nullptr};
};

class Client {
public:
  Client(const NetImpl &global, torch::Device device) : device_(device) {
    model_ = std::dynamic_pointer_cast<NetImpl>(global.clone(device_));
    data_ = torch::randn({8, 3}, device_);
  }
  double train(int steps) {
    torch::optim::SGD opt(model_->parameters(), 0.05);
    double last = 0;
    for (int i = 0; i < steps; ++i) {
      auto loss = torch::mse_loss(model_->forward(data_), data_.sum(1, true));
      opt.zero_grad();
      loss.backward();
      opt.step();
      last = loss.item<double>();
    }
    return last;
  }
  NetImpl &model() { return *model_; }

private:
  torch::Device device_;
  std::shared_ptr<NetImpl> model_;
  torch::Tensor data_;
};

class Server {
public:
  NetImpl global;
  // Sums where the sum is kept, whatever the clients compute on.
  void average(std::vector<Client> &clients) {
    torch::NoGradGuard guard;
    for (auto &p : global.named_parameters()) {
      auto sum = torch::zeros_like(p.value());
      for (auto &c : clients)
        sum += c.model().named_parameters()[p.key()].to(sum.device());
      p.value().copy_(sum / double(clients.size()));
    }
  }
  // Lets the clients meet.
  void average_directly(std::vector<Client> &clients) {
    torch::NoGradGuard guard;
    for (auto &p : global.named_parameters()) {
      p.value().zero_();
      for (auto &c : clients)
        p.value().add_(c.model().named_parameters()[p.key()], 1.0 / double(clients.size())); // THROWN: federated_added_across
    }
  }
};

} // namespace federated

void case_federated_summed_on_the_server() {
  using namespace federated;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Server server;
  std::vector<Client> clients;
  clients.emplace_back(server.global, device);
  clients.emplace_back(server.global, torch::kCPU);
  for (int round = 0; round < 2; ++round) {
    for (auto &c : clients)
      std::cout << c.train(2) << "\n";
    server.average(clients);
  }
  std::cout << server.global.forward(torch::ones({1, 3})).item<float>() << "\n";
}

void case_federated_added_across() {
  using namespace federated;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Server server;
  std::vector<Client> clients;
  for (int i = 0; i < 2; ++i)
    clients.emplace_back(server.global, device);
  for (auto &c : clients)
    c.train(1);
  server.average_directly(clients); // THROWS: device
  std::cout << server.global.forward(torch::ones({1, 3})).item<float>() << "\n";
}

void case_federated_global_asked_on_device() {
  using namespace federated;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Server server;
  std::vector<Client> clients;
  clients.emplace_back(server.global, device);
  clients[0].train(1);
  server.average(clients);
  auto x = torch::ones({1, 3}, device);
  auto out = server.global.forward(x); // THROWS: device
  std::cout << out.item<float>() << "\n";
}

void case_federated_client_asked_on_its_device() {
  using namespace federated;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Server server;
  Client client(server.global, device);
  client.train(1);
  auto x = torch::ones({1, 3}, device);
  auto local = client.model().forward(x);
  auto global = server.global.forward(x.cpu());
  std::cout << local.item<float>() - global.item<float>() << "\n";
}
