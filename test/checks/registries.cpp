// RUN: %check_torch %s
// Makers and modules in maps.
#include <torch/torch.h>
#include <functional>
#include <unordered_map>
class Models {
public:
  using Maker = std::function<torch::nn::AnyModule()>;
  void add(const std::string &name, Maker maker) {
    makers_[name] = std::move(maker);
  }
  torch::nn::AnyModule &get(const std::string &name) {
    auto it = loaded_.find(name);
    if (it == loaded_.end()) {
      auto maker = makers_.find(name);
      auto model = maker->second();
      model.ptr()->to(torch::kCUDA);
      it = loaded_.emplace(name, std::move(model)).first;
    }
    return it->second;
  }
  std::unordered_map<std::string, Maker> makers_;
  std::unordered_map<std::string, torch::nn::AnyModule> loaded_;
};
void a() {
  Models models;
  models.add("tiny", [] { return torch::nn::AnyModule(torch::nn::Linear(3, 2)); });
  models.get("tiny").forward(torch::randn({5, 3})); // expect: 'torch::randn({5, 3})' is on the CPU but 'model' was moved to CUDA
}
void b() {
  Models models;
  models.add("tiny", [] { return torch::nn::AnyModule(torch::nn::Linear(3, 2)); });
  for (const char *name : {"tiny"})
    models.get(name).forward(torch::randn({5, 3})); // expect: 'torch::randn({5, 3})' is on the CPU but 'model' was moved to CUDA
}
void c() {
  torch::nn::AnyModule m(torch::nn::Linear(3, 2));
  m.ptr()->to(torch::kCUDA);
  m.forward(torch::randn({5, 3})); // expect: 'torch::randn({5, 3})' is on the CPU but 'm.ptr()' was moved to CUDA
}
void d() {
  torch::nn::AnyModule m(torch::nn::Linear(3, 2));
  m.ptr()->to(torch::kCUDA);
  auto y = torch::zeros({5, 2});
  y += m.forward(torch::randn({5, 3}, torch::kCUDA)).softmax(1); // expect: 'y' is on the CPU but 'm.forward(torch::randn({5, 3}, torch::kCUDA)).softmax(1)' is on CUDA
}
void e() {
  std::map<std::string, std::function<torch::Tensor()>> m;
  m["a"] = [] { return torch::rand({3}, torch::kCUDA); };
  auto it = m.find("a");
  it->second() + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'it->second()' is on CUDA
  std::map<std::string, torch::Tensor> n;
  auto i = n.find("a");
  if (i == n.end())
    i = n.emplace("a", torch::rand({3})).first;
  i->second + torch::rand({3}, torch::kCUDA); // expect: 'i->second' is on the CPU but 'torch::rand({3}, torch::kCUDA)' is on CUDA
}
