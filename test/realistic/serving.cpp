// Inference servers: preprocessing, batching, warm-up, queues.
#include <torch/torch.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <queue>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace serving {

struct ClassifierImpl : torch::nn::Module {
  ClassifierImpl() {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3).padding(1)));
    bn = register_module("bn", torch::nn::BatchNorm2d(4));
    head = register_module("head", torch::nn::Linear(4, 5));
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(bn(conv(x)));
    x = torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1);
    return head(x);
  }
  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d bn{nullptr};
  torch::nn::Linear head{nullptr};
};
TORCH_MODULE(Classifier);

struct Image {
  int width = 8, height = 8;
  std::vector<uint8_t> pixels = std::vector<uint8_t>(8 * 8 * 3, 127);
};

struct Options {
  bool gpu = true;
  int batch = 4;
  bool normalise_on_device = true;
};

class Server {
public:
  explicit Server(const Options &options)
      : options_(options),
        device_(options.gpu && torch::cuda::is_available() ? torch::kCUDA : torch::kCPU) {
    model_->to(device_);
    model_->eval();
    mean_ = torch::tensor({0.485f, 0.456f, 0.406f}).view({1, 3, 1, 1});
    std_ = torch::tensor({0.229f, 0.224f, 0.225f}).view({1, 3, 1, 1});
    if (options_.normalise_on_device) {
      mean_ = mean_.to(device_);
      std_ = std_.to(device_);
    }
  }

  void warmUp(int rounds) {
    torch::InferenceMode guard;
    for (int i = 0; i < rounds; ++i)
      model_->forward(torch::zeros({1, 3, 8, 8}, device_));
  }

  std::vector<int64_t> classify(std::vector<Image> &images) {
    torch::NoGradGuard guard;
    std::vector<torch::Tensor> inputs;
    inputs.reserve(images.size());
    for (auto &image : images)
      inputs.push_back(preprocess(image));
    auto batch = torch::cat(inputs, 0);
    auto best = model_->forward(batch).argmax(1).to(torch::kCPU);
    return std::vector<int64_t>(best.data_ptr<int64_t>(), best.data_ptr<int64_t>() + best.numel());
  }

private:
  torch::Tensor preprocess(Image &image) {
    auto t = torch::from_blob(image.pixels.data(), {image.height, image.width, 3}, torch::kByte);
    t = t.to(device_).permute({2, 0, 1}).toType(torch::kFloat).div(255).unsqueeze(0);
    return (t - mean_) / std_; // THROWN: server_mean_stays_on_host
  }

  Options options_;
  torch::Device device_;
  Classifier model_;
  torch::Tensor mean_, std_;
};

} // namespace serving

void case_server_normalises_on_device() {
  serving::Options options;
  options.batch = 2;
  serving::Server server(options);
  server.warmUp(2);
  std::vector<serving::Image> images(options.batch);
  for (auto c : server.classify(images))
    std::cout << c << ' ';
}

// Missed: how many dimensions a view with sizes leaves.
void case_server_mean_stays_on_host() {
  serving::Options options;
  options.normalise_on_device = false;
  serving::Server server(options);
  server.warmUp(1);
  std::vector<serving::Image> images(2);
  auto classes = server.classify(images); // THROWS: device
  std::cout << classes.size() << "\n";
}

namespace queueing {

using Request = std::pair<torch::Tensor, std::promise<torch::Tensor>>;

// One thread collects requests, stacks them, and answers them from the device.
class BatchWorker {
public:
  BatchWorker(torch::nn::Sequential net, torch::Device device) : net_(std::move(net)), device_(device) {
    net_->to(device_);
    net_->eval();
  }

  std::future<torch::Tensor> submit(torch::Tensor x) {
    std::promise<torch::Tensor> promise;
    auto future = promise.get_future();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      pending_.emplace(std::move(x), std::move(promise));
    }
    ready_.notify_one();
    return future;
  }

  void runOnce() {
    std::vector<Request> taken;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      ready_.wait(lock, [this] { return !pending_.empty(); });
      while (!pending_.empty()) {
        taken.push_back(std::move(pending_.front()));
        pending_.pop();
      }
    }
    std::vector<torch::Tensor> xs;
    for (auto &request : taken)
      xs.push_back(request.first);
    torch::NoGradGuard guard;
    auto answers = net_->forward(torch::stack(xs).to(device_)).cpu();
    for (size_t i = 0; i < taken.size(); ++i)
      taken[i].second.set_value(answers[static_cast<int64_t>(i)].clone());
  }

private:
  torch::nn::Sequential net_;
  torch::Device device_;
  std::queue<Request> pending_;
  std::mutex mutex_;
  std::condition_variable ready_;
};

} // namespace queueing

void case_queue_answers_on_host() {
  using namespace queueing;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential net(torch::nn::Linear(4, 8), torch::nn::ReLU(), torch::nn::Linear(8, 2));
  BatchWorker worker(net, device);
  auto a = worker.submit(torch::ones({4}));
  auto b = worker.submit(torch::zeros({4}));
  std::thread thread([&] { worker.runOnce(); });
  thread.join();
  auto difference = (a.get() - b.get()).abs().sum();
  // The same weights, asked directly: the worker moved this very net.
  auto direct = net->forward(torch::ones({1, 4}, device)).cpu();
  std::cout << difference.item<float>() << ' ' << direct << "\n";
}

void case_queue_net_was_moved_by_worker() {
  using namespace queueing;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential net(torch::nn::Linear(4, 8), torch::nn::ReLU(), torch::nn::Linear(8, 2));
  const auto probe = torch::ones({1, 4});
  auto before = net->forward(probe);
  BatchWorker worker(net, device);
  auto answer = worker.submit(probe[0]);
  worker.runOnce();
  // Holders share the module: 'net' is on the device now.
  auto after = net->forward(probe); // THROWS: device
  std::cout << (before.to(device) - after).abs().max().item<float>() << answer.get() << "\n";
}

namespace registry {

using Handler = std::function<torch::Tensor(const torch::Tensor &)>;

struct Registry {
  std::map<std::string, Handler> handlers;
  void add(const std::string &name, Handler handler) { handlers[name] = std::move(handler); }
  torch::Tensor call(const std::string &name, const torch::Tensor &x) const {
    auto it = handlers.find(name);
    if (it == handlers.end())
      throw std::out_of_range("no model " + name);
    return it->second(x);
  }
};

} // namespace registry

void case_registry_of_lambdas() {
  const torch::Device device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  registry::Registry registry;
  torch::nn::Linear scorer(3, 1), ranker(3, 2);
  scorer->to(device);
  registry.add("score", [scorer, device](const torch::Tensor &x) mutable {
    return scorer->forward(x.to(device)).cpu();
  });
  registry.add("rank", [ranker](const torch::Tensor &x) mutable { return ranker->forward(x); });
  auto x = torch::rand({2, 3});
  auto both = torch::cat({registry.call("score", x), registry.call("rank", x)}, 1);
  std::cout << both << "\n";
}

void case_direct_lambda_forgets_device() {
  const torch::Device device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  torch::nn::Linear scorer(3, 1);
  scorer->to(device);
  auto score = [&](std::vector<float> features) {
    auto x = torch::tensor(features).unsqueeze(0);
    x.to(device);
    return scorer->forward(x).item<float>(); // THROWN: direct_lambda_forgets_device
  };
  float best = -1e9f;
  for (float f : {0.1f, 0.7f}) {
    float s = score({f, 1 - f, f * f}); // THROWS: device
    if (s > best)
      best = s;
  }
  std::cout << best << "\n";
}

namespace tiles {

// Splits a large picture, runs the tiles in batches and puts them together again.
torch::Tensor runTiled(torch::nn::Conv2d &net, const torch::Tensor &picture, int64_t tile, torch::Device device,
                       torch::Tensor result) {
  const int64_t h = picture.size(1), w = picture.size(2);
  for (int64_t y = 0; y < h; y += tile)
    for (int64_t x = 0; x < w; x += tile) {
      auto piece = picture.slice(1, y, y + tile).slice(2, x, x + tile).unsqueeze(0).to(device);
      auto out = net->forward(piece).squeeze(0);
      // Copies between devices on its own.
      result.slice(1, y, y + tile).slice(2, x, x + tile).copy_(out);
    }
  return result;
}

} // namespace tiles

void case_tiles_copied_to_host() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Conv2d net(torch::nn::Conv2dOptions(1, 1, 3).padding(1));
  net->to(device);
  auto picture = torch::rand({1, 8, 8});
  auto result = tiles::runTiled(net, picture, 4, device, torch::zeros({1, 8, 8}));
  std::cout << (result - picture).abs().mean().item<float>() << "\n";
}

void case_tiles_compared_across() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Conv2d net(torch::nn::Conv2dOptions(1, 1, 3).padding(1));
  net->to(device);
  auto picture = torch::rand({1, 8, 8});
  auto result = tiles::runTiled(net, picture, 4, device, torch::zeros({1, 8, 8}, device));
  auto difference = (result - picture).abs(); // THROWS: device
  std::cout << difference.mean().item<float>() << "\n";
}
