// Repaired: the model comes back to where its input is.
#include <iostream>
#include <torch/torch.h>

int main() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);

  auto input = torch::tensor({1.f, 2.f, 3.f});
  model->to(torch::kCPU);
  auto output = model->forward(input);
  std::cout << output << '\n';
}
