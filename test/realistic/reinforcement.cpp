// Agents: deep Q-learning, policy gradients, actor and critic.
#include <torch/torch.h>

#include <algorithm>
#include <deque>
#include <iostream>
#include <random>
#include <tuple>
#include <vector>

namespace dqn {

struct Transition {
  torch::Tensor state;
  int64_t action;
  float reward;
  torch::Tensor next_state;
  bool done;
};

class ReplayBuffer {
public:
  explicit ReplayBuffer(size_t capacity) : capacity_(capacity) {}

  void push(Transition t) {
    if (memory_.size() == capacity_)
      memory_.pop_front();
    memory_.push_back(std::move(t));
  }
  size_t size() const { return memory_.size(); }

  std::tuple<torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor>
  sample(size_t n, std::mt19937 &rng) const {
    std::vector<torch::Tensor> states, nexts;
    std::vector<int64_t> actions;
    std::vector<float> rewards, dones;
    std::uniform_int_distribution<size_t> pick(0, memory_.size() - 1);
    for (size_t i = 0; i < n; ++i) {
      const Transition &t = memory_[pick(rng)];
      states.push_back(t.state);
      nexts.push_back(t.next_state);
      actions.push_back(t.action);
      rewards.push_back(t.reward);
      dones.push_back(t.done ? 1.0f : 0.0f);
    }
    return {torch::stack(states), torch::tensor(actions), torch::tensor(rewards),
            torch::stack(nexts), torch::tensor(dones)};
  }

private:
  size_t capacity_;
  std::deque<Transition> memory_;
};

struct QNetImpl : torch::nn::Module {
  QNetImpl(int64_t obs, int64_t actions) {
    l1 = register_module("l1", torch::nn::Linear(obs, 32));
    l2 = register_module("l2", torch::nn::Linear(32, actions));
  }
  torch::Tensor forward(torch::Tensor x) { return l2(torch::relu(l1(x))); } // THROWN: dqn_target_never_moved
  torch::nn::Linear l1{nullptr}, l2{nullptr};
};
TORCH_MODULE(QNet);

void copyWeights(QNet from, QNet to) {
  torch::NoGradGuard g;
  auto source = from->parameters();
  auto target = to->parameters();
  for (size_t i = 0; i < source.size(); ++i)
    target[i].copy_(source[i]);
}

class Agent {
public:
  Agent(torch::Device device, bool moveTarget)
      : device_(device), policy_(4, 2), target_(4, 2), memory_(64),
        optimizer_(policy_->parameters(), torch::optim::AdamOptions(1e-3)) {
    policy_->to(device_);
    if (moveTarget)
      target_->to(device_);
    copyWeights(policy_, target_);
  }

  int64_t act(const torch::Tensor &obs, double epsilon) {
    if (std::uniform_real_distribution<>(0, 1)(rng_) < epsilon)
      return std::uniform_int_distribution<int64_t>(0, 1)(rng_);
    torch::NoGradGuard guard;
    return policy_->forward(obs.unsqueeze(0).to(device_)).argmax(1).item<int64_t>();
  }

  void remember(Transition t) { memory_.push(std::move(t)); }

  float learn(size_t batch) {
    torch::Tensor s, a, r, s2, done;
    std::tie(s, a, r, s2, done) = memory_.sample(batch, rng_);
    s = s.to(device_);
    a = a.to(device_);
    r = r.to(device_);
    s2 = s2.to(device_);
    done = done.to(device_);
    auto q = policy_->forward(s).gather(1, a.unsqueeze(1)).squeeze(1);
    torch::Tensor expected;
    {
      torch::NoGradGuard guard;
      auto best = std::get<0>(target_->forward(s2).max(1)); // VIA: dqn_target_never_moved
      expected = r + 0.99 * best * (1 - done);
    }
    auto loss = torch::smooth_l1_loss(q, expected);
    optimizer_.zero_grad();
    loss.backward();
    for (auto &p : policy_->parameters())
      p.grad().data().clamp_(-1, 1);
    optimizer_.step();
    return loss.item<float>();
  }

  void sync() { copyWeights(policy_, target_); }

protected:
  torch::Device device_;
  QNet policy_, target_;
  ReplayBuffer memory_;
  torch::optim::Adam optimizer_;
  std::mt19937 rng_{7};
};

void play(Agent &agent, int steps) {
  auto obs = torch::zeros({4});
  for (int i = 0; i < steps; ++i) {
    int64_t action = agent.act(obs, 0.5);
    auto next = obs + 0.1 * torch::randn({4}) + (action ? 0.1 : -0.1);
    bool done = next.abs().max().item<float>() > 1.0f;
    agent.remember({obs, action, done ? -1.0f : 1.0f, next, done});
    obs = done ? torch::zeros({4}) : next;
  }
}

} // namespace dqn

void case_dqn_target_copied_and_moved() {
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  dqn::Agent agent(device, true);
  dqn::play(agent, 20);
  for (int i = 0; i < 3; ++i) {
    float loss = agent.learn(8);
    std::cout << "step " << i << " loss " << loss << '\n';
    if (i % 2 == 0)
      agent.sync();
  }
}

void case_dqn_target_never_moved() {
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  dqn::Agent agent(device, false);
  dqn::play(agent, 20);
  for (int i = 0; i < 3; ++i) {
    std::cout << agent.learn(8) << '\n'; // THROWS: device
    agent.sync();
  }
}

namespace reinforce {

struct PolicyImpl : torch::nn::Module {
  torch::nn::Linear affine1, affine2;
  PolicyImpl() : affine1(4, 24), affine2(24, 2) {
    register_module("affine1", affine1);
    register_module("affine2", affine2);
  }
  torch::Tensor forward(const torch::Tensor &x) {
    return torch::softmax(affine2(torch::dropout(torch::relu(affine1(x)), 0.2, is_training())), -1);
  }
};
TORCH_MODULE(Policy);

struct Episode {
  std::vector<torch::Tensor> logProbs;
  std::vector<double> rewards;
};

Episode rollout(Policy &policy, torch::Device device, int length) {
  Episode e;
  torch::Tensor obs = torch::rand({4});
  for (int t = 0; t < length; ++t) {
    auto probs = policy->forward(obs.to(device));
    auto action = probs.multinomial(1);
    e.logProbs.push_back(probs.gather(0, action).log());
    e.rewards.push_back(action.item<int64_t>() == 0 ? 1.0 : 0.5);
    obs = torch::rand({4});
  }
  return e;
}

std::vector<float> discounted(const std::vector<double> &rewards, double gamma) {
  std::vector<float> out(rewards.size());
  double running = 0;
  for (size_t i = rewards.size(); i-- > 0;) {
    running = rewards[i] + gamma * running;
    out[i] = static_cast<float>(running);
  }
  return out;
}

} // namespace reinforce

void case_reinforce_returns_as_numbers() {
  using namespace reinforce;
  torch::Device device(torch::cuda::is_available() ? "cuda" : "cpu");
  Policy policy;
  policy->to(device);
  torch::optim::RMSprop opt(policy->parameters(), 1e-2);
  for (int episode = 0; episode < 2; ++episode) {
    auto e = rollout(policy, device, 6);
    auto returns = torch::tensor(discounted(e.rewards, 0.99));
    returns = (returns - returns.mean()) / (returns.std() + 1e-8);
    std::vector<torch::Tensor> terms;
    // One number of the host times one element of the device at a time.
    for (size_t i = 0; i < e.logProbs.size(); ++i)
      terms.push_back(-e.logProbs[i] * returns[static_cast<int64_t>(i)]);
    auto loss = torch::cat(terms).sum();
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_reinforce_returns_as_tensor() {
  using namespace reinforce;
  torch::Device device(torch::cuda::is_available() ? "cuda" : "cpu");
  Policy policy;
  policy->to(device);
  torch::optim::RMSprop opt(policy->parameters(), 1e-2);
  for (int episode = 0; episode < 2; ++episode) {
    auto e = rollout(policy, device, 6);
    auto returns = torch::tensor(discounted(e.rewards, 0.99));
    returns = (returns - returns.mean()) / (returns.std() + 1e-8);
    auto logProbs = torch::cat(e.logProbs);
    auto loss = -(logProbs * returns).sum(); // THROWS: device
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

namespace ppo {

struct ActorCritic : torch::nn::Module {
  torch::nn::Linear body{nullptr}, mu{nullptr}, value{nullptr};
  torch::Tensor log_std;

  ActorCritic(int64_t in, int64_t out, bool registered) {
    body = register_module("body", torch::nn::Linear(in, 16));
    mu = register_module("mu", torch::nn::Linear(16, out));
    value = register_module("value", torch::nn::Linear(16, 1));
    log_std = torch::full({out}, -0.5);
    if (registered)
      log_std = register_parameter("log_std", log_std);
  }

  std::tuple<torch::Tensor, torch::Tensor> forward(torch::Tensor x) {
    auto h = torch::tanh(body->forward(x));
    auto mean = torch::tanh(mu->forward(h));
    if (is_training()) {
      torch::NoGradGuard g;
      return {at::normal(mean, log_std.exp().expand_as(mean)), value->forward(h)}; // THROWN: ppo_log_std_is_no_parameter
    }
    return {mean, value->forward(h)};
  }

  torch::Tensor logProb(torch::Tensor x, torch::Tensor action) {
    auto mean = torch::tanh(mu->forward(torch::tanh(body->forward(x))));
    auto var = (log_std + log_std).exp();
    return -((action - mean) * (action - mean)) / (2 * var) - log_std - std::log(std::sqrt(2 * M_PI));
  }
  torch::Tensor entropy() { return 0.5 + 0.5 * std::log(2 * M_PI) + log_std; }
};

std::vector<torch::Tensor> gae(const std::vector<torch::Tensor> &rewards, const std::vector<torch::Tensor> &dones,
                               const std::vector<torch::Tensor> &values, double gamma, double lambda) {
  torch::Tensor running = torch::zeros({1});
  std::vector<torch::Tensor> returns(rewards.size());
  for (size_t i = rewards.size(); i-- > 0;) {
    auto delta = rewards[i] + gamma * values[i + 1] * (1 - dones[i]) - values[i];
    running = delta + gamma * lambda * (1 - dones[i]) * running; // THROWN: ppo_last_value_on_host
    returns[i] = running + values[i];
  }
  return returns;
}

torch::Tensor surrogate(ActorCritic &ac, torch::Tensor obs, torch::Tensor actions, torch::Tensor old,
                        torch::Tensor advantage, torch::Tensor returns) {
  auto ratio = (ac.logProb(obs, actions) - old).exp();
  auto first = ratio * advantage;
  auto second = torch::clamp(ratio, 0.8, 1.2) * advantage;
  auto [a, v] = ac.forward(obs);
  auto actorLoss = -torch::min(first, second).mean();
  auto criticLoss = (returns - v).pow(2).mean();
  return 0.5 * criticLoss + actorLoss - 0.01 * ac.entropy().mean();
}

} // namespace ppo

void case_ppo_collects_on_host() {
  using namespace ppo;
  torch::Device device = torch::kCPU;
  if (torch::cuda::is_available())
    device = torch::kCUDA;
  ActorCritic ac(3, 1, true);
  ac.to(device);
  torch::optim::Adam opt(ac.parameters(), 1e-3);

  std::vector<torch::Tensor> obs, actions, rewards, dones, values, logs;
  for (int t = 0; t < 5; ++t) {
    torch::NoGradGuard g;
    auto o = torch::randn({1, 3}).to(device);
    auto out = ac.forward(o);
    obs.push_back(o);
    actions.push_back(std::get<0>(out));
    values.push_back(std::get<1>(out).view({1}).cpu());
    logs.push_back(ac.logProb(o, actions.back()));
    rewards.push_back(torch::rand({1}));
    dones.push_back(torch::full({1}, t == 4 ? 1.0 : 0.0));
  }
  values.push_back(torch::zeros({1}));
  auto returns = torch::stack(gae(rewards, dones, values, 0.99, 0.95)).to(device);
  values.pop_back();
  auto advantage = returns - torch::stack(values).to(device);
  for (int k = 0; k < 2; ++k) {
    auto loss = surrogate(ac, torch::cat(obs), torch::cat(actions), torch::cat(logs), advantage, returns);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_ppo_last_value_on_host() {
  using namespace ppo;
  torch::Device device = torch::kCPU;
  if (torch::cuda::is_available())
    device = torch::kCUDA;
  ActorCritic ac(3, 1, true);
  ac.to(device);
  std::vector<torch::Tensor> rewards, dones, values;
  for (int t = 0; t < 5; ++t) {
    torch::NoGradGuard g;
    auto [action, value] = ac.forward(torch::randn({1, 3}, device));
    values.push_back(value.view({1}));
    rewards.push_back(torch::rand({1}, device));
    dones.push_back(torch::full({1}, t == 4 ? 1.0 : 0.0, device));
  }
  values.push_back(torch::zeros({1}, device));
  auto returns = torch::stack(gae(rewards, dones, values, 0.99, 0.95)); // THROWS: device
  std::cout << returns.mean().item<float>() << std::endl;
}

void case_ppo_log_std_is_no_parameter() {
  using namespace ppo;
  torch::Device device = torch::kCPU;
  if (torch::cuda::is_available())
    device = torch::kCUDA;
  ActorCritic ac(3, 1, /*registered=*/false);
  ac.to(device);
  auto obs = torch::randn({4, 3}, device);
  auto result = ac.forward(obs); // THROWS: device
  std::cout << std::get<1>(result).mean().item<float>() << "\n";
}
