// RUN: %check_torch %s
#include <torch/torch.h>

void inputAgainstModule() {
  torch::nn::Linear m(3, 1);
  m->forward(torch::ones({2, 3}, torch::kDouble)); // expect: holds Double but 'm' works in Float
  m->forward(torch::tensor({1, 2, 3})); // expect: holds Long but 'm' works in Float
  m->forward(torch::tensor({1.0, 2.0, 3.0}));
  m->forward(torch::ones({2, 3}));
}

void moduleConverted() {
  torch::nn::Linear m(3, 1);
  m->to(torch::kDouble);
  m->forward(torch::ones({2, 3}, torch::kDouble));
  auto x = torch::ones({2, 3});
  m->forward(x); // expect: 'x' holds Float but 'm' works in Double
}

void halfModel() {
  torch::nn::Linear m(3, 1);
  m->to(torch::kCUDA, torch::kHalf);
  auto x = torch::ones({2, 3}, torch::kCUDA);
  m->forward(x.to(torch::kHalf));
  m->forward(x); // expect: 'x' holds Float but 'm' works in Half
}

void indices() {
  torch::nn::Embedding e(10, 3);
  e->forward(torch::randint(0, 10, {3}, torch::kLong));
  auto i = torch::rand({3});
  e->forward(i); // expect: 'i' holds Float, which this call does not take
}

void targets() {
  namespace F = torch::nn::functional;
  F::cross_entropy(torch::rand({2, 3}), torch::randint(0, 3, {2}, torch::kLong));
}

void promotionIsFine() {
  auto x = torch::rand({2, 3}) * 2 + torch::ones({2, 3}, torch::kLong);
  auto y = x + torch::ones({2, 3}, torch::kDouble);
  torch::where(y > 0, y, x);
}

void noPromotionHere() {
  auto a = torch::rand({2, 3}), b = torch::rand({3, 2}, torch::kDouble);
  torch::matmul(a, b); // expect: holds
}

// Class indices are told from probabilities by their shape.
void floatingClasses() {
  auto input = torch::rand({2, 4});
  torch::cross_entropy_loss(input, torch::zeros({2})); // expect: 'torch::zeros({2})' holds Float
  torch::cross_entropy_loss(input.cuda(), torch::zeros({2}, torch::kCUDA)); // expect: 'torch::zeros({2}, torch::kCUDA)' holds Float
  torch::cross_entropy_loss(input, torch::zeros({2, 4}));
  torch::cross_entropy_loss(input, torch::zeros({2}, torch::kLong));
  torch::nn::CrossEntropyLoss criterion;
  criterion(input, torch::rand({2})); // expect: 'torch::rand({2})' holds Float
  criterion(input, torch::rand({2, 4}));
}
