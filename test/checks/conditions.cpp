// RUN: %check_torch %s
// Conditions, optionals and enumerations that decide devices.
#include <functional>
#include <optional>
#include <torch/torch.h>
#include <variant>
#include <vector>
namespace case002 {
void a(bool flag) {
  auto x = torch::rand({2, 4});
  auto y = torch::rand({2, 4}, torch::kCUDA);
  if (flag)
    y = y.cpu();
  auto z = x + y; // expect: 'x' is on the CPU but 'y' is on CUDA when 'flag' is false
}
} // namespace ndiff_002

namespace case003 {
void a() {
  auto x = torch::randn({2, 4}, torch::kCUDA);
  torch::Tensor y = torch::rand({2, 4}).cuda();
  try {
    auto z = x.sub(x);
    y = y.to(torch::kCPU);
  } catch (...) {
  }
  auto w = y.sub(x); // expect: 'y' is on the CPU but 'x' is on CUDA
}
} // namespace ndiff_003

namespace case004 {
void a(bool flag) {
  torch::nn::Linear m(4, 4);
  torch::Tensor x = torch::randn({2, 4});
  if (flag == false) {
    m->to(torch::kCUDA);
  }
  if (!flag) {
    x = x.to(torch::kCUDA);
  }
  auto y = m(x);
}
} // namespace ndiff_004

namespace case008 {
torch::Tensor f(const torch::Tensor &x, std::optional<torch::Tensor> y = std::nullopt) {
  if (y)
    return torch::maximum(x, *y);
  return x;
}
void b(bool flag) {
  auto x = torch::rand({2, 4}, torch::kCUDA);
  auto y = torch::rand({2, 4});
  f(x, flag ? std::optional<torch::Tensor>(y) : std::nullopt); // expect: 'y' is on the CPU but 'x' is on CUDA
}
} // namespace ndiff_008

namespace case012 {
void a() {
  auto x = torch::randn({2, 4}).cuda();
  auto y = torch::zeros({2, 4});
  if (x.get_device() != y.get_device()) {
    return;
  }
  auto z = x + y;
}
} // namespace ndiff_012

namespace case013 {
torch::Tensor f2(torch::Tensor x, torch::Tensor y, int n) {
  if (n == 0)
    return x;
  auto z = torch::add(x, y);
  return f2(z, y, n - 1);
}
void a() {
  auto x = torch::zeros({2, 4}).cuda();
  auto r = f2(x, x, 3);
  auto y = torch::ones({2, 4});
  auto z = torch::add(r, y); // expect: 'y' is on the CPU but 'r' is on CUDA
}
} // namespace ndiff_013

namespace case014 {
void a() {
  std::variant<int, torch::Tensor> v = torch::ones({2, 4}, torch::kCUDA);
  auto x = std::get<torch::Tensor>(v);
  auto y = x + torch::ones({2, 4}); // expect: 'torch::ones({2, 4})' is on the CPU but 'x' is on CUDA
}
void b() {
  std::variant<int, torch::Tensor> v = torch::ones({2, 4}, torch::kCUDA);
  auto y = std::get<1>(v) + torch::ones({2, 4}); // expect: 'torch::ones({2, 4})' is on the CPU but 'v' is on CUDA
}
} // namespace ndiff_014

namespace case022 {
void a() {
  torch::Tensor x = torch::rand({2, 4}, torch::kCUDA), y = torch::rand({2, 4});
  std::vector<std::reference_wrapper<torch::Tensor>> both{x, y};
  for (torch::Tensor &p : both) {
    p = p.to(torch::kCPU);
  }
  auto z = x + y;
}
} // namespace ndiff_022

namespace case115 {
void a() {
  std::optional<torch::Tensor> o = torch::rand({2, 4});
  o.reset();
  o.emplace(torch::rand({2, 4}, torch::kCUDA));
  auto y = *o + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but '*o' is on CUDA
}
void b() {
  std::optional<torch::Tensor> o;
  auto y = o.value_or(torch::rand({2, 4})) + torch::rand({2, 4}, torch::kCUDA); // expect: 'o.value_or(torch::rand({2, 4}))' is on the CPU but 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA
}
} // namespace ndiff_115

namespace case117 {
// and torch::Device("cuda") have index -1, so they are NOT equal (c10/core/Device.h). device().type() == torch::kCUDA, is_cuda(), x.device() == y.device() are as expected.
void a() {
  auto x = torch::rand({2, 4}, torch::kCUDA);
  auto y = torch::rand({2, 4});
  if (x.device() == torch::kCUDA) // false
    y = y.to(torch::kCUDA);
  auto z = x + y; // expect: 'y' is on the CPU but 'x' is on CUDA
}
void b() {
  torch::Device device(torch::kCUDA);
  auto x = torch::rand({2, 4}, device);
  auto y = torch::rand({2, 4});
  if (x.device() != device) // true
    return;
  auto z = x + y;
}
void c() {
  torch::Device device(torch::kCUDA, 0);
  auto x = torch::rand({2, 4}, device);
  auto y = torch::rand({2, 4});
  if (x.device() == device) // true
    y = y.to(device);
  auto z = x + y;
}
} // namespace ndiff_117

namespace case119 {
void a(int n) {
  torch::Tensor x;
  if (n > 0)
    x = torch::rand({2, 4}, torch::kCUDA);
  else
    x = torch::rand({2, 4});
  auto z = n <= 0 ? x + torch::rand({2, 4}) : x + torch::rand({2, 4}, torch::kCUDA);
}
void b(int n) {
  torch::Tensor x;
  if (n > 0)
    x = torch::rand({2, 4}, torch::kCUDA);
  else
    x = torch::rand({2, 4});
  if (n < 1)
    return;
  auto y = x + torch::rand({2, 4}, torch::kCUDA);
}
void c(int n) {
  auto x = torch::rand({2, 4});
  if (n >= 2)
    x = x.cuda();
  if (n > 1)
    auto y = x + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but 'x' is on CUDA
}
void d(int n) {
  auto x = torch::rand({2, 4});
  if (n != 0)
    x = x.cuda();
  if (n == 0)
    auto y = x + torch::rand({2, 4});
}
} // namespace ndiff_119

namespace case123 {
enum class Mode { Train,
                  Eval };
void a(Mode m) {
  auto x = torch::rand({2, 4});
  if (m == Mode::Train)
    x = x.cuda();
  if (m != Mode::Eval)
    auto y = x + torch::rand({2, 4}, torch::kCUDA);
}
} // namespace ndiff_123

namespace real004 {
torch::Tensor inner(torch::Tensor x, const std::optional<torch::Tensor> &mask = std::nullopt) {
  if (mask)
    x = x.masked_fill(mask->logical_not(), -1e9);
  return x;
}
torch::Tensor outer(torch::Tensor x, const std::optional<torch::Tensor> &mask) {
  return inner(x, mask);
}
void clean() {
  auto x = torch::randn({2, 5}, torch::kCUDA);
  x = outer(x, std::nullopt);
}
} // namespace nreal_004

// Two pointers to variables are equal or are not: both are known.
void comparedPointers() {
  torch::Tensor a = torch::rand({2}), b = torch::rand({2}, torch::kCUDA);
  torch::Tensor *p = &a;
  b = p == &b ? b.cpu() : b.cuda();
  b + torch::rand({2}); // expect: is on the CPU but 'b' is on CUDA
}
void comparedPointersEqual(bool flag) {
  torch::Tensor a = torch::rand({2}), b = torch::rand({2}, torch::kCUDA);
  torch::Tensor *p = &a;
  bool other = flag;
  const bool held = b.is_cuda() && p == &a;
  if (held)
    b = b.cpu();
  a + b;
}
struct Guarded {
  torch::Tensor t;
  explicit Guarded(torch::Tensor t) : t(t) {}
  Guarded(const Guarded &other) : t(other.t.cpu()) {}
  Guarded &operator=(const Guarded &other) {
    if (this != &other)
      t = other.t;
    return *this;
  }
};
void assignedToAnother() {
  Guarded on(torch::rand({2}, torch::kCUDA)), off(torch::rand({2}));
  on = off;
  on.t + torch::rand({2}, torch::kCUDA); // expect: is on the CPU but
}
void assignedToItself() {
  Guarded on(torch::rand({2}, torch::kCUDA));
  Guarded &same = on;
  on = same;
  on.t + torch::rand({2}, torch::kCUDA);
}
// Of pointers that came from elsewhere nothing is known.
void comparedUnknown(torch::Tensor *p, torch::Tensor *q) {
  torch::Tensor a = torch::rand({2}, torch::kCUDA);
  if (p == q)
    a = a.cpu();
  a + torch::rand({2}, torch::kCUDA);
}
// A constructor that goes two ways makes two different objects.
struct Chooses {
  torch::Tensor at;
  explicit Chooses(bool Gpu)
      : at(torch::ones({4}, Gpu ? torch::kCUDA : torch::kCPU)) {}
};
void madeTwoWays(bool gpu) {
  Chooses made(gpu);
  made.at + torch::ones({4}); // expect: 'torch::ones({4})' is on the CPU but 'made.at' is on CUDA when 'gpu' is true
}
void madeTwice(bool a, bool b) {
  Chooses first(a), second(b);
  if (a == b)
    first.at + second.at;
}
struct MayRegister : torch::nn::Module {
  torch::nn::Linear fc{4, 4};
  explicit MayRegister(bool Keep) {
    if (Keep)
      register_module("fc", fc);
  }
  torch::Tensor forward(torch::Tensor x) { return fc(x); }
};
void registeredMaybe(bool keep) {
  MayRegister net(keep);
  net.to(torch::kCUDA);
  net.forward(torch::rand({2, 4}, torch::kCUDA)); // expect: 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA but 'fc' is on the CPU when 'keep' is false
}
// Deeper down, nothing is known of what the two ways do not agree on.
struct Part {
  torch::Tensor at;
  explicit Part(bool Wide) : at(torch::ones({4})) {
    if (Wide)
      at = at.to(torch::kDouble);
  }
};
struct Whole {
  std::vector<Part> parts;
  explicit Whole(bool Wide) { parts.push_back(Part(Wide)); }
};
void madeTwoWaysInside(bool wide) {
  Whole made(wide);
  if (!wide)
    torch::nn::Linear(4, 4)(made.parts[0].at);
}
