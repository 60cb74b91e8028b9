// Text and sound: bags of words, convolution over characters, spectrograms, beam search, CRF, retrieval.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace bag {

class Vocabulary {
public:
  int64_t id(const std::string &word) { return ids_.emplace(word, static_cast<int64_t>(ids_.size())).first->second; }
  std::vector<int64_t> ids(const std::vector<std::string> &words) {
    std::vector<int64_t> out;
    std::transform(words.begin(), words.end(), std::back_inserter(out), [this](const std::string &w) { return id(w); });
    return out;
  }

private:
  std::unordered_map<std::string, int64_t> ids_;
};

struct ClassifierImpl : torch::nn::Module {
  ClassifierImpl()
      : bag(register_module("bag", torch::nn::EmbeddingBag(torch::nn::EmbeddingBagOptions(20, 6).mode(torch::kMean)))),
        out(register_module("out", torch::nn::Linear(6, 2))) {}
  torch::Tensor forward(const torch::Tensor &tokens, const torch::Tensor &offsets) { return out(bag->forward(tokens, offsets)); } // THROWN: bag_offsets_on_host
  torch::nn::EmbeddingBag bag;
  torch::nn::Linear out;
};
TORCH_MODULE(Classifier);

std::pair<torch::Tensor, torch::Tensor> flatten(const std::vector<std::vector<int64_t>> &documents) {
  std::vector<int64_t> all, offsets;
  for (const auto &d : documents) {
    offsets.push_back(static_cast<int64_t>(all.size()));
    all.insert(all.end(), d.begin(), d.end());
  }
  return {torch::tensor(all), torch::tensor(offsets)};
}

} // namespace bag

void case_bag_tokens_and_offsets() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  bag::Vocabulary words;
  bag::Classifier net;
  net->to(device);
  auto [tokens, offsets] = bag::flatten({words.ids({"a", "good", "film"}), words.ids({"bad"})});
  auto scores = net(tokens.to(device), offsets.to(device));
  std::cout << scores.argmax(1).cpu() << "\n";
}

void case_bag_offsets_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  bag::Vocabulary words;
  bag::Classifier net;
  net->to(device);
  auto [tokens, offsets] = bag::flatten({words.ids({"a", "good", "film"}), words.ids({"bad"})});
  tokens = tokens.to(device);
  auto scores = net(tokens, offsets); // THROWS: device
  std::cout << scores.argmax(1).cpu() << "\n";
}

namespace sound {

class Spectrogram {
public:
  Spectrogram(int64_t n, int64_t hop) : n_(n), hop_(hop), window_(torch::hann_window(n)) {}
  void to(torch::Device d) { window_ = window_.to(d); }
  torch::Tensor operator()(const torch::Tensor &wave) const {
    auto frames = wave.unfold(0, n_, hop_) * window_; // THROWN: spectrogram_window_on_host
    return torch::abs(torch::fft::rfft(frames, c10::nullopt, 1)).pow(2).t();
  }

private:
  int64_t n_, hop_;
  torch::Tensor window_;
};

torch::Tensor filters(int64_t count, int64_t bins) {
  auto f = torch::zeros({count, bins});
  for (int64_t i = 0; i < count; ++i)
    f[i].slice(0, i * bins / count, (i + 1) * bins / count).fill_(1.0f / bins);
  return f;
}

} // namespace sound

void case_spectrogram_on_host_then_moved() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  sound::Spectrogram spectrogram(16, 8);
  auto wave = torch::sin(torch::arange(64) * 0.3);
  auto features = torch::log1p(torch::mm(sound::filters(3, 9), spectrogram(wave)));
  torch::nn::Linear net(3, 2);
  net->to(device);
  std::cout << net(features.t().to(device)).cpu() << "\n";
}

void case_spectrogram_window_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  sound::Spectrogram spectrogram(16, 8);
  auto wave = torch::sin(torch::arange(64, device) * 0.3);
  auto power = spectrogram(wave); // THROWS: device
  std::cout << power.sum().item<float>() << "\n";
}

void case_spectrogram_filters_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  sound::Spectrogram spectrogram(16, 8);
  spectrogram.to(device);
  auto bank = sound::filters(3, 9);
  auto wave = torch::sin(torch::arange(64, device) * 0.3);
  auto features = torch::mm(bank, spectrogram(wave)); // THROWS: device
  std::cout << features.sum().item<float>() << "\n";
}

namespace beam {

struct Hypothesis {
  std::vector<int64_t> tokens;
  double score = 0;
  torch::Tensor hidden;
};

struct Decoder {
  torch::nn::Embedding embed{7, 4};
  torch::nn::GRUCell cell{4, 4};
  torch::nn::Linear out{4, 7};
  void to(torch::Device d) {
    embed->to(d);
    cell->to(d);
    out->to(d);
  }
  std::pair<torch::Tensor, torch::Tensor> step(int64_t token, const torch::Tensor &hidden) {
    auto x = embed(torch::tensor({token}, torch::TensorOptions().dtype(torch::kLong).device(hidden.device()))); // THROWN: beam_search_starts_on_host
    auto h = cell(x, hidden);
    return {torch::log_softmax(out(h), 1).squeeze(0), h};
  }
};

Hypothesis search(Decoder &decoder, torch::Tensor start, size_t width, int length) {
  std::vector<Hypothesis> beams{{{0}, 0.0, start}};
  for (int t = 0; t < length; ++t) {
    std::vector<Hypothesis> next;
    for (const auto &b : beams) {
      auto [scores, hidden] = decoder.step(b.tokens.back(), b.hidden);
      auto [values, indices] = scores.topk(static_cast<int64_t>(width));
      for (size_t k = 0; k < width; ++k) {
        auto tokens = b.tokens;
        tokens.push_back(indices[k].item<int64_t>());
        next.push_back({tokens, b.score + values[k].item<double>(), hidden});
      }
    }
    std::sort(next.begin(), next.end(), [](const Hypothesis &x, const Hypothesis &y) { return x.score > y.score; });
    next.resize(std::min(width, next.size()));
    beams = std::move(next);
  }
  return beams.front();
}

} // namespace beam

void case_beam_search_follows_hidden() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  beam::Decoder decoder;
  decoder.to(device);
  auto best = beam::search(decoder, torch::zeros({1, 4}, device), 2, 3);
  std::cout << best.tokens.size() << best.hidden.norm().item<float>() << "\n";
}

void case_beam_search_starts_on_host() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  beam::Decoder decoder;
  decoder.to(device);
  auto start = torch::zeros({1, 4});
  auto best = beam::search(decoder, start, 2, 3); // THROWS: device
  std::cout << best.tokens.size() << "\n";
}

namespace retrieval {

// Embeddings of documents, kept on the host and searched in pieces on the device.
class Index {
public:
  void add(const torch::Tensor &embeddings) { rows_.push_back(torch::nn::functional::normalize(embeddings).cpu()); }
  torch::Tensor nearest(const torch::Tensor &query, int64_t k) const {
    std::vector<torch::Tensor> scores;
    for (const auto &piece : rows_)
      scores.push_back(torch::mm(query, piece.to(query.device()).t()));
    return std::get<1>(torch::cat(scores, 1).topk(k, 1));
  }
  torch::Tensor nearestDirect(const torch::Tensor &query, int64_t k) const {
    return std::get<1>(torch::mm(query, torch::cat(rows_).t()).topk(k, 1)); // THROWN: retrieval_direct_on_host_rows
  }

private:
  std::vector<torch::Tensor> rows_;
};

} // namespace retrieval

void case_retrieval_pieces_move() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear encoder(5, 4);
  encoder->to(device);
  retrieval::Index index;
  for (int i = 0; i < 3; ++i)
    index.add(encoder(torch::rand({2, 5}, device)));
  std::cout << index.nearest(encoder(torch::rand({1, 5}, device)), 2).cpu() << "\n";
}

void case_retrieval_direct_on_host_rows() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear encoder(5, 4);
  encoder->to(device);
  retrieval::Index index;
  for (int i = 0; i < 3; ++i)
    index.add(encoder(torch::rand({2, 5}, device)));
  auto query = encoder(torch::rand({1, 5}, device));
  std::cout << index.nearestDirect(query, 2).cpu() << "\n"; // THROWS: device
}

void case_retrieval_direct_query_on_host() {
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear encoder(5, 4);
  encoder->to(device);
  retrieval::Index index;
  for (int i = 0; i < 3; ++i)
    index.add(encoder(torch::rand({2, 5}, device)));
  auto query = encoder(torch::rand({1, 5}, device)).to(torch::kCPU);
  std::cout << index.nearestDirect(query, 2) << "\n";
}

namespace crf {

struct CrfImpl : torch::nn::Module {
  explicit CrfImpl(int64_t tags) : tags(tags) { transitions = register_parameter("transitions", torch::randn({tags, tags})); }
  torch::Tensor partition(const torch::Tensor &emissions, bool beside) {
    auto alpha = beside ? emissions.new_zeros({tags}) : torch::zeros({tags});
    for (int64_t t = 0; t < emissions.size(0); ++t)
      alpha = torch::logsumexp(alpha.unsqueeze(1) + transitions, 0) + emissions[t]; // THROWN: crf_alpha_on_host
    return torch::logsumexp(alpha, 0);
  }
  torch::Tensor score(const torch::Tensor &emissions, const std::vector<int64_t> &path) {
    auto s = emissions[0][path[0]];
    for (size_t t = 1; t < path.size(); ++t)
      s = s + transitions[path[t - 1]][path[t]] + emissions[static_cast<int64_t>(t)][path[t]];
    return s;
  }
  int64_t tags;
  torch::Tensor transitions;
};
TORCH_MODULE(Crf);

} // namespace crf

void case_crf_alpha_like_emissions() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  crf::Crf crf(3);
  crf->to(device);
  auto emissions = torch::randn({4, 3}, device);
  auto loss = crf->partition(emissions, true) - crf->score(emissions, {0, 2, 1, 1});
  loss.backward();
}

void case_crf_alpha_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  crf::Crf crf(3);
  crf->to(device);
  auto emissions = torch::randn({4, 3}, device);
  auto loss = crf->partition(emissions, false) - crf->score(emissions, {0, 2, 1, 1}); // THROWS: device
  loss.backward();
}
