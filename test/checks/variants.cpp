// RUN: %check_torch %s
// Records in variants, hypotheses in a priority queue.
#include <string>
#include <vector>
#include <torch/torch.h>
#include <queue>
#include <variant>
struct Image {
  torch::Tensor pixels;
};
struct Tokens {
  torch::Tensor ids;
  std::string language;
};
struct Number {
  double value;
};
using Input = std::variant<Image, Tokens, Number>;
void a() {
  Input i = Number{4.5};
  if (const auto *n = std::get_if<Number>(&i))
    torch::rand({2}) + torch::rand({2}, torch::kCUDA); // expect: 'torch::rand({2})' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
  if (const auto *n = std::get_if<Image>(&i))
    torch::rand({2}) + torch::rand({2}, torch::kCUDA);
}
std::vector<Input> inputs() {
  return {Image{torch::rand({3, 5})}, Number{4.5}};
}
void b() {
  for (const auto &i : inputs())
    if (const auto *n = std::get_if<Number>(&i))
      torch::rand({2}) + torch::rand({2}, torch::kCUDA); // expect: 'torch::rand({2})' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
}
std::vector<Input> more() {
  return {Image{torch::rand({3, 5})}, Tokens{torch::tensor({3, 1, 2}), "en"}, Number{4.5}};
}
void c() {
  for (const auto &i : more())
    if (const auto *n = std::get_if<Number>(&i))
      torch::rand({2}) + torch::rand({2}, torch::kCUDA); // expect: 'torch::rand({2})' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
}
void d() {
  Input i = Tokens{torch::rand({2}), "en"};
  std::get<Tokens>(i).ids + torch::rand({2}, torch::kCUDA); // expect: 'std::get<Tokens>(i).ids' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
}
struct Hypothesis {
  torch::Tensor hidden;
  double score;
  bool operator<(const Hypothesis &o) const {
    return score < o.score;
  }
};
void e() {
  std::priority_queue<Hypothesis> open;
  open.push({torch::rand({2}), 0.5});
  open.top().hidden + torch::rand({2}, torch::kCUDA); // expect: 'open.top().hidden' is on the CPU but 'torch::rand({2}, torch::kCUDA)' is on CUDA
}
void f() {
  std::priority_queue<Hypothesis> open;
  open.push({torch::rand({2}, torch::kCUDA), 0.5});
  while (true) {
    auto top = open.top();
    open.pop();
    top.hidden + torch::rand({2}); // expect: 'torch::rand({2})' is on the CPU but 'top.hidden' is on CUDA
    if (top.score > 3)
      break;
    open.push({top.hidden * 2, 1});
    open.push(Hypothesis{top.hidden * 3, 1});
  }
}
