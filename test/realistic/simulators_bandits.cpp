// More agents: bandits, soft actor critic, evolution, model predictive control, self play.
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <memory>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace bandit {

class LinUcb {
public:
  LinUcb(int64_t arms, int64_t width, double alpha, torch::TensorOptions options) : alpha_(alpha) {
    for (int64_t i = 0; i < arms; ++i) {
      a_.push_back(torch::eye(width, options));
      b_.push_back(torch::zeros({width}, options));
    }
  }
  int64_t choose(const torch::Tensor &x) const {
    double best = -1e30;
    int64_t arm = 0;
    for (size_t i = 0; i < a_.size(); ++i) {
      auto inverse = torch::inverse(a_[i]);
      auto theta = torch::mv(inverse, b_[i]);
      double score = (torch::dot(theta, x) + alpha_ * torch::sqrt(torch::dot(x, torch::mv(inverse, x)))).item<double>(); // THROWN: bandit_matrices_on_host
      if (score > best) {
        best = score;
        arm = static_cast<int64_t>(i);
      }
    }
    return arm;
  }
  void update(int64_t arm, const torch::Tensor &x, double reward) {
    a_[arm] = a_[arm] + torch::outer(x, x);
    b_[arm] = b_[arm] + reward * x;
  }

private:
  double alpha_;
  std::vector<torch::Tensor> a_, b_;
};

} // namespace bandit

void case_bandit_beside_its_features() {
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear features(5, 3);
  features->to(device);
  torch::NoGradGuard guard;
  bandit::LinUcb bandit(2, 3, 0.5, torch::TensorOptions().device(device));
  for (int t = 0; t < 4; ++t) {
    auto x = features(torch::rand({5}, device));
    auto arm = bandit.choose(x);
    bandit.update(arm, x, arm == 0 ? 1.0 : 0.0);
  }
}

void case_bandit_matrices_on_host() {
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear features(5, 3);
  features->to(device);
  torch::NoGradGuard guard;
  bandit::LinUcb bandit(2, 3, 0.5, torch::TensorOptions());
  for (int t = 0; t < 4; ++t) {
    auto x = features(torch::rand({5}, device));
    auto arm = bandit.choose(x); // THROWS: device
    std::cout << arm;
  }
}

void case_bandit_features_brought_back() {
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear features(5, 3);
  features->to(device);
  torch::NoGradGuard guard;
  bandit::LinUcb bandit(2, 3, 0.5, torch::TensorOptions());
  for (int t = 0; t < 4; ++t) {
    auto x = features(torch::rand({5}, device)).cpu();
    bandit.update(bandit.choose(x), x, 0.5);
  }
}

namespace sac {

struct CriticImpl : torch::nn::Module {
  CriticImpl() { q = register_module("q", torch::nn::Sequential(torch::nn::Linear(5, 8), torch::nn::ReLU(), torch::nn::Linear(8, 1))); }
  torch::Tensor forward(const torch::Tensor &s, const torch::Tensor &a) { return q->forward(torch::cat({s, a}, -1)); }
  torch::nn::Sequential q{nullptr};
};
TORCH_MODULE(Critic);

struct ActorImpl : torch::nn::Module {
  ActorImpl() {
    trunk = register_module("trunk", torch::nn::Linear(3, 8));
    mean = register_module("mean", torch::nn::Linear(8, 2));
    spread = register_module("spread", torch::nn::Linear(8, 2));
  }
  std::pair<torch::Tensor, torch::Tensor> sample(const torch::Tensor &s) {
    auto h = torch::relu(trunk(s));
    auto mu = mean(h), log_std = spread(h).clamp(-5, 2);
    auto raw = mu + log_std.exp() * torch::randn_like(mu);
    auto action = torch::tanh(raw);
    auto log_prob = (-0.5 * ((raw - mu) / log_std.exp()).pow(2) - log_std - 0.5 * std::log(2 * M_PI)).sum(-1, true) -
                    torch::log(1 - action.pow(2) + 1e-6).sum(-1, true);
    return {action, log_prob};
  }
  torch::nn::Linear trunk{nullptr}, mean{nullptr}, spread{nullptr};
};
TORCH_MODULE(Actor);

class Agent {
public:
  Agent(torch::Device device, torch::Tensor scale) : device_(device), scale_(std::move(scale)) {
    for (auto *c : {&q1_, &q2_, &t1_, &t2_})
      (*c)->to(device_);
    actor_->to(device_);
    log_alpha_ = torch::zeros({1}, torch::TensorOptions().device(device_).requires_grad(true));
  }
  torch::Tensor actorLoss(const torch::Tensor &s) {
    auto [a, logp] = actor_->sample(s);
    auto scaled = a * scale_; // THROWN: sac_scale_on_host
    auto q = torch::min(q1_(s, scaled), q2_(s, scaled));
    return (log_alpha_.exp().detach() * logp - q).mean();
  }
  void track(double tau) {
    torch::NoGradGuard g;
    auto from = q1_->parameters(), to = t1_->parameters();
    for (size_t i = 0; i < from.size(); ++i)
      to[i].copy_(tau * from[i] + (1 - tau) * to[i]);
  }

private:
  torch::Device device_;
  torch::Tensor scale_, log_alpha_;
  Critic q1_, q2_, t1_, t2_;
  Actor actor_;
};

} // namespace sac

void case_sac_scale_moved_by_caller() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  sac::Agent agent(device, torch::tensor({2.0f, 0.5f}).to(device));
  for (int i = 0; i < 2; ++i) {
    agent.actorLoss(torch::rand({4, 3}, device)).backward();
    agent.track(0.005);
  }
}

void case_sac_scale_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  sac::Agent agent(device, torch::tensor({2.0f, 0.5f}));
  for (int i = 0; i < 2; ++i) {
    agent.actorLoss(torch::rand({4, 3}, device)).backward(); // THROWS: device
    agent.track(0.005);
  }
}

void case_sac_scale_is_one_number() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  sac::Agent agent(device, torch::tensor(2.0f)); // without dimensions
  agent.actorLoss(torch::rand({4, 3}, device)).backward();
  agent.track(0.01);
}

namespace evolution {

// Antithetic sampling over a flat vector of parameters.
struct Search {
  torch::Tensor centre;
  double sigma = 0.1, rate = 0.05;

  template <typename Fitness> void generation(int pairs, Fitness fitness) {
    auto gradient = torch::zeros_like(centre);
    for (int i = 0; i < pairs; ++i) {
      auto e = torch::randn(centre.sizes(), centre.options());
      gradient += (fitness(centre + sigma * e) - fitness(centre - sigma * e)) * e;
    }
    centre = centre + rate * gradient / (2 * pairs * sigma);
  }
};

void assign(torch::nn::Module &m, const torch::Tensor &flat) {
  torch::NoGradGuard g;
  int64_t at = 0;
  for (auto &p : m.parameters()) {
    p.copy_(flat.slice(0, at, at + p.numel()).view_as(p));
    at += p.numel();
  }
}

} // namespace evolution

void case_evolution_copies_into_device() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear policy(3, 2);
  policy->to(device);
  auto x = torch::rand({6, 3}, device);
  evolution::Search search{torch::zeros({8})}; // on the host: copy_ crosses over
  for (int g = 0; g < 2; ++g)
    search.generation(2, [&](const torch::Tensor &candidate) {
      evolution::assign(*policy, candidate);
      return -(policy(x) - 1).pow(2).mean().item<double>();
    });
  std::cout << search.centre << "\n";
}

void case_evolution_penalty_across() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear policy(3, 2);
  policy->to(device);
  auto goal = torch::ones({8}, device);
  evolution::Search search{torch::zeros({8})};
  for (int g = 0; g < 2; ++g)
    search.generation(2, [&](const torch::Tensor &candidate) { // THROWS: device
      evolution::assign(*policy, candidate);
      return -(candidate - goal).pow(2).mean().item<double>(); // THROWN: evolution_penalty_across
    });
}

namespace mpc {

struct Model {
  torch::nn::Linear dynamics{4, 3};
  torch::Tensor next(const torch::Tensor &s, const torch::Tensor &a) { return s + torch::tanh(dynamics(torch::cat({s, a}, 1))); } // THROWN: mpc_second_plan_from_host
};

// Tries `n` random plans and gives the first action of the best.
torch::Tensor plan(Model &model, torch::Tensor state, int64_t n, int64_t horizon, torch::Device device) {
  auto actions = torch::rand({horizon, n, 1}, device) * 2 - 1;
  auto s = state.expand({n, 3});
  auto cost = torch::zeros({n}, device);
  for (int64_t t = 0; t < horizon; ++t) {
    s = model.next(s, actions[t]);
    cost += s.pow(2).sum(1);
  }
  return actions[0][cost.argmin().item<int64_t>()];
}

} // namespace mpc

void case_mpc_state_carried_over() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  mpc::Model model;
  model.dynamics->to(device);
  auto state = torch::zeros({1, 3});
  for (int t = 0; t < 3; ++t) {
    auto action = mpc::plan(model, state.to(device), 5, 2, device).cpu();
    state = state + 0.1 * action;
  }
  std::cout << state << "\n";
}

void case_mpc_second_plan_from_host() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  mpc::Model model;
  model.dynamics->to(device);
  auto state = torch::zeros({1, 3}, device);
  for (int t = 0; t < 3; ++t) {
    auto action = mpc::plan(model, state, 5, 2, device).cpu(); // THROWS: device
    state = state.cpu() + 0.1 * action; // and never back
  }
  std::cout << state << "\n";
}
