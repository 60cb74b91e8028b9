// RUN: %check_torch %s
// Which paths lead to a call, and what they know.
#include <torch/torch.h>

void deviceFromACondition(bool cuda) {
  torch::Device device(cuda ? torch::kCUDA : torch::kCPU);
  auto x = torch::ones(3, device);
  torch::ones(3).to(device) + x;
  torch::ones(3) + x; // expect: is on the CPU but
}

void deviceIsCuda(torch::Device device) {
  auto x = torch::ones(3, device);
  if (device.is_cuda()) {
    x + torch::ones(3, torch::kCUDA);
    x + torch::ones(3); // expect: is on the CPU but
  } else {
    x + torch::ones(3);
  }
}

void deviceType(torch::Device device) {
  auto x = torch::ones(3, device);
  if (device.type() == torch::kCUDA)
    x + torch::ones(3); // expect: is on the CPU but
  if (device != torch::kCPU)
    return;
  x + torch::ones(3);
}

void whereATensorIs(torch::Tensor x) {
  if (!x.is_cuda())
    x = x.cuda();
  x + torch::ones(3, torch::kCUDA);
  x + torch::ones(3); // expect: is on the CPU but
}

void earlyReturn(torch::Tensor x, bool cuda) {
  auto y = torch::ones(3);
  if (!cuda)
    return;
  x = x.cuda();
  y + x; // expect: 'y' is on the CPU but
}

void twoConditions(bool cuda, bool train) {
  auto x = torch::ones(3), y = torch::ones(3);
  if (cuda && train)
    x = x.cuda(), y = y.cuda();
  x + y;
  if (cuda)
    x = x.cuda();
  if (train)
    x + x;
}

// Only one of the two runs.
void shortCircuit(torch::Tensor x) {
  x = x.reshape({3});
  auto cuda = x.cuda();
  bool both = x.is_cuda() && (x + cuda).sum().item<float>() > 0;
  bool either = x.is_cuda() || (x + cuda).sum().item<float>() > 0; // expect: 'x' is on the CPU but
}

void ternaries(torch::Tensor x, bool cuda) {
  auto y = cuda ? x.cuda() : x.cpu();
  cuda ? y + torch::ones(3, torch::kCUDA) : y + torch::ones(3);
  cuda ? y + torch::ones(3) : y; // expect: is on the CPU but
}

constexpr bool UseCuda = true;
#define ON_GPU 1

void constants(torch::Tensor x) {
  auto y = UseCuda ? x.cuda() : x.cpu();
  y + torch::ones(3); // expect: is on the CPU but
  if (!UseCuda)
    y + torch::ones(3);
#if ON_GPU
  y + torch::ones(3, torch::kCUDA);
#else
  y + torch::ones(3);
#endif
}

template <bool Cuda> static torch::Tensor make() {
  if constexpr (Cuda)
    return torch::ones(3, torch::kCUDA);
  else
    return torch::ones(3);
}

void constexprIf() {
  make<true>() + make<true>();
  make<true>() + make<false>(); // expect: 'make<false>()' is on the CPU but
}

enum class Mode { Train, Test };

void switchWithFallThrough(torch::Tensor x, Mode mode) {
  auto y = x.cuda();
  switch (mode) {
  case Mode::Train:
    x = x.cuda();
    [[fallthrough]];
  case Mode::Test:
    y = y + 1;
    break;
  }
  if (mode == Mode::Train)
    x + y;
}

// The first round finds it on the CPU, the others do not.
void whileLoop(torch::Tensor more) {
  auto x = torch::ones(3), cuda = x.cuda();
  while (more.item<int>() > 0) {
    x + cuda; // expect: 'x' is on the CPU but
    x = x.cuda();
  }
}

void doLoop(torch::Tensor more) {
  auto x = torch::ones(3), cuda = x.cuda();
  do {
    x = x.cuda();
  } while (more.item<int>() > 0);
  x + cuda;
  x + torch::ones(3); // expect: is on the CPU but
}

// Later rounds find what the first has left.
void moveAtTheEndOfARound() {
  torch::nn::Linear net(3, 1);
  for (int epoch = 0; epoch < 3; ++epoch) {
    net(torch::ones({2, 3})); // expect: is on the CPU but 'net' was moved to CUDA
    net->to(torch::kCUDA);
  }
}

void breakBeforeTheMove(torch::Tensor x) {
  auto y = torch::ones(3);
  for (int i = 0;; ++i) {
    if (i == 2)
      break;
    y = y.cuda();
  }
  y + x.cuda();
}

void continued(torch::Tensor x, const std::vector<bool> &skip) {
  auto cuda = x.cuda();
  for (bool s : skip) {
    auto y = torch::ones(3);
    if (s)
      continue;
    y + cuda; // expect: 'y' is on the CPU but
  }
}

void caught(torch::Tensor x) {
  auto y = torch::ones(3);
  try {
    y = y.to(torch::kCUDA);
  } catch (const c10::Error &) {
    x = x.cpu();
    return;
  }
  y + x.cuda();
  y + torch::ones(3); // expect: is on the CPU but
}

void reassigned(torch::Tensor x) {
  auto y = torch::ones(3);
  auto old = y;
  y = y.cuda();
  y + x.cuda();
  old + x.cuda(); // expect: 'old' is on the CPU but
}

// `auto &` is the same variable, `auto` is another one.
void referencesToVariables(torch::Tensor x) {
  auto y = torch::ones(3), z = torch::ones(3);
  auto &same = y;
  auto other = z;
  same = same.cuda();
  other = other.cuda();
  y + x.cuda();
  z + x.cuda(); // expect: 'z' is on the CPU but
}

void elementReferences(torch::Tensor x) {
  std::vector<torch::Tensor> parts{torch::ones(3), torch::ones(3)};
  for (auto &part : parts)
    part = part.cuda();
  parts[1] + x.cuda();
  for (auto part : parts)
    part = part.cpu();
  parts[0] + x.cuda();
  parts[0] + torch::ones(3); // expect: is on the CPU but
}

void boundNames() {
  std::pair<torch::Tensor, torch::Tensor> p{torch::ones(3), torch::ones(3, torch::kCUDA)};
  auto &[host, device] = p;
  host = host.cuda();
  p.first + device;
  p.first + host.cpu(); // expect: is on CUDA
}

void movedFrom(torch::Tensor x) {
  auto y = torch::ones(3, torch::kCUDA);
  auto z = std::move(y);
  z + x.cuda();
  z + torch::ones(3); // expect: is on the CPU but
}

// A condition that is written down as a number counts as itself.
void conditionInAVariable(bool cuda) {
  bool onHost = !cuda;
  auto x = onHost ? torch::ones(3) : torch::ones(3, torch::kCUDA);
  if (cuda)
    x + torch::ones(3, torch::kCUDA);
  if (!onHost)
    x + torch::ones(3); // expect: is on the CPU but
}

// More paths than are kept apart; each comes across the constant by itself.
void constantOnManyPaths(bool a, bool b, bool c, bool d, bool e, torch::Tensor x) {
  std::vector<torch::Tensor> all;
  auto mask = torch::ones({3}, torch::kBool);
  if (a) { all.push_back(x.cuda()); mask = mask.to(torch::kFloat32).gt(0); }
  if (b) all.push_back(x.cpu());
  if (c) { all.push_back(x.cuda()); all.push_back(x.cuda()); mask.to(torch::kFloat32).sum(); }
  if (d) { all.push_back(x.cpu()); all.push_back(x.cpu()); }
  if (e) { all.push_back(x.cuda()); all.push_back(x.cpu()); }
  mask.to(torch::kFloat32).mean();
}

// What a loop does once in many rounds is looked at in one of the later ones.
void everyHundredRounds(torch::nn::Linear l) {
  l->to(torch::kCUDA);
  for (int i = 1; i < 1000; ++i)
    if (i % 100 == 0)
      l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
}
constexpr int CheckpointEvery = 200;
template <class Loader> void checkpoints(Loader &loader, torch::nn::Linear l) {
  l->to(torch::kCUDA);
  int batches = 0;
  for (auto &batch : *loader) {
    l(batch.data.cuda());
    if (++batches % CheckpointEvery == 0) {
      l(torch::rand({2, 4}, torch::kCUDA));
      l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
    }
  }
}
void checkpoint() {
  auto data = torch::data::datasets::MNIST("data").map(torch::data::transforms::Stack<>());
  auto loader = torch::data::make_data_loader(std::move(data), 4);
  checkpoints(loader, torch::nn::Linear(4, 4));
}
// The round that gives the number back is the one that takes it.
void onceInTen(torch::nn::Linear l) {
  for (int i = 0; i < 1000; ++i) {
    if ((i + 1) % 10 == 0)
      l->to(torch::kCUDA);
    auto x = torch::rand({2, 4});
    if ((i + 1) % 10 == 0)
      x = x.cuda();
    l(x);
    if ((i + 1) % 10 == 0)
      l->to(torch::kCPU);
  }
}
// Every other round is among the first.
void turns(torch::nn::Linear l) {
  auto x = torch::rand({2, 4});
  for (int i = 0; i < 1000; ++i) {
    l->to(x.device());
    l(x);
    x = i % 2 == 0 ? x.cuda() : x.cpu();
    if (i % 2 == 0)
      x + torch::rand({2, 4}, torch::kCUDA);
  }
}
void twoOfEveryHundred(torch::nn::Linear l, int rounds) {
  l->to(torch::kCUDA);
  for (int i = 1; i < rounds; ++i) {
    if (i % 100 == 20)
      l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
    if (i % 100 == 40)
      l(torch::rand({2, 4}, torch::kCUDA));
    if (i % 200 == 0 && i % 10 == 0)
      l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
    if (i % 200 == 0 && i % 10 != 0)
      l(torch::rand({2, 4}));
  }
}
void neverThatFar(torch::nn::Linear l) {
  l->to(torch::kCUDA);
  for (int i = 1; i < 50; ++i)
    if (i % 100 == 0)
      l(torch::rand({2, 4}));
  l(torch::rand({2, 4})); // expect: 'torch::rand({2, 4})' is on the CPU but 'l' was moved to CUDA
}
void invariant(torch::nn::Linear l, int rounds) {
  l->to(torch::kCUDA);
  const int n = 7;
  for (int i = 0; i < rounds; ++i)
    if (n % 10 == 0)
      l(torch::rand({2, 4}));
}
