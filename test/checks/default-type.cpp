// RUN: %check_torch %s
// The default element type is set, and taken back by a guard.
#include <torch/torch.h>

class InDouble {
public:
  InDouble() : before(torch::get_default_dtype()) {
    torch::set_default_dtype(c10::scalarTypeToTypeMeta(torch::kDouble));
  }
  ~InDouble() { torch::set_default_dtype(before); }

private:
  caffe2::TypeMeta before;
};

void all() {
  InDouble guard;
  torch::nn::Linear m(3, 2);
  m(torch::rand({2, 3}));
  m(torch::ones({2, 3}) + torch::tensor({1.0, 2.0, 3.0}));
  m(torch::rand({2, 3}, torch::kFloat)); // expect: 'torch::rand({2, 3}, torch::kFloat)' holds Float but 'm' works in Double
}
torch::nn::Linear made() {
  InDouble guard;
  return torch::nn::Linear(3, 2);
}
void takenBack() {
  auto m = made();
  m(torch::rand({2, 3}));                 // expect: 'torch::rand({2, 3})' holds Float but 'm' works in Double
  m(torch::rand({2, 3}, torch::kDouble));
}
