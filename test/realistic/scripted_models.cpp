// Scripted modules in programs: tuples and dictionaries as results, several models, constants that are set.
#include <torch/script.h>
#include <torch/torch.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace detectors {

// What the training side has written; here it is made on the spot.
torch::jit::Module detector() {
  torch::jit::Module m("detector");
  m.register_parameter("box", torch::randn({8, 4}), false);
  m.register_parameter("score", torch::randn({8, 3}), false);
  m.define(R"(
    def forward(self, x):
        h = x.mean([2, 3])
        return torch.matmul(h, self.box), torch.softmax(torch.matmul(h, self.score), 1)
  )");
  m.define(R"(
    def named(self, x) -> Dict[str, Tensor]:
        h = x.mean([2, 3])
        return {"boxes": torch.matmul(h, self.box), "scores": torch.matmul(h, self.score)}
  )");
  return m;
}

std::string bytes_of(const torch::jit::Module &m) {
  std::ostringstream out;
  m.save(out);
  return out.str();
}

struct Detection {
  torch::Tensor boxes, scores;
};

class Session {
public:
  Session(const std::string &bytes, torch::Device device) : device_(device) {
    std::istringstream in(bytes);
    module_ = torch::jit::load(in, device_);
    module_.eval();
  }
  Detection run(const torch::Tensor &images) {
    torch::InferenceMode guard;
    auto out = module_.forward({images.to(device_)}).toTuple();
    return {out->elements()[0].toTensor(), out->elements()[1].toTensor()};
  }
  Detection run_named(const torch::Tensor &images) {
    torch::InferenceMode guard;
    auto out = module_.get_method("named")({images}).toGenericDict(); // THROWN: exported_named_method_without_move
    return {out.at("boxes").toTensor(), out.at("scores").toTensor()};
  }
  torch::Device device() const { return device_; }

private:
  torch::jit::Module module_;
  torch::Device device_;
};

// Boxes whose score is good enough, in pixels.
std::vector<std::array<float, 4>> keep(const Detection &d, const torch::Tensor &scale, double threshold) {
  auto best = std::get<0>(d.scores.max(1));
  auto chosen = d.boxes.index({best > threshold}) * scale; // THROWN: exported_scale_on_host
  chosen = chosen.to(torch::kCPU).contiguous();
  std::vector<std::array<float, 4>> out(chosen.size(0));
  for (int64_t i = 0; i < chosen.size(0); ++i)
    std::copy_n(chosen[i].data_ptr<float>(), 4, out[i].begin());
  return out;
}

} // namespace detectors

void case_exported_scale_made_on_device() {
  using namespace detectors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Session session(bytes_of(detector()), device);
  auto scale = torch::tensor({640.f, 480.f, 640.f, 480.f}, session.device());
  for (int i = 0; i < 2; ++i) {
    auto images = torch::rand({2, 8, 4, 4});
    std::cout << keep(session.run(images), scale, 0.1).size() << "\n";
  }
}

void case_exported_scale_on_host() {
  using namespace detectors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Session session(bytes_of(detector()), device);
  auto scale = torch::tensor({640.f, 480.f, 640.f, 480.f});
  auto found = session.run(torch::rand({2, 8, 4, 4}));
  std::cout << keep(found, scale, 0.0).size() << "\n"; // THROWS: device
}

void case_exported_named_method_without_move() {
  using namespace detectors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Session session(bytes_of(detector()), device);
  auto images = torch::rand({2, 8, 4, 4});
  auto found = session.run_named(images); // THROWS: device
  std::cout << found.scores.argmax(1).cpu() << "\n";
}

void case_exported_results_brought_back() {
  using namespace detectors;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Session session(bytes_of(detector()), device);
  auto scale = torch::tensor({640.f, 480.f, 640.f, 480.f});
  auto found = session.run_named(torch::rand({2, 8, 4, 4}, session.device()));
  found.boxes = found.boxes.cpu();
  found.scores = found.scores.cpu();
  std::cout << keep(found, scale, 0.0).size() << "\n";
}

namespace cascade {

torch::jit::Module layer(const std::string &name, int64_t in, int64_t out) {
  torch::jit::Module m(name);
  m.register_parameter("weight", torch::randn({out, in}) * 0.3, false);
  m.register_buffer("offset", torch::zeros({out}));
  m.define(R"(
    def forward(self, x):
        return torch.relu(torch.matmul(x, self.weight.t()) + self.offset)
  )");
  return m;
}

// Small models by name; the large ones go to the device, the small ones stay.
class Cascade {
public:
  explicit Cascade(torch::Device device) : device_(device) {}
  void add(const std::string &name, torch::jit::Module m, bool large) {
    auto where = large ? device_ : torch::Device(torch::kCPU);
    m.to(where);
    m.eval();
    places_.emplace(name, where);
    models_.emplace(name, std::move(m));
  }
  torch::Tensor run(const std::string &name, const torch::Tensor &x) {
    torch::NoGradGuard guard;
    return models_.at(name).forward({x.to(places_.at(name))}).toTensor(); // THROWN: cascade_offset_set_from_host
  }
  torch::Tensor run_here(const std::string &name, const torch::Tensor &x) {
    torch::NoGradGuard guard;
    std::vector<torch::jit::IValue> in{x};
    return models_.at(name).forward(in).toTensor(); // THROWN: cascade_expert_gets_host_features
  }
  void set_offset(const std::string &name, torch::Tensor value) { models_.at(name).setattr("offset", value); }

private:
  torch::Device device_;
  std::map<std::string, torch::jit::Module> models_;
  std::map<std::string, torch::Device> places_;
};

Cascade standard(torch::Device device) {
  Cascade c(device);
  c.add("filter", layer("filter", 5, 6), false);
  c.add("expert", layer("expert", 6, 3), true);
  return c;
}

} // namespace cascade

void case_cascade_each_where_it_is() {
  using namespace cascade;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto models = standard(device);
  auto x = torch::rand({2, 5});
  auto h = models.run("filter", x);
  auto y = models.run("expert", h);
  auto share = y.cpu() / (h.sum(1, true) + 1);
  std::cout << share << "\n";
}

void case_cascade_expert_gets_host_features() {
  using namespace cascade;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto models = standard(device);
  auto x = torch::rand({2, 5});
  auto h = models.run_here("filter", x);
  auto y = models.run_here("expert", h); // THROWS: device
  std::cout << y.cpu() << "\n";
}

void case_cascade_results_of_two_places() {
  using namespace cascade;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto models = standard(device);
  auto h = models.run("filter", torch::rand({2, 5}));
  auto y = models.run("expert", h);
  auto all = torch::cat({h, y}, 1); // THROWS: device
  std::cout << all.sizes() << all.cpu().sum().item<float>() << "\n";
}

void case_cascade_offset_set_from_host() {
  using namespace cascade;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto models = standard(device);
  models.set_offset("expert", torch::full({3}, 0.5));
  auto y = models.run("expert", torch::rand({2, 6})); // THROWS: device
  std::cout << y.sum().item<float>() << "\n";
}

void case_cascade_offset_of_small_model_set() {
  using namespace cascade;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto models = standard(device);
  models.set_offset("filter", torch::full({6}, 0.5));
  models.set_offset("expert", torch::full({3}, 0.5, device));
  auto y = models.run("expert", models.run("filter", torch::rand({2, 5})));
  std::cout << y.sum().item<float>() << "\n";
}
