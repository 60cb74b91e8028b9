// RUN: %check_torch %s
// Exceptions that the program throws and catches itself.
#include <stdexcept>
#include <torch/torch.h>
void checkMemory(int64_t bytes) {
  if (bytes > (int64_t(1) << 30))
    throw std::runtime_error("out of memory");
}
struct Runner {
  Runner(int64_t bytes, bool back) : device_(torch::kCPU) {
    try {
      net_->to(torch::kCUDA);
      checkMemory(bytes);
      device_ = torch::kCUDA;
    } catch (const std::runtime_error &e) {
      if (back)
        net_->to(torch::kCPU);
    }
  }
  torch::Tensor run(const torch::Tensor &x) {
    return net_->forward(x.to(device_)); // expect: 'x.to(device_)' is on the CPU but 'net_' was moved to CUDA
  }
  torch::nn::Linear net_{4, 2};
  torch::Device device_;
};
void back() {
  Runner runner(int64_t(1) << 40, true);
  auto x = torch::rand({3, 4});
  runner.run(x);
  runner.net_->forward(x);
}
void fits() {
  Runner runner(1024, true);
  auto x = torch::rand({3, 4});
  runner.run(x);
  runner.net_->forward(x.to(runner.device_));
}
void hasty() {
  Runner runner(int64_t(1) << 40, false);
  runner.run(torch::rand({3, 4}));
}
void inside() {
  torch::nn::Linear l(4, 2);
  try {
    l->to(torch::kCUDA);
    throw std::runtime_error("no");
  } catch (const std::exception &) {
  }
  l(torch::rand({3, 4})); // expect: 'torch::rand({3, 4})' is on the CPU but 'l' was moved to CUDA
}
void nested(bool fails) {
  auto x = torch::rand({3, 4});
  try {
    try {
      if (fails)
        throw 1;
      x = x.cuda();
    } catch (int) {
      x = x.cuda();
    }
  } catch (...) {
    return;
  }
  x + torch::rand({3, 4}); // expect: 'torch::rand({3, 4})' is on the CPU but 'x' is on CUDA
}
