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

// Two states that nothing later can tell apart become one; the conditions that
// they do not share are forgotten. Where more than `Exact` are left, states
// that differ in numbers only go first; past the limit the rest is joined into
// one. `Differ`: those that are the same to the variables there are differ in
// something that has none yet.
void Interp::merge(States &All, unsigned Exact, bool Differ) {
  if (All.size() < 2)
    return;
  auto Number = [&] { return Value::of(Value::Sym, symbol("", false)); };
  auto Place = [&] { return Device::symbol(++DeviceSymbols); };
  const Fresh Unknown{Number, Place};
  const size_t Paths = Effort.share(Opts.Paths);
  for (bool Numbers : {true, false}) {
    std::map<uint64_t, size_t> Seen;
    States Out;
    for (State &X : All) {
      auto [It, New] =
          Seen.try_emplace(Signature(X, Numbers, Since), Out.size());
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
      if (Differ) {
        Y.join(X, Unknown, Since.S);
        continue;
      }
      Y.forgetOthers(X.Known);
      if (!Numbers)
        Y.widen(
            X,
            [&](const Value &V) {
              return V.K == Value::Str
                         ? unknownString("")
                         : Value::of(Value::Sym, symbol("", false));
            },
            Since.S);
    }
    All = std::move(Out);
    if (All.size() <= (Numbers ? std::min<size_t>(Exact, Paths) : Paths))
      return;
  }
  std::stable_partition(All.begin(), All.end(),
                        [](const State &X) { return !X.Threw; });
  for (size_t I = Paths; I < All.size(); ++I)
    if (!All[I].Threw)
      All[Paths - 1].join(All[I], Unknown, Since.S);
  All.erase(All.begin() + Paths, All.end());
}

} // namespace torch_tidy
