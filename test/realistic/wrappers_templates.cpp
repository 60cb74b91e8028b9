// Device wrappers, guards, templates, static polymorphism, factories, options of the command line.
#include <torch/torch.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace scope {

// Puts a module on a device for as long as the object lives.
class OnDevice {
public:
  OnDevice(torch::nn::Module &module, torch::Device where) : module_(module), before_(where) {
    for (const auto &p : module_.parameters()) {
      before_ = p.device();
      break;
    }
    module_.to(where);
  }
  ~OnDevice() { module_.to(before_); }
  OnDevice(const OnDevice &) = delete;
  OnDevice &operator=(const OnDevice &) = delete;

private:
  torch::nn::Module &module_;
  torch::Device before_;
};

// Evaluation without gradients; training goes on afterwards.
class Evaluating {
public:
  explicit Evaluating(torch::nn::Module &m) : module_(m), was_(m.is_training()) { module_.eval(); }
  ~Evaluating() { module_.train(was_); }

private:
  torch::nn::Module &module_;
  bool was_;
  torch::NoGradGuard guard_;
};

struct EncoderImpl : torch::nn::Module {
  EncoderImpl() {
    conv = register_module("conv", torch::nn::Conv1d(torch::nn::Conv1dOptions(2, 4, 3).padding(1)));
    norm = register_module("norm", torch::nn::GroupNorm(2, 4));
    pool = register_module("pool", torch::nn::AdaptiveAvgPool1d(1));
  }
  torch::Tensor forward(const torch::Tensor &x) { return pool(torch::relu(norm(conv(x)))).squeeze(-1); } // THROWN: scope_used_after_it_ended
  torch::nn::Conv1d conv{nullptr};
  torch::nn::GroupNorm norm{nullptr};
  torch::nn::AdaptiveAvgPool1d pool{nullptr};
};
TORCH_MODULE(Encoder);

torch::Tensor embed_all(Encoder &encoder, const std::vector<torch::Tensor> &signals, torch::Device device) {
  std::vector<torch::Tensor> rows;
  for (const auto &s : signals)
    rows.push_back(encoder->forward(s.unsqueeze(0).to(device)));
  return torch::cat(rows);
}

} // namespace scope

void case_scope_results_leave_with_copy() {
  using namespace scope;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Encoder encoder;
  std::vector<torch::Tensor> signals;
  for (int i = 0; i < 3; ++i)
    signals.push_back(torch::randn({2, 10}));
  torch::Tensor table;
  {
    OnDevice on(*encoder, device);
    Evaluating off(*encoder);
    table = embed_all(encoder, signals, device).to(torch::kCPU);
  }
  auto query = encoder->forward(signals[1].unsqueeze(0));
  auto distance = torch::cdist(query, table);
  std::cout << distance.argmin().item<int64_t>() << "\n";
}

void case_scope_results_stay_on_device() {
  using namespace scope;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Encoder encoder;
  std::vector<torch::Tensor> signals;
  for (int i = 0; i < 3; ++i)
    signals.push_back(torch::randn({2, 10}));
  torch::Tensor table;
  {
    OnDevice on(*encoder, device);
    Evaluating off(*encoder);
    table = embed_all(encoder, signals, device);
  }
  auto query = encoder->forward(signals[1].unsqueeze(0));
  auto similar = torch::mm(query, table.t()); // THROWS: device
  std::cout << similar.argmax().item<int64_t>() << "\n";
}

void case_scope_used_after_it_ended() {
  using namespace scope;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Encoder encoder;
  auto signal = torch::randn({1, 2, 10}, device);
  float inside = 0;
  if (device.is_cuda()) {
    OnDevice on(*encoder, device);
    Evaluating off(*encoder);
    inside = encoder->forward(signal).sum().item<float>();
  }
  auto again = encoder->forward(signal); // THROWS: device
  std::cout << again.sum().item<float>() - inside << "\n";
}

namespace placed {

// A tensor that knows where it should be.
template <typename Policy> class Placed : public Policy {
public:
  explicit Placed(torch::Tensor t) : tensor_(Policy::place(std::move(t))) {}
  template <typename Other> explicit Placed(const Placed<Other> &o) : tensor_(Policy::place(o.get())) {}
  const torch::Tensor &get() const { return tensor_; }
  operator const torch::Tensor &() const { return tensor_; }

private:
  torch::Tensor tensor_;
};

struct Host {
  static torch::Tensor place(torch::Tensor t) { return t.cpu(); }
};
struct Accelerator {
  static torch::Tensor place(torch::Tensor t) { return torch::cuda::is_available() ? t.cuda() : t; }
};
using HostTensor = Placed<Host>;
using DeviceTensor = Placed<Accelerator>;

// Layers by static polymorphism.
template <class Derived> class Layer {
public:
  torch::Tensor operator()(const torch::Tensor &x) { return self().apply(self().prepare(x)); }
  torch::Tensor prepare(const torch::Tensor &x) { return x; }

private:
  Derived &self() { return static_cast<Derived &>(*this); }
};

class Dense : public Layer<Dense> {
public:
  Dense(int64_t in, int64_t out) : w_(torch::randn({in, out}) * 0.1), b_(torch::zeros({out})) {}
  torch::Tensor apply(const torch::Tensor &x) const { return x.matmul(w_.get()) + b_.get(); }

private:
  DeviceTensor w_, b_;
};

class Scale : public Layer<Scale> {
public:
  explicit Scale(std::vector<float> factors) : factors_(torch::tensor(factors)) {}
  torch::Tensor prepare(const torch::Tensor &x) { return x - x.mean(0, true); }
  torch::Tensor apply(const torch::Tensor &x) const { return x * factors_.get(); } // THROWN: placed_scale_is_of_the_host

private:
  HostTensor factors_;
};

template <class... Layers> torch::Tensor chain(torch::Tensor x, Layers &...layers) {
  ((x = layers(x)), ...);
  return x;
}

} // namespace placed

void case_placed_layers_of_one_place() {
  using namespace placed;
  Dense first(4, 6), second(6, 2);
  DeviceTensor input(torch::rand({5, 4}));
  HostTensor result(chain(input, first, second));
  auto rows = result.get().accessor<float, 2>();
  float sum = 0;
  for (int64_t i = 0; i < rows.size(0); ++i)
    sum += rows[i][0];
  std::cout << sum << "\n";
}

void case_placed_scale_is_of_the_host() {
  using namespace placed;
  Dense first(4, 6);
  Scale scale({1, 2, 3, 4, 5, 6});
  DeviceTensor input(torch::rand({5, 4}));
  auto result = chain(input, first, scale); // THROWS: device
  std::cout << result.sum().item<float>() << "\n";
}

void case_placed_scale_before_upload() {
  using namespace placed;
  Scale scale({1, 2, 3, 4});
  Dense last(4, 2);
  HostTensor raw(torch::rand({5, 4}));
  DeviceTensor scaled(HostTensor(chain(raw, scale)));
  auto result = chain(scaled, last);
  std::cout << (result + DeviceTensor(torch::ones({2})).get()).sum().item<float>() << "\n";
}

namespace factory {

struct Block : torch::nn::Module {
  virtual torch::Tensor forward(torch::Tensor x) = 0;
};

struct Mlp : Block {
  Mlp(int64_t width) : fc(register_module("fc", torch::nn::Linear(width, width))) {}
  torch::Tensor forward(torch::Tensor x) override { return torch::gelu(fc(x)); }
  torch::nn::Linear fc;
};

struct Affine : Block {
  Affine(int64_t width) {
    gain = register_parameter("gain", torch::ones({width}));
    bias = register_parameter("bias", torch::zeros({width}));
  }
  torch::Tensor forward(torch::Tensor x) override { return x * gain + bias; }
  torch::Tensor gain, bias;
};

struct Rotate : Block {
  Rotate(int64_t width) { matrix = std::get<0>(torch::linalg_qr(torch::randn({width, width}), "reduced")); }
  torch::Tensor forward(torch::Tensor x) override { return x.mm(matrix); } // THROWN: factory_block_forgets_its_matrix
  torch::Tensor matrix;
};

std::shared_ptr<Block> make(const std::string &kind, int64_t width) {
  static const std::map<std::string, std::function<std::shared_ptr<Block>(int64_t)>> makers = {
      {"mlp", [](int64_t w) { return std::make_shared<Mlp>(w); }},
      {"affine", [](int64_t w) { return std::make_shared<Affine>(w); }},
      {"rotate", [](int64_t w) { return std::make_shared<Rotate>(w); }},
  };
  auto it = makers.find(kind);
  if (it == makers.end())
    throw std::invalid_argument("no block " + kind);
  return it->second(width);
}

class Stack : public torch::nn::Module {
public:
  Stack(const std::string &description, int64_t width) {
    std::istringstream in(description);
    for (std::string kind; in >> kind;)
      blocks_.push_back(register_module("block" + std::to_string(blocks_.size()), make(kind, width)));
  }
  torch::Tensor forward(torch::Tensor x) {
    for (auto &b : blocks_)
      x = x + b->forward(x);
    return x;
  }

private:
  std::vector<std::shared_ptr<Block>> blocks_;
};

} // namespace factory

void case_factory_blocks_of_parameters() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  factory::Stack stack("mlp affine mlp", 4);
  stack.to(device);
  torch::optim::SGD opt(stack.parameters(), 0.1);
  for (int i = 0; i < 2; ++i) {
    auto x = torch::randn({3, 4}, device);
    auto loss = (stack.forward(x) - x).pow(2).mean();
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_factory_block_forgets_its_matrix() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto block = factory::make("rotate", 4);
  auto gate = factory::make("affine", 4);
  block->to(device);
  gate->to(device);
  auto x = gate->forward(torch::randn({3, 4}, device));
  auto y = block->forward(x); // THROWS: device
  std::cout << (y - x).norm().item<float>() << "\n";
}
