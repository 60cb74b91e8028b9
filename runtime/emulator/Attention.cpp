//===- Attention.cpp - CUDA's fused attention, for the host ---------------===//
#include "Compat.h"
#include "Kernels.h"
#include <cmath>
#include <torch/library.h>

#if TORCH_TIDY_LIBTORCH_2

using at::Tensor;
using c10::SymInt;
using torch_tidy::emulator::compat::Optional;

namespace {

/// One batch: rows x heads x features in, the same and the log of the sums out.
std::tuple<Tensor, Tensor> attend(const Tensor &Query, const Tensor &Key,
                                  const Tensor &Value, const Tensor &Bias,
                                  int64_t Mask, double Scale) {
  Tensor Scores =
      Query.transpose(-3, -2).matmul(Key.transpose(-3, -2).transpose(-2, -1)) *
      Scale;
  if (Bias.defined())
    Scores = Scores + Bias;
  if (Mask != 0) {
    // 1: the diagonal starts top left; 2: it ends bottom right.
    int64_t Shift = Mask == 1 ? 0 : Key.size(-3) - Query.size(-3);
    Scores = Scores.masked_fill(
        at::ones({Query.size(-3), Key.size(-3)}, at::kBool).triu(Shift + 1),
        -std::numeric_limits<double>::infinity());
  }
  return {
      at::softmax(Scores, -1).matmul(Value.transpose(-3, -2)).transpose(-3, -2),
      at::logsumexp(Scores.to(at::kFloat), {-1})};
}

/// With \p StartsQuery and \p StartsKey, the batches lie one after another in
/// the first dimension of a single one.
std::tuple<Tensor, Tensor, Tensor, Tensor, SymInt, SymInt> efficientAttention(
    const Tensor &Query, const Tensor &Key, const Tensor &Value,
    const Optional<Tensor> &Bias, const Optional<Tensor> &StartsQuery,
    const Optional<Tensor> &StartsKey, Optional<SymInt> LongestQuery,
    Optional<SymInt> LongestKey, double Dropout, int64_t Mask, bool WantLogSum,
    Optional<double> Scale, const Optional<Tensor> &, Optional<int64_t>) {
  TORCH_CHECK(Dropout == 0, "The emulated CUDA device has no dropout in "
                            "_efficient_attention_forward");
  Tensor Bias4 = Bias.has_value() ? *Bias : Tensor();
  double Factor =
      Scale.value_or(1 / std::sqrt(static_cast<double>(Query.size(-1))));
  Tensor Out, LogSum;
  if (StartsQuery.has_value() && StartsQuery->defined()) {
    TORCH_CHECK(!WantLogSum, "The emulated CUDA device has no log of sums for "
                             "batches of different lengths");
    Out =
        at::empty({Query.size(0), Query.size(1), Query.size(2), Value.size(3)},
                  Query.options());
    Tensor Q = StartsQuery->to(at::kLong), K = StartsKey->to(at::kLong);
    for (int64_t I = 0; I + 1 < Q.size(0); ++I) {
      auto Part = [&](const Tensor &T, const Tensor &Starts) {
        return T.slice(1, Starts[I].item<int64_t>(),
                       Starts[I + 1].item<int64_t>());
      };
      Part(Out, Q).copy_(std::get<0>(attend(
          Part(Query, Q), Part(Key, K), Part(Value, K), Bias4, Mask, Factor)));
    }
    LogSum = at::empty({Q.size(0) - 1, Query.size(2), 0},
                       Query.options().dtype(at::kFloat));
  } else {
    std::tie(Out, LogSum) = attend(Query, Key, Value, Bias4, Mask, Factor);
    if (!WantLogSum)
      LogSum = LogSum.slice(2, 0, 0);
  }
  auto Counter = [] { return at::zeros({}, at::kLong); };
  return {Out.contiguous(),
          LogSum.contiguous(),
          Counter(),
          Counter(),
          LongestQuery.value_or(Query.size(1)),
          LongestKey.value_or(Key.size(1))};
}

} // namespace

void torch_tidy::emulator::registerAttention(torch::Library &Library) {
  Library.impl("_efficient_attention_forward", &efficientAttention);
}

#endif
