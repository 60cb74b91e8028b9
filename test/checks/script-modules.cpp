// RUN: %check_torch %s
// TorchScript modules and what they return.
#include <torch/torch.h>
#include <torch/script.h>
#include <sstream>
using torch::Tensor;
void jit1() {
  auto m = torch::jit::load("x.pt", torch::kCUDA);
  std::vector<torch::jit::IValue> in;
  in.push_back(torch::rand({1, 3}));
  m.forward(in); // expect: 'in' is on the CPU but 'm' was moved to CUDA
}
void jit2() {
  torch::jit::script::Module m;
  m = torch::jit::load("x.pt");
  m.to(at::kCUDA);
  auto out = m.forward({torch::rand({1, 3}).to(at::kCUDA)}).toTensor();
  auto o2 = m.forward({torch::rand({1, 3})}).toTensor(); // expect: '{torch::rand({1, 3})}' is on the CPU but 'm' was moved to CUDA
  out + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'out' is on CUDA
}
void jit3() {
  auto m = torch::jit::load("x.pt", torch::kCUDA);
  auto t = m.forward({torch::rand({1, 3}).cuda()}).toTuple();
  auto a = t->elements()[0].toTensor();
}

// What the program defines itself computes with the attributes that it names.
torch::jit::Module scaler() {
  torch::jit::Module m("scaler");
  m.register_parameter("weight", torch::rand({3}), false);
  m.register_buffer("offset", torch::rand({3}));
  m.define(R"(
    def forward(self, x):
        return x * self.weight + self.offset
    def shift(self, x):
        return x + self.offset
    def twice(self, x):
        return self.shift(x) + self.shift(x)
    def plain(self, x):
        return x + x
    def here(self, x):
        return x.to(self.weight.device) * self.weight
  )");
  return m;
}
void methodsByName() {
  auto m = scaler();
  m.to(torch::kCUDA);
  auto x = torch::rand({3});
  m.get_method("plain")({x});
  m.get_method("here")({x});
  m.get_method("elsewhere")({x});
  m.get_method("shift")({x.cuda()});
  m.get_method("shift")({x});    // expect: 'x' is on the CPU but 'm' was moved to CUDA
  auto z = torch::rand({3});
  m.run_method("twice", z); // expect: 'z' is on the CPU but 'm' was moved to CUDA
  auto w = torch::rand({3});
  m.run_method("plain", w).toTensor() + w;
}
void methodOfFile(torch::Tensor x) {
  auto m = torch::jit::load("x.pt", torch::kCUDA);
  m.get_method("sizes")({x.cpu()});
}
void attributeReplaced() {
  auto m = scaler(), n = scaler();
  m.to(torch::kCUDA);
  n.to(torch::kCUDA);
  auto x = torch::rand({3}, torch::kCUDA);
  m.setattr("offset", torch::zeros({3}));
  m.forward({x}); // expect: 'offset' is on the CPU but 'm' was moved to CUDA
  n.setattr("offset", torch::zeros({3}));
  n.to(torch::kCUDA);
  n.forward({x});
  n.attr("offset").toTensor() + torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'n.attr("offset").toTensor()' is on CUDA
}
void savedToString(std::optional<torch::Device> device) {
  std::stringstream out;
  auto m = scaler();
  m.save(out);
  m.to(torch::kCUDA);
  auto bytes = out.str();
  std::istringstream first(bytes), second(bytes), third(bytes);
  auto x = torch::rand({3}, torch::kCUDA);
  auto here = torch::jit::load(first);
  here.forward({x}); // expect: 'x' is on CUDA but 'here' is on the CPU
  auto there = torch::jit::load(second, torch::kCUDA);
  there.forward({x});
  auto somewhere = torch::jit::load(third, device);
  somewhere.forward({x});
}
void dictionary() {
  auto m = scaler();
  m.to(torch::kCUDA);
  auto all = m.forward({torch::rand({3}, torch::kCUDA)}).toGenericDict();
  all.at("boxes").toTensor() * torch::rand({3}); // expect: 'torch::rand({3})' is on the CPU but 'all.at("boxes").toTensor()' is on CUDA
}
