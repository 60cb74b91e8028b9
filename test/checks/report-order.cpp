// RUN: %check_torch %s
// Of two mistakes below one call, the one that the program stops at is told,
// wherever it stands in the source.
#include <torch/torch.h>

void shiftThenScale(torch::Tensor shift, torch::Tensor scale,
                    torch::Tensor on) {
  for (int i = 0; i < 1; ++i, scale * on)
    shift + on;
}

void firstOfTwo() {
  auto shift = torch::rand({2, 3}), scale = torch::rand({2, 3});
  auto on = torch::rand({2, 3}, torch::kCUDA);
  shiftThenScale(shift, scale, on); // expect: 'shift' is on the CPU
}

void secondAlone() {
  auto shift = torch::rand({2, 3}, torch::kCUDA), scale = torch::rand({2, 3});
  auto on = torch::rand({2, 3}, torch::kCUDA);
  shiftThenScale(shift, scale, on); // expect: 'scale' is on the CPU
}
