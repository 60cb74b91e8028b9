#include "program.h"
at::Tensor squared() {
  auto output = at::ones({3}, at::kCUDA), target = at::ones({3});
  return at::mse_loss(output, target);
}
