// RUN: %check_torch %s
// Which parts of a module move with it, in each way to build one.
#include <torch/torch.h>

const auto Cuda = torch::kCUDA;
static torch::Tensor host() { return torch::rand({2, 3}); }
static torch::Tensor device() { return torch::rand({2, 3}, torch::kCUDA); }

// `Module::to` in all its forms.
void everyForm() {
  torch::nn::Linear a(3, 3), b(3, 3), c(3, 3), d(3, 3);
  a->to(torch::kCUDA);
  b->to(torch::kCUDA, torch::kFloat, /*non_blocking=*/true);
  c->to(torch::Device("cuda"));
  d->to(torch::kFloat);
  a(b(c(device())));
  d(device()); // expect: but 'd' is on the CPU
}

struct Registered : torch::nn::Module {
  Registered() : fc(register_module("fc", torch::nn::Linear(3, 3))) {}
  torch::Tensor forward(torch::Tensor x) { return fc(x); }
  torch::nn::Linear fc;
};

void initialiserList() {
  Registered net;
  net.to(Cuda);
  net.forward(device());
  net.forward(host()); // expect: is on the CPU but
}

struct InTheBody : torch::nn::Module {
  InTheBody() {
    fc = register_module("fc", torch::nn::Linear(3, 3));
    build();
  }
  void build() {
    scale = register_parameter("scale", torch::ones(3));
    shift = register_buffer("shift", torch::zeros(3));
  }
  torch::Tensor forward(torch::Tensor x) { return fc(x) * scale + shift; }
  torch::nn::Linear fc{nullptr};
  torch::Tensor scale, shift;
};

void helperOfTheConstructor() {
  auto net = std::make_shared<InTheBody>();
  net->to(Cuda);
  net->forward(device());
  net->forward(host()); // expect: is on the CPU but
}

// A plain tensor stays behind.
struct Plain : torch::nn::Module {
  Plain() { fc = register_module("fc", torch::nn::Linear(3, 3)); }
  torch::Tensor forward(torch::Tensor x) { return fc(x) + shift; }
  torch::nn::Linear fc{nullptr};
  torch::Tensor shift = torch::zeros(3);
};

void plainTensor() {
  Plain net;
  net.to(Cuda);
  net.forward(device()); // expect: 'shift' is on the CPU but
}

// A sub-module that is never registered stays behind.
struct Forgotten : torch::nn::Module {
  Forgotten() { register_module("first", first); }
  torch::Tensor forward(torch::Tensor x) {
    return second(first(x));
  }
  torch::nn::Linear first{3, 3}, second{3, 3};
};

void unregisteredModule() {
  Forgotten net;
  net.to(Cuda);
  net.forward(device()); // expect: but 'second' is on the CPU
}

// One made in forward, without a device.
struct Noise : torch::nn::Module {
  torch::Tensor forward(torch::Tensor x) {
    auto noise = torch::randn({2, 3});
    auto own = torch::randn_like(x);
    return x + own + noise; // expect: 'noise' is on the CPU but
  }
};

void madeInForward() {
  Noise net;
  net.to(Cuda);
  net.forward(device());
}

// The same with the module's own device.
struct Placed : torch::nn::Module {
  explicit Placed(torch::Device d) : place(d) {
    fc = register_module("fc", torch::nn::Linear(3, 3));
    to(place);
  }
  torch::Tensor forward(torch::Tensor x) {
    return fc(x.to(place)) + torch::ones(3, place);
  }
  torch::Tensor plain(torch::Tensor x) { return fc(x); }
  torch::nn::Linear fc{nullptr};
  torch::Device place;
};

void ownDevice() {
  Placed net(torch::kCUDA);
  net.forward(host());
  net.plain(device());
  net.plain(host()); // expect: is on the CPU but
}

struct HeldImpl : torch::nn::Module {
  HeldImpl(int in, int out) {
    fc = register_module("fc", torch::nn::Linear(in, out));
  }
  torch::Tensor forward(torch::Tensor x) { return fc->forward(x); }
  torch::nn::Linear fc{nullptr};
};
TORCH_MODULE(Held);

void holder() {
  Held net(3, 3);
  Held same = net;
  same->to(Cuda);
  net->forward(device());
  net(host()); // expect: is on the CPU but
}

void emptyHolder() {
  Held net = nullptr;
  net = Held(3, 3);
  net->to(Cuda);
  net->forward(host()); // expect: is on the CPU but
}

// Impl objects by value, reference and pointer.
void implementations() {
  HeldImpl net(3, 3);
  HeldImpl &same = net;
  HeldImpl *also = &net;
  same.to(Cuda);
  also->forward(device());
  net.forward(host()); // expect: is on the CPU but
}

void uniquePointer() {
  auto net = std::make_unique<HeldImpl>(3, 3);
  net->to(Cuda);
  net->forward(device());
  net->forward(host()); // expect: is on the CPU but
}

void sequential() {
  torch::nn::Sequential net(torch::nn::Linear(3, 3), torch::nn::ReLU(), Held(3, 3));
  net->push_back(torch::nn::Linear(3, 1));
  net->to(Cuda);
  net->forward(device());
  net->forward(host()); // expect: is on the CPU but
}

// A child that is added after the move stays where it was made.
void addedAfterTheMove() {
  torch::nn::Sequential net(torch::nn::Linear(3, 3));
  net->to(Cuda);
  net->push_back(torch::nn::Linear(3, 3));
  net->forward(device()); // expect: is on the CPU
}

void moduleList() {
  torch::nn::ModuleList layers;
  for (int i = 0; i < 3; ++i)
    layers->push_back(torch::nn::Linear(3, 3));
  layers->to(Cuda);
  auto x = device();
  for (auto &layer : *layers)
    x = layer->as<torch::nn::Linear>()->forward(x);
  layers[0]->as<torch::nn::Linear>()->forward(host()); // expect: is on the CPU but
}

// A vector of modules is no module.
struct Layers : torch::nn::Module {
  Layers() {
    for (int i = 0; i < 3; ++i)
      layers.push_back(torch::nn::Linear(3, 3));
    for (int i = 0; i < 3; ++i)
      kept.push_back(register_module("l" + std::to_string(i), torch::nn::Linear(3, 3)));
  }
  torch::Tensor forward(torch::Tensor x) {
    for (auto &layer : kept)
      x = layer(x);
    return layers[0](x);
  }
  std::vector<torch::nn::Linear> layers, kept;
};

void vectorsOfModules() {
  Layers net;
  net.to(Cuda);
  net.forward(device()); // expect: but 'layers[0]' is on the CPU
}

struct Base : torch::nn::Module {
  Base() { fc = register_module("fc", torch::nn::Linear(3, 3)); }
  virtual torch::Tensor forward(torch::Tensor x) { return fc(x); }
  torch::nn::Linear fc{nullptr};
};
struct Derived : Base {
  torch::Tensor forward(torch::Tensor x) override {
    return fc(x) + bias;
  }
  torch::Tensor bias = torch::zeros(3);
};

void virtualForward() {
  Derived own;
  Base &derived = own, base;
  derived.to(Cuda);
  base.to(Cuda);
  derived.forward(device()); // expect: 'bias' is on the CPU but
  base.forward(device());
}

// A field carries what one method does to another.
struct Cached : torch::nn::Module {
  Cached() { fc = register_module("fc", torch::nn::Linear(3, 3)); }
  void remember(torch::Tensor x) { last = x; }
  torch::Tensor forward(torch::Tensor x) { return fc(x) + last; }
  torch::nn::Linear fc{nullptr};
  torch::Tensor last;
};

void factsBetweenMethods() {
  Cached net;
  net.to(Cuda);
  net.remember(device());
  net.forward(device());
  net.remember(host());
  net.forward(device()); // expect: 'last' is on the CPU but
}

// The parent moves what it holds, a part moves alone.
struct Parent : torch::nn::Module {
  Parent() { child = register_module("child", std::make_shared<Registered>()); }
  std::shared_ptr<Registered> child;
};

void partMovesBack() {
  Parent net;
  net.to(Cuda);
  net.child->forward(device());
  net.child->to(torch::kCPU);
  net.child->forward(device()); // expect: is on the CPU
}

// A copy of the holder shares, a clone does not.
void clones() {
  auto net = std::make_shared<Registered>();
  auto same = net;
  same->to(Cuda);
  net->forward(device());
  torch::nn::Linear fc(3, 3);
  auto copy = std::dynamic_pointer_cast<torch::nn::LinearImpl>(fc->clone(torch::Device(torch::kCUDA)));
  copy->forward(device());
  fc->forward(device()); // expect: is on the CPU
}

// An optimizer shares what it updates.
void optimizerMadeBefore() {
  torch::nn::Linear fc(3, 3);
  torch::optim::SGD optimizer(fc->parameters(), 0.1);
  fc->to(Cuda);
  fc(device()).sum().backward();
  optimizer.step();
}
