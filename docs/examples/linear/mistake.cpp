// The model is moved to the GPU, its input is not.
#include <iostream>
#include <torch/torch.h>

int main() {
  torch::nn::Linear model(3, 1);
  model->to(torch::kCUDA);

  auto input = torch::tensor({1.f, 2.f, 3.f});
  auto output = model->forward(input);
  std::cout << output << '\n';
}
