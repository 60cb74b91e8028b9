#include "program.h"
at::Tensor weights() { return at::ones({3, 3}, at::kCUDA); }
at::Tensor once(const at::Tensor &input) {
  auto bias = at::ones({3});
  return at::linear(input.cuda(), weights(), bias);
}
// Only reached when the call before it has been repaired.
at::Tensor twice() { return weights().matmul(at::ones({3, 3})); }
// Its caller, in another file, makes it wrong.
at::Tensor Layer::apply() const { return weight.matmul(at::ones({3, 3})); }
