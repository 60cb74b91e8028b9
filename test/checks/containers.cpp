// RUN: %check_torch %s
// Containers, algorithms, closures, jumps and destructors carry facts.
#include <torch/torch.h>
#include <map>
#include <unordered_map>
#include <numeric>
#include <algorithm>
#include <variant>
using torch::Tensor;
namespace nn = torch::nn;
// class that is no module
class Agent {
public:
  Agent() : device_(torch::kCUDA), net_(4, 2) {
    net_->to(device_);
  }
  Tensor act(Tensor s) {
    return net_->forward(s);
  } // helper
  void learn() {
    auto s = torch::rand({3, 4});
    auto q = net_->forward(s); // expect: 's' is on the CPU but 'net_' was moved to CUDA
  }
  void good() {
    auto s = torch::rand({3, 4}, device_);
    auto q = net_->forward(s);
  }
  void store() {
    buf_ = torch::rand({3, 4});
  }
  void use() {
    store();
    net_->forward(buf_); // expect: 'buf_' is on the CPU but 'net_' was moved to CUDA
  }
  void use2() {
    store();
    buf_ = buf_.to(device_);
    net_->forward(buf_);
  }

private:
  torch::Device device_;
  nn::Linear net_;
  Tensor buf_;
};
void a1() {
  Agent a;
  a.act(torch::rand({1, 4})); // expect: 'torch::rand({1, 4})' is on the CPU but 'net_' was moved to CUDA
}
void a2() {
  Agent a;
  a.act(torch::rand({1, 4}).cuda());
}
// map of tensors
void m1() {
  std::map<std::string, Tensor> b;
  b["x"] = torch::rand({2, 4});
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(b["x"]); // expect: 'b["x"]' is on the CPU but 'l' was moved to CUDA
}
void m2() {
  std::unordered_map<std::string, Tensor> b;
  b["x"] = torch::rand({2, 4}).cuda();
  b["y"] = torch::rand({2, 4});
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(b["x"]);
  l(b.at("y")); // expect: 'b["y"]' is on the CPU but 'l' was moved to CUDA
}
void m3() {
  std::map<std::string, Tensor> b{{"x", torch::rand({2, 4})}, {"y", torch::rand({2, 4}).cuda()}};
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  for (auto &kv : b)
    kv.second = kv.second.to(torch::kCUDA);
  l(b["x"]);
}
void m4() {
  std::map<std::string, Tensor> b;
  b.emplace("x", torch::rand({2, 4}));
  b.insert({"z", torch::rand({2, 4}).cuda()});
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  auto it = b.find("x");
  if (it != b.end())
    l(it->second); // expect: 'it->second' is on the CPU but 'l' was moved to CUDA
}
// algorithms
void g1() {
  std::vector<Tensor> v{torch::rand({2, 4}), torch::rand({2, 4})};
  std::vector<Tensor> w;
  std::transform(v.begin(), v.end(), std::back_inserter(w), [](const Tensor &t) { return t.cuda(); });
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(w[0]);
  l(v[0]); // expect: 'v[0]' is on the CPU but 'l' was moved to CUDA
}
void g2() {
  std::vector<Tensor> v{torch::rand({2, 4}), torch::rand({2, 4})};
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  std::for_each(v.begin(), v.end(), [&](Tensor &t) { t = t.cuda(); });
  l(v[1]);
  std::for_each(v.begin(), v.end(), [&](Tensor &t) { l(t.cpu()); }); // expect: 't.cpu()' is on the CPU but 'l' was moved to CUDA
}
void g3() {
  std::vector<Tensor> v{torch::rand({2, 4}).cuda(), torch::rand({2, 4}).cuda()};
  auto s = std::accumulate(v.begin(), v.end(), torch::zeros({2, 4}), [](Tensor a, Tensor b) { return a + b; }); // expect: 'a' is on the CPU but 'b' is on CUDA
}
void g4() {
  std::vector<Tensor> v{torch::rand({2, 4}).cuda(), torch::rand({2, 4}).cuda()};
  auto s = std::accumulate(v.begin(), v.end(), torch::zeros({2, 4}, torch::kCUDA), [](Tensor a, Tensor b) { return a + b; });
  std::vector<Tensor> idx(3);
  std::fill(idx.begin(), idx.end(), torch::rand({2, 4}));
  s + idx[1]; // expect: 'idx[1]' is on the CPU but 's' is on CUDA
}
// variant/optional
void o1(bool f) {
  std::optional<Tensor> o;
  if (f)
    o = torch::rand({2, 4});
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  if (o)
    l(*o); // expect: '*o' is on the CPU but 'l' was moved to CUDA
  if (o.has_value())
    l(o.value().cuda());
}
void o2() {
  std::optional<Tensor> o = torch::rand({2, 4});
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(o.value_or(torch::rand({2, 4}).cuda())); // expect: 'o' is on the CPU but 'l' was moved to CUDA
}
struct Batch {
  Tensor data, target;
  Batch to(torch::Device d) const {
    return {data.to(d), target.to(d)};
  }
};
void b1() {
  Batch b{torch::rand({2, 4}), torch::rand({2, 4})};
  b.to(torch::kCUDA);
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(b.data); // expect: 'b.data' is on the CPU but 'l' was moved to CUDA
}
void b2() {
  Batch b{torch::rand({2, 4}), torch::rand({2, 4})};
  auto c = b.to(torch::kCUDA);
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(c.data);
  torch::mse_loss(l(c.data), b.target); // expect: 'b.target' is on the CPU but 'l(c.data)' is on CUDA
}
// swap, exchange, tie
void s1() {
  auto a = torch::rand({2, 4}), b = torch::rand({2, 4}, torch::kCUDA);
  std::swap(a, b);
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(a);
  l(b); // expect: 'b' is on the CPU but 'l' was moved to CUDA
}
void s2() {
  auto a = torch::rand({2, 4});
  auto old = std::exchange(a, a.cuda());
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(a);
  l(old); // expect: 'old' is on the CPU but 'l' was moved to CUDA
}
std::pair<Tensor, Tensor> mk() {
  return std::make_pair(torch::rand({2, 4}), torch::rand({2, 4}).cuda());
}
void s3() {
  Tensor a, b;
  std::tie(a, b) = mk();
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(b);
  l(a); // expect: 'a' is on the CPU but 'l' was moved to CUDA
}
void s4() {
  auto t = std::make_tuple(torch::rand({2, 4}), torch::rand({2, 4}).cuda(), 3);
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(std::get<1>(t));
  std::apply([&](auto &x, auto &y, int) { l(x); }, t); // expect: 'x' is on the CPU but 'l' was moved to CUDA
}
std::function<Tensor(Tensor)> mkf(nn::Linear l) {
  return [l](Tensor x) mutable { return l(x); };
}
void f1() {
  nn::Linear l(4, 4);
  auto f = mkf(l);
  l->to(torch::kCUDA);
  f(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
}
void f2() {
  nn::Linear l(4, 4);
  auto g = std::bind([](nn::Linear m, Tensor x) { return m(x); }, l, std::placeholders::_1);
  l->to(torch::kCUDA);
  g(torch::rand({2, 4})); // expect: 'x' is on the CPU but 'l' was moved to CUDA
}
// static / member pointers
static Tensor run(nn::Linear &l, const Tensor &x) {
  return l(x);
}
void p1() {
  Tensor (*fp)(nn::Linear &, const Tensor &) = &run;
  nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  fp(l, torch::rand({2, 4})); // expect: 'x' is on the CPU but 'l' was moved to CUDA
}
// goto
void gt() {
  nn::Linear l(4, 4);
  auto x = torch::rand({2, 4});
  goto move;
move:
  l->to(torch::kCUDA);
  l(x); // expect: 'x' is on the CPU but 'l' was moved to CUDA
}
// destructor restores
struct Guard {
  nn::Linear &m;
  Guard(nn::Linear &m) : m(m) {
    m->to(torch::kCUDA);
  }
  ~Guard() {
    m->to(torch::kCPU);
  }
};
void d1() {
  nn::Linear l(4, 4);
  {
    Guard g(l);
    l(torch::rand({2, 4}).cuda());
  }
  l(torch::rand({2, 4}));
}
void d2() {
  nn::Linear l(4, 4);
  {
    Guard g(l);
  }
  l(torch::rand({2, 4}).cuda()); // expect: 'torch::rand({2, 4}).cuda()' is on CUDA but 'l' is on the CPU
}
