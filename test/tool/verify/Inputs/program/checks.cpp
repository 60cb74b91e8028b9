#include "program.h"
#include <cstring>
#include <exception>
#include <iostream>

int main(int argc, char **argv) {
  try {
    if (argc > 1 && !std::strcmp(argv[1], "layers")) {
      once(at::ones({2, 3}));
      twice();
      Layer layer{weights()};
      layer.apply();
    } else if (argc > 1 && !std::strcmp(argv[1], "losses")) {
      squared();
    } else if (argc > 2) {
      spare();
    }
    tidy(at::ones({3}));
  } catch (const std::exception &E) {
    std::cerr << E.what() << '\n';
    return 1;
  }
}
