// Repaired: the model comes back, and the loop runs on the host.
#include <iostream>
#include <torch/torch.h>

struct Classifier : torch::nn::Module {
  Classifier()
      : conv(register_module("conv", torch::nn::Conv2d(1, 4, 3))),
        norm(register_module("norm", torch::nn::BatchNorm2d(4))),
        head(register_module("head", torch::nn::Linear(4 * 6 * 6, 10))) {}

  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(norm(conv(x)));
    return torch::log_softmax(head(x.flatten(1)), 1);
  }

  torch::nn::Conv2d conv;
  torch::nn::BatchNorm2d norm;
  torch::nn::Linear head;
};

int main() {
  torch::manual_seed(1);
  torch::Device device = torch::kCPU;
  if (torch::cuda::is_available())
    device = torch::kCUDA;

  auto model = std::make_shared<Classifier>();
  model->to(device);
  model->to(torch::kCPU);
  torch::optim::SGD optimizer(model->parameters(), /*lr=*/0.1);

  for (int step = 0; step < 3; ++step) {
    auto images = torch::rand({8, 1, 8, 8});
    auto targets = torch::randint(10, {8}, torch::kLong);

    optimizer.zero_grad();
    auto output = model->forward(images);
    auto loss = torch::nll_loss(output, targets);
    loss.backward();
    optimizer.step();
    std::cout << "step " << step << ": loss " << loss.item<float>() << '\n';
  }
}
