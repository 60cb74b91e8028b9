#pragma once
#include <ATen/ATen.h>
at::Tensor weights();
at::Tensor once(const at::Tensor &input);
at::Tensor twice();
at::Tensor squared();
at::Tensor spare();
at::Tensor tidy(const at::Tensor &input);

struct Layer {
  at::Tensor weight;
  at::Tensor apply() const;
};

// In a header: each file that includes it has it.
inline at::Tensor scaled() {
  auto input = at::ones({3, 3}, at::kCUDA);
  return input.matmul(at::ones({3, 3}));
}
