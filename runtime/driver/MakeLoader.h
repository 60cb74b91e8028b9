//===- MakeLoader.h - a data loader over a few random examples ------------===//
//
// For functions that take a data loader, which are templates as a rule: they
// are called with this loader instead of the one that the program makes from
// files.
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

} // namespace torch_tidy::driver

#endif
