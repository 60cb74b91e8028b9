// Networks against each other, quantised latents, and generators with conditions.
#include <torch/torch.h>

#include <cmath>
#include <deque>
#include <iostream>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace cyclegan {

// The last generated pictures, some of which the discriminator sees again.
class ImagePool {
public:
  explicit ImagePool(size_t size, bool on_host = false) : size_(size), on_host_(on_host) {}

  torch::Tensor query(const torch::Tensor &images) {
    std::vector<torch::Tensor> out;
    for (int64_t i = 0; i < images.size(0); ++i) {
      auto image = images[i].unsqueeze(0).detach();
      if (pool_.size() < size_) {
        pool_.push_back(on_host_ ? image.cpu() : image);
        out.push_back(image);
      } else {
        size_t k = rng_() % pool_.size();
        out.push_back(pool_[k].to(image.device()));
        pool_[k] = on_host_ ? image.cpu() : image;
      }
    }
    return torch::cat(out, 0);
  }
  const torch::Tensor &oldest() const { return pool_.front(); }

private:
  size_t size_;
  bool on_host_;
  std::deque<torch::Tensor> pool_;
  std::minstd_rand rng_{1};
};

struct GeneratorImpl : torch::nn::Module {
  GeneratorImpl() {
    down = register_module("down", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 6, 3).stride(2).padding(1)));
    norm = register_module("norm", torch::nn::InstanceNorm2d(6));
    up = register_module("up", torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(6, 3, 4).stride(2).padding(1)));
  }
  torch::Tensor forward(torch::Tensor x) { return torch::tanh(up(torch::relu(norm(down(x))))); }
  torch::nn::Conv2d down{nullptr};
  torch::nn::InstanceNorm2d norm{nullptr};
  torch::nn::ConvTranspose2d up{nullptr};
};
TORCH_MODULE(Generator);

torch::nn::Sequential discriminator() {
  using namespace torch::nn;
  return Sequential(Conv2d(Conv2dOptions(3, 6, 4).stride(2).padding(1)), LeakyReLU(LeakyReLUOptions().negative_slope(0.2)),
                    Conv2d(Conv2dOptions(6, 1, 3).padding(1)));
}

// Least squares towards a constant that is expanded to what the discriminator gave.
struct GANLoss : torch::nn::Module {
  GANLoss() { register_buffer("real", real = torch::ones({1})); }
  torch::Tensor operator()(const torch::Tensor &prediction, bool is_real) const {
    auto target = is_real ? real.expand_as(prediction) : torch::zeros_like(prediction);
    return torch::mse_loss(prediction, target); // THROWN: cyclegan_criterion_not_moved
  }
  torch::Tensor real;
};

} // namespace cyclegan

void case_cyclegan_pool_on_host_gives_back() {
  using namespace cyclegan;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Generator a2b, b2a;
  auto judge = discriminator();
  GANLoss criterion;
  for (torch::nn::Module *m : std::vector<torch::nn::Module *>{a2b.get(), b2a.get(), judge.get()})
    m->to(device);
  criterion.to(device);
  ImagePool pool(2, /*on_host=*/true);
  std::vector<torch::Tensor> params = a2b->parameters();
  for (auto &p : b2a->parameters())
    params.push_back(p);
  torch::optim::Adam opt_g(params, torch::optim::AdamOptions(2e-4).betas({0.5, 0.999}));
  torch::optim::Adam opt_d(judge->parameters(), torch::optim::AdamOptions(2e-4));
  for (int i = 0; i < 3; ++i) {
    auto real_a = torch::rand({1, 3, 8, 8}).to(device);
    auto fake_b = a2b->forward(real_a);
    auto loss_g = criterion(judge->forward(fake_b), true) + 10 * torch::l1_loss(b2a->forward(fake_b), real_a);
    opt_g.zero_grad();
    loss_g.backward();
    opt_g.step();
    opt_d.zero_grad();
    criterion(judge->forward(pool.query(fake_b)), false).backward();
    opt_d.step();
  }
}

void case_cyclegan_criterion_not_moved() {
  using namespace cyclegan;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Generator a2b;
  auto judge = discriminator();
  GANLoss criterion;
  a2b->to(device);
  judge->to(device);
  auto real_a = torch::rand({1, 3, 8, 8}, device);
  auto loss = criterion(judge->forward(a2b->forward(real_a)), true); // THROWS: device
  loss.backward();
  std::cout << loss.item<float>() << "\n";
}

void case_cyclegan_oldest_of_pool_judged() {
  using namespace cyclegan;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Generator a2b;
  auto judge = discriminator();
  a2b->to(device);
  judge->to(device);
  ImagePool pool(2, true);
  torch::NoGradGuard guard;
  for (int i = 0; i < 3; ++i)
    pool.query(a2b->forward(torch::rand({1, 3, 8, 8}, device)));
  auto verdict = judge->forward(pool.oldest()); // THROWS: device
  std::cout << verdict.mean().item<float>() << "\n";
}

namespace vqvae {

// A code book that follows the encoder by moving averages.
struct QuantizerImpl : torch::nn::Module {
  QuantizerImpl(int64_t codes, int64_t width) : codes(codes) {
    embed = register_buffer("embed", torch::randn({codes, width}));
    average = register_buffer("average", embed.clone());
    cluster_size = register_buffer("cluster_size", torch::zeros({codes}));
  }
  std::tuple<torch::Tensor, torch::Tensor> forward(const torch::Tensor &z) {
    auto flat = z.reshape({-1, embed.size(1)});
    auto distance = flat.pow(2).sum(1, true) - 2 * torch::mm(flat, embed.t()) + embed.pow(2).sum(1);
    auto index = distance.argmin(1);
    auto quantised = embed.index_select(0, index).view_as(z);
    if (is_training())
      follow(flat.detach(), index);
    auto commit = torch::mse_loss(z, quantised.detach());
    return {z + (quantised - z).detach(), commit};
  }
  virtual void follow(const torch::Tensor &flat, const torch::Tensor &index) {
    auto hot = torch::one_hot(index, codes).to(flat.dtype());
    cluster_size.mul_(0.9).add_(hot.sum(0), 0.1);
    average.mul_(0.9).add_(torch::mm(hot.t(), flat), 0.1);
    embed.copy_(average / (cluster_size + 1e-5).unsqueeze(1));
  }
  int64_t codes;
  torch::Tensor embed, average, cluster_size;
};

// Counts by hand, and revives codes that nobody uses.
struct RevivingQuantizerImpl : QuantizerImpl {
  using QuantizerImpl::QuantizerImpl;
  void follow(const torch::Tensor &flat, const torch::Tensor &index) override {
    QuantizerImpl::follow(flat, index);
    auto used = torch::zeros({codes});
    used.index_add_(0, index, torch::ones_like(index, flat.options())); // THROWN: vqvae_counts_made_in_override
    embed.masked_fill_((used == 0).unsqueeze(1), 0.0);
  }
};
TORCH_MODULE(Quantizer);

struct Autoencoder : torch::nn::Module {
  Autoencoder(std::shared_ptr<QuantizerImpl> q) : quantizer(std::move(q)) {
    encoder = register_module("encoder", torch::nn::Linear(6, 4));
    decoder = register_module("decoder", torch::nn::Linear(4, 6));
    register_module("quantizer", quantizer);
  }
  std::tuple<torch::Tensor, torch::Tensor> forward(torch::Tensor x) {
    auto [z, commit] = quantizer->forward(encoder(x));
    return {decoder(z), commit};
  }
  torch::nn::Linear encoder{nullptr}, decoder{nullptr};
  std::shared_ptr<QuantizerImpl> quantizer;
};

} // namespace vqvae

void case_vqvae_code_book_in_buffers() {
  using namespace vqvae;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Autoencoder model(std::make_shared<QuantizerImpl>(5, 4));
  model.to(device);
  model.train();
  torch::optim::AdamW opt(model.parameters(), 1e-3);
  for (int i = 0; i < 3; ++i) {
    auto x = torch::randn({7, 6}).to(device);
    auto [y, commit] = model.forward(x);
    auto loss = torch::mse_loss(y, x) + 0.25 * commit;
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
  std::cout << model.quantizer->cluster_size.cpu() << "\n";
}

void case_vqvae_counts_made_in_override() {
  using namespace vqvae;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Autoencoder model(std::make_shared<RevivingQuantizerImpl>(5, 4));
  model.to(device);
  model.train();
  auto x = torch::randn({7, 6}, device);
  auto [y, commit] = model.forward(x); // THROWS: device
  (torch::mse_loss(y, x) + 0.25 * commit).backward();
}

void case_vqvae_reviver_only_evaluates() {
  using namespace vqvae;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto quantizer = std::make_shared<RevivingQuantizerImpl>(5, 4);
  Autoencoder model(quantizer);
  model.to(device);
  model.eval();
  torch::NoGradGuard guard;
  auto [y, commit] = model.forward(torch::randn({7, 6}, device));
  auto code = quantizer->embed[2] + y.flatten().slice(0, 0, 4);
  std::cout << code.sum().item<float>() << " " << commit.item<float>() << "\n";
}
