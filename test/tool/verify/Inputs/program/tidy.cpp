#include <ATen/ATen.h>
at::Tensor tidy(const at::Tensor &input) { return input + input; }
