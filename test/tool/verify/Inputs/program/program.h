#pragma once
#include <ATen/ATen.h>
at::Tensor layer(const at::Tensor &weight, const at::Tensor &input);
at::Tensor twice(const at::Tensor &weight, const at::Tensor &input);
at::Tensor squared(const at::Tensor &output, const at::Tensor &target);
at::Tensor spare(const at::Tensor &input);
at::Tensor tidy(const at::Tensor &input);

// In a header: each file that includes it has it.
inline at::Tensor scaled(const at::Tensor &input) {
  return input.matmul(at::ones({3, 3})); // flag: matmul self=cuda other=cpu
}
