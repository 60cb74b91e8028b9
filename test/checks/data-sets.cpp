// RUN: %check_torch %s
// The program's own data sets run under its facts where their loader is read.
#include <torch/torch.h>
using torch::Tensor;
namespace data = torch::data;

struct Rows : data::datasets::Dataset<Rows> {
  explicit Rows(Tensor all) : all(all) {}
  data::Example<> get(size_t index) override {
    return {all[index], torch::tensor(int64_t(index))};
  }
  torch::optional<size_t> size() const override { return 4; }
  Tensor all;
};
template <class Set> auto loader(Set set) {
  return data::make_data_loader(set.map(data::transforms::Stack<>()), 2);
}

void onHost() {
  torch::nn::Linear m(3, 2);
  m->to(torch::kCUDA);
  for (auto &batch : *loader(Rows(torch::rand({4, 3}))))
    m(batch.data); // expect: 'batch.data' is on the CPU but 'm' was moved to CUDA
}
void onDevice() {
  torch::nn::Linear m(3, 2);
  m->to(torch::kCUDA);
  auto l = loader(Rows(torch::rand({4, 3}, torch::kCUDA)));
  for (auto &batch : *l) {
    auto y = m(batch.data);
    torch::nll_loss(y, batch.target); // expect: 'batch.target' is on the CPU but 'y' is on CUDA
  }
}
void doubles() {
  torch::nn::Linear m(3, 2);
  for (auto batch : *loader(Rows(torch::rand({4, 3}, torch::kDouble)))) {
    m(batch.data.to(torch::kFloat));
    m(batch.data); // expect: 'batch.data' holds Double but 'm' works in Float
  }
}
void byIterator() {
  torch::nn::Linear m(3, 2);
  auto l = loader(Rows(torch::rand({4, 3}, torch::kDouble)));
  for (auto it = l->begin(); it != l->end(); ++it)
    m(it->data); // expect: 'it->data' holds Double but 'm' works in Float
  m((*l->begin()).data); // expect: 'data' holds Double but 'm' works in Float
}
void transforms() {
  torch::nn::Linear m(3, 2);
  auto set = Rows(torch::rand({4, 3}, torch::kDouble))
                 .map(data::transforms::Lambda<data::Example<>>([](data::Example<> e) {
                   e.data = e.data.to(torch::kFloat);
                   return e;
                 }));
  for (auto &batch : *loader(set))
    m(batch.data);
}
// Examples that nobody stacks.
void examples() {
  torch::nn::Linear m(3, 2);
  auto l = data::make_data_loader(Rows(torch::rand({4, 3}, torch::kCUDA)), 2);
  for (auto &batch : *l)
    for (auto &example : batch)
      m(example.data); // expect: 'example.data' is on CUDA but 'm' is on the CPU
}
void tensors() {
  torch::nn::Linear m(3, 2);
  auto set = data::datasets::TensorDataset(torch::rand({4, 3}, torch::kDouble))
                 .map(data::transforms::Stack<data::TensorExample>());
  auto l = data::make_data_loader(std::move(set), 2);
  for (auto &batch : *l)
    m(batch.data); // expect: 'batch.data' holds Double but 'm' works in Float
}
// What is read from a file is not known.
struct Files : data::datasets::Dataset<Files> {
  Tensor read(size_t index);
  data::Example<> get(size_t index) override { return {read(index), torch::zeros({1})}; }
  torch::optional<size_t> size() const override { return 4; }
};
void files() {
  torch::nn::Linear m(3, 2);
  for (auto &batch : *loader(Files()))
    m(batch.data);
}

// One whose code is elsewhere reads what it gives, if it knows no device.
struct Elsewhere : data::datasets::Dataset<Elsewhere> {
  explicit Elsewhere(const std::string &path);
  data::Example<> get(size_t index) override;
  torch::optional<size_t> size() const override;
};
void elsewhere() {
  torch::nn::Linear m(3, 2);
  m->to(torch::kCUDA);
  for (auto &batch : *loader(Elsewhere("rows"))) {
    auto y = m(batch.data); // expect: 'batch.data' is on the CPU but 'm' was moved to CUDA
    torch::nll_loss(y, batch.target.to(torch::kCUDA));
  }
}
struct Placed : data::datasets::Dataset<Placed> {
  Placed(const std::string &path, torch::Device device);
  data::Example<> get(size_t index) override;
  torch::optional<size_t> size() const override;
};
void placed() {
  torch::nn::Linear m(3, 2);
  m->to(torch::kCUDA);
  for (auto &batch : *loader(Placed("rows", torch::kCUDA)))
    m(batch.data);
}

// An example may come back empty.
struct Perhaps : data::datasets::Dataset<Perhaps> {
  data::Example<> get(size_t index) override {
    if (index > 2) {
      data::Example<> none;
      return none;
    }
    return {torch::rand({3}), torch::tensor(int64_t(index))};
  }
  torch::optional<size_t> size() const override { return 4; }
};
void perhaps() {
  torch::nn::Linear m(3, 2);
  m->to(torch::kCUDA);
  for (auto &batch : *loader(Perhaps())) {
    auto y = m(batch.data.to(torch::kCUDA));
    torch::nll_loss(y, batch.target); // expect: 'batch.target' is on the CPU but 'y' is on CUDA
  }
}

// A collation of the program's own, which stacks what it makes.
struct Captions {
  Tensor words;
  Tensor lengths;
};
using CaptionBatch = data::Example<Tensor, Captions>;
struct Collate : data::transforms::Collation<CaptionBatch, std::vector<data::Example<>>> {
  CaptionBatch apply_batch(std::vector<data::Example<>> all) override {
    std::vector<int64_t> lengths;
    std::vector<data::Example<>> padded;
    for (auto &one : all) {
      lengths.push_back(one.target.size(0));
      padded.emplace_back(one.data, one.target);
    }
    auto stacked = data::transforms::Stack<>().apply_batch(padded);
    return {stacked.data, {stacked.target, torch::tensor(lengths).cuda()}};
  }
};
void collated() {
  auto cuda = torch::rand({3}, torch::kCUDA);
  auto batches = data::make_data_loader(Rows(torch::rand({4, 3})).map(Collate()), 2);
  for (auto &batch : *batches) {
    batch.data + cuda;         // expect: 'batch.data' is on the CPU but 'cuda' is on CUDA
    batch.target.words + cuda; // expect: 'batch.target.words' is on the CPU but 'cuda' is on CUDA
    batch.target.lengths + cuda;
  }
}

// A transform that is called like a function, by whoever it is given to.
Tensor read(std::function<Tensor(Tensor)> change = [](Tensor x) { return x; }) {
  return change(torch::rand({3, 4, 4}));
}
void calledTransform() {
  auto cuda = torch::rand({3, 4, 4}, torch::kCUDA);
  data::transforms::Normalize<> normalize({0.5, 0.5, 0.5}, {0.2, 0.2, 0.2});
  normalize(cuda.cpu()) + cuda; // expect: 'normalize(cuda.cpu())' is on the CPU but 'cuda' is on CUDA
  read(normalize) + cuda;       // expect: 'read(normalize)' is on the CPU but 'cuda' is on CUDA
  read() + cuda;                // expect: 'read()' is on the CPU but 'cuda' is on CUDA
}
