// Default types, teachers, volumes, and what is computed only now and then.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace precision {

// Sets the default type for as long as it lives.
class DefaultType {
public:
  explicit DefaultType(torch::ScalarType type) : before_(torch::get_default_dtype()) {
    torch::set_default_dtype(c10::scalarTypeToTypeMeta(type));
  }
  ~DefaultType() { torch::set_default_dtype(before_); }

private:
  caffe2::TypeMeta before_;
};

struct OscillatorImpl : torch::nn::Module {
  OscillatorImpl() {
    net = register_module("net", torch::nn::Sequential(torch::nn::Linear(2, 8), torch::nn::Tanh(), torch::nn::Linear(8, 2)));
    rate = register_parameter("rate", torch::ones({1}));
  }
  torch::Tensor forward(const torch::Tensor &y) { return net->forward(y) * rate; } // THROWN: precision_model_made_in_double_only
  torch::nn::Sequential net{nullptr};
  torch::Tensor rate;
};
TORCH_MODULE(Oscillator);

// Fourth order, fixed step.
template <class F> torch::Tensor integrate(F &&f, torch::Tensor y, double dt, int steps) {
  for (int i = 0; i < steps; ++i) {
    auto k1 = f(y), k2 = f(y + dt / 2 * k1), k3 = f(y + dt / 2 * k2), k4 = f(y + dt * k3);
    y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  return y;
}

torch::Tensor exact(const torch::Tensor &y, double t) {
  auto c = std::cos(t), s = std::sin(t);
  auto turn = torch::tensor({{c, s}, {-s, c}}, y.options());
  return y.mm(turn.t());
}

} // namespace precision

void case_precision_model_and_data_in_double() {
  using namespace precision;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  DefaultType type(torch::kDouble);
  Oscillator net;
  net->to(device);
  torch::optim::Adam opt(net->parameters(), 1e-3);
  auto start = torch::randn({4, 2}, device);
  for (int i = 0; i < 2; ++i) {
    auto loss = torch::mse_loss(integrate([&](const torch::Tensor &y) { return net->forward(y); }, start, 0.1, 2), exact(start, 0.2));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_precision_model_made_in_double_only() {
  using namespace precision;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::optional<Oscillator> net;
  {
    DefaultType type(torch::kDouble);
    net.emplace();
  }
  (*net)->to(device);
  auto start = torch::randn({4, 2}, device); // float again
  auto end = integrate([&](const torch::Tensor &y) { return (*net)->forward(y); }, start, 0.1, 2); // THROWS: dtype
  std::cout << end.norm().item<float>() << "\n";
}

void case_precision_start_given_a_type() {
  using namespace precision;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Oscillator net;
  net->to(device, torch::kDouble);
  auto start = torch::randn({4, 2}).to(net->rate); // its type and its device
  auto end = integrate([&](const torch::Tensor &y) { return net->forward(y); }, start, 0.1, 2);
  auto error = (end - exact(start, 0.2)).norm();
  std::cout << error.item<double>() << "\n";
}

namespace teacher {

struct StudentImpl : torch::nn::Module {
  explicit StudentImpl(int64_t width) : width(width) {
    in = register_module("in", torch::nn::Linear(6, width));
    out = register_module("out", torch::nn::Linear(width, 4));
  }
  torch::Tensor forward(const torch::Tensor &x) { return out(torch::relu(in(x))); }
  int64_t width;
  torch::nn::Linear in{nullptr}, out{nullptr};
};
TORCH_MODULE(Student);

// Averages of a student, used as the teacher; logits are centred by what was seen lately.
class SelfDistillation {
public:
  SelfDistillation(Student student, torch::Device device) : student_(student), teacher_(student->width), device_(device) {
    student_->to(device_);
    teacher_->to(device_);
    follow(0);
    for (auto &p : teacher_->parameters())
      p.set_requires_grad(false);
    center_ = torch::zeros({1, 4});
  }
  void center_on_device() { center_ = center_.to(device_); }

  torch::Tensor loss(const torch::Tensor &a, const torch::Tensor &b, int step) {
    auto s = torch::log_softmax(student_->forward(a) / 0.1, 1);
    auto raw = teacher_->forward(b).detach();
    if (step < warmup)
      return -(torch::softmax(raw / 0.04, 1) * s).sum(1).mean();
    auto t = torch::softmax((raw - center_) / 0.04, 1); // THROWN: teacher_center_used_after_warmup
    center_ = center_ * 0.9 + raw.mean(0, true) * 0.1;
    return -(t * s).sum(1).mean();
  }
  void follow(double momentum) {
    torch::NoGradGuard guard;
    auto from = student_->parameters(), to = teacher_->parameters();
    for (size_t i = 0; i < to.size(); ++i)
      to[i].mul_(momentum).add_(from[i], 1 - momentum);
  }
  int warmup = 2;

private:
  Student student_, teacher_;
  torch::Device device_;
  torch::Tensor center_;
};

double train(SelfDistillation &method, Student &student, torch::Device device, int steps) {
  torch::optim::AdamW opt(student->parameters(), 1e-3);
  double last = 0;
  for (int step = 0; step < steps; ++step) {
    auto x = torch::randn({5, 6}, device);
    auto loss = method.loss(x + 0.1 * torch::randn_like(x), x, step);
    opt.zero_grad();
    loss.backward();
    opt.step();
    method.follow(0.99);
    last = loss.item<double>();
  }
  return last;
}

} // namespace teacher

void case_teacher_center_moved() {
  using namespace teacher;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Student student(8);
  SelfDistillation method(student, device);
  method.center_on_device();
  std::cout << train(method, student, device, 4) << "\n";
}

void case_teacher_center_not_used_yet() {
  using namespace teacher;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Student student(8);
  SelfDistillation method(student, device);
  std::cout << train(method, student, device, 2) << "\n"; // all of it is warm-up
}

void case_teacher_center_used_after_warmup() {
  using namespace teacher;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Student student(8);
  SelfDistillation method(student, device);
  std::cout << train(method, student, device, 4) << "\n"; // THROWS: device
}

namespace volumes {

// Patches of a volume, chosen where there is something to see.
class Patches {
public:
  Patches(torch::Tensor volume, torch::Tensor labels, int64_t side) : volume_(volume), labels_(labels), side_(side) {}
  std::pair<torch::Tensor, torch::Tensor> next() {
    auto where = torch::nonzero(labels_ > 0);
    auto pick = where[torch::randint(where.size(0), {1}).item<int64_t>()];
    auto cut = [&](const torch::Tensor &t) {
      auto out = t;
      for (int64_t d = 0; d < 3; ++d) {
        auto from = std::clamp<int64_t>(pick[d].item<int64_t>() - side_ / 2, 0, t.size(d) - side_);
        out = out.slice(d, from, from + side_);
      }
      return out;
    };
    return {cut(volume_).unsqueeze(0).unsqueeze(0), cut(labels_).unsqueeze(0)};
  }
  void to(torch::Device d) {
    volume_ = volume_.to(d);
    labels_ = labels_.to(d);
  }

private:
  torch::Tensor volume_, labels_;
  int64_t side_;
};

struct SegmenterImpl : torch::nn::Module {
  SegmenterImpl() {
    a = register_module("a", torch::nn::Conv3d(torch::nn::Conv3dOptions(1, 3, 3).padding(1)));
    b = register_module("b", torch::nn::Conv3d(torch::nn::Conv3dOptions(3, 2, 1)));
  }
  torch::Tensor forward(const torch::Tensor &x) { return b(torch::relu(a(x))); }
  torch::nn::Conv3d a{nullptr}, b{nullptr};
};
TORCH_MODULE(Segmenter);

torch::Tensor dice(const torch::Tensor &logits, const torch::Tensor &labels) {
  auto p = logits.softmax(1).select(1, 1), t = labels.to(p.dtype());
  return 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1); // THROWN: volumes_cut_on_host_labels_forgotten
}

Patches example() {
  auto labels = torch::zeros({6, 6, 6}, torch::kLong);
  labels.slice(0, 2, 4).fill_(1);
  return Patches(torch::rand({6, 6, 6}), labels, 4);
}

} // namespace volumes

void case_volumes_moved_before_cutting() {
  using namespace volumes;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Segmenter net;
  net->to(device);
  torch::optim::SGD opt(net->parameters(), 0.01);
  auto patches = example();
  patches.to(device);
  for (int i = 0; i < 2; ++i) {
    auto [x, y] = patches.next();
    auto logits = net->forward(x);
    auto loss = torch::cross_entropy_loss(logits, y) + dice(logits, y);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_volumes_cut_on_host_labels_forgotten() {
  using namespace volumes;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Segmenter net;
  net->to(device);
  auto patches = example();
  auto [x, y] = patches.next();
  auto logits = net->forward(x.to(device));
  auto loss = dice(logits, y); // THROWS: device
  loss.backward();
  std::cout << loss.item<float>() << "\n";
}

void case_volumes_labels_as_integers_for_dice() {
  using namespace volumes;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Segmenter net;
  net->to(device);
  auto patches = example();
  auto [x, y] = patches.next();
  auto logits = net->forward(x.to(device));
  auto loss = torch::binary_cross_entropy_with_logits(logits.select(1, 1), y.to(device)); // THROWS: dtype
  loss.backward();
  std::cout << loss.item<float>() << "\n";
}
