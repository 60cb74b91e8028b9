// What runs, but not everywhere or not fast: torch-unguarded-cuda and
// torch-transfer-in-loop. Both are off by default.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// A call that needs a GPU. Only the first on a path is told of.
void Interp::needsCuda(const Expr *E) {
  Told.needsCuda(E, S->top().Fn, S->Guarded);
  S->Guarded = true;
}

// A tensor that goes from the host to the GPU in one round of a loop after
// another, and holds the same each time.
void Interp::transferred(const Expr *E, HandleId H) {
  bool Again = !S->Transferred.mut().insert({E, H}).second;
  const Handle &X = S->Handles[H];
  if (!Again || Rounds.empty() || !Rounds.back() || X.Changes ||
      E->getBeginLoc().isMacroID() || !Told.firstTransfer(E))
    return;
  // An optimizer changes parameters behind every name.
  for (ObjectId O = 1; O < S->Objects.size(); ++O)
    if (llvm::is_contained(S->Objects[O].State, H))
      return;
  Finding F = findingAt(FindingCode::TransferInLoop, E, S->top().Fn);
  F.Message = "'" + X.Name +
              "' is copied to CUDA in every round of the loop, but does not "
              "change in it";
  if (X.From && X.From->Loc.isValid())
    F.History.push_back({X.From->Loc,
                         "'" + X.Name +
                             "' is made here; a copy before the "
                             "loop serves all rounds",
                         Device::cpu(), X.Name});
  Told.add(std::move(F));
}

} // namespace torch_tidy
