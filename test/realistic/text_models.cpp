// Text: attention between sequences, masks, positions, losses over alignments, classifiers with features.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace translate {

struct Vocabulary {
  std::map<std::string, int64_t> ids{{"<pad>", 0}, {"<s>", 1}, {"</s>", 2}};
  std::vector<int64_t> encode(const std::string &text) {
    std::vector<int64_t> out{1};
    std::istringstream in(text);
    for (std::string w; in >> w;)
      out.push_back(ids.emplace(w, int64_t(ids.size())).first->second);
    out.push_back(2);
    return out;
  }
};

torch::Tensor padded(const std::vector<std::vector<int64_t>> &rows, torch::Device device) {
  size_t longest = 0;
  for (const auto &r : rows)
    longest = std::max(longest, r.size());
  auto out = torch::zeros({int64_t(rows.size()), int64_t(longest)}, torch::kLong);
  for (size_t i = 0; i < rows.size(); ++i)
    out[int64_t(i)].slice(0, 0, int64_t(rows[i].size())).copy_(torch::tensor(rows[i]));
  return out.to(device);
}

torch::Tensor causal(int64_t n) {
  return torch::triu(torch::full({n, n}, -std::numeric_limits<float>::infinity()), 1);
}

struct PositionalImpl : torch::nn::Module {
  PositionalImpl(int64_t width, int64_t longest) {
    auto place = torch::arange(longest).unsqueeze(1).to(torch::kFloat);
    auto rate = torch::exp(torch::arange(0, width, 2).to(torch::kFloat) * (-std::log(10000.0) / width));
    auto table = torch::zeros({longest, width});
    table.slice(1, 0, width, 2).copy_(torch::sin(place * rate));
    table.slice(1, 1, width, 2).copy_(torch::cos(place * rate));
    pe = register_buffer("pe", table.unsqueeze(1));
  }
  torch::Tensor forward(const torch::Tensor &x) { return x + pe.slice(0, 0, x.size(0)); }
  torch::Tensor pe;
};
TORCH_MODULE(Positional);

struct TranslatorImpl : torch::nn::Module {
  TranslatorImpl(int64_t vocab, int64_t width)
      : width(width), embedding(vocab, width), position(width, 16),
        transformer(torch::nn::TransformerOptions(width, 2).num_encoder_layers(1).num_decoder_layers(1).dim_feedforward(8).dropout(0.0)),
        out(width, vocab) {
    register_module("embedding", embedding);
    register_module("position", position);
    register_module("transformer", transformer);
    register_module("out", out);
  }
  torch::Tensor forward(const torch::Tensor &source, const torch::Tensor &target, const torch::Tensor &mask) {
    auto s = position(embedding(source.t()) * std::sqrt(double(width)));
    auto t = position(embedding(target.t()) * std::sqrt(double(width)));
    auto missing = source.eq(0);
    auto h = transformer->forward(s, t, /*src_mask=*/{}, mask, /*memory_mask=*/{}, missing, target.eq(0), missing); // THROWN: translate_mask_on_host
    return out(h).transpose(0, 1);
  }
  int64_t width;
  torch::nn::Embedding embedding;
  Positional position;
  torch::nn::Transformer transformer;
  torch::nn::Linear out;
};
TORCH_MODULE(Translator);

std::pair<torch::Tensor, torch::Tensor> corpus(torch::Device device) {
  Vocabulary v;
  auto source = padded({v.encode("the cat sat"), v.encode("a dog")}, device);
  auto target = padded({v.encode("le chat assis"), v.encode("un chien")}, device);
  return {source, target};
}

} // namespace translate

void case_translate_mask_moved() {
  using namespace translate;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Translator model(24, 4);
  model->to(device);
  torch::optim::Adam opt(model->parameters(), torch::optim::AdamOptions(1e-3).betas({0.9, 0.98}));
  auto [source, target] = corpus(device);
  auto in = target.slice(1, 0, -1), wanted = target.slice(1, 1);
  auto mask = causal(in.size(1)).to(device);
  for (int i = 0; i < 2; ++i) {
    auto logits = model->forward(source, in, mask);
    auto loss = torch::nn::functional::cross_entropy(
        logits.reshape({-1, 24}), wanted.reshape(-1), torch::nn::functional::CrossEntropyFuncOptions().ignore_index(0));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_translate_mask_on_host() {
  using namespace translate;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Translator model(24, 4);
  model->to(device);
  model->eval();
  torch::NoGradGuard guard;
  auto [source, target] = corpus(device);
  auto logits = model->forward(source, target, causal(target.size(1))); // THROWS: device
  std::cout << logits.argmax(-1).cpu() << "\n";
}

void case_translate_greedily() {
  using namespace translate;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Translator model(24, 4);
  model->to(device);
  model->eval();
  auto source = corpus(device).first;
  std::vector<std::vector<int64_t>> said(source.size(0), {1});
  for (int step = 0; step < 3; ++step) {
    auto target = padded(said, device); // made again for each step
    auto logits = model->forward(source, target, causal(target.size(1)).to(source.device()));
    auto next = logits.select(1, -1).argmax(-1).cpu();
    auto *ids = next.data_ptr<int64_t>();
    for (size_t i = 0; i < said.size(); ++i)
      said[i].push_back(ids[i]);
  }
  std::cout << said[0].size() << "\n";
}

void case_translate_greedily_without_copy() {
  using namespace translate;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Translator model(24, 4);
  model->to(device);
  model->eval();
  auto source = corpus(device).first;
  auto target = torch::ones({source.size(0), 1}, source.options());
  auto logits = model->forward(source, target, causal(1).to(device));
  auto next = logits.select(1, -1).argmax(-1);
  auto *ids = next.data_ptr<int64_t>();
  std::cout << ids[0] << "\n"; // THROWS: host
}

namespace speech {

struct RecogniserImpl : torch::nn::Module {
  RecogniserImpl(int64_t bands, int64_t symbols) {
    gru = register_module("gru", torch::nn::GRU(torch::nn::GRUOptions(bands, 6).bidirectional(true)));
    norm = register_module("norm", torch::nn::BatchNorm1d(12));
    out = register_module("out", torch::nn::Linear(12, symbols));
  }
  torch::Tensor forward(const torch::Tensor &x) {
    auto h = std::get<0>(gru->forward(x));
    h = norm(h.permute({1, 2, 0})).permute({2, 0, 1});
    return torch::log_softmax(out(h), 2);
  }
  torch::nn::GRU gru{nullptr};
  torch::nn::BatchNorm1d norm{nullptr};
  torch::nn::Linear out{nullptr};
};
TORCH_MODULE(Recogniser);

struct Utterances {
  torch::Tensor features, text, feature_lengths, text_lengths;
  static Utterances draw() {
    return {torch::randn({9, 2, 5}), torch::randint(1, 7, {2, 3}, torch::kLong), torch::tensor({9, 7}), torch::tensor({3, 2})};
  }
};

// Removes blanks and what is said twice.
std::string collapse(const torch::Tensor &path) {
  std::string out;
  int64_t last = -1;
  for (int64_t i = 0; i < path.size(0); ++i) {
    auto s = path[i].item<int64_t>();
    if (s != last && s != 0)
      out.push_back(char('a' + s));
    last = s;
  }
  return out;
}

torch::Tensor smoothed(const torch::Tensor &log_p, const torch::Tensor &prior) {
  return log_p + 0.3 * prior.log().view({1, 1, -1}); // THROWN: speech_prior_counted_on_host
}

} // namespace speech

void case_speech_lengths_as_vectors() {
  using namespace speech;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Recogniser model(5, 8);
  model->to(device);
  torch::optim::SGD opt(model->parameters(), 1e-2);
  auto u = Utterances::draw();
  for (int i = 0; i < 2; ++i) {
    auto log_p = model->forward(u.features.to(device));
    auto loss = torch::ctc_loss(log_p, u.text.to(device), {9, 7}, {3, 2});
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
  auto path = model->forward(u.features.to(device)).argmax(2).select(1, 0);
  std::cout << collapse(path) << "\n";
}

void case_speech_prior_counted_on_host() {
  using namespace speech;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Recogniser model(5, 8);
  model->to(device);
  model->eval();
  auto u = Utterances::draw();
  auto prior = (torch::bincount(u.text.flatten(), {}, 8) + 1).to(torch::kFloat);
  prior /= prior.sum();
  auto log_p = smoothed(model->forward(u.features.to(device)), prior); // THROWS: device
  std::cout << collapse(log_p.argmax(2).select(1, 1)) << "\n";
}

void case_speech_prior_applied_on_host() {
  using namespace speech;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Recogniser model(5, 8);
  model->to(device);
  model->eval();
  auto u = Utterances::draw();
  auto prior = (torch::bincount(u.text.flatten(), {}, 8) + 1).to(torch::kFloat);
  auto log_p = smoothed(model->forward(u.features.to(device)).cpu(), prior / prior.sum());
  std::cout << collapse(log_p.argmax(2).select(1, 1)) << "\n";
}

void case_speech_weights_of_time_on_host() {
  using namespace speech;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Recogniser model(5, 8);
  model->to(device);
  model->eval();
  auto u = Utterances::draw();
  auto log_p = model->forward(u.features.to(device));
  auto there = torch::arange(log_p.size(0)).unsqueeze(1) < u.feature_lengths.unsqueeze(0); // time by utterance
  auto sure = (std::get<0>(log_p.max(2)) * there).sum(0); // THROWS: device
  std::cout << sure.cpu() / u.feature_lengths << "\n";
}
