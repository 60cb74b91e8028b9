// Thread pools, pipelines of stages, observers, actors and learners, graphs of operations.
#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tasks {

class ThreadPool {
public:
  explicit ThreadPool(size_t n) {
    for (size_t i = 0; i < n; ++i)
      threads_.emplace_back([this] { work(); });
  }
  ~ThreadPool() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto &t : threads_)
      t.join();
  }
  template <class F> auto submit(F f) -> std::future<decltype(f())> {
    auto task = std::make_shared<std::packaged_task<decltype(f())()>>(std::move(f));
    auto result = task->get_future();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      tasks_.push_back([task] { (*task)(); });
    }
    wake_.notify_one();
    return result;
  }

private:
  void work() {
    while (true) {
      std::function<void()> task;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
        if (tasks_.empty())
          return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }
  std::vector<std::thread> threads_;
  std::deque<std::function<void()>> tasks_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
};

torch::Tensor augment(torch::Tensor image, int seed) {
  if (seed % 2)
    image = image.flip({2});
  return (image * (0.9 + 0.05 * seed)).clamp(0, 1);
}

struct ScorerImpl : torch::nn::Module {
  ScorerImpl() {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3).stride(2)));
    out = register_module("out", torch::nn::Linear(4, 2));
  }
  torch::Tensor forward(const torch::Tensor &x) { return out(torch::relu(conv(x)).mean({2, 3})); } // THROWN: pool_batch_never_moved
  torch::nn::Conv2d conv{nullptr};
  torch::nn::Linear out{nullptr};
};
TORCH_MODULE(Scorer);

} // namespace tasks

void case_pool_augments_on_host() {
  using namespace tasks;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Scorer scorer;
  scorer->to(device);
  ThreadPool threads(2);
  std::vector<std::future<torch::Tensor>> images;
  for (int i = 0; i < 4; ++i)
    images.push_back(threads.submit([i] { return augment(torch::rand({3, 6, 6}), i); }));
  std::vector<torch::Tensor> batch;
  for (auto &f : images)
    batch.push_back(f.get());
  auto scores = scorer->forward(torch::stack(batch).to(device));
  std::cout << scores.argmax(1).cpu() << "\n";
}

// What a packaged task returns through its future.
void case_pool_batch_never_moved() {
  using namespace tasks;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Scorer scorer;
  scorer->to(device);
  ThreadPool threads(2);
  std::vector<std::future<torch::Tensor>> images;
  for (int i = 0; i < 4; ++i)
    images.push_back(threads.submit([i] { return augment(torch::rand({3, 6, 6}), i); }));
  std::vector<torch::Tensor> batch;
  for (auto &f : images)
    batch.push_back(f.get());
  auto scores = scorer->forward(torch::stack(batch)); // THROWS: device
  std::cout << scores.argmax(1) << "\n";
}

void case_pool_scores_in_threads() {
  using namespace tasks;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Scorer scorer;
  scorer->to(device);
  ThreadPool threads(2);
  std::vector<std::future<torch::Tensor>> scores;
  for (int i = 0; i < 3; ++i)
    scores.push_back(threads.submit([scorer, device, i]() mutable {
      torch::NoGradGuard guard;
      return scorer->forward(augment(torch::rand({1, 3, 6, 6}), 0).to(device)) * double(i);
    }));
  auto total = torch::zeros({1, 2});
  for (auto &s : scores)
    total += s.get().cpu();
  std::cout << total << "\n";
}

// What a packaged task returns through its future.
void case_pool_scores_summed_on_host() {
  using namespace tasks;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Scorer scorer;
  scorer->to(device);
  ThreadPool threads(2);
  std::vector<std::future<torch::Tensor>> scores;
  for (int i = 0; i < 3; ++i)
    scores.push_back(threads.submit([scorer, device]() mutable {
      torch::NoGradGuard guard;
      return scorer->forward(torch::rand({1, 3, 6, 6}).to(device));
    }));
  auto total = torch::zeros({1, 2});
  for (auto &s : scores)
    total += s.get(); // THROWS: device
  std::cout << total << "\n";
}

namespace actors {

struct Step {
  torch::Tensor observation;
  int64_t action;
  float reward;
};

// Actors fill it, the learner empties it.
class Trajectories {
public:
  void add(std::vector<Step> steps) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &s : steps)
      queue_.push(std::move(s));
  }
  std::vector<Step> drain() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<Step> out;
    while (!queue_.empty()) {
      out.push_back(std::move(queue_.front()));
      queue_.pop();
    }
    return out;
  }

private:
  std::mutex mutex_;
  std::queue<Step> queue_;
};

struct PolicyImpl : torch::nn::Cloneable<PolicyImpl> {
  PolicyImpl() { reset(); }
  void reset() override { net = register_module("net", torch::nn::Linear(4, 2)); }
  torch::Tensor forward(const torch::Tensor &x) { return torch::log_softmax(net(x), -1); } // THROWN: actors_learner_takes_steps_as_they_are
  torch::nn::Linear net{nullptr};
};
TORCH_MODULE(Policy);

// A copy of the policy on the host for each actor.
class Actor {
public:
  Actor(const Policy &policy, Trajectories &into) : into_(into) { refresh(policy); }
  void refresh(const Policy &policy) {
    policy_ = Policy(std::dynamic_pointer_cast<PolicyImpl>(policy->clone(torch::kCPU)));
  }
  void play(int steps) {
    torch::NoGradGuard guard;
    std::vector<Step> out;
    auto x = torch::zeros({4});
    for (int i = 0; i < steps; ++i) {
      auto a = policy_->forward(x).exp().multinomial(1).item<int64_t>();
      out.push_back({x, a, float(a)});
      x = x + 0.1 * torch::randn({4});
    }
    into_.add(std::move(out));
  }
  Policy policy() const { return policy_; }

private:
  Policy policy_{nullptr};
  Trajectories &into_;
};

torch::Tensor loss_of(Policy &policy, const std::vector<Step> &steps, std::optional<torch::Device> device) {
  std::vector<torch::Tensor> x;
  std::vector<int64_t> a;
  std::vector<float> r;
  for (const auto &s : steps) {
    x.push_back(s.observation);
    a.push_back(s.action);
    r.push_back(s.reward);
  }
  auto observations = torch::stack(x), actions = torch::tensor(a).unsqueeze(1), rewards = torch::tensor(r);
  if (device) {
    observations = observations.to(*device);
    actions = actions.to(*device);
    rewards = rewards.to(*device);
  }
  return -(policy->forward(observations).gather(1, actions).squeeze(1) * rewards).mean(); // VIA: actors_learner_takes_steps_as_they_are
}

} // namespace actors

void case_actors_play_on_host() {
  using namespace actors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Policy policy;
  policy->to(device);
  torch::optim::Adam opt(policy->parameters(), 1e-3);
  Trajectories shared;
  std::vector<Actor> all;
  for (int i = 0; i < 2; ++i)
    all.emplace_back(policy, shared);
  for (int round = 0; round < 2; ++round) {
    std::vector<std::thread> threads;
    for (auto &a : all)
      threads.emplace_back([&a] { a.play(3); });
    for (auto &t : threads)
      t.join();
    auto loss = loss_of(policy, shared.drain(), device);
    opt.zero_grad();
    loss.backward();
    opt.step();
    for (auto &a : all)
      a.refresh(policy);
  }
}

void case_actors_learner_takes_steps_as_they_are() {
  using namespace actors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Policy policy;
  policy->to(device);
  Trajectories shared;
  Actor actor(policy, shared);
  actor.play(3);
  auto loss = loss_of(policy, shared.drain(), std::nullopt); // THROWS: device
  loss.backward();
  std::cout << loss.item<float>() << "\n";
}

void case_actors_loss_of_the_copy() {
  using namespace actors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Policy policy;
  policy->to(device);
  Trajectories shared;
  Actor actor(policy, shared);
  actor.play(3);
  auto copy = actor.policy();
  auto loss = loss_of(copy, shared.drain(), std::nullopt); // all of it on the host
  loss.backward();
  policy->net->weight.mutable_grad() = copy->net->weight.grad().to(device);
  torch::optim::SGD opt({policy->net->weight}, 0.1);
  opt.step();
}

void case_actors_gradient_of_the_copy() {
  using namespace actors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Policy policy;
  policy->to(device);
  Trajectories shared;
  Actor actor(policy, shared);
  actor.play(3);
  auto copy = actor.policy();
  loss_of(copy, shared.drain(), std::nullopt).backward();
  torch::NoGradGuard guard;
  policy->net->weight.sub_(0.1 * copy->net->weight.grad()); // THROWS: device
  std::cout << policy->net->weight.norm().item<float>() << "\n";
}

namespace graph {

// Operations by name, each with the names of its inputs.
class Graph {
public:
  using Op = std::function<torch::Tensor(const std::vector<torch::Tensor> &)>;
  void add(const std::string &name, std::vector<std::string> inputs, Op op) {
    nodes_[name] = {std::move(inputs), std::move(op)};
  }
  void constant(const std::string &name, torch::Tensor value) { values_[name] = std::move(value); }
  torch::Tensor value(const std::string &name) {
    auto it = values_.find(name);
    if (it != values_.end())
      return it->second;
    auto &[inputs, op] = nodes_.at(name);
    std::vector<torch::Tensor> args;
    for (const auto &i : inputs)
      args.push_back(value(i));
    return values_[name] = op(args);
  }

private:
  std::map<std::string, std::pair<std::vector<std::string>, Op>> nodes_;
  std::map<std::string, torch::Tensor> values_;
};

void standard(Graph &g) {
  g.add("centred", {"x", "mean"}, [](const std::vector<torch::Tensor> &in) { return in[0] - in[1]; }); // THROWN: graph_mean_on_host
  g.add("energy", {"centred"}, [](const std::vector<torch::Tensor> &in) { return in[0].pow(2).sum(1); });
  g.add("scaled", {"energy", "scale"}, [](const std::vector<torch::Tensor> &in) { return in[0] * in[1]; });
}

} // namespace graph

void case_graph_constants_on_device() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  graph::Graph g;
  graph::standard(g);
  g.constant("x", torch::rand({3, 4}).to(device));
  g.constant("mean", torch::full({4}, 0.5, device));
  g.constant("scale", torch::tensor(2.0)); // a number
  std::cout << g.value("scaled").cpu() << "\n";
}

void case_graph_mean_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  graph::Graph g;
  graph::standard(g);
  g.constant("x", torch::rand({3, 4}).to(device));
  g.constant("mean", torch::full({4}, 0.5));
  auto energy = g.value("energy"); // THROWS: device
  std::cout << energy.cpu() << "\n";
}

void case_graph_result_against_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  graph::Graph g;
  graph::standard(g);
  auto x = torch::rand({3, 4});
  g.constant("x", x.to(device));
  g.constant("mean", torch::full({4}, 0.5, device));
  auto rest = g.value("energy") - (x - 0.5).pow(2).sum(1); // THROWS: device
  std::cout << rest.abs().max().item<float>() << "\n";
}
