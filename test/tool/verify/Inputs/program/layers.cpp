#include "program.h"
at::Tensor layer(const at::Tensor &weight, const at::Tensor &input) {
  return at::linear(input, weight); // flag: linear weight=cuda input=cpu
}
// Only reached when the call before it has been repaired.
at::Tensor twice(const at::Tensor &weight, const at::Tensor &input) {
  return layer(weight, input).matmul(at::ones({3, 3})); // flag: matmul self=cuda other=cpu
}
