#include <ATen/ATen.h>
at::Tensor spare() {
  auto input = at::ones({3, 3}, at::kCUDA);
  return input.mm(at::ones({3, 3}));
}
