// RUN: %check_torch %s
// What runs in backward: functions of autograd and hooks.
#include <torch/torch.h>
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
struct Clipped : torch::autograd::Function<Clipped> {
  static torch::Tensor forward(AutogradContext *ctx, torch::Tensor x) {
    ctx->save_for_backward({x});
    return x.sign();
  }
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto x = ctx->get_saved_variables()[0];
    auto window = torch::where(x.abs() < 1, torch::ones(x.sizes()), torch::zeros(x.sizes())); // expect: 'torch::ones(x.sizes())' is on the CPU but 'x.abs() < 1' is on CUDA
    return {grads[0] * window};
  }
};
struct Scaled : torch::autograd::Function<Scaled> {
  static torch::Tensor forward(AutogradContext *ctx, torch::Tensor x) {
    ctx->save_for_backward({x});
    return x * 2;
  }
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto x = ctx->get_saved_variables()[0];
    return {grads[0] * torch::ones_like(x) * 2};
  }
};
void a() {
  torch::nn::Linear l(5, 4);
  l->to(torch::kCUDA);
  auto h = Clipped::apply(l->forward(torch::randn({6, 5}, torch::kCUDA)));
  h.sum().backward();
}
void b() {
  torch::nn::Linear l(5, 4);
  l->to(torch::kCUDA);
  auto h = Scaled::apply(l->forward(torch::randn({6, 5}, torch::kCUDA)));
  h.sum().backward();
}
class Cam {
public:
  torch::Tensor operator()(torch::nn::Linear &model, const torch::Tensor &x) {
    auto maps = model->forward(x);
    torch::Tensor gradient;
    maps.register_hook([&gradient, this](torch::Tensor g) {
      gradient = keep_on_host ? g.cpu() : g;
      return g;
    });
    maps.sum().backward();
    return (gradient * maps.detach()).sum(1);
  }
  bool keep_on_host = false;
};
void c() {
  torch::nn::Linear model(3, 2);
  model->to(torch::kCUDA);
  Cam cam;
  cam.keep_on_host = true;
  cam(model, torch::rand({1, 3}, torch::kCUDA)); // expect: 'gradient' is on the CPU but 'maps' is on CUDA
}
void d() {
  torch::nn::Linear model(3, 2);
  model->to(torch::kCUDA);
  Cam cam;
  cam(model, torch::rand({1, 3}, torch::kCUDA));
}
struct OnHost : torch::autograd::Function<OnHost> {
  static torch::Tensor forward(torch::autograd::AutogradContext *ctx, torch::Tensor x) {
    return x.sign();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *ctx, torch::autograd::variable_list grads) {
    return {grads[0] * torch::ones({6, 4})};
  }
};
void noGrad() {
  torch::nn::Linear l(5, 4), m(5, 4);
  l->to(torch::kCUDA);
  {
    torch::NoGradGuard guard;
    auto h = OnHost::apply(l->forward(torch::randn({6, 5}, torch::kCUDA)));
  }
  m->forward(torch::randn({6, 5})).sum().backward();
}
void noParameters() {
  auto h = OnHost::apply(torch::randn({6, 5}, torch::kCUDA));
  torch::nn::Linear m(5, 4);
  m->forward(torch::randn({6, 5})).sum().backward();
}
