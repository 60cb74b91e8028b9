//===- Cases.h - what the cases of device_cases are made of ---------------===//
//
// A case is a function that is registered under a name where it stands. Cases
// lie in several files; main is in device_cases.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_CONTRACTS_CASES_H
#define TORCH_TIDY_RUNTIME_CONTRACTS_CASES_H

#include <functional>
#include <string>
#include <torch/torch.h>
#include <vector>

namespace torch_tidy::cases {

using torch::Tensor;
namespace nn = torch::nn;

constexpr auto D = torch::kCUDA;

struct Case {
  const char *Name;
  std::function<void()> Run;
  bool NeedsTwo; ///< Devices.
};
std::vector<Case> &cases();
struct Add {
  Add(const char *Name, std::function<void()> Run, bool NeedsTwo = false) {
    cases().push_back({Name, std::move(Run), NeedsTwo});
  }
};

/// Reports that the case that runs now does not hold.
void failed(const std::string &What);
#define HOLDS(...)                                                             \
  do {                                                                         \
    if (!(__VA_ARGS__))                                                        \
      failed("line " + std::to_string(__LINE__) + ": " #__VA_ARGS__);          \
  } while (false)

/// \p F has to throw something with \p Text in it.
void throws(const char *Text, const std::function<void()> &F);

/// The same shape and numbers, wherever they are.
bool near(const Tensor &A, const Tensor &B, double Tolerance = 1e-5);

} // namespace torch_tidy::cases

#endif
