// Contrast with memory banks, diffusion with schedules, several tasks at once, prototypes.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace moco {

struct EncoderImpl : torch::nn::Module {
  EncoderImpl(int64_t in, int64_t width) {
    fc1 = register_module("fc1", torch::nn::Linear(in, 16));
    bn = register_module("bn", torch::nn::BatchNorm1d(16));
    fc2 = register_module("fc2", torch::nn::Linear(16, width));
  }
  torch::Tensor forward(torch::Tensor x) {
    x = fc2(torch::relu(bn(fc1(x))));
    return torch::nn::functional::normalize(x, torch::nn::functional::NormalizeFuncOptions().dim(1));
  }
  torch::nn::Linear fc1{nullptr}, fc2{nullptr};
  torch::nn::BatchNorm1d bn{nullptr};
};
TORCH_MODULE(Encoder);

class MoCo : public torch::nn::Module {
public:
  MoCo(int64_t width, int64_t size, bool buffered) : width_(width), size_(size) {
    query = register_module("query", Encoder(5, width));
    key = register_module("key", Encoder(5, width));
    queue = torch::nn::functional::normalize(torch::randn({width, size}),
                                             torch::nn::functional::NormalizeFuncOptions().dim(0));
    if (buffered)
      queue = register_buffer("queue", queue);
    torch::NoGradGuard guard;
    auto q = query->named_parameters();
    for (auto &p : key->named_parameters()) {
      p.value().copy_(q[p.key()]);
      p.value().set_requires_grad(false);
    }
  }

  torch::Tensor forward(const torch::Tensor &a, const torch::Tensor &b) {
    auto q = query(a);
    torch::Tensor k;
    {
      torch::NoGradGuard guard;
      follow();
      k = key(b);
    }
    auto positive = (q * k).sum(1, true);
    auto negative = torch::mm(q, queue.clone().detach()); // THROWN: moco_queue_in_member
    auto logits = torch::cat({positive, negative}, 1) / 0.07;
    auto labels = torch::zeros({logits.size(0)}, logits.options().dtype(torch::kLong));
    enqueue(k);
    return torch::cross_entropy_loss(logits, labels);
  }

  void enqueue(const torch::Tensor &k) {
    torch::NoGradGuard guard;
    const auto n = k.size(0);
    queue.slice(1, at_, at_ + n).copy_(k.t());
    at_ = (at_ + n) % size_;
  }

  Encoder query{nullptr}, key{nullptr};
  torch::Tensor queue;

private:
  void follow() {
    auto q = query->parameters(), k = key->parameters();
    for (size_t i = 0; i < q.size(); ++i)
      k[i].mul_(0.99).add_(q[i].detach(), 0.01);
  }
  int64_t width_, size_, at_ = 0;
};

std::pair<torch::Tensor, torch::Tensor> views(const torch::Tensor &x) {
  return {x + 0.1 * torch::randn_like(x), x * (1 + 0.1 * torch::randn({1}).item<double>())};
}

} // namespace moco

void case_moco_queue_in_buffer() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  moco::MoCo model(4, 8, true);
  model.to(device);
  torch::optim::SGD opt(model.query->parameters(), torch::optim::SGDOptions(0.03).momentum(0.9).weight_decay(1e-4));
  for (int i = 0; i < 3; ++i) {
    auto [a, b] = moco::views(torch::randn({4, 5}));
    auto loss = model.forward(a.to(device), b.to(device));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
  std::cout << model.queue.norm(2, 0).cpu() << "\n";
}

void case_moco_queue_in_member() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  moco::MoCo model(4, 8, false);
  model.to(device);
  auto [a, b] = moco::views(torch::randn({4, 5}, device));
  auto loss = model.forward(a, b); // THROWS: device
  loss.backward();
}

void case_moco_only_enqueues_into_host_queue() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  moco::MoCo model(4, 8, false);
  model.to(device);
  model.eval();
  torch::NoGradGuard guard;
  for (int i = 0; i < 2; ++i)
    model.enqueue(model.key(torch::randn({4, 5}, device))); // copied over the bus
  auto nearest = torch::mm(model.query(torch::randn({2, 5}, device)).cpu(), model.queue).argmax(1);
  std::cout << nearest << "\n";
}

void case_moco_nearest_in_moved_queue() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  moco::MoCo model(4, 8, true);
  model.to(device);
  model.eval();
  torch::NoGradGuard guard;
  auto embedded = model.query(torch::randn({2, 5}, device)).cpu();
  auto scores = embedded.matmul(model.queue); // THROWS: device
  std::cout << scores.argmax(1) << "\n";
}

namespace ddpm {

// A schedule as a module without parameters, so that it moves with the rest.
struct GaussianDiffusion : torch::nn::Module {
  GaussianDiffusion(int64_t steps, bool cosine) : steps(steps) {
    torch::Tensor betas;
    if (cosine) {
      auto t = torch::linspace(0, 1, steps + 1);
      auto bar = torch::cos((t + 0.008) / 1.008 * M_PI / 2).pow(2);
      betas = (1 - bar.slice(0, 1) / bar.slice(0, 0, -1)).clamp_max(0.999);
    } else {
      betas = torch::linspace(1e-4, 2e-2, steps);
    }
    auto alphas = 1 - betas;
    auto bars = alphas.cumprod(0);
    sqrt_bar = register_buffer("sqrt_bar", bars.sqrt());
    sqrt_rest = register_buffer("sqrt_rest", (1 - bars).sqrt());
    auto previous = torch::cat({torch::ones({1}), bars.slice(0, 0, -1)});
    variance = betas * (1 - previous) / (1 - bars);
    inverse = register_buffer("inverse", 1 / alphas.sqrt());
    rate = register_buffer("rate", betas / (1 - bars).sqrt());
  }
  static torch::Tensor extract(const torch::Tensor &a, const torch::Tensor &t, int64_t dims) {
    std::vector<int64_t> shape(dims, 1);
    shape[0] = t.size(0);
    return a.gather(0, t).view(shape); // THROWN: ddpm_steps_drawn_on_host // THROWN: ddpm_variance_never_registered
  }
  torch::Tensor noised(const torch::Tensor &x, const torch::Tensor &t, const torch::Tensor &noise) const {
    return extract(sqrt_bar, t, x.dim()) * x + extract(sqrt_rest, t, x.dim()) * noise;
  }
  template <class Net> torch::Tensor previous(Net &net, const torch::Tensor &x, int64_t step, bool noisy) const {
    auto t = torch::full({x.size(0)}, step, torch::TensorOptions(torch::kLong).device(x.device()));
    auto mean = extract(inverse, t, x.dim()) * (x - extract(rate, t, x.dim()) * net->forward(x));
    if (!noisy || step == 0)
      return mean;
    return mean + extract(variance, t, x.dim()).sqrt() * torch::randn_like(x);
  }
  int64_t steps;
  torch::Tensor sqrt_bar, sqrt_rest, variance, inverse, rate;
};

torch::nn::Sequential denoiser() {
  return torch::nn::Sequential(torch::nn::Conv1d(torch::nn::Conv1dOptions(1, 4, 3).padding(1)), torch::nn::SiLU(),
                               torch::nn::Conv1d(torch::nn::Conv1dOptions(4, 1, 3).padding(1)));
}

} // namespace ddpm

void case_ddpm_trains_with_buffers() {
  using namespace ddpm;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  GaussianDiffusion diffusion(8, true);
  diffusion.to(device);
  auto net = denoiser();
  net->to(device);
  torch::optim::AdamW opt(net->parameters(), torch::optim::AdamWOptions(1e-3));
  for (int i = 0; i < 3; ++i) {
    auto x = torch::rand({4, 1, 6}).to(device);
    auto t = torch::randint(diffusion.steps, {4}).to(torch::kLong).to(device);
    auto noise = torch::randn_like(x);
    auto loss = torch::mse_loss(net->forward(diffusion.noised(x, t, noise)), noise);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_ddpm_steps_drawn_on_host() {
  using namespace ddpm;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  GaussianDiffusion diffusion(8, false);
  diffusion.to(device);
  auto net = denoiser();
  net->to(device);
  auto x = torch::rand({4, 1, 6}).to(device);
  auto t = torch::randint(0, diffusion.steps, {4}, torch::kLong);
  auto noise = torch::randn_like(x);
  auto mixed = diffusion.noised(x, t, noise); // THROWS: device
  torch::mse_loss(net->forward(mixed), noise).backward();
}

void case_ddpm_variance_never_registered() {
  using namespace ddpm;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  GaussianDiffusion diffusion(4, false);
  diffusion.to(device);
  auto net = denoiser();
  net->to(device);
  auto x = torch::randn({2, 1, 6}, device);
  for (int64_t step = diffusion.steps - 1; step >= 0; --step)
    x = diffusion.previous(net, x, step, /*noisy=*/true); // THROWS: device
  std::cout << x.cpu() << "\n";
}

void case_ddpm_sampled_without_noise() {
  using namespace ddpm;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  GaussianDiffusion diffusion(4, false);
  diffusion.to(device);
  auto net = denoiser();
  net->to(device);
  auto x = torch::randn({2, 1, 6}, device);
  for (int64_t step = diffusion.steps - 1; step >= 0; --step)
    x = diffusion.previous(net, x, step, /*noisy=*/false); // the variance is not used
  std::cout << x.cpu() << "\n";
}
