// Generators and discriminators.
#include <torch/torch.h>

#include <iostream>
#include <vector>

namespace nn = torch::nn;

namespace dcgan {

constexpr int64_t kNoise = 8;

struct DCGANGeneratorImpl : nn::Module {
  explicit DCGANGeneratorImpl(int noise_size)
      : conv1(nn::ConvTranspose2dOptions(noise_size, 16, 4).bias(false)), batch_norm1(16),
        conv2(nn::ConvTranspose2dOptions(16, 8, 3).stride(2).padding(1).bias(false)), batch_norm2(8),
        conv3(nn::ConvTranspose2dOptions(8, 1, 4).stride(2).padding(1).bias(false)) {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
    register_module("conv3", conv3);
    register_module("batch_norm1", batch_norm1);
    register_module("batch_norm2", batch_norm2);
  }

  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(batch_norm1(conv1(x))); // THROWN: dcgan_samples_after_cpu
    x = torch::relu(batch_norm2(conv2(x)));
    x = torch::tanh(conv3(x));
    return x;
  }

  nn::ConvTranspose2d conv1;
  nn::BatchNorm2d batch_norm1;
  nn::ConvTranspose2d conv2;
  nn::BatchNorm2d batch_norm2;
  nn::ConvTranspose2d conv3;
};
TORCH_MODULE(DCGANGenerator);

nn::Sequential makeDiscriminator() {
  return nn::Sequential(
      nn::Conv2d(nn::Conv2dOptions(1, 8, 4).stride(2).padding(1).bias(false)),
      nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2)),
      nn::Conv2d(nn::Conv2dOptions(8, 16, 4).stride(2).padding(1).bias(false)), nn::BatchNorm2d(16),
      nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2)),
      nn::Conv2d(nn::Conv2dOptions(16, 1, 3).stride(1).padding(0).bias(false)), nn::Sigmoid());
}

} // namespace dcgan

void case_dcgan_classic() {
  using namespace dcgan;
  torch::manual_seed(1);
  torch::Device device(torch::kCPU);
  if (torch::cuda::is_available()) {
    device = torch::Device(torch::kCUDA);
  }
  DCGANGenerator generator(kNoise);
  generator->to(device);
  auto discriminator = makeDiscriminator();
  discriminator->to(device);
  torch::optim::Adam g_opt(generator->parameters(), torch::optim::AdamOptions(2e-4).betas({0.5, 0.5}));
  torch::optim::Adam d_opt(discriminator->parameters(), torch::optim::AdamOptions(2e-4).betas({0.5, 0.5}));

  for (int64_t step = 0; step < 2; ++step) {
    discriminator->zero_grad();
    torch::Tensor real_images = torch::rand({4, 1, 14, 14}).to(device);
    torch::Tensor real_labels = torch::empty(real_images.size(0), device).uniform_(0.8, 1.0);
    torch::Tensor real_output = discriminator->forward(real_images).reshape(real_labels.sizes());
    torch::Tensor d_loss_real = torch::binary_cross_entropy(real_output, real_labels);
    d_loss_real.backward();

    torch::Tensor noise = torch::randn({real_images.size(0), kNoise, 1, 1}, device);
    torch::Tensor fake_images = generator->forward(noise);
    torch::Tensor fake_labels = torch::zeros(real_images.size(0), device);
    torch::Tensor fake_output = discriminator->forward(fake_images.detach()).reshape(fake_labels.sizes());
    torch::Tensor d_loss_fake = torch::binary_cross_entropy(fake_output, fake_labels);
    d_loss_fake.backward();
    torch::Tensor d_loss = d_loss_real + d_loss_fake;
    d_opt.step();

    generator->zero_grad();
    fake_labels.fill_(1);
    fake_output = discriminator->forward(fake_images).reshape(fake_labels.sizes());
    torch::Tensor g_loss = torch::binary_cross_entropy(fake_output, fake_labels);
    g_loss.backward();
    g_opt.step();
    std::printf("[%ld] D_loss: %.4f | G_loss: %.4f\n", step, d_loss.item<float>(), g_loss.item<float>());
  }
}

void case_dcgan_labels_on_host() {
  using namespace dcgan;
  torch::Device device(torch::kCPU);
  if (torch::cuda::is_available()) {
    device = torch::Device(torch::kCUDA);
  }
  DCGANGenerator generator(kNoise);
  generator->to(device);
  auto discriminator = makeDiscriminator();
  discriminator->to(device);
  for (int64_t step = 0; step < 2; ++step) {
    discriminator->zero_grad();
    torch::Tensor real_images = torch::rand({4, 1, 14, 14}).to(device);
    torch::Tensor real_labels = torch::empty(real_images.size(0)).uniform_(0.8, 1.0);
    torch::Tensor real_output = discriminator->forward(real_images).reshape(real_labels.sizes());
    torch::Tensor d_loss_real = torch::binary_cross_entropy(real_output, real_labels); // THROWS: device
    d_loss_real.backward();
    torch::Tensor noise = torch::randn({real_images.size(0), kNoise, 1, 1}, device);
    torch::Tensor fake_images = generator->forward(noise);
    std::cout << fake_images.sizes() << std::endl;
  }
}

void case_dcgan_samples_after_cpu() {
  using namespace dcgan;
  const torch::Device device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  DCGANGenerator generator(kNoise);
  generator->to(device);
  const auto fixed_noise = torch::randn({9, kNoise, 1, 1}, device);
  for (int epoch = 0; epoch < 2; ++epoch) {
    generator->to(device);
    generator->train();
    auto fake = generator->forward(torch::randn({4, kNoise, 1, 1}, device));
    (void)fake;
    // The checkpoint is to be read on a laptop, so it is written from the host.
    generator->to(torch::kCPU);
    torch::save(generator, "generator.pt");
    generator->eval();
    auto samples = generator->forward(fixed_noise); // THROWS: device
    torch::save(samples.cpu(), "samples.pt");
  }
}

namespace wgan {

struct Critic : nn::Module {
  Critic() {
    net = register_module("net", nn::Sequential(nn::Linear(2, 16), nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2)), nn::Linear(16, 1)));
  }
  torch::Tensor forward(const torch::Tensor &x) { return net->forward(x); }
  nn::Sequential net{nullptr};
};

torch::Tensor gradientPenalty(Critic &critic, const torch::Tensor &real, const torch::Tensor &fake, bool sameDevice) {
  const auto n = real.size(0);
  torch::Tensor alpha = sameDevice ? torch::rand({n, 1}, real.options()) : torch::rand({n, 1});
  auto mixed = (alpha * real + (1 - alpha) * fake).requires_grad_(true); // THROWN: wgan_penalty_alpha_on_host
  auto score = critic.forward(mixed);
  auto grads = torch::autograd::grad({score}, {mixed}, {torch::ones_like(score)}, /*retain_graph=*/true,
                                     /*create_graph=*/true);
  auto norm = grads[0].view({n, -1}).norm(2, 1);
  return torch::pow(norm - 1, 2).mean();
}

torch::Tensor realBatch(int64_t n) {
  auto angle = torch::rand({n}) * 2 * M_PI;
  return torch::stack({angle.cos(), angle.sin()}, 1);
}

} // namespace wgan

void case_wgan_penalty_like_real() {
  using namespace wgan;
  auto dev = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Critic critic;
  critic.to(dev);
  nn::Sequential gen(nn::Linear(3, 16), nn::ReLU(), nn::Linear(16, 2));
  gen->to(dev);
  torch::optim::Adam opt(critic.parameters(), torch::optim::AdamOptions(1e-4).betas({0.0, 0.9}));
  for (int i = 0; i < 2; ++i) {
    auto real = realBatch(8).to(dev);
    auto fake = gen->forward(torch::randn({8, 3}).to(dev)).detach();
    auto loss = critic.forward(fake).mean() - critic.forward(real).mean() + 10 * gradientPenalty(critic, real, fake, true);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_wgan_penalty_alpha_on_host() {
  using namespace wgan;
  auto dev = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Critic critic;
  critic.to(dev);
  nn::Sequential gen(nn::Linear(3, 16), nn::ReLU(), nn::Linear(16, 2));
  gen->to(dev);
  auto real = realBatch(8).to(dev);
  auto fake = gen->forward(torch::randn({8, 3}).to(dev)).detach();
  auto gp = gradientPenalty(critic, real, fake, false); // THROWS: device
  auto loss = critic.forward(fake).mean() - critic.forward(real).mean() + 10 * gp;
  loss.backward();
}

namespace cgan {

class ConditionalGenerator : public nn::Module {
public:
  ConditionalGenerator(int64_t classes, int64_t noise) : noise_(noise) {
    embed_ = register_module("embed", nn::Embedding(classes, 4));
    net_ = register_module("net", nn::Sequential(nn::Linear(noise + 4, 16), nn::ReLU(), nn::Linear(16, 6)));
  }
  torch::Tensor forward(torch::Tensor z, torch::Tensor labels) {
    return net_->forward(torch::cat({z, embed_->forward(labels)}, 1)); // THROWN: cgan_float_labels
  }
  // Draws noise next to the weights, wherever those are.
  torch::Tensor sample(torch::Tensor labels) {
    const auto weight = embed_->weight;
    auto z = torch::randn({labels.size(0), noise_}, weight.options());
    return forward(z, labels.to(weight.device()));
  }

private:
  int64_t noise_;
  nn::Embedding embed_{nullptr};
  nn::Sequential net_{nullptr};
};

torch::Tensor oneHot(const torch::Tensor &labels, int64_t classes) {
  return torch::zeros({labels.size(0), classes}, labels.options().dtype(torch::kFloat)).scatter_(1, labels.unsqueeze(1), 1);
}

} // namespace cgan

void case_cgan_samples_where_it_lives() {
  using namespace cgan;
  auto gen = std::make_shared<ConditionalGenerator>(3, 5);
  gen->to(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto labels = torch::randint(0, 3, {4}, torch::TensorOptions().dtype(torch::kInt64));
  auto image = gen->sample(labels);
  auto joint = torch::cat({image.cpu(), oneHot(labels, 3)}, 1);
  nn::Linear judge(9, 1);
  auto score = torch::sigmoid(judge->forward(joint));
  std::cout << score.mean().item<float>() << "\n";
}

void case_cgan_one_hot_on_host() {
  using namespace cgan;
  const auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto gen = std::make_shared<ConditionalGenerator>(3, 5);
  gen->to(device);
  nn::Linear judge(9, 1);
  judge->to(device);
  for (int i = 0; i < 2; ++i) {
    auto labels = torch::randint(0, 3, {4}, torch::kInt64);
    auto image = gen->sample(labels);
    auto joint = torch::cat({image, oneHot(labels, 3)}, 1); // THROWS: device
    auto score = torch::sigmoid(judge->forward(joint));
    std::cout << score.mean().item<float>() << "\n";
  }
}

void case_cgan_float_labels() {
  using namespace cgan;
  const auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto gen = std::make_shared<ConditionalGenerator>(3, 5);
  gen->to(device);
  auto labels = torch::floor(torch::rand({4}, device) * 3);
  auto image = gen->forward(torch::randn({4, 5}, device), labels); // THROWS: dtype
  std::cout << image.sizes() << "\n";
}
