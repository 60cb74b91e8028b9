// Losses of one's own, metric learning, distillation, contrast.
#include <torch/torch.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <vector>

namespace siamese {

struct TwinImpl : torch::nn::Module {
  TwinImpl() {
    net = register_module("net", torch::nn::Sequential(torch::nn::Linear(6, 12), torch::nn::PReLU(), torch::nn::Linear(12, 3)));
  }
  torch::Tensor embed(const torch::Tensor &x) { return torch::nn::functional::normalize(net->forward(x)); } // THROWN: siamese_one_side_on_host
  std::pair<torch::Tensor, torch::Tensor> forward(const torch::Tensor &a, const torch::Tensor &b) {
    return {embed(a), embed(b)};
  }
  torch::nn::Sequential net{nullptr};
};
TORCH_MODULE(Twin);

torch::Tensor contrastive(const torch::Tensor &a, const torch::Tensor &b, const torch::Tensor &same, double margin = 1.0) {
  auto distance = torch::pairwise_distance(a, b);
  auto pull = same * distance.pow(2); // THROWN: siamese_similarity_label_on_host
  auto push = (1 - same) * torch::clamp(margin - distance, 0.0).pow(2);
  return (pull + push).mean();
}

struct Pair {
  torch::Tensor left, right, same;
};

Pair pairs(int64_t n) {
  return {torch::rand({n, 6}), torch::rand({n, 6}), torch::randint(0, 2, {n}).to(torch::kFloat)};
}

} // namespace siamese

void case_siamese_whole_pair_moves() {
  using namespace siamese;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Twin twin;
  twin->to(device);
  torch::optim::RMSprop opt(twin->parameters(), torch::optim::RMSpropOptions(1e-3));
  for (int i = 0; i < 2; ++i) {
    auto [left, right, same] = pairs(4);
    auto [a, b] = twin->forward(left.to(device), right.to(device));
    auto loss = contrastive(a, b, same.to(a.device()));
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_siamese_similarity_label_on_host() {
  using namespace siamese;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Twin twin;
  twin->to(device);
  for (int i = 0; i < 2; ++i) {
    auto [left, right, same] = pairs(4);
    auto [a, b] = twin->forward(left.to(device), right.to(device));
    auto loss = contrastive(a, b, same); // THROWS: device
    loss.backward();
  }
}

void case_siamese_one_side_on_host() {
  using namespace siamese;
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  Twin twin;
  twin->to(device);
  auto batch = pairs(4);
  batch.left = batch.left.to(device);
  batch.same = batch.same.to(device);
  auto [a, b] = twin->forward(batch.left, batch.right); // THROWS: device
  auto loss = contrastive(a, b, batch.same);
  loss.backward();
}

namespace simclr {

torch::Tensor ntXent(const torch::Tensor &z1, const torch::Tensor &z2, double temperature, bool eyeBeside) {
  const auto n = z1.size(0);
  auto z = torch::nn::functional::normalize(torch::cat({z1, z2}));
  auto similarity = torch::mm(z, z.t()) / temperature;
  auto self = eyeBeside ? torch::eye(2 * n, z.options().dtype(torch::kBool)) : torch::eye(2 * n, torch::kBool);
  similarity = similarity.masked_fill(self, -1e9); // THROWN: simclr_mask_on_host
  auto target = torch::cat({torch::arange(n, 2 * n), torch::arange(n)}).to(z.device());
  return torch::nn::functional::cross_entropy(similarity, target);
}

torch::Tensor augment(const torch::Tensor &x) { return x + 0.1 * torch::randn_like(x); }

} // namespace simclr

void case_simclr_mask_beside_embeddings() {
  const auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear encoder(5, 4);
  encoder->to(device);
  auto x = torch::rand({3, 5}).to(device);
  auto loss = simclr::ntXent(encoder(simclr::augment(x)), encoder(simclr::augment(x)), 0.5, true);
  loss.backward();
  std::cout << encoder->weight.grad().norm().item<float>() << "\n";
}

void case_simclr_mask_on_host() {
  const auto device = torch::Device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear encoder(5, 4);
  encoder->to(device);
  auto x = torch::rand({3, 5}).to(device);
  auto loss = simclr::ntXent(encoder(simclr::augment(x)), encoder(simclr::augment(x)), 0.5, false); // THROWS: device
  loss.backward();
}

namespace distil {

struct Teacher {
  torch::nn::Sequential net{torch::nn::Linear(4, 16), torch::nn::ReLU(), torch::nn::Linear(16, 3)};
  torch::Device where{torch::kCPU};

  // Says soft labels, in the place where it lives.
  torch::Tensor operator()(const torch::Tensor &x, double t) {
    torch::NoGradGuard g;
    return torch::softmax(net->forward(x.to(where)) / t, 1);
  }
};

torch::Tensor kl(const torch::Tensor &student, const torch::Tensor &soft, double t) {
  return torch::nn::functional::kl_div(torch::log_softmax(student / t, 1), soft, // THROWN: distil_soft_labels_stay
                                       torch::nn::functional::KLDivFuncOptions(torch::kBatchMean)) * (t * t);
}

} // namespace distil

void case_distil_teacher_on_host() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  distil::Teacher teacher; // too large for the device; its answers are carried over
  torch::nn::Linear student(4, 3);
  student->to(device);
  torch::optim::SGD opt(student->parameters(), 0.1);
  for (int i = 0; i < 2; ++i) {
    auto x = torch::rand({5, 4}, device);
    auto loss = distil::kl(student(x), teacher(x, 2.0).to(device), 2.0);
    opt.zero_grad();
    loss.backward();
    opt.step();
  }
}

void case_distil_soft_labels_stay() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  distil::Teacher teacher;
  torch::nn::Linear student(4, 3);
  student->to(device);
  auto x = torch::rand({5, 4}, device);
  auto soft = teacher(x, 2.0);
  auto loss = distil::kl(student(x), soft, 2.0); // THROWS: device
  loss.backward();
}

namespace focal {

class FocalLossImpl : public torch::nn::Module {
public:
  FocalLossImpl(std::vector<float> alpha, double gamma) : gamma_(gamma) {
    alpha_ = register_buffer("alpha", torch::tensor(alpha));
  }
  torch::Tensor forward(const torch::Tensor &logits, const torch::Tensor &target) {
    auto log_p = torch::log_softmax(logits, 1).gather(1, target.unsqueeze(1)).squeeze(1);
    auto weight = alpha_.index_select(0, target) * (1 - log_p.exp()).pow(gamma_); // THROWN: focal_loss_not_moved
    return -(weight * log_p).mean();
  }

private:
  double gamma_;
  torch::Tensor alpha_;
};
TORCH_MODULE(FocalLoss);

} // namespace focal

void case_focal_loss_moved() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(4, 3);
  focal::FocalLoss criterion(std::vector<float>{0.2f, 0.3f, 0.5f}, 2.0);
  for (torch::nn::Module *m : std::vector<torch::nn::Module *>{net.get(), criterion.get()})
    m->to(device);
  auto y = torch::randint(0, 3, {6}, torch::kLong).to(device);
  auto loss = criterion(net(torch::rand({6, 4}, device)), y);
  loss.backward();
}

void case_focal_loss_not_moved() {
  torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  torch::nn::Linear net(4, 3);
  focal::FocalLoss criterion(std::vector<float>{0.2f, 0.3f, 0.5f}, 2.0);
  net->to(device);
  auto x = torch::rand({6, 4}, device);
  auto y = torch::randint(0, 3, {6}, torch::kLong).to(device);
  auto loss = criterion(net(x), y); // THROWS: device
  loss.backward();
}

namespace centre {

// Class centres that follow the features.
struct CentreLoss {
  torch::Tensor centres;
  double rate = 0.5;

  CentreLoss(int64_t classes, int64_t width, torch::Device d) : centres(torch::zeros({classes, width}).to(d)) {}

  torch::Tensor operator()(const torch::Tensor &features, const torch::Tensor &labels) {
    auto mine = centres.index({labels}); // THROWN: centre_made_on_host
    auto loss = (features - mine).pow(2).sum(1).mean();
    torch::NoGradGuard g;
    centres.index_put_({labels}, mine + rate * (features - mine));
    return loss;
  }
};

} // namespace centre

void case_centre_labels_may_index_from_host() {
  auto device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  torch::nn::Linear net(4, 2);
  net->to(device);
  centre::CentreLoss criterion(3, 2, device);
  auto labels = torch::tensor({0, 2, 1, 0}); // indices of the host into the device
  auto loss = criterion(net(torch::rand({4, 4}, device)), labels);
  loss.backward();
}

void case_centre_made_on_host() {
  auto device = torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
  torch::nn::Linear net(4, 2);
  net->to(device);
  centre::CentreLoss criterion(3, 2, torch::kCPU);
  auto labels = torch::tensor({0, 2, 1, 0}).to(device);
  auto loss = criterion(net(torch::rand({4, 4}, device)), labels); // THROWS: device
  loss.backward();
}
