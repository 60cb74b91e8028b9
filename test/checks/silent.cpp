// A file without a mistake gives no finding.
// RUN: %check_torch %s
#include <torch/torch.h>

torch::Tensor forward_ok(torch::Tensor x) {
  torch::nn::Linear model(3, 1);
  return model->forward(x.to(torch::kCPU));
}

// An array whose length is not known.
void runtimeArray(int n) {
  torch::Tensor row[n];
  int counts[n];
  counts[0] = 0;
  row[0] = torch::rand({2});
}
