// Functions with a backward of their own, physics, metrics as classes, optimizers written by hand.
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quantise {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rounds to a grid; the gradient goes straight through where the input was in range.
class RoundTo : public torch::autograd::Function<RoundTo> {
public:
  static torch::Tensor forward(AutogradContext *ctx, torch::Tensor x, torch::Tensor scale, int64_t levels) {
    ctx->save_for_backward({x, scale});
    ctx->saved_data["levels"] = levels;
    auto steps = torch::clamp(torch::round(x / scale), -levels, levels); // THROWN: quantise_scale_is_no_parameter
    return steps * scale;
  }
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const auto levels = ctx->saved_data["levels"].toInt();
    auto inside = (saved[0] / saved[1]).abs() <= levels;
    auto g = grads[0] * inside.to(grads[0].dtype());
    return {g, (grads[0] * torch::round(saved[0] / saved[1])).sum().view({1}), torch::Tensor()};
  }
};

// The same, clipping its gradient by a table of its own.
class ClippedSign : public torch::autograd::Function<ClippedSign> {
public:
  static torch::Tensor forward(AutogradContext *ctx, torch::Tensor x) {
    ctx->save_for_backward({x});
    return x.sign();
  }
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto x = ctx->get_saved_variables()[0];
    auto window = torch::where(x.abs() < 1, torch::ones(x.sizes()), torch::zeros(x.sizes())); // THROWN: quantise_window_in_backward
    return {grads[0] * window};
  }
};

struct QuantLinearImpl : torch::nn::Module {
  QuantLinearImpl(int64_t in, int64_t out, bool learned) {
    weight = register_parameter("weight", torch::randn({out, in}) * 0.1);
    scale = torch::full({1}, 0.05);
    if (learned)
      scale = register_parameter("scale", scale);
  }
  torch::Tensor forward(const torch::Tensor &x) {
    return torch::nn::functional::linear(x, RoundTo::apply(weight, scale, 7));
  }
  torch::Tensor weight, scale;
};
TORCH_MODULE(QuantLinear);

torch::Tensor hinge(const torch::Tensor &out, const torch::Tensor &sign) { return (1 - out * sign).clamp_min(0).mean(); }

} // namespace quantise

void case_quantise_scale_is_learned() {
  using namespace quantise;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  QuantLinear a(5, 8, true), b(8, 1, true);
  a->to(device);
  b->to(device);
  std::vector<torch::Tensor> params = a->parameters();
  for (auto &p : b->parameters())
    params.push_back(p);
  torch::optim::SGD opt(params, 0.01);
  for (int i = 0; i < 2; ++i) {
    auto x = torch::randn({6, 5}).to(device);
    auto sign = torch::where(x.sum(1, true) > 0, 1.0f, -1.0f).to(device);
    auto loss = hinge(b->forward(torch::relu(a->forward(x))), sign);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_quantise_scale_is_no_parameter() {
  using namespace quantise;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  QuantLinear a(5, 1, false);
  a->to(device);
  auto x = torch::randn({6, 5}).to(device);
  auto out = a->forward(x); // THROWS: device
  auto loss = hinge(out, torch::ones_like(out));
  loss.backward();
}

// What the backward of a Function of autograd makes.
void case_quantise_window_in_backward() {
  using namespace quantise;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  QuantLinear a(5, 4, true), b(4, 1, true);
  a->to(device);
  b->to(device);
  auto x = torch::randn({6, 5}, device);
  auto h = ClippedSign::apply(a->forward(x));
  auto loss = hinge(b->forward(h), torch::ones({6, 1}, device));
  loss.backward(); // THROWS: device
  std::cout << a->weight.grad().norm().item<float>() << "\n";
}

void case_quantise_window_never_reached() {
  using namespace quantise;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  QuantLinear a(5, 4, true), b(4, 1, true);
  a->to(device);
  b->to(device);
  torch::NoGradGuard guard; // nothing goes backwards
  auto x = torch::randn({6, 5}, device);
  auto h = ClippedSign::apply(a->forward(x));
  auto loss = hinge(b->forward(h), torch::ones({6, 1}, device));
  std::cout << loss.item<float>() << "\n";
}

namespace pinn {

struct FieldImpl : torch::nn::Module {
  FieldImpl() {
    net->push_back(torch::nn::Linear(2, 12));
    net->push_back(torch::nn::Tanh());
    net->push_back(torch::nn::Linear(12, 1));
    register_module("net", net);
    viscosity = register_parameter("viscosity", torch::full({1}, 0.1));
  }
  torch::Tensor forward(torch::Tensor t, torch::Tensor x) { return net->forward(torch::cat({t, x}, 1)); } // THROWN: pinn_points_sampled_on_host
  torch::nn::Sequential net;
  torch::Tensor viscosity;
};
TORCH_MODULE(Field);

torch::Tensor derivative(const torch::Tensor &of, const torch::Tensor &by) {
  return torch::autograd::grad({of}, {by}, /*grad_outputs=*/{torch::ones_like(of)}, /*retain_graph=*/true,
                               /*create_graph=*/true)[0];
}

// Burgers' equation at random points of the box.
torch::Tensor residual(Field &u, int64_t points, torch::Device device) {
  auto opts = torch::TensorOptions().device(device).requires_grad(true);
  auto t = torch::rand({points, 1}, opts), x = torch::rand({points, 1}, opts) * 2 - 1;
  auto v = u->forward(t, x); // VIA: pinn_points_sampled_on_host
  auto v_t = derivative(v, t), v_x = derivative(v, x);
  auto v_xx = derivative(v_x, x);
  return (v_t + v * v_x - u->viscosity * v_xx).pow(2).mean();
}

// The solution at the start is known.
struct Start {
  torch::Tensor t, x, u;
  explicit Start(int64_t n) {
    x = torch::linspace(-1, 1, n).unsqueeze(1);
    t = torch::zeros_like(x);
    u = -torch::sin(M_PI * x);
  }
  Start to(torch::Device d) const {
    Start s = *this;
    s.t = t.to(d);
    s.x = x.to(d);
    return s;
  }
  torch::Tensor loss(Field &field) const { return torch::mse_loss(field->forward(t, x), u); } // THROWN: pinn_start_moved_by_halves
  torch::Tensor lossOnHost(Field &field) const { return torch::mse_loss(field->forward(t, x).cpu(), u); }
};

} // namespace pinn

void case_pinn_start_compared_on_host() {
  using namespace pinn;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Field u;
  u->to(device);
  auto start = Start(8).to(device);
  torch::optim::Adam opt(u->parameters(), 1e-3);
  for (int i = 0; i < 2; ++i) {
    opt.zero_grad();
    auto physics = residual(u, 6, device);
    auto loss = physics + start.lossOnHost(u); // one number, and the gradient finds its way
    loss.backward();
    opt.step();
  }
  std::cout << u->viscosity.item<float>() << "\n";
}

void case_pinn_start_moved_by_halves() {
  using namespace pinn;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Field u;
  u->to(device);
  auto start = Start(8).to(device);
  auto loss = residual(u, 6, device) + start.loss(u); // THROWS: device
  loss.backward();
  std::cout << loss.item<float>() << "\n";
}

void case_pinn_points_sampled_on_host() {
  using namespace pinn;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Field u;
  u->to(device);
  torch::optim::Adam opt(u->parameters(), 1e-3);
  auto loss = residual(u, 6, torch::kCPU); // THROWS: device
  opt.zero_grad();
  loss.backward();
  opt.step();
}

namespace hand_made {

// Lion: the sign of an interpolated momentum.
class Lion {
public:
  Lion(std::vector<torch::Tensor> params, double lr) : params_(std::move(params)), lr_(lr) {}
  void zero_grad() {
    for (auto &p : params_)
      if (p.grad().defined())
        p.mutable_grad().zero_();
  }
  void step() {
    torch::NoGradGuard guard;
    for (auto &p : params_) {
      if (!p.grad().defined())
        continue;
      auto &m = state_[p.unsafeGetTensorImpl()];
      if (!m.defined())
        m = torch::zeros(p.sizes(), p.options());
      p.add_((m * 0.9 + p.grad() * 0.1).sign(), -lr_); // THROWN: eager_lion_made_before_move
      m.mul_(0.99).add_(p.grad(), 0.01);
    }
  }

protected:
  std::vector<torch::Tensor> params_;
  double lr_;
  std::unordered_map<c10::TensorImpl *, torch::Tensor> state_;
};

// Allocates its state when it is made.
class EagerLion : public Lion {
public:
  EagerLion(std::vector<torch::Tensor> params, double lr) : Lion(std::move(params), lr) {
    for (const auto &p : params_)
      state_[p.unsafeGetTensorImpl()] = torch::zeros_like(p.detach());
  }
};

template <class Optimizer> double train(torch::nn::Sequential &net, Optimizer &opt, torch::Device device, int steps) {
  double last = 0;
  for (int i = 0; i < steps; ++i) {
    auto x = torch::randn({4, 3}, device);
    auto loss = torch::mse_loss(net->forward(x), x.sum(1, true));
    opt.zero_grad();
    loss.backward();
    opt.step();
    last = loss.template item<double>();
  }
  return last;
}

} // namespace hand_made

void case_lion_made_before_move() {
  using namespace hand_made;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential net(torch::nn::Linear(3, 5), torch::nn::ReLU(), torch::nn::Linear(5, 1));
  Lion opt(net->parameters(), 1e-3); // its state is made at the first step
  net->to(device);
  std::cout << train(net, opt, device, 2) << "\n";
}

void case_eager_lion_made_before_move() {
  using namespace hand_made;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential net(torch::nn::Linear(3, 5), torch::nn::ReLU(), torch::nn::Linear(5, 1));
  EagerLion opt(net->parameters(), 1e-3);
  net->to(device);
  std::cout << train(net, opt, device, 2) << "\n"; // THROWS: device
}

void case_eager_lion_made_after_move() {
  using namespace hand_made;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential net(torch::nn::Linear(3, 5), torch::nn::ReLU(), torch::nn::Linear(5, 1));
  net->to(device);
  EagerLion opt(net->parameters(), 1e-3);
  std::cout << train(net, opt, device, 2) << "\n";
}
