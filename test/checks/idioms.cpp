// RUN: %check_torch %s
// What real code does and must stay silent, and its near misses that throw.
#include <torch/script.h>
#include <torch/torch.h>

namespace nn = torch::nn;

// `register_module` with its result ignored still moves the member.
struct Registered : nn::Module {
  nn::Linear fc;
  torch::Tensor mean = torch::zeros({3});
  Registered() : fc(3, 3) {
    register_module("fc", fc);
    register_buffer("mean", mean);
  }
  torch::Tensor forward(torch::Tensor x) { return fc(x - mean); }
};

void registeredStatement() {
  Registered net;
  net.to(torch::kCUDA);
  net.forward(torch::rand({2, 3}, torch::kCUDA));
  auto x = torch::rand({2, 3});
  net.forward(x); // expect: 'x' is on the CPU
}

// A tensor member that is placed by hand.
struct Placed : nn::Module {
  torch::Tensor scale = torch::ones({3});
  torch::Tensor forward(torch::Tensor x) {
    scale = scale.to(x.device());
    return x * scale;
  }
};

void placedByHand() {
  Placed net;
  net.forward(torch::rand({2, 3}, torch::kCUDA));
}

struct Left : nn::Module {
  torch::Tensor scale = torch::ones({3});
  torch::Tensor forward(torch::Tensor x) {
    return x * scale;
  }
};

void leftBehind() {
  Left net;
  net.to(torch::kCUDA);
  net.forward(torch::rand({2, 3}, torch::kCUDA)); // expect: 'scale' is on the CPU but 'torch::rand({2, 3}, torch::kCUDA)' is on CUDA
}

// A user's own `to` that works in place.
struct Batch {
  torch::Tensor data, target;
  void to(torch::Device device) {
    data = data.to(device);
    target = target.to(device);
  }
};

void ownTo() {
  Batch b{torch::rand({2, 3}), torch::rand({2, 1})};
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  b.to(torch::kCUDA);
  torch::mse_loss(model->forward(b.data), b.target);
}

void ownToForgotten() {
  Batch b{torch::rand({2, 3}), torch::rand({2, 1})};
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  b.data = b.data.to(torch::kCUDA);
  auto y = model->forward(b.data);
  torch::mse_loss(y, b.target); // expect: 'b.target' is on the CPU but 'y' is on CUDA
}

void zeroDimAndIndices() {
  auto x = torch::rand({4, 3}, torch::kCUDA);
  auto y = x + torch::tensor(2.f);
  auto z = torch::tensor(2.f) * x;
  auto i = x.index({torch::tensor({0, 1}, torch::kLong)});
  x.copy_(torch::rand({4, 3}));
  x[0] = torch::rand({3});
  x.slice(0, 0, 2) = torch::rand({2, 3});
  auto wrong = torch::rand({4, 3}) + x; // expect: is on the CPU but 'x' is on CUDA
}

void loadedFromAFile(const std::string &path) {
  torch::Tensor t;
  torch::load(t, path);
  auto module = torch::jit::load(path);
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  model->forward(t);
  module.forward({torch::rand({2, 3})});
}

void scriptModule(const std::string &path) {
  auto module = torch::jit::load(path);
  module.to(torch::kCUDA);
  std::vector<torch::jit::IValue> inputs;
  inputs.push_back(torch::rand({2, 3}));
  module.forward(inputs); // expect: is on the CPU but 'module' was moved to CUDA
}

void scriptModuleInputMoved(const std::string &path) {
  auto module = torch::jit::load(path, torch::kCUDA);
  std::vector<torch::jit::IValue> inputs;
  inputs.push_back(torch::rand({2, 3}).to(at::kCUDA));
  auto out = module.forward(inputs).toTensor();
}

torch::Tensor onlyOnTheCpu(torch::Tensor x, torch::Device device = torch::kCPU) {
  return x.to(device) + torch::rand({2, 3});
}

void defaultArgument() { onlyOnTheCpu(torch::rand({2, 3}, torch::kCUDA)); }

torch::Tensor ignoresItsDevice(torch::Device device) {
  return torch::rand({2, 3});
}

void ignored() {
  nn::Linear model(3, 1);
  torch::Device device(torch::kCUDA, 0);
  model->to(device);
  auto x = ignoresItsDevice(device);
  model->forward(x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
}

void movedBack(nn::Linear m) { m->to(torch::kCPU); }

void sharedModule() {
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3}, torch::kCUDA);
  model->forward(x);
  movedBack(model);
  model->forward(x); // expect: 'x' is on CUDA but 'model' is on the CPU
}

void twoGpus() {
  auto a = torch::rand({2, 3}, torch::Device("cuda:1"));
  auto b = torch::rand({2, 3}).cuda();
  auto c = a + b; // expect: CUDA device 1
}

void aliases() {
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto a = torch::rand({2, 3});
  auto b = a;
  a = a.to(torch::kCUDA);
  model->forward(a);
  auto &r = b;
  r = r.cuda();
  model->forward(b);
}

void aliasKeptOld() {
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto a = torch::rand({2, 3});
  auto b = a;
  a = a.to(torch::kCUDA);
  model->forward(b); // expect: 'b' is on the CPU but 'model' was moved to CUDA
}

void containers() {
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  std::vector<torch::Tensor> v{torch::rand({2, 3}), torch::rand({2, 3})};
  for (auto &t : v)
    t = t.to(torch::kCUDA);
  for (const auto &t : v)
    model->forward(t);
  v.push_back(torch::rand({2, 3}));
  model->forward(v[2]); // expect: 'v[2]' is on the CPU but 'model' was moved to CUDA
}

void copiesInALoop() {
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  std::vector<torch::Tensor> v{torch::rand({2, 3}), torch::rand({2, 3})};
  for (auto t : v)
    t = t.to(torch::kCUDA);
  for (auto &t : v)
    model->forward(t); // expect: 't' is on the CPU but 'model' was moved to CUDA
}

void lambdas() {
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto forward = [&](const torch::Tensor &t) { return model->forward(t); };
  auto x = torch::rand({2, 3});
  forward(x.cuda());
  forward(x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
}

void devicePredicates(torch::Tensor x) {
  nn::Linear model(3, 1);
  if (x.is_cuda())
    model->to(torch::kCUDA);
  model->forward(x);
}

void deviceOfAnother() {
  nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto p = model->weight.device();
  model->forward(torch::rand({2, 3}).to(p));
  model->forward(torch::rand({2, 3}, model->weight.options()));
  auto h = torch::zeros_like(model->weight);
  h + model->weight;
}

std::tuple<torch::Tensor, torch::Tensor> sample(torch::Device device) {
  return {torch::rand({2, 3}).to(device), torch::rand({2, 1})};
}

void structured() {
  torch::Device device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  nn::Linear model(3, 1);
  model->to(device);
  auto [x, y] = sample(device);
  auto out = model->forward(x);
  torch::mse_loss(out, y); // expect: 'y' is on the CPU but 'out' is on CUDA
}

void flags(int argc) {
  bool useCuda = torch::cuda::is_available() && argc > 1;
  torch::Device device(useCuda ? torch::kCUDA : torch::kCPU);
  nn::Linear model(3, 1);
  model->to(device);
  auto x = torch::rand({2, 3});
  if (useCuda)
    x = x.cuda();
  model->forward(x);
}

struct Holder {
  nn::Linear model{3, 1};
  torch::Device device{torch::kCPU};
  explicit Holder(torch::Device d) : device(d) { model->to(device); }
  torch::Tensor run(torch::Tensor x) { return model->forward(x.to(device)); }
  torch::Tensor forget(torch::Tensor x) { return model->forward(x); }
};

void members() {
  Holder h(torch::kCUDA);
  auto x = torch::rand({2, 3});
  h.run(x);
  h.forget(x); // expect: 'x' is on the CPU
}

void lossTarget() {
  nn::Sequential net(nn::Linear(3, 4), nn::ReLU(), nn::Linear(4, 2));
  net->to(torch::kCUDA);
  auto data = torch::rand({8, 3}, torch::kCUDA);
  auto target = torch::randint(0, 2, {8}, torch::kLong);
  auto out = torch::log_softmax(net->forward(data), 1);
  auto loss = torch::nll_loss(out, target); // expect: 'target' is on the CPU but 'out' is on CUDA
}

void switchOnDevice(int gpu) {
  torch::Device device = torch::kCPU;
  switch (gpu) {
  case 0:
    device = torch::kCUDA;
    break;
  default:
    break;
  }
  nn::Linear model(3, 1);
  model->to(device);
  model->forward(torch::rand({2, 3}, device));
}

struct Ragged : nn::Module {
  std::vector<nn::Linear> layers;
  Ragged() {
    for (int i = 0; i < 3; ++i)
      layers.push_back(register_module("l" + std::to_string(i), nn::Linear(3, 3)));
  }
  torch::Tensor forward(torch::Tensor x) {
    for (auto &l : layers)
      x = l->forward(x);
    return x;
  }
};

void vectorOfModules() {
  auto net = std::make_shared<Ragged>();
  net->to(torch::kCUDA);
  net->forward(torch::rand({2, 3}).to(torch::kCUDA));
  auto x = torch::rand({2, 3});
  net->forward(x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}
