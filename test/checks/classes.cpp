// RUN: %check_torch %s
// Modules of all builds: registered, left behind, held in containers, copied.
#include <torch/torch.h>
#include <future>
#include <thread>
#include <queue>
using torch::Tensor;
namespace nn = torch::nn;
namespace F = torch::nn::functional;
// modules
struct Unreg : nn::Module {
  nn::Linear a{nullptr}, b{nullptr};
  Unreg() {
    a = register_module("a", nn::Linear(4, 4));
    b = nn::Linear(4, 4);
  }
  Tensor forward(Tensor x) {
    return b(a(x));
  }
};
void u1() {
  Unreg m;
  m.to(torch::kCUDA);
  m.forward(torch::rand({2, 4}).cuda()); // expect: 'a(x)' is on CUDA but 'b' is on the CPU
}
struct MaskNet : nn::Module {
  nn::Linear a{nullptr};
  Tensor mask;
  MaskNet() {
    a = register_module("a", nn::Linear(4, 4));
    mask = torch::ones({4});
  }
  Tensor forward(Tensor x) {
    return a(x) * mask;
  }
};
void u2() {
  MaskNet m;
  m.to(torch::kCUDA);
  m.forward(torch::rand({2, 4}).cuda()); // expect: 'mask' is on the CPU but 'a(x)' is on CUDA
}
struct BufNet : nn::Module {
  nn::Linear a{nullptr};
  Tensor mask;
  BufNet() {
    a = register_module("a", nn::Linear(4, 4));
    mask = register_buffer("m", torch::ones({4}));
  }
  Tensor forward(Tensor x) {
    return a(x) * mask;
  }
};
void u3() {
  BufNet m;
  m.to(torch::kCUDA);
  m.forward(torch::rand({2, 4}).cuda());
}
struct VecNetImpl : nn::Module {
  std::vector<nn::Linear> ls;
  VecNetImpl(int n = 3) {
    for (int i = 0; i < n; i++)
      ls.push_back(register_module("l" + std::to_string(i), nn::Linear(4, 4)));
  }
  Tensor forward(Tensor x) {
    for (auto &l : ls)
      x = torch::relu(l->forward(x));
    return x;
  }
};
TORCH_MODULE(VecNet);
void u4() {
  VecNet m(4);
  m->to(torch::kCUDA);
  m->forward(torch::rand({2, 4}).cuda());
  m(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'm' was moved to CUDA
}
struct VecNet2Impl : nn::Module {
  std::vector<nn::Linear> ls;
  VecNet2Impl(int n) {
    for (int i = 0; i < n; i++)
      ls.emplace_back(nn::Linear(4, 4));
  }
  Tensor forward(Tensor x) {
    for (auto &l : ls)
      x = torch::relu(l->forward(x));
    return x;
  }
};
TORCH_MODULE(VecNet2);
void u5() {
  VecNet2 m(4);
  m->to(torch::kCUDA);
  m->forward(torch::rand({2, 4}).cuda()); // expect: 'torch::rand({2, 4}).cuda()' is on CUDA but 'l' is on the CPU
}
struct DictNet : nn::Module {
  nn::ModuleDict d;
  DictNet() {
    std::vector<std::pair<std::string, std::shared_ptr<nn::Module>>> v;
    v.push_back({"x", nn::Linear(4, 4).ptr()});
    d = register_module("d", nn::ModuleDict(v));
  }
  Tensor forward(Tensor x) {
    return d["x"]->as<nn::Linear>()->forward(x);
  }
};
void u6() {
  DictNet m;
  m.to(torch::kCUDA);
  m.forward(torch::rand({2, 4}).cuda());
  m.forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'm' was moved to CUDA
}
struct ListNet : nn::Module {
  nn::ModuleList l;
  ListNet() : l(register_module("l", nn::ModuleList())) {
    for (int i = 0; i < 3; ++i)
      l->push_back(nn::Linear(4, 4));
  }
  Tensor forward(Tensor x) {
    for (const auto &m : *l)
      x = m->as<nn::Linear>()->forward(x);
    return x;
  }
};
void u7() {
  ListNet m;
  m.to(torch::kCUDA);
  m.forward(torch::rand({2, 4}).cuda());
  m.forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'm' was moved to CUDA
}
struct Base : nn::Module {
  virtual Tensor forward(Tensor x) = 0;
  virtual ~Base() = default;
};
struct D1 : Base {
  nn::Linear l{nullptr};
  D1() {
    l = register_module("l", nn::Linear(4, 4));
  }
  Tensor forward(Tensor x) override {
    return l(x);
  }
};
struct D2 : Base {
  Tensor forward(Tensor x) override {
    return torch::relu(x);
  }
};
void v1() {
  std::shared_ptr<Base> b = std::make_shared<D1>();
  b->to(torch::kCUDA);
  b->forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'b' was moved to CUDA
}
void v2() {
  std::shared_ptr<Base> b = std::make_shared<D2>();
  b->to(torch::kCUDA);
  b->forward(torch::rand({2, 4}));
}
void v3() {
  std::unique_ptr<Base> b(new D1());
  b->to(torch::kCUDA);
  b->forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'b' was moved to CUDA
}
struct PE : nn::Module {
  int64_t d;
  PE(int64_t d) : d(d) {
  }
  Tensor forward(Tensor x) {
    auto pos = torch::arange(0, x.size(1)).unsqueeze(1);
    auto pe = torch::zeros({x.size(1), d});
    pe.index_put_({torch::indexing::Slice(), torch::indexing::Slice(0, torch::indexing::None, 2)}, torch::sin(pos));
    return x + pe; // expect: 'pe' is on the CPU but 'x' is on CUDA
  }
};
void pe1() {
  PE p(8);
  p.forward(torch::rand({2, 3, 8}, torch::kCUDA));
}
struct H : nn::Module {
  nn::LSTM lstm{nullptr};
  H() {
    lstm = register_module("lstm", nn::LSTM(nn::LSTMOptions(4, 8).batch_first(true)));
  }
  Tensor forward(Tensor x) {
    auto h = torch::zeros({1, x.size(0), 8}), c = torch::zeros({1, x.size(0), 8});
    auto out = lstm->forward(x, std::make_tuple(h, c)); // expect: 'h' is on the CPU but 'x' is on CUDA
    return std::get<0>(out);
  }
};
void h1() {
  H m;
  m.to(torch::kCUDA);
  m.forward(torch::rand({2, 3, 4}).cuda());
}
struct Any : nn::Module {
  nn::AnyModule a;
  Any() : a(nn::Linear(4, 4)) {
    register_module("a", a.ptr());
  }
  Tensor forward(Tensor x) {
    return a.forward(x);
  }
};
void any1() {
  Any m;
  m.to(torch::kCUDA);
  m.forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'm' was moved to CUDA
}
void seq1() {
  nn::Sequential s(nn::Linear(4, 4), nn::ReLU(), nn::Linear(4, 2));
  s->to(torch::kCUDA);
  auto y = s->forward(torch::rand({2, 4}).cuda());
  auto t = torch::zeros({2}, torch::kLong);
  auto loss = F::cross_entropy(y, t); // expect: 't' is on the CPU but 'y' is on CUDA
}
void named() {
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  for (auto &p : l->named_parameters()) {
    p.value().data() = torch::zeros({4});
  }
  for (auto &p : l->named_parameters())
    p.value().data().copy_(torch::ones({4}));
  for (auto p : l->parameters()) {
    auto noise = torch::randn(p.sizes());
    torch::NoGradGuard g;
    p.add_(noise); // expect: 'noise' is on the CPU but 'p' is on CUDA
  }
}
void named2() {
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  for (auto &p : l->named_parameters()) {
    auto noise = torch::randn(p.value().sizes());
    torch::NoGradGuard g;
    p.value().add_(noise); // expect: 'noise' is on the CPU but 'p.value()' is on CUDA
  }
}
void emaf() {
  nn::Linear a(4, 4), b(4, 4);
  a->to(torch::kCUDA);
  torch::NoGradGuard g;
  auto pa = a->parameters(), pb = b->parameters();
  for (size_t i = 0; i < pa.size(); ++i)
    pb[i].mul_(0.9).add_(pa[i], 0.1); // expect: 'pb[i].mul_(0.9)' is on the CPU but 'pa[i]' is on CUDA
}
void emag() {
  nn::Linear a(4, 4), b(4, 4);
  a->to(torch::kCUDA);
  torch::NoGradGuard g;
  auto pa = a->parameters(), pb = b->parameters();
  for (size_t i = 0; i < pa.size(); ++i)
    pb[i].copy_(pa[i]);
}
void clone1() {
  nn::Linear a(4, 4);
  a->to(torch::kCUDA);
  auto b = std::dynamic_pointer_cast<nn::LinearImpl>(a->clone());
  b->forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'b' was moved to CUDA
}
void clone2() {
  nn::Linear a(4, 4);
  auto b = std::dynamic_pointer_cast<nn::LinearImpl>(a->clone(torch::Device(torch::kCUDA)));
  b->forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'b' was moved to CUDA
  a->forward(torch::rand({2, 4}));
}
void fut() {
  nn::Linear a(4, 4);
  a->to(torch::kCUDA);
  auto f = std::async(std::launch::async, [&] { return torch::rand({2, 4}); });
  a(f.get()); // expect: 'f' is on the CPU but 'a' was moved to CUDA
}
void thr() {
  nn::Linear a(4, 4);
  a->to(torch::kCUDA);
  std::thread t([&] { a(torch::rand({2, 4})); }); // expect: 'torch::rand({2, 4})' is on the CPU but 'a' was moved to CUDA
  t.join();
}
void que() {
  std::queue<Tensor> q;
  q.push(torch::rand({2, 4}).cuda());
  q.push(torch::rand({2, 4}));
  nn::Linear a(4, 4);
  a->to(torch::kCUDA);
  while (!q.empty()) {
    auto x = q.front();
    q.pop();
    a(x); // expect: 'x' is on the CPU but 'a' was moved to CUDA
  }
}
// A qualified call is not virtual.
struct Shifts : torch::nn::Module {
  virtual torch::Tensor forward(torch::Tensor x) { return x + torch::ones({4}); }
};
struct ShiftsTwice : Shifts {
  torch::Tensor forward(torch::Tensor x) override { return Shifts::forward(x) * 2; }
};
void callsItsBase() {
  ShiftsTwice twice;
  Shifts &shifts = twice;
  shifts.forward(torch::rand({4})) + torch::rand({4});
  shifts.forward(torch::rand({4})) + torch::rand({4}, torch::kCUDA); // expect: 'shifts.forward(torch::rand({4}))' is on the CPU but 'torch::rand({4}, torch::kCUDA)' is on CUDA
}

// Nobody makes one: its initialisers are looked at by themselves.
struct NeverMade {
  torch::Tensor a, b;
  explicit NeverMade(const torch::Tensor &x)
      : a(x.cuda()),
        b(a + torch::rand({3})) {} // expect: 'torch::rand({3})' is on the CPU but 'a' is on CUDA
};

// No constructor, and nothing but `std::make_shared` makes one.
struct OnlyShared : nn::Module {
  Tensor forward(Tensor x) { return x + shift; }
  Tensor shift = torch::zeros(3);
};
void onlyMadeShared() {
  auto net = std::make_shared<OnlyShared>();
  net->forward(torch::rand({2, 3}));
  net->forward(torch::rand({2, 3}, torch::kCUDA)); // expect: 'shift' is on the CPU
}

// A holder of an instance of a class template: nothing but the holder makes it.
template <class Block> struct StackImpl : nn::Module {
  explicit StackImpl(int64_t width) : block(width, width) { register_module("block", block); }
  Tensor forward(Tensor x) { return block(x); }
  Block block;
};
template <class Block = nn::Linear> struct Stack : nn::ModuleHolder<StackImpl<Block>> {
  using nn::ModuleHolder<StackImpl<Block>>::ModuleHolder;
};
void holderOfAnInstance() {
  Stack<> stack(3);
  stack->forward(torch::rand({2, 3}));
  stack->forward(torch::rand({2, 3}, torch::kCUDA)); // expect: is on CUDA but 'block' is on the CPU
}
