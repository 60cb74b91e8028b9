// Weights as data: dictionaries, files, copies between models, surgery on modules, hooks.
#include <torch/script.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weights {

using StateDict = std::unordered_map<std::string, torch::Tensor>;

struct BackboneImpl : torch::nn::Module {
  BackboneImpl() {
    stem = register_module("stem", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3).padding(1).bias(false)));
    norm = register_module("norm", torch::nn::BatchNorm2d(4));
    head = register_module("head", torch::nn::Linear(4, 2));
  }
  torch::Tensor features(const torch::Tensor &x) { return torch::relu(norm(stem(x))).mean({2, 3}); } // THROWN: weights_taken_over_from_host
  torch::Tensor forward(const torch::Tensor &x) { return head(features(x)); } // THROWN: surgery_after_the_move
  torch::nn::Conv2d stem{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
  torch::nn::Linear head{nullptr};
};
TORCH_MODULE(Backbone);

StateDict state_dict(const torch::nn::Module &m) {
  StateDict out;
  for (const auto &p : m.named_parameters())
    out[p.key()] = p.value().detach();
  for (const auto &b : m.named_buffers())
    out[b.key()] = b.value();
  return out;
}

// Copies the numbers; the tensors of the module stay what and where they are.
void load_by_copy(torch::nn::Module &m, const StateDict &state) {
  torch::NoGradGuard guard;
  auto params = m.named_parameters();
  auto buffers = m.named_buffers();
  for (const auto &[name, value] : state) {
    if (auto *p = params.find(name))
      p->copy_(value);
    else if (auto *b = buffers.find(name))
      b->copy_(value);
  }
}

// Takes the tensors themselves.
void load_by_assignment(torch::nn::Module &m, const StateDict &state) {
  for (auto &p : m.named_parameters())
    p.value().set_data(state.at(p.key()));
  for (auto &b : m.named_buffers())
    b.value().set_data(state.at(b.key()));
}

std::vector<char> to_bytes(const torch::Tensor &t) {
  std::ostringstream out;
  torch::save(t, out);
  auto s = out.str();
  return {s.begin(), s.end()};
}

torch::Tensor from_bytes(const std::vector<char> &bytes, std::optional<torch::Device> where = std::nullopt) {
  std::istringstream in(std::string(bytes.begin(), bytes.end()));
  torch::Tensor t;
  if (where)
    torch::load(t, in, *where);
  else
    torch::load(t, in);
  return t;
}

float distance(const StateDict &a, const StateDict &b) {
  float sum = 0;
  for (const auto &[name, value] : a)
    sum += (value.to(torch::kFloat) - b.at(name).to(torch::kFloat)).pow(2).sum().item<float>(); // THROWN: weights_compared_across
  return std::sqrt(sum);
}

} // namespace weights

void case_weights_copied_over_the_bus() {
  using namespace weights;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone pretrained, model;
  model->to(device);
  load_by_copy(*model, state_dict(*pretrained));
  model->eval();
  torch::NoGradGuard guard;
  auto x = torch::rand({2, 3, 6, 6}).to(device);
  std::cout << model->forward(x).softmax(1).cpu() << "\n";
  pretrained->to(device);
  std::cout << distance(state_dict(*pretrained), state_dict(*model)) << "\n";
}

void case_weights_taken_over_from_host() {
  using namespace weights;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone pretrained, model;
  model->to(device);
  load_by_assignment(*model, state_dict(*pretrained));
  model->eval();
  torch::NoGradGuard guard;
  auto x = torch::rand({2, 3, 6, 6}).to(device);
  auto out = model->forward(x); // THROWS: device
  std::cout << out.softmax(1).cpu() << "\n";
}

void case_weights_taken_over_then_moved() {
  using namespace weights;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone pretrained, model;
  model->to(device);
  load_by_assignment(*model, state_dict(*pretrained));
  model->to(device);
  model->train();
  torch::optim::SGD opt(model->parameters(), 0.01);
  auto x = torch::rand({2, 3, 6, 6}, device);
  auto loss = model->forward(x).pow(2).mean();
  loss.backward();
  opt.step();
  std::cout << loss.item<float>() << "\n";
}

void case_weights_compared_across() {
  using namespace weights;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone before, model;
  model->to(device);
  load_by_copy(*model, state_dict(*before));
  torch::optim::SGD opt(model->parameters(), 0.01);
  model->forward(torch::rand({2, 3, 6, 6}, device)).pow(2).mean().backward();
  opt.step();
  float moved = distance(state_dict(*before), state_dict(*model)); // THROWS: device
  std::cout << moved << "\n";
}

void case_weights_snapshot_shares_storage() {
  using namespace weights;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone model;
  auto snapshot = state_dict(*model); // the detached tensors stay behind
  model->to(device);
  auto now = state_dict(*model);
  for (auto &[name, value] : snapshot)
    value = value.to(device);
  std::cout << distance(snapshot, now) << "\n";
  auto bytes = to_bytes(now.at("head.weight"));
  auto again = from_bytes(bytes, torch::kCPU);
  auto probe = torch::ones({1, 4}).mm(again.t());
  std::cout << probe.sum().item<float>() << "\n";
}

void case_weights_tensor_read_where_it_was_saved() {
  using namespace weights;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone model;
  model->to(device);
  auto bytes = to_bytes(model->head->weight.detach());
  auto again = from_bytes(bytes); // on the device again
  auto probe = torch::ones({1, 4}).mm(again.t()); // THROWS: device
  std::cout << probe.sum().item<float>() << "\n";
}

namespace surgery {

using weights::Backbone;

// Replaces the head by one for other classes.
void new_head(Backbone &model, int64_t classes) {
  model->head = model->replace_module("head", torch::nn::Linear(4, classes));
}

void freeze(torch::nn::Module &m, const std::string &prefix) {
  for (auto &p : m.named_parameters())
    if (p.key().rfind(prefix, 0) == 0)
      p.value().set_requires_grad(false);
}

std::vector<torch::Tensor> trainable(const torch::nn::Module &m) {
  std::vector<torch::Tensor> out;
  for (const auto &p : m.parameters())
    if (p.requires_grad())
      out.push_back(p);
  return out;
}

void initialise(torch::nn::Module &m) {
  m.apply([](torch::nn::Module &layer) {
    torch::NoGradGuard guard;
    if (auto *linear = layer.as<torch::nn::Linear>()) {
      torch::nn::init::normal_(linear->weight, 0, 0.02);
      linear->bias.zero_();
    }
  });
}

} // namespace surgery

void case_surgery_before_the_move() {
  using namespace surgery;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone model;
  new_head(model, 5);
  initialise(*model);
  freeze(*model, "stem");
  model->to(device);
  torch::optim::SGD opt(trainable(*model), 0.01);
  for (int i = 0; i < 2; ++i) {
    auto x = torch::rand({3, 3, 6, 6}, device);
    auto loss = torch::cross_entropy_loss(model->forward(x), torch::tensor({0, 4, 2}).to(device));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

// A module that replace_module puts in the place of another.
void case_surgery_after_the_move() {
  using namespace surgery;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone model;
  model->to(device);
  freeze(*model, "stem");
  new_head(model, 5);
  initialise(*model);
  torch::optim::SGD opt(trainable(*model), 0.01);
  auto x = torch::rand({3, 3, 6, 6}, device);
  auto loss = torch::cross_entropy_loss(model->forward(x), torch::tensor({0, 4, 2}).to(device)); // THROWS: device
  loss.backward();
  opt.step();
}

void case_surgery_after_the_move_moved_again() {
  using namespace surgery;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone model;
  model->to(device);
  new_head(model, 5);
  model->head->to(device);
  initialise(*model);
  auto x = torch::rand({3, 3, 6, 6}, device);
  auto hot = torch::one_hot(torch::tensor({0, 4, 2}), 5).to(device, torch::kFloat);
  auto loss = torch::binary_cross_entropy_with_logits(model->forward(x), hot);
  loss.backward();
  for (auto &p : trainable(*model))
    std::cout << p.grad().norm().item<float>() << "\n";
}

namespace hooks {

using weights::Backbone;

// Keeps the gradient of a layer's output, as Grad-CAM does.
class Cam {
public:
  explicit Cam(Backbone model) : model_(std::move(model)) {}
  torch::Tensor operator()(const torch::Tensor &x, int64_t label) {
    auto maps = torch::relu(model_->norm(model_->stem(x)));
    torch::Tensor gradient;
    maps.register_hook([&gradient, this](torch::Tensor g) {
      gradient = keep_on_host ? g.cpu() : g;
      return g;
    });
    auto score = model_->head(maps.mean({2, 3})).select(1, label).sum();
    score.backward();
    auto weight = gradient.mean({2, 3}, true);
    return torch::relu((weight * maps.detach()).sum(1)); // THROWN: hooks_gradient_kept_on_host
  }
  bool keep_on_host = false;

private:
  Backbone model_;
};

torch::Tensor overlay(const torch::Tensor &image, const torch::Tensor &heat) {
  auto scaled = heat / (heat.max() + 1e-6);
  return 0.5 * image + 0.5 * scaled.unsqueeze(1); // THROWN: hooks_heat_over_host_image
}

} // namespace hooks

void case_hooks_heat_fetched_for_overlay() {
  using namespace hooks;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone model;
  model->to(device);
  model->eval();
  Cam cam(model);
  auto image = torch::rand({1, 3, 6, 6});
  auto heat = cam(image.to(device), 1);
  auto picture = overlay(image, heat.to(image.device()));
  std::cout << picture.mean().item<float>() << "\n";
}

// What a hook assigns while backward runs.
void case_hooks_gradient_kept_on_host() {
  using namespace hooks;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone model;
  model->to(device);
  model->eval();
  Cam cam(model);
  cam.keep_on_host = true;
  auto heat = cam(torch::rand({1, 3, 6, 6}, device), 1); // THROWS: device
  std::cout << heat.mean().item<float>() << "\n";
}

void case_hooks_heat_over_host_image() {
  using namespace hooks;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Backbone model;
  model->to(device);
  model->eval();
  Cam cam(model);
  auto image = torch::rand({1, 3, 6, 6});
  auto heat = cam(image.to(device), 1);
  auto picture = overlay(image, heat); // THROWS: device
  std::cout << picture.mean().item<float>() << "\n";
}
