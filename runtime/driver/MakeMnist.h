//===- MakeMnist.h - LibTorch's MNIST without its files -------------------===//
//
// A training program stops at its first line where the data set is missing,
// and a run of the real one takes minutes. So for programs that use
// torch::data::datasets::MNIST this defines its constructor in LibTorch's
// place: random images and labels, without looking at any file. The record of
// the run says so.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_DRIVER_MAKEMNIST_H
#define TORCH_TIDY_RUNTIME_DRIVER_MAKEMNIST_H

#include "Make.h"
#include <torch/data/datasets/mnist.h>

torch::data::datasets::MNIST::MNIST(const std::string &, Mode) {
  // Whole batches of 32, 50, 64, 100 or 128: programs that reshape by the batch
  // size were written for 60,000 images, where no one saw a short batch.
  constexpr int64_t Count = 3200;
  torch_tidy::driver::noteMadeUp("MNIST");
  images_ = at::rand({Count, 1, 28, 28});
  targets_ = at::randint(0, 10, {Count}, at::kLong);
}

#endif
