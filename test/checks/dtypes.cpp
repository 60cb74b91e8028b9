// RUN: %check_torch %s
// Element types that meet: which throw, and which are promoted.
#include <ATen/autocast_mode.h>
#include <torch/torch.h>

static torch::nn::Linear net(3, 3);

void doubleInput() {
  net(torch::rand({2, 3}));
  net(torch::rand({2, 3}, torch::kDouble)); // expect: holds Double but
}

void integerInput() {
  net(torch::ones({2, 3}, torch::kLong)); // expect: holds Long but
  net(torch::ones({2, 3}, torch::kLong).to(torch::kFloat));
}

void castInput(torch::Tensor x) {
  net(x.to(torch::kFloat));
  net(x.to(torch::kDouble)); // expect: holds Double but
}

void halfModel() {
  torch::nn::Linear fc(3, 3);
  fc->to(torch::kCUDA, torch::kHalf);
  fc(torch::rand({2, 3}, torch::kCUDA).to(torch::kHalf));
  fc(torch::rand({2, 3}, torch::kCUDA)); // expect: holds Float but
}

void brainFloatModel() {
  torch::nn::Linear fc(3, 3);
  fc->to(torch::kBFloat16);
  fc(torch::rand({2, 3}, torch::kBFloat16));
  fc(torch::rand({2, 3})); // expect: holds Float but
}

void doubleModel() {
  torch::nn::Linear fc(3, 3);
  fc->to(torch::kDouble);
  fc(torch::rand({2, 3}, torch::kDouble));
  fc(torch::rand({2, 3})); // expect: holds Float but
}

// What `torch::tensor` holds depends on the literals.
void literals() {
  net(torch::tensor({1.f, 2.f, 3.f}));
  net(torch::tensor({1.0, 2.0, 3.0}));
  net(torch::tensor({1, 2, 3})); // expect: holds Long but
}

void typeOfMemory() {
  double values[6] = {};
  net(torch::from_blob(values, {2, 3}, torch::kDouble).to(torch::kFloat));
  net(torch::from_blob(values, {2, 3}, torch::kDouble)); // expect: holds Double but
}

// Arithmetic promotes.
void promotion(torch::Tensor x) {
  x = x.reshape({2, 3});
  auto f = x.to(torch::kFloat), d = x.to(torch::kDouble), l = x.to(torch::kLong);
  f + d, f * l, l / 2, torch::cat({f, d}), torch::where(f > 0, f, d);
  net(f + l);
  net(f + d); // expect: holds Double but
}

// A matrix product does not.
void noPromotion(torch::Tensor x) {
  auto f = x.to(torch::kFloat), d = x.to(torch::kDouble);
  f.matmul(f), d.mm(d);
  f.matmul(d); // expect: Double
}

void noPromotionInBatches(torch::Tensor x) {
  torch::bmm(x.to(torch::kDouble), x.to(torch::kFloat)); // expect: Double
}

// In place, the result has to fit the receiver.
void inPlace(torch::Tensor x) {
  auto l = x.to(torch::kLong), f = x.to(torch::kFloat);
  f += l;
  f.mul_(x.to(torch::kDouble));
  l += f; // expect: Float
}

void embedding() {
  torch::nn::Embedding table(10, 3);
  table(torch::ones({2}, torch::kLong));
  table(torch::ones({2}, torch::kInt));
  table(torch::ones({2})); // expect: holds Float
}

void classTargets(torch::Tensor x) {
  auto logits = net(x.to(torch::kFloat));
  torch::nn::functional::cross_entropy(logits, torch::zeros(2, torch::kLong));
  torch::nn::functional::cross_entropy(logits, torch::zeros(2, torch::kInt)); // expect: Int
}

void negativeLikelihood(torch::Tensor x) {
  auto logits = torch::log_softmax(net(x.to(torch::kFloat)), 1);
  torch::nll_loss(logits, torch::zeros(2, torch::kLong));
  torch::nll_loss(logits, torch::zeros(2)); // expect: Float
}

// The default type is that of new tensors only.
void optionsOfAnother(torch::Tensor x) {
  auto d = x.to(torch::kDouble);
  net(torch::zeros({2, 3}));
  net(torch::zeros({2, 3}, d.options())); // expect: holds Double but
  net(d.new_zeros({2, 3})); // expect: holds Double but
}

void convolution() {
  torch::nn::Conv2d conv(3, 3, 1);
  conv(torch::rand({1, 3, 4, 4}));
  conv(torch::rand({1, 3, 4, 4}).to(torch::kByte)); // expect: holds Byte but
}

void recurrent() {
  torch::nn::LSTM lstm(3, 3);
  lstm(torch::rand({4, 2, 3}));
  lstm(torch::rand({4, 2, 3}, torch::kDouble)); // expect: holds Double but
}

void indices(torch::Tensor x) {
  x.index_select(0, torch::ones(2, torch::kLong));
  x.index_select(0, torch::ones(2)); // expect: Float
  x.gather(0, torch::ones({2, 3})); // expect: Float
}

// Autocast takes care of types itself.
void underAutocast(torch::Tensor x) {
  at::autocast::set_autocast_enabled(at::kCUDA, true);
  torch::nn::Linear fc(3, 3);
  fc->to(torch::kCUDA);
  fc(torch::rand({2, 3}, torch::kCUDA).to(torch::kHalf));
}

// A type that is only known on one path.
void conditional(torch::Tensor x, bool precise) {
  auto y = x.to(precise ? torch::kDouble : torch::kFloat);
  if (precise)
    net(y); // expect: holds Double but
  else
    net(y);
}

// What numbers make: one that is not whole makes all of them floating.
void ranges(torch::Scalar some) {
  net(torch::arange(0, 6).view({2, 3})); // expect: holds Long but
  net(torch::arange(0, 6, 1.0).view({2, 3}));
  net(torch::arange(-3, 3.0).view({2, 3}));
  net(torch::arange(0, some).view({2, 3}));
  torch::arange(-2, 1, 0.1).data_ptr<float>();
}
void filled(torch::Scalar some) {
  net(torch::full({2, 3}, 1)); // expect: holds Long but
  net(torch::full({2, 3}, 1.5));
  net(torch::full({2, 3}, some));
  net(torch::full({2, 3}, true)); // expect: holds Bool but
}

void chain(torch::Tensor given) {
  auto a = torch::ones({4, 4}), b = torch::ones({4, 4}, torch::kDouble);
  torch::chain_matmul({a, a});
  torch::chain_matmul({a, given});
  torch::chain_matmul({a, b}); // expect: 'a' holds Float but 'b' holds Double
}

void chainOfTwoDevices() {
  auto a = torch::ones({4, 4});
  torch::chain_matmul({a, a.cuda()}); // expect: 'a' is on the CPU but
}
