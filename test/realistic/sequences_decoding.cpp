// Sequence models: hidden state that is carried, decoders with caches, beams, tags and masks.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace char_rnn {

using State = std::tuple<torch::Tensor, torch::Tensor>;

struct CharRNNImpl : torch::nn::Module {
  CharRNNImpl(int64_t vocab, int64_t width, int64_t layers)
      : layers(layers), width(width), embedding(vocab, width),
        lstm(torch::nn::LSTMOptions(width, width).num_layers(layers).batch_first(true)), decoder(width, vocab) {
    register_module("embedding", embedding);
    register_module("lstm", lstm);
    register_module("decoder", decoder);
  }
  State init_hidden(int64_t batch) const {
    return {torch::zeros({layers, batch, width}), torch::zeros({layers, batch, width})};
  }
  State init_hidden_like_weights(int64_t batch) const {
    auto opts = decoder->weight.options().requires_grad(false);
    return {torch::zeros({layers, batch, width}, opts), torch::zeros({layers, batch, width}, opts)};
  }
  std::pair<torch::Tensor, State> forward(torch::Tensor tokens, State state) {
    auto [out, next] = lstm->forward(embedding->forward(tokens), state); // THROWN: char_rnn_state_from_init_hidden // THROWN: char_rnn_samples_from_long_tensor
    return {decoder->forward(out), next};
  }
  int64_t layers, width;
  torch::nn::Embedding embedding;
  torch::nn::LSTM lstm;
  torch::nn::Linear decoder;
};
TORCH_MODULE(CharRNN);

State repackage(const State &s) { return {std::get<0>(s).detach(), std::get<1>(s).detach()}; }

State moved(State s, torch::Device d) { return {std::get<0>(s).to(d), std::get<1>(s).to(d)}; }

std::pair<torch::Tensor, torch::Tensor> window(const torch::Tensor &corpus, int64_t at, int64_t length) {
  return {corpus.slice(1, at, at + length), corpus.slice(1, at + 1, at + length + 1)};
}

} // namespace char_rnn

void case_char_rnn_state_moved_by_helper() {
  using namespace char_rnn;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  CharRNN net(11, 6, 2);
  net->to(device);
  auto corpus = torch::randint(11, {2, 13}, torch::kLong);
  torch::optim::Adam opt(net->parameters(), 2e-3);
  auto state = moved(net->init_hidden(2), device);
  for (int64_t at = 0; at + 4 < 13; at += 4) {
    auto [x, y] = window(corpus, at, 4);
    torch::Tensor logits;
    std::tie(logits, state) = net->forward(x.to(device), repackage(state));
    auto loss = torch::cross_entropy_loss(logits.reshape({-1, 11}), y.to(device).reshape(-1));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_char_rnn_state_from_init_hidden() {
  using namespace char_rnn;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  CharRNN net(11, 6, 1);
  net->to(device);
  auto corpus = torch::randint(11, {2, 13}, torch::kLong).to(device);
  auto state = net->init_hidden(2);
  for (int64_t at = 0; at + 4 < 13; at += 4) {
    auto [x, y] = window(corpus, at, 4);
    torch::Tensor logits;
    std::tie(logits, state) = net->forward(x, repackage(state)); // THROWS: device
    auto loss = torch::cross_entropy_loss(logits.reshape({-1, 11}), y.reshape(-1));
    loss.backward();
  }
}

void case_char_rnn_samples_text() {
  using namespace char_rnn;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  CharRNN net(11, 6, 1);
  net->to(device);
  net->eval();
  auto state = net->init_hidden_like_weights(1);
  std::vector<int64_t> text{3};
  for (int i = 0; i < 5; ++i) {
    auto x = torch::tensor({text.back()}, torch::TensorOptions(torch::kLong).device(device)).view({1, 1});
    torch::Tensor logits;
    std::tie(logits, state) = net->forward(x, state);
    auto weights = (logits.view(-1) / 0.8).exp().cpu();
    text.push_back(weights.multinomial(1).item<int64_t>());
  }
  std::cout << text.size() << "\n";
}

void case_char_rnn_samples_from_long_tensor() {
  using namespace char_rnn;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  CharRNN net(11, 6, 1);
  net->to(device);
  net->eval();
  auto state = net->init_hidden_like_weights(1);
  auto x = torch::full({1, 1}, 3, torch::TensorOptions(torch::kLong).device(device));
  for (int i = 0; i < 5; ++i) {
    torch::Tensor logits;
    std::tie(logits, state) = net->forward(x, state); // THROWS: device
    auto weights = (logits.view(-1) / 0.8).exp().cpu();
    x = weights.multinomial(1).view({1, 1});
  }
  std::cout << x << "\n";
}

namespace decoder_cache {

struct Cache {
  torch::Tensor keys, values;
  int64_t length = 0;
};

struct AttentionImpl : torch::nn::Module {
  AttentionImpl(int64_t width, int64_t heads) : heads(heads), qkv(width, 3 * width), proj(width, width) {
    register_module("qkv", qkv);
    register_module("proj", proj);
  }
  torch::Tensor forward(torch::Tensor x, Cache *cache = nullptr) {
    const auto b = x.size(0), t = x.size(1), c = x.size(2);
    auto parts = qkv(x).view({b, t, 3, heads, c / heads}).permute({2, 0, 3, 1, 4});
    auto q = parts[0], k = parts[1], v = parts[2];
    if (cache) {
      if (cache->keys.defined()) {
        k = torch::cat({cache->keys, k}, 2); // THROWN: cache_offloaded_between_turns
        v = torch::cat({cache->values, v}, 2);
      }
      cache->keys = k;
      cache->values = v;
      cache->length = k.size(2);
    }
    auto scores = torch::matmul(q, k.transpose(-2, -1)) / std::sqrt(double(c / heads));
    const auto s = k.size(2);
    if (t > 1) {
      auto mask = torch::ones({t, s}, x.options().dtype(torch::kBool)).tril(s - t).logical_not();
      scores = scores.masked_fill(mask, -std::numeric_limits<float>::infinity());
    }
    return proj(torch::matmul(scores.softmax(-1), v).transpose(1, 2).reshape({b, t, c}));
  }
  int64_t heads;
  torch::nn::Linear qkv, proj;
};
TORCH_MODULE(Attention);

struct GPTImpl : torch::nn::Module {
  GPTImpl(int64_t vocab, int64_t width, int64_t context) : context(context), token(vocab, width), place(context, width) {
    register_module("token", token);
    register_module("place", place);
    for (int i = 0; i < 2; ++i)
      blocks->push_back(Attention(width, 2));
    register_module("blocks", blocks);
    head = register_module("head", torch::nn::Linear(torch::nn::LinearOptions(width, vocab).bias(false)));
  }
  torch::Tensor forward(torch::Tensor idx, std::vector<Cache> *caches = nullptr) {
    const int64_t past = caches ? caches->front().length : 0;
    auto pos = torch::arange(past, past + idx.size(1), idx.options());
    auto x = token(idx) + place(pos);
    for (size_t i = 0; i < blocks->size(); ++i)
      x = x + blocks[i]->as<Attention>()->forward(x, caches ? &(*caches)[i] : nullptr);
    return head(x);
  }
  int64_t context;
  torch::nn::Embedding token, place;
  torch::nn::ModuleList blocks;
  torch::nn::Linear head{nullptr};
};
TORCH_MODULE(GPT);

} // namespace decoder_cache

void case_cache_grows_on_device() {
  using namespace decoder_cache;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  GPT gpt(13, 8, 16);
  gpt->to(device);
  gpt->eval();
  std::vector<Cache> caches(2);
  auto prompt = torch::randint(0, 13, {1, 4}).to(torch::kLong).to(device);
  auto logits = gpt->forward(prompt, &caches);
  for (int i = 0; i < 4; ++i) {
    auto next = logits.select(1, -1).argmax(-1, /*keepdim=*/true);
    prompt = torch::cat({prompt, next}, 1);
    logits = gpt->forward(next, &caches);
  }
  std::cout << prompt.cpu() << "\n";
}

void case_cache_offloaded_between_turns() {
  using namespace decoder_cache;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  GPT gpt(13, 8, 16);
  gpt->to(device);
  gpt->eval();
  std::vector<Cache> caches(2);
  auto logits = gpt->forward(torch::randint(0, 13, {1, 4}, torch::kLong).to(device), &caches);
  for (auto &c : caches) { // room for another conversation
    c.keys = c.keys.cpu();
    c.values = c.values.cpu();
  }
  auto next = logits.select(1, -1).argmax(-1, true);
  logits = gpt->forward(next, &caches); // THROWS: device
  std::cout << logits.argmax(-1).cpu() << "\n";
}

void case_cache_offloaded_and_fetched() {
  using namespace decoder_cache;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  GPT gpt(13, 8, 16);
  gpt->to(device);
  gpt->eval();
  std::vector<Cache> caches(2);
  auto logits = gpt->forward(torch::randint(0, 13, {1, 4}, torch::kLong).to(device), &caches);
  std::vector<Cache> shelf;
  for (const auto &c : caches)
    shelf.push_back({c.keys.cpu(), c.values.cpu(), c.length});
  caches.clear();
  for (auto &c : shelf)
    caches.push_back({c.keys.to(device), c.values.to(device), c.length});
  auto next = logits.select(1, -1).argmax(-1, true);
  logits = gpt->forward(next, &caches);
  std::cout << logits.argmax(-1).cpu() << "\n";
}

void case_cache_prompt_rebuilt_on_host() {
  using namespace decoder_cache;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  GPT gpt(13, 8, 16);
  gpt->to(device);
  gpt->eval();
  std::vector<int64_t> ids{1, 5, 7};
  auto prompt = torch::tensor(ids).unsqueeze(0).to(device);
  for (int i = 0; i < 3; ++i) {
    auto logits = gpt->forward(prompt);
    auto next = logits.select(1, -1).argmax(-1).item<int64_t>();
    ids.push_back(next);
    prompt = torch::cat({prompt, torch::full({1, 1}, next, torch::kLong)}, 1); // THROWS: device
  }
  std::cout << prompt << "\n";
}
