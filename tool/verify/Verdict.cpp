//===- Verdict.cpp --------------------------------------------------------===//
#include "tool/verify/Verdict.h"
#include "runtime/driver/ErrorFamily.h"
#include "tool/verify/Operands.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace torch_tidy;
using namespace torch_tidy::verify;
using driver::Family;
using driver::familyOf;

llvm::StringRef verify::verdictName(VerdictKind K) {
  switch (K) {
  case VerdictKind::Confirmed:
    return "confirmed";
  case VerdictKind::Refuted:
    return "refuted";
  case VerdictKind::Unreached:
    return "unreached";
  case VerdictKind::Inconclusive:
    return "inconclusive";
  }
  return "";
}

Claim verify::claimOf(const Finding &F, unsigned Id) {
  Claim C;
  C.Id = Id;
  C.Code = F.Code;
  C.Conditional = !F.Condition.empty();
  for (const Operand &O : F.Operands)
    C.Sides.push_back({O.Role, O.IsModuleState, O.Fact, isAtCall(O, F)});
  return C;
}

namespace {

bool isSameDevice(const Device &D, llvm::StringRef Seen) {
  if (D.isCPU())
    return Seen == "cpu";
  if (!D.isCUDA())
    return false;
  auto [Type, Index] = Seen.split(':');
  int N = 0;
  return Type == "cuda" &&
         (Index.empty() || Index.getAsInteger(10, N) || N == D.number());
}

/// What one observation says about one claim.
class Judge {
public:
  Judge(const Claim &C, const Observation &O) : C(C), O(O) {}

  /// Is every operand where the claim says it is? Operands that were not seen
  /// and sides that claim nothing agree.
  bool operandsAgree() const {
    return llvm::all_of(C.Sides, [&](const Claim::Side &S) {
      return side(S) != SideKind::Elsewhere;
    });
  }
  /// Does a return say that the claim is wrong, whatever the caller gave? An
  /// operand that nobody saw refutes nothing.
  bool refutes() const {
    return (C.Code == FindingCode::UnusedMove || !C.Sides.empty()) &&
           llvm::all_of(C.Sides, [&](const Claim::Side &S) {
             return side(S) == SideKind::AsClaimed;
           });
  }

  /// The predicted failure.
  bool failedAsPredicted() const {
    switch (C.Code) {
    case FindingCode::DeviceMismatch:
    case FindingCode::UnregisteredMember:
    case FindingCode::OptimizerBeforeMove:
      return threw() && familyOf(O.What) == Family::Device;
    case FindingCode::DtypeMismatch:
      return threw() && familyOf(O.What) == Family::Dtype;
    case FindingCode::HostAccess:
      // Taking the pointer is silent; the read through it crashes, often
      // after the call came back.
      return (threw() && familyOf(O.What) == Family::Device) ||
             (O.RunEnd == "signal" && (O.RunCode == 11 || O.RunCode == 7) &&
              (anyOperandOn("cuda") ||
               llvm::StringRef(O.Crash).starts_with("cuda")));
    case FindingCode::UnusedMove:
      return O.End == Observation::Returned && movedAway();
    case FindingCode::TransferInLoop:
      return O.End == Observation::Returned && movedAway() && O.Times > 1;
    case FindingCode::UnguardedCuda:
      return threw() && driver::blamesMachine(O.What);
    }
    return false;
  }

  /// The call's own arguments may throw before the call is made.
  bool threw() const {
    return O.End == Observation::Threw && !C.Inner.count(O.From) &&
           O.Evaluated >= C.Operands;
  }
  bool madeTheCall() const { return O.End != Observation::Threw || threw(); }

  std::string operands() const {
    std::vector<std::string> Parts;
    for (const SeenOperand &Seen : O.Operands)
      addOperand(Seen, Parts);
    return llvm::join(Parts, ", ");
  }

private:
  const Claim &C;
  const Observation &O;

  enum class SideKind { Unseen, AsClaimed, Elsewhere };
  SideKind side(const Claim::Side &S) const {
    bool Known = false, Matched = false;
    if (!S.AtCall)
      return SideKind::Unseen;
    for (const SeenOperand &Seen : O.Operands) {
      if (Seen.Role != S.Role && !(S.IsModule && Seen.IsModule))
        continue;
      for (const SeenTensor &T : Seen.Tensors) {
        bool DeviceOk =
            !S.Fact.Dev.isKnown() || isSameDevice(S.Fact.Dev, T.Device);
        bool TypeOk = C.Code != FindingCode::DtypeMismatch ||
                      S.Fact.Type == Dtype::Unknown ||
                      dtypeName(S.Fact.Type) == T.Dtype;
        Known = true;
        Matched |= DeviceOk && TypeOk;
      }
    }
    if (!Known)
      return SideKind::Unseen;
    return Matched ? SideKind::AsClaimed : SideKind::Elsewhere;
  }

  bool anyOperandOn(llvm::StringRef Type) const {
    return llvm::any_of(O.Operands, [&](const SeenOperand &S) {
      return llvm::any_of(S.Tensors, [&](const SeenTensor &T) {
        return llvm::StringRef(T.Device).starts_with(Type);
      });
    });
  }

  /// The result is elsewhere, or another type, than what it was made from.
  bool movedAway() const {
    if (O.Result.empty() || O.Operands.empty() ||
        O.Operands.front().Tensors.empty())
      return false;
    const SeenTensor &From = O.Operands.front().Tensors.front();
    const SeenTensor &To = O.Result.front();
    return From.Device != To.Device || From.Dtype != To.Dtype;
  }

  /// "input cpu Float"; a module's state in one word where it is all alike.
  static void addOperand(const SeenOperand &Seen,
                         std::vector<std::string> &Parts) {
    auto Place = [](const SeenTensor &T) {
      return T.Device + (T.Dtype.empty() ? "" : " " + T.Dtype);
    };
    bool Alike = llvm::all_of(Seen.Tensors, [&](const SeenTensor &T) {
      return T.Device == Seen.Tensors.front().Device;
    });
    if (Seen.Tensors.empty())
      return;
    if (Alike) {
      Parts.push_back(Seen.Role + " " + Place(Seen.Tensors.front()));
      return;
    }
    for (size_t I = 0; I < Seen.Tensors.size(); ++I) {
      if (I == 4) {
        Parts.push_back("...");
        break;
      }
      const SeenTensor &T = Seen.Tensors[I];
      std::string Name =
          T.Name.empty() ? "[" + std::to_string(I) + "]" : "." + T.Name;
      Parts.push_back(Seen.Role + Name + " " + Place(T));
    }
  }
};

/// "input cpu Float, weight cuda:0 Float; threw: ...; in train(...) with x:
/// ...".
std::string evidence(const Claim &C, const Observation &O) {
  std::string Text = Judge(C, O).operands();
  auto Add = [&](const std::string &Part) {
    Text += (Text.empty() ? "" : "; ") + Part;
  };
  switch (O.End) {
  case Observation::Threw:
    Add("threw: " + O.What);
    break;
  case Observation::Returned:
    if (C.Code == FindingCode::UnusedMove && !O.Result.empty())
      Add("the result on " + O.Result.front().Device + " was dropped");
    else
      Add("returned");
    if (O.RunEnd == "signal")
      Add("the run then " + describeEnd(O.RunEnd, O.RunCode, O.RunWhat) +
          (O.Crash.empty() ? "" : " where host code accessed " + O.Crash));
    break;
  case Observation::Open:
    Add("the call " + describeEnd(O.RunEnd, O.RunCode, O.RunWhat) +
        (O.Crash.empty() ? "" : " where host code accessed " + O.Crash));
    break;
  }
  if (!O.Draws.empty())
    Add("in " + O.Entry + " given " + O.Draws);
  return Text;
}

/// A run of the program as it is. One flag is given both values, so nothing
/// depends on the choice.
bool madeNothingUp(const Observation &O) {
  llvm::StringRef Draws = O.Draws;
  bool OneFlag = !Draws.contains(';') &&
                 (Draws.ends_with(": true") || Draws.ends_with(": false"));
  return !O.Changed && (Draws.empty() || OneFlag);
}

/// How each entry for \p C ended: "; train(x) threw: ...".
std::string endsOf(const Claim &C, const Events &E) {
  std::string Text;
  for (const auto &[Entry, End] : E.EntryEnds)
    if (C.Entries.empty() || llvm::is_contained(C.Entries, Entry))
      Text += "; " + Entry + " " + End;
  return Text;
}

Verdict unreached(const Claim &C, const Events &E) {
  if (!C.Obstacle.empty())
    return {VerdictKind::Inconclusive, C.Obstacle};
  if (!E.EarlyEnd.empty())
    return {VerdictKind::Inconclusive, E.EarlyEnd};
  std::string Text = endsOf(C, E);
  return {VerdictKind::Unreached,
          Text.empty() ? "nothing was run" : Text.substr(2)};
}

} // namespace

Verdict verify::judge(const Claim &C, const Events &E) {
  const Observation *Refuting = nullptr, *Other = nullptr, *Elsewhere = nullptr;
  unsigned Passes = 0;
  for (const Observation &O : E.Observations) {
    if (O.Id != C.Id || O.Repaired)
      continue;
    Judge J(C, O);
    if (!J.madeTheCall())
      continue;
    Observation Seen = O;
    // A loop shows as several passes of one run.
    if (C.Code == FindingCode::TransferInLoop)
      Seen.Times = std::max<unsigned long>(O.Times, ++Passes);
    if (Judge(C, Seen).failedAsPredicted() && J.operandsAgree())
      return {VerdictKind::Confirmed, evidence(C, O)};
    bool Natural = madeNothingUp(O) && !C.Conditional;
    const bool Passed = O.End == Observation::Returned &&
                        O.RunEnd != "signal" &&
                        C.Code != FindingCode::HostAccess &&
                        C.Code != FindingCode::TransferInLoop &&
                        C.Code != FindingCode::UnguardedCuda;
    if (Passed && (Natural || J.refutes()))
      Refuting = Refuting ? Refuting : &O;
    // A caller that was made up, or repaired, had them elsewhere. Behind a
    // repair that goes without saying of those that nobody saw.
    if (O.End != Observation::Open && !Natural &&
        (!J.operandsAgree() || (Passed && O.Changed))) {
      Elsewhere = Elsewhere ? Elsewhere : &O;
      continue;
    }
    // The most telling of the rest: a failure rather than a return.
    if (!Other ||
        (Other->End == Observation::Returned && O.End != Observation::Returned))
      Other = &O;
  }
  if (Refuting)
    return {VerdictKind::Refuted, evidence(C, *Refuting)};
  if (!Other && Elsewhere)
    return {VerdictKind::Unreached, "reached with other operands only: " +
                                        evidence(C, *Elsewhere) + endsOf(C, E)};
  if (!Other)
    return unreached(C, E);
  return {VerdictKind::Inconclusive, evidence(C, *Other)};
}
