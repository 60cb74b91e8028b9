// RUN: %check_torch %s
// What torch-tidy is known to get wrong. `_FN`: the program throws and nothing
// is said; `_FP`: something is said and the program runs. The comment over a
// function is its line in docs/limits.md.
#include <any>
#include <functional>
#include <numeric>
#include <torch/torch.h>

// `Module::to` leaves gradients on the device where `backward` made them; the
// next `backward` adds to them from another device.
void gradientStays_FN() {
  torch::nn::Linear m(4, 4);
  m->forward(torch::rand({2, 4})).sum().backward();
  m->to(torch::kCUDA);
  m->forward(torch::rand({2, 4}, torch::kCUDA)).sum().backward();
}

// Element types in an `einsum` equation.
void einsumTypes_FN() {
  auto x = torch::rand({2, 4}), y = torch::rand({4, 2}, torch::kDouble);
  torch::einsum("ij,jk->ik", {x, y});
}

static torch::DeviceType chosen = torch::kCUDA;
// A variable at namespace scope that is not constant, though nothing writes it.
void writableGlobal_FN() {
  auto x = torch::rand({2, 4}).to(chosen);
  x + torch::ones({2, 4});
}

// What is in a `std::any`.
void any_FN() {
  std::any held = torch::rand({2, 4});
  std::any_cast<torch::Tensor>(held) + torch::rand({2, 4}, torch::kCUDA);
}

torch::Device parse(const std::string &name) {
  return name == "gpu" ? torch::kCUDA : torch::kCPU;
}
// A device that a string comparison decides.
void deviceByName_FN() {
  auto x = torch::rand({2, 4}).to(parse("gpu"));
  x + torch::ones({2, 4});
}

// The gradient that `backward` is given has to be where the tensor is.
void backwardOfAnother_FN() {
  auto y = torch::rand({2, 4}, torch::dtype(torch::kFloat).device(torch::kCUDA).requires_grad(true)) * 2;
  y.backward(torch::ones({2, 4}));
}

// A generator of random numbers belongs to one device.
void generatorOfTheHost_FN() {
  auto generator = at::detail::createCPUGenerator(7);
  torch::randn({2}, generator, torch::kCUDA);
}

// A loop over a container whose length is not known may not run at all.
void movesAllOfAParameter_FN(std::vector<torch::Tensor> v) {
  for (auto &t : v)
    t = t.cuda();
  v[0] + torch::rand({2, 4});
}

struct Other {
  torch::Tensor load();
};
// What a function of another file returns.
void fromAnotherFile_FN(Other &other) {
  torch::nn::Linear l(4, 4);
  l->to(torch::kCUDA);
  l(other.load());
}

// A parameter of a built-in layer that is replaced from outside.
void replacedWeight_FN() {
  torch::nn::Linear l(4, 4);
  l->weight = torch::rand({4, 4}, torch::kCUDA);
  l(torch::rand({2, 4}));
}
