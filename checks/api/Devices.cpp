//===- Devices.cpp - calls whose operands are on different devices --------===//
//
// The measurements say what one operand alone on the CPU does while all others
// are on CUDA. From them to any mixture:
//
//  * An operand is *strict* where it threw, *lenient* where it did not. A 0-dim
//    operand has its own answer.
//  * Strict operands share one device: LibTorch's checks compare each with the
//    first, whichever is on CUDA. So two strict operands on different devices
//    throw, cuda:0 and cuda:1 included.
//  * A lenient operand is lenient on the CPU only. A 0-dim CUDA tensor does not
//    mix with a CPU tensor (that is the measured case of a strict CPU operand
//    whose partner is on CUDA).
//
//===----------------------------------------------------------------------===//
#include "checks/api/Contracts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <tuple>

namespace torch_tidy::api {
using llvm::StringRef;

namespace {

constexpr llvm::StringLiteral SameDevice =
    "Expected all tensors to be on the same device";

/// "Expected all tensors to be on the same device, but got NAME is on DEVICE,
/// different from other tensors on ...": what LibTorch's generated wrappers
/// say. They compare each argument with the first.
struct WrapperMessage {
  StringRef Name, Device, Method;

  static std::optional<WrapperMessage> parse(StringRef Text) {
    WrapperMessage M;
    if (!Text.consume_front(SameDevice) || !Text.consume_front(", but got "))
      return std::nullopt;
    std::tie(M.Name, Text) = Text.split(" is on ");
    std::tie(M.Device, Text) = Text.split(", different from");
    M.Method = Text.split("in method ").second;
    M.Method.consume_back(")");
    return M;
  }
};

std::string deviceText(const Device &D) {
  return D.isCUDA() ? "cuda:" + std::to_string(D.number()) : D.str();
}

/// One operand of a call, with what is known of its contract.
struct Judged {
  unsigned Index = 0;
  const TensorFact *Fact = nullptr;
  const OperandRow *Row = nullptr;
  /// On the CPU, with others on CUDA: throws, does not, or not known.
  bool Strict = false, Lenient = false;
  /// Two devices of one kind do not mix either.
  bool Shares = false;
  StringRef Text;
};

void classify(Judged &J, bool OutputToo) {
  const OperandRow &R = *J.Row;
  StringRef Many = messageText(R.ManyText), Zero = messageText(R.ZeroText);
  // The wrappers' check knows no exemption for 0-dim tensors.
  bool Wrapped = WrapperMessage::parse(Many).has_value();
  char ZeroLetter = R.Zero == '-' && Wrapped ? R.Many : R.Zero;
  // TensorIterator exempts a 0-dim CPU operand, but never an output
  // (`config.allow_cpu_scalars_ && !op.is_output`).
  if (OutputToo && R.Many == 'r')
    ZeroLetter = 'r';
  switch (J.Fact->Dim) {
  case Rank::Zero:
    J.Strict = ZeroLetter == 'r';
    J.Lenient = ZeroLetter == 'o';
    break;
  case Rank::Some:
    J.Strict = R.Many == 'r';
    J.Lenient = R.Many == 'o';
    break;
  case Rank::Unknown:
    J.Strict = R.Many == 'r' && ZeroLetter == 'r';
    J.Lenient = R.Many == 'o' && (R.Zero == 'o' || R.Zero == '-');
    break;
  }
  J.Shares = R.Many == 'r' || (R.Many == '-' && R.Zero == 'r');
  J.Text = J.Fact->Dim == Rank::Zero && !Zero.empty() ? Zero : Many;
}

std::string replaced(StringRef Text, StringRef CPU, StringRef CUDA) {
  std::string Out;
  while (!Text.empty()) {
    if (Text.consume_front("cuda:0"))
      Out += CUDA;
    else if (Text.starts_with("cpu") &&
             (Text.size() == 3 || !llvm::isAlnum(Text[3])) &&
             (Out.empty() || !llvm::isAlnum(Out.back()))) {
      Out += CPU;
      Text = Text.drop_front(3);
    } else {
      Out += Text.front();
      Text = Text.drop_front();
    }
  }
  return Out;
}

/// The wrapper's message for these operands, or nothing where what reaches
/// the wrapper is not known.
std::string wrapperText(llvm::ArrayRef<Judged> All) {
  // The first argument of the wrapper is the one that, alone on the CPU, got
  // another one blamed.
  const Judged *First = nullptr;
  WrapperMessage OfFirst;
  StringRef Method;
  for (const Judged &J : All) {
    if (!J.Shares)
      continue;
    auto M = WrapperMessage::parse(messageText(J.Row->ManyText));
    if (!M || (!Method.empty() && M->Method != Method))
      return "";
    Method = M->Method;
    if (!First && M->Device != "cpu") {
      First = &J;
      OfFirst = *M;
    }
  }
  if (!First)
    return "";
  for (const Judged &J : All) {
    if (!J.Shares || !J.Fact->Dev.differsFrom(First->Fact->Dev))
      continue;
    auto M = WrapperMessage::parse(messageText(J.Row->ManyText));
    StringRef Name = M->Device == "cpu" ? M->Name : OfFirst.Name;
    return (SameDevice + ", but got " + Name + " is on " +
            deviceText(J.Fact->Dev) + ", different from other tensors on " +
            deviceText(First->Fact->Dev) +
            " (when checking argument in method " + Method + ")")
        .str();
  }
  return "";
}

std::string predict(llvm::ArrayRef<Judged> All, const Judged &Wrong,
                    const Judged &Against) {
  if (std::string Text = wrapperText(All); !Text.empty())
    return Text;
  if (WrapperMessage::parse(Wrong.Text) || Wrong.Text.empty() ||
      Wrong.Fact->Dev.K == Against.Fact->Dev.K) {
    if (!Wrong.Text.contains("at least two devices"))
      return Against.Fact->Dev.isCUDA() && Wrong.Fact->Dev.isCPU() &&
                     WrapperMessage::parse(Wrong.Text)
                 ? replaced(Wrong.Text, "cpu", deviceText(Against.Fact->Dev))
                 : SameDevice.str();
    return (SameDevice + ", but found at least two devices, " +
            deviceText(Against.Fact->Dev) + " and " +
            deviceText(Wrong.Fact->Dev) + "!")
        .str();
  }
  return replaced(Wrong.Text, deviceText(Wrong.Fact->Dev),
                  deviceText(Against.Fact->Dev));
}

Judgement throws(llvm::ArrayRef<Judged> All, const Judged &Wrong,
                 const Judged &Against) {
  Judgement J;
  J.K = Judgement::Throws;
  J.Wrong = Wrong.Index;
  J.Against = Against.Index;
  J.Message = predict(All, Wrong, Against);
  return J;
}

} // namespace

Judgement judgeDevicesOf(llvm::ArrayRef<OperandRow> Rows, bool InPlace,
                         llvm::ArrayRef<CallOperand> Operands) {
  Judgement Result;
  llvm::SmallVector<Judged, 8> All;
  bool Complete = true; // Every operand's device and contract are known.
  unsigned Defined = 0;
  for (unsigned I = 0; I != Operands.size(); ++I) {
    const CallOperand &O = Operands[I];
    if (!O.Fact.Defined)
      continue;
    ++Defined;
    const OperandRow *Row = findRow(Rows, O.Role);
    if (!O.Fact.Dev.isKnown() || !Row) {
      Complete = false;
      continue;
    }
    if (Row->Many == 'c') {
      if (O.Fact.Dev.isCUDA()) {
        Result.K = Judgement::Throws;
        Result.Wrong = Result.Against = I;
        Result.Message =
            replaced(messageText(Row->ManyText), "cpu", deviceText(O.Fact.Dev));
        return Result;
      }
      continue;
    }
    Judged J;
    J.Index = I;
    J.Fact = &O.Fact;
    J.Row = Row;
    classify(J, InPlace && (O.Role == "self" || O.Role == "input"));
    All.push_back(J);
  }
  // In the order of the operator's parameters, as LibTorch checks them.
  llvm::sort(All, [](const Judged &A, const Judged &B) {
    return std::tie(A.Row, A.Index) < std::tie(B.Row, B.Index);
  });

  bool Mixed = false, AllFree = true;
  for (const Judged &J : All) {
    Mixed |= J.Fact->Dev.differsFrom(All.front().Fact->Dev);
    AllFree &= J.Fact->Dev.isCUDA() || J.Lenient;
  }
  if (!Mixed) {
    // A lone tensor has none to disagree with.
    bool Alone = Defined <= 1;
    Result.K = Complete || Alone ? Judgement::Fine : Judgement::NotJudged;
    return Result;
  }

  unsigned OnCPU =
      llvm::count_if(All, [](const Judged &J) { return J.Fact->Dev.isCPU(); });
  for (const Judged &C : All) {
    if (!C.Fact->Dev.isCPU() || !C.Strict)
      continue;
    // As measured: alone on the CPU. Else a partner has to share as well.
    for (const Judged &G : All)
      if (G.Fact->Dev.isCUDA() && (G.Shares || (OnCPU == 1 && Complete)))
        return throws(All, C, G);
    // Indices on CUDA into a CPU tensor throw, whatever is stored there.
    for (const Judged &G : All)
      if (G.Fact->Dev.isCUDA() && G.Row->Role == "indices" &&
          C.Row->Role == "self")
        return throws(All, C, G);
  }
  for (const Judged &A : All)
    for (const Judged &B : All)
      if (A.Fact->Dev.isCUDA() && A.Shares && B.Shares && A.Row <= B.Row &&
          B.Fact->Dev.isCUDA() && A.Fact->Dev.differsFrom(B.Fact->Dev))
        return throws(All, B, A);
  unsigned Scalars = llvm::count_if(All, [](const Judged &J) {
    return J.Fact->Dev.isCPU() && J.Fact->Dim == Rank::Zero;
  });
  // Measured with one 0-dim CPU operand at a time.
  Result.K = Complete && AllFree && Scalars <= 1 &&
                     !llvm::any_of(All,
                                   [&](const Judged &J) {
                                     return J.Fact->Dev.isCUDA() &&
                                            J.Fact->Dev.number() != 0 &&
                                            OnCPU == 0;
                                   })
                 ? Judgement::Fine
                 : Judgement::NotJudged;
  return Result;
}

Judgement judgeDevices(StringRef Op, llvm::ArrayRef<CallOperand> Operands) {
  StringRef Name = measuredName(Op);
  llvm::SmallVector<CallOperand, 8> Renamed(Operands.begin(), Operands.end());
  for (CallOperand &O : Renamed)
    O.Role = measuredRole(Op, O.Role);
  bool InPlace = Op.ends_with("_") && !Op.ends_with("__");
  return judgeDevicesOf(operandRows(Name), InPlace, Renamed);
}

} // namespace torch_tidy::api
