#include "checks/flow/Ranks.h"
#include "checks/flow/TensorCall.h"
#include "llvm/ADT/StringSet.h"

using namespace clang;

namespace torch_tidy {

std::optional<int> lengthOf(const State &S, const Value &V) {
  if (V.K == Value::Int || V.K == Value::Sym)
    return 1;
  if (V.K == Value::Object && S.Objects[V.Id].K == Object::List &&
      !S.Objects[V.Id].Opaque)
    return S.Objects[V.Id].Elems.size();
  return std::nullopt;
}

std::optional<int> Interp::TensorCall::dims() const {
  auto Arg = [&](std::initializer_list<StringRef> Names) -> const Value * {
    for (auto &[Role, V] : Given)
      if (llvm::is_contained(Names, Role))
        return &V;
    return nullptr;
  };
  auto Dims = [&](unsigned I) -> std::optional<int> {
    if (I >= Operands.size())
      return std::nullopt;
    const TensorFact &F = Operands[I].Fact;
    if (F.Dims >= 0)
      return F.Dims;
    return F.Dim == Rank::Zero ? std::optional<int>(0) : std::nullopt;
  };
  auto Plus = [](std::optional<int> A, int B) -> std::optional<int> {
    return A && *A + B >= 0 ? std::optional<int>(*A + B) : std::nullopt;
  };
  std::optional<int> Self = Dims(0);
  StringRef Name = Op;
  Name.consume_front("nn::functional::");
  Name.consume_back("_");
  static const llvm::StringSet<> Reductions = {
      "sum",  "mean",   "prod",   "var",     "std",      "max", "min",
      "amax", "amin",   "argmax", "argmin",  "all",      "any", "norm",
      "mode", "median", "nansum", "nanmean", "logsumexp"};
  if (Reductions.contains(Name)) {
    const Value *Dim = Arg({"dim", "dims"});
    // `max(other)` is elementwise.
    if (!Dim)
      return Operands.size() > 1 ? std::nullopt : std::optional<int>(0);
    const Value *Keep = Arg({"keepdim"});
    if (Keep && Keep->K == Value::Int && Keep->N)
      return Self;
    std::optional<int> Gone = lengthOf(S, *Dim);
    if (Keep && Keep->K != Value::Int)
      return std::nullopt;
    return Gone ? Plus(Self, -*Gone) : std::nullopt;
  }
  if (Name == "unsqueeze" || Name == "one_hot")
    return Plus(Self, 1);
  if (Name == "stack")
    return Plus(Self, 1);
  if (Name == "select")
    return Plus(Self, -1);
  if (Name == "view" || Name == "reshape" || Name == "expand" ||
      Name == "repeat" || Name == "permute" || Name == "resize") {
    const Value *Size = Arg({"size", "shape", "sizes", "repeats", "dims"});
    return Size ? lengthOf(S, *Size) : std::nullopt;
  }
  if (Name == "view_as" || Name == "expand_as" || Name == "reshape_as")
    return Dims(1);
  if (Name == "flatten") {
    const Value *Start = Arg({"start_dim"});
    if (Arg({"end_dim"}))
      return std::nullopt;
    if (!Start)
      return 1;
    return Start->K == Value::Int && Start->N >= 0
               ? std::optional<int>(Start->N + 1)
               : std::nullopt;
  }
  if (Name == "mm" || Name == "addmm" || Name == "outer" || Name == "t")
    return 2;
  if (Name == "bmm" || Name == "baddbmm")
    return 3;
  if (Name == "dot" || Name == "trace" || Name == "det")
    return 0;
  if (Name == "mv" || Name == "diag_embed" || Name == "nonzero")
    return std::nullopt;
  if (Name == "matmul") {
    std::optional<int> B = Dims(1);
    if (!Self || !B)
      return std::nullopt;
    if (*Self == 1 || *B == 1)
      return std::max(*Self, *B) - 1;
    return std::max(*Self, *B);
  }
  if (Name == "embedding")
    return std::nullopt;
  static const llvm::StringSet<> Same = {"transpose",
                                         "cat",
                                         "concat",
                                         "narrow",
                                         "slice",
                                         "gather",
                                         "flip",
                                         "roll",
                                         "cumsum",
                                         "cumprod",
                                         "softmax",
                                         "log_softmax",
                                         "sort",
                                         "topk",
                                         "triu",
                                         "tril",
                                         "linear",
                                         "layer_norm",
                                         "batch_norm",
                                         "conv1d",
                                         "conv2d",
                                         "conv3d",
                                         "max_pool1d",
                                         "max_pool2d",
                                         "avg_pool2d",
                                         "adaptive_avg_pool2d",
                                         "pad",
                                         "clone",
                                         "contiguous",
                                         "detach",
                                         "normalize",
                                         "group_norm",
                                         "instance_norm",
                                         "logcumsumexp",
                                         "index_select",
                                         "fft_fft",
                                         "repeat_interleave"};
  if (Same.contains(Name))
    return Self;
  static const llvm::StringSet<> Elementwise = {
      "add",          "sub",        "mul",         "div",
      "pow",          "remainder",  "relu",        "sigmoid",
      "tanh",         "exp",        "log",         "abs",
      "neg",          "sqrt",       "rsqrt",       "square",
      "sin",          "cos",        "gelu",        "silu",
      "elu",          "selu",       "leaky_relu",  "softplus",
      "clamp",        "clamp_min",  "clamp_max",   "where",
      "lerp",         "addcmul",    "addcdiv",     "maximum",
      "minimum",      "eq",         "ne",          "lt",
      "gt",           "le",         "ge",          "logical_not",
      "logical_and",  "logical_or", "dropout",     "masked_fill",
      "bitwise_and",  "bitwise_or", "bitwise_not", "floor",
      "ceil",         "round",      "sign",        "log1p",
      "expm1",        "reciprocal", "erf",         "fmod",
      "atan2",        "isnan",      "nan_to_num",  "mish",
      "hardtanh",     "relu6",      "logsigmoid",  "log_sigmoid",
      "tan",          "log2",       "log10",       "true_divide",
      "floor_divide", "sinh",       "cosh",        "subtract",
      "multiply",     "divide"};
  if (!Elementwise.contains(Name))
    return std::nullopt;
  int Most = 0;
  for (unsigned I = 0; I < Operands.size(); ++I) {
    std::optional<int> D = Dims(I);
    if (!D)
      return std::nullopt;
    Most = std::max(Most, *D);
  }
  return Most;
}

// `x.index({Slice(), 0, indices})`: a number takes a dimension away, tensors
// together put theirs in the place of those that they index.
std::optional<int> Interp::TensorCall::indexDims() const {
  if (Operands[0].Fact.Dims < 0 || Given.size() != 1)
    return std::nullopt;
  int Dims = Operands[0].Fact.Dims, Indexed = 0, Most = 0;
  std::vector<Value> Indices{Given[0].second};
  if (const Value &V = Given[0].second; V.K == Value::Object) {
    Indices.clear();
    if (S.Objects[V.Id].K != Object::List || S.Objects[V.Id].Opaque)
      return std::nullopt;
    for (CellId C : S.Objects[V.Id].Elems)
      Indices.push_back(I.load(C));
  }
  for (const Value &At : Indices) {
    if (At.K == Value::Int || At.K == Value::Sym) {
      --Dims;
    } else if (At.K == Value::Tensor) {
      const TensorFact &F = S.Handles[At.Id].Fact;
      // A mask of as many dimensions selects into one.
      if (F.Type == Dtype::Bool || F.Dims < 0)
        return F.Type == Dtype::Bool && Dims > 0 ? std::optional<int>(1)
                                                 : std::nullopt;
      ++Indexed;
      Most = std::max<int>(Most, F.Dims);
    }
  }
  Dims += Indexed ? Most - Indexed : 0;
  return Dims >= 0 ? std::optional<int>(Dims) : std::nullopt;
}

void setDims(TensorFact &F, std::optional<int> Dims) {
  F.Dims = Dims ? *Dims : -1;
  if (Dims)
    F.Dim = *Dims ? Rank::Some : Rank::Zero;
}

std::optional<int> moduleDims(StringRef Kind, const TensorFact &Input) {
  if (Input.Dims < 0)
    return std::nullopt;
  if (Kind == "Embedding")
    return Input.Dims + 1;
  bool Same = Kind == "Linear" || Kind.starts_with("Conv") ||
              Kind.starts_with("BatchNorm") || Kind.starts_with("Dropout") ||
              Kind == "LayerNorm" || Kind == "ReLU" || Kind == "Sigmoid" ||
              Kind == "Tanh" || Kind == "GELU" || Kind == "LeakyReLU" ||
              Kind == "Softmax" || Kind == "LogSoftmax" ||
              Kind.starts_with("MaxPool") || Kind.starts_with("AvgPool") ||
              Kind == "GroupNorm" || Kind == "Identity" || Kind == "RNN" ||
              Kind == "LSTM" || Kind == "GRU" ||
              Kind.starts_with("Transformer");
  return Same ? std::optional<int>(Input.Dims) : std::nullopt;
}

} // namespace torch_tidy
