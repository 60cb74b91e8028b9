// What a first program with LibTorch looks like: one class, one loop.
#include <iostream>
#include <torch/torch.h>

struct Net : torch::nn::Module {
  Net() {
    hidden = register_module("hidden", torch::nn::Linear(784, 128));
    last = register_module("last", torch::nn::Linear(128, 10));
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(hidden->forward(x.reshape({x.size(0), 784})));
    return torch::log_softmax(last->forward(x), 1);
  }
  torch::nn::Linear hidden{nullptr}, last{nullptr};
};

int main() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA
                                                   : torch::kCPU);
  auto net = std::make_shared<Net>();
  net->to(device);
  torch::optim::SGD optimizer(net->parameters(), 0.01);
  for (int step = 0; step < 100; ++step) {
    auto input = torch::rand({64, 1, 28, 28}, device);
    auto target = torch::randint(0, 10, {64}, torch::kLong).to(device);
    optimizer.zero_grad();
    auto loss = torch::nll_loss(net->forward(input), target);
    loss.backward();
    optimizer.step();
    if (step % 10 == 0)
      std::cout << step << ' ' << loss.item<float>() << '\n';
  }
}
