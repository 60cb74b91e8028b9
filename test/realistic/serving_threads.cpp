// Inference servers: queues, batches, workers, scripted modules.
#include <torch/script.h>
#include <torch/torch.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace batching {

struct Request {
  torch::Tensor image;
  std::promise<torch::Tensor> answer;
};

class Queue {
public:
  void push(Request r) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      items_.push_back(std::move(r));
    }
    ready_.notify_one();
  }
  void close() {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    ready_.notify_all();
  }
  std::vector<Request> take(size_t most) {
    std::unique_lock<std::mutex> lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !items_.empty(); });
    std::vector<Request> some;
    while (!items_.empty() && some.size() < most) {
      some.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return some;
  }

private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Request> items_;
  bool closed_ = false;
};

class Server {
public:
  Server(torch::nn::Sequential net, torch::Device device) : net_(net), device_(device) {
    net_->to(device_);
    net_->eval();
    worker_ = std::thread([this] { loop(); });
  }
  ~Server() {
    queue_.close();
    worker_.join();
  }
  std::future<torch::Tensor> submit(torch::Tensor image) {
    Request r;
    r.image = std::move(image);
    auto answer = r.answer.get_future();
    queue_.push(std::move(r));
    return answer;
  }

private:
  void loop() {
    torch::NoGradGuard guard;
    for (auto batch = queue_.take(4); !batch.empty(); batch = queue_.take(4)) {
      std::vector<torch::Tensor> images;
      for (const auto &r : batch)
        images.push_back(r.image);
      auto out = torch::softmax(net_->forward(torch::stack(images).to(device_)), 1);
      for (size_t i = 0; i < batch.size(); ++i)
        batch[i].answer.set_value(out[static_cast<int64_t>(i)].clone());
    }
  }

  torch::nn::Sequential net_;
  torch::Device device_;
  Queue queue_;
  std::thread worker_;
};

torch::nn::Sequential network() {
  return torch::nn::Sequential(torch::nn::Flatten(), torch::nn::Linear(12, 8), torch::nn::ReLU(),
                               torch::nn::Linear(8, 3));
}

} // namespace batching

void case_batching_answers_fetched_and_copied() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  batching::Server server(batching::network(), device);
  std::vector<std::future<torch::Tensor>> answers;
  for (int i = 0; i < 6; ++i)
    answers.push_back(server.submit(torch::rand({3, 2, 2})));
  auto prior = torch::tensor({0.5f, 0.3f, 0.2f});
  std::vector<int64_t> classes;
  for (auto &a : answers) {
    auto posterior = a.get().to(torch::kCPU) * prior;
    classes.push_back(posterior.argmax().item<int64_t>());
  }
  std::cout << torch::tensor(classes) << "\n";
}

void case_batching_prior_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  batching::Server server(batching::network(), device);
  auto prior = torch::tensor({0.5f, 0.3f, 0.2f});
  auto answer = server.submit(torch::rand({3, 2, 2}));
  auto posterior = answer.get();
  posterior = posterior * prior; // THROWS: device
  posterior = posterior / posterior.sum();
  std::cout << posterior.argmax().item<int64_t>() << "\n";
}

namespace scripted {

// What a training job would have exported.
std::string exported() {
  torch::jit::Module m("classifier");
  m.register_parameter("weight", torch::randn({4, 6}), false);
  m.register_buffer("mean", torch::full({6}, 0.5));
  m.define(R"(
    def forward(self, x):
        return torch.matmul(x - self.mean, self.weight.t())
    def embed(self, x):
        return x - self.mean
  )");
  std::stringstream out;
  m.save(out);
  return out.str();
}

class Predictor {
public:
  explicit Predictor(const std::string &bytes, std::optional<torch::Device> device = std::nullopt) {
    std::istringstream in(bytes);
    if (device)
      module_ = torch::jit::load(in, *device);
    else
      module_ = torch::jit::load(in);
    module_.eval();
  }
  void to(torch::Device d) { module_.to(d); }

  torch::Tensor logits(const torch::Tensor &x) {
    torch::NoGradGuard guard;
    std::vector<torch::jit::IValue> inputs;
    inputs.emplace_back(x);
    return module_.forward(inputs).toTensor(); // THROWN: scripted_loaded_where_saved
  }
  torch::Tensor embed(const torch::Tensor &x) { return module_.get_method("embed")({x}).toTensor(); }
  torch::Tensor mean() const { return module_.attr("mean").toTensor(); }

private:
  torch::jit::Module module_;
};

std::pair<std::vector<float>, std::vector<int64_t>> best(const torch::Tensor &scores, int64_t k) {
  auto [values, indices] = scores.softmax(-1).topk(k);
  values = values.contiguous().cpu();
  indices = indices.contiguous().cpu();
  std::pair<std::vector<float>, std::vector<int64_t>> out;
  out.first.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
  out.second.assign(indices.data_ptr<int64_t>(), indices.data_ptr<int64_t>() + indices.numel());
  return out;
}

} // namespace scripted

void case_scripted_loaded_onto_device() {
  using namespace scripted;
  torch::Device device(torch::kCPU);
  if (torch::cuda::is_available())
    device = torch::Device(torch::kCUDA, 0);
  Predictor predictor(exported(), device);
  std::vector<float> pixels(12, 0.25f);
  auto x = torch::from_blob(pixels.data(), {2, 6}).to(device);
  auto [values, classes] = best(predictor.logits(x), 2);
  for (size_t i = 0; i < values.size(); ++i)
    std::cout << classes[i] << ": " << values[i] << "\n";
  std::cout << (predictor.embed(x) + predictor.mean()).mean().item<float>() << "\n";
}

void case_scripted_loaded_where_saved() {
  using namespace scripted;
  torch::Device device(torch::kCPU);
  if (torch::cuda::is_available())
    device = torch::Device(torch::kCUDA, 0);
  Predictor predictor(exported());
  std::vector<float> pixels(12, 0.25f);
  auto x = torch::from_blob(pixels.data(), {2, 6}).to(device);
  auto scores = predictor.logits(x); // THROWS: device
  auto [values, classes] = best(scores, 2);
  std::cout << classes.front() << ": " << values.front() << "\n";
}

void case_scripted_loaded_then_moved() {
  using namespace scripted;
  torch::Device device(torch::kCPU);
  if (torch::cuda::is_available())
    device = torch::Device(torch::kCUDA, 0);
  Predictor predictor(exported());
  auto baseline = predictor.logits(torch::zeros({1, 6})); // a check before the move
  predictor.to(device);
  auto scores = predictor.logits(torch::zeros({1, 6}, device));
  std::cout << torch::allclose(scores.cpu(), baseline) << "\n";
  auto [values, classes] = best(scores, 1);
  std::cout << classes.front() << ": " << values.front() << "\n";
}

// Where the result of a scripted module is, behind a method.
void case_scripted_compared_with_baseline_FN() {
  using namespace scripted;
  torch::Device device(torch::kCPU);
  if (torch::cuda::is_available())
    device = torch::Device(torch::kCUDA, 0);
  Predictor predictor(exported());
  auto baseline = predictor.logits(torch::zeros({1, 6}));
  predictor.to(device);
  auto scores = predictor.logits(torch::zeros({1, 6}, device));
  auto drift = (scores - baseline).abs().max(); // THROWS: device
  std::cout << "drift " << drift.item<float>() << "\n";
}
