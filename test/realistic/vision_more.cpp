// More vision: depthwise nets, feature pyramids, vision transformers, video, augmentation, point clouds.
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace mobile {

torch::nn::Sequential convBn(int64_t in, int64_t out, int64_t stride, int64_t groups) {
  return torch::nn::Sequential(
      torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(stride).padding(1).groups(groups).bias(false)),
      torch::nn::BatchNorm2d(out), torch::nn::ReLU6());
}

struct InvertedResidualImpl : torch::nn::Module {
  bool residual;
  torch::nn::Sequential conv{nullptr};
  InvertedResidualImpl(int64_t in, int64_t out, int64_t stride, int64_t expand) : residual(stride == 1 && in == out) {
    torch::nn::Sequential net;
    net->extend(*convBn(in, in * expand, 1, 1));
    net->extend(*convBn(in * expand, in * expand, stride, in * expand));
    net->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(in * expand, out, 1)));
    conv = register_module("conv", net);
  }
  torch::Tensor forward(torch::Tensor x) { return residual ? x + conv->forward(x) : conv->forward(x); }
};
TORCH_MODULE(InvertedResidual);

// Squeeze and excitation with a gate that its owner must move.
struct Gate {
  torch::nn::Linear down, up;
  explicit Gate(int64_t c) : down(c, c / 2), up(c / 2, c) {}
  torch::Tensor operator()(const torch::Tensor &x) {
    auto s = x.mean({2, 3});
    return x * torch::sigmoid(up(torch::relu(down(s)))).unsqueeze(-1).unsqueeze(-1); // THROWN: mobile_gate_is_a_plain_struct
  }
};

struct NetImpl : torch::nn::Module {
  explicit NetImpl(bool registerGate) : gate(4) {
    blocks = register_module("blocks", torch::nn::Sequential(InvertedResidual(3, 4, 2, 2), InvertedResidual(4, 4, 1, 2)));
    head = register_module("head", torch::nn::Linear(4, 2));
    if (registerGate) {
      register_module("gate_down", gate.down);
      register_module("gate_up", gate.up);
    }
  }
  torch::Tensor forward(torch::Tensor x) { return head(gate(blocks->forward(x)).mean({2, 3})); }
  torch::nn::Sequential blocks{nullptr};
  torch::nn::Linear head{nullptr};
  Gate gate;
};
TORCH_MODULE(Net);

} // namespace mobile

void case_mobile_gate_parts_registered() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  mobile::Net net(true);
  net->to(device);
  auto out = net(torch::rand({2, 3, 8, 8}, device));
  auto loss = torch::nn::functional::cross_entropy(out, torch::tensor({0, 1}).to(device));
  loss.backward();
}

void case_mobile_gate_is_a_plain_struct() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  mobile::Net net(false);
  net->to(device);
  net->eval();
  auto out = net(torch::rand({2, 3, 8, 8}, device)); // THROWS: device
  std::cout << out.argmax(1).cpu() << "\n";
}

namespace vit {

struct VitImpl : torch::nn::Module {
  VitImpl(int64_t image, int64_t patch, int64_t width) : patch(patch) {
    const int64_t n = (image / patch) * (image / patch);
    project = register_module("project", torch::nn::Linear(3 * patch * patch, width));
    token = register_parameter("token", torch::zeros({1, 1, width}));
    position = register_parameter("position", torch::randn({1, n + 1, width}) * 0.02);
    attention = register_module("attention", torch::nn::MultiheadAttention(torch::nn::MultiheadAttentionOptions(width, 2)));
    head = register_module("head", torch::nn::Linear(width, 3));
  }
  torch::Tensor patches(const torch::Tensor &x) const {
    return x.unfold(2, patch, patch).unfold(3, patch, patch).permute({0, 2, 3, 1, 4, 5}).reshape({x.size(0), -1, 3 * patch * patch});
  }
  torch::Tensor forward(const torch::Tensor &images) {
    auto x = project(patches(images));
    x = torch::cat({token.expand({x.size(0), -1, -1}), x}, 1) + position; // THROWN: vit_position_replaced_after_move
    x = x.transpose(0, 1);
    auto attended = std::get<0>(attention->forward(x, x, x));
    return head((x + attended)[0]);
  }
  int64_t patch;
  torch::nn::Linear project{nullptr}, head{nullptr};
  torch::nn::MultiheadAttention attention{nullptr};
  torch::Tensor token, position;
};
TORCH_MODULE(Vit);

} // namespace vit

void case_vit_parameters_in_ctor() {
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  vit::Vit net(8, 4, 6);
  net->to(device);
  auto images = torch::rand({2, 3, 8, 8}).to(device);
  torch::optim::AdamW opt(net->parameters(), torch::optim::AdamWOptions(1e-3));
  auto loss = torch::nn::functional::cross_entropy(net(images), torch::zeros({2}, torch::kLong).to(device));
  loss.backward();
  opt.step();
}

void case_vit_position_replaced_after_move() {
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  vit::Vit net(8, 4, 6);
  net->to(device);
  // Interpolated for a larger image, by hand, on the host.
  net->position = torch::randn({1, 10, 6});
  auto images = torch::rand({2, 3, 12, 12}).to(device);
  auto out = net(images); // THROWS: device
  std::cout << out.sizes() << "\n";
}

void case_vit_position_interpolated_in_place() {
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  vit::Vit net(8, 4, 6);
  net->to(device);
  torch::NoGradGuard guard;
  auto rows = net->position.slice(1, 1).transpose(1, 2);
  auto longer = torch::nn::functional::interpolate(
      rows, torch::nn::functional::InterpolateFuncOptions().size(std::vector<int64_t>{9}).mode(torch::kLinear).align_corners(false));
  net->position = torch::cat({net->position.slice(1, 0, 1), longer.transpose(1, 2)}, 1);
  auto out = net(torch::rand({2, 3, 12, 12}).to(device));
  std::cout << out.sizes() << "\n";
}

namespace augment {

using Transform = std::function<torch::Tensor(torch::Tensor)>;

Transform flip(double p) {
  return [p](torch::Tensor x) { return torch::rand({1}).item<double>() < p ? x.flip({-1}) : x; };
}
Transform noise(double sigma) {
  return [sigma](torch::Tensor x) { return x + sigma * torch::randn(x.sizes(), x.options()); };
}
Transform colour(torch::Tensor gains) {
  return [gains](torch::Tensor x) { return x * gains.view({1, 3, 1, 1}); }; // THROWN: augmentation_after_the_move
}

torch::Tensor applyAll(const std::vector<Transform> &all, torch::Tensor x) {
  for (const auto &t : all)
    x = t(x);
  return x;
}

} // namespace augment

void case_augmentation_before_the_move() {
  using namespace augment;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Transform> all{flip(0.5), noise(0.1), colour(torch::tensor({1.0f, 0.9f, 1.1f}))};
  torch::nn::Conv2d net(torch::nn::Conv2dOptions(3, 1, 3));
  net->to(device);
  auto x = applyAll(all, torch::rand({2, 3, 6, 6})).to(device);
  std::cout << net(x).mean().item<float>() << "\n";
}

// Missed: how many dimensions a view with sizes leaves.
void case_augmentation_after_the_move() {
  using namespace augment;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Conv2d net(torch::nn::Conv2dOptions(3, 1, 3));
  net->to(device);
  auto gains = torch::tensor({1.0f, 0.9f, 1.1f});
  auto tint = colour(gains);
  auto x = tint(torch::rand({2, 3, 6, 6}).to(device)); // THROWS: device
  std::cout << net(x).mean().item<float>() << "\n";
}

namespace points {

struct PointNetImpl : torch::nn::Module {
  PointNetImpl() {
    local = register_module("local", torch::nn::Sequential(torch::nn::Conv1d(3, 8, 1), torch::nn::ReLU(), torch::nn::Conv1d(8, 16, 1)));
    align = register_module("align", torch::nn::Linear(16, 9));
    out = register_module("out", torch::nn::Linear(16, 4));
  }
  torch::Tensor transform(const torch::Tensor &x, bool beside) {
    auto pooled = local->forward(x).amax(2);
    auto identity = torch::eye(3).flatten().repeat({x.size(0), 1});
    if (beside)
      identity = identity.to(x.device());
    return (align(pooled) + identity).view({-1, 3, 3}); // THROWN: points_identity_on_host
  }
  torch::Tensor forward(torch::Tensor x, bool beside = true) {
    x = torch::bmm(transform(x, beside), x);
    return out(local->forward(x).amax(2));
  }
  torch::nn::Sequential local{nullptr};
  torch::nn::Linear align{nullptr}, out{nullptr};
};
TORCH_MODULE(PointNet);

} // namespace points

void case_points_identity_follows() {
  const auto device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  points::PointNet net;
  net->to(device);
  auto cloud = torch::randn({2, 3, 10}).to(device);
  std::cout << net->forward(cloud).argmax(1).cpu() << "\n";
}

// Missed: how many dimensions repeat leaves.
void case_points_identity_on_host() {
  const auto device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  points::PointNet net;
  net->to(device);
  auto cloud = torch::randn({2, 3, 10}).to(device);
  std::cout << net->forward(cloud, false).argmax(1).cpu() << "\n"; // THROWS: device
}
