// RUN: %check_torch %s
#include <torch/torch.h>

void inputStays() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  model->forward(x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
}

void inputMoved(torch::Tensor t) {
  torch::nn::Linear model(3, 1);
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  model->to(device);
  model->forward(torch::rand({2, 3}).to(device));
  model->forward(torch::rand({2, 3}, device));
  model->forward(torch::rand({2, 3}, torch::TensorOptions().device(device)));
  model->forward(t);
}

void everySpelling() {
  torch::nn::Linear model(3, 1);
  model->to(torch::Device("cuda:0"));
  auto x = torch::rand({2, 3}, torch::kCPU);
  model(x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
}

void reverse() {
  torch::nn::Linear model(3, 1);
  auto x = torch::rand({2, 3}).cuda();
  model->forward(x); // expect: 'x' is on CUDA but 'model' is on the CPU
}

void stateless() {
  torch::nn::Sequential net(torch::nn::ReLU(), torch::nn::MaxPool2d(2));
  net->to(torch::kCUDA);
  net->forward(torch::rand({1, 3, 4, 4}));
}

void sequential() {
  torch::nn::Sequential net(torch::nn::ReLU(), torch::nn::Linear(3, 1));
  net->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  net->forward(x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}

void correlated(bool cuda) {
  torch::nn::Linear model(3, 1);
  auto x = torch::rand({2, 3});
  if (cuda)
    model->to(torch::kCUDA);
  if (cuda)
    x = x.to(torch::kCUDA);
  model->forward(x);
}

void oneSideMissing(bool cuda) {
  torch::nn::Linear model(3, 1);
  auto x = torch::rand({2, 3});
  if (cuda)
    model->to(torch::kCUDA);
  model->forward(x); // expect: when 'cuda' is true
}

void earlyReturn(bool cuda) {
  torch::nn::Linear model(3, 1);
  auto x = torch::rand({2, 3});
  if (!cuda)
    return;
  model->to(torch::kCUDA);
  x = x.cuda();
  model->forward(x);
}

void laterRound() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3}).to(torch::kCUDA);
  for (int i = 0; i < 10; ++i) {
    model->forward(x); // expect: 'x' is on CUDA but 'model' is on the CPU
    model->to(torch::kCPU);
  }
}

struct NetImpl : torch::nn::Module {
  torch::nn::Linear fc{nullptr}, loose{nullptr};
  NetImpl() {
    fc = register_module("fc", torch::nn::Linear(3, 3));
    loose = torch::nn::Linear(3, 3);
  }
  torch::Tensor forward(torch::Tensor x) { return fc->forward(x); }
  torch::Tensor left(torch::Tensor x) { return loose->forward(x); }
};
TORCH_MODULE(Net);

void registered() {
  Net net;
  net->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  net->forward(x.to(torch::kCUDA));
  net->forward(x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}

void unregistered() {
  Net net;
  net->to(torch::kCUDA);
  net->left(torch::rand({2, 3}).to(torch::kCUDA)); // expect: is on CUDA but
}

void dropped() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  x.to(torch::kCUDA);
  model->forward(x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
}

torch::Tensor helper(torch::nn::Linear m, torch::Tensor x) { return m->forward(x); }

void throughACall() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  helper(model, x); // expect: 'x' is on the CPU but 'model' was moved to CUDA
  helper(model, x.to(torch::kCUDA));
}

void caughtAndRetried() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  try {
    model->forward(x);
  } catch (const c10::Error &) {
    x = x.to(torch::kCUDA);
  }
}

struct StackedImpl : torch::nn::SequentialImpl {
  StackedImpl() {
    push_back(torch::nn::Linear(3, 3));
    push_back(torch::nn::Functional(torch::relu));
  }
};
TORCH_MODULE(Stacked);

struct Settings {
  torch::Device device = torch::kCPU;
};
static Settings settings;

torch::Tensor useSettings(Stacked net, torch::Tensor x) {
  net->forward(x.to(settings.device));
  return net->forward(x);
}

void globalDevice() {
  settings.device = torch::kCUDA;
  Stacked net;
  net->to(settings.device);
  auto x = torch::rand({2, 3});
  useSettings(net, x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}

template <class Block> struct BlocksImpl : torch::nn::Module {
  explicit BlocksImpl(int n);
  torch::Tensor forward(torch::Tensor x) { return fc->forward(x); }
  torch::nn::Linear fc;
};
template <class Block> BlocksImpl<Block>::BlocksImpl(int n) : fc(n, n) {
  register_module("fc", fc);
}
template <class Block> struct Blocks : torch::nn::ModuleHolder<BlocksImpl<Block>> {
  using torch::nn::ModuleHolder<BlocksImpl<Block>>::ModuleHolder;
};

void templateModule() {
  Blocks<int> net(3);
  net->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  net->forward(x.to(torch::kCUDA));
  net->forward(x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}

void causeIsTold() {
  Net net;
  net->to(torch::kCUDA);
  auto x = torch::rand({2, 3}).to(torch::kCUDA);
  net->left(x); // expect: 'x' is on CUDA but 'loose' is on the CPU
}

// Two operands are where the weights are not: none of them moves alone.
void weightsOnTheHost() {
  torch::nn::CrossEntropyLoss criterion(torch::nn::CrossEntropyLossOptions().weight(torch::tensor({0.3f, 0.7f})));
  auto scores = torch::rand({2, 2}, torch::kCUDA);
  auto classes = torch::zeros({2}, torch::kLong).to(torch::kCUDA);
  criterion(scores, classes); // expect: 'scores' is on CUDA but 'criterion' is on the CPU
}
// The tensor that is given is the buffer: it moves with the module.
void weightsThatMoveAlong() {
  auto weights = torch::ones({4});
  torch::nn::CrossEntropyLoss criterion(torch::nn::CrossEntropyLossOptions().weight(weights));
  criterion->to(torch::kCUDA);
  torch::rand({4}, torch::kCUDA) * weights;
  torch::rand({4}) * weights; // expect: 'torch::rand({4})' is on the CPU but 'weights' is on CUDA
}
void lossOfImages() {
  auto output = torch::rand({2, 3, 4, 4}, torch::kCUDA);
  auto target = torch::zeros({2, 4, 4}, torch::kLong);
  torch::nll_loss2d(torch::log_softmax(output, 1), target); // expect: 'target' is on the CPU but 'torch::log_softmax(output, 1)' is on CUDA
  torch::nll_loss2d(output, target.cuda(), torch::ones({3})); // expect: 'torch::ones({3})' is on the CPU but 'output' is on CUDA
  torch::nll_loss2d(output, target.cuda(), torch::ones({3}, torch::kCUDA));
}
