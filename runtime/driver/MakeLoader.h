//===- MakeLoader.h - data loaders for an entry's arguments ---------------===//
//
// For functions that take a data loader: one over a data set of the type that
// the loader's type names, and for templates also one over a few random
// examples, since the program's own data set may want files.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_DRIVER_MAKELOADER_H
#define TORCH_TIDY_RUNTIME_DRIVER_MAKELOADER_H

#include "Make.h"
#include <torch/data.h>

namespace torch_tidy::driver {

/// Eight examples: `data` and `target` are draws of their own, so the search
/// finds their shapes (of a batch of one) like those of any tensor.
class RandomDataset : public torch::data::datasets::Dataset<RandomDataset> {
public:
  RandomDataset(at::Tensor Data, at::Tensor Target)
      : Data(std::move(Data)), Target(std::move(Target)) {}
  torch::data::Example<> get(size_t) override { return {Data, Target}; }
  std::optional<size_t> size() const override { return 8; }

private:
  at::Tensor Data, Target;
};

/// Batches of two. The draws name whole batches; their first dimension is what
/// stacking adds.
inline auto loader(Args &A, const char *Name) {
  (void)Name;
  auto Example = [](const at::Tensor &Batch) {
    return Batch.dim() ? Batch.select(0, 0).cpu() : Batch.cpu();
  };
  at::Tensor Data = Example(tensor(A, "data"));
  at::Tensor Target = Example(tensor(A, "target"));
  return torch::data::make_data_loader<
      torch::data::samplers::SequentialSampler>(
      RandomDataset(Data, Target).map(torch::data::transforms::Stack<>()),
      torch::data::DataLoaderOptions().batch_size(2));
}

/// A loader of a given type, with batches of two.
template <class Loader> struct LoaderOver;
template <class Dataset, class Sampler>
struct LoaderOver<torch::data::StatelessDataLoader<Dataset, Sampler>> {
  static auto make(Dataset D) {
    Sampler S(D.size().value_or(8));
    return torch::data::make_data_loader(
        std::move(D), std::move(S),
        torch::data::DataLoaderOptions().batch_size(2));
  }
};
template <class Dataset>
struct LoaderOver<torch::data::StatefulDataLoader<Dataset>> {
  static auto make(Dataset D) {
    return torch::data::make_data_loader(
        std::move(D), torch::data::DataLoaderOptions().batch_size(2));
  }
};

template <class Loader, class Dataset> auto loaderOver(Dataset D) {
  return LoaderOver<Loader>::make(std::move(D));
}

} // namespace torch_tidy::driver

#endif
