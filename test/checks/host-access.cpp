// RUN: %check_torch %s
#include <torch/torch.h>

void blob(std::vector<float> v, float *somewhere) {
  float a[4] = {1, 2, 3, 4};
  torch::from_blob(a, {4}, torch::TensorOptions().device(torch::kCUDA)); // expect: 'a' is host memory
  torch::from_blob(v.data(), {4}, torch::kCUDA); // expect: 'v.data()' is host memory
  torch::from_blob(a, {4}).to(torch::kCUDA);
  torch::from_blob(somewhere, {4}, torch::kCUDA);
}
