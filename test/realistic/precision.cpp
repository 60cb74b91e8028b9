// Element types: doubles from the host, half models, integer inputs, mixed precision.
#include <torch/torch.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

namespace sensor {

struct Reading {
  double temperature, pressure, humidity;
};

std::vector<Reading> readings(int n) {
  std::vector<Reading> out;
  for (int i = 0; i < n; ++i)
    out.push_back({20.0 + i, 1000.0 - i, 0.5});
  return out;
}

// Rows of doubles, as the sensors deliver them.
torch::Tensor toTensor(const std::vector<Reading> &rs) {
  std::vector<torch::Tensor> rows;
  for (const auto &r : rs)
    rows.push_back(torch::tensor({r.temperature, r.pressure, r.humidity}));
  return torch::stack(rows);
}

torch::Tensor standardised(const torch::Tensor &x) {
  return (x - x.mean(0)) / (x.std(0) + 1e-9);
}

} // namespace sensor

void case_sensor_doubles_are_cast() {
  using namespace sensor;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(3, 1);
  net->to(device);
  // Statistics in double, the network in float.
  auto x = standardised(toTensor(readings(8)).to(torch::kDouble)).to(device, torch::kFloat);
  auto y = net->forward(x);
  std::cout << y.mean().item<float>() << "\n";
}

void case_sensor_doubles_from_blob() {
  using namespace sensor;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(3, 1);
  net->to(device);
  auto rs = readings(8);
  auto x = torch::from_blob(rs.data(), {8, 3}, torch::kFloat64).clone().to(device);
  x = standardised(x);
  auto y = net->forward(x); // THROWS: dtype
  std::cout << y.mean().item<float>() << "\n";
}

void case_sensor_double_model() {
  using namespace sensor;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(3, 1);
  net->to(device, torch::kDouble);
  auto rs = readings(8);
  auto x = torch::from_blob(rs.data(), {8, 3}, torch::kFloat64).clone().to(device);
  auto y = net->forward(standardised(x));
  auto target = torch::zeros({8, 1}, device);
  // Arithmetic promotes: a float target is no mistake here.
  auto loss = (y - target).pow(2).mean();
  loss.backward();
  std::cout << loss.item<double>() << "\n";
}

namespace half {

struct TowerImpl : torch::nn::Module {
  TowerImpl() {
    embed = register_module("embed", torch::nn::Embedding(10, 8));
    norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({8})));
    out = register_module("out", torch::nn::Linear(8, 4));
  }
  torch::Tensor forward(torch::Tensor tokens) { return out(norm(embed(tokens).mean(1))); }
  torch::nn::Embedding embed{nullptr};
  torch::nn::LayerNorm norm{nullptr};
  torch::nn::Linear out{nullptr};
};
TORCH_MODULE(Tower);

} // namespace half

void case_half_tower_tokens_stay_integers() {
  torch::NoGradGuard guard;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  half::Tower tower;
  tower->to(device, torch::kHalf);
  tower->eval();
  auto tokens = torch::randint(0, 10, {2, 5}, torch::kLong).to(device);
  auto a = tower->forward(tokens);
  auto b = tower->forward(tokens.flip(1));
  std::cout << torch::cosine_similarity(a.to(torch::kFloat), b.to(torch::kFloat)).cpu() << "\n";
}

void case_half_tower_float_head() {
  torch::NoGradGuard guard;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  half::Tower tower;
  torch::nn::Linear head(4, 2);
  tower->to(device, torch::kHalf);
  head->to(device);
  auto tokens = torch::randint(0, 10, {2, 5}, torch::kLong).to(device);
  auto features = tower->forward(tokens);
  auto logits = head->forward(features); // THROWS: dtype
  std::cout << logits.argmax(1).cpu() << "\n";
}

void case_half_images_from_bytes() {
  torch::NoGradGuard guard;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(3, 2, 3));
  conv->to(device);
  std::vector<uint8_t> pixels(3 * 6 * 6, 200);
  auto image = torch::from_blob(pixels.data(), {1, 3, 6, 6}, torch::kUInt8).to(device);
  auto out = conv->forward(image); // THROWS: dtype
  std::cout << out.mean().item<float>() << "\n";
}

void case_half_images_divided() {
  torch::NoGradGuard guard;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(3, 2, 3));
  conv->to(device);
  std::vector<uint8_t> pixels(3 * 6 * 6, 200);
  auto image = torch::from_blob(pixels.data(), {1, 3, 6, 6}, torch::kUInt8).to(device);
  // Division of integers gives floats.
  auto out = conv->forward(image / 255.0);
  std::cout << out.mean().item<float>() << "\n";
}

namespace targets {

torch::Tensor labelsOf(const std::vector<std::string> &names, const std::vector<std::string> &known) {
  std::vector<int64_t> out;
  for (const auto &name : names)
    for (size_t i = 0; i < known.size(); ++i)
      if (known[i] == name)
        out.push_back(static_cast<int64_t>(i));
  return torch::tensor(out);
}

// Class numbers read from a file of floats.
torch::Tensor floatLabels(int64_t n) { return torch::arange(n).remainder(3).to(torch::kFloat32); }

} // namespace targets

void case_targets_are_long() {
  using namespace targets;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(4, 3);
  net->to(device);
  auto y = labelsOf({"cat", "dog", "eel"}, {"dog", "cat", "eel"}).to(device);
  auto loss = torch::nn::functional::cross_entropy(net->forward(torch::rand({3, 4}, device)), y);
  loss.backward();
}

void case_targets_are_floats() {
  using namespace targets;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(4, 3);
  net->to(device);
  auto y = floatLabels(6).to(device);
  auto logits = net->forward(torch::rand({6, 4}, device));
  auto loss = torch::nll_loss(torch::log_softmax(logits, 1), y); // THROWS: dtype
  loss.backward();
}

void case_targets_counts_in_integers() {
  using namespace targets;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(3, 1);
  net->to(device);
  auto counts = torch::tensor({{1, 2, 3}, {4, 5, 6}}).to(device);
  auto rate = net->forward(counts); // THROWS: dtype
  std::cout << rate.exp().sum().item<float>() << "\n";
}

void case_targets_counts_scaled() {
  using namespace targets;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(3, 1);
  net->to(device);
  auto counts = torch::tensor({{1, 2, 3}, {4, 5, 6}}).to(device);
  auto rate = net->forward(torch::log1p(counts)); // floats from here on
  auto loss = torch::nn::functional::poisson_nll_loss(rate.squeeze(1), counts.select(1, 0));
  loss.backward();
}

namespace histogram {

class Weights {
public:
  explicit Weights(torch::Device device) : counts_(torch::zeros({4}, torch::TensorOptions().dtype(torch::kLong).device(device))) {}
  void add(const torch::Tensor &labels) { counts_ += torch::bincount(labels, {}, 4); }
  void addWeighted(const torch::Tensor &labels, const torch::Tensor &weights) {
    counts_ += torch::bincount(labels, weights, 4); // THROWN: class_weights_do_not_fit_integers
  }
  torch::Tensor inverse() const { return counts_.sum() / (counts_ + 1).to(torch::kFloat); }

private:
  torch::Tensor counts_;
};

} // namespace histogram

void case_class_weights_counted() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  histogram::Weights weights(device);
  auto labels = torch::randint(0, 4, {10}, torch::kLong).to(device);
  weights.add(labels);
  auto loss = torch::nn::functional::cross_entropy(
      torch::randn({10, 4}, device), labels, torch::nn::functional::CrossEntropyFuncOptions().weight(weights.inverse()));
  std::cout << loss.item<float>() << "\n";
}

void case_class_weights_do_not_fit_integers() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  histogram::Weights weights(device);
  auto labels = torch::randint(0, 4, {10}, torch::kLong).to(device);
  auto sampleWeights = torch::rand({10}, device);
  weights.addWeighted(labels, sampleWeights); // THROWS: dtype
  std::cout << weights.inverse().cpu() << "\n";
}
