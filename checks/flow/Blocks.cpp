// Blocks: labels that are jumped to, locals that are destroyed.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// The destructors that a block runs when it is left, whichever way.
void Interp::destroy(ArrayRef<const VarDecl *> Locals, States &At) {
  for (const VarDecl *D : Locals) {
    const CXXDestructorDecl *Dtor =
        D->getType()->getAsCXXRecordDecl()->getDestructor();
    At = each(std::move(At), [&] {
      auto It = S->top().Vars.find(D);
      if (It == S->top().Vars.end())
        return;
      Value Result = S->top().Result;
      enter(Dtor, nullptr, S->target(It->second), {});
      if (!Dead)
        S->top().Result = Result;
    });
  }
}

// Whether the end of a variable runs code of the user's.
bool Interp::destroyed(const VarDecl *V) {
  const CXXRecordDecl *R = V->getType()->getAsCXXRecordDecl();
  if (!R || !Ty.isUserCode(R) || !R->hasDefinition())
    return false;
  const CXXDestructorDecl *Dtor = R->getDestructor();
  return Dtor && Dtor->isUserProvided() && Dtor->hasBody();
}

// The variables of a block are gone after it: two ways through it that differ
// in nothing else are one.
void Interp::leaveScope(ArrayRef<const VarDecl *> Locals, States &At) {
  for (State &X : At)
    for (const VarDecl *V : Locals) {
      X.top().Vars.erase(V);
      if (auto *D = dyn_cast<DecompositionDecl>(V))
        for (const BindingDecl *B : D->bindings()) {
          X.top().Vars.erase(B);
          X.top().Vars.erase(B->getHoldingVar());
        }
    }
}

Flow Interp::execBlock(const CompoundStmt *Block, States In) {
  Flow Out;
  std::map<const LabelDecl *, size_t> Labels;
  std::vector<const VarDecl *> Locals, Scope;
  std::vector<const Stmt *> Body(Block->body_begin(), Block->body_end());
  for (size_t I = 0; I < Body.size(); ++I) {
    if (auto *L = dyn_cast<LabelStmt>(Body[I]))
      Labels[L->getDecl()] = I;
    if (auto *DS = dyn_cast<DeclStmt>(Body[I]))
      for (const Decl *D : DS->decls())
        if (auto *V = dyn_cast<VarDecl>(D); V && V->hasLocalStorage()) {
          Scope.push_back(V);
          if (destroyed(V))
            Locals.insert(Locals.begin(), V);
        }
  }
  Out.Next = std::move(In);
  // A jump back is a loop: a few rounds are followed.
  size_t From = 0;
  if (!Labels.empty())
    Rounds.push_back(0);
  States Ended;
  std::optional<State> Start;
  const Base Around = Since;
  for (unsigned Jumps = 0; Jumps < 8; ++Jumps) {
    for (size_t I = From; I < Body.size(); ++I) {
      if (auto *L = dyn_cast<LabelStmt>(Body[I]))
        if (auto It = Out.Goto.find(L->getDecl()); It != Out.Goto.end()) {
          append(Out.Next, std::move(It->second));
          Out.Goto.erase(It);
          merge(Out.Next);
        }
      if (Out.Next.empty() && Labels.empty())
        break;
      // Ways through a loop or a branch are told apart by what they changed.
      if (Out.Next.size() == 1 && Labels.empty() &&
          !isa<Expr, DeclStmt, ReturnStmt>(Body[I])) {
        Start = Out.Next[0];
        Since = from(*Start);
      }
      Flow F = exec(Body[I], std::move(Out.Next));
      Out.Next = std::move(F.Next);
      Out.leave(F);
    }
    From = Body.size();
    for (auto &[L, I] : Labels)
      if (Out.Goto.count(L))
        From = std::min(From, I);
    if (From == Body.size())
      break;
    append(Ended, std::move(Out.Next));
    Out.Next.clear();
    Rounds.back() = std::min(Jumps + 1, 3u);
  }
  Since = Around;
  for (auto &[L, I] : Labels)
    Out.Goto.erase(L);
  append(Out.Next, std::move(Ended));
  if (!Labels.empty()) {
    Rounds.pop_back();
    merge(Out.Next);
  }
  merge(Out.Return);
  if (!Locals.empty())
    for (States *At : {&Out.Next, &Out.Break, &Out.Continue, &Out.Return})
      destroy(Locals, *At);
  if (!Scope.empty())
    for (States *At : {&Out.Next, &Out.Break, &Out.Continue}) {
      leaveScope(Scope, *At);
      merge(*At);
    }
  return Out;
}

} // namespace torch_tidy
