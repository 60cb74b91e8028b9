// RUN: %check_torch %s
// Where the copy of a module is, and what a holder is given.
#include <torch/torch.h>
struct NetImpl : torch::nn::Cloneable<NetImpl> {
  NetImpl() {
    reset();
  }
  void reset() override {
    fc1 = register_module("fc1", torch::nn::Linear(4, 6));
  }
  torch::Tensor forward(torch::Tensor x) {
    return fc1(x);
  }
  torch::nn::Linear fc1{nullptr};
};
TORCH_MODULE(Net);
void a() {
  Net net;
  Net shadow(std::dynamic_pointer_cast<NetImpl>(net->clone()));
  net->to(torch::kCUDA);
  shadow->forward(torch::rand({2, 4}, torch::kCUDA)); // expect: 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA but 'fc1' is on the CPU
}
void b(std::optional<torch::Device> d) {
  Net net;
  Net shadow{nullptr};
  shadow = Net(std::dynamic_pointer_cast<NetImpl>(net->clone(d)));
  net->to(torch::kCUDA);
  net->parameters()[0] + shadow->parameters()[0];
}
void c() {
  Net net;
  std::optional<torch::Device> d = std::nullopt;
  auto shadow = Net(std::dynamic_pointer_cast<NetImpl>(net->clone(d)));
  net->to(torch::kCUDA);
  auto p = net->parameters(), q = shadow->parameters();
  for (size_t i = 0; i < p.size(); ++i)
    q[i].mul_(0.9).add_(p[i], 0.1); // expect: 'q[i].mul_(0.9)' is on the CPU but 'p[i]' is on CUDA
}
struct Average {
  Average(const Net &model, double decay, std::optional<torch::Device> device = std::nullopt) : decay_(decay) {
    shadow_ = Net(std::dynamic_pointer_cast<NetImpl>(model->clone(device)));
    for (auto &p : shadow_->parameters())
      p.requires_grad_(false);
  }
  void update(const Net &model) {
    auto now = model->parameters();
    auto kept = shadow_->parameters();
    for (size_t i = 0; i < now.size(); ++i)
      kept[i].mul_(decay_).add_(now[i], 1 - decay_);
  }
  double decay_;
  Net shadow_{nullptr};
};
void d() {
  Net net;
  Average average(net, 0.9);
  net->to(torch::kCUDA);
  average.update(net); // expect: 'kept[i].mul_(decay_)' is on the CPU but 'now[i]' is on CUDA
}
void assigned() {
  Net net;
  Net s{nullptr};
  s = Net(std::dynamic_pointer_cast<NetImpl>(net->clone()));
  s->forward(torch::rand({2, 4}, torch::kCUDA)); // expect: 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA but 'fc1' is on the CPU
}
void ofUnknown(const Net &net) {
  Net s = Net(std::dynamic_pointer_cast<NetImpl>(net->clone()));
  s->forward(torch::rand({2, 4}, torch::kCUDA));
}
void throughReference() {
  Net net;
  const Net &n = net;
  Net s = Net(std::dynamic_pointer_cast<NetImpl>(n->clone()));
  s->forward(torch::rand({2, 4}, torch::kCUDA)); // expect: 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA but 'fc1' is on the CPU
}
struct H {
  Net s{nullptr};
};
void member() {
  Net net;
  H h;
  h.s = net;
  h.s->forward(torch::rand({2, 4}, torch::kCUDA)); // expect: 'torch::rand({2, 4}, torch::kCUDA)' is on CUDA but 'fc1' is on the CPU
}
