// What stands around the model: metrics, statistics, schedules, logs, collation.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

namespace metrics {

class ConfusionMatrix {
public:
  explicit ConfusionMatrix(int64_t classes) : classes_(classes), counts_(torch::zeros({classes, classes}, torch::kLong)) {}

  void update(const torch::Tensor &prediction, const torch::Tensor &truth) {
    auto flat = truth.view(-1) * classes_ + prediction.view(-1);
    counts_ += torch::bincount(flat, /*weights=*/{}, classes_ * classes_).view({classes_, classes_}); // THROWN: metrics_matrix_meets_device
  }
  double accuracy() const {
    return counts_.diagonal().sum().item<double>() / std::max<double>(1.0, counts_.sum().item<double>());
  }
  torch::Tensor perClass() const { return counts_.diagonal().to(torch::kFloat) / counts_.sum(1).clamp_min(1); }

private:
  int64_t classes_;
  torch::Tensor counts_;
};

struct Meter {
  double sum = 0;
  int64_t count = 0;
  void add(const torch::Tensor &value, int64_t n = 1) {
    sum += value.detach().item<double>() * n;
    count += n;
  }
  double mean() const { return count ? sum / count : 0; }
};

} // namespace metrics

void case_metrics_accumulate_on_host() {
  using namespace metrics;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(6, 3);
  net->to(device);
  ConfusionMatrix matrix(3);
  Meter meter;
  for (int i = 0; i < 3; ++i) {
    auto x = torch::randn({4, 6});
    auto y = torch::randint(0, 3, {4}, torch::kLong);
    auto logits = net->forward(x.to(device));
    meter.add(torch::cross_entropy_loss(logits, y.to(device)), x.size(0));
    matrix.update(logits.argmax(1).cpu(), y);
  }
  std::cout << meter.mean() << ' ' << matrix.accuracy() << ' ' << matrix.perClass() << "\n";
}

void case_metrics_matrix_meets_device() {
  using namespace metrics;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(6, 3);
  net->to(device);
  ConfusionMatrix matrix(3);
  for (int i = 0; i < 3; ++i) {
    auto x = torch::randn({4, 6}).to(device);
    auto y = torch::randint(0, 3, {4}, torch::kLong).to(device);
    auto logits = net->forward(x);
    // Both are on the device, the counts are not.
    matrix.update(logits.argmax(1), y); // THROWS: device
  }
  std::cout << matrix.accuracy() << "\n";
}

namespace running {

class Statistics {
public:
  void update(torch::Tensor batch) {
    if (!mean_.defined()) {
      mean_ = torch::zeros(batch.size(1));
      m2_ = torch::zeros_like(batch[0]);
    }
    for (int64_t i = 0; i < batch.size(0); ++i) {
      ++n_;
      auto delta = batch[i] - mean_; // THROWN: statistics_updated_from_device
      mean_ = mean_ + delta / n_;
      m2_ = m2_ + delta * (batch[i] - mean_);
    }
  }
  torch::Tensor normalise(const torch::Tensor &x) const {
    return (x - mean_.to(x.device())) / ((m2_ / std::max<int64_t>(n_ - 1, 1)).sqrt() + 1e-8).to(x);
  }

private:
  int64_t n_ = 0;
  torch::Tensor mean_, m2_;
};

} // namespace running

void case_statistics_follow_the_input() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  running::Statistics statistics;
  statistics.update(torch::rand({5, 3}));
  torch::nn::Linear net(3, 1);
  net->to(device);
  auto x = torch::rand({2, 3}, device);
  auto y = net->forward(statistics.normalise(x));
  std::cout << y.mean().item<float>() << statistics.normalise(x.cpu()) << "\n";
}

void case_statistics_updated_from_device() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  running::Statistics statistics;
  auto x = torch::rand({5, 3}).to(device);
  statistics.update(x); // THROWS: device
  torch::nn::Linear net(3, 1);
  net->to(device);
  std::cout << net->forward(statistics.normalise(x)).mean().item<float>() << "\n";
}

namespace schedule {

// Warm-up, then a cosine; sets the learning rate of every group.
class WarmupCosine {
public:
  WarmupCosine(torch::optim::Optimizer &opt, double base, int warmup, int total)
      : opt_(opt), base_(base), warmup_(warmup), total_(total) {}
  double step() {
    double lr = now_ < warmup_ ? base_ * (now_ + 1) / warmup_
                               : 0.5 * base_ * (1 + std::cos(M_PI * (now_ - warmup_) / double(total_ - warmup_)));
    ++now_;
    for (auto &group : opt_.param_groups())
      static_cast<torch::optim::AdamOptions &>(group.options()).lr(lr);
    return lr;
  }

private:
  torch::optim::Optimizer &opt_;
  double base_;
  int warmup_, total_, now_ = 0;
};

} // namespace schedule

void case_schedule_optimizer_made_before_move() {
  torch::nn::Sequential net(torch::nn::Linear(4, 8), torch::nn::ReLU(), torch::nn::Linear(8, 1));
  torch::optim::Adam opt(net->parameters(), torch::optim::AdamOptions(1e-3));
  schedule::WarmupCosine lr(opt, 1e-3, 2, 6);
  // Parameters move in place, the optimizer goes on seeing them.
  const auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  net->to(device);
  for (int i = 0; i < 4; ++i) {
    opt.zero_grad();
    net->forward(torch::rand({3, 4}, device)).sum().backward();
    opt.step();
    std::cout << lr.step() << "\n";
  }
}

void case_schedule_warm_start_on_host() {
  torch::nn::Sequential net(torch::nn::Linear(4, 8), torch::nn::ReLU(), torch::nn::Linear(8, 1));
  torch::optim::Adam opt(net->parameters(), torch::optim::AdamOptions(1e-3));
  schedule::WarmupCosine lr(opt, 1e-3, 2, 6);
  auto device = torch::Device(torch::kCPU);
  for (int i = 0; i < 4; ++i) {
    if (i == 1 && torch::cuda::is_available()) {
      device = torch::Device(torch::kCUDA);
      net->to(device);
    }
    opt.zero_grad();
    net->forward(torch::rand({3, 4}, device)).sum().backward();
    opt.step(); // THROWS: device
    lr.step();
  }
}

namespace collate {

struct Sample {
  torch::Tensor features;
  int64_t label;
  double weight;
};

struct Batch {
  torch::Tensor features, labels, weights, mask;
};

// Pads to the longest and puts labels and weights together.
struct PadCollate {
  torch::Device device;
  bool moveMask = true;

  Batch operator()(const std::vector<Sample> &samples) const {
    int64_t longest = 0;
    for (const auto &s : samples)
      longest = std::max(longest, s.features.size(0));
    const auto n = static_cast<int64_t>(samples.size());
    auto features = torch::zeros({n, longest}), mask = torch::zeros({n, longest}, torch::kBool);
    std::vector<int64_t> labels;
    std::vector<float> weights;
    for (int64_t i = 0; i < n; ++i) {
      const auto length = samples[i].features.size(0);
      features[i].slice(0, 0, length) = samples[i].features;
      mask[i].slice(0, 0, length).fill_(true);
      labels.push_back(samples[i].label);
      weights.push_back(static_cast<float>(samples[i].weight));
    }
    Batch batch{features.to(device), torch::tensor(labels).to(device), torch::tensor(weights).to(device), mask};
    if (moveMask)
      batch.mask = batch.mask.to(device);
    return batch;
  }
};

std::vector<Sample> samples() {
  std::vector<Sample> out;
  for (int64_t n : {3, 5, 2})
    out.push_back({torch::rand({n}), n % 2, 1.0 / n});
  return out;
}

torch::Tensor pooled(const Batch &b) {
  auto m = b.mask.to(b.features.dtype());
  return (b.features * m).sum(1, true) / m.sum(1, true); // THROWN: collate_forgets_mask
}

} // namespace collate

void case_collate_moves_everything() {
  using namespace collate;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(1, 2);
  net->to(device);
  auto batch = PadCollate{device}(samples());
  auto loss = torch::cross_entropy_loss(net->forward(pooled(batch)), batch.labels, {}, torch::Reduction::None);
  auto weighted = (loss * batch.weights).sum() / batch.weights.sum();
  weighted.backward();
}

void case_collate_forgets_mask() {
  using namespace collate;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(1, 2);
  net->to(device);
  PadCollate collate{device};
  collate.moveMask = false;
  auto batch = collate(samples());
  auto loss = torch::cross_entropy_loss(net->forward(pooled(batch)), batch.labels); // THROWS: device
  loss.backward();
}

namespace logging {

class Log {
public:
  void scalar(const std::string &name, const torch::Tensor &value) { history_[name].push_back(value.item<float>()); }
  void histogram(const std::string &name, const torch::Tensor &values) {
    auto host = values.detach().flatten().to(torch::kCPU, torch::kFloat);
    history_[name] = std::vector<float>(host.data_ptr<float>(), host.data_ptr<float>() + host.numel());
  }
  torch::Tensor series(const std::string &name) { return torch::tensor(history_.at(name)); }

private:
  std::unordered_map<std::string, std::vector<float>> history_;
};

} // namespace logging

void case_log_brings_to_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  logging::Log log;
  torch::nn::Linear net(4, 4);
  net->to(device);
  auto previous = net->weight.detach().clone();
  for (int i = 0; i < 3; ++i) {
    auto y = net->forward(torch::rand({2, 4}, device));
    log.scalar("loss", y.pow(2).mean());
    log.histogram("weight", net->weight);
  }
  auto drift = (net->weight.cpu().flatten() - log.series("weight")).abs().max();
  std::cout << drift.item<float>() << (previous - net->weight).abs().sum().item<float>() << "\n";
}

void case_log_series_against_weight() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  logging::Log log;
  torch::nn::Linear net(4, 4);
  net->to(device);
  log.histogram("weight", net->weight);
  net->forward(torch::rand({2, 4}, device)).pow(2).mean().backward();
  auto before = log.series("weight");
  auto drift = net->weight.flatten() - before; // THROWS: device
  std::cout << drift.abs().max().item<float>() << "\n";
}
