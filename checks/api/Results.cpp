//===- Results.cpp - what an operator returns -----------------------------===//
#include "checks/api/Contracts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace torch_tidy::api {
using llvm::StringRef;

namespace {

bool names(StringRef Roles, StringRef Role) {
  if (Roles.empty())
    return true;
  for (StringRef R : llvm::split(Roles, ' '))
    if (R == Role || (R == "self" && Role == "input") ||
        (R == "input" && Role == "self"))
      return true;
  return false;
}

int category(Dtype T) {
  return T == Dtype::Bool ? 0 : isIntegral(T) ? 1 : isFloating(T) ? 2 : 3;
}

bool judged(Dtype T) { return T != Dtype::Unknown && T != Dtype::Other; }

Dtype complexOf(Dtype T) {
  switch (T) {
  case Dtype::Half:
    return Dtype::ComplexHalf;
  case Dtype::Float:
    return Dtype::ComplexFloat;
  case Dtype::Double:
    return Dtype::ComplexDouble;
  default:
    return isComplex(T) ? T : Dtype::Unknown;
  }
}

Dtype realOf(Dtype T) {
  switch (T) {
  case Dtype::ComplexHalf:
    return Dtype::Half;
  case Dtype::ComplexFloat:
    return Dtype::Float;
  case Dtype::ComplexDouble:
    return Dtype::Double;
  default:
    return T;
  }
}

Dtype floatOf(Dtype T) { return isIntegral(T) ? Dtype::Float : T; }

/// at::native::result_type: a 0-dim tensor counts only where its category is
/// higher than that of the tensors with dimensions.
Dtype resultType(llvm::ArrayRef<const TensorFact *> Facts, bool ZeroInFull) {
  Dtype Many = Dtype::Unknown, Zero = Dtype::Unknown;
  bool HaveMany = false, HaveZero = false, Same = true, Vague = false;
  for (const TensorFact *F : Facts) {
    if (!judged(F->Type))
      return Dtype::Unknown;
    Same &= F->Type == Facts.front()->Type;
    bool IsZero = F->Dim == Rank::Zero && !ZeroInFull;
    Vague |= F->Dim == Rank::Unknown && !ZeroInFull;
    Dtype &Into = IsZero ? Zero : Many;
    bool &Have = IsZero ? HaveZero : HaveMany;
    Into = Have ? promote(Into, F->Type) : F->Type;
    Have = true;
  }
  if (Same)
    return Facts.empty() ? Dtype::Unknown : Facts.front()->Type;
  // Which tensors are 0-dim decides only within one category.
  if (Vague) {
    Dtype All = HaveMany && HaveZero ? promote(Many, Zero)
                : HaveMany           ? Many
                                     : Zero;
    for (const TensorFact *F : Facts)
      if (category(F->Type) == category(All) && F->Type != All)
        return Dtype::Unknown;
    return category(All) == 3 ? Dtype::Unknown : All;
  }
  if (!HaveMany || !HaveZero)
    return HaveMany ? Many : Zero;
  if (category(Zero) <= category(Many) && Many != Dtype::Bool)
    return Many;
  if (isFloating(Many))
    return complexOf(Many);
  return promote(Many, Zero);
}

/// The dtype of a tensor and a number: a floating-point one stays; what an
/// integer becomes depends on the number.
Dtype keepFloating(Dtype T, const CallShape &Shape) {
  if (isFloating(T) || isComplex(T))
    return T;
  if (!Shape.IntegerScalars || T == Dtype::Unknown || T == Dtype::Other)
    return Dtype::Unknown;
  return T == Dtype::Bool ? Dtype::Int64 : T;
}

Dtype typeBy(const ResultRow &Row, llvm::ArrayRef<CallOperand> Operands,
             const CallShape &Shape) {
  llvm::SmallVector<const TensorFact *, 4> Facts;
  for (const CallOperand &O : Operands)
    if (O.Fact.Defined && names(Row.TypeRoles, O.Role))
      Facts.push_back(&O.Fact);
  auto Promoted = [&](bool ZeroInFull) {
    return resultType(Facts, ZeroInFull);
  };
  switch (Row.Type) {
  case DtypeRule::Unknown:
    return Dtype::Unknown;
  case DtypeRule::Fixed:
    return Row.Fixed;
  case DtypeRule::Promote:
    return Promoted(false);
  case DtypeRule::PromoteAll:
    return Promoted(true);
  case DtypeRule::PromoteFloat:
    if (Shape.HasRounding)
      return Facts.size() > 1 ? Promoted(false)
                              : keepFloating(Promoted(false), Shape);
    return floatOf(Promoted(false));
  case DtypeRule::PromoteAllFloat:
    return floatOf(Promoted(true));
  case DtypeRule::PromoteReal:
    return realOf(Promoted(false));
  case DtypeRule::PromoteFloatReal:
    return realOf(floatOf(Promoted(false)));
  case DtypeRule::Sum: {
    Dtype T = Promoted(false);
    return isIntegral(T) ? Dtype::Int64 : T;
  }
  case DtypeRule::Complex:
    return complexOf(floatOf(Promoted(false)));
  case DtypeRule::KeepFloating:
    return keepFloating(Promoted(false), Shape);
  }
  return Dtype::Unknown;
}

Rank rankBy(const ResultRow &Row, llvm::ArrayRef<CallOperand> Operands) {
  switch (Row.Rank) {
  case RankRule::Unknown:
    return Rank::Unknown;
  case RankRule::Zero:
    return Rank::Zero;
  case RankRule::Some:
    return Rank::Some;
  case RankRule::Same: {
    Rank Found = Rank::Zero;
    for (const CallOperand &O : Operands) {
      if (!O.Fact.Defined || !names(Row.RankRoles, O.Role))
        continue;
      if (O.Fact.Dim == Rank::Some)
        return Rank::Some;
      if (O.Fact.Dim == Rank::Unknown)
        Found = Rank::Unknown;
    }
    return Found;
  }
  }
  return Rank::Unknown;
}

/// The device of a result: that of the operands. A CPU operand that may stay
/// there yields to CUDA.
Device commonDevice(StringRef Name, llvm::ArrayRef<OperandRow> Rows,
                    llvm::ArrayRef<CallOperand> Operands) {
  auto Strict = [&](const CallOperand &O) {
    const OperandRow *Row = findRow(Rows, O.Role);
    return !Row || Row->Many == 'r';
  };
  // Where no operand has to share a device, one decides: the first, of which
  // the others only give a size (`expand_as`), or `other` (`type_as`).
  if (Operands.size() > 1 && llvm::none_of(Operands, Strict) &&
      Rows.front().Many == 'o') {
    StringRef Decides = Name == "type_as" || Name == "to"
                            ? StringRef("other")
                            : StringRef(Rows.front().Role);
    const CallOperand *Found = nullptr;
    for (const CallOperand &O : Operands)
      if (findRow(Rows, O.Role) == findRow(Rows, Decides)) {
        // The elements of a list each go their own way.
        if (Found && !Found->Fact.Dev.sameAs(O.Fact.Dev))
          return Device::unknown();
        Found = &O;
      }
    return Found ? Found->Fact.Dev : Device::unknown();
  }
  for (const CallOperand &O : Operands)
    if (O.Fact.Dev.isCUDA())
      return O.Fact.Dev;
  // All others are where the ones with dimensions are; 0-dim ones and indices
  // may have been left on the CPU.
  const Device *Found = nullptr;
  for (const CallOperand &O : Operands) {
    const OperandRow *Row = findRow(Rows, O.Role);
    bool Yields = O.Fact.Dim == Rank::Zero ? !Row || Row->Zero != 'r'
                                           : Row && Row->Many == 'o';
    if (Yields && O.Fact.Dev.isCPU() && Operands.size() > 1 &&
        llvm::any_of(Operands, [&](const CallOperand &P) {
          return &P != &O && !P.Fact.Dev.isCPU();
        }))
      continue;
    if (Found && !Found->sameAs(O.Fact.Dev))
      return Device::unknown();
    Found = &O.Fact.Dev;
  }
  return Found ? *Found : Device::unknown();
}

} // namespace

TensorFact resultFact(StringRef Op, llvm::ArrayRef<CallOperand> Operands,
                      const CallShape &Shape, unsigned Index) {
  StringRef Name = measuredName(Op);
  llvm::SmallVector<CallOperand, 8> Defined;
  for (CallOperand O : Operands)
    if (O.Fact.Defined) {
      O.Role = measuredRole(Op, O.Role);
      Defined.push_back(O);
    }
  TensorFact Result;
  Result.Dev = commonDevice(Name, operandRows(Name), Defined);

  const OperatorInfo *Info = findOperator(Op);
  if (Info && Info->ReturnsList)
    Index = 0;
  llvm::ArrayRef<ResultRow> Rows = resultRows(Name);
  auto Find = [&](CallGroup G) -> const ResultRow * {
    for (const ResultRow &R : Rows)
      if (R.Group == G && R.Index == Index)
        return &R;
    return nullptr;
  };
  CallGroup Group = Defined.size() > 1 ? CallGroup::Many
                    : Shape.HasDim     ? CallGroup::AlongDim
                                       : CallGroup::Alone;
  const ResultRow *Row = Find(Group);
  // What has a `dim` in every sample has it in every call, and a list of one
  // tensor follows the rule of several.
  if (!Row && Group != CallGroup::Many)
    Row = Find(Group == CallGroup::Alone ? CallGroup::AlongDim
                                         : CallGroup::Alone);
  if (Row) {
    Result.Type = typeBy(*Row, Defined, Shape);
    Result.Dim = Shape.NamesReduction ? Rank::Unknown : rankBy(*Row, Defined);
  }
  if (Shape.Named != Dtype::Unknown)
    Result.Type = Shape.Named;
  return Result;
}

} // namespace torch_tidy::api
