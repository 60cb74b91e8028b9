// Module classes whose moves nobody is seen to make.
#include "checks/flow/Interp.h"
#include "checks/flow/LeftBehind.h"

using namespace clang;

namespace torch_tidy {

// Supposes that a module has moved to CUDA and gets inputs from there: what
// its forward then finds on the CPU was left behind.
void Interp::supposeMoved(const CXXRecordDecl *R) {
  const CXXConstructorDecl *Ctor = shortestConstructor(R);
  const CXXMethodDecl *Forward = nullptr;
  for (const CXXMethodDecl *M : R->methods())
    if (M->getDeclName().isIdentifier() && M->getName() == "forward" &&
        M->hasBody())
      Forward = M;
  if (!Ctor || !Forward || R->isAbstract() ||
      (Built.count(R) && !Went.count(R)))
    return;
  Supposed = Forward;
  static const Origin Move = [] {
    Origin O;
    O.K = Origin::Moved;
    O.Dev = Device::cuda();
    return O;
  }();
  Effort = {Opts.Budget, Opts.Budget};
  each(entryTo(Forward), [&] {
    Value V = settledObject(Ctor);
    if (!V)
      return;
    CellId This = S->cell(V);
    displace(This, Device::cuda());
    S->Objects.mut(V.Id).Move = &Move;
    std::vector<CellId> Args = unknownArguments(Forward);
    for (CellId A : Args)
      if (const Value &X = S->Cells[A]; X.K == Value::Tensor)
        S->Handles.mut(X.Id).Fact.Dev = Device::cuda();
      else if (X.K == Value::Object)
        S->Objects.mut(X.Id).Unseen = Device::cuda();
    enter(Forward, nullptr, This, Args);
  });
  Supposed = nullptr;
}

void Interp::supposedMismatch(const Used &Wrong, const Used &Against,
                              const api::Judgement &J, const Expr *Site) {
  for (const Used *U : {&Wrong, &Against}) {
    const FieldDecl *Field = leftBehind(*S, Ty, U->H);
    // What something moves by hand is not left behind.
    if (!Field || Written.count(Field) || !S->Handles[U->H].Fact.Dev.isCPU() ||
        !Told.firstOf(Field))
      continue;
    Finding F = findingAt(FindingCode::UnregisteredMember, Site, Supposed);
    F.Loc = Field->getLocation();
    F.Range = Field->getSourceRange();
    std::string Name = Field->getNameAsString();
    F.Message = "'" + Name +
                "' is never registered: when the module moves to CUDA, it "
                "stays on the CPU";
    F.Predicted = J.Message;
    F.History.push_back({Site->getExprLoc(),
                         "'" + Name + "' meets what has moved here",
                         Device::unknown(), Name});
    if (auto Register = registration(Ctx, Ty, Field))
      F.Fixes.push_back(std::move(*Register));
    Told.add(std::move(F));
  }
}

} // namespace torch_tidy
