// Where the device comes from: arguments, options, globals, members, defaults.
#include <torch/torch.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace arguments {

struct Options {
  std::string device = "auto";
  int gpu = 0;
  bool no_cuda = false;
  int64_t hidden = 8;
  double lr = 1e-2;
};

Options parse(const std::vector<std::string> &words) {
  Options o;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--device")
      o.device = words.at(++i);
    else if (words[i] == "--no-cuda")
      o.no_cuda = true;
    else if (words[i] == "--hidden")
      o.hidden = std::stol(words.at(++i));
    else
      throw std::invalid_argument("unknown option " + words[i]);
  }
  return o;
}

torch::Device deviceOf(const Options &o) {
  if (o.no_cuda || o.device == "cpu")
    return torch::Device(torch::kCPU);
  if (o.device == "auto")
    return torch::cuda::is_available() ? torch::Device(torch::kCUDA, o.gpu) : torch::Device(torch::kCPU);
  return torch::Device(o.device);
}

struct Mlp : torch::nn::Module {
  explicit Mlp(const Options &o) {
    in = register_module("in", torch::nn::Linear(3, o.hidden));
    out = register_module("out", torch::nn::Linear(o.hidden, 1));
  }
  torch::Tensor forward(const torch::Tensor &x) { return out(torch::relu(in(x))); } // THROWN: options_explicit_cuda
  torch::nn::Linear in{nullptr}, out{nullptr};
};

} // namespace arguments

void case_options_one_device_for_all() {
  using namespace arguments;
  const auto options = parse({"--hidden", "6"});
  const auto device = deviceOf(options);
  Mlp net(options);
  net.to(device);
  torch::optim::SGD opt(net.parameters(), options.lr);
  for (int i = 0; i < 2; ++i) {
    auto x = torch::rand({4, 3}, device);
    auto loss = (net.forward(x) - x.sum(1, true)).pow(2).mean();
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

// A device spelled in a string that is compared first.
void case_options_explicit_cuda() {
  using namespace arguments;
  if (!torch::cuda::is_available())
    return;
  Options options;
  options.device = "cuda";
  Mlp net(options);
  net.to(deviceOf(options));
  auto x = torch::rand({4, 3});
  auto y = net.forward(x); // THROWS: device
  std::cout << y.sizes() << "\n";
}

void case_options_no_cuda_wins() {
  using namespace arguments;
  Options options;
  options.no_cuda = true;
  const auto device = deviceOf(options);
  Mlp net(options);
  net.to(device);
  // No device is named here, and none is needed: everything is on the host.
  auto y = net.forward(torch::rand({4, 3}));
  std::cout << y.mean().item<float>() << ' ' << device << "\n";
}

namespace globals {

static torch::Device g_device = torch::kCPU;
inline const bool kVerbose = false;

void initialise() {
  if (torch::cuda::is_available()) {
    g_device = torch::Device(torch::kCUDA, 0);
    if (kVerbose)
      std::cout << "using " << g_device << "\n";
  }
}

torch::Tensor toInput(const std::vector<float> &values) {
  return torch::tensor(values).view({1, -1}).to(g_device);
}

torch::Tensor toInputPlain(const std::vector<float> &values) { return torch::tensor(values).view({1, -1}); }

} // namespace globals

void case_global_device_initialised() {
  using namespace globals;
  initialise();
  torch::nn::Linear net(3, 2);
  net->to(g_device);
  auto a = net->forward(toInput({1, 2, 3}));
  auto b = net->forward(toInput({4, 5, 6}));
  std::cout << (a - b).norm().item<float>() << "\n";
}

void case_global_device_one_helper_forgets() {
  using namespace globals;
  initialise();
  torch::nn::Linear net(3, 2);
  net->to(g_device);
  auto a = net->forward(toInput({1, 2, 3}));
  auto x = toInputPlain({4, 5, 6});
  auto b = net->forward(x); // THROWS: device
  std::cout << (a - b).norm().item<float>() << "\n";
}

// A global device as it is before the first assignment.
void case_global_device_read_too_early_FN() {
  using namespace globals;
  torch::nn::Linear net(3, 2);
  net->to(g_device); // still the host
  initialise();
  auto x = toInput({1, 2, 3});
  auto y = net->forward(x); // THROWS: device
  std::cout << y.norm().item<float>() << "\n";
}

namespace member {

class Predictor {
public:
  explicit Predictor(bool use_cuda = true)
      : use_cuda_(use_cuda && torch::cuda::is_available()), net_(torch::nn::Linear(4, 4), torch::nn::Softplus()) {
    if (use_cuda_)
      net_->to(torch::kCUDA);
  }

  torch::Tensor predict(torch::Tensor x) {
    if (use_cuda_)
      x = x.to(torch::kCUDA);
    auto y = net_->forward(x);
    if (use_cuda_)
      y = y.to(torch::kCPU);
    return y;
  }

  torch::Tensor predictResidual(const torch::Tensor &x) {
    torch::Tensor input = x;
    if (use_cuda_)
      input = input.cuda();
    return net_->forward(input) + x; // the input as it came // THROWN: predictor_residual_of_original
  }

private:
  bool use_cuda_;
  torch::nn::Sequential net_;
};

} // namespace member

void case_predictor_flags_agree() {
  member::Predictor predictor, cautious(false);
  auto x = torch::rand({2, 4});
  auto difference = (predictor.predict(x) - cautious.predict(x)).abs().max();
  std::cout << difference.item<float>() << "\n";
}

void case_predictor_residual_of_original() {
  member::Predictor predictor;
  auto x = torch::rand({2, 4});
  auto y = predictor.predict(x);
  auto r = predictor.predictResidual(x); // THROWS: device
  std::cout << (y - r.cpu()).abs().max().item<float>() << "\n";
}

void case_predictor_residual_on_host() {
  member::Predictor cautious(/*use_cuda=*/false);
  auto x = torch::rand({2, 4});
  auto r = cautious.predictResidual(x);
  std::cout << (r - x).sum().item<float>() << "\n";
}

namespace defaults {

torch::Tensor gaussian(int64_t n, double sigma, torch::Device device = torch::kCPU) {
  auto t = torch::arange(n, torch::TensorOptions().dtype(torch::kFloat).device(device)) - (n - 1) / 2.0;
  auto g = torch::exp(-t.pow(2) / (2 * sigma * sigma));
  return (g / g.sum()).view({1, 1, n});
}

torch::Tensor smooth(const torch::Tensor &signal, const torch::Tensor &kernel) {
  return torch::conv1d(signal.view({1, 1, -1}), kernel, {}, 1, kernel.size(2) / 2).flatten(); // THROWN: default_argument_forgotten
}

} // namespace defaults

void case_default_argument_given() {
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  auto signal = torch::sin(torch::linspace(0, 6, 40, device));
  auto smoothed = defaults::smooth(signal, defaults::gaussian(5, 1.0, device));
  std::cout << (signal - smoothed).abs().mean().item<float>() << "\n";
}

// What a view with sizes makes of a quotient.
void case_default_argument_forgotten() {
  auto device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  auto signal = torch::sin(torch::linspace(0, 6, 40, device));
  auto kernel = defaults::gaussian(5, 1.0);
  auto smoothed = defaults::smooth(signal, kernel); // THROWS: device
  std::cout << smoothed.mean().item<float>() << "\n";
}

void case_default_argument_host_signal() {
  auto signal = torch::sin(torch::linspace(0, 6, 40));
  auto smoothed = defaults::smooth(signal, defaults::gaussian(7, 2.0));
  if (torch::cuda::is_available())
    smoothed = smoothed.to(torch::kCUDA);
  std::cout << (smoothed * 2).sum().item<float>() << (signal.to(smoothed.device()) - smoothed).norm().item<float>() << "\n";
}
