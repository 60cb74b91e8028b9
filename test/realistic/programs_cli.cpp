// Programs with options, fallbacks, registries by macro, contexts that are global, plug-ins.
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cli {

struct Options {
  std::string device = "auto";
  std::string precision = "float";
  int64_t batch = 4;
  bool verbose = false;
  bool benchmark = false;
};

Options parse(std::vector<std::string> args) {
  Options o;
  for (size_t i = 0; i < args.size(); ++i) {
    auto value = [&]() -> const std::string & {
      if (i + 1 >= args.size())
        throw std::invalid_argument(args[i] + " needs a value");
      return args[++i];
    };
    if (args[i] == "--device")
      o.device = value();
    else if (args[i] == "--precision")
      o.precision = value();
    else if (args[i] == "--batch")
      o.batch = std::stoll(value());
    else if (args[i] == "-v" || args[i] == "--verbose")
      o.verbose = true;
    else
      throw std::invalid_argument("what is " + args[i]);
  }
  return o;
}

torch::Device device_of(const Options &o) {
  if (o.device == "auto")
    return torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  return torch::Device(o.device);
}

torch::ScalarType type_of(const Options &o) {
  static const std::map<std::string, torch::ScalarType> types = {
      {"float", torch::kFloat}, {"half", torch::kHalf}, {"double", torch::kDouble}};
  auto it = types.find(o.precision);
  if (it == types.end())
    throw std::invalid_argument("no precision " + o.precision);
  return it->second;
}

struct Classifier {
  explicit Classifier(const Options &o) : options(torch::TensorOptions().device(device_of(o)).dtype(type_of(o))) {
    net = torch::nn::Sequential(torch::nn::Linear(6, 10), torch::nn::Hardtanh(), torch::nn::Linear(10, 3));
    net->to(options.device(), c10::typeMetaToScalarType(options.dtype()));
    net->eval();
  }
  torch::Tensor operator()(const torch::Tensor &x) {
    torch::NoGradGuard guard;
    return net->forward(x.to(options)).softmax(1);
  }
  torch::Tensor unchecked(const torch::Tensor &x) {
    torch::NoGradGuard guard;
    return net->forward(x).softmax(1); // THROWN: cli_cuda_was_asked_for // THROWN: cli_doubles_were_asked_for
  }
  torch::TensorOptions options;
  torch::nn::Sequential net;
};

int report(const torch::Tensor &probabilities, bool verbose) {
  auto p = probabilities.to(torch::kCPU, torch::kFloat);
  if (verbose)
    std::cout << p << "\n";
  return p.argmax(1)[0].item<int>();
}

} // namespace cli

void case_cli_everything_by_options() {
  using namespace cli;
  auto o = parse({"--batch", "2", "-v"});
  Classifier classify(o);
  auto x = torch::rand({o.batch, 6});
  std::cout << report(classify(x), o.verbose) << "\n";
  auto y = torch::rand({o.batch, 6}, device_of(o)).to(type_of(o));
  std::cout << report(classify.unchecked(y), false) << "\n";
}

void case_cli_cpu_was_asked_for() {
  using namespace cli;
  auto o = parse({"--device", "cpu"});
  Classifier classify(o);
  auto x = torch::rand({o.batch, 6});
  std::cout << report(classify.unchecked(x), o.verbose) << "\n";
}

void case_cli_cuda_was_asked_for() {
  using namespace cli;
  auto o = parse({"--device", "cuda:0"});
  Classifier classify(o);
  auto x = torch::rand({o.batch, 6});
  auto p = classify.unchecked(x); // THROWS: device
  std::cout << report(p, o.verbose) << "\n";
}

// A type that a map by name gives for an option.
void case_cli_doubles_were_asked_for() {
  using namespace cli;
  auto o = parse({"--precision", "double"});
  Classifier classify(o);
  auto x = torch::rand({o.batch, 6}, device_of(o));
  auto p = classify.unchecked(x); // THROWS: dtype
  std::cout << report(p, o.verbose) << "\n";
}

namespace fallback {

struct NetImpl : torch::nn::Module {
  explicit NetImpl(int64_t width) {
    in = register_module("in", torch::nn::Linear(4, width));
    out = register_module("out", torch::nn::Linear(width, 2));
  }
  torch::Tensor forward(const torch::Tensor &x) { return out(torch::relu(in(x))); } // THROWN: fallback_model_stays_on_device
  torch::nn::Linear in{nullptr}, out{nullptr};
};
TORCH_MODULE(Net);

void check_memory(int64_t bytes) {
  if (bytes > (int64_t(1) << 30))
    throw std::runtime_error("out of memory");
}

// Goes back to the host when the model does not fit.
class Runner {
public:
  Runner(int64_t width, int64_t bytes) : net_(width), device_(torch::kCPU) {
    try {
      if (!torch::cuda::is_available())
        throw std::runtime_error("no device");
      net_->to(torch::kCUDA);
      check_memory(bytes);
      device_ = torch::kCUDA;
    } catch (const std::runtime_error &e) {
      std::cerr << e.what() << "\n";
      net_->to(torch::kCPU);
    }
  }
  torch::Tensor run(const torch::Tensor &x) { return net_->forward(x.to(device_)); }
  torch::Device device() const { return device_; }
  Net net() { return net_; }

private:
  Net net_;
  torch::Device device_;
};

// The same, without the way back.
class HastyRunner {
public:
  HastyRunner(int64_t width, int64_t bytes) : net_(width) {
    try {
      net_->to(torch::kCUDA);
      check_memory(bytes);
      device_ = torch::kCUDA;
    } catch (const std::exception &e) {
      std::cerr << e.what() << "\n";
    }
  }
  torch::Tensor run(const torch::Tensor &x) { return net_->forward(x.to(device_)); } // VIA: fallback_model_stays_on_device

private:
  Net net_;
  torch::Device device_ = torch::kCPU;
};

} // namespace fallback

void case_fallback_comes_back_to_host() {
  fallback::Runner runner(8, int64_t(1) << 40);
  auto x = torch::rand({3, 4});
  auto out = runner.run(x);
  std::cout << runner.device() << out << "\n";
  auto again = runner.net()->forward(x); // the model came back
  std::cout << (again - out).abs().max().item<float>() << "\n";
}

void case_fallback_fits() {
  fallback::Runner runner(8, 1024);
  auto x = torch::rand({3, 4});
  auto out = runner.run(x);
  auto same = runner.net()->forward(x.to(runner.device()));
  std::cout << (same - out).abs().max().item<float>() << "\n";
}

void case_fallback_fits_and_is_forgotten() {
  fallback::Runner runner(8, 1024);
  auto x = torch::rand({3, 4});
  auto out = runner.run(x);
  auto residual = x.slice(1, 0, 2) + out; // THROWS: device
  std::cout << residual.norm().item<float>() << "\n";
}

void case_fallback_model_stays_on_device() {
  fallback::HastyRunner runner(8, int64_t(1) << 40);
  auto x = torch::rand({3, 4});
  auto out = runner.run(x); // THROWS: device
  std::cout << out.norm().item<float>() << "\n";
}

namespace plugins {

class Stage {
public:
  virtual ~Stage() = default;
  virtual torch::Tensor process(torch::Tensor x) = 0;
};

class Registry {
public:
  using Factory = std::unique_ptr<Stage> (*)();
  static std::map<std::string, Factory> &factories() {
    static std::map<std::string, Factory> f;
    return f;
  }
  static std::unique_ptr<Stage> make(const std::string &name) { return factories().at(name)(); }
};

#define REGISTER_STAGE(NAME)                                                                                           \
  static const bool NAME##_registered = [] {                                                                           \
    Registry::factories()[#NAME] = []() -> std::unique_ptr<Stage> { return std::make_unique<NAME>(); };                \
    return true;                                                                                                       \
  }()

// What all stages share.
struct Context {
  torch::Device device = torch::kCPU;
  static Context &get() {
    static Context c;
    return c;
  }
};

class Upload : public Stage {
public:
  torch::Tensor process(torch::Tensor x) override { return x.to(Context::get().device); }
};
REGISTER_STAGE(Upload);

class Blur : public Stage {
public:
  Blur() : kernel_(torch::full({1, 1, 3, 3}, 1.f / 9, Context::get().device)) {}
  torch::Tensor process(torch::Tensor x) override { return torch::conv2d(x, kernel_, {}, 1, 1); }

private:
  torch::Tensor kernel_;
};
REGISTER_STAGE(Blur);

class Sharpen : public Stage {
public:
  torch::Tensor process(torch::Tensor x) override {
    auto kernel = torch::tensor({0.f, -1.f, 0.f, -1.f, 5.f, -1.f, 0.f, -1.f, 0.f}).view({1, 1, 3, 3});
    return torch::conv2d(x, kernel, {}, 1, 1); // THROWN: plugins_sharpen_after_upload // THROWN: plugins_sharpen_directly
  }
};
REGISTER_STAGE(Sharpen);

class Gamma : public Stage {
public:
  torch::Tensor process(torch::Tensor x) override { return x.clamp_min(0).pow(torch::tensor(0.45f)); }
};
REGISTER_STAGE(Gamma);

torch::Tensor run(const std::vector<std::string> &names, torch::Tensor x) {
  std::vector<std::unique_ptr<Stage>> stages;
  for (const auto &n : names)
    stages.push_back(Registry::make(n));
  for (auto &s : stages)
    x = s->process(x);
  return x;
}

} // namespace plugins

void case_plugins_blur_where_the_context_is() {
  using namespace plugins;
  if (torch::cuda::is_available())
    Context::get().device = torch::kCUDA;
  auto out = run({"Upload", "Blur", "Gamma"}, torch::rand({1, 1, 6, 6}));
  std::cout << out.mean().item<float>() << "\n";
}

void case_plugins_sharpen_after_upload() {
  using namespace plugins;
  if (torch::cuda::is_available())
    Context::get().device = torch::kCUDA;
  auto sharpen = Registry::make("Sharpen");
  auto x = Upload().process(torch::rand({1, 1, 6, 6}));
  auto out = sharpen->process(x); // THROWS: device
  std::cout << out.mean().item<float>() << "\n";
}

void case_plugins_sharpen_before_upload() {
  using namespace plugins;
  if (torch::cuda::is_available())
    Context::get().device = torch::kCUDA;
  auto out = run({"Sharpen", "Upload", "Gamma", "Blur"}, torch::rand({1, 1, 6, 6}));
  std::cout << out.mean().item<float>() << "\n";
}

void case_plugins_sharpen_directly() {
  using namespace plugins;
  if (torch::cuda::is_available())
    Context::get().device = torch::kCUDA;
  Upload upload;
  Sharpen sharpen;
  Gamma gamma;
  Blur blur;
  std::array<Stage *, 4> order{&upload, &blur, &sharpen, &gamma};
  auto x = torch::rand({1, 1, 6, 6});
  for (Stage *s : order)
    x = s->process(x); // THROWS: device
  std::cout << x.mean().item<float>() << "\n";
}
