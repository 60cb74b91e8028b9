// Autoencoders, diffusion, style and contrast.
#include <torch/torch.h>

#include <cmath>
#include <iostream>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace vae {

struct Output {
  torch::Tensor reconstruction, mu, log_var;
};

class VAEImpl : public torch::nn::Module {
public:
  VAEImpl(int64_t image, int64_t h, int64_t z)
      : fc1(image, h), fc2(h, z), fc3(h, z), fc4(z, h), fc5(h, image) {
    register_module("fc1", fc1);
    register_module("fc2", fc2);
    register_module("fc3", fc3);
    register_module("fc4", fc4);
    register_module("fc5", fc5);
  }
  std::pair<torch::Tensor, torch::Tensor> encode(torch::Tensor x) {
    auto h = torch::nn::functional::relu(fc1->forward(x));
    return {fc2->forward(h), fc3->forward(h)};
  }
  virtual torch::Tensor reparametrize(torch::Tensor mu, torch::Tensor log_var) {
    if (!is_training())
      return mu;
    auto std = log_var.div(2).exp();
    auto eps = torch::randn_like(std);
    return mu + eps * std;
  }
  torch::Tensor decode(torch::Tensor z) { return torch::sigmoid(fc5->forward(torch::relu(fc4->forward(z)))); }
  Output forward(torch::Tensor x) {
    auto [mu, log_var] = encode(x);
    return {decode(reparametrize(mu, log_var)), mu, log_var};
  }

protected:
  torch::nn::Linear fc1, fc2, fc3, fc4, fc5;
};
TORCH_MODULE(VAE);

// Draws its noise from torch::randn, on whatever device that is by default.
class HandNoiseVAE : public VAEImpl {
public:
  using VAEImpl::VAEImpl;
  torch::Tensor reparametrize(torch::Tensor mu, torch::Tensor log_var) override {
    if (!is_training())
      return mu;
    return mu + torch::randn(log_var.sizes()) * log_var.mul(0.5).exp(); // drawn by hand // THROWN: vae_hand_noise_in_override
  }
};

torch::Tensor loss(const Output &out, const torch::Tensor &x) {
  auto bce = torch::nn::functional::binary_cross_entropy(
      out.reconstruction, x, torch::nn::functional::BinaryCrossEntropyFuncOptions().reduction(torch::kSum));
  auto kl = -0.5 * torch::sum(1 + out.log_var - out.mu.pow(2) - out.log_var.exp());
  return bce + kl;
}

} // namespace vae

void case_vae_noise_like_std() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  vae::VAE model(12, 8, 3);
  model->to(device);
  torch::optim::Adam opt(model->parameters(), torch::optim::AdamOptions(1e-3));
  model->train();
  for (int i = 0; i < 2; ++i) {
    auto x = torch::rand({4, 12}).to(device);
    auto out = model->forward(x);
    auto l = vae::loss(out, x);
    opt.zero_grad();
    l.backward();
    opt.step();
  }
  torch::NoGradGuard guard;
  auto z = torch::randn({2, 3}).to(device);
  torch::save(model->decode(z).view({-1, 1, 3, 4}).to(torch::kCPU), "vae.pt");
}

void case_vae_hand_noise_in_override() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto model = std::make_shared<vae::HandNoiseVAE>(12, 8, 3);
  model->to(device);
  model->train();
  auto x = torch::rand({4, 12}).to(device);
  auto out = model->forward(x); // THROWS: device
  auto l = vae::loss(out, x);
  l.backward();
}

void case_vae_hand_noise_only_in_training() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::shared_ptr<vae::VAEImpl> model = std::make_shared<vae::HandNoiseVAE>(12, 8, 3);
  model->to(device);
  model->eval(); // no noise is drawn
  torch::NoGradGuard guard;
  auto x = torch::rand({4, 12}).to(device);
  auto out = model->forward(x);
  std::cout << vae::loss(out, x).item<float>() << "\n";
}

namespace diffusion {

struct Schedule {
  torch::Tensor betas, alphas, bars;
  explicit Schedule(int64_t steps) {
    betas = torch::linspace(1e-4, 0.02, steps);
    alphas = 1 - betas;
    bars = alphas.cumprod(0);
  }
  Schedule &to(torch::Device d) {
    betas = betas.to(d);
    alphas = alphas.to(d);
    bars = bars.to(d);
    return *this;
  }
};

struct DenoiserImpl : torch::nn::Module {
  explicit DenoiserImpl(int64_t width) : width(width) {
    in = register_module("in", torch::nn::Linear(width + 8, 16));
    out = register_module("out", torch::nn::Linear(16, width));
  }
  torch::Tensor embed(const torch::Tensor &t) {
    auto freq = torch::exp(torch::arange(4, t.options().dtype(torch::kFloat)) * (-std::log(100.0) / 4));
    auto angle = t.to(torch::kFloat).unsqueeze(1) * freq;
    return torch::cat({angle.sin(), angle.cos()}, 1);
  }
  torch::Tensor forward(torch::Tensor x, torch::Tensor t) {
    return out(torch::silu(in(torch::cat({x, embed(t)}, 1))));
  }
  int64_t width;
  torch::nn::Linear in{nullptr}, out{nullptr};
};
TORCH_MODULE(Denoiser);

torch::Tensor noisy(const Schedule &s, const torch::Tensor &x, const torch::Tensor &noise, const torch::Tensor &t) {
  auto bar = s.bars.index_select(0, t).unsqueeze(1); // THROWN: diffusion_schedule_left_behind
  return bar.sqrt() * x + (1 - bar).sqrt() * noise;
}

} // namespace diffusion

void case_diffusion_schedule_moves_itself() {
  using namespace diffusion;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Schedule schedule(10);
  schedule.to(device);
  Denoiser net(3);
  net->to(device);
  torch::optim::Adam opt(net->parameters(), 1e-3);
  for (int i = 0; i < 2; ++i) {
    auto x = torch::rand({4, 3}).to(device);
    auto t = torch::randint(0, 10, {4}, torch::TensorOptions().device(device).dtype(torch::kLong));
    auto noise = torch::randn_like(x);
    auto loss = torch::mse_loss(net->forward(noisy(schedule, x, noise, t), t), noise);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_diffusion_schedule_left_behind() {
  using namespace diffusion;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Schedule schedule(10);
  Denoiser net(3);
  net->to(device);
  auto x = torch::rand({4, 3}).to(device);
  auto t = torch::randint(0, 10, {4}, torch::TensorOptions().device(device).dtype(torch::kLong));
  auto noise = torch::randn_like(x);
  auto mixed = noisy(schedule, x, noise, t); // THROWS: device
  auto loss = torch::mse_loss(net->forward(mixed, t), noise);
  loss.backward();
}

void case_diffusion_sampling_by_scalars() {
  using namespace diffusion;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Schedule schedule(6); // stays on the host: one number at a time is read from it
  Denoiser net(3);
  net->to(device);
  auto x = torch::randn({4, 3}, device);
  for (int64_t step = 5; step >= 0; --step) {
    auto t = torch::full({4}, step, torch::TensorOptions().device(device).dtype(torch::kLong));
    auto eps = net->forward(x, t);
    x = (x - (1 - schedule.alphas[step]) / (1 - schedule.bars[step]).sqrt() * eps) / schedule.alphas[step].sqrt();
    if (step > 0)
      x += schedule.betas[step].sqrt() * torch::randn_like(x);
  }
  std::cout << x.cpu() << "\n";
}

namespace style {

torch::Tensor gram(const torch::Tensor &f) {
  const auto c = f.size(1), n = f.size(2) * f.size(3);
  auto flat = f.view({c, n});
  return torch::mm(flat, flat.t()) / static_cast<double>(c * n);
}

struct Features {
  torch::nn::Conv2d a{torch::nn::Conv2dOptions(3, 4, 3)}, b{torch::nn::Conv2dOptions(4, 6, 3)};
  void to(torch::Device d) {
    a->to(d);
    b->to(d);
  }
  std::map<std::string, torch::Tensor> operator()(torch::Tensor x) {
    std::map<std::string, torch::Tensor> out;
    out["low"] = torch::relu(a(x));
    out["high"] = torch::relu(b(out["low"]));
    return out;
  }
};

} // namespace style

void case_style_grams_kept_on_device() {
  using namespace style;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Features features;
  features.to(device);
  auto content = torch::rand({1, 3, 8, 8}).to(device), painting = torch::rand({1, 3, 8, 8}).to(device);
  std::map<std::string, torch::Tensor> wanted;
  for (auto &[name, value] : features(painting))
    wanted[name] = gram(value).detach();
  auto picture = content.clone().set_requires_grad(true);
  torch::optim::LBFGS opt({picture}, torch::optim::LBFGSOptions(0.5).max_iter(2));
  opt.step([&] {
    opt.zero_grad();
    auto now = features(picture);
    auto loss = torch::zeros({1}, device);
    for (auto &[name, value] : now)
      loss = loss + torch::mse_loss(gram(value), wanted.at(name));
    loss.backward();
    return loss;
  });
  std::cout << picture.detach().cpu().mean().item<float>() << "\n";
}

void case_style_loss_starts_on_host() {
  using namespace style;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Features features;
  features.to(device);
  auto painting = torch::rand({1, 3, 8, 8}).to(device);
  std::map<std::string, torch::Tensor> wanted;
  for (auto &[name, value] : features(painting))
    wanted[name] = gram(value).detach();
  auto now = features(torch::rand({1, 3, 8, 8}).to(device));
  auto loss = torch::zeros({1});
  for (auto &[name, value] : now)
    loss += torch::mse_loss(gram(value), wanted.at(name)).unsqueeze(0); // THROWS: device
  std::cout << loss.item<float>() << "\n";
}

void case_style_loss_scalar_on_host() {
  using namespace style;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Features features;
  features.to(device);
  std::vector<torch::Tensor> grams;
  for (auto &[name, value] : features(torch::rand({1, 3, 8, 8}).to(device)))
    grams.push_back(gram(value));
  torch::Tensor total = torch::tensor(0.0f); // without dimensions: takes part anywhere
  for (const auto &g : grams)
    total = total + g.pow(2).sum();
  std::cout << total.item<float>() << "\n";
}
