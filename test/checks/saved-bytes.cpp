// RUN: %check_torch %s
// What was saved comes back where it was, by whatever way its bytes travel.
#include <torch/torch.h>
#include <sstream>

std::vector<char> bytesOf(const torch::Tensor &t) {
  std::ostringstream out;
  torch::save(t, out);
  auto s = out.str();
  return {s.begin(), s.end()};
}
torch::Tensor from(const std::vector<char> &bytes) {
  std::istringstream in(std::string(bytes.begin(), bytes.end()));
  torch::Tensor t;
  torch::load(t, in);
  return t;
}
torch::Tensor fromPointer(const std::vector<char> &bytes) {
  std::istringstream in(std::string(bytes.data(), bytes.size()));
  torch::Tensor t;
  torch::load(t, in);
  return t;
}
void device() {
  auto bytes = bytesOf(torch::rand({3}, torch::kCUDA));
  auto x = torch::rand({3}), y = torch::rand({3});
  from(bytes) + x;        // expect: 'x' is on the CPU but 't' is on CUDA
  fromPointer(bytes) + y; // expect: 'y' is on the CPU but 't' is on CUDA
}
void host() {
  auto t = from(bytesOf(torch::rand({3})));
  t + torch::rand({3});
}
// Bytes from elsewhere.
void received(const std::vector<char> &bytes) {
  from(bytes) + torch::rand({3}, torch::kCUDA);
}
