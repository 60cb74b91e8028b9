// RUN: %check_torch %s
// Records of settings that a function is given: what a field is in every object
// of the class, as far as the file shows.
#include <string>
#include <vector>
#include <torch/torch.h>

struct Config {
  torch::Device device = torch::kCUDA;
  torch::Dtype type = torch::kDouble;
  std::string where = "cuda";
  int epochs = 10;
};
void defaults(const Config &config) {
  torch::nn::Linear net(4, 4);
  net->to(config.device);
  net->forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'net' was moved to CUDA
  net->forward(torch::rand({2, 4}, config.device));
}
void named(const Config &config) {
  torch::rand({2}, torch::Device(config.where)) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'torch::rand({2}, torch::Device(config.where))' is on CUDA
}
void typed(Config config) {
  torch::nn::Linear net(4, 4);
  net->to(config.type);
  net->forward(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' holds Float but 'net' works in Double
}
// Its numbers may be any.
void counted(const Config &config) {
  auto x = torch::rand({2, 4}, config.device);
  if (config.epochs > 100)
    x + torch::rand({2, 4}); // expect: 'torch::rand({2, 4})' is on the CPU but 'x' is on CUDA
}
struct Trainer {
  Config config;
  torch::Tensor step(torch::Tensor x) { return x.to(config.device) + torch::rand({2}); } // expect: 'torch::rand({2})' is on the CPU but
};

// One that some function sets.
struct Assigned {
  torch::Device device = torch::kCUDA;
};
void parse(Assigned &a, bool cpu) {
  if (cpu)
    a.device = torch::kCPU;
}
void assigned(const Assigned &a) {
  torch::rand({2}, a.device) + torch::rand({2});
}

// One that a list gives another value.
struct Listed {
  int first = 1;
  torch::Device device = torch::kCUDA;
};
Listed onCpu() { return {1, torch::kCPU}; }
void listed(const Listed &l) {
  torch::rand({2}, l.device) + torch::rand({2});
}
struct Inner {
  torch::Device device = torch::kCUDA;
};
std::vector<Inner> some() { return {{torch::kCPU}, {}}; }
void inner(const Inner &i) {
  torch::rand({2}, i.device) + torch::rand({2});
}
struct Designated {
  int first = 1;
  torch::Device device = torch::kCUDA;
  int last = 2;
};
Designated onlyNumbers() { return {.first = 3}; }
void designated(const Designated &d) {
  torch::rand({2}, d.device) + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'torch::rand({2}, d.device)' is on CUDA
}

// One that a constructor gives another value.
struct Constructed {
  torch::Device device = torch::kCUDA;
  Constructed() = default;
  explicit Constructed(torch::Device d) : device(d) {}
};
void constructed(const Constructed &c) {
  torch::rand({2}, c.device) + torch::rand({2});
}

// One that is written under another name.
struct Bound {
  torch::Device device = torch::kCUDA;
};
void rebind(Bound &b) {
  auto &[device] = b;
  device = torch::kCPU;
}
void bound(const Bound &b) {
  torch::rand({2}, b.device) + torch::rand({2});
}
struct Referred {
  torch::Device device = torch::kCUDA;
};
void refer(Referred &r) {
  torch::Device &d = r.device;
  d = torch::kCPU;
}
void referred(const Referred &r) {
  torch::rand({2}, r.device) + torch::rand({2});
}
struct Pointed {
  torch::Device device = torch::kCUDA;
};
torch::Device Pointed::*option() { return &Pointed::device; }
void pointed(const Pointed &p) {
  torch::rand({2}, p.device) + torch::rand({2});
}
struct Kept {
  torch::Device device = torch::kCUDA;
};
class Switch {
public:
  explicit Switch(torch::Device &which) : which(which) {}
  void off() { which = torch::kCPU; }

private:
  torch::Device &which;
};
Switch switchOf(Kept &k) { return Switch(k.device); }
void kept(const Kept &k) {
  torch::rand({2}, k.device) + torch::rand({2});
}
