// RUN: %check_torch %s
// Modules and parameters that are reached by name, by type or by iteration.
#include <torch/torch.h>
namespace case006 {
void a() {
  auto x = torch::rand({2, 4}, torch::kCUDA);
  auto m = torch::nn::Linear(4, 4);
  auto w = m->named_parameters()["weight"];
  auto y = torch::matmul(x, w); // expect: 'w' is on the CPU but 'x' is on CUDA
}
} // namespace ndiff_006

namespace case011 {
struct Base : torch::nn::Module {
  virtual ~Base() = default;
  virtual torch::Tensor forward(torch::Tensor x) = 0;
  torch::nn::Linear shared{register_module("shared", torch::nn::Linear(4, 4))};
};
struct Left : Base {
  Left() {
  }
  torch::Tensor forward(torch::Tensor x) {
    return shared(x);
  }
};
void a() {
  std::shared_ptr<Base> net = std::make_shared<Left>();
  net->to(torch::kCUDA);
  auto x = torch::rand({2, 4});
  auto y = net->forward(x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}
} // namespace ndiff_011

namespace case018 {
void a() {
  torch::nn::Sequential net(torch::nn::Linear(4, 4), torch::nn::ReLU());
  for (auto &x : net->modules()) {
    x->to(torch::kCUDA);
  }
  auto y = net->forward(torch::randn({2, 4}, torch::kCUDA));
}
} // namespace ndiff_018

namespace case101 {
void a() {
  auto x = torch::rand({2, 4}).cuda();
  std::vector<torch::nn::Linear> layers;
  for (int i = 0; i < 3; ++i)
    layers.emplace_back(4, 4);
  for (auto &layer : layers)
    x = layer(x); // expect: 'x' is on CUDA but 'layer' is on the CPU
}
void b() {
  auto x = torch::rand({2, 4}).cuda();
  std::vector<torch::nn::Linear> layers;
  layers.emplace_back(4, 4);
  layers[0]->to(torch::kCUDA);
  auto y = layers[0](x);
  auto z = layers.back()(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'layers[0]' was moved to CUDA
}
} // namespace ndiff_101

namespace case103 {
void a() {
  torch::nn::ModuleDict dict;
  dict->update(std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>>{{"a", torch::nn::Linear(4, 4).ptr()}});
  auto x = torch::rand({2, 4}, torch::kCUDA);
  auto y = dict["a"]->as<torch::nn::Linear>()->forward(x); // expect: 'x' is on CUDA but 'Linear' is on the CPU
}
void b() {
  torch::nn::ModuleDict dict(torch::OrderedDict<std::string, std::shared_ptr<torch::nn::Module>>({{"a", torch::nn::Linear(4, 4).ptr()}}));
  auto x = torch::rand({2, 4}, torch::kCUDA);
  auto y = dict->at<torch::nn::LinearImpl>("a").forward(x); // expect: 'x' is on CUDA but 'Linear' is on the CPU
}
void c() {
  torch::nn::ModuleDict dict(torch::OrderedDict<std::string, std::shared_ptr<torch::nn::Module>>({{"a", torch::nn::Linear(4, 4).ptr()}}));
  dict->to(torch::kCUDA);
  auto x = torch::rand({2, 4}, torch::kCUDA);
  auto y = dict["a"]->as<torch::nn::Linear>()->forward(x);
}
} // namespace ndiff_103

namespace case007 {
void a() {
  auto x = torch::rand({4}, torch::kDouble);
  auto s = x.data_ptr<float>()[0]; // expect: 'x' holds Double, which this call does not take
}
void b() {
  auto x = torch::rand({4}, torch::kDouble);
  auto s = x.accessor<float, 1>(); // expect: 'x' holds Double, which this call does not take
}
} // namespace ndiff_007
