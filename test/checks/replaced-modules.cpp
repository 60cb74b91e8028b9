// RUN: %check_torch %s
// Modules that are replaced, read back, and given other data.
#include <sstream>
#include <torch/torch.h>
struct BackboneImpl : torch::nn::Module {
  BackboneImpl() {
    body = register_module("body", torch::nn::Linear(3, 4));
    head = register_module("head", torch::nn::Linear(4, 2));
  }
  torch::Tensor forward(const torch::Tensor &x) {
    return head(body(x));
  }
  torch::nn::Linear body{nullptr}, head{nullptr};
};
TORCH_MODULE(Backbone);
void newHead(Backbone &model, int64_t classes) {
  model->head = model->replace_module("head", torch::nn::Linear(4, classes));
}
void replaced() {
  Backbone model;
  model->to(torch::kCUDA);
  newHead(model, 5);
  model->forward(torch::rand({3, 3}, torch::kCUDA)); // expect: 'body(x)' is on CUDA but 'head' is on the CPU
}
void replacedAndMoved() {
  Backbone model;
  model->to(torch::kCUDA);
  newHead(model, 5);
  model->to(torch::kCUDA);
  model->forward(torch::rand({3, 3}, torch::kCUDA));
}
void throughText() {
  torch::nn::Linear model(3, 2), other(3, 2);
  model->to(torch::kCUDA);
  std::ostringstream out;
  torch::save(model, out);
  std::istringstream in(out.str());
  torch::load(other, in);
  other(torch::rand({2, 3}, torch::kCUDA));
  other(torch::rand({2, 3})); // expect: 'torch::rand({2, 3})' is on the CPU but 'other' was moved to CUDA
}
void setData() {
  torch::nn::Linear model(3, 2);
  model->to(torch::kCUDA);
  for (auto &p : model->parameters())
    p.set_data(torch::zeros(p.sizes()));
  model->forward(torch::rand({2, 3}, torch::kCUDA)); // expect: 'torch::rand({2, 3}, torch::kCUDA)' is on CUDA but 'model' is on the CPU
}
