// RUN: %check_torch %s
// What the standard library, files and autograd carry from place to place.
#include <any>
#include <array>
#include <functional>
#include <list>
#include <map>
#include <numeric>
#include <sstream>
#include <variant>
#include <torch/torch.h>
#include <algorithm>
static torch::Device chosen(torch::kCUDA);
static torch::DeviceType other = torch::kCUDA;
static torch::Device set(torch::kCPU);
void choose(torch::Device d) {
  set = d;
}
void a() {
  auto x = torch::rand({2, 4}).to(chosen);
  x + torch::ones({2, 4}); // expect: 'torch::ones({2, 4})' is on the CPU but 'x' is on CUDA
  x + torch::ones({2, 4}, other);
  auto y = torch::rand({2, 4}).to(set);
  y + torch::ones({2, 4}, torch::kCUDA);
}
void b() {
  auto x = torch::rand({2, 4}, torch::device(torch::kCUDA).requires_grad(true));
  auto y = x * 2;
  y.backward(torch::ones({2, 4})); // expect: 'torch::ones({2, 4})' is on the CPU but 'y' is on CUDA
  auto z = x * 2;
  z.backward(torch::ones({2, 4}, torch::kCUDA));
  auto s = (x * 2).sum();
  s.backward(torch::tensor(1.0));
  torch::autograd::grad({x * 2}, {x}, {torch::ones({2, 4})}); // expect: '{torch::ones({2, 4})}' is on the CPU but '{x * 2}' is on CUDA
  torch::autograd::grad({x * 2}, {x}, {torch::ones_like(x)});
}
void gradientOf() {
  auto x = torch::rand({2, 4}, torch::device(torch::kCUDA).requires_grad(true));
  auto g = torch::autograd::grad({(x * 2).sum()}, {x}, {}, true, true);
  g[0] + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but 'g[0]' is on CUDA
}
void c() {
  torch::nn::Linear m(4, 4), n(4, 4), o(4, 4);
  m->to(torch::kCUDA);
  std::stringstream stream;
  torch::save(m, stream);
  torch::load(n, stream);
  n(torch::ones({2, 4})); // expect: 'torch::ones({2, 4})' is on the CPU but 'n' was moved to CUDA
  n(torch::ones({2, 4}, torch::kCUDA));
  torch::save(m, "best.pt");
  torch::load(o, "best.pt", torch::kCPU);
  o(torch::ones({2, 4}));
  torch::load(o, "best.pt");
  o(torch::ones({2, 4}, torch::kCUDA));
  o(torch::ones({2, 4})); // expect: 'torch::ones({2, 4})' is on the CPU but 'o' was moved to CUDA
  torch::Tensor x, y;
  torch::load(x, "t.pt");
  x + torch::rand({2, 4}, torch::kCUDA);
  torch::save(torch::rand({2, 4}, torch::kCUDA), "t.pt");
  torch::load(y, "t.pt", torch::kCPU);
  y + torch::rand({2, 4}, torch::kCUDA); // expect: 'y' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
}
void d() {
  auto gen = at::detail::createCPUGenerator(7);
  auto x = torch::randn({2}, gen, torch::kCUDA); // expect: 'gen' is on the CPU but 'torch::kCUDA' is on CUDA
  auto y = torch::randn({2}, gen, torch::kFloat);
  y.normal_(0, 1, gen);
  auto z = torch::rand({2}, torch::kCUDA);
  z.normal_(0, 1, gen); // expect: 'gen' is on the CPU but 'z' is on CUDA
  z.bernoulli_(0.5);
}
void e(std::vector<torch::Tensor> v) {
  for (auto &t : v)
    t = t.cuda();
  v[0] + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but 'v[0]' is on CUDA
  v[0] + torch::rand({2, 4}, torch::kCUDA);
}
void f(std::map<std::string, torch::Tensor> m) {
  for (auto &[k, t] : m)
    t = t.to(torch::kCUDA);
  m.at("a") + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but 'm.at("a")' is on CUDA
  m.at("a") + torch::rand({2, 4}, torch::kCUDA);
}
void g(std::vector<torch::Tensor> v, bool some) {
  for (auto &t : v)
    if (some)
      t = t.cuda();
  v[0] + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but 'v[0]' is on CUDA when 'some' is true
}
void h() {
  std::variant<int, torch::Tensor> v = torch::ones({2, 4});
  auto t = *std::get_if<torch::Tensor>(&v);
  t + torch::rand({2, 4}, torch::kCUDA); // expect: 't' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
  if (auto *n = std::get_if<int>(&v))
    t + torch::rand({2, 4}, torch::kCUDA);
  if (!std::holds_alternative<torch::Tensor>(v))
    t + torch::rand({2, 4}, torch::kCUDA);
}
void i() {
  std::vector<torch::Tensor> all{torch::rand({2, 4}), torch::rand({2, 4}, torch::kCUDA)};
  std::vector<torch::Tensor> turned(all.rbegin(), all.rend());
  turned[1] + torch::rand({2, 4}, torch::kCUDA); // expect: 'turned[1]' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
  turned[0] + torch::rand({2, 4}, torch::kCUDA);
  auto last = *all.rbegin();
  last + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but 'last' is on CUDA
  for (auto it = all.rbegin(); it != all.rend(); ++it)
    *it = it->cuda();
  all[0] + torch::rand({2, 4}, torch::kCUDA);
  auto found = std::find_if(all.begin(), all.end(), [](const torch::Tensor &t) { return !t.is_cuda(); });
  if (found != all.end())
    *found + torch::rand({2, 4}, torch::kCUDA);
  if (std::any_of(all.begin(), all.end(), [](const torch::Tensor &t) { return !t.is_cuda(); }))
    all[0] + torch::rand({2, 4});
}
void j() {
  auto x = torch::rand({2, 4}), y = torch::rand({4, 2}, torch::kDouble);
  torch::einsum("ij,jk->ik", {x, y}); // expect: 'x' holds Float but 'y' holds Double
  torch::einsum("ij,jk->ik", {x, y.to(torch::kFloat)});
  torch::einsum("i,j->ij", {x[0], y.select(0, 0)});
}

struct Pair {
  torch::Tensor a, b;
  torch::Tensor both() const {
    return a + b;
  }
};
void k() {
  Pair pair{torch::ones({2, 4}, torch::kCUDA), torch::ones({2, 4}, torch::kCUDA)};
  auto m = &Pair::both;
  std::invoke(m, pair) + torch::ones({2, 4}); // expect: 'torch::ones({2, 4})' is on the CPU but 'std::invoke(m, pair)' is on CUDA
  (pair.*m)() + torch::ones({2, 4}); // expect: 'torch::ones({2, 4})' is on the CPU but '(pair.*m)()' is on CUDA
}
void l() {
  std::array<std::array<torch::Tensor, 2>, 2> grid;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      grid[i][j] = torch::rand({2, 4}, i == j ? torch::kCPU : torch::kCUDA);
  torch::maximum(grid[1][1], torch::rand({2, 4}, torch::kCUDA)); // expect: 'grid[1][1]' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
  torch::maximum(grid[0][1], torch::rand({2, 4}, torch::kCUDA));
}
void m() {
  std::vector<torch::Tensor> all{torch::rand({2, 4}, torch::kCUDA)};
  all.assign(2, torch::ones({2, 4}));
  all[1] - torch::rand({2, 4}, torch::kCUDA); // expect: 'all[1]' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
  all.insert(all.begin() + 1, torch::ones({2, 4}, torch::kCUDA));
  all[1] - torch::rand({2, 4}, torch::kCUDA);
}
void n() {
  std::any held = torch::rand({2, 4});
  std::any_cast<torch::Tensor>(held) + torch::rand({2, 4}, torch::kCUDA); // expect: 'held' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
  held = torch::rand({2, 4}, torch::kCUDA);
  std::any_cast<torch::Tensor>(held) + torch::rand({2, 4}, torch::kCUDA);
}
void o() {
  std::map<std::pair<int, int>, torch::Tensor> m;
  m[{0, 1}] = torch::rand({2, 4});
  m[{1, 1}] = torch::rand({2, 4}, torch::kCUDA);
  m[{0, 1}] + torch::rand({2, 4}, torch::kCUDA); // expect: 'm[{0, 1}]' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
  m[{1, 1}] + torch::rand({2, 4}, torch::kCUDA);
}
void p() {
  auto t = std::tuple_cat(std::make_tuple(torch::rand({2, 4})), std::make_tuple(torch::rand({2, 4}, torch::kCUDA)));
  std::get<0>(t) + std::get<1>(t); // expect: 'std::get<0>(t)' is on the CPU but 'std::get<1>(t)' is on CUDA
  std::get<0>(t) + torch::rand({2, 4});
}
void q() {
  std::vector<torch::Tensor> all{torch::rand({2, 4})};
  at::TensorList l = all;
  l.vec()[0] + torch::rand({2, 4}, torch::kCUDA); // expect: 'l.vec()[0]' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
}
void r() {
  std::vector<torch::Tensor> v{torch::rand({2, 4}), torch::rand({2, 4})}, w{torch::rand({2, 4}, torch::kCUDA), torch::rand({2, 4}, torch::kCUDA)};
  std::inner_product(v.begin(), v.end(), w.begin(), torch::zeros({2, 4}, torch::kCUDA)); // expect: 'v.begin()' is on the CPU but 'w.begin()' is on CUDA
  auto s = std::inner_product(v.begin(), v.end(), v.begin(), torch::zeros({2, 4}));
  s + torch::rand({2, 4}, torch::kCUDA); // expect: 's' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
}
// The product of two on CUDA meets a sum on the CPU.
void innerProductOfMixed() {
  std::vector<torch::Tensor> v{torch::rand({2, 4}), torch::rand({2, 4}, torch::kCUDA)};
  std::inner_product(v.begin(), v.end(), v.begin(), torch::zeros({2, 4})); // expect: 'torch::zeros({2, 4})' is on the CPU but 'v.begin()' is on CUDA
}
void s(bool flag) {
  torch::Tensor x = torch::randn({2, 4}, torch::kCUDA);
  switch (static_cast<int>(flag)) {
  case 0:
    x = x.to(torch::kCPU);
    break;
  default:
    x = x.to(torch::kCUDA);
  }
  x + torch::full({2, 4}, 0.5, flag ? torch::kCUDA : torch::kCPU);
  x + torch::full({2, 4}, 0.5, flag ? torch::kCPU : torch::kCUDA); // expect: 'x' is on the CPU but 'torch::full({2, 4}, 0.5, flag ? torch::kCPU : torch::kCUDA)' is on CUDA
}

// Function objects of the standard library.
void summedByFunctionObject() {
  std::vector<torch::Tensor> v{torch::rand({2, 4}), torch::rand({2, 4}).cuda(), torch::ones({2, 4})};
  std::accumulate(std::next(v.begin()), v.end(), v[0], std::plus<torch::Tensor>()); // expect: is on the CPU but
}
void combinedByFunctionObject() {
  std::vector<torch::Tensor> v{torch::rand({2, 4})}, w{torch::rand({2, 4}).cuda()}, same{torch::rand({2, 4})}, out(1);
  std::transform(v.begin(), v.end(), same.begin(), out.begin(), std::multiplies<>());
  out[0] + torch::rand({2, 4}, torch::kCUDA); // expect: is on the CPU but
  std::transform(v.begin(), v.end(), w.begin(), out.begin(), std::plus<>()); // expect: is on the CPU but
}
void countedByFunctionObject() {
  std::vector<int> sizes{1, 2};
  int sum = std::accumulate(sizes.begin(), sizes.end(), 0, std::plus<>());
  torch::rand({sum}, torch::kCUDA) + torch::rand({sum}, torch::kCUDA);
}
void movedRange() {
  std::list<torch::Tensor> one{torch::ones({2, 4}, torch::kCUDA)}, two{torch::zeros({2, 4}), torch::rand({2, 4})};
  std::move(two.begin(), two.end(), std::back_inserter(one));
  auto t = *std::next(one.begin());
  t + torch::ones({2, 4}, torch::kCUDA); // expect: 't' is on the CPU but
}

// What a smart pointer is made of.
void madePair() {
  auto both = std::make_unique<std::pair<torch::Tensor, torch::Tensor>>(torch::zeros({2, 4}).cuda(), torch::ones({2, 4}));
  both->first + torch::ones({2, 4}, torch::kCUDA);
  both->first + both->second; // expect: 'both->second' is on the CPU but 'both->first' is on CUDA
}

// Tuples of references are assigned through, those inside of them as well.
std::tuple<torch::Tensor, std::tuple<torch::Tensor, torch::Tensor>> threePlaces() {
  return {torch::rand({2, 4}, torch::kCUDA), std::make_tuple(torch::rand({2, 4}), torch::rand({2, 4}, torch::kCUDA))};
}
void nestedTie() {
  torch::Tensor out, h, c;
  std::forward_as_tuple(out, std::tie(h, c)) = threePlaces();
  out + c;
  out + h; // expect: 'h' is on the CPU but 'out' is on CUDA
}
