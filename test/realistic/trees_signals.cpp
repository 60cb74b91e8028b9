// Recursion over trees, signals and spectra, spatial transformers, attention over sets.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace trees {

struct Node {
  int64_t word = 0;
  std::vector<std::unique_ptr<Node>> children;
  torch::Tensor hidden; // of the last pass
};

std::unique_ptr<Node> leaf(int64_t word) {
  auto n = std::make_unique<Node>();
  n->word = word;
  return n;
}

std::unique_ptr<Node> sentence() {
  auto root = leaf(2);
  root->children.push_back(leaf(3));
  root->children.push_back(leaf(4));
  root->children.back()->children.push_back(leaf(5));
  return root;
}

using State = std::pair<torch::Tensor, torch::Tensor>;

// The child-sum LSTM.
class TreeLSTM : public torch::nn::Module {
public:
  TreeLSTM(int64_t words, int64_t width, bool learned_start) : width_(width) {
    embedding = register_module("embedding", torch::nn::Embedding(words, width));
    iou = register_module("iou", torch::nn::Linear(2 * width, 3 * width));
    forget = register_module("forget", torch::nn::Linear(2 * width, width));
    start = torch::zeros({1, width});
    if (learned_start)
      start = register_parameter("start", start);
  }

  State forward(Node &node) {
    auto x = embedding(torch::tensor({node.word}, torch::TensorOptions(torch::kLong).device(embedding->weight.device())));
    std::vector<State> below;
    for (auto &child : node.children)
      below.push_back(forward(*child));
    auto sum = start;
    for (auto &s : below)
      sum = sum + s.first;
    auto gates = iou(torch::cat({x, sum}, 1)).chunk(3, 1); // THROWN: trees_with_plain_start
    auto c = torch::sigmoid(gates[0]) * torch::tanh(gates[2]);
    for (auto &[h, old] : below)
      c = c + torch::sigmoid(forget(torch::cat({x, h}, 1))) * old;
    auto h = torch::sigmoid(gates[1]) * torch::tanh(c);
    node.hidden = h.detach();
    return {h, c};
  }

  torch::nn::Embedding embedding{nullptr};
  torch::nn::Linear iou{nullptr}, forget{nullptr};
  torch::Tensor start;

private:
  int64_t width_;
};

void collect(const Node &node, std::vector<torch::Tensor> &out) {
  out.push_back(node.hidden);
  for (const auto &child : node.children)
    collect(*child, out);
}

} // namespace trees

void case_trees_with_learned_start() {
  using namespace trees;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  TreeLSTM encoder(10, 4, true);
  encoder.to(device);
  torch::nn::Linear judge(4, 2);
  judge->to(device);
  torch::optim::Adagrad opt({encoder.parameters(), judge->parameters()}, torch::optim::AdagradOptions(0.05));
  auto tree = sentence();
  for (int i = 0; i < 2; ++i) {
    auto logits = judge(encoder.forward(*tree).first);
    auto loss = torch::cross_entropy_loss(logits, torch::ones({1}, torch::dtype(torch::kLong).device(device)));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_trees_with_plain_start() {
  using namespace trees;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  TreeLSTM encoder(10, 4, false);
  encoder.to(device);
  auto tree = sentence();
  auto [h, c] = encoder.forward(*tree); // THROWS: device
  std::cout << h.norm().item<float>() << "\n";
}

void case_trees_hidden_states_collected() {
  using namespace trees;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  TreeLSTM encoder(10, 4, true);
  encoder.to(device);
  auto tree = sentence();
  encoder.forward(*tree);
  std::vector<torch::Tensor> states;
  collect(*tree, states);
  auto weights = torch::softmax(torch::rand({int64_t(states.size())}), 0);
  auto pooled = torch::matmul(weights, torch::cat(states)); // THROWS: device
  std::cout << pooled.norm().item<float>() << "\n";
}

void case_trees_hidden_states_before_the_move() {
  using namespace trees;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  TreeLSTM encoder(10, 4, true);
  auto tree = sentence();
  encoder.forward(*tree);
  auto cold = tree->hidden;
  encoder.to(device);
  encoder.forward(*tree);
  std::vector<torch::Tensor> states;
  collect(*tree, states);
  auto pooled = torch::cat(states).mean(0, true);
  std::cout << (pooled.cpu() - cold).norm().item<float>() << "\n";
}

namespace spectra {

// Short-time spectra, a filter bank, and features that are normalised while they come.
class FrontEnd : public torch::nn::Module {
public:
  FrontEnd(int64_t fft, int64_t bands) : fft_(fft) {
    window = register_buffer("window", torch::hann_window(fft));
    bank = register_buffer("bank", make_bank(fft / 2 + 1, bands));
    running = torch::zeros({bands, 1});
  }
  torch::Tensor power(const torch::Tensor &wave) {
    auto s = torch::stft(wave, fft_, fft_ / 2, fft_, window, /*normalized=*/false, /*onesided=*/true, /*return_complex=*/true); // THROWN: spectra_wave_on_host
    return s.abs().pow(2);
  }
  torch::Tensor forward(const torch::Tensor &wave) { return (bank.matmul(power(wave)) + 1e-6).log(); }
  torch::Tensor normalised(const torch::Tensor &wave) {
    auto f = forward(wave);
    auto mean = f.mean(-1, true);
    running = count_++ == 0 ? mean.detach() : running * 0.9 + mean.detach() * 0.1;
    return f - running;
  }
  torch::Tensor centred(const torch::Tensor &wave) { return forward(wave) - running; } // THROWN: spectra_running_mean_as_made

  torch::Tensor window, bank, running;

private:
  static torch::Tensor make_bank(int64_t bins, int64_t bands) {
    auto centre = torch::linspace(0, double(bins - 1), bands + 2).slice(0, 1, -1).unsqueeze(1);
    auto x = torch::arange(bins, torch::kFloat).unsqueeze(0);
    return (1 - (x - centre).abs() / (double(bins) / bands)).clamp_min(0);
  }
  int64_t fft_, count_ = 0;
};

struct KeywordImpl : torch::nn::Module {
  explicit KeywordImpl(int64_t bands) {
    conv = register_module("conv", torch::nn::Conv1d(torch::nn::Conv1dOptions(bands, 6, 3).padding(1)));
    out = register_module("out", torch::nn::Linear(6, 3));
  }
  torch::Tensor forward(const torch::Tensor &f) { return out(torch::relu(conv(f.unsqueeze(0))).mean(2)); }
  torch::nn::Conv1d conv{nullptr};
  torch::nn::Linear out{nullptr};
};
TORCH_MODULE(Keyword);

torch::Tensor tone(double pitch, int64_t n) { return torch::sin(torch::arange(n) * (2 * M_PI * pitch)).to(torch::kFloat); }

} // namespace spectra

void case_spectra_running_mean_replaced() {
  using namespace spectra;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  FrontEnd front(16, 5);
  Keyword net(5);
  front.to(device);
  net->to(device);
  torch::NoGradGuard guard;
  for (double pitch : {0.1, 0.2, 0.3}) {
    auto scores = net->forward(front.normalised(tone(pitch, 64).to(device)));
    std::cout << scores.argmax(1).item<int64_t>() << "\n";
  }
  auto last = front.centred(tone(0.4, 64).to(device));
  std::cout << last.mean().item<float>() << "\n";
}

void case_spectra_running_mean_as_made() {
  using namespace spectra;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  FrontEnd front(16, 5);
  Keyword net(5);
  front.to(device);
  net->to(device);
  torch::NoGradGuard guard;
  auto features = front.centred(tone(0.4, 64).to(device)); // THROWS: device
  std::cout << net->forward(features).argmax(1).item<int64_t>() << "\n";
}

void case_spectra_wave_on_host() {
  using namespace spectra;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  FrontEnd front(16, 5);
  Keyword net(5);
  front.to(device);
  net->to(device);
  torch::NoGradGuard guard;
  for (double pitch : {0.1, 0.2}) {
    auto wave = tone(pitch, 64);
    auto louder = wave / wave.abs().max();
    auto scores = net->forward(front.forward(louder)); // THROWS: device
    std::cout << scores.argmax(1).item<int64_t>() << "\n";
  }
}

void case_spectra_echo_by_fft_on_host() {
  using namespace spectra;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  FrontEnd front(16, 5);
  Keyword net(5);
  front.to(device);
  net->to(device);
  auto room = torch::fft_rfft(torch::cat({torch::ones({1}), torch::zeros({62}), torch::full({1}, 0.4)}));
  auto wave = torch::fft_irfft(torch::fft_rfft(tone(0.1, 64)) * room, 64); // all of it on the host
  torch::NoGradGuard guard;
  auto scores = net->forward(front.normalised(wave.to(device)));
  std::cout << scores.argmax(1).item<int64_t>() << "\n";
}

namespace warp {

// Predicts a transform of the picture and applies it.
struct SpatialImpl : torch::nn::Module {
  explicit SpatialImpl(bool identity_registered) {
    locate = register_module("locate", torch::nn::Linear(64, 6));
    torch::nn::init::zeros_(locate->weight);
    torch::nn::init::zeros_(locate->bias);
    identity = torch::tensor({1.f, 0.f, 0.f, 0.f, 1.f, 0.f});
    if (identity_registered)
      register_buffer("identity", identity);
  }
  torch::Tensor theta(const torch::Tensor &x) { return (locate(x.flatten(1)) + identity).view({-1, 2, 3}); } // THROWN: warp_identity_not_registered
  torch::Tensor forward(const torch::Tensor &x) {
    namespace F = torch::nn::functional;
    auto grid = F::affine_grid(theta(x), x.sizes(), /*align_corners=*/false);
    return F::grid_sample(x, grid, F::GridSampleFuncOptions().mode(torch::kBilinear).align_corners(false));
  }
  // Rotates everything by one angle, as augmentation does.
  torch::Tensor rotated(const torch::Tensor &x, double angle) {
    namespace F = torch::nn::functional;
    auto c = float(std::cos(angle)), s = float(std::sin(angle));
    auto t = torch::tensor({c, -s, 0.f, s, c, 0.f}).view({1, 2, 3}).expand({x.size(0), 2, 3});
    auto grid = F::affine_grid(t, x.sizes(), false);
    return F::grid_sample(x, grid, F::GridSampleFuncOptions().align_corners(false)); // THROWN: warp_rotated_on_device
  }
  torch::nn::Linear locate{nullptr};
  torch::Tensor identity;
};
TORCH_MODULE(Spatial);

torch::nn::Sequential classifier() {
  return torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 2, 3).padding(1)), torch::nn::ReLU(),
                               torch::nn::Flatten(), torch::nn::Linear(128, 3));
}

} // namespace warp

void case_warp_identity_registered_but_stale() {
  using namespace warp;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Spatial spatial(true); // the member shares the tensor that the buffer moves
  auto net = classifier();
  spatial->to(device);
  net->to(device);
  std::vector<torch::Tensor> params = net->parameters();
  params.push_back(spatial->locate->bias);
  torch::optim::SGD opt(params, 0.1);
  auto x = torch::rand({2, 1, 8, 8}).to(device);
  auto y = torch::randint(0, 3, {2}, torch::kLong).to(device);
  auto loss = torch::cross_entropy_loss(net->forward(spatial->forward(x)), y);
  opt.zero_grad();
  loss.backward();
  opt.step();
}

void case_warp_identity_not_registered() {
  using namespace warp;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Spatial spatial(false);
  auto net = classifier();
  spatial->to(device);
  net->to(device);
  auto x = torch::rand({2, 1, 8, 8}, device);
  auto out = net->forward(spatial->forward(x)); // THROWS: device
  std::cout << out.argmax(1).cpu() << "\n";
}

void case_warp_rotated_on_device() {
  using namespace warp;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Spatial spatial(true);
  auto net = classifier();
  net->to(device);
  auto x = torch::rand({2, 1, 8, 8});
  auto still = spatial->rotated(x, 0.1); // augmentation of a picture on the host
  auto moving = spatial->rotated(x.to(device), 0.1); // THROWS: device
  auto out = net->forward(moving);
  std::cout << out.argmax(1).cpu() << still.mean().item<float>() << "\n";
}
