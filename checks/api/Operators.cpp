#include "checks/api/Operators.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace torch_tidy::api {
using llvm::StringRef;

namespace {

struct OperatorRow {
  llvm::StringLiteral Name;
  OperatorInfo Info;
  /// `NAME_out` and `NAME_outf` exist.
  bool HasOut;
};

constexpr OperatorRow Operators[] = {
#define OPERATOR(Name, Kind, Results, List, HasOut, Factory)                   \
  {Name, {OperatorInfo::Kind, Results, List, Factory}, HasOut},
#include "checks/api/data/operators.inc"
#undef OPERATOR
};

const OperatorRow *find(StringRef Name) {
  const OperatorRow *Row =
      llvm::lower_bound(Operators, Name, [](const OperatorRow &R, StringRef N) {
        return StringRef(R.Name) < N;
      });
  return Row != std::end(Operators) && Row->Name == Name ? Row : nullptr;
}

} // namespace

std::string operatorName(StringRef Name) {
  Name.consume_front("::");
  for (StringRef Space : {"torch::", "at::", "_ops::"})
    Name.consume_front(Space);
  if (Name.starts_with("nn::functional::"))
    return Name.str();
  if (Name.starts_with("nn::utils::rnn::"))
    return Name.rsplit("::").second.str();
  for (StringRef Class : {"Tensor::", "TensorBase::"})
    Name.consume_front(Class);
  std::string Prefix;
  for (StringRef Space : {"linalg", "fft", "special"})
    if (Name.consume_front((Space.str() + "::"))) {
      // The C++ header has both torch::fft::fft and torch::fft_fft.
      Name.consume_front("detail::");
      Prefix = Space.str() + "_";
      if (Name.starts_with(Prefix))
        Prefix.clear();
    }
  if (Name.ends_with("_outf"))
    Name = Name.drop_back();
  return Prefix + Name.str();
}

const OperatorInfo *findOperator(StringRef Op) {
  Op.consume_front("torch::");
  bool Functional = Op.consume_front("nn::functional::");
  if (const OperatorRow *Row = find(Op))
    return &Row->Info;
  if (Functional)
    return nullptr;
  static constexpr OperatorInfo Predicate = {OperatorInfo::NotTensor, 0, false,
                                             false};
  if (Op.starts_with("is_"))
    return &Predicate;
  static constexpr OperatorInfo Out = {OperatorInfo::Out, 1, false, false};
  StringRef Base = Op;
  if (Base.consume_back("_outf") || Base.consume_back("_out"))
    if (const OperatorRow *Row = find(Base); Row && Row->HasOut)
      return &Out;
  return nullptr;
}

Dtype factoryDtype(StringRef Op, Dtype Numbers, bool OptionsGiven) {
  return llvm::StringSwitch<Dtype>(Op)
      .Case("arange", Numbers == Dtype::Bool ? Dtype::Int64 : Numbers)
      .Case("full", Numbers)
      .Case("randperm", Dtype::Int64)
      .Case("tril_indices", Dtype::Int64)
      .Case("triu_indices", Dtype::Int64)
      .Case("randint", OptionsGiven ? Dtype::Float : Dtype::Int64)
      .Default(Dtype::Float);
}

} // namespace torch_tidy::api
