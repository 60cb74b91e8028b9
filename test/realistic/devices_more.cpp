// Devices chosen in further ways, shared and handed around: pools, pointers, visitors, state machines.
#include <torch/torch.h>

#include <array>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pipeline {

class Stage {
public:
  virtual ~Stage() = default;
  virtual torch::Tensor run(torch::Tensor x) = 0;
};

class Normalise : public Stage {
public:
  torch::Tensor run(torch::Tensor x) override { return (x - x.mean()) / (x.std() + 1e-6); }
};

class Network : public Stage {
public:
  Network(int64_t in, int64_t out, torch::Device d) : net_(in, out) { net_->to(d); }
  torch::Tensor run(torch::Tensor x) override { return torch::relu(net_(x)); } // THROWN: pipeline_stage_on_other_device

private:
  torch::nn::Linear net_;
};

class Transfer : public Stage {
public:
  explicit Transfer(torch::Device d) : device_(d) {}
  torch::Tensor run(torch::Tensor x) override { return x.to(device_); }

private:
  torch::Device device_;
};

class Pipeline {
public:
  Pipeline &add(std::unique_ptr<Stage> stage) {
    stages_.push_back(std::move(stage));
    return *this;
  }
  torch::Tensor operator()(torch::Tensor x) const {
    for (const auto &stage : stages_)
      x = stage->run(x);
    return x;
  }

private:
  std::vector<std::unique_ptr<Stage>> stages_;
};

} // namespace pipeline

void case_pipeline_with_transfers() {
  using namespace pipeline;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU), host(torch::kCPU);
  Pipeline p;
  p.add(std::make_unique<Normalise>());
  p.add(std::make_unique<Transfer>(device));
  p.add(std::make_unique<Network>(4, 3, device));
  p.add(std::make_unique<Transfer>(host));
  p.add(std::make_unique<Network>(3, 2, host));
  std::cout << p(torch::rand({2, 4})) << "\n";
}

void case_pipeline_stage_on_other_device() {
  using namespace pipeline;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU), host(torch::kCPU);
  Network first(4, 3, device), second(3, 2, host);
  Normalise normalise;
  auto x = normalise.run(torch::rand({2, 4})).to(device);
  x = first.run(x);
  x = normalise.run(x);
  x = second.run(x); // THROWS: device
  std::cout << x << "\n";
}

namespace pool {

struct Worker {
  torch::Device device;
  std::shared_ptr<torch::nn::LinearImpl> replica;
  torch::Tensor run(const torch::Tensor &shard) { return replica->forward(shard.to(device)); }
};

std::vector<Worker> workers(const torch::nn::Linear &master, const std::vector<torch::Device> &devices) {
  std::vector<Worker> out;
  for (const auto &d : devices) {
    auto copy = std::dynamic_pointer_cast<torch::nn::LinearImpl>(master->clone(d));
    out.push_back({d, copy});
  }
  return out;
}

torch::Tensor gather(std::vector<torch::Tensor> parts, std::optional<torch::Device> onto) {
  if (onto)
    for (auto &p : parts)
      p = p.to(*onto);
  return torch::cat(parts); // THROWN: pool_gathers_as_they_are
}

} // namespace pool

void case_pool_gathers_onto_host() {
  using namespace pool;
  torch::nn::Linear master(3, 2);
  std::vector<torch::Device> devices{torch::kCPU};
  if (torch::cuda::is_available())
    devices.push_back(torch::Device(torch::kCUDA, 0));
  auto all = workers(master, devices);
  auto shards = torch::rand({6, 3}).chunk(static_cast<int64_t>(all.size()));
  std::vector<torch::Tensor> parts;
  for (size_t i = 0; i < all.size(); ++i)
    parts.push_back(all[i].run(shards[i]));
  std::cout << gather(parts, torch::Device(torch::kCPU)) << "\n";
}

// Missed: where the copy of Module::clone is, and what is pushed in a loop.
void case_pool_gathers_as_they_are() {
  using namespace pool;
  torch::nn::Linear master(3, 2);
  std::vector<torch::Device> devices{torch::kCPU};
  if (torch::cuda::is_available())
    devices.push_back(torch::Device(torch::kCUDA, 0));
  auto all = workers(master, devices);
  auto shards = torch::rand({6, 3}).chunk(static_cast<int64_t>(all.size()));
  std::vector<torch::Tensor> parts;
  for (size_t i = 0; i < all.size(); ++i)
    parts.push_back(all[i].run(shards[i]));
  std::cout << gather(parts, std::nullopt) << "\n"; // THROWS: device
}

namespace mode {

enum class Mode { Train, Evaluate, Export };

class Session {
public:
  explicit Session(torch::Device device) : device_(device), net_(4, 2) { net_->to(device_); }

  void enter(Mode mode) {
    switch (mode) {
    case Mode::Train:
      net_->to(device_);
      net_->train();
      break;
    case Mode::Evaluate:
      net_->eval();
      break;
    case Mode::Export:
      net_->to(torch::kCPU);
      net_->eval();
      break;
    }
    mode_ = mode;
  }

  torch::Tensor run(const torch::Tensor &x) {
    torch::Device where = mode_ == Mode::Export ? torch::Device(torch::kCPU) : device_;
    return net_(x.to(where));
  }
  torch::Tensor runOnDevice(const torch::Tensor &x) { return net_(x.to(device_)); } // THROWN: session_exported_then_used

private:
  torch::Device device_;
  torch::nn::Linear net_;
  Mode mode_ = Mode::Train;
};

} // namespace mode

void case_session_mode_decides() {
  using namespace mode;
  Session session(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::rand({2, 4});
  for (auto m : {Mode::Train, Mode::Evaluate, Mode::Export}) {
    session.enter(m);
    std::cout << session.run(x).cpu() << "\n";
  }
}

void case_session_exported_then_used() {
  using namespace mode;
  Session session(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::rand({2, 4});
  session.enter(Mode::Train);
  std::cout << session.runOnDevice(x).cpu() << "\n";
  session.enter(Mode::Export);
  session.enter(Mode::Evaluate); // does not move it back
  std::cout << session.runOnDevice(x).cpu() << "\n"; // THROWS: device
}

void case_session_trained_again() {
  using namespace mode;
  Session session(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto x = torch::rand({2, 4});
  session.enter(Mode::Export);
  session.enter(Mode::Train);
  std::cout << session.runOnDevice(x).cpu() << "\n";
}

namespace dictionary {

struct HeadsImpl : torch::nn::Module {
  HeadsImpl() {
    trunk = register_module("trunk", torch::nn::Linear(4, 6));
    torch::OrderedDict<std::string, std::shared_ptr<torch::nn::Module>> all;
    all.insert("age", torch::nn::Linear(6, 1).ptr());
    all.insert("kind", torch::nn::Linear(6, 3).ptr());
    heads = register_module("heads", torch::nn::ModuleDict(all));
  }
  torch::Tensor forward(const torch::Tensor &x, const std::string &task) {
    return heads[task]->as<torch::nn::Linear>()->forward(torch::relu(trunk(x)));
  }
  torch::nn::Linear trunk{nullptr};
  torch::nn::ModuleDict heads;
};
TORCH_MODULE(Heads);

using Targets = std::map<std::string, torch::Tensor>;

Targets targets() { return {{"age", torch::rand({2, 1})}, {"kind", torch::randint(0, 3, {2}, torch::kLong)}}; }

torch::Tensor total(Heads &net, const torch::Tensor &x, const Targets &wanted) {
  auto age = torch::mse_loss(net->forward(x, "age"), wanted.at("age")); // THROWN: heads_targets_copied_in_loop
  auto kind = torch::cross_entropy_loss(net->forward(x, "kind"), wanted.at("kind")); // THROWN: heads_one_target_moved
  return age + kind;
}

} // namespace dictionary

void case_heads_targets_all_moved() {
  using namespace dictionary;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Heads net;
  net->to(device);
  auto wanted = targets();
  for (auto &entry : wanted)
    entry.second = entry.second.to(device);
  total(net, torch::rand({2, 4}, device), wanted).backward();
}

void case_heads_targets_copied_in_loop() {
  using namespace dictionary;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Heads net;
  net->to(device);
  auto wanted = targets();
  for (auto entry : wanted) // a copy of each
    entry.second = entry.second.to(device);
  auto loss = total(net, torch::rand({2, 4}, device), wanted); // THROWS: device
  loss.backward();
}

void case_heads_one_target_moved() {
  using namespace dictionary;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Heads net;
  net->to(device);
  auto wanted = targets();
  wanted["age"] = wanted["age"].to(device);
  auto loss = total(net, torch::rand({2, 4}, device), wanted); // THROWS: device
  loss.backward();
}

namespace anymodule {

struct Doubler : torch::nn::Module {
  torch::Tensor forward(torch::Tensor x) { return x * 2; }
};

std::vector<torch::nn::AnyModule> layers() {
  std::vector<torch::nn::AnyModule> out;
  out.emplace_back(torch::nn::Linear(3, 3));
  out.emplace_back(Doubler());
  out.emplace_back(torch::nn::Linear(3, 1));
  return out;
}

} // namespace anymodule

void case_any_modules_moved_one_by_one() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto all = anymodule::layers();
  for (auto &layer : all)
    layer.ptr()->to(device);
  auto x = torch::rand({2, 3}, device);
  for (auto &layer : all)
    x = layer.forward(x);
  std::cout << x.sum().item<float>() << "\n";
}

void case_any_modules_first_moved_only() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto all = anymodule::layers();
  all.front().ptr()->to(device);
  auto x = torch::rand({2, 3}, device);
  for (auto &layer : all)
    x = layer.forward(x); // THROWS: device
  std::cout << x.sum().item<float>() << "\n";
}
