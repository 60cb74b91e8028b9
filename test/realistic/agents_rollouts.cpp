// Agents with rollout storage, prioritised replay, recurrent policies and normalised observations.
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <memory>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

namespace a2c {

// Everything that some environments saw over some steps, allocated once.
class RolloutStorage {
public:
  RolloutStorage(int64_t steps, int64_t envs, int64_t obs, torch::Device device)
      : device(device), observations(torch::zeros({steps + 1, envs, obs}, device)),
        hidden(torch::zeros({steps + 1, envs, 8}, device)), rewards(torch::zeros({steps, envs, 1}, device)),
        values(torch::zeros({steps + 1, envs, 1}, device)), returns(torch::zeros({steps + 1, envs, 1}, device)),
        masks(torch::ones({steps + 1, envs, 1})), actions(torch::zeros({steps, envs, 1}, torch::kLong)), steps(steps) {}

  void to(torch::Device d) {
    device = d;
    observations = observations.to(d);
    hidden = hidden.to(d);
    rewards = rewards.to(d);
    values = values.to(d);
    returns = returns.to(d);
    masks = masks.to(d);
    actions = actions.to(d);
  }

  void insert(torch::Tensor obs, torch::Tensor action, torch::Tensor value, torch::Tensor reward, torch::Tensor mask) {
    observations[step + 1].copy_(obs);
    actions[step].copy_(action);
    values[step].copy_(value);
    rewards[step].copy_(reward);
    masks[step + 1].copy_(mask);
    step = (step + 1) % steps;
  }

  void compute_returns(torch::Tensor next_value, float gamma, float tau) {
    values[-1].copy_(next_value);
    torch::Tensor gae = torch::zeros({values.size(1), 1}, values.options());
    for (int64_t t = rewards.size(0) - 1; t >= 0; --t) {
      auto delta = rewards[t] + gamma * values[t + 1] * masks[t + 1] - values[t]; // THROWN: rollouts_masks_allocated_on_host
      gae = delta + gamma * tau * masks[t + 1] * gae;
      returns[t] = gae + values[t];
    }
  }

  torch::Device device;
  torch::Tensor observations, hidden, rewards, values, returns, masks, actions;
  int64_t steps, step = 0;
};

struct PolicyImpl : torch::nn::Module {
  PolicyImpl(int64_t obs, int64_t actions) : base(obs, 16), actor(16, actions), critic(16, 1) {
    register_module("base", base);
    register_module("actor", actor);
    register_module("critic", critic);
  }
  std::pair<torch::Tensor, torch::Tensor> forward(torch::Tensor x) {
    auto h = torch::tanh(base(x));
    return {torch::log_softmax(actor(h), -1), critic(h)};
  }
  torch::nn::Linear base, actor, critic;
};
TORCH_MODULE(Policy);

void collect(RolloutStorage &storage, Policy &policy) {
  torch::NoGradGuard guard;
  for (int64_t t = 0; t < storage.steps; ++t) {
    auto [log_probs, value] = policy->forward(storage.observations[t]);
    auto action = log_probs.exp().multinomial(1);
    // The environments live on the host.
    auto obs = torch::randn({2, 3});
    auto reward = torch::rand({2, 1}) - 0.5;
    auto done = torch::rand({2, 1}) < 0.1;
    storage.insert(obs, action, value, reward, 1 - done.to(torch::kFloat));
  }
}

} // namespace a2c

void case_rollouts_moved_after_allocation() {
  using namespace a2c;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Policy policy(3, 2);
  policy->to(device);
  RolloutStorage storage(4, 2, 3, torch::kCPU);
  storage.to(device);
  torch::optim::RMSprop opt(policy->parameters(), torch::optim::RMSpropOptions(7e-4).alpha(0.99));
  for (int update = 0; update < 2; ++update) {
    collect(storage, policy);
    torch::Tensor next;
    {
      torch::NoGradGuard guard;
      next = policy->forward(storage.observations[-1]).second;
    }
    storage.compute_returns(next, 0.99f, 0.95f);
    auto [log_probs, values] = policy->forward(storage.observations.slice(0, 0, -1));
    auto chosen = log_probs.gather(-1, storage.actions);
    auto advantage = storage.returns.slice(0, 0, -1) - values;
    auto loss = advantage.pow(2).mean() - (advantage.detach() * chosen).mean();
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_rollouts_masks_allocated_on_host() {
  using namespace a2c;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Policy policy(3, 2);
  policy->to(device);
  RolloutStorage storage(4, 2, 3, device);
  collect(storage, policy);
  auto next = policy->forward(storage.observations[-1]).second.detach();
  storage.compute_returns(next, 0.99f, 0.95f); // THROWS: device
  std::cout << storage.returns.mean().item<float>() << "\n";
}

void case_rollouts_actions_allocated_on_host() {
  using namespace a2c;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Policy policy(3, 2);
  policy->to(device);
  RolloutStorage storage(4, 2, 3, device);
  storage.masks = storage.masks.to(storage.rewards);
  collect(storage, policy);
  storage.compute_returns(torch::zeros({2, 1}), 0.99f, 0.95f);
  auto [log_probs, values] = policy->forward(storage.observations.slice(0, 0, -1));
  auto chosen = log_probs.gather(-1, storage.actions); // THROWS: device
  auto loss = -((storage.returns.slice(0, 0, -1) - values).detach() * chosen).mean();
  loss.backward();
}

namespace recurrent {

class RecurrentQImpl : public torch::nn::Module {
public:
  RecurrentQImpl(int64_t obs, int64_t actions)
      : cell(register_module("cell", torch::nn::GRUCell(obs, 8))),
        head(register_module("head", torch::nn::Linear(8, actions))) {}
  torch::Tensor forward(torch::Tensor x) {
    hidden = hidden.defined() ? cell->forward(x, hidden) : cell->forward(x); // THROWN: recurrent_state_made_before_move
    return head->forward(hidden);
  }
  void reset(int64_t envs) { hidden = torch::zeros({envs, 8}, head->weight.options().requires_grad(false)); }
  void reset_where(const torch::Tensor &done) {
    if (hidden.defined())
      hidden = hidden * (1 - done.to(torch::kFloat)).unsqueeze(1); // THROWN: recurrent_done_flags_on_host
  }
  void forget() { hidden = torch::Tensor(); }
  void detach() { hidden = hidden.detach(); }

  torch::Tensor hidden;
  torch::nn::GRUCell cell;
  torch::nn::Linear head;
};
TORCH_MODULE(RecurrentQ);

// Sums over time, with a proportion for the importance of each transition.
class SumTree {
public:
  explicit SumTree(size_t n) : priorities(n, 1.0f) {}
  std::pair<std::vector<int64_t>, torch::Tensor> draw(size_t n, std::mt19937 &rng) const {
    std::discrete_distribution<int64_t> pick(priorities.begin(), priorities.end());
    std::vector<int64_t> rows;
    std::vector<float> weights;
    float total = 0;
    for (float p : priorities)
      total += p;
    for (size_t i = 0; i < n; ++i) {
      rows.push_back(pick(rng));
      weights.push_back(std::pow(priorities[rows.back()] / total * priorities.size(), -0.4f));
    }
    return {rows, torch::tensor(weights)};
  }
  void update(const std::vector<int64_t> &rows, const torch::Tensor &errors) {
    auto e = errors.detach().abs().to(torch::kCPU);
    for (size_t i = 0; i < rows.size(); ++i)
      priorities[rows[i]] = e[static_cast<int64_t>(i)].item<float>() + 1e-3f;
  }

private:
  std::vector<float> priorities;
};

} // namespace recurrent

void case_recurrent_state_reset_on_device() {
  using namespace recurrent;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  RecurrentQ q(3, 2);
  q->reset(2); // made on the host: forgotten again below
  q->to(device);
  q->reset(2);
  torch::optim::Adam opt(q->parameters(), 1e-3);
  for (int episode = 0; episode < 2; ++episode) {
    auto total = torch::zeros({}, device);
    for (int t = 0; t < 3; ++t) {
      auto values = q->forward(torch::randn({2, 3}, device));
      total = total + values.pow(2).mean();
      q->reset_where(torch::rand({2}, device) < 0.2);
    }
    opt.zero_grad();
    total.backward();
    opt.step();
    q->detach();
  }
}

void case_recurrent_state_made_before_move() {
  using namespace recurrent;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  RecurrentQ q(3, 2);
  q->reset(2);
  q->to(device);
  torch::NoGradGuard guard;
  for (int t = 0; t < 3; ++t) {
    auto values = q->forward(torch::randn({2, 3}, device)); // THROWS: device
    auto best = values.argmax(1);
    std::cout << best.cpu() << "\n";
  }
}

void case_recurrent_done_flags_on_host() {
  using namespace recurrent;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  RecurrentQ q(3, 2);
  q->to(device);
  std::array<bool, 2> ended{false, true};
  torch::NoGradGuard guard;
  for (int t = 0; t < 3; ++t) {
    auto values = q->forward(torch::randn({2, 3}).to(device));
    auto done = torch::tensor({int64_t(ended[0]), int64_t(ended[1])});
    q->reset_where(done); // THROWS: device
    std::cout << values.max().item<float>() << "\n";
  }
}

void case_prioritised_weights_moved() {
  using namespace recurrent;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  RecurrentQ q(3, 2), target(3, 2);
  q->to(device);
  target->to(device);
  std::mt19937 rng(3);
  auto states = torch::randn({10, 3}); // the whole memory stays on the host
  SumTree tree(10);
  torch::optim::Adam opt(q->parameters(), 1e-3);
  for (int i = 0; i < 2; ++i) {
    q->forget();
    target->forget();
    auto [rows, weights] = tree.draw(4, rng);
    auto x = states.index_select(0, torch::tensor(rows)).to(device);
    auto error = q->forward(x).amax(1) - target->forward(x).amax(1).detach();
    auto loss = (weights.to(device) * error.pow(2)).mean();
    opt.zero_grad();
    loss.backward();
    opt.step();
    tree.update(rows, error);
  }
}

void case_prioritised_weights_on_host() {
  using namespace recurrent;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  RecurrentQ q(3, 2);
  q->to(device);
  std::mt19937 rng(3);
  auto states = torch::randn({10, 3}, device);
  SumTree tree(10);
  for (int i = 0; i < 2; ++i) {
    q->forget();
    auto [rows, weights] = tree.draw(4, rng);
    auto x = states.index({torch::tensor(rows)});
    auto error = q->forward(x).amax(1) - 1.0;
    auto loss = (weights * error.pow(2)).mean(); // THROWS: device
    tree.update(rows, error);
    std::cout << loss.item<float>() << "\n";
  }
}
