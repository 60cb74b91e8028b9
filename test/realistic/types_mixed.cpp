// Half, double and integers among floats: readers, counters, quantities of physics, quantised weights.
#include <torch/torch.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace telemetry {

struct Reading {
  int64_t time;
  double temperature;
  float pressure;
  uint8_t state;
};

// Columns of readings, each of the type that it is stored as.
struct Columns {
  torch::Tensor time, temperature, pressure, state;
};

Columns columns(const std::vector<Reading> &readings, torch::Device device) {
  const auto n = static_cast<int64_t>(readings.size());
  Columns c;
  c.time = torch::empty({n}, torch::kInt64);
  c.temperature = torch::empty({n}, torch::kFloat64);
  c.pressure = torch::empty({n}, torch::kFloat32);
  c.state = torch::empty({n}, torch::kUInt8);
  for (int64_t i = 0; i < n; ++i) {
    c.time.data_ptr<int64_t>()[i] = readings[i].time;
    c.temperature.data_ptr<double>()[i] = readings[i].temperature;
    c.pressure.data_ptr<float>()[i] = readings[i].pressure;
    c.state.data_ptr<uint8_t>()[i] = readings[i].state;
  }
  for (auto *t : {&c.time, &c.temperature, &c.pressure, &c.state})
    *t = t->to(device);
  return c;
}

std::vector<Reading> readings(size_t n) {
  std::vector<Reading> out;
  for (size_t i = 0; i < n; ++i)
    out.push_back({int64_t(i) * 60, 20.0 + i, 1.0f + 0.1f * i, uint8_t(i % 2)});
  return out;
}

torch::Tensor scaled(const torch::Tensor &column) { return (column - column.mean()) / (column.std() + 1e-9); }

struct MonitorImpl : torch::nn::Module {
  MonitorImpl() {
    states = register_module("states", torch::nn::Embedding(2, 3));
    fc = register_module("fc", torch::nn::Linear(5, 1));
  }
  torch::Tensor forward(const torch::Tensor &numbers, const torch::Tensor &state) {
    return fc(torch::cat({numbers, states(state)}, 1)).squeeze(1); // THROWN: telemetry_state_as_bytes // THROWN: telemetry_temperatures_in_double
  }
  torch::nn::Embedding states{nullptr};
  torch::nn::Linear fc{nullptr};
};
TORCH_MODULE(Monitor);

} // namespace telemetry

void case_telemetry_types_cast() {
  using namespace telemetry;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Monitor monitor;
  monitor->to(device);
  auto c = columns(readings(6), device);
  auto numbers = torch::stack({scaled(c.temperature), scaled(c.pressure)}, 1).to(torch::kFloat);
  torch::optim::Adam opt(monitor->parameters(), 1e-3);
  for (int i = 0; i < 2; ++i) {
    auto loss = monitor->forward(numbers, c.state.to(torch::kLong)).pow(2).mean();
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
  auto hours = c.time / 3600.0; // true division of integers
  std::cout << hours.max().item<float>() << "\n";
}

void case_telemetry_state_as_bytes() {
  using namespace telemetry;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Monitor monitor;
  monitor->to(device);
  auto c = columns(readings(6), device);
  auto numbers = torch::stack({scaled(c.temperature), scaled(c.pressure)}, 1).to(torch::kFloat);
  auto out = monitor->forward(numbers, c.state); // THROWS: dtype
  std::cout << out.mean().item<float>() << "\n";
}

void case_telemetry_temperatures_in_double() {
  using namespace telemetry;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Monitor monitor;
  monitor->to(device);
  auto c = columns(readings(6), device);
  auto numbers = torch::stack({scaled(c.temperature), scaled(c.pressure)}, 1);
  auto out = monitor->forward(numbers, c.state.to(torch::kInt)); // THROWS: dtype
  std::cout << out.mean().item<float>() << "\n";
}

void case_telemetry_mean_of_integers() {
  using namespace telemetry;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  auto c = columns(readings(6), device);
  auto steps = c.time.slice(0, 1) - c.time.slice(0, 0, -1);
  auto typical = steps.mean(); // THROWS: dtype
  auto late = (steps > typical * 2).sum().item<int64_t>();
  std::cout << late << " late\n";
}

namespace int8 {

// Weights in bytes with one scale for each row, made from a float layer.
struct QuantisedLinear {
  torch::Tensor weight, scale, bias;

  explicit QuantisedLinear(torch::nn::Linear &from) {
    torch::NoGradGuard guard;
    scale = from->weight.abs().amax(1, true) / 127;
    weight = (from->weight / scale).round().clamp(-127, 127).to(torch::kInt8);
    bias = from->bias.detach().clone();
  }
  torch::Tensor operator()(const torch::Tensor &x) const {
    auto w = weight.to(x.dtype()) * scale.to(x.dtype());
    return torch::nn::functional::linear(x, w, bias.to(x.dtype()));
  }
  torch::Tensor in_float(const torch::Tensor &x) const { return torch::addmm(bias, x, (weight * scale).t()); } // THROWN: int8_half_input_to_float_path
  torch::Tensor raw(const torch::Tensor &x) const { return x.matmul(weight.t()) * scale.t() + bias; } // THROWN: int8_weights_multiplied_raw
  size_t bytes() const { return weight.numel() * weight.element_size() + scale.numel() * scale.element_size(); }
};

struct Pair {
  torch::nn::Linear original{nullptr};
  std::vector<QuantisedLinear> layers;

  explicit Pair(torch::Device device) : original(torch::nn::LinearOptions(6, 4)) {
    torch::nn::init::xavier_normal_(original->weight);
    original->to(device);
    layers.emplace_back(original);
  }
  double difference(const torch::Tensor &x) {
    torch::NoGradGuard guard;
    auto expected = original->forward(x);
    return (layers.front()(x) - expected).abs().max().item<double>();
  }
};

} // namespace int8

void case_int8_weights_follow_the_input() {
  using namespace int8;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Pair pair(device);
  auto x = torch::randn({3, 6}, device);
  std::cout << pair.difference(x) << " in " << pair.layers[0].bytes() << "\n";
  auto half = pair.layers[0](x.to(torch::kHalf));
  auto wide = pair.layers[0].in_float(x);
  std::cout << (half - wide).abs().max().item<float>() << "\n";
  auto twice = pair.layers[0](x.to(torch::kDouble)) + half;
  std::cout << twice.scalar_type() << "\n";
}

void case_int8_weights_multiplied_raw() {
  using namespace int8;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Pair pair(device);
  auto x = torch::randn({3, 6}, device);
  std::cout << pair.difference(x) << "\n";
  auto y = pair.layers[0].raw(x); // THROWS: dtype
  std::cout << y.sum().item<float>() << "\n";
}

void case_int8_half_input_to_float_path() {
  using namespace int8;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Pair pair(device);
  auto x = torch::randn({3, 6}, torch::TensorOptions().device(device).dtype(torch::kHalf));
  auto good = pair.layers[0](x);
  auto bad = pair.layers[0].in_float(x); // THROWS: dtype
  std::cout << (good - bad).abs().max().item<float>() << "\n";
}

namespace orbit {

// Bodies in double precision, a correction by a network in float.
struct Bodies {
  torch::Tensor mass, place, speed;
  Bodies(int64_t n, torch::TensorOptions opts)
      : mass(torch::rand({n, 1}, opts) + 0.5), place(torch::randn({n, 2}, opts)), speed(torch::zeros({n, 2}, opts)) {}

  torch::Tensor acceleration() const {
    auto apart = place.unsqueeze(0) - place.unsqueeze(1);
    auto square = apart.pow(2).sum(-1, true) + 1e-2;
    return (apart * mass.unsqueeze(0) / square.pow(1.5)).sum(1);
  }
  void leap(double dt, const torch::Tensor &extra = {}) {
    auto a = acceleration();
    if (extra.defined())
      a = a + extra;
    speed += a * dt;
    place += speed * dt;
  }
  torch::Tensor energy() const { return 0.5 * (mass * speed.pow(2)).sum(); }
};

struct CorrectionImpl : torch::nn::Module {
  CorrectionImpl() {
    net = register_module("net", torch::nn::Sequential(torch::nn::Linear(4, 8), torch::nn::Tanh(), torch::nn::Linear(8, 2)));
  }
  torch::Tensor forward(const torch::Tensor &place, const torch::Tensor &speed) {
    return 1e-3 * net->forward(torch::cat({place, speed}, 1)); // THROWN: orbit_corrected_in_double
  }
  torch::nn::Sequential net{nullptr};
};
TORCH_MODULE(Correction);

} // namespace orbit

void case_orbit_corrected_in_float() {
  using namespace orbit;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Bodies bodies(3, torch::TensorOptions().dtype(torch::kDouble).device(device));
  Correction correction;
  correction->to(device);
  for (int i = 0; i < 3; ++i) {
    auto extra = correction->forward(bodies.place.to(torch::kFloat), bodies.speed.to(torch::kFloat));
    bodies.leap(1e-2, extra); // promoted to double
  }
  std::cout << bodies.energy().item<double>() << "\n";
}

void case_orbit_corrected_in_double() {
  using namespace orbit;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Bodies bodies(3, torch::TensorOptions().dtype(torch::kDouble).device(device));
  Correction correction;
  correction->to(device);
  for (int i = 0; i < 3; ++i) {
    bodies.leap(1e-2);
    bodies.leap(1e-2, correction->forward(bodies.place, bodies.speed)); // THROWS: dtype
  }
  std::cout << bodies.energy().item<double>() << "\n";
}

void case_orbit_float_bodies_take_doubles() {
  using namespace orbit;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Bodies bodies(3, torch::TensorOptions(device));
  Correction correction;
  correction->to(device, torch::kDouble);
  auto extra = correction->forward(bodies.place.to(torch::kDouble), bodies.speed.to(torch::kDouble));
  bodies.leap(1e-2, extra); // doubles may be added to floats in place
  Correction(correction)->to(torch::kFloat);
  bodies.leap(1e-2, correction->forward(bodies.place, bodies.speed));
  std::cout << bodies.energy().item<float>() << "\n";
}
