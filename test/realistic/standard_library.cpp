// Tensors in the standard library: async, variant, optional, any, heaps, algorithms, callbacks.
#include <torch/torch.h>

#include <algorithm>
#include <any>
#include <array>
#include <functional>
#include <future>
#include <iostream>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace prefetch {

struct Batch {
  torch::Tensor images, labels;
};

// Reads the next batch while the last one is used.
class Prefetcher {
public:
  Prefetcher(torch::Device device, bool labels_too) : device_(device), labels_too_(labels_too) { start(); }

  std::optional<Batch> next() {
    if (left_ == 0)
      return std::nullopt;
    auto b = pending_.get();
    if (--left_ > 0)
      start();
    return b;
  }

private:
  void start() {
    pending_ = std::async(std::launch::async, [device = device_, labels_too = labels_too_] {
      Batch b{torch::rand({3, 1, 6, 6}), torch::randint(0, 4, {3}, torch::kLong)};
      b.images = b.images.to(device);
      if (labels_too)
        b.labels = b.labels.to(device);
      return b;
    });
  }
  torch::Device device_;
  bool labels_too_;
  int left_ = 3;
  std::future<Batch> pending_;
};

struct NetImpl : torch::nn::Module {
  NetImpl() {
    conv = register_module("conv", torch::nn::Conv2d(1, 3, 3));
    fc = register_module("fc", torch::nn::Linear(3 * 16, 4));
  }
  torch::Tensor forward(torch::Tensor x) { return fc(torch::relu(conv(x)).flatten(1)); }
  torch::nn::Conv2d conv{nullptr};
  torch::nn::Linear fc{nullptr};
};
TORCH_MODULE(Net);

} // namespace prefetch

void case_prefetch_labels_too() {
  using namespace prefetch;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Net net;
  net->to(device);
  torch::optim::SGD opt(net->parameters(), 0.1);
  Prefetcher batches(device, true);
  while (auto b = batches.next()) {
    auto loss = torch::cross_entropy_loss(net->forward(b->images), b->labels);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_prefetch_images_only() {
  using namespace prefetch;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Net net;
  net->to(device);
  torch::optim::SGD opt(net->parameters(), 0.1);
  Prefetcher batches(device, false);
  while (auto b = batches.next()) {
    auto logits = net->forward(b->images);
    auto loss = torch::cross_entropy_loss(logits, b->labels); // THROWS: device
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_prefetch_two_models_in_parallel() {
  using namespace prefetch;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Net> nets{Net(), Net()};
  for (auto &n : nets)
    n->to(device);
  auto images = torch::rand({2, 1, 6, 6}, device);
  std::vector<std::future<torch::Tensor>> results;
  for (auto &n : nets)
    results.push_back(std::async(std::launch::async, [n, images]() mutable {
      torch::NoGradGuard guard;
      return n->forward(images).softmax(1);
    }));
  auto mean = torch::zeros({2, 4}, images.options());
  for (auto &r : results)
    mean += r.get() / double(results.size());
  std::cout << mean.argmax(1).cpu() << "\n";
}

void case_prefetch_votes_gathered_on_host() {
  using namespace prefetch;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Net> nets{Net(), Net()};
  for (auto &n : nets)
    n->to(device);
  auto images = torch::rand({2, 1, 6, 6}, device);
  std::vector<std::future<torch::Tensor>> results;
  for (auto &n : nets)
    results.push_back(std::async(std::launch::async, [n, images]() mutable { return n->forward(images).softmax(1); }));
  auto votes = torch::zeros({2, 4});
  for (auto &r : results)
    votes.scatter_add_(1, r.get().argmax(1, true), torch::ones({2, 1})); // THROWS: device
  std::cout << votes << "\n";
}

namespace messages {

struct Image {
  torch::Tensor pixels;
};
struct Tokens {
  torch::Tensor ids;
  std::string language;
};
struct Number {
  double value;
};
using Input = std::variant<Image, Tokens, Number>;

// Every kind of input as a vector of the same width.
class Embedder : public torch::nn::Module {
public:
  explicit Embedder(int64_t width) {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, width, 3)));
    words = register_module("words", torch::nn::Embedding(30, width));
    line = register_module("line", torch::nn::Linear(1, width));
  }
  torch::Tensor operator()(const Input &input) {
    return std::visit([this](const auto &i) { return embed(i); }, input);
  }

protected:
  torch::Device device() { return line->weight.device(); }
  torch::Tensor embed(const Image &i) { return conv(i.pixels.to(device()).unsqueeze(0)).mean({2, 3}); }
  torch::Tensor embed(const Tokens &t) { return words(t.ids.to(device())).mean(0, true); }
  torch::Tensor embed(const Number &n) { return line(torch::full({1, 1}, n.value, line->weight.options())); }

  torch::nn::Conv2d conv{nullptr};
  torch::nn::Embedding words{nullptr};
  torch::nn::Linear line{nullptr};
};

// Numbers on a logarithmic scale, made anew.
class LogEmbedder : public Embedder {
public:
  using Embedder::Embedder;
  torch::Tensor operator()(const Input &input) {
    if (const auto *n = std::get_if<Number>(&input))
      return line(torch::tensor({{std::log1p(n->value)}})); // THROWN: messages_number_made_on_host
    return Embedder::operator()(input);
  }
};

std::vector<Input> inputs() {
  return {Image{torch::rand({3, 5, 5})}, Tokens{torch::tensor({3, 1, 2}, torch::kLong), "en"}, Number{4.5}};
}

} // namespace messages

void case_messages_embedded_where_the_weights_are() {
  using namespace messages;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Embedder embed(6);
  embed.to(device);
  std::vector<torch::Tensor> rows;
  auto all = inputs();
  std::transform(all.begin(), all.end(), std::back_inserter(rows), [&](const Input &i) { return embed(i); });
  auto similar = torch::cat(rows).mm(torch::cat(rows).t());
  std::cout << similar.diag().cpu() << "\n";
}

void case_messages_number_made_on_host() {
  using namespace messages;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  LogEmbedder embed(6);
  embed.to(device);
  std::vector<torch::Tensor> rows;
  for (const auto &i : inputs())
    rows.push_back(embed(i)); // THROWS: device
  std::cout << torch::cat(rows).norm().item<float>() << "\n";
}

void case_messages_summed_from_host_zero() {
  using namespace messages;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Embedder embed(6);
  embed.to(device);
  auto all = inputs();
  auto sum = std::accumulate(all.begin(), all.end(), torch::zeros({1, 6}), // THROWS: device
                             [&](const torch::Tensor &s, const Input &i) { return s + embed(i); }); // THROWN: messages_summed_from_host_zero
  std::cout << sum.norm().item<float>() << "\n";
}

namespace search {

struct Hypothesis {
  std::vector<int64_t> tokens;
  torch::Tensor hidden;
  double score;
  bool operator<(const Hypothesis &o) const { return score < o.score; }
};

struct LanguageModelImpl : torch::nn::Module {
  LanguageModelImpl() : embedding(9, 5), cell(5, 7), out(7, 9) {
    register_module("embedding", embedding);
    register_module("cell", cell);
    register_module("out", out);
  }
  std::pair<torch::Tensor, torch::Tensor> step(const torch::Tensor &token, const torch::Tensor &hidden) {
    auto h = cell(embedding(token), hidden); // THROWN: search_hidden_starts_on_host
    return {torch::log_softmax(out(h), 1), h};
  }
  torch::nn::Embedding embedding;
  torch::nn::GRUCell cell;
  torch::nn::Linear out;
};
TORCH_MODULE(LanguageModel);

Hypothesis best_first(LanguageModel &model, torch::Tensor start, torch::Device device, size_t length) {
  torch::NoGradGuard guard;
  std::priority_queue<Hypothesis> open;
  open.push({{1}, start, 0});
  while (true) {
    auto top = open.top();
    open.pop();
    if (top.tokens.size() >= length)
      return top;
    auto token = torch::tensor({top.tokens.back()}).to(device);
    auto [scores, hidden] = model->step(token, top.hidden);
    auto [values, indices] = scores.squeeze(0).topk(2);
    for (int64_t k = 0; k < 2; ++k) {
      Hypothesis h = top;
      h.tokens.push_back(indices[k].item<int64_t>());
      h.score += values[k].item<double>();
      h.hidden = hidden;
      open.push(std::move(h));
    }
  }
}

} // namespace search

void case_search_hidden_starts_on_device() {
  using namespace search;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  LanguageModel model;
  model->to(device);
  model->eval();
  auto found = best_first(model, torch::zeros({1, 7}, device), device, 4);
  for (auto t : found.tokens)
    std::cout << t << " ";
  auto memory = found.hidden.cpu() + torch::zeros({1, 7});
  std::cout << memory.norm().item<float>() << "\n";
}

void case_search_hidden_starts_on_host() {
  using namespace search;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  LanguageModel model;
  model->to(device);
  model->eval();
  auto found = best_first(model, torch::zeros({1, 7}), device, 4); // THROWS: device
  for (auto t : found.tokens)
    std::cout << t << " ";
}

void case_search_found_state_against_host() {
  using namespace search;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  LanguageModel model;
  model->to(device);
  model->eval();
  auto start = torch::zeros({1, 7});
  auto found = best_first(model, start.to(device), device, 4);
  auto moved = (found.hidden - start).norm(); // THROWS: device
  std::cout << moved.item<float>() << "\n";
}
