#include "checks/api/Tables.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace torch_tidy::api {
using llvm::StringLiteral;
using llvm::StringRef;

namespace {

constexpr OperandRow Operands[] = {
#define OPERAND(Op, Role, Many, Zero, CUDA, CPU, Index, Wide, ...)             \
  {Op, Role, Many, Zero, CUDA, CPU, Index, Wide, __VA_ARGS__},
#include "checks/api/data/operands.inc"
#undef OPERAND
};

constexpr StringLiteral Messages[] = {
#define MESSAGE(Text) Text,
#include "checks/api/data/messages.inc"
#undef MESSAGE
};

constexpr ResultRow Results[] = {
#define RESULT(Op, Group, Index, Rule, Type, TypeRoles, Rank, RankRoles)       \
  {Op,          CallGroup::Group, Index,          DtypeRule::Rule,             \
   Dtype::Type, TypeRoles,        RankRule::Rank, RankRoles},
#include "checks/api/data/results.inc"
#undef RESULT
};

struct AliasRow {
  StringLiteral Name, Op;
};
constexpr AliasRow Aliases[] = {
#define ALIAS(Name, Op) {Name, Op},
#include "checks/api/data/aliases.inc"
#undef ALIAS
};

/// The rows of one operator in a table that is sorted by operator.
template <typename Row, size_t N>
llvm::ArrayRef<Row> rowsOf(const Row (&Table)[N], StringRef Op) {
  const Row *Begin =
      llvm::lower_bound(Table, Op, [](const Row &R, StringRef Name) {
        return StringRef(R.Op) < Name;
      });
  const Row *End = Begin;
  while (End != std::end(Table) && End->Op == Op)
    ++End;
  return {Begin, End};
}

/// A name that is itself in a table, or that of its synonym; else empty.
StringRef known(StringRef Name) {
  if (!rowsOf(Operands, Name).empty() || !rowsOf(Results, Name).empty())
    return Name;
  const AliasRow *A =
      llvm::lower_bound(Aliases, Name, [](const AliasRow &R, StringRef Name) {
        return StringRef(R.Name) < Name;
      });
  return A != std::end(Aliases) && A->Name == Name ? StringRef(A->Op)
                                                   : StringRef();
}

/// Functions of torch::nn::functional whose ATen operator has another name.
StringRef functionalOperator(StringRef Name) {
  Name.consume_back("_with_indices");
  return llvm::StringSwitch<StringRef>(Name)
      .Case("cross_entropy", "cross_entropy_loss")
      .Case("grid_sample", "grid_sampler")
      .Case("affine_grid", "affine_grid_generator")
      .Case("fold", "col2im")
      .Case("unfold", "im2col")
      .Case("logsigmoid", "log_sigmoid")
      .Default(Name);
}

} // namespace

StringRef measuredName(StringRef Op) {
  Op.consume_front("torch::");
  if (Op.consume_front("nn::functional::"))
    Op = functionalOperator(Op);
  if (StringRef Name = known(Op); !Name.empty())
    return Name;
  StringRef Base = Op;
  if (!Base.consume_back("_outf"))
    Base.consume_back("_out");
  if (Base.size() == Op.size() && !Base.ends_with("__"))
    Base.consume_back("_");
  if (StringRef Name = known(Base); !Name.empty())
    return Name;
  return Op;
}

llvm::ArrayRef<OperandRow> operandRows(StringRef MeasuredName) {
  return rowsOf(Operands, MeasuredName);
}

const OperandRow *findRow(llvm::ArrayRef<OperandRow> Rows, StringRef Role) {
  auto Find = [&](StringRef Name) -> const OperandRow * {
    for (const OperandRow &R : Rows)
      if (R.Role == Name)
        return &R;
    return nullptr;
  };
  if (const OperandRow *R = Find(Role))
    return R;
  if (Role != "input" && Role != "self")
    return nullptr;
  if (const OperandRow *R = Find(Role == "self" ? "input" : "self"))
    return R;
  // A synonym may name its first parameter otherwise: inverse(self) is
  // linalg_inv(A).
  return Rows.empty() ? nullptr : Rows.begin();
}

StringRef measuredRole(StringRef Op, StringRef Role) {
  // torch/linalg.h: solve(input, other), solve_ex(input, other).
  if (Op.starts_with("linalg_solve") && Role == "other")
    return "B";
  // ATen/TensorIndexing.h: Tensor's own index_put_(indices, rhs).
  if (Op == "index_put_" && Role == "rhs")
    return "values";
  // It calls linalg_multi_dot(tensors).
  if (Op == "chain_matmul" && Role == "matrices")
    return "tensors";
  Op.consume_front("torch::");
  if (!Op.consume_front("nn::functional::"))
    return Role;
  if ((Op == "embedding" || Op == "embedding_bag") && Role == "input")
    return "indices";
  if (Op == "one_hot" && Role == "tensor")
    return "self";
  return Role;
}

llvm::ArrayRef<ResultRow> resultRows(StringRef MeasuredName) {
  return rowsOf(Results, MeasuredName);
}

StringRef messageText(unsigned Number) {
  return Number < std::size(Messages) ? Messages[Number] : StringLiteral("");
}

} // namespace torch_tidy::api
