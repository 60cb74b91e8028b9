#include <ATen/ATen.h>
#include <cstring>
#include <exception>
#include <iostream>
at::Tensor twice(const at::Tensor &weight, const at::Tensor &input);
at::Tensor squared(const at::Tensor &output, const at::Tensor &target);
at::Tensor spare(const at::Tensor &input);
at::Tensor tidy(const at::Tensor &input);

int main(int argc, char **argv) {
  try {
    if (argc > 1 && !std::strcmp(argv[1], "layers"))
      twice(at::ones({3, 3}, at::kCUDA), at::ones({3}));
    else if (argc > 1 && !std::strcmp(argv[1], "losses"))
      squared(at::ones({3}, at::kCUDA), at::ones({3}));
    else if (argc > 2)
      spare(at::ones({3, 3}));
    tidy(at::ones({3}));
  } catch (const std::exception &E) {
    std::cerr << E.what() << '\n';
    return 1;
  }
}
