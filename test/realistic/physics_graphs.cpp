// Graph networks, message passing, and equations that are stepped in time.
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <iostream>
#include <utility>
#include <vector>

namespace gcn {

// Symmetric normalisation of an adjacency matrix with self loops.
torch::Tensor normalised(const torch::Tensor &adjacency) {
  auto a = adjacency + torch::eye(adjacency.size(0));
  auto d = a.sum(1).pow(-0.5);
  return d.unsqueeze(1) * a * d.unsqueeze(0);
}

struct GraphConvImpl : torch::nn::Module {
  GraphConvImpl(int64_t in, int64_t out) {
    weight = register_parameter("weight", torch::empty({in, out}));
    bias = register_parameter("bias", torch::zeros({out}));
    torch::nn::init::xavier_uniform_(weight);
  }
  torch::Tensor forward(const torch::Tensor &x, const torch::Tensor &adjacency) {
    return torch::addmm(bias, torch::mm(adjacency, x), weight); // THROWN: gcn_adjacency_left_behind
  }
  torch::Tensor weight, bias;
};
TORCH_MODULE(GraphConv);

class GcnImpl : public torch::nn::Module {
public:
  GcnImpl(torch::Tensor adjacency, int64_t in, int64_t classes, bool buffer)
      : adjacency_(normalised(adjacency)), first_(in, 8), second_(8, classes) {
    register_module("first", first_);
    register_module("second", second_);
    if (buffer)
      adjacency_ = register_buffer("adjacency", adjacency_);
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(first_->forward(x, adjacency_));
    x = torch::dropout(x, 0.5, is_training());
    return torch::log_softmax(second_->forward(x, adjacency_), 1);
  }

private:
  torch::Tensor adjacency_;
  GraphConv first_, second_;
};
TORCH_MODULE(Gcn);

torch::Tensor ring(int64_t n) {
  auto a = torch::zeros({n, n});
  for (int64_t i = 0; i < n; ++i) {
    a[i][(i + 1) % n] = 1;
    a[(i + 1) % n][i] = 1;
  }
  return a;
}

} // namespace gcn

void case_gcn_adjacency_buffer() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  gcn::Gcn net(gcn::ring(6), 4, 3, true);
  net->to(device);
  auto features = torch::rand({6, 4}).to(device);
  auto labels = torch::randint(3, {6}, torch::kLong).to(device);
  auto mask = torch::rand({6}) > 0.3; // masks may stay on the host
  torch::optim::Adam opt(net->parameters(), torch::optim::AdamOptions(0.01).weight_decay(5e-4));
  for (int epoch = 0; epoch < 2; ++epoch) {
    opt.zero_grad();
    auto out = net->forward(features);
    auto loss = torch::nll_loss(out.index({mask}), labels.index({mask}));
    loss.backward();
    opt.step();
  }
}

void case_gcn_adjacency_left_behind() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  gcn::Gcn net(gcn::ring(6), 4, 3, false);
  net->to(device);
  auto features = torch::rand({6, 4}).to(device);
  auto labels = torch::randint(3, {6}, torch::kLong).to(device);
  auto out = net->forward(features); // THROWS: device
  auto loss = torch::nll_loss(out, labels);
  loss.backward();
}

void case_gcn_masked_select_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  gcn::Gcn net(gcn::ring(6), 4, 3, true);
  net->to(device);
  net->eval();
  auto features = torch::rand({6, 4}).to(device);
  auto mask = torch::rand({6}) > 0.3;
  auto predicted = net->forward(features).argmax(1);
  auto chosen = predicted.masked_select(mask); // THROWS: device
  std::cout << chosen.cpu() << "\n";
}

namespace passing {

struct Graph {
  torch::Tensor nodes, edges, sources, targets;
  Graph to(torch::Device d) const { return {nodes.to(d), edges.to(d), sources.to(d), targets.to(d)}; }
};

Graph randomGraph(int64_t n, int64_t m) {
  return {torch::randn({n, 4}), torch::randn({m, 2}), torch::randint(n, {m}, torch::kLong),
          torch::randint(n, {m}, torch::kLong)};
}

struct MessagePassingImpl : torch::nn::Module {
  MessagePassingImpl() {
    message = register_module("message", torch::nn::Sequential(torch::nn::Linear(10, 8), torch::nn::SiLU(), torch::nn::Linear(8, 6)));
    update = register_module("update", torch::nn::GRUCell(6, 4));
  }
  torch::Tensor forward(const Graph &g) {
    auto from = g.nodes.index_select(0, g.sources), to = g.nodes.index_select(0, g.targets);
    auto messages = message->forward(torch::cat({from, to, g.edges}, 1)); // THROWN: message_passing_result_of_to_dropped
    auto sums = torch::zeros({g.nodes.size(0), 6}, messages.options()).index_add_(0, g.targets, messages);
    return update->forward(sums, g.nodes);
  }
  torch::nn::Sequential message{nullptr};
  torch::nn::GRUCell update{nullptr};
};
TORCH_MODULE(MessagePassing);

// As above, but it counts degrees in a vector of its own.
struct MeanPassingImpl : torch::nn::Module {
  MeanPassingImpl() { message = register_module("message", torch::nn::Linear(10, 4)); }
  torch::Tensor forward(const Graph &g) {
    auto from = g.nodes.index_select(0, g.sources), to = g.nodes.index_select(0, g.targets);
    auto messages = message->forward(torch::cat({from, to, g.edges}, 1));
    auto sums = torch::zeros_like(g.nodes).index_add_(0, g.targets, messages);
    auto degree = torch::ones(g.nodes.size(0)); // starts from one
    degree = degree.index_add(0, g.targets, torch::ones_like(g.targets, torch::kFloat)); // THROWN: message_passing_degrees_on_host
    return sums / degree.unsqueeze(1);
  }
  torch::nn::Linear message{nullptr};
};
TORCH_MODULE(MeanPassing);

} // namespace passing

void case_message_passing_graph_moves_as_one() {
  using namespace passing;
  auto device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  auto graph = randomGraph(5, 9).to(device);
  MessagePassing net;
  net->to(device);
  for (int step = 0; step < 3; ++step)
    graph.nodes = net->forward(graph);
  std::cout << graph.nodes.norm().item<float>() << "\n";
}

void case_message_passing_result_of_to_dropped() {
  using namespace passing;
  auto device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  auto graph = randomGraph(5, 9);
  MessagePassing net;
  net->to(device);
  graph.to(device); // returns a new graph
  for (int step = 0; step < 3; ++step)
    graph.nodes = net->forward(graph); // THROWS: device
  std::cout << graph.nodes.norm().item<float>() << "\n";
}

void case_message_passing_degrees_on_host() {
  using namespace passing;
  auto device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  const auto graph = randomGraph(5, 9).to(device);
  MeanPassing net;
  net->to(device);
  auto out = net->forward(graph); // THROWS: device
  std::cout << out.norm().item<float>() << "\n";
}

namespace ode {

using Field = std::function<torch::Tensor(double, const torch::Tensor &)>;

torch::Tensor rk4(const Field &f, torch::Tensor y, double t0, double t1, int steps) {
  const double h = (t1 - t0) / steps;
  for (int i = 0; i < steps; ++i) {
    const double t = t0 + i * h;
    auto k1 = f(t, y);
    auto k2 = f(t + h / 2, y + h / 2 * k1);
    auto k3 = f(t + h / 2, y + h / 2 * k2);
    auto k4 = f(t + h, y + h * k3);
    y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  return y;
}

struct Pendulum {
  double g = 9.81, length = 1.0;
  torch::Tensor operator()(double, const torch::Tensor &y) const {
    auto angle = y.select(-1, 0), speed = y.select(-1, 1);
    return torch::stack({speed, -(g / length) * torch::sin(angle)}, -1);
  }
};

} // namespace ode

void case_ode_neural_field() {
  auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential field(torch::nn::Linear(2, 8), torch::nn::Tanh(), torch::nn::Linear(8, 2));
  field->to(device);
  auto start = torch::rand({4, 2});
  auto truth = ode::rk4(ode::Pendulum(), start, 0, 1, 4);
  auto predicted = ode::rk4([&](double, const torch::Tensor &y) { return field->forward(y); }, start.to(device), 0, 1, 4);
  auto loss = torch::mse_loss(predicted, truth.to(device));
  loss.backward();
  std::cout << loss.item<float>() << "\n";
}

void case_ode_truth_on_host() {
  auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Sequential field(torch::nn::Linear(2, 8), torch::nn::Tanh(), torch::nn::Linear(8, 2));
  field->to(device);
  auto start = torch::rand({4, 2});
  auto truth = ode::rk4(ode::Pendulum(), start, 0, 1, 4);
  auto predicted = ode::rk4([&](double, const torch::Tensor &y) { return field->forward(y); }, start.to(device), 0, 1, 4);
  auto error = (predicted - truth).abs().max(); // THROWS: device
  std::cout << error.item<float>() << "\n";
}

namespace heat {

class Solver {
public:
  Solver(int64_t n, double alpha, const torch::Device &device) : alpha_(alpha), device_(device) {
    field_ = torch::zeros({1, 1, n, n}, torch::TensorOptions().device(device_).dtype(torch::kFloat64));
    kernel_ = torch::tensor({0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0}, torch::kFloat64).view({1, 1, 3, 3});
  }
  void prepare() { kernel_ = kernel_.to(device_); }
  void heatCentre(double value) {
    const auto n = field_.size(2);
    field_[0][0][n / 2][n / 2] = value;
  }
  void step() { field_ = field_ + alpha_ * torch::conv2d(field_, kernel_, {}, 1, 1); } // THROWN: heat_not_prepared
  double total() const { return field_.sum().item<double>(); }

private:
  double alpha_;
  torch::Device device_;
  torch::Tensor field_, kernel_;
};

} // namespace heat

void case_heat_prepared() {
  heat::Solver solver(8, 0.1, torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  solver.prepare();
  solver.heatCentre(100.0);
  for (int i = 0; i < 3; ++i)
    solver.step();
  std::cout << solver.total() << "\n";
}

// Missed: a kernel whose dimensions come from a view.
void case_heat_not_prepared() {
  heat::Solver solver(8, 0.1, torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  solver.heatCentre(100.0);
  for (int i = 0; i < 3; ++i)
    solver.step(); // THROWS: device
  std::cout << solver.total() << "\n";
}
