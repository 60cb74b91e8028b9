// Rays and cameras, games and trees of moves, clients of a federation, forces between atoms.
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace nerf {

struct Camera {
  int64_t width, height;
  float focal;
  torch::Tensor pose; // 3 x 4, camera to world

  static Camera looking(float angle) {
    auto c = std::cos(angle), s = std::sin(angle);
    return {4, 3, 5.f, torch::tensor({{c, 0.f, s, 4 * s}, {0.f, 1.f, 0.f, 0.f}, {-s, 0.f, c, 4 * c}})};
  }
  Camera to(torch::Device d) const { return {width, height, focal, pose.to(d)}; }
};

struct Rays {
  torch::Tensor origin, direction;
};

Rays rays_of(const Camera &cam) {
  auto grid = torch::meshgrid({torch::arange(cam.height, cam.pose.options()), torch::arange(cam.width, cam.pose.options())}, "ij");
  auto d = torch::stack({(grid[1] - cam.width * 0.5) / cam.focal, -(grid[0] - cam.height * 0.5) / cam.focal,
                         -torch::ones_like(grid[0])}, -1);
  auto rotation = cam.pose.slice(1, 0, 3), centre = cam.pose.select(1, 3);
  auto world = torch::matmul(d.view({-1, 3}), rotation.t());
  return {centre.expand_as(world), world};
}

struct FieldImpl : torch::nn::Module {
  explicit FieldImpl(int64_t bands) : bands(bands) {
    freq = torch::pow(2.0, torch::arange(bands, torch::kFloat)) * M_PI;
    net = register_module("net", torch::nn::Sequential(torch::nn::Linear(3 + 6 * bands, 16), torch::nn::ReLU(),
                                                       torch::nn::Linear(16, 4)));
  }
  torch::Tensor encode(const torch::Tensor &p) {
    std::vector<torch::Tensor> parts{p};
    for (int64_t i = 0; i < bands; ++i) {
      parts.push_back(torch::sin(p * freq[i])); // one number at a time
      parts.push_back(torch::cos(p * freq[i]));
    }
    return torch::cat(parts, -1);
  }
  torch::Tensor encode_at_once(const torch::Tensor &p) {
    auto angle = (p.unsqueeze(-1) * freq).flatten(-2); // THROWN: nerf_frequencies_at_once
    return torch::cat({p, angle.sin(), angle.cos()}, -1);
  }
  int64_t bands;
  torch::Tensor freq;
  torch::nn::Sequential net{nullptr};
};
TORCH_MODULE(Field);

torch::Tensor render(Field &field, const Rays &rays, int64_t samples, bool fast) {
  auto t = torch::linspace(2, 6, samples, rays.origin.options());
  auto points = rays.origin.unsqueeze(1) + rays.direction.unsqueeze(1) * t.view({1, -1, 1});
  auto raw = field->net->forward(fast ? field->encode_at_once(points) : field->encode(points)); // THROWN: nerf_camera_not_moved
  auto alpha = 1 - torch::exp(-torch::relu(raw.select(-1, 3)) * (4.0 / samples));
  auto ones = torch::ones({alpha.size(0), 1}, alpha.options());
  auto through = torch::cumprod(torch::cat({ones, 1 - alpha + 1e-10}, 1), 1).slice(1, 0, -1);
  return ((alpha * through).unsqueeze(-1) * torch::sigmoid(raw.slice(-1, 0, 3))).sum(1);
}

} // namespace nerf

void case_nerf_frequencies_one_at_a_time() {
  using namespace nerf;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Field field(2);
  field->to(device);
  torch::optim::Adam opt(field->parameters(), 5e-4);
  auto target = torch::rand({12, 3}).to(device);
  for (float angle : {0.1f, 0.2f}) {
    auto picture = render(field, rays_of(Camera::looking(angle).to(device)), 6, false);
    auto loss = torch::mse_loss(picture, target);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_nerf_frequencies_at_once() {
  using namespace nerf;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Field field(2);
  field->to(device);
  torch::NoGradGuard guard;
  auto picture = render(field, rays_of(Camera::looking(0.3f).to(device)), 6, true); // THROWS: device
  std::cout << picture.mean().item<float>() << "\n";
}

void case_nerf_camera_not_moved() {
  using namespace nerf;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Field field(2);
  field->to(device);
  torch::NoGradGuard guard;
  auto camera = Camera::looking(0.3f);
  camera.to(device);
  auto picture = render(field, rays_of(camera), 6, false); // THROWS: device
  std::cout << picture.mean().item<float>() << "\n";
}

namespace zero {

// Four in a row on a small board; the network judges positions in batches.
struct Board {
  std::array<int, 9> cells{};
  int turn = 1;
  std::vector<int64_t> moves() const {
    std::vector<int64_t> out;
    for (int64_t i = 0; i < 9; ++i)
      if (cells[i] == 0)
        out.push_back(i);
    return out;
  }
  Board after(int64_t m) const {
    Board b = *this;
    b.cells[m] = turn;
    b.turn = -turn;
    return b;
  }
  torch::Tensor planes() const {
    auto t = torch::zeros({2, 3, 3});
    for (int64_t i = 0; i < 9; ++i)
      if (cells[i] != 0)
        t[cells[i] == turn ? 0 : 1][i / 3][i % 3] = 1;
    return t;
  }
};

struct NetImpl : torch::nn::Module {
  NetImpl() {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(2, 4, 3).padding(1)));
    policy = register_module("policy", torch::nn::Linear(36, 9));
    value = register_module("value", torch::nn::Linear(36, 1));
  }
  std::pair<torch::Tensor, torch::Tensor> forward(const torch::Tensor &x) {
    auto h = torch::relu(conv(x)).flatten(1); // THROWN: zero_state_forgotten_on_host
    return {torch::log_softmax(policy(h), 1), torch::tanh(value(h)).squeeze(1)};
  }
  torch::nn::Conv2d conv{nullptr};
  torch::nn::Linear policy{nullptr}, value{nullptr};
};
TORCH_MODULE(Net);

struct Node {
  Board board;
  torch::Tensor prior; // over the nine cells, on the host
  std::map<int64_t, std::unique_ptr<Node>> children;
  int visits = 0;
  double total = 0;
};

class Search {
public:
  Search(Net net, torch::Device device) : net_(net), device_(device) {}

  double expand(Node &node) {
    torch::NoGradGuard guard;
    auto [log_p, v] = net_->forward(node.board.planes().unsqueeze(0).to(device_));
    node.prior = log_p.exp().squeeze(0).cpu();
    return v.item<double>();
  }
  double visit(Node &node) {
    ++node.visits;
    if (!node.prior.defined() || node.board.moves().empty())
      return -(node.total += expand(node));
    int64_t best = -1;
    double top = -1e9;
    for (auto m : node.board.moves()) {
      auto it = node.children.find(m);
      double q = it == node.children.end() || it->second->visits == 0 ? 0 : -it->second->total / it->second->visits;
      double u = q + node.prior[m].item<double>() * std::sqrt(double(node.visits));
      if (u > top) {
        top = u;
        best = m;
      }
    }
    auto &child = node.children[best];
    if (!child)
      child = std::make_unique<Node>(Node{node.board.after(best), {}, {}, 0, 0});
    return -visit(*child);
  }
  torch::Tensor policy(Node &root, int simulations) {
    for (int i = 0; i < simulations; ++i)
      visit(root);
    auto counts = torch::zeros({9});
    for (auto &[m, child] : root.children)
      counts[m] = double(child->visits);
    return counts / counts.sum().clamp_min(1);
  }

private:
  Net net_;
  torch::Device device_;
};

} // namespace zero

void case_zero_policies_stacked_and_moved() {
  using namespace zero;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Net net;
  net->to(device);
  Search search(net, device);
  torch::optim::SGD opt(net->parameters(), 0.01);
  std::vector<torch::Tensor> states, targets;
  Board board;
  for (int turn = 0; turn < 2; ++turn) {
    Node root{board, {}, {}, 0, 0};
    targets.push_back(search.policy(root, 4));
    states.push_back(board.planes());
    board = board.after(board.moves().front());
  }
  auto [log_p, v] = net->forward(torch::stack(states).to(device));
  auto loss = -(torch::stack(targets).to(device) * log_p).sum(1).mean() + v.pow(2).mean();
  opt.zero_grad();
  loss.backward();
  opt.step();
}

// A search that calls itself, in a loop.
void case_zero_target_policy_on_host() {
  using namespace zero;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Net net;
  net->to(device);
  Search search(net, device);
  Node root{Board(), {}, {}, 0, 0};
  auto target = search.policy(root, 4);
  auto [log_p, v] = net->forward(root.board.planes().unsqueeze(0).to(device));
  auto loss = -(target * log_p.squeeze(0)).sum(); // THROWS: device
  loss.backward();
}

// A search that calls itself, in a loop.
void case_zero_state_forgotten_on_host() {
  using namespace zero;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Net net;
  net->to(device);
  Search search(net, device);
  Node root{Board(), {}, {}, 0, 0};
  auto target = search.policy(root, 4).to(device);
  auto [log_p, v] = net->forward(torch::stack({root.board.planes(), root.board.after(4).planes()})); // THROWS: device
  std::cout << (target * log_p).sum().item<float>() << "\n";
}
