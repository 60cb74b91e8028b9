// RUN: %check_torch %s
// Modules that are declared here and defined in another file.
#include <torch/torch.h>

// Its code is in another file: what it holds is where the module was moved.
struct Elsewhere : torch::nn::Module {
  Elsewhere();
  torch::Tensor forward(torch::Tensor x);
  torch::nn::Linear fc{nullptr};
};

void unseenForward() {
  auto net = std::make_shared<Elsewhere>();
  net->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  net->forward(x.to(torch::kCUDA));
  net->forward(x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}

// It holds what its base class holds.
struct Deeper : Elsewhere {
  Deeper();
};
void unseenForwardOfBase() {
  auto net = std::make_shared<Deeper>();
  net->to(torch::kCUDA);
  auto x = torch::rand({2, 3});
  net->forward(x.to(torch::kCUDA));
  net->forward(x); // expect: 'x' is on the CPU but 'net' was moved to CUDA
}

void unseenAndNeverMoved() {
  auto net = std::make_shared<Elsewhere>();
  net->forward(torch::rand({2, 3}));
}

// Where its other methods find their inputs, and where what they return is,
// nobody says: this one may well end with `.cpu()`.
struct Detector : torch::nn::Module {
  Detector();
  torch::Tensor forward(torch::Tensor x);
  torch::Tensor boxes(torch::Tensor x);
  torch::Tensor scores(torch::Tensor x) const;
  void load(const std::string &file);
  torch::nn::Conv2d conv{nullptr};
};

void resultOfAnotherMethod(torch::Tensor image) {
  Detector net;
  net.to(torch::kCUDA);
  auto boxes = net.boxes(net.forward(image.to(torch::kCUDA)));
  std::cout << boxes.accessor<float, 2>()[0][0];
}

// `load` may move it, `scores` may not.
void movedByAnotherMethod() {
  Detector net;
  net.to(torch::kCUDA);
  net.load("weights.pt");
  net.forward(torch::rand({1, 3, 8, 8}));
}

void notMovedByAConstMethod(torch::Tensor image) {
  Detector net;
  net.to(torch::kCUDA);
  net.scores(image);
  net.forward(torch::rand({1, 3, 8, 8})); // expect: is on the CPU but 'net' was moved to CUDA
}

// What an unseen function is given by pointer, it may set.
void fill(torch::Tensor *out);
void fillAll(torch::Tensor *out, int count);
void raise(torch::nn::Linear net);
void writtenThroughAPointer() {
  auto x = torch::rand({2, 2});
  fill(&x);
  x + torch::rand({2, 2}, torch::kCUDA);
  torch::Tensor two[2] = {torch::rand({2, 2}), torch::rand({2, 2})};
  fillAll(two, 2);
  two[0] + torch::rand({2, 2}, torch::kCUDA);
}
void movedByAFunction() {
  torch::nn::Linear net(2, 2);
  raise(net);
  net(torch::rand({2, 2}, torch::kCUDA));
}
