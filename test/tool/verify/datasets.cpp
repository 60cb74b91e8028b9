// Functions of data sets and loaders that the program defines.
// REQUIRES: libtorch, runtime
// RUN: not %torch-tidy verify --device=emulated %s -- %torch_flags > %t
// RUN: FileCheck %s --implicit-check-not=warning: < %t
#include <fstream>
#include <torch/torch.h>

namespace data = torch::data;
using torch::data::transforms::Stack;

struct Points : data::datasets::Dataset<Points> {
  explicit Points(int64_t count) : count(count) {}
  data::Example<> get(size_t) override {
    return {torch::rand({4}), torch::zeros({}, torch::kLong)};
  }
  torch::optional<size_t> size() const override { return count; }
  int64_t count;
};
struct Sample {
  torch::Tensor image, mask;
  std::string name;
};
// An example type of its own.
class Segments : public data::datasets::Dataset<Segments, Sample> {
public:
  Segments(std::string, std::vector<std::string> files) : files(files) {}
  Sample get(size_t at) override {
    return {torch::rand({4}), torch::rand({3}), files[at]};
  }
  torch::optional<size_t> size() const override { return files.size(); }

private:
  std::vector<std::string> files;
};
struct Words : data::datasets::StreamDataset<Words, std::vector<torch::Tensor>> {
  std::vector<torch::Tensor> get_batch(size_t size) override {
    return std::vector<torch::Tensor>(size, torch::rand({4}));
  }
  torch::optional<size_t> size() const override { return torch::nullopt; }
};
// No such file here.
struct Files : data::datasets::Dataset<Files> {
  explicit Files(const std::string &path) {
    if (!std::ifstream(path))
      throw std::runtime_error("no " + path);
  }
  data::Example<> get(size_t) override {
    return {torch::rand({4}), torch::zeros({}, torch::kLong)};
  }
  torch::optional<size_t> size() const override { return 2; }
};
struct Net : torch::nn::Module {
  torch::nn::Linear fc{nullptr};
  Net() { fc = register_module("fc", torch::nn::Linear(4, 3)); }
  torch::Tensor forward(torch::Tensor x) { return fc->forward(x); }
};

// The data sets themselves.
void masks(Net &net, Segments segments) {
  net.to(torch::kCUDA);
  auto sample = segments.get(0);
  net.forward(sample.image);
  // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}; in masks(net, segments) given
}
void words(Net &net, Words &stream) {
  net.to(torch::kCUDA);
  net.forward(stream.get_batch(2)[0]);
  // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}; in words(net, stream) given
}
template <class Dataset> void any(Net &net, Dataset set) {
  net.to(torch::kCUDA);
  auto loader = data::make_data_loader(set.map(Stack<>()), 2);
  for (auto &batch : *loader)
    net.forward(batch.data);
  // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}; in any(net, set) given
}

// Loaders of a type that is written out.
using PointSet = data::datasets::MapDataset<
    data::datasets::MapDataset<Points, data::transforms::Normalize<>>, Stack<>>;
void train(Net &net,
           data::StatelessDataLoader<PointSet, data::samplers::RandomSampler> &loader,
           torch::optim::SGD &sgd) {
  net.to(torch::kCUDA);
  for (auto &batch : loader) {
    sgd.zero_grad();
    net.forward(batch.data.flatten(1));
    // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
    // CHECK: note: confirmed on {{.*}}; in train(net, loader, sgd) given
  }
}
void unstacked(
    Net &net,
    std::unique_ptr<data::StatelessDataLoader<Segments, data::samplers::SequentialSampler>> loader) {
  net.to(torch::kCUDA);
  for (auto &batch : *loader)
    for (auto &sample : batch)
      net.forward(sample.image);
  // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}; in unstacked(net, loader) given
}

// Loaders whose type is deduced: with the program's own data first.
template <class Loader> void named(Net &net, Loader &loader) {
  net.to(torch::kCUDA);
  for (auto &batch : loader)
    for (Sample &sample : batch)
      net.forward(sample.image);
  // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}; in named(net, loader) given
}
template <class Loader> void fromFiles(Net &net, Loader &loader) {
  net.to(torch::kCUDA);
  for (auto &batch : loader)
    net.forward(batch.data);
  // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on {{.*}}; in fromFiles(net, loader) #2 given {{.*}}data: cpu Float
}

void instantiates(const std::string &path) {
  Net net;
  any(net, Points(4));
  // What this data set holds is known to be on the CPU, so it is told here too.
  named(net, *data::make_data_loader(Segments("a", {"b", "c"}), 2));
  // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
  // CHECK: note: confirmed on
  fromFiles(net, *data::make_data_loader(Files(path).map(Stack<>()), 2));
}

class Trainer {
public:
  Trainer(Points points, std::shared_ptr<Net> net) : points(points), net(net) {
    this->net->to(torch::kCUDA);
  }
  void epoch() {
    auto loader = data::make_data_loader<data::samplers::RandomSampler>(
        points.map(Stack<>()), 2);
    for (auto &batch : *loader)
      net->forward(batch.data);
    // CHECK: datasets.cpp:[[@LINE-1]]:{{[0-9]+}}: warning:
    // CHECK: note: confirmed on {{.*}}; in Trainer::epoch() given
  }

private:
  Points points;
  std::shared_ptr<Net> net;
};

// CHECK: 9 findings: 9 confirmed, 0 refuted, 0 unreached, 0 inconclusive
