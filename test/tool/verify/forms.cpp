// Calls as programs write them: probes change neither their types nor what they
// do, and each is reached.
// REQUIRES: libtorch, runtime
// RUN: not %torch-tidy verify --device=emulated %s -- %torch_flags > %t
// RUN: FileCheck %s --implicit-check-not=warning: < %t
#include <torch/torch.h>

#define APPLY(module, input) (module)->forward(input)
#define STEP(module, input) do { auto y = APPLY(module, input); (void)y; } while (0)

struct Net : torch::nn::Module {
  torch::nn::Linear fc{register_module("fc", torch::nn::Linear(4, 4))};
  torch::Tensor last;
  torch::Tensor forward(torch::Tensor x) { return fc->forward(x); }
  torch::Tensor &remember(const torch::Tensor &x) { return last = fc->forward(x); }
  void train_on(const torch::Tensor &x) { forward(x).sum().backward(); }
};
static std::shared_ptr<Net> moved() {
  auto net = std::make_shared<Net>();
  net->to(torch::kCUDA);
  return net;
}
static torch::Tensor batch() { return torch::ones({2, 4}); }

void macro_argument() {
  auto net = moved();
  auto y = APPLY(net, batch());
  // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}
void macro_statement() {
  auto net = moved();
  STEP(net, batch());
  // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}
void reference() {
  auto net = moved();
  torch::Tensor &y = net->remember(batch());
  // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
  TORCH_CHECK(&y == &net->last);
}
void returns_nothing() {
  moved()->train_on(batch());
  // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}
void condition() {
  auto weight = torch::ones({4}, torch::kCUDA);
  if (auto y = weight + batch(); y.defined())
    // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
    // CHECK: note: confirmed on
    return;
}
torch::Tensor ternary(bool one) {
  auto weight = torch::ones({4}, torch::kCUDA);
  return one ? weight * batch() : weight;
  // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}
void lambda() {
  auto weight = torch::ones({4}, torch::kCUDA);
  auto scale = [&weight](const torch::Tensor &x) { return x * weight; };
  scale(batch());
  // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}
template <class T> static torch::Tensor scaled(T factor, torch::Tensor x) {
  return torch::ones({4}, torch::kCUDA) * x * factor;
}
void instantiates() {
  scaled(2, batch());
  // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}
struct Sum {
  torch::Tensor weight, sum;
  explicit Sum(torch::Tensor x)
      : weight(torch::ones({4}, torch::kCUDA)), sum(weight + x) {}
};
void declaration() {
  Sum sum(batch());
  // CHECK: forms.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
}

// CHECK: 9 findings: 9 confirmed
