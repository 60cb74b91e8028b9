#include "program.h"
at::Tensor squared(const at::Tensor &output, const at::Tensor &target) {
  return at::mse_loss(output, target); // flag: mse_loss self=cuda target=cpu
}
