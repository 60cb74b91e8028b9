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
// Weights of classes are of the input's type; those of probabilities are not.
void classWeights() {
  torch::nn::CrossEntropyLoss criterion(torch::nn::CrossEntropyLossOptions().weight(torch::ones({4})));
  auto input = torch::randn({2, 4}, torch::kDouble);
  auto target = torch::ones({2}, torch::kLong);
  criterion(input.to(torch::kFloat), target);
  criterion(input, torch::rand({2, 4}, torch::kDouble));
  criterion(input, target); // expect: 'input' holds Double but 'criterion' works in Float
}
void classWeightsGiven() {
  auto input = torch::randn({2, 4}, torch::kDouble);
  auto target = torch::ones({2}, torch::kLong);
  torch::cross_entropy_loss(input, target, torch::ones({4}, torch::kDouble));
  torch::cross_entropy_loss(input, target, torch::ones({4})); // expect: 'torch::ones({4})' holds Float but 'input' holds Double
}
// A floating-point number makes integers floating-point numbers.
void scaledIntegers() {
  auto x = torch::ones({2, 4}, torch::kLong);
  torch::mm(x * 2.5, torch::ones({4, 4}, torch::kDouble)); // expect: 'x * 2.5' holds Float but
  torch::mm(1.5f + x, torch::ones({4, 4}, torch::kDouble)); // expect: holds Float but
  torch::mm(x.sub(0.5), torch::ones({4, 4}));
  torch::mm(x * 2, torch::ones({4, 4})); // expect: 'x * 2' holds Long but
}
void normalisedByAnotherType() {
  auto x = torch::rand({2, 4}, torch::kCUDA);
  auto weight = torch::ones({4}, torch::dtype(torch::kDouble).device(torch::kCUDA));
  torch::layer_norm(x, {4}, torch::ones({4}, torch::kCUDA), torch::ones({4}, torch::kCUDA));
  torch::layer_norm(x, {4}, weight, torch::ones({4}, torch::kCUDA)); // expect: 'weight' holds Double but
}
