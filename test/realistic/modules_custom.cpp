// Modules of one's own: registration in all its forms.
#include <torch/torch.h>

#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace experts {

// A mixture: `count` small networks and a gate that weighs them.
class MixtureImpl : public torch::nn::Module {
public:
  MixtureImpl(int64_t in, int64_t out, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      experts_->push_back(torch::nn::Sequential(torch::nn::Linear(in, 6), torch::nn::ReLU(), torch::nn::Linear(6, out)));
    register_module("experts", experts_);
    gate_ = register_module("gate", torch::nn::Linear(in, count));
  }

  torch::Tensor forward(const torch::Tensor &x) {
    auto weights = torch::softmax(gate_->forward(x), -1);
    torch::Tensor out;
    int64_t i = 0;
    for (const auto &expert : *experts_) {
      auto y = expert->as<torch::nn::Sequential>()->forward(x) * weights.select(-1, i++).unsqueeze(-1);
      out = out.defined() ? out + y : y;
    }
    return out;
  }

private:
  torch::nn::ModuleList experts_;
  torch::nn::Linear gate_{nullptr};
};
TORCH_MODULE(Mixture);

// The same, but with a plain vector.
class VectorMixtureImpl : public torch::nn::Module {
public:
  VectorMixtureImpl(int64_t in, int64_t out, int64_t count, bool registered) {
    for (int64_t i = 0; i < count; ++i) {
      torch::nn::Linear expert(in, out);
      experts_.push_back(expert);
      if (registered)
        register_module("expert" + std::to_string(i), expert);
    }
    gate_ = register_module("gate", torch::nn::Linear(in, count));
  }

  torch::Tensor forward(const torch::Tensor &x) {
    auto weights = torch::softmax(gate_->forward(x), -1);
    std::vector<torch::Tensor> outputs;
    for (auto &expert : experts_)
      outputs.push_back(expert->forward(x)); // THROWN: mixture_vector_not_registered
    return (torch::stack(outputs, -1) * weights.unsqueeze(-2)).sum(-1);
  }

private:
  std::vector<torch::nn::Linear> experts_;
  torch::nn::Linear gate_{nullptr};
};
TORCH_MODULE(VectorMixture);

} // namespace experts

void case_mixture_module_list() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  experts::Mixture net(3, 2, 4);
  net->to(device);
  torch::optim::Adam opt(net->parameters(), 1e-2);
  for (int i = 0; i < 2; ++i) {
    auto x = torch::randn({5, 3}, device);
    auto loss = (net->forward(x) - x.narrow(1, 0, 2)).square().mean();
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_mixture_vector_registered_one_by_one() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  experts::VectorMixture net(3, 2, 3, true);
  net->to(device);
  auto y = net->forward(torch::randn({5, 3}).to(device));
  std::cout << y.cpu() << "\n";
}

// Reported twice: the consequence is taken for a mistake of its own.
void case_mixture_vector_not_registered() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  experts::VectorMixture net(3, 2, 3, false);
  net->to(device);
  auto y = net->forward(torch::randn({5, 3}).to(device)); // THROWS: device
  std::cout << y.cpu() << "\n";
}

namespace whitening {

struct WhitenImpl : torch::nn::Module {
  enum class Keep { Buffer, Member };

  WhitenImpl(const torch::Tensor &data, Keep keep) {
    mean = data.mean(0);
    scale = 1.0 / (data.std(0) + 1e-5);
    if (keep == Keep::Buffer) {
      register_buffer("mean", mean);
      register_buffer("scale", scale);
    }
  }
  torch::Tensor forward(torch::Tensor x) { return x.sub(mean).mul_(scale); } // THROWN: whiten_with_members

  torch::Tensor mean, scale;
};
TORCH_MODULE(Whiten);

} // namespace whitening

void case_whiten_with_buffers() {
  using whitening::Whiten, whitening::WhitenImpl;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  auto data = torch::randn({20, 4}) * 3 + 1;
  torch::nn::Sequential net(Whiten(data, WhitenImpl::Keep::Buffer), torch::nn::Linear(4, 2), torch::nn::LogSoftmax(1));
  net->to(device);
  auto out = net->forward(data.slice(0, 0, 4).to(device));
  auto loss = torch::nll_loss(out, torch::zeros({4}, torch::kLong).to(device));
  loss.backward();
}

// How many dimensions a reduction leaves.
void case_whiten_with_members() {
  using whitening::Whiten, whitening::WhitenImpl;
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  auto data = torch::randn({20, 4}) * 3 + 1;
  Whiten whiten(data, WhitenImpl::Keep::Member);
  torch::nn::Linear head(4, 2);
  whiten->to(device);
  head->to(device);
  auto x = data.slice(0, 0, 4).to(device);
  auto out = head->forward(whiten->forward(x)); // THROWS: device
  std::cout << out.sum().item<float>() << "\n";
}

namespace tying {

struct AutoEncoder : torch::nn::Module {
  torch::nn::Linear encode{nullptr};
  torch::Tensor bias;

  explicit AutoEncoder(int64_t in, int64_t hidden) {
    encode = register_module("encode", torch::nn::Linear(in, hidden));
    bias = register_parameter("bias", torch::zeros({in}));
  }
  torch::Tensor forward(const torch::Tensor &x) {
    auto h = torch::tanh(encode->forward(x));
    return torch::nn::functional::linear(h, encode->weight.t(), bias);
  }
};

// Holds on to the transposed weight from before the move.
struct StaleAutoEncoder : torch::nn::Module {
  torch::nn::Linear encode{nullptr};
  torch::Tensor decode;

  explicit StaleAutoEncoder(int64_t in, int64_t hidden) {
    encode = register_module("encode", torch::nn::Linear(in, hidden));
    decode = encode->weight.detach().t();
  }
  torch::Tensor forward(const torch::Tensor &x) {
    auto h = torch::tanh(encode->forward(x));
    return torch::matmul(h, decode.t()); // the view did not move // THROWN: tied_weight_view_is_stale
  }
};

} // namespace tying

void case_tied_weight_read_each_time() {
  torch::Device device(torch::kCUDA, 0);
  if (!torch::cuda::is_available()) {
    std::cout << "no CUDA device, skipped\n";
    return;
  }
  auto net = std::make_shared<tying::AutoEncoder>(5, 2);
  net->to(device);
  auto x = torch::rand({3, 5}, device);
  for (int i = 0; i < 2; ++i) {
    auto loss = torch::nn::functional::mse_loss(net->forward(x), x);
    loss.backward();
    torch::NoGradGuard g;
    for (auto &p : net->parameters()) {
      p.sub_(0.1 * p.grad());
      p.grad().zero_();
    }
  }
}

void case_tied_weight_view_is_stale() {
  torch::Device device(torch::kCUDA, 0);
  if (!torch::cuda::is_available()) {
    std::cout << "no CUDA device, skipped\n";
    return;
  }
  auto net = std::make_shared<tying::StaleAutoEncoder>(5, 2);
  net->to(device);
  auto x = torch::rand({3, 5}, device);
  auto loss = torch::nn::functional::mse_loss(net->forward(x), x); // THROWS: device
  loss.backward();
}

namespace ema {

struct NetImpl : torch::nn::Cloneable<NetImpl> {
  NetImpl() { reset(); }
  void reset() override {
    fc1 = register_module("fc1", torch::nn::Linear(4, 6));
    fc2 = register_module("fc2", torch::nn::Linear(6, 2));
  }
  torch::Tensor forward(torch::Tensor x) { return fc2(torch::relu(fc1(x))); }
  torch::nn::Linear fc1{nullptr}, fc2{nullptr};
};
TORCH_MODULE(Net);

class Average {
public:
  Average(const Net &model, double decay, std::optional<torch::Device> device = std::nullopt) : decay_(decay) {
    shadow_ = Net(std::dynamic_pointer_cast<NetImpl>(model->clone(device)));
    for (auto &p : shadow_->parameters())
      p.requires_grad_(false);
  }
  void update(const Net &model) {
    torch::NoGradGuard g;
    auto now = model->parameters();
    auto kept = shadow_->parameters();
    for (size_t i = 0; i < now.size(); ++i)
      kept[i].mul_(decay_).add_(now[i], 1 - decay_); // THROWN: ema_clone_before_move
  }
  Net &shadow() { return shadow_; }

private:
  double decay_;
  Net shadow_{nullptr};
};

} // namespace ema

void case_ema_clone_after_move() {
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  ema::Net net;
  net->to(device);
  ema::Average average(net, 0.99);
  torch::optim::SGD opt(net->parameters(), 0.1);
  for (int i = 0; i < 2; ++i) {
    opt.zero_grad();
    net->forward(torch::randn({3, 4}, device)).pow(2).sum().backward();
    opt.step();
    average.update(net);
  }
  std::cout << average.shadow()->forward(torch::ones({1, 4}).to(device)).cpu() << "\n";
}

// Where the copy of Module::clone is.
void case_ema_clone_before_move() {
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  ema::Net net;
  ema::Average average(net, 0.99);
  net->to(device);
  torch::optim::SGD opt(net->parameters(), 0.1);
  for (int i = 0; i < 2; ++i) {
    opt.zero_grad();
    net->forward(torch::randn({3, 4}, device)).pow(2).sum().backward();
    opt.step();
    average.update(net); // THROWS: device
  }
}

void case_ema_clone_onto_device() {
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  ema::Net net; // trains on the host
  ema::Average average(net, 0.9, device);
  auto x = torch::randn({2, 4});
  auto here = net->forward(x);
  auto there = average.shadow()->forward(x.to(device));
  std::cout << torch::allclose(here, there.cpu(), 1e-4, 1e-5) << "\n";
}

void case_ema_clone_onto_device_compared() {
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  ema::Net net; // trains on the host
  ema::Average average(net, 0.9, device);
  auto x = torch::randn({2, 4});
  auto here = net->forward(x);
  auto there = average.shadow()->forward(x.to(device));
  std::cout << torch::allclose(here, there) << "\n"; // THROWS: device
}
