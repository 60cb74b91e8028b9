// Sequence models: recurrent state, packed sequences, attention, sampling.
#include <torch/torch.h>

#include <cmath>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

namespace F = torch::nn::functional;
using namespace torch::indexing;

namespace language {

using State = std::tuple<torch::Tensor, torch::Tensor>;

struct LanguageModelImpl : torch::nn::Module {
  LanguageModelImpl(int64_t vocab, int64_t hidden)
      : embed(vocab, hidden), lstm(torch::nn::LSTMOptions(hidden, hidden).num_layers(2).batch_first(true)),
        decoder(hidden, vocab), hidden(hidden) {
    register_module("embed", embed);
    register_module("lstm", lstm);
    register_module("decoder", decoder);
    decoder->weight = embed->weight; // tied
  }

  std::tuple<torch::Tensor, State> forward(torch::Tensor tokens, State state) {
    torch::Tensor out;
    std::tie(out, state) = lstm->forward(embed->forward(tokens), state); // THROWN: language_model_state_on_host // THROWN: language_model_sampling_rebuilds_token
    return {decoder->forward(out), state};
  }

  State zeroState(int64_t batch, torch::Device device) const {
    return {torch::zeros({2, batch, hidden}, device), torch::zeros({2, batch, hidden}, device)};
  }

  torch::nn::Embedding embed;
  torch::nn::LSTM lstm;
  torch::nn::Linear decoder;
  int64_t hidden;
};
TORCH_MODULE(LanguageModel);

State detached(const State &s) { return {std::get<0>(s).detach(), std::get<1>(s).detach()}; }

torch::Tensor corpus() { return torch::randint(0, 11, {2, 25}, torch::kLong); }

double trainEpoch(LanguageModel &model, const torch::Tensor &tokens, torch::Device device, torch::optim::Optimizer &opt,
                  State state) {
  const int64_t bptt = 8;
  double total = 0;
  for (int64_t i = 0; i + bptt + 1 <= tokens.size(1); i += bptt) {
    auto input = tokens.index({Slice(), Slice(i, i + bptt)}).to(device);
    auto target = tokens.index({Slice(), Slice(i + 1, i + 1 + bptt)}).to(device);
    state = detached(state);
    torch::Tensor logits;
    std::tie(logits, state) = model->forward(input, state);
    auto loss = F::cross_entropy(logits.reshape({-1, logits.size(2)}), target.reshape({-1}));
    opt.zero_grad();
    loss.backward();
    torch::nn::utils::clip_grad_norm_(model->parameters(), 0.25);
    opt.step();
    total += loss.item<double>();
  }
  return std::exp(total / 3);
}

} // namespace language

void case_language_model_truncated_backprop() {
  using namespace language;
  const auto device = torch::cuda::is_available() ? torch::Device("cuda:0") : torch::Device("cpu");
  LanguageModel model(11, 8);
  model->to(device);
  torch::optim::SGD opt(model->parameters(), 0.5);
  auto tokens = corpus();
  for (int epoch = 0; epoch < 2; ++epoch)
    std::cout << "ppl " << trainEpoch(model, tokens, device, opt, model->zeroState(2, device)) << "\n";
}

void case_language_model_state_on_host() {
  using namespace language;
  const auto device = torch::cuda::is_available() ? torch::Device("cuda:0") : torch::Device("cpu");
  LanguageModel model(11, 8);
  model->to(device);
  torch::optim::SGD opt(model->parameters(), 0.5);
  auto tokens = corpus();
  State initial = model->zeroState(2, torch::kCPU);
  for (int epoch = 0; epoch < 2; ++epoch)
    std::cout << "ppl " << trainEpoch(model, tokens, device, opt, initial) << "\n"; // THROWS: device
}

void case_language_model_greedy_sampling() {
  using namespace language;
  torch::NoGradGuard g;
  const auto device = torch::cuda::is_available() ? torch::Device("cuda:0") : torch::Device("cpu");
  LanguageModel model(11, 8);
  model->to(device);
  model->eval();
  auto state = model->zeroState(1, device);
  auto token = torch::tensor({{3}}, torch::TensorOptions().dtype(torch::kLong).device(device));
  std::vector<int64_t> text;
  for (int i = 0; i < 6; ++i) {
    torch::Tensor logits;
    std::tie(logits, state) = model->forward(token, state);
    auto p = torch::softmax(logits.index({0, -1}) / 0.8, 0).cpu();
    int64_t next = p.multinomial(1).item<int64_t>();
    text.push_back(next);
    token.fill_(next);
  }
  std::cout << text.size() << "\n";
}

void case_language_model_sampling_rebuilds_token() {
  using namespace language;
  torch::NoGradGuard g;
  const auto device = torch::cuda::is_available() ? torch::Device("cuda:0") : torch::Device("cpu");
  LanguageModel model(11, 8);
  model->to(device);
  model->eval();
  auto state = model->zeroState(1, device);
  auto token = torch::tensor({{3}}, torch::TensorOptions().dtype(torch::kLong).device(device));
  std::vector<int64_t> text;
  for (int i = 0; i < 6; ++i) {
    auto result = model->forward(token, state); // THROWS: device
    state = std::get<1>(result);
    auto p = torch::softmax(std::get<0>(result).index({0, -1}) / 0.8, 0);
    int64_t next = p.multinomial(1).item<int64_t>();
    text.push_back(next);
    // The first round is fine; the second meets this one.
    token = torch::full({1, 1}, next, torch::kLong);
  }
  std::cout << text.size() << "\n";
}

namespace packed {

struct TaggerImpl : torch::nn::Module {
  TaggerImpl() {
    embed = register_module("embed", torch::nn::Embedding(torch::nn::EmbeddingOptions(20, 6).padding_idx(0)));
    gru = register_module("gru", torch::nn::GRU(torch::nn::GRUOptions(6, 5).bidirectional(true)));
    out = register_module("out", torch::nn::Linear(10, 3));
  }

  torch::Tensor forward(torch::Tensor tokens, torch::Tensor lengths) {
    namespace rnn = torch::nn::utils::rnn;
    auto embedded = embed(tokens);
    auto input = rnn::pack_padded_sequence(embedded, lengths, /*batch_first=*/true, /*enforce_sorted=*/false); // THROWN: tagger_lengths_on_device
    auto [output, hidden] = gru->forward_with_packed_input(input);
    auto padded = std::get<0>(rnn::pad_packed_sequence(output, /*batch_first=*/true));
    return out(padded);
  }

  torch::nn::Embedding embed{nullptr};
  torch::nn::GRU gru{nullptr};
  torch::nn::Linear out{nullptr};
};
TORCH_MODULE(Tagger);

struct Sentences {
  torch::Tensor tokens, lengths, tags;
};

Sentences makeSentences() {
  auto tokens = torch::randint(1, 20, {3, 5}, torch::kLong);
  tokens.index_put_({1, Slice(3, None)}, 0);
  return {tokens, torch::tensor({5, 3, 5}), torch::randint(0, 3, {3, 5}, torch::kLong)};
}

} // namespace packed

void case_tagger_lengths_stay_on_host() {
  using namespace packed;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Tagger tagger;
  tagger->to(device);
  torch::optim::Adam opt(tagger->parameters(), 1e-3);
  auto data = makeSentences();
  for (int i = 0; i < 2; ++i) {
    // Lengths belong on the host; everything else goes along with the model.
    auto scores = tagger->forward(data.tokens.to(device), data.lengths);
    auto loss = F::cross_entropy(scores.transpose(1, 2), data.tags.to(device));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_tagger_lengths_on_device() {
  using namespace packed;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Tagger tagger;
  tagger->to(device);
  auto data = makeSentences();
  for (auto *t : {&data.tokens, &data.lengths, &data.tags})
    *t = t->to(device);
  auto scores = tagger->forward(data.tokens, data.lengths); // THROWS: device
  auto loss = F::cross_entropy(scores.transpose(1, 2), data.tags);
  std::cout << loss.item<float>() << "\n";
}

namespace transformer {

struct PositionalEncodingImpl : torch::nn::Module {
  PositionalEncodingImpl(int64_t width, int64_t length, bool buffer) {
    auto position = torch::arange(length).unsqueeze(1);
    auto rate = torch::exp(torch::arange(0, width, 2) * (-std::log(10000.0) / width));
    pe = torch::zeros({length, 1, width});
    pe.index_put_({Slice(), 0, Slice(0, None, 2)}, torch::sin(position * rate));
    pe.index_put_({Slice(), 0, Slice(1, None, 2)}, torch::cos(position * rate));
    if (buffer)
      register_buffer("pe", pe);
  }
  torch::Tensor forward(torch::Tensor x) { return x + pe.slice(0, 0, x.size(0)); } // THROWN: transformer_encoding_no_buffer
  torch::Tensor pe;
};
TORCH_MODULE(PositionalEncoding);

struct EncoderImpl : torch::nn::Module {
  EncoderImpl(int64_t vocab, int64_t width, bool buffer)
      : embed(vocab, width), position(width, 32, buffer),
        encoder(torch::nn::TransformerEncoderOptions(
            torch::nn::TransformerEncoderLayer(
                torch::nn::TransformerEncoderLayerOptions(width, 2).dim_feedforward(16).dropout(0.1)),
            2)),
        decoder(width, vocab), width(width) {
    register_module("embed", embed);
    register_module("position", position);
    register_module("encoder", encoder);
    register_module("decoder", decoder);
  }

  torch::Tensor forward(torch::Tensor tokens, torch::Tensor mask) {
    auto x = position(embed(tokens) * std::sqrt(static_cast<double>(width)));
    return decoder(encoder->forward(x, mask)); // THROWN: transformer_mask_on_host
  }

  torch::nn::Embedding embed;
  PositionalEncoding position;
  torch::nn::TransformerEncoder encoder;
  torch::nn::Linear decoder;
  int64_t width;
};
TORCH_MODULE(Encoder);

torch::Tensor causalMask(int64_t n) {
  return torch::full({n, n}, -std::numeric_limits<float>::infinity()).triu(1);
}

} // namespace transformer

void case_transformer_buffer_and_mask() {
  using namespace transformer;
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  Encoder model(13, 8, /*buffer=*/true);
  model->to(device);
  torch::optim::AdamW opt(model->parameters(), torch::optim::AdamWOptions(1e-3));
  auto tokens = torch::randint(0, 13, {6, 2}, torch::kLong).to(device);
  auto mask = causalMask(6).to(tokens.device());
  auto logits = model->forward(tokens.slice(0, 0, 6), mask);
  auto loss = F::cross_entropy(logits.view({-1, 13}), tokens.roll(-1, 0).view({-1}));
  loss.backward();
  opt.step();
}

void case_transformer_encoding_no_buffer() {
  using namespace transformer;
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  Encoder model(13, 8, /*buffer=*/false);
  model->to(device);
  auto tokens = torch::randint(0, 13, {6, 2}, torch::kLong).to(device);
  auto logits = model->forward(tokens, causalMask(6).to(device)); // THROWS: device
  auto loss = F::cross_entropy(logits.view({-1, 13}), tokens.view({-1}));
  loss.backward();
}

// The mask of a TransformerEncoder.
void case_transformer_mask_on_host() {
  using namespace transformer;
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  Encoder model(13, 8, /*buffer=*/true);
  model->to(device);
  auto tokens = torch::randint(0, 13, {6, 2}, torch::dtype(torch::kLong).device(device));
  auto mask = causalMask(tokens.size(0));
  auto logits = model->forward(tokens, mask); // THROWS: device
  std::cout << logits.sizes() << "\n";
}
