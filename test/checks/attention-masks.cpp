// RUN: %check_torch %s
// The masks of attention are where the module is.
#include <torch/torch.h>
torch::Tensor causalMask(int64_t n) {
  return torch::full({n, n}, -INFINITY).triu(1);
}
void a() {
  namespace nn = torch::nn;
  nn::TransformerEncoder e(nn::TransformerEncoderOptions(nn::TransformerEncoderLayer(nn::TransformerEncoderLayerOptions(8, 2)), 2));
  nn::TransformerDecoderLayer d(nn::TransformerDecoderLayerOptions(8, 2).dropout(0));
  e->to(torch::kCUDA);
  d->to(torch::kCUDA);
  auto x = torch::rand({3, 2, 8}, torch::kCUDA), y = torch::rand({5, 2, 8}, torch::kCUDA);
  e(x, causalMask(3)); // expect: 'causalMask(3)' is on the CPU but 'x' is on CUDA
  e(x, causalMask(3).to(x.device()));
  e(x, torch::Tensor(), torch::zeros({2, 3}, torch::kBool)); // expect: 'torch::zeros({2, 3}, torch::kBool)' is on the CPU but 'x' is on CUDA
  d(x, y, torch::zeros({3, 3})); // expect: 'torch::zeros({3, 3})' is on the CPU but 'x' is on CUDA
  d(x, y, torch::Tensor(), torch::zeros({3, 5})); // expect: 'torch::zeros({3, 5})' is on the CPU but 'x' is on CUDA
  d(x, y, torch::Tensor(), torch::zeros({3, 5}, torch::kCUDA));
}
