// Data sets, loaders, transforms, batches of different lengths.
#include <torch/torch.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace tables {

// Rows of a file, as a data set of LibTorch.
class TableDataset : public torch::data::datasets::Dataset<TableDataset> {
public:
  TableDataset(std::vector<std::vector<double>> rows, std::vector<int> labels)
      : rows_(std::move(rows)), labels_(std::move(labels)) {}
  torch::data::Example<> get(size_t index) override {
    auto x = torch::tensor(rows_[index]).to(torch::kFloat);
    auto y = torch::tensor(labels_[index], torch::kLong);
    return {x, y};
  }
  torch::optional<size_t> size() const override { return rows_.size(); }

private:
  std::vector<std::vector<double>> rows_;
  std::vector<int> labels_;
};

// The same rows, as they were read.
class RawTableDataset : public torch::data::datasets::Dataset<RawTableDataset> {
public:
  RawTableDataset(std::vector<std::vector<double>> rows, std::vector<int> labels, bool exact) {
    for (auto &r : rows) {
      if (exact)
        features_.push_back(torch::from_blob(r.data(), {int64_t(r.size())}, torch::kFloat64).clone());
      else
        features_.push_back(torch::tensor(r)); // of the default type, which is float
    }
    targets_ = torch::tensor(labels);
  }
  torch::data::Example<> get(size_t index) override { return {features_[index], targets_[int64_t(index)]}; }
  torch::optional<size_t> size() const override { return features_.size(); }

private:
  std::vector<torch::Tensor> features_;
  torch::Tensor targets_;
};

std::vector<std::vector<double>> rows(size_t n) {
  std::mt19937 rng(5);
  std::normal_distribution<double> draw;
  std::vector<std::vector<double>> out(n, std::vector<double>(4));
  for (auto &r : out)
    std::generate(r.begin(), r.end(), [&] { return draw(rng); });
  return out;
}

std::vector<int> labels(size_t n) {
  std::vector<int> out(n);
  for (size_t i = 0; i < n; ++i)
    out[i] = int(i % 3);
  return out;
}

struct ClassifierImpl : torch::nn::Module {
  ClassifierImpl() {
    a = register_module("a", torch::nn::Linear(4, 10));
    b = register_module("b", torch::nn::Linear(10, 3));
    mean = register_buffer("mean", torch::zeros({4}));
  }
  torch::Tensor forward(torch::Tensor x) { return b(torch::relu(a(x - mean))); } // THROWN: tables_exact_doubles // THROWN: tables_validated_on_host_batches
  torch::nn::Linear a{nullptr}, b{nullptr};
  torch::Tensor mean;
};
TORCH_MODULE(Classifier);

template <class Loader> double epoch(Classifier &model, Loader &loader, torch::optim::Optimizer &opt, torch::Device device) {
  double sum = 0;
  int batches = 0;
  for (auto &batch : *loader) {
    auto x = batch.data.to(device), y = batch.target.to(device);
    opt.zero_grad();
    auto loss = torch::cross_entropy_loss(model->forward(x), y); // VIA: tables_exact_doubles
    loss.backward();
    opt.step();
    sum += loss.template item<double>();
    ++batches;
  }
  return sum / batches;
}

} // namespace tables

void case_tables_float_and_long() {
  using namespace tables;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Classifier model;
  model->to(device);
  torch::optim::Adam opt(model->parameters(), 1e-3);
  auto data = TableDataset(rows(9), labels(9)).map(torch::data::transforms::Stack<>());
  auto loader = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
      std::move(data), torch::data::DataLoaderOptions().batch_size(4).workers(0));
  for (int e = 0; e < 2; ++e)
    std::cout << epoch(model, loader, opt, device) << "\n";
}

void case_tables_doubles_as_read() {
  using namespace tables;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Classifier model;
  model->to(device);
  torch::optim::Adam opt(model->parameters(), 1e-3);
  auto data = RawTableDataset(rows(9), labels(9), /*exact=*/false).map(torch::data::transforms::Stack<>());
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      std::move(data), torch::data::DataLoaderOptions().batch_size(4));
  std::cout << epoch(model, loader, opt, device) << "\n";
}

void case_tables_exact_doubles() {
  using namespace tables;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Classifier model;
  model->to(device);
  torch::optim::Adam opt(model->parameters(), 1e-3);
  auto data = RawTableDataset(rows(9), labels(9), /*exact=*/true).map(torch::data::transforms::Stack<>());
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      std::move(data), torch::data::DataLoaderOptions().batch_size(4));
  std::cout << epoch(model, loader, opt, device) << "\n"; // THROWS: dtype
}

void case_tables_validated_on_host_batches() {
  using namespace tables;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Classifier model;
  model->to(device);
  auto data = TableDataset(rows(9), labels(9)).map(torch::data::transforms::Stack<>());
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(std::move(data), 4);
  torch::NoGradGuard guard;
  int64_t right = 0;
  for (auto &batch : *loader) {
    auto predicted = model->forward(batch.data).argmax(1).cpu(); // THROWS: device
    right += predicted.eq(batch.target).sum().item<int64_t>();
  }
  std::cout << right << "\n";
}

void case_tables_statistics_of_host_batches() {
  using namespace tables;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Classifier model;
  auto data = TableDataset(rows(9), labels(9)).map(torch::data::transforms::Stack<>());
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(std::move(data), 4);
  auto sum = torch::zeros({4});
  for (auto &batch : *loader)
    sum += batch.data.sum(0);
  model->to(device);
  model->mean.copy_(sum / 9);
  torch::NoGradGuard guard;
  int64_t right = 0;
  for (auto &batch : *loader) {
    auto predicted = model->forward(batch.data.to(device)).argmax(1);
    right += predicted.cpu().eq(batch.target).sum().item<int64_t>();
  }
  std::cout << right << "\n";
}

namespace ragged {

struct Sample {
  std::vector<int64_t> tokens;
  int64_t label;
};

struct Batch {
  torch::Tensor tokens, lengths, labels;
  template <class F> Batch map(F &&f) const { return {f(tokens), f(lengths), f(labels)}; }
};

Batch collate(std::vector<Sample> samples) {
  std::sort(samples.begin(), samples.end(), [](auto &a, auto &b) { return a.tokens.size() > b.tokens.size(); });
  std::vector<torch::Tensor> rows;
  std::vector<int64_t> lengths, labels;
  for (const auto &s : samples) {
    rows.push_back(torch::tensor(s.tokens));
    lengths.push_back(int64_t(s.tokens.size()));
    labels.push_back(s.label);
  }
  return {torch::nn::utils::rnn::pad_sequence(rows, /*batch_first=*/true), torch::tensor(lengths), torch::tensor(labels)};
}

struct ReaderImpl : torch::nn::Module {
  ReaderImpl()
      : embedding(torch::nn::EmbeddingOptions(20, 6).padding_idx(0)),
        gru(torch::nn::GRUOptions(6, 5).batch_first(true).bidirectional(true)), out(10, 2) {
    register_module("embedding", embedding);
    register_module("gru", gru);
    register_module("out", out);
  }
  torch::Tensor forward(const Batch &b) {
    auto packed = torch::nn::utils::rnn::pack_padded_sequence(embedding(b.tokens), b.lengths, /*batch_first=*/true); // THROWN: ragged_everything_mapped
    auto hidden = std::get<1>(gru->forward_with_packed_input(packed));
    return out(torch::cat({hidden[0], hidden[1]}, 1));
  }
  // Means over the words that are there.
  torch::Tensor average(const Batch &b) {
    auto x = embedding(b.tokens);
    auto mask = torch::arange(b.tokens.size(1)).unsqueeze(0) < b.lengths.unsqueeze(1); // THROWN: ragged_average_masked_on_host
    auto sum = (x * mask.unsqueeze(-1)).sum(1);
    return sum / b.lengths.unsqueeze(1);
  }
  torch::nn::Embedding embedding;
  torch::nn::GRU gru;
  torch::nn::Linear out;
};
TORCH_MODULE(Reader);

std::vector<Sample> samples() { return {{{3, 4, 5}, 0}, {{7, 8, 9, 10, 2}, 1}, {{6}, 1}}; }

} // namespace ragged

void case_ragged_lengths_left_for_packing() {
  using namespace ragged;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Reader reader;
  reader->to(device);
  torch::optim::Adam opt(reader->parameters(), 1e-3);
  auto b = collate(samples());
  b.tokens = b.tokens.to(device);
  b.labels = b.labels.to(device);
  for (int i = 0; i < 2; ++i) {
    auto loss = torch::cross_entropy_loss(reader->forward(b), b.labels);
    opt.zero_grad();
    loss.backward();
    torch::nn::utils::clip_grad_value_(reader->parameters(), 1.0);
    opt.step();
  }
}

void case_ragged_everything_mapped() {
  using namespace ragged;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Reader reader;
  reader->to(device);
  auto b = collate(samples()).map([&](const torch::Tensor &t) { return t.to(device); });
  auto loss = torch::cross_entropy_loss(reader->forward(b), b.labels); // THROWS: device
  loss.backward();
}

void case_ragged_average_masked_on_host() {
  using namespace ragged;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Reader reader;
  reader->to(device);
  auto b = collate(samples()).map([&](const torch::Tensor &t) { return t.to(device); });
  auto mean = reader->average(b); // THROWS: device
  std::cout << mean.norm(2, 1).cpu() << "\n";
}

void case_ragged_averages_before_the_move() {
  using namespace ragged;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Reader reader;
  auto host = collate(samples());
  auto before = reader->average(host).detach();
  reader->to(device);
  Batch b{host.tokens.to(device), host.lengths, host.labels.to(device)};
  auto after = reader->forward(b).argmax(1);
  std::cout << before.sizes() << (after == b.labels).sum().item<int64_t>() << "\n";
}
