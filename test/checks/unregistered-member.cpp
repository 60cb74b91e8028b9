// RUN: %check_torch %s
// Members that 'to' leaves behind, and those it does not.
#include <torch/torch.h>
using torch::Tensor;
namespace nn = torch::nn;
struct A : nn::Module {
  nn::Linear a{nullptr};
  nn::Linear b{nullptr}; // expect: 'b' is never registered: when the module moves to CUDA, it stays on the CPU
  A() {
    a = register_module("a", nn::Linear(4, 4));
    b = nn::Linear(4, 4);
  }
  Tensor forward(Tensor x) {
    return b(a(x));
  }
};
struct B : nn::Module {
  nn::Linear a;
  Tensor mask; // expect: 'mask' is never registered: when the module moves to CUDA, it stays on the CPU
  B() : a(register_module("a", nn::Linear(4, 4))), mask(torch::ones({4})) {
  }
  Tensor forward(Tensor x) {
    return a(x) * mask;
  }
};
struct C : nn::Module { // stateless, and a scalar
  nn::Linear a{nullptr};
  nn::ReLU relu;
  nn::Dropout drop{0.5};
  Tensor scale = torch::tensor(2.0f);
  C() {
    a = register_module("a", nn::Linear(4, 4));
  }
  Tensor forward(Tensor x) {
    return drop(relu(a(x))) * scale;
  }
};
struct D : nn::Module { // children registered one by one
  std::vector<nn::Linear> ls;
  D() {
    for (int i = 0; i < 3; ++i) {
      ls.push_back(nn::Linear(4, 4));
      register_module("l" + std::to_string(i), ls.back());
    }
  }
  Tensor forward(Tensor x) {
    for (auto &l : ls)
      x = l(x);
    return x;
  }
};
struct E : nn::Module {
  std::vector<nn::Linear> ls; // expect: 'ls' is never registered: when the module moves to CUDA, it stays on the CPU
  E() {
    for (int i = 0; i < 3; ++i)
      ls.push_back(nn::Linear(4, 4));
  }
  Tensor forward(Tensor x) {
    for (auto &l : ls)
      x = l(x);
    return x;
  }
};
struct F : nn::Module { // placed by hand
  nn::Linear a{nullptr};
  Tensor mask;
  F() {
    a = register_module("a", nn::Linear(4, 4));
    mask = torch::ones({4});
  }
  Tensor forward(Tensor x) {
    return a(x) * mask.to(x.device());
  }
};
struct G : nn::Module { // moved by its own function
  nn::Linear a{nullptr}, teacher{nullptr};
  G() {
    a = register_module("a", nn::Linear(4, 4));
    teacher = nn::Linear(4, 4);
  }
  void toDevice(torch::Device d) {
    to(d);
    teacher->to(d);
  }
  Tensor forward(Tensor x) {
    return a(x) + teacher(x);
  }
};
struct H : nn::Module { // never moved here, and made here
  nn::Linear a{nullptr};
  H() {
    a = nn::Linear(4, 4);
  }
  Tensor forward(Tensor x) {
    return a(x);
  }
};
void h() {
  H h;
  h.forward(torch::rand({2, 4}));
}
struct I : nn::Module { // given from outside
  nn::Linear a;
  I(nn::Linear l) : a(l) {
  }
  Tensor forward(Tensor x) {
    return a(x);
  }
};
struct J : nn::Module {
  nn::Linear a{nullptr};
  J() {
    a = nn::Linear(4, 4);
  }
  Tensor forward(Tensor x) {
    return a(x);
  }
};
void j() {
  J j;
  j.to(torch::kCUDA);
  j.forward(torch::rand({2, 4}, torch::kCUDA)); // expect: 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA but 'a' is on the CPU
}
struct K : nn::Module {
  Tensor w; // expect: 'w' is never registered: when the module moves to CUDA, it stays on the CPU
  nn::Linear a{nullptr};
  K() {
    w = torch::randn({4, 4}, torch::requires_grad());
    a = register_module("a", nn::Linear(4, 4));
  }
  Tensor forward(Tensor x) {
    return a(x).mm(w.t());
  }
};
struct L : nn::Module { // a helper registers
  nn::Linear a{nullptr}, b{nullptr};
  L() {
    make();
  }
  void make() {
    a = register_module("a", nn::Linear(4, 4));
    b = nn::Linear(4, 4);
    register_module("b", b);
  }
  Tensor forward(Tensor x) {
    return b(a(x));
  }
};
struct M : nn::Module { // indices may stay
  Tensor idx = torch::tensor({0, 1});
  nn::Linear a{nullptr};
  M() {
    a = register_module("a", nn::Linear(4, 4));
  }
  Tensor forward(Tensor x) {
    return a(x).index({torch::indexing::Slice(), idx});
  }
};
struct N : nn::Module { // a sub-module holds one
  std::shared_ptr<A> a;
  N() {
    a = register_module("aa", std::make_shared<A>());
  }
  Tensor forward(Tensor x) {
    return a->forward(x);
  }
};
struct O : nn::Module { // elements are read
  std::vector<nn::Linear> layers; // expect: 'layers' is never registered: when the module moves to CUDA, it stays on the CPU
  O() {
    layers.push_back(nn::Linear(4, 4));
  }
  Tensor forward(Tensor x) {
    return layers[0](x);
  }
};
struct P : nn::Module {
  std::vector<Tensor> offsets; // expect: 'offsets' is never registered: when the module moves to CUDA, it stays on the CPU
  P() {
    offsets.push_back(torch::ones({4}));
  }
  Tensor forward(Tensor x) {
    for (auto &offset : offsets)
      x = x + offset;
    return x + offsets.front();
  }
};
struct Q : nn::Module { // elements are moved, by their place and by a name
  std::vector<nn::Linear> layers;
  std::vector<Tensor> offsets, scales;
  Q() {
    layers.push_back(nn::Linear(4, 4));
    offsets.push_back(torch::ones({4}));
    scales.push_back(torch::ones({4}));
  }
  void toDevice(torch::Device d) {
    layers.at(0)->to(d);
    offsets[0] = offsets[0].to(d);
    for (auto &scale : scales) {
      auto &same = scale;
      same = same.to(d);
    }
  }
  Tensor forward(Tensor x) {
    return layers[0](x + offsets[0]) * scales.front();
  }
};
struct R : nn::Module { // one call, and the members of two classes
  std::shared_ptr<L> inner; // expect: 'inner' is never registered: when the module moves to CUDA, it stays on the CPU
  R() {
    inner = std::make_shared<L>();
  }
  Tensor forward(Tensor x) {
    return inner->forward(x);
  }
};
struct S : nn::Module {
  std::unique_ptr<L> inner; // expect: 'inner' is never registered: when the module moves to CUDA, it stays on the CPU
  S() {
    inner = std::make_unique<L>();
  }
  Tensor forward(Tensor x) {
    return inner->forward(x);
  }
};
