#include "tool/frontend/TypicalUse.h"

namespace torch_tidy {

llvm::StringRef typicalUse() {
  return R"(
namespace __torch_tidy {
struct Net : torch::nn::Module {
  Net() : block(torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 1, 3)),
                torch::nn::BatchNorm2d(1), torch::nn::ReLU(),
                torch::nn::MaxPool2d(2), torch::nn::Dropout(0.5)) {
    linear = register_module("linear", torch::nn::Linear(1, 1));
    register_module("block", block);
    weight = register_parameter("weight", torch::zeros({1}));
    mean = register_buffer("mean", torch::ones({1}));
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(linear->forward(x.reshape({x.size(0), 1})));
    x = block->forward(x.view({-1, 1})).flatten(1);
    x = torch::cat({x, weight}, 1).index({0}) * 2 + mean.slice(0, 1);
    return torch::log_softmax(linear(x), 1);
  }
  torch::nn::Linear linear{nullptr};
  torch::nn::Sequential block;
  torch::Tensor weight, mean;
};
inline void use(std::vector<torch::Tensor> list) {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA
                                                   : torch::kCPU);
  auto net = std::make_shared<Net>();
  net->to(device);
  net->train();
  torch::optim::SGD optimizer(net->parameters(), 0.01);
  torch::optim::Adam adam(net->parameters(), torch::optim::AdamOptions(0.01));
  auto input = torch::rand({1, 1}, device);
  input = torch::randn({1, 1}, torch::TensorOptions().device(device));
  auto target = torch::randint(0, 10, {1}, torch::kLong).to(device);
  target = torch::tensor({1.0, 2.0}).to(torch::kFloat).unsqueeze(0);
  optimizer.zero_grad();
  auto loss = torch::nll_loss(net->forward(input), target);
  loss.backward();
  optimizer.step();
  list.push_back(torch::stack(list));
  auto [values, indices] = torch::max(loss, 1);
  torch::NoGradGuard guard;
  std::cout << 1 << ' ' << loss.item<float>() << std::string() << std::endl;
  std::cout << values << "text" << indices.sizes() << '\n';
}
} // namespace __torch_tidy
)";
}

} // namespace torch_tidy
