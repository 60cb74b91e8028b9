//===- Dtypes.cpp - calls whose operands have the wrong dtype -------------===//
//
// The measurements say what one operand alone in another dtype does while all
// others are float32, on CUDA and on the CPU. Two kinds of operands follow:
//
//  * One that threw in double, half and bfloat16 alike *has to equal* the
//    others: LibTorch compares dtypes there, so any two such operands that
//    differ throw.
//  * One that threw in some of them only has no kernel for those (int64 for
//    `mean`): judged exactly as measured, with all others float32.
//
// Where the device is not known, the two devices' measurements must agree.
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
/// that it may have.
class Measured {
public:
  Measured(const OperandRow &R, const TensorFact &F) : Row(R), Fact(F) {}

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
};

struct Typed {
  unsigned Index;
  const TensorFact *Fact;
  const OperandRow *Row;
  bool MustEqual;
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

} // namespace

Judgement judgeDtypesOf(llvm::ArrayRef<OperandRow> Rows,
                        llvm::ArrayRef<CallOperand> Operands) {
  llvm::SmallVector<Typed, 8> All, Equal;
  bool Complete = true;
  for (unsigned I = 0; I != Operands.size(); ++I) {
    const CallOperand &O = Operands[I];
    if (!O.Fact.Defined)
      continue;
    const OperandRow *Row = findRow(Rows, O.Role);
    if (!Row || O.Fact.Dev.K == Device::Other || !comparable(O.Fact.Type)) {
      Complete = false;
      continue;
    }
    Typed T{I, &O.Fact, Row, Measured(*Row, O.Fact).mustEqual()};
    All.push_back(T);
    if (T.MustEqual)
      Equal.push_back(T);
  }

  if (auto [Wrong, Against] = odd(Equal); Wrong)
    return throws(*Wrong, *Against,
                  Measured(*Wrong->Row, *Wrong->Fact)
                      .text(isIntegral(Wrong->Fact->Type)));

  Judgement Result;
  bool AllMeasured = Complete;
  for (const Typed &T : All) {
    std::optional<unsigned> Column = column(T.Fact->Type);
    Measured M(*T.Row, *T.Fact);
    // An operand that is never float32 (an index) was measured as it is.
    bool Never = StringRef(T.Row->OnCUDA) == "--------" &&
                 StringRef(T.Row->OnCPU) == "--------";
    if (!Column || Never) {
      AllMeasured &= T.Fact->Type == Dtype::Float || Never;
      continue;
    }
    bool OthersFloat = Complete && llvm::all_of(All, [&](const Typed &O) {
                         return &O == &T || O.Fact->Type == Dtype::Float ||
                                (StringRef(O.Row->OnCUDA) == "--------" &&
                                 StringRef(O.Row->OnCPU) == "--------");
                       });
    char L = M.letter(*Column);
    // What has to equal the others may be anything where there are none.
    bool Alone = Rows.size() == 1 && T.Row->Role != "tensors";
    if (L == 'r' && OthersFloat && (!T.MustEqual || Alone))
      return throws(T, T, M.text(*Column == 1));
    AllMeasured &= L == 'o' && OthersFloat;
  }
  Result.K = AllMeasured ? Judgement::Fine : Judgement::NotJudged;
  return Result;
}

/// Operands that hold numbers of rows: integers in an embedding, int64 in a
/// loss over classes. The databases only ever pass those.
static Judgement judgeIntegers(StringRef Name,
                               llvm::ArrayRef<CallOperand> Operands) {
  Judgement J;
  bool Embeds = Name == "embedding" || Name == "embedding_bag";
  bool Classifies = Name == "cross_entropy_loss" || Name == "nll_loss";
  for (unsigned I = 0; I != Operands.size(); ++I) {
    const auto &[Role, Fact] = Operands[I];
    if (!Fact.Defined || Fact.Dev.K == Device::Other)
      continue;
    StringRef Type = dtypeName(Fact.Type);
    if (Embeds && Role == "indices" && isFloating(Fact.Type))
      J.Message = ("Expected tensor for argument #1 'indices' to have one of "
                   "the following scalar types: Long, Int; but got " +
                   llvm::Twine(Fact.Dev.isCPU() ? "CPU" : "CUDA") + Type +
                   "Type instead (while checking arguments for " + Name + ")")
                      .str();
    // Bytes have a kernel, and floating-point targets may be probabilities.
    else if (Classifies && Role == "target" && Fact.Dev.isCUDA() &&
             isIntegral(Fact.Type) && Fact.Type != Dtype::Int64 &&
             Fact.Type != Dtype::UInt8)
      J.Message =
          ("\"nll_loss_forward_reduce_cuda_kernel_2d_index\" not implemented "
           "for '" +
           llvm::Twine(Type) + "'")
              .str();
    else
      continue;
    J.K = Judgement::Throws;
    J.Wrong = J.Against = I;
    return J;
  }
  return J;
}

Judgement judgeDtypes(StringRef Op, llvm::ArrayRef<CallOperand> Operands,
                      const CallShape &Shape) {
  StringRef Name = measuredName(Op);
  llvm::SmallVector<CallOperand, 8> Renamed(Operands.begin(), Operands.end());
  for (CallOperand &O : Renamed)
    O.Role = measuredRole(Op, O.Role);
  if (Judgement J = judgeIntegers(Name, Renamed); J.throws())
    return J;
  // The database's samples of float targets are class probabilities; class
  // indices are int64 and go with any input.
  if (Name == "cross_entropy_loss")
    for (CallOperand &O : Renamed)
      if (O.Role == "target" && O.Fact.Type == Dtype::Int64)
        O.Fact.Defined = false;
  Judgement J = judgeDtypesOf(operandRows(Name), Renamed);
  // `mean(kFloat)` converts first, and was measured without a dtype.
  if (J.throws() && J.Wrong == J.Against && Shape.Named != Dtype::Unknown)
    return {};
  return J;
}

} // namespace torch_tidy::api
