// Sets of paths: how many are kept apart, and how the rest is joined.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

bool Interp::visit() {
  ++Result.Stats.Visits;
  if (!Effort) {
    GaveUp = true;
    return false;
  }
  if (Allowance && !(*Allowance)--) {
    Allowance = 0;
    return false;
  }
  --Effort.Left;
  return true;
}

/// Leaves the conditions that two paths share.
static void forgetOthers(Conditions &Of, const Conditions &With) {
  Of.eraseIf([&](const auto &Condition) {
    auto It = With.find(Condition.first);
    return It == With.end() || It->second != Condition.second;
  });
}

// Two states that nothing later can tell apart become one; the conditions that
// they do not share are forgotten. Where more than `Exact` are left, states
// that differ in numbers only go first; past the limit the rest is joined into
// one.
void Interp::merge(States &All, unsigned Exact) {
  if (All.size() < 2)
    return;
  const size_t Paths = Effort.share(Opts.Paths);
  for (bool Numbers : {true, false}) {
    std::map<uint64_t, size_t> Seen;
    States Out;
    for (State &X : All) {
      auto [It, New] = Seen.try_emplace(Signature(X, Numbers), Out.size());
      if (New) {
        Out.push_back(std::move(X));
        continue;
      }
      State &Y = Out[It->second];
      if (X.Threw && !Y.Threw)
        continue;
      if (Y.Threw && !X.Threw) {
        Y = std::move(X);
        continue;
      }
      forgetOthers(Y.Known, X.Known);
      if (!Numbers)
        Y.widen(X, [&](const Value &V) {
          return V.K == Value::Str ? unknownString("")
                                   : Value::of(Value::Sym, symbol("", false));
        });
    }
    All = std::move(Out);
    if (All.size() <= (Numbers ? std::min<size_t>(Exact, Paths) : Paths))
      return;
  }
  std::stable_partition(All.begin(), All.end(),
                        [](const State &X) { return !X.Threw; });
  for (size_t I = Paths; I < All.size(); ++I)
    if (!All[I].Threw)
      join(All[Paths - 1], All[I]);
  All.erase(All.begin() + Paths, All.end());
}

// What two paths agree on; all else becomes unknown. The numbering of cells
// and objects is that of their common past, so equal numbers name equal things
// or things that are forgotten here.
void Interp::join(State &To, const State &From) {
  for (HandleId H = 1; H < To.Handles.size(); ++H) {
    bool There = H < From.Handles.size();
    const TensorFact &A = To.Handles[H].Fact;
    TensorFact B = There ? From.Handles[H].Fact : TensorFact();
    if (There && A == B)
      continue;
    TensorFact &F = To.Handles.mut(H).Fact;
    if (A.Dev != B.Dev)
      F.Dev = Device::symbol(++DeviceSymbols);
    if (A.Type != B.Type)
      F.Type = Dtype::Unknown;
    F.Dim = Rank::Unknown;
  }
  for (ObjectId O = 1; O < To.Objects.size(); ++O) {
    const Object &A = To.Objects[O];
    if (O < From.Objects.size()) {
      const Object &B = From.Objects[O];
      if (A.Elems.size() == B.Elems.size() &&
          A.Children.size() == B.Children.size() &&
          A.State.size() == B.State.size() && A.Opaque == B.Opaque &&
          A.Kind2 == B.Kind2 && A.Like == B.Like)
        continue;
    }
    Object &X = To.Objects.mut(O);
    X.Like = 0;
    X.Opaque = true;
    X.Unseen = Device::symbol(++DeviceSymbols);
  }
  for (CellId C = 1; C < To.Cells.size(); ++C) {
    const Value &A = To.Cells[C];
    if (C < From.Cells.size()) {
      const Value &B = From.Cells[C];
      if (A.K == B.K && A.Id == B.Id && A.N == B.N && A.Neg == B.Neg &&
          A.P == B.P && A.D == B.D && A.T == B.T)
        continue;
    }
    if (A.K == Value::Int || A.K == Value::Sym)
      To.Cells.mut(C) = Value::of(Value::Sym, symbol("", false));
    else if (A.K == Value::Dev)
      To.Cells.mut(C).D = Device::symbol(++DeviceSymbols);
    else if (A.K == Value::Tensor)
      To.Cells.mut(C) =
          To.tensor({{Device::symbol(++DeviceSymbols)}, nullptr, "", nullptr});
    else
      To.Cells.mut(C) = Value();
  }
  // A global that each path came across by itself has a cell in each.
  std::vector<const void *> Apart;
  for (const auto &[D, C] : To.Globals)
    if (From.Globals.lookup(D) != C)
      Apart.push_back(D);
  for (const void *D : Apart)
    To.Globals[D] = To.cell(Value());
  if (To.Default != From.Default)
    To.Default = Dtype::Unknown;
  forgetOthers(To.Known, From.Known);
}

} // namespace torch_tidy
