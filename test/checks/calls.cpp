// RUN: %check_torch %s
// Facts that go into functions and come back.
#include <functional>
#include <optional>
#include <torch/torch.h>

static torch::Tensor sum(torch::Tensor a, const torch::Tensor &b) { return a + b; }

void byValue(torch::Tensor x) {
  auto cuda = x.cuda();
  sum(cuda, cuda);
  sum(cuda, torch::ones(3)); // expect: 'torch::ones(3)' is on the CPU but
}

// Through a reference the callee moves the caller's own tensor.
static void moveByReference(torch::Tensor &t) { t = t.to(torch::kCUDA); }
static void moveACopy(torch::Tensor t) { t = t.to(torch::kCUDA); }

void byReference(torch::Tensor x) {
  auto cuda = x.cuda(), moved = torch::ones(3), kept = torch::ones(3);
  moveByReference(moved);
  moveACopy(kept);
  moved + cuda;
  kept + cuda; // expect: 'kept' is on the CPU but
}

static void moveByPointer(torch::Tensor *t) { *t = t->to(torch::kCUDA); }

void byPointer(torch::Tensor x) {
  auto cuda = x.cuda(), moved = torch::ones(3), other = torch::ones(3);
  moveByPointer(&moved);
  moved + cuda;
  other + cuda; // expect: 'other' is on the CPU but
}

// A module is moved under every name that it has.
static void place(torch::nn::Linear net) { net->to(torch::kCUDA); }

void moduleByValue() {
  torch::nn::Linear net(3, 1);
  place(net);
  net(torch::ones({2, 3}, torch::kCUDA));
  net(torch::ones({2, 3})); // expect: is on the CPU but 'net' was moved to CUDA
}

static std::tuple<torch::Tensor, torch::Tensor> both() {
  return {torch::ones(3), torch::ones(3, torch::kCUDA)};
}

void returnedTuple() {
  auto [host, device] = both();
  host + host, device + device;
  host + device; // expect: 'host' is on the CPU but
}

void tiedTuple() {
  torch::Tensor host, device;
  std::tie(host, device) = both();
  host + device; // expect: 'host' is on the CPU but
}

static std::pair<torch::Tensor, int> labelled() { return {torch::ones(3), 4}; }

void returnedPair(torch::Tensor x) {
  labelled().first + x.cpu();
  labelled().first + x.cuda(); // expect: is on the CPU but
}

struct Batch {
  torch::Tensor data, target;
  Batch to(torch::Device device) const {
    return {data.to(device), target.to(device)};
  }
};
static Batch batch() { return {torch::ones({2, 3}), torch::ones(2)}; }

void returnedStruct() {
  auto moved = batch().to(torch::kCUDA), host = batch();
  moved.data.sum(0) + moved.target.sum();
  moved.data + host.data; // expect: is on the CPU but
}

static std::optional<torch::Tensor> maybe(bool there) {
  if (there)
    return torch::ones(3);
  return std::nullopt;
}

void returnedOptional(torch::Tensor x) {
  if (auto found = maybe(true)) {
    *found + x.cpu();
    *found + x.cuda(); // expect: is on the CPU but
  }
}

// A default argument that nobody overrides.
static torch::Tensor made(torch::Device device = torch::kCPU) {
  return torch::ones(3, device);
}

void defaultArgument(torch::Tensor x) {
  auto cuda = x.cuda();
  made(torch::kCUDA) + cuda;
  made() + cuda; // expect: 'made()' is on the CPU but
}

// A callee that moves what it is given, under a condition of the caller's.
static torch::Tensor placed(torch::Tensor t, bool cuda) {
  if (cuda)
    return t.to(torch::kCUDA);
  return t;
}

void conditionInTheCallee(torch::Tensor x, bool cuda) {
  auto here = placed(torch::ones(3), cuda), there = placed(torch::zeros(3), cuda);
  here + there;
  placed(torch::ones(3), true) + x.cuda();
  placed(torch::ones(3), false) + x.cuda(); // expect: is on the CPU but
}

void lambdaByReference(torch::Tensor x) {
  auto cuda = x.cuda(), t = torch::ones(3);
  auto move = [&] { t = t.cuda(); };
  t + cuda; // expect: 't' is on the CPU but
  move();
  t + cuda;
}

// What a lambda has copied stays where it was.
void lambdaByValue(torch::Tensor x) {
  auto cuda = x.cuda(), t = torch::ones(3);
  auto plus = [t](torch::Tensor other) { return t + other; };
  t = t.cuda();
  t + cuda;
  plus(cuda); // expect: 't' is on the CPU but
}

void calledAtOnce(torch::Tensor x) {
  auto moved = [](torch::Tensor t) { return t.cuda(); }(x);
  moved + x.cuda();
  moved + torch::ones(3); // expect: is on the CPU but
}

void storedCallable(torch::Tensor x) {
  std::function<torch::Tensor()> make = [] { return torch::ones(3); };
  make() + x.cuda(); // expect: 'make()' is on the CPU but
  make = [] { return torch::ones(3, torch::kCUDA); };
  make() + x.cuda();
}

template <class Module> static torch::Tensor run(Module &net, torch::Tensor x) {
  return net->forward(x);
}

void functionTemplate() {
  torch::nn::Linear net(3, 1);
  net->to(torch::kCUDA);
  run(net, torch::ones({2, 3}, torch::kCUDA));
  run(net, torch::ones({2, 3})); // expect: is on the CPU but 'net' was moved to CUDA
}

template <class... Ts> static torch::Tensor joined(Ts... parts) {
  return torch::cat({parts...});
}

void parameterPack(torch::Tensor x) {
  joined(x.cuda(), x.cuda());
  joined(x.cuda(), x.cpu()); // expect: is on the CPU but
}

static torch::Tensor halved(torch::Tensor t, int times) {
  return times == 0 ? t : halved(t / 2, times - 1);
}

void recursion(torch::Tensor x) {
  halved(x.cuda(), 3) + x.cuda();
  halved(torch::ones(3), 2) + x.cuda(); // expect: is on the CPU but
}

struct Maker {
  static torch::Tensor host() { return torch::ones(3); }
  torch::Tensor operator()() const { return torch::ones(3, torch::kCUDA); }
};

void staticAndCallOperator() {
  Maker make;
  make() + make();
  make() + Maker::host(); // expect: 'Maker::host()' is on the CPU but
}

// A function by its address.
void functionPointer(torch::Tensor x) {
  torch::Tensor (*make)(torch::Device) = made;
  make(torch::kCUDA) + x.cuda();
  make(torch::kCPU) + x.cuda(); // expect: is on the CPU but
}
// What is given by reference is not known where a recursion is not followed to
// its end.
static void sink(torch::Tensor &x, int depth) {
  if (depth == 0)
    x = x.cuda();
  else
    sink(x, depth - 1);
}
static void lift(torch::nn::Linear net, int depth) {
  if (depth == 0)
    net->to(torch::kCUDA);
  else
    lift(net, depth - 1);
}
static void raise(std::shared_ptr<torch::nn::LinearImpl> net, int depth) {
  if (depth == 0)
    net->to(torch::kCUDA);
  else
    raise(net, depth - 1);
}
void movedAtTheBottom(int depth) {
  auto x = torch::ones({2, 4});
  sink(x, depth);
  x + torch::ones({2, 4}, torch::kCUDA);
  torch::nn::Linear net(4, 4);
  lift(net, depth);
  net(torch::ones({2, 4}, torch::kCUDA));
  auto other = std::make_shared<torch::nn::LinearImpl>(4, 4);
  raise(other, depth);
  other->forward(torch::ones({2, 4}, torch::kCUDA));
  auto y = torch::ones({2, 4});
  sink(y, 2);
  y + torch::ones({2, 4}); // expect: 'torch::ones({2, 4})' is on the CPU but 'y' is on CUDA
}
