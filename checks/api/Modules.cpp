//===- Modules.cpp - what the modules of torch::nn demand -----------------===//
//
// A module is judged as the operator that its forward comes down to, with the
// module's state in the operator's other roles: Linear is `linear(input,
// weight, bias)`. Modules whose forward is no single operator (recurrent ones,
// attention, Transformer) have rows of their own, named with a leading '@'.
//
//===----------------------------------------------------------------------===//
#include "checks/api/Contracts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace torch_tidy::api {
using llvm::StringRef;

namespace {

// Options that give a module its state or take it away.
constexpr llvm::ArrayRef<StringRef> None;
constexpr StringRef AffineOrStatistics[] = {"affine", "track_running_stats"};
constexpr StringRef ElementwiseAffine[] = {"elementwise_affine"};
constexpr StringRef Affine[] = {"affine"};
constexpr StringRef Weight[] = {"weight"};
constexpr StringRef Weights[] = {"weight", "pos_weight"};
constexpr StringRef RandomSamples[] = {"_random_samples"};

struct ModuleRow {
  llvm::StringLiteral Name;
  /// ATen's operator, "@NAME", or empty for one that only hands on its input.
  llvm::StringLiteral Op;
  ModuleInfo Info;
  /// Roles that the state takes, and inputs that the operator names otherwise
  /// ("input=indices"): space-separated.
  llvm::StringLiteral StateRoles, InputRoles;
};

constexpr ModuleRow Modules[] = {
#define MODULE(Name, Op, HasState, Options, Results, StateRoles, InputRoles)   \
  {Name, Op, {HasState, Options, Results}, StateRoles, InputRoles},
#include "checks/api/data/modules.inc"
#undef MODULE
};

const ModuleRow *find(StringRef Name) {
  Name.consume_back("Impl");
  const ModuleRow *Row =
      llvm::lower_bound(Modules, Name, [](const ModuleRow &R, StringRef N) {
        return StringRef(R.Name) < N;
      });
  return Row != std::end(Modules) && Row->Name == Name ? Row : nullptr;
}

/// The state and the inputs as the operands of the operator.
struct ModuleCall {
  llvm::SmallVector<CallOperand, 8> Operands;
  /// For each operand the number of the input, from 1; 0 for the state.
  llvm::SmallVector<unsigned, 8> Number;

  ModuleCall(const ModuleRow &Row, const TensorFact *State,
             llvm::ArrayRef<CallOperand> Inputs) {
    for (unsigned I = 0; I != Inputs.size(); ++I) {
      Operands.push_back({role(Row, Inputs[I].Role, I), Inputs[I].Fact});
      Number.push_back(I + 1);
    }
    if (!State)
      return;
    for (StringRef Role : llvm::split(Row.StateRoles, ' ')) {
      if (Role.empty())
        continue;
      TensorFact Fact = *State;
      Fact.Dim = Rank::Some; // Parameters and buffers have dimensions.
      Operands.push_back({Role, Fact});
      Number.push_back(0);
    }
  }

  Judgement numbered(Judgement J) const {
    if (J.throws()) {
      J.Wrong = Number[J.Wrong];
      J.Against = Number[J.Against];
    }
    return J;
  }

private:
  static StringRef role(const ModuleRow &Row, StringRef Role, unsigned I) {
    for (StringRef Pair : llvm::split(Row.InputRoles, ' ')) {
      auto [Name, There] = Pair.split('=');
      if (Name == Role)
        return There;
    }
    // LSTM's forward says hx_opt, its cell's hx_opt as well.
    if (Role == "hx_opt" || Role == "hx" || Role == "cx")
      return "hx";
    llvm::ArrayRef<OperandRow> Rows = operandRows(measuredName(Row.Op));
    if (findRow(Rows, Role))
      return Role;
    // Losses say `input1` and `targets` where their operator says otherwise:
    // the order is the same. Roles behind '@' are forward's own.
    if (StringRef(Row.Op).starts_with("@") && !Role.empty())
      return Role;
    for (const OperandRow &R : Rows)
      if (!llvm::is_contained(llvm::split(Row.StateRoles, ' '),
                              StringRef(R.Role)) &&
          I-- == 0)
        return R.Role;
    return Role;
  }
};

} // namespace

const ModuleInfo *findModule(StringRef Name) {
  const ModuleRow *Row = find(Name);
  return Row ? &Row->Info : nullptr;
}

Judgement judgeModuleDevices(StringRef Name, const TensorFact *State,
                             llvm::ArrayRef<CallOperand> Inputs) {
  const ModuleRow *Row = find(Name);
  if (!Row)
    return {};
  ModuleCall Call(*Row, State, Inputs);
  return Call.numbered(judgeDevicesOf(operandRows(measuredName(Row->Op)),
                                      /*InPlace=*/false, Call.Operands));
}

Judgement judgeModuleDtypes(StringRef Name, const TensorFact *State,
                            llvm::ArrayRef<CallOperand> Inputs) {
  const ModuleRow *Row = find(Name);
  if (!Row)
    return {};
  ModuleCall Call(*Row, State, Inputs);
  return Call.numbered(judgeDtypes(Row->Op, Call.Operands));
}

TensorFact moduleResult(StringRef Name, const TensorFact *State,
                        llvm::ArrayRef<CallOperand> Inputs, unsigned Index,
                        const CallShape &Shape) {
  const ModuleRow *Row = find(Name);
  TensorFact Result;
  if (!Row || Inputs.empty())
    return Result;
  if (Row->Op.empty())
    return Row->Name == "Identity" ? Inputs.front().Fact : Result;
  if (StringRef(Row->Op).starts_with("@")) {
    // What did not throw is on the one device and of the one dtype.
    Result = Inputs.front().Fact;
    if (!Result.Dev.isKnown() && State)
      Result.Dev = State->Dev;
    if (Result.Type == Dtype::Unknown && State)
      Result.Type = State->Type;
    Result.Dim = Rank::Some;
    return Result;
  }
  ModuleCall Call(*Row, State, Inputs);
  return resultFact(Row->Op, Call.Operands, Shape, Index);
}

} // namespace torch_tidy::api
