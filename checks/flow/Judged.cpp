#include "checks/flow/Judged.h"

using namespace clang;

namespace torch_tidy {

Blame blame(const State &S, const api::Judgement &J, FindingCode Code,
            ArrayRef<Used> Ops) {
  Blame B;
  if (!J.throws())
    return B;
  B.Wrong = J.Wrong < Ops.size() ? &Ops[J.Wrong] : nullptr;
  B.Against = J.Against < Ops.size() ? &Ops[J.Against] : nullptr;
  if (!B)
    return B;
  if (B.Wrong->IsState)
    std::swap(B.Wrong, B.Against);
  // The one to blame is the one that stayed on the CPU, when that is clear.
  if (Code == FindingCode::DeviceMismatch && !B.Against->IsState &&
      !B.Wrong->IsState && S.Handles[B.Wrong->H].Fact.Dev.isCUDA() &&
      S.Handles[B.Against->H].Fact.Dev.isCPU())
    std::swap(B.Wrong, B.Against);
  return B;
}

const Expr *siteAt(const State &S, unsigned Level, const Expr *Site) {
  return Level == S.Frames.size() ? Site : S.Frames[Level].Site;
}

static std::string placed(const Device &D) {
  return D.isCPU()                   ? "the CPU"
         : D.isCUDA() && D.Index > 0 ? "CUDA device " + std::to_string(D.Index)
                                     : "CUDA";
}

static std::string quoted(const std::string &Name, const char *Else) {
  return Name.empty() ? std::string(Else) : "'" + Name + "'";
}

static std::string devicesWorded(const Party &Wrong, const Party &Against,
                                 bool Alone) {
  const Device &On = Wrong.H.Fact.Dev, &Other = Against.H.Fact.Dev;
  std::string Text = quoted(Wrong.Name, "an operand") + " is on " + placed(On);
  if (Alone)
    return Text + ", which this call does not take";
  const Origin *From = Against.H.From;
  bool Moved = Against.IsState && From && From->K == Origin::Moved;
  return Text + " but " + quoted(Against.Name, "the module") +
         (Moved && Other.isCUDA() ? " was moved to " : " is on ") +
         placed(Other);
}

static std::string typesWorded(const Party &Wrong, const Party &Against,
                               bool Alone) {
  std::string Text = quoted(Wrong.Name, "an operand") + " holds " +
                     dtypeName(Wrong.H.Fact.Type).str();
  if (Alone)
    return Text + ", which this call does not take";
  return Text + " but " + quoted(Against.Name, "the module") +
         (Against.IsState ? " works in " : " holds ") +
         dtypeName(Against.H.Fact.Type).str();
}

std::string wording(FindingCode Code, const Party &Wrong, const Party &Against,
                    bool Alone) {
  std::string On = placed(Wrong.H.Fact.Dev);
  switch (Code) {
  case FindingCode::DeviceMismatch:
    return devicesWorded(Wrong, Against, Alone);
  case FindingCode::OptimizerBeforeMove:
    return quoted(Wrong.Name, "the optimizer") + " has stepped on " + On +
           " and keeps its state there, but the parameters have moved to " +
           placed(Against.H.Fact.Dev) + " since";
  case FindingCode::HostAccess:
    return Alone ? quoted(Wrong.Name, "the tensor") + " is on " + On +
                       ", but its memory is read on the host"
                 : quoted(Wrong.Name, "the pointer") +
                       " is host memory, but the options say that it is on " +
                       placed(Against.H.Fact.Dev);
  default:
    return typesWorded(Wrong, Against, Alone);
  }
}

std::optional<Step> provenance(FindingCode Code, const Party &P) {
  const Origin *O = P.H.From;
  if (!O || O->Loc.isInvalid())
    return std::nullopt;
  if (Code == FindingCode::DtypeMismatch) {
    if (O->K != Origin::Created)
      return std::nullopt;
    return Step{O->Loc,
                quoted(P.Name, "a tensor") + " created as " +
                    dtypeName(P.H.Fact.Type).str() + " here",
                Device::unknown(), P.Name};
  }
  bool ModuleMade = P.IsState && O->K == Origin::Created && O->Depth > 0;
  if (!ModuleMade && !O->Dev.isKnown())
    return std::nullopt;
  bool Moved = O->K == Origin::Moved;
  std::string Subject =
      ModuleMade ? quoted(P.Name, "the module")
                 : quoted(Moved && !O->Subject.empty() ? O->Subject : P.Name,
                          "a tensor");
  return Step{O->Loc,
              Subject + (Moved ? " moved to " : " created on ") +
                  placed(O->Dev) + " here",
              O->Dev, P.Name};
}

} // namespace torch_tidy
