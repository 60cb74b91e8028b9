// Model managers as libraries have them: pimpl, singletons, registries, caches.
#include <torch/torch.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace pimpl {

// engine.h
class Engine {
public:
  explicit Engine(const std::string &device);
  ~Engine();
  std::vector<float> run(const std::vector<float> &features);
  std::vector<float> runCentred(const std::vector<float> &features);
  void setMean(const std::vector<float> &mean);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// engine.cpp
struct Engine::Impl {
  torch::Device device;
  torch::nn::Linear body{nullptr}, head{nullptr};
  torch::Tensor mean = torch::zeros({4});

  explicit Impl(const std::string &where) : device(where) {
    body = torch::nn::Linear(4, 8);
    head = torch::nn::Linear(8, 2);
    body->to(device);
    head->to(device);
  }
  torch::Tensor upload(const std::vector<float> &v) const {
    return torch::from_blob(const_cast<float *>(v.data()), {1, static_cast<int64_t>(v.size())}, torch::kFloat32)
        .clone()
        .to(device, /*non_blocking=*/false);
  }
  std::vector<float> download(const torch::Tensor &t) const {
    auto c = t.detach().to(torch::kCPU).contiguous();
    return std::vector<float>(c.data_ptr<float>(), c.data_ptr<float>() + c.numel());
  }
  torch::Tensor infer(const torch::Tensor &x) { return head(torch::gelu(body(x))); }
};

Engine::Engine(const std::string &device) : impl_(std::make_unique<Impl>(device)) {}
Engine::~Engine() = default;

void Engine::setMean(const std::vector<float> &mean) { impl_->mean = impl_->upload(mean); }

std::vector<float> Engine::run(const std::vector<float> &features) {
  torch::InferenceMode guard;
  return impl_->download(impl_->infer(impl_->upload(features)));
}

std::vector<float> Engine::runCentred(const std::vector<float> &features) {
  torch::InferenceMode guard;
  auto x = impl_->upload(features) - impl_->mean; // THROWN: pimpl_mean_never_uploaded
  return impl_->download(impl_->infer(x));
}

} // namespace pimpl

void case_pimpl_mean_uploaded_first() {
  const std::string device = torch::cuda::is_available() ? "cuda:0" : "cpu";
  pimpl::Engine engine(device);
  engine.setMean({0.1f, 0.2f, 0.3f, 0.4f});
  auto first = engine.run({1, 2, 3, 4});
  auto second = engine.runCentred({1, 2, 3, 4});
  for (size_t i = 0; i < first.size(); ++i)
    std::cout << first[i] - second[i] << "\n";
}

void case_pimpl_mean_never_uploaded() {
  const std::string device = torch::cuda::is_available() ? "cuda:0" : "cpu";
  pimpl::Engine engine(device);
  auto plain = engine.run({1, 2, 3, 4});
  auto centred = engine.runCentred({1, 2, 3, 4}); // THROWS: device
  for (float v : centred)
    std::cout << v - plain[0] << "\n";
}

namespace manager {

struct WideImpl : torch::nn::Module {
  WideImpl() : a(register_module("a", torch::nn::Linear(3, 32))), b(register_module("b", torch::nn::Linear(32, 2))) {}
  torch::Tensor forward(torch::Tensor x) { return b(torch::relu(a(x))); }
  torch::nn::Linear a, b;
};
TORCH_MODULE(Wide);

class ModelManager {
public:
  static ModelManager &instance() {
    static ModelManager manager;
    return manager;
  }
  ModelManager(const ModelManager &) = delete;

  using Maker = std::function<torch::nn::AnyModule()>;
  void add(const std::string &name, Maker maker) {
    std::lock_guard<std::mutex> lock(mutex_);
    makers_[name] = std::move(maker);
  }
  torch::nn::AnyModule &get(const std::string &name) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto it = loaded_.find(name);
    if (it == loaded_.end()) {
      auto maker = makers_.find(name);
      if (maker == makers_.end())
        throw std::out_of_range("no model " + name);
      auto model = maker->second();
      model.ptr()->to(device_);
      model.ptr()->eval();
      it = loaded_.emplace(name, std::move(model)).first;
    }
    return it->second;
  }
  void put(const std::string &name, torch::nn::AnyModule model) { loaded_[name] = std::move(model); }
  torch::Device device() const { return device_; }

private:
  ModelManager() : device_(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU) {}
  torch::Device device_;
  std::mutex mutex_;
  std::unordered_map<std::string, Maker> makers_;
  std::unordered_map<std::string, torch::nn::AnyModule> loaded_;
};

void addStandardModels() {
  auto &m = ModelManager::instance();
  m.add("tiny", [] { return torch::nn::AnyModule(torch::nn::Linear(3, 2)); });
  m.add("wide", [] { return torch::nn::AnyModule(Wide()); });
}

} // namespace manager

void case_manager_moves_what_it_makes() {
  using manager::ModelManager;
  manager::addStandardModels();
  auto &models = ModelManager::instance();
  torch::NoGradGuard guard;
  auto x = torch::randn({5, 3}).to(models.device());
  std::map<std::string, torch::Tensor> votes;
  for (const char *name : {"tiny", "wide", "tiny"})
    votes[name] = models.get(name).forward(x).softmax(1);
  auto ensemble = torch::zeros({5, 2}, models.device());
  for (auto &[name, vote] : votes)
    ensemble += vote;
  std::cout << ensemble.argmax(1).cpu() << "\n";
}

void case_manager_given_model_on_host() {
  using manager::ModelManager;
  manager::addStandardModels();
  auto &models = ModelManager::instance();
  torch::nn::Linear mine(3, 2);
  torch::nn::init::xavier_uniform_(mine->weight);
  models.put("mine", torch::nn::AnyModule(mine));
  torch::NoGradGuard guard;
  auto x = torch::randn({5, 3}).to(models.device());
  auto theirs = models.get("wide").forward(x);
  auto ours = models.get("mine").forward(x); // THROWS: device
  std::cout << (theirs - ours).abs().mean().item<float>() << "\n";
}

void case_manager_sums_on_host() {
  using manager::ModelManager;
  manager::addStandardModels();
  auto &models = ModelManager::instance();
  torch::NoGradGuard guard;
  auto x = torch::randn({5, 3}, models.device());
  auto ensemble = torch::zeros({5, 2});
  for (const char *name : {"tiny", "wide"})
    ensemble += models.get(name).forward(x).softmax(1); // THROWS: device
  std::cout << ensemble.argmax(1) << "\n";
}

namespace feature_cache {

class Extractor {
public:
  explicit Extractor(bool use_gpu) : use_gpu_(use_gpu && torch::cuda::is_available()) {
    net_->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3).stride(2)));
    net_->push_back(torch::nn::ReLU());
    net_->push_back(torch::nn::AdaptiveAvgPool2d(1));
    net_->push_back(torch::nn::Flatten());
    if (use_gpu_)
      net_->to(torch::kCUDA);
  }
  // Features are kept on the host: there are many.
  const torch::Tensor &of(const std::string &key, const torch::Tensor &image) {
    auto it = cache_.find(key);
    if (it != cache_.end())
      return it->second;
    torch::NoGradGuard guard;
    auto x = image.unsqueeze(0);
    if (use_gpu_)
      x = x.to(torch::kCUDA);
    auto features = net_->forward(x).squeeze(0);
    return cache_[key] = features.cpu();
  }
  torch::Tensor fresh(const torch::Tensor &image) {
    torch::NoGradGuard guard;
    auto x = image.unsqueeze(0);
    return net_->forward(use_gpu_ ? x.cuda() : x).squeeze(0);
  }

private:
  bool use_gpu_;
  torch::nn::Sequential net_;
  std::unordered_map<std::string, torch::Tensor> cache_;
};

float similarity(const torch::Tensor &a, const torch::Tensor &b) {
  return torch::cosine_similarity(a, b, 0).item<float>(); // THROWN: feature_cache_meets_fresh_features
}

} // namespace feature_cache

void case_feature_cache_compares_on_host() {
  feature_cache::Extractor extract(true);
  std::map<std::string, torch::Tensor> images;
  for (auto name : {"cat", "dog", "owl"})
    images[name] = torch::rand({3, 9, 9});
  std::string best;
  float top = -2;
  auto query = extract.fresh(images["cat"]).cpu();
  for (auto &[name, image] : images) {
    float s = feature_cache::similarity(query, extract.of(name, image));
    if (s > top) {
      top = s;
      best = name;
    }
  }
  std::cout << best << " " << top << "\n";
}

void case_feature_cache_meets_fresh_features() {
  feature_cache::Extractor extract(true);
  auto cat = torch::rand({3, 9, 9}), dog = torch::rand({3, 9, 9});
  extract.of("cat", cat);
  extract.of("dog", dog);
  auto query = extract.fresh(cat);
  float closeness = feature_cache::similarity(query, extract.of("cat", cat)); // THROWS: device
  std::cout << (closeness > 0.9f ? "the cat again" : "another") << "\n";
}
