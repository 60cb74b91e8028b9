// Training loops of the first hour: a classifier, a regression, a checkpoint.
#include <torch/torch.h>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace digits {

// Images of noise whose brightest quarter tells the class.
class SyntheticDigits : public torch::data::Dataset<SyntheticDigits> {
public:
  explicit SyntheticDigits(size_t count) : count_(count) {
    images_ = torch::rand({static_cast<int64_t>(count), 1, 8, 8});
    labels_ = torch::randint(0, 4, {static_cast<int64_t>(count)}, torch::kLong);
  }

  torch::data::Example<> get(size_t index) override {
    return {images_[index], labels_[index]};
  }

  torch::optional<size_t> size() const override { return count_; }

private:
  size_t count_;
  torch::Tensor images_, labels_;
};

struct Net : torch::nn::Module {
  Net()
      : conv1(torch::nn::Conv2dOptions(1, 4, /*kernel_size=*/3)),
        fc1(4 * 3 * 3, 16), fc2(16, 4) {
    register_module("conv1", conv1);
    register_module("fc1", fc1);
    register_module("fc2", fc2);
  }

  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(torch::max_pool2d(conv1->forward(x), 2));
    x = x.view({-1, 4 * 3 * 3});
    x = torch::relu(fc1->forward(x));
    x = torch::dropout(x, /*p=*/0.5, /*train=*/is_training());
    return torch::log_softmax(fc2->forward(x), /*dim=*/1);
  }

  torch::nn::Conv2d conv1;
  torch::nn::Linear fc1, fc2;
};

template <typename DataLoader>
void train(int32_t epoch, Net &model, torch::Device device, DataLoader &loader,
           torch::optim::Optimizer &optimizer, size_t dataset_size) {
  model.train();
  size_t batch_idx = 0;
  for (auto &batch : loader) {
    auto data = batch.data.to(device), targets = batch.target.to(device);
    optimizer.zero_grad();
    auto output = model.forward(data);
    auto loss = torch::nll_loss(output, targets);
    AT_ASSERT(!std::isnan(loss.template item<float>()));
    loss.backward();
    optimizer.step();
    if (batch_idx++ % 10 == 0) {
      std::printf("\rTrain Epoch: %d [%5ld/%5ld] Loss: %.4f", epoch,
                  batch_idx * batch.data.size(0), dataset_size,
                  loss.template item<float>());
    }
  }
}

template <typename DataLoader>
void test(Net &model, torch::Device device, DataLoader &loader,
          size_t dataset_size) {
  torch::NoGradGuard no_grad;
  model.eval();
  double test_loss = 0;
  int32_t correct = 0;
  for (const auto &batch : loader) {
    auto data = batch.data.to(device), targets = batch.target.to(device);
    auto output = model.forward(data);
    test_loss += torch::nll_loss(output, targets, /*weight=*/{}, torch::Reduction::Sum)
                     .template item<float>();
    auto pred = output.argmax(1);
    correct += pred.eq(targets).sum().template item<int64_t>();
  }
  test_loss /= dataset_size;
  std::printf("\nTest set: Average loss: %.4f | Accuracy: %.3f\n", test_loss,
              static_cast<double>(correct) / dataset_size);
}

template <typename DataLoader>
void testForgetful(Net &model, torch::Device device, DataLoader &loader) {
  torch::NoGradGuard no_grad;
  model.eval();
  int64_t correct = 0;
  for (const auto &batch : loader) {
    auto output = model.forward(batch.data.to(device));
    auto pred = output.argmax(1);
    correct += pred.eq(batch.target).sum().template item<int64_t>(); // THROWN: digits_targets_stay_behind
  }
  std::cout << correct << std::endl;
}

} // namespace digits

void case_digits_train_and_test() {
  using namespace digits;
  torch::DeviceType device_type;
  if (torch::cuda::is_available()) {
    std::cout << "CUDA available! Training on GPU." << std::endl;
    device_type = torch::kCUDA;
  } else {
    device_type = torch::kCPU;
  }
  torch::Device device(device_type);

  Net model;
  model.to(device);
  auto train_set = SyntheticDigits(32)
                       .map(torch::data::transforms::Normalize<>(0.1307, 0.3081))
                       .map(torch::data::transforms::Stack<>());
  const size_t train_size = train_set.size().value();
  auto train_loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      std::move(train_set), 8);
  auto test_set = SyntheticDigits(16).map(torch::data::transforms::Stack<>());
  const size_t test_size = test_set.size().value();
  auto test_loader = torch::data::make_data_loader(std::move(test_set), 8);
  torch::optim::SGD optimizer(model.parameters(), torch::optim::SGDOptions(0.01).momentum(0.5));
  for (int epoch = 1; epoch <= 2; ++epoch) {
    train(epoch, model, device, *train_loader, optimizer, train_size);
    test(model, device, *test_loader, test_size);
  }
}

// That the batches of a data loader are on the CPU.
void case_digits_targets_stay_behind() {
  using namespace digits;
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Net model;
  model.to(device);
  auto train_set = SyntheticDigits(32).map(torch::data::transforms::Stack<>());
  const auto n = train_set.size().value();
  auto loader = torch::data::make_data_loader(std::move(train_set), 8);
  torch::optim::Adam optimizer(model.parameters(), torch::optim::AdamOptions(1e-3));
  train(1, model, device, *loader, optimizer, n);
  testForgetful(model, device, *loader); // THROWS: device
}

namespace regression {

struct Scaler {
  torch::Tensor mean, stddev;

  void fit(const torch::Tensor &x) {
    mean = x.mean(0, /*keepdim=*/true);
    stddev = x.std(0, /*unbiased=*/true, /*keepdim=*/true).clamp_min(1e-6);
  }
  torch::Tensor apply(const torch::Tensor &x) const { return (x - mean) / stddev; }
  torch::Tensor undo(const torch::Tensor &x) const { return x * stddev + mean; } // THROWN: regression_unscales_on_device
};

std::pair<torch::Tensor, torch::Tensor> makeData(int64_t n) {
  auto x = torch::randn({n, 3});
  auto w = torch::tensor({{1.5f}, {-2.0f}, {0.5f}});
  auto y = torch::matmul(x, w) + 0.1 * torch::randn({n, 1});
  return {x, y};
}

double fit(torch::nn::Sequential &net, torch::Tensor x, torch::Tensor y, int steps) {
  torch::optim::Adam opt(net->parameters(), 1e-2);
  torch::Tensor loss;
  for (int i = 0; i < steps; ++i) {
    opt.zero_grad();
    loss = torch::mse_loss(net->forward(x), y);
    loss.backward();
    opt.step();
  }
  return loss.item<double>();
}

} // namespace regression

void case_regression_scaler_on_host() {
  using namespace regression;
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  auto [x, y] = makeData(64);
  Scaler in, out;
  in.fit(x);
  out.fit(y);

  torch::nn::Sequential net(torch::nn::Linear(3, 16), torch::nn::Tanh(), torch::nn::Linear(16, 1));
  net->to(device);
  // Scaling happens on the host, where the statistics live; only then the move.
  auto xs = in.apply(x).to(device);
  auto ys = out.apply(y).to(device);
  double loss = fit(net, xs, ys, 5);
  std::cout << "loss " << loss << "\n";

  torch::NoGradGuard guard;
  net->eval();
  auto prediction = out.undo(net->forward(in.apply(torch::randn({4, 3})).to(device)).cpu());
  std::cout << prediction << "\n";
}

// How many dimensions a reduction with keepdim leaves.
void case_regression_unscales_on_device() {
  using namespace regression;
  torch::Device device = torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  auto [x, y] = makeData(64);
  Scaler in, out;
  in.fit(x);
  out.fit(y);
  torch::nn::Sequential net(torch::nn::Linear(3, 16), torch::nn::Tanh(), torch::nn::Linear(16, 1));
  net->to(device);
  fit(net, in.apply(x).to(device), out.apply(y).to(device), 3);

  torch::NoGradGuard guard;
  auto raw = net->forward(in.apply(torch::randn({4, 3})).to(device));
  auto prediction = out.undo(raw); // THROWS: device
  std::cout << prediction.cpu() << "\n";
}

namespace checkpoint {

struct Regressor : torch::nn::Module {
  Regressor() {
    a = register_module("a", torch::nn::Linear(4, 8));
    bn = register_module("bn", torch::nn::BatchNorm1d(8));
    b = register_module("b", torch::nn::Linear(8, 1));
  }
  torch::Tensor forward(torch::Tensor x) { return b(torch::elu(bn(a(x)))); } // THROWN: checkpoint_fresh_model_not_moved
  torch::nn::Linear a{nullptr}, b{nullptr};
  torch::nn::BatchNorm1d bn{nullptr};
};

struct Trainer {
  std::shared_ptr<Regressor> net = std::make_shared<Regressor>();
  torch::Device device;
  std::unique_ptr<torch::optim::Adam> opt;
  double best = 1e9;
  std::string path;

  Trainer(torch::Device d, std::string p) : device(d), path(std::move(p)) {
    net->to(device);
    opt = std::make_unique<torch::optim::Adam>(net->parameters(), torch::optim::AdamOptions(3e-3));
  }

  void epoch(const std::vector<std::pair<torch::Tensor, torch::Tensor>> &batches) {
    net->train();
    for (const auto &[x, y] : batches) {
      auto loss = torch::mse_loss(net->forward(x.to(device)), y.to(device));
      opt->zero_grad();
      loss.backward();
      torch::nn::utils::clip_grad_norm_(net->parameters(), 1.0);
      opt->step();
    }
  }

  bool validate(const torch::Tensor &x, const torch::Tensor &y) {
    torch::NoGradGuard g;
    net->eval();
    double loss = torch::l1_loss(net->forward(x.to(device)).cpu(), y).item<double>();
    if (loss >= best)
      return false;
    best = loss;
    torch::save(net, path);
    return true;
  }
};

std::vector<std::pair<torch::Tensor, torch::Tensor>> batches(int n) {
  std::vector<std::pair<torch::Tensor, torch::Tensor>> out;
  for (int i = 0; i < n; ++i) {
    auto x = torch::randn({8, 4});
    out.emplace_back(x, x.sum(1, true));
  }
  return out;
}

} // namespace checkpoint

void case_checkpoint_best_model() {
  using namespace checkpoint;
  torch::Device dev(torch::kCPU);
  if (torch::cuda::is_available())
    dev = torch::Device(torch::kCUDA);
  Trainer t(dev, "best.pt");
  auto data = batches(3);
  auto vx = torch::randn({16, 4});
  auto vy = vx.sum(1, true);
  int bad = 0;
  for (int e = 0; e < 4 && bad < 2; ++e) {
    t.epoch(data);
    bad = t.validate(vx, vy) ? 0 : bad + 1;
  }
  // Back from disk, on the same device as the one that trained.
  auto again = std::make_shared<Regressor>();
  torch::load(again, "best.pt", dev);
  again->to(dev);
  again->eval();
  std::cout << again->forward(vx.to(dev)).cpu().mean().item<float>() << "\n";
}

void case_checkpoint_fresh_model_not_moved() {
  using namespace checkpoint;
  torch::Device dev(torch::kCPU);
  if (torch::cuda::is_available())
    dev = torch::Device(torch::kCUDA);
  Trainer t(dev, "best2.pt");
  auto data = batches(2);
  t.epoch(data);
  auto vx = torch::randn({16, 4});
  t.validate(vx, vx.sum(1, true));

  // Copies the weights by hand into a model that was never moved.
  Regressor copy;
  {
    torch::NoGradGuard g;
    auto from = t.net->named_parameters();
    for (auto &p : copy.named_parameters())
      p.value().copy_(from[p.key()]);
  }
  copy.eval();
  auto out = copy.forward(vx.to(dev)); // expected to be on the CPU // THROWS: device
  std::cout << out.mean().item<float>() << "\n";
}
