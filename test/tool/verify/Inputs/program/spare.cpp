#include <ATen/ATen.h>
at::Tensor spare(const at::Tensor &input) {
  return input.mm(at::ones({3, 3})); // flag: mm self=cuda
}
