//===- Dtypes.cpp - calls whose operands have the wrong dtype -------------===//
//
// The measurements say what one operand alone in another dtype does while all
// others are float32, on CUDA and on the CPU. Three kinds of operands follow:
//
//  * One that threw in double, half and bfloat16 alike *has to equal* the
//    others: LibTorch compares dtypes there, so any two such operands that
//    differ throw.
//  * One that threw in some of them only has no kernel for those (int64 for
//    `mean`): judged as measured, with all others float32.
//  * An index, a mask or a target is no floating-point tensor. It was tried on
//    the CPU; LibTorch's checks of them do not depend on the device.
//
// Where the device is not known, the two devices' measurements must agree.
// Autocast changes all of this and is not known here.
//
//===----------------------------------------------------------------------===//
#include "checks/api/Contracts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

namespace torch_tidy::api {
using llvm::StringRef;

namespace {

/// The column of a measured dtype; nothing for one that was not measured.
std::optional<unsigned> column(Dtype T) {
  switch (T) {
  case Dtype::Double:
    return 0;
  case Dtype::Int64:
    return 1;
  case Dtype::Half:
    return 2;
  case Dtype::BFloat16:
    return 3;
  default:
    return std::nullopt;
  }
}

/// The column of an index's dtype.
std::optional<unsigned> indexColumn(Dtype T) {
  constexpr Dtype Columns[] = {Dtype::Float,    Dtype::Double, Dtype::Half,
                               Dtype::BFloat16, Dtype::Int64,  Dtype::Int32,
                               Dtype::UInt8,    Dtype::Bool};
  const Dtype *Found = llvm::find(Columns, T);
  if (Found == std::end(Columns))
    return std::nullopt;
  return Found - std::begin(Columns);
}

/// The column of the dtypes that were tried on the CPU only; int8 and int16
/// stand with int32, as in LibTorch's lists of kernels.
std::optional<unsigned> wideColumn(Dtype T) {
  switch (T) {
  case Dtype::Int8:
  case Dtype::Int16:
  case Dtype::Int32:
    return 0;
  case Dtype::UInt8:
    return 1;
  case Dtype::Bool:
    return 2;
  default:
    return std::nullopt;
  }
}

/// An operand that is never a floating-point tensor.
bool isIndex(const OperandRow &R) {
  return StringRef(R.OnCUDA) == "--------" &&
         StringRef(R.OnCPU) == "--------" && StringRef(R.Index) != "--------";
}

/// A C++ type's name, as LibTorch demangles it.
StringRef cppName(Dtype T) {
  switch (T) {
  case Dtype::Bool:
    return "bool";
  case Dtype::UInt8:
    return "unsigned char";
  case Dtype::Int8:
    return "signed char";
  case Dtype::Int16:
    return "short";
  case Dtype::Int32:
    return "int";
  case Dtype::Int64:
    return "long int";
  case Dtype::Half:
    return "c10::Half";
  case Dtype::BFloat16:
    return "c10::BFloat16";
  case Dtype::Float:
    return "float";
  case Dtype::Double:
    return "double";
  default:
    return dtypeName(T);
  }
}

std::string fill(StringRef Text, Dtype Wrong, Dtype Others) {
  std::string Out;
  while (!Text.empty()) {
    if (Text.consume_front("{W}"))
      Out += dtypeName(Wrong);
    else if (Text.consume_front("{w}"))
      Out += cppName(Wrong);
    else if (Text.consume_front("{B}"))
      Out += dtypeName(Others);
    else if (Text.consume_front("{b}"))
      Out += cppName(Others);
    else {
      Out += Text.front();
      Text = Text.drop_front();
    }
  }
  return Out;
}

/// What a row says of one operand, for the devices and the dimensionality
/// that it may have. `Partner`: another floating-point tensor is given; `Only`:
/// the operator takes no other one.
class Measured {
public:
  Measured(const OperandRow &R, const TensorFact &F, bool Partner, bool Only)
      : Row(R), Fact(F), Partner(Partner), Only(Only) {}

  /// The letter of a column where all situations that are possible agree; '-'
  /// where none is measured; 'm' where they differ.
  char letter(unsigned Column) const {
    char Found = '-';
    for (bool CUDA : {true, false}) {
      if (Fact.Dev.isKnown() && CUDA != Fact.Dev.isCUDA())
        continue;
      for (unsigned Zero : {0u, 1u}) {
        if (Fact.Dim != Rank::Unknown && (Fact.Dim == Rank::Zero) != Zero)
          continue;
        char L = (CUDA ? Row.OnCUDA : Row.OnCPU)[Zero * 4 + Column];
        if (L == 'p')
          L = Partner ? 'r' : 'o';
        // Which kernels there are does not depend on the dimensions.
        if (L == '-' && Fact.Dim != Rank::Unknown && Only)
          L = (CUDA ? Row.OnCUDA : Row.OnCPU)[(1 - Zero) * 4 + Column];
        if (L == '-')
          continue;
        if (Found != '-' && Found != L)
          return 'm';
        Found = L;
      }
    }
    return Found;
  }
  bool mustEqual() const {
    return letter(0) == 'r' && letter(2) == 'r' && letter(3) == 'r';
  }
  /// The letter of a dtype that the GPU was not asked about: 'r' where int64
  /// threw on both and this one on the CPU.
  char wideLetter(unsigned Column) const {
    if (letter(1) != 'r' || Row.Wide[Column] != 'r')
      return Row.Wide[Column] == 'o' && letter(1) == 'o' ? 'o' : 'm';
    TensorFact Anywhere = Fact;
    Anywhere.Dev = Device::unknown();
    return Measured(Row, Anywhere, Partner, Only).letter(1) == 'r' ? 'r' : 'm';
  }
  StringRef text(bool Integer) const {
    StringRef CUDA = messageText(Integer ? Row.CUDAInt : Row.CUDAFloat);
    StringRef CPU = messageText(Integer ? Row.CPUInt : Row.CPUFloat);
    if (Fact.Dev.isCPU())
      return CPU.empty() ? CUDA : CPU;
    return CUDA;
  }

private:
  const OperandRow &Row;
  const TensorFact &Fact;
  bool Partner, Only;
};

struct Typed {
  unsigned Index = 0;
  const TensorFact *Fact = nullptr;
  const OperandRow *Row = nullptr;
  bool Partner = false, Only = false, MustEqual = false;

  Measured measured() const { return Measured(*Row, *Fact, Partner, Only); }
};

bool comparable(Dtype T) { return isFloating(T) || isIntegral(T); }

/// The operand that stands against the rest: the one whose dtype no other has;
/// the first of two.
std::pair<const Typed *, const Typed *> odd(llvm::ArrayRef<Typed> Equal) {
  for (const Typed &T : Equal) {
    unsigned Same = llvm::count_if(
        Equal, [&](const Typed &O) { return O.Fact->Type == T.Fact->Type; });
    for (const Typed &O : Equal)
      if (O.Fact->Type != T.Fact->Type &&
          (Same == 1 || Same * 2 < Equal.size()))
        return {&T, &O};
  }
  for (const Typed &O : Equal)
    if (O.Fact->Type != Equal.front().Fact->Type)
      return {&Equal.front(), &O};
  return {nullptr, nullptr};
}

Judgement throws(const Typed &Wrong, const Typed &Against, StringRef Text) {
  Judgement J;
  J.K = Judgement::Throws;
  J.Wrong = Wrong.Index;
  J.Against = Against.Index;
  J.Message = fill(Text, Wrong.Fact->Type, Against.Fact->Type);
  return J;
}

/// The message about an index, which was measured on the CPU.
std::string indexText(const Typed &T) {
  StringRef Text = messageText(T.Row->IndexText);
  if (!T.Fact->Dev.isCUDA())
    return Text.str();
  // The losses over classes check nothing before their CUDA kernel.
  if (T.Row->Op == "nll_loss" || T.Row->Op == "cross_entropy_loss")
    return "\"nll_loss_forward_reduce_cuda_kernel_2d_index\" not implemented "
           "for '{W}'";
  // Kernels have other names there.
  if (size_t At = Text.find("not implemented for"); At != StringRef::npos)
    return Text.substr(At).str();
  auto [Before, After] = Text.split("CPU{W}Type");
  return After.empty() ? Text.str()
                       : (llvm::Twine(Before) + "CUDA{W}Type" + After).str();
}

} // namespace

Judgement judgeDtypesOf(llvm::ArrayRef<OperandRow> Rows,
                        llvm::ArrayRef<CallOperand> Operands) {
  llvm::SmallVector<Typed, 8> All, Equal;
  bool Complete = true; // Every operand's dtype and contract are known.
  unsigned Floats = 0;
  for (unsigned I = 0; I != Operands.size(); ++I) {
    const CallOperand &O = Operands[I];
    if (!O.Fact.Defined)
      continue;
    const OperandRow *Row = findRow(Rows, O.Role);
    if (Row && !isIndex(*Row))
      ++Floats;
    if (!Row || O.Fact.Dev.K == Device::Other || !comparable(O.Fact.Type)) {
      Complete = false;
      continue;
    }
    Typed T;
    T.Index = I;
    T.Fact = &O.Fact;
    T.Row = Row;
    All.push_back(T);
  }
  for (Typed &T : All) {
    T.Partner = Floats > 1;
    T.Only = Rows.size() == 1;
    T.MustEqual = T.measured().mustEqual();
    if (T.MustEqual)
      Equal.push_back(T);
  }
  if (auto [Wrong, Against] = odd(Equal); Wrong)
    return throws(*Wrong, *Against,
                  Wrong->measured().text(isIntegral(Wrong->Fact->Type)));

  Judgement Result;
  bool AllMeasured = Complete;
  for (const Typed &T : All) {
    if (isIndex(*T.Row)) {
      std::optional<unsigned> Column = indexColumn(T.Fact->Type);
      char L = Column ? T.Row->Index[*Column] : 'm';
      if (L == 'r')
        return throws(T, T, indexText(T));
      AllMeasured &= L != 'm';
      continue;
    }
    if (T.Fact->Type == Dtype::Float) {
      AllMeasured &= StringRef(T.Row->OnCUDA) != "--------";
      continue;
    }
    const Typed *Other = nullptr;
    bool OthersFloat = Complete;
    for (const Typed &O : All)
      if (&O != &T && !isIndex(*O.Row)) {
        Other = &O;
        OthersFloat &= O.Fact->Type == Dtype::Float;
      }
    std::optional<unsigned> Column = column(T.Fact->Type);
    std::optional<unsigned> Wide = wideColumn(T.Fact->Type);
    Measured M = T.measured();
    char L = Column ? M.letter(*Column) : Wide ? M.wideLetter(*Wide) : 'm';
    StringRef Text = M.text(isIntegral(T.Fact->Type));
    // A message that names another operand's dtype needs that operand; what
    // has to equal the others may be anything where there are none.
    bool NeedsOther =
        Text.contains("{B}") || Text.contains("{b}") || Text.contains("same") ||
        (T.MustEqual && (Rows.size() > 1 || T.Row->Role == "tensors"));
    // Normalisation compares its input with the weight, not with the
    // statistics.
    bool HasWeight = llvm::any_of(
        All, [](const Typed &O) { return O.Row->Role == "weight"; });
    if (NeedsOther && T.Row->Role == "input" && !HasWeight &&
        llvm::any_of(Rows, [](const OperandRow &R) {
          return R.Role == "running_mean";
        })) {
      AllMeasured = false;
      continue;
    }
    if (L == 'r' && OthersFloat && (Other || !NeedsOther))
      return throws(T, NeedsOther ? *Other : T, Text);
    AllMeasured &= L == 'o' && OthersFloat;
  }
  Result.K = AllMeasured ? Judgement::Fine : Judgement::NotJudged;
  return Result;
}

namespace {

/// c10::canCast: what a result may be written into.
bool canCast(Dtype From, Dtype To) {
  if (isComplex(From) && !isComplex(To))
    return false;
  if (isFloating(From) && isIntegral(To))
    return false;
  return From == Dtype::Bool || To != Dtype::Bool;
}

/// In-place operators that compute in the promoted dtype and write the result
/// into `self`, which TensorIterator checks with c10::canCast.
bool writesPromoted(StringRef Name) {
  return llvm::is_contained({"add", "addcdiv", "addcmul", "atan2", "clamp",
                             "clamp_max", "clamp_min", "copysign", "div",
                             "fmod", "floor_divide", "hypot", "mul", "pow",
                             "remainder", "sub", "xlogy"},
                            Name);
}

/// `counts += weights`: a float result does not fit an integer tensor.
Judgement judgeInPlace(StringRef Name, llvm::ArrayRef<CallOperand> Operands,
                       const CallShape &Shape) {
  Judgement J;
  if (Operands.empty() || Operands.front().Role != "self" ||
      !Operands.front().Fact.Defined || !writesPromoted(Name))
    return J;
  Dtype Self = Operands.front().Fact.Type;
  Dtype Result = resultFact(Name, Operands, Shape).Type;
  if (!comparable(Self) || !comparable(Result) || canCast(Result, Self))
    return J;
  J.K = Judgement::Throws;
  for (unsigned I = 1; I != Operands.size(); ++I)
    if (Operands[I].Fact.Defined && !canCast(Operands[I].Fact.Type, Self))
      J.Wrong = I;
  J.Message = fill("result type {W} can't be cast to the desired output type "
                   "{B}",
                   Result, Self);
  return J;
}

/// The operands of a loss over classes.
struct ClassLoss {
  std::optional<unsigned> Input, Target, Weight;

  ClassLoss(llvm::ArrayRef<CallOperand> Operands) : Operands(Operands) {
    for (unsigned I = 0; I < Operands.size(); ++I)
      if (Operands[I].Fact.Defined)
        (Operands[I].Role == "target"   ? Target
         : Operands[I].Role == "weight" ? Weight
                                        : Input) = I;
  }
  /// Targets of one dimension less than the input are class indices whatever
  /// their dtype; others are probabilities where they are floating-point
  /// numbers (aten/src/ATen/native/LossNLL.cpp, cross_entropy_loss).
  bool indexesByShape() const {
    return Input && Target && fact(Input).Dims >= 0 &&
           fact(Target).Dims == std::max(fact(Input).Dims - 1, 0);
  }
  bool indexes() const {
    return indexesByShape() || (Target && isIntegral(fact(Target).Type));
  }
  /// The kernel reads both as of the input's dtype.
  Judgement weights() const {
    Judgement J;
    if (!Input || !Weight || !isFloating(fact(Input).Type) ||
        !isFloating(fact(Weight).Type) || fact(Input).Type == fact(Weight).Type)
      return J;
    J.K = Judgement::Throws;
    J.Wrong = *Weight;
    J.Against = *Input;
    J.Message = fill("expected scalar type {B} but found {W}",
                     fact(Weight).Type, fact(Input).Type);
    return J;
  }

private:
  llvm::ArrayRef<CallOperand> Operands;
  const TensorFact &fact(std::optional<unsigned> I) const {
    return Operands[*I].Fact;
  }
};

} // namespace

Judgement judgeDtypes(StringRef Op, llvm::ArrayRef<CallOperand> Operands,
                      const CallShape &Shape) {
  StringRef Name = measuredName(Op);
  llvm::SmallVector<CallOperand, 8> Renamed(Operands.begin(), Operands.end());
  for (CallOperand &O : Renamed) {
    O.Role = measuredRole(Op, O.Role);
    // Class indices go with any input; float targets are probabilities.
    if (Name == "cross_entropy_loss" && O.Role == "target" &&
        O.Fact.Type == Dtype::Int64)
      O.Fact.Defined = false;
  }
  if (Name == "cross_entropy_loss") {
    const ClassLoss Loss(Operands);
    if (Judgement J = Loss.weights(); J.throws() && Loss.indexes())
      return J;
    if (Loss.indexesByShape())
      Name = "nll_loss";
  }
  if (Op.ends_with("_") && !Op.ends_with("__"))
    if (Judgement J = judgeInPlace(Name, Renamed, Shape); J.throws())
      return J;
  Judgement J = judgeDtypesOf(operandRows(Name), Renamed);
  // `mean(kFloat)` converts first, and was measured without a dtype.
  if (J.throws() && J.Wrong == J.Against && Shape.Named != Dtype::Unknown)
    return {};
  return J;
}

} // namespace torch_tidy::api
