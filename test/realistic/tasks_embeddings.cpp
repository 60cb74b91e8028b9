// Several heads, tables of embeddings, recommenders, few examples, metrics and reports.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace multitask {

struct Batch {
  torch::Tensor features, grade, price;
  std::optional<torch::Tensor> weight;

  Batch to(torch::Device d) const {
    Batch b;
    b.features = features.to(d);
    b.grade = grade.to(d);
    b.price = price.to(d);
    b.weight = weight;
    return b;
  }
  Batch everything_to(torch::Device d) const {
    Batch b = to(d);
    if (weight.has_value())
      b.weight = weight->to(d);
    return b;
  }
};

Batch example(bool weighted) {
  Batch b{torch::randn({6, 5}), torch::randint(0, 3, {6}, torch::kLong), torch::rand({6}), std::nullopt};
  if (weighted)
    b.weight = torch::rand({6});
  return b;
}

struct SharedTrunkImpl : torch::nn::Module {
  SharedTrunkImpl() {
    trunk = register_module("trunk", torch::nn::Sequential(torch::nn::Linear(5, 12), torch::nn::ReLU()));
    heads = register_module("heads", torch::nn::ModuleDict());
    heads->update({{"grade", torch::nn::Linear(12, 3).ptr()}, {"price", torch::nn::Linear(12, 1).ptr()}});
    log_var = register_parameter("log_var", torch::zeros({2}));
  }
  std::map<std::string, torch::Tensor> forward(const torch::Tensor &x) {
    auto h = trunk->forward(x);
    std::map<std::string, torch::Tensor> out;
    for (const auto &item : heads->items())
      out[item.first] = item.second->as<torch::nn::Linear>()->forward(h);
    return out;
  }
  torch::Tensor loss(const Batch &b) {
    auto out = forward(b.features);
    auto grade = torch::cross_entropy_loss(out.at("grade"), b.grade, {}, torch::Reduction::None);
    auto price = (out.at("price").squeeze(1) - b.price).pow(2);
    auto each = grade * (-log_var[0]).exp() + price * (-log_var[1]).exp() + log_var.sum();
    if (b.weight)
      each = each * *b.weight; // THROWN: multitask_weights_stay_behind
    return each.mean();
  }
  torch::nn::Sequential trunk{nullptr};
  torch::nn::ModuleDict heads{nullptr};
  torch::Tensor log_var;
};
TORCH_MODULE(SharedTrunk);

} // namespace multitask

void case_multitask_without_weights() {
  using namespace multitask;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  SharedTrunk model;
  model->to(device);
  torch::optim::Adam opt(model->parameters(), 1e-3);
  std::map<std::string, double> sums;
  for (int i = 0; i < 2; ++i) {
    auto b = example(false).to(device);
    auto loss = model->loss(b);
    opt.zero_grad();
    loss.backward();
    opt.step();
    sums["loss"] += loss.item<double>();
  }
  std::cout << sums["loss"] / 2 << "\n";
}

void case_multitask_weights_stay_behind() {
  using namespace multitask;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  SharedTrunk model;
  model->to(device);
  auto b = example(true).to(device);
  auto loss = model->loss(b); // THROWS: device
  loss.backward();
  std::cout << model->log_var.grad().cpu() << "\n";
}

void case_multitask_weights_come_along() {
  using namespace multitask;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  SharedTrunk model;
  model->to(device);
  torch::optim::Adam opt({model->trunk->parameters(), model->heads->parameters(), std::vector<torch::Tensor>{model->log_var}});
  for (int i = 0; i < 2; ++i) {
    auto b = example(i % 2 == 0).everything_to(device);
    auto loss = model->loss(b);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

namespace recommender {

struct Item {
  int64_t user, film;
  float stars;
};

struct FactorsImpl : torch::nn::Module {
  FactorsImpl(int64_t users, int64_t films, int64_t width)
      : user(torch::nn::EmbeddingOptions(users, width).sparse(false)), film(films, width), user_bias(users, 1),
        film_bias(films, 1) {
    register_module("user", user);
    register_module("film", film);
    register_module("user_bias", user_bias);
    register_module("film_bias", film_bias);
    mean = register_buffer("mean", torch::full({}, 3.5));
    watched = torch::zeros({users, films}, torch::kBool);
  }
  torch::Tensor forward(const torch::Tensor &u, const torch::Tensor &f) {
    auto dot = (user(u) * film(f)).sum(1, true); // THROWN: recommender_users_on_host
    return (dot + user_bias(u) + film_bias(f)).squeeze(1) + mean;
  }
  void remember(const std::vector<Item> &items) {
    for (const auto &i : items)
      watched[i.user][i.film] = true;
  }
  // The best films of a user that were not seen.
  torch::Tensor recommend(int64_t who, int64_t k) {
    torch::NoGradGuard guard;
    auto row = user->weight[who].unsqueeze(1);
    auto scores = film->weight.mm(row).squeeze(1) + film_bias->weight.squeeze(1);
    scores.masked_fill_(watched[who], -std::numeric_limits<float>::infinity()); // THROWN: recommender_watched_stays_on_host
    return std::get<1>(scores.topk(k));
  }
  torch::nn::Embedding user, film, user_bias, film_bias;
  torch::Tensor mean, watched;
};
TORCH_MODULE(Factors);

std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> columns(const std::vector<Item> &items) {
  std::vector<int64_t> u, f;
  std::vector<float> s;
  for (const auto &i : items) {
    u.push_back(i.user);
    f.push_back(i.film);
    s.push_back(i.stars);
  }
  return {torch::tensor(u), torch::tensor(f), torch::tensor(s)};
}

} // namespace recommender

void case_recommender_trains_on_columns() {
  using namespace recommender;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Item> items{{0, 1, 5.f}, {1, 2, 3.f}, {2, 0, 4.f}, {0, 3, 1.f}};
  Factors model(3, 4, 5);
  model->remember(items);
  model->to(device);
  torch::optim::Adagrad opt(model->parameters(), torch::optim::AdagradOptions(0.1));
  for (int i = 0; i < 2; ++i) {
    auto [u, f, s] = columns(items);
    auto loss = torch::mse_loss(model->forward(u.to(device), f.to(device)), s.to(device));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
  std::cout << model->watched.sum(1) << "\n";
}

void case_recommender_users_on_host() {
  using namespace recommender;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Item> items{{0, 1, 5.f}, {1, 2, 3.f}, {2, 0, 4.f}, {0, 3, 1.f}};
  Factors model(3, 4, 5);
  model->to(device);
  auto [u, f, s] = columns(items);
  f = f.to(device);
  s = s.to(device);
  auto loss = torch::mse_loss(model->forward(u, f), s); // THROWS: device
  loss.backward();
}

void case_recommender_watched_stays_on_host() {
  using namespace recommender;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Item> items{{0, 1, 5.f}, {1, 2, 3.f}, {2, 0, 4.f}};
  Factors model(3, 4, 5);
  model->remember(items);
  model->to(device);
  auto best = model->recommend(0, 2); // THROWS: device
  for (int64_t i = 0; i < best.size(0); ++i)
    std::cout << best[i].item<int64_t>() << " ";
}

void case_recommender_watched_assigned() {
  using namespace recommender;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  std::vector<Item> items{{0, 1, 5.f}, {1, 2, 3.f}, {2, 0, 4.f}};
  Factors model(3, 4, 5);
  model->to(device);
  model->remember(items);
  model->watched = model->watched.to(device, /*non_blocking=*/true);
  auto best = model->recommend(0, 2).cpu();
  for (int64_t i = 0; i < best.size(0); ++i)
    std::cout << best[i].item<int64_t>() << " ";
}

namespace prototypes {

struct Episode {
  torch::Tensor support, support_labels, query, query_labels;
  static Episode draw(int64_t ways, int64_t shots) {
    Episode e;
    e.support_labels = torch::arange(ways).repeat_interleave(shots);
    e.query_labels = torch::arange(ways).repeat({2});
    e.support = torch::randn({ways * shots, 6}) + e.support_labels.unsqueeze(1);
    e.query = torch::randn({ways * 2, 6}) + e.query_labels.unsqueeze(1);
    return e;
  }
};

struct EmbeddingImpl : torch::nn::Module {
  EmbeddingImpl(int64_t in, int64_t width) {
    body = register_module("body", torch::nn::Sequential(torch::nn::Linear(in, 12), torch::nn::ReLU(),
                                                         torch::nn::Linear(12, width)));
    norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})));
    temperature = register_parameter("temperature", torch::ones({1}));
  }
  torch::Tensor forward(const torch::Tensor &x) { return norm(body->forward(x)); }
  torch::Tensor scores(const torch::Tensor &z, const torch::Tensor &centre) {
    return -torch::cdist(z, centre).pow(2) * temperature;
  }
  torch::nn::Sequential body{nullptr};
  torch::nn::LayerNorm norm{nullptr};
  torch::Tensor temperature;
};
TORCH_MODULE(Embedding);

// Means of the rows of each class.
torch::Tensor centres(const torch::Tensor &z, const torch::Tensor &labels, int64_t ways) {
  auto sum = torch::zeros({ways, z.size(1)}, z.options()).index_add(0, labels, z); // THROWN: prototypes_by_sum_of_host_labels
  auto count = torch::bincount(labels, {}, ways).clamp_min(1).unsqueeze(1);
  return sum / count;
}

torch::Tensor centresByMask(const torch::Tensor &z, const torch::Tensor &labels, int64_t ways) {
  std::vector<torch::Tensor> rows;
  for (int64_t c = 0; c < ways; ++c)
    rows.push_back(z.index({labels == c}).mean(0)); // the labels may be anywhere
  return torch::stack(rows);
}

} // namespace prototypes

void case_prototypes_by_mask_of_host() {
  using namespace prototypes;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Embedding net(6, 8);
  net->to(device);
  torch::optim::Adam opt(net->parameters(), 1e-3);
  for (int i = 0; i < 2; ++i) {
    auto e = Episode::draw(3, 2);
    auto centre = centresByMask(net->forward(e.support.to(device)), e.support_labels, 3);
    auto logits = net->scores(net->forward(e.query.to(device)), centre);
    auto loss = torch::cross_entropy_loss(logits, e.query_labels.to(device));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_prototypes_by_sum_of_host_labels() {
  using namespace prototypes;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Embedding net(6, 8);
  net->to(device);
  auto e = Episode::draw(3, 2);
  auto centre = centres(net->forward(e.support.to(device)), e.support_labels, 3); // THROWS: device
  auto logits = net->scores(net->forward(e.query.to(device)), centre);
  std::cout << logits.argmax(1).eq(e.query_labels.to(device)).sum().item<int64_t>() << "\n";
}

void case_prototypes_accuracy_across() {
  using namespace prototypes;
  torch::NoGradGuard guard;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Embedding net(6, 8);
  net->to(device);
  auto e = Episode::draw(3, 2);
  auto centre = centres(net->forward(e.support.to(device)), e.support_labels.to(device), 3);
  auto logits = net->scores(net->forward(e.query.to(device)), centre);
  double accuracy = logits.argmax(1).eq(e.query_labels).to(torch::kDouble).mean().item<double>(); // THROWS: device
  std::cout << accuracy << "\n";
}
