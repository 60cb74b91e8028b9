// RUN: %check_torch %s
// Where a function sets the default type for good, the others do not know it.
#include <torch/torch.h>

void setUp() { torch::set_default_dtype(c10::scalarTypeToTypeMeta(torch::kDouble)); }
void afterwards() {
  torch::nn::Linear m(3, 2);
  m(torch::rand({2, 3}, torch::kDouble));
}
void itself() {
  setUp();
  torch::nn::Linear m(3, 2);
  m(torch::rand({2, 3}));
  m(torch::rand({2, 3}, torch::kFloat)); // expect: 'torch::rand({2, 3}, torch::kFloat)' holds Float but 'm' works in Double
}
void given(torch::ScalarType type) {
  torch::nn::Linear m(3, 2);
  torch::set_default_dtype(c10::scalarTypeToTypeMeta(type));
  m(torch::rand({2, 3}));
}
int main() {
  torch::nn::Linear m(3, 2);
  m(torch::rand({2, 3}, torch::kDouble)); // expect: 'torch::rand({2, 3}, torch::kDouble)' holds Double but 'm' works in Float
  setUp();
}
