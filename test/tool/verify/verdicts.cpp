// Each verdict once, on findings that the comments claim; one of them is false.
// REQUIRES: libtorch, runtime
// RUN: not torch-tidy-verify-marks --device=emulated --timeout=3 %s -- %torch_flags > %t 2>&1
// RUN: FileCheck %s --implicit-check-not=warning: < %t
#include <cstdlib>
#include <torch/torch.h>

struct Net : torch::nn::Module {
  torch::nn::Linear fc{nullptr};
  explicit Net(int64_t in) {
    fc = register_module("fc", torch::nn::Linear(in, 3));
  }
  torch::Tensor forward(torch::Tensor x) { return fc->forward(x); }
};

// Two errors in a row: the second is only reached when the first is repaired.
static void confirmed() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto y = model->forward(torch::ones({2, 3})); // flag: forward weight=cuda input=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: confirmed on emulated CUDA (LibTorch {{[0-9.]+}}): weight cuda:0 Float, input cpu Float; threw: Expected all tensors to be on the same device
  auto loss = torch::mse_loss(y, torch::ones({2, 1})); // flag: mse_loss self=cuda target=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'mse_loss' was marked
  // CHECK: note: confirmed on emulated CUDA {{.*}}: self cuda:0 Float, target cpu Float; threw: Expected all tensors to be on the same device
  loss.backward();
}

// The first error may be mended either way; the second needs the module moved.
static void either_way() {
  torch::nn::Linear model(3, 1);
  auto y = model->forward(torch::ones({2, 3}, torch::kCUDA)); // flag: forward weight=cpu input=cuda
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: confirmed on
  y.add(torch::ones({2, 1})); // flag: add self=cuda other=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: confirmed on emulated CUDA {{.*}}: self cuda:0 Float, other cpu Float; threw:
}

// An index of the wrong type hides what comes after it.
static void types() {
  torch::nn::Linear model(3, 3);
  auto labels = torch::randint(0, 3, {2, 3});
  auto y = model->forward(labels); // flag: forward code=dtype weight=cpu:Float input=cpu:Long
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: confirmed on
  y.add(torch::ones({2, 3}, torch::kCUDA)); // flag: add self=cpu other=cuda
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: confirmed on
}

// No Abstract can be made, so its caller is called.
struct Abstract {
  torch::nn::Linear model{3, 1};
  virtual int times() = 0;
};
static void hidden(Abstract &a) {
  for (int i = 0; i < a.times(); ++i)
    a.model->forward(torch::ones({2, 3})); // flag: forward weight=cuda input=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: confirmed on {{.*}}; in reveals(times) given times: 2
}
void reveals(int times) {
  struct : Abstract {
    int count;
    int times() override { return count; }
  } h;
  h.count = times;
  h.model->to(torch::kCUDA);
  hidden(h);
}

// Arguments are made: the shapes by the errors that wrong ones give.
torch::Tensor made(std::shared_ptr<Net> net, torch::Tensor batch,
                   torch::Tensor labels, torch::Device device) {
  net->to(device);
  auto out = torch::log_softmax(net->forward(batch.to(device)), 1);
  return torch::nll_loss(out, labels); // flag: nll_loss self=cuda target=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'nll_loss' was marked
  // CHECK: note: confirmed on {{.*}} target cpu {{.*}}; threw: {{.*}}; in made(net, batch, labels, device) given {{.*}}device: cuda
}

static void refuted(Net &net, torch::Tensor x) {
  net.to(torch::kCUDA);
  net.forward(x.to(torch::kCUDA)); // flag: forward weight=cuda
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: refuted on {{.*}}: weight cuda:0 Float, x cuda:0 Float; returned
  // CHECK: note: please report this as an error of torch-device-mismatch: "'forward' was marked" was refuted
}

static void unreached(Net net) {
  if (std::getenv("TORCH_TIDY_TEST_NEVER_SET"))
    net.forward(torch::ones({2, 4})); // flag: forward weight=cuda input=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: unreached on {{.*}}: {{.*}}unreached(net) returned
}

// It fails, but for another reason than the one that was claimed.
static void inconclusive() {
  torch::nn::Linear model(3, 1);
  model->forward(torch::ones({2, 4})); // flag: forward weight=cpu input=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: inconclusive on {{.*}}; threw: mat1 and mat2 shapes cannot be multiplied (2x4 and 3x1)
}

struct Opaque;
static void cannotBeMade(Opaque &opaque, Net &net) {
  net.forward(torch::ones({2, 4})); // flag: forward weight=cuda
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: inconclusive on {{.*}}: could not be driven: parameter 'opaque': a value of type 'Opaque' cannot be made
}

static void crashes(torch::Tensor x) {
  auto *null = static_cast<volatile int *>(nullptr);
  *null = 1;
  x.add(x); // flag: add self=cuda
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: unreached on {{.*}}: {{.*}}crashes(x) crashed (SIGSEGV)
}

static void exits(torch::Tensor x) {
  std::exit(5);
  x.add(x); // flag: add self=cuda
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: unreached on {{.*}}: {{.*}}exits(x) exited with status 5
}

static void loops(torch::Tensor x) {
  while (x.defined())
    ;
  x.add(x); // flag: add self=cuda
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'add' was marked
  // CHECK: note: unreached on {{.*}}: {{.*}}loops(x) was still running at the time limit
}

// Reached although it catches what it throws, and the method is private.
class Wrapper {
  bool works(Net &net) {
    net.to(torch::kCUDA);
    try {
      net.forward(torch::ones({2, 2})); // flag: forward weight=cuda x=cpu
      // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
      // CHECK: note: confirmed on {{.*}}; threw: Expected all tensors to be on the same device
    } catch (const std::exception &) {
      return false;
    }
    return true;
  }
};

// The pointer is taken in silence; what is read through it crashes later.
static float hostAccess(torch::Tensor x) {
  auto y = x.cuda();
  auto values = y.accessor<float, 1>(); // flag: accessor self=cuda code=host
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'accessor' was marked
  // CHECK: note: confirmed on {{.*}}: self cuda:0 Float; returned; the run then crashed (SIGSEGV) where host code accessed cuda:0, byte {{[0-9]+}} of a block of {{[0-9]+}}, at {{.*}}verdicts.cpp:[[@LINE+1]]
  return values[0];
}

// LibTorch's MNIST needs no files.
static void training() {
  auto images = torch::data::datasets::MNIST("/no/such/folder").images();
  torch::nn::Linear model(28, 1);
  model->to(torch::kCUDA);
  model->forward(images); // flag: forward weight=cuda input=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: confirmed on {{.*}}; threw: Expected all tensors to be on the same device{{.*}}; in training() given random data for MNIST
}

// An error of the right kind on operands that are elsewhere does not stop the
// search: `main` shows the one that is meant.
static torch::Tensor scores(Net &net, torch::Tensor x) {
  return net.forward(x); // flag: forward weight=cuda x=cpu
  // CHECK: verdicts.cpp:[[@LINE-1]]:{{[0-9]+}}: warning: 'forward' was marked
  // CHECK: note: confirmed on {{.*}}: weight cuda:0 Float, x cpu Float; threw: Expected all tensors to be on the same device
}
int main() {
  Net net(4);
  net.to(torch::kCUDA);
  scores(net, torch::ones({2, 4}));
}

// CHECK: 19 findings: 12 confirmed, 1 refuted, 4 unreached, 2 inconclusive on emulated CUDA
