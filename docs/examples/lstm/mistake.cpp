// The LSTM's first state is made in forward(), on the host, wherever the model
// and its input are.
#include <iostream>
#include <torch/torch.h>

struct Tagger : torch::nn::Module {
  Tagger() {
    lstm = register_module("lstm", torch::nn::LSTM(8, 16));
    head = register_module("head", torch::nn::Linear(16, 3));
  }

  torch::Tensor forward(const torch::Tensor &words) {
    auto hidden = torch::zeros({1, words.size(1), 16});
    auto cell = torch::zeros({1, words.size(1), 16});
    auto [output, state] = lstm->forward(words, std::make_tuple(hidden, cell));
    return head->forward(output);
  }

  torch::nn::LSTM lstm{nullptr};
  torch::nn::Linear head{nullptr};
};

int main() {
  torch::manual_seed(1);
  Tagger model;
  model.to(torch::kCUDA);

  auto words = torch::rand({5, 2, 8}, torch::kCUDA);
  auto tags = model.forward(words);
  std::cout << tags.sizes() << " on " << tags.device() << '\n';
}
