#include "checks/flow/CallReport.h"
#include "checks/flow/LeftBehind.h"
#include "checks/flow/Repairs.h"
#include "clang/AST/ExprCXX.h"

using namespace clang;

namespace torch_tidy {

// The depth of the activation to report in: the one that chose where the wrong
// operand is, so that one cause is told once, whoever is called with it.
static unsigned levelOf(const State &S, const Used &Wrong) {
  unsigned Depth = S.Frames.size();
  const Origin *From = S.Handles[Wrong.H].From;
  unsigned Level = Depth;
  if (From) {
    while (Level > 1 && S.Frames[Level - 1].Serial != From->Frame)
      --Level;
  }
  // Never at no call at all.
  while (Level < Depth && !S.Frames[Level].Site)
    ++Level;
  return Level;
}

CallReport::CallReport(ASTContext &Ctx, Types &Ty, const State &S,
                       const Mismatch &M)
    : Ctx(Ctx), Ty(Ty), S(S), M(M), Level(levelOf(S, *M.B.Wrong)) {}

// How a report names an operand: as the source spells it where that is a name.
Party CallReport::party(const Used &U) const {
  const Handle &H = S.Handles[U.H];
  bool Plain = !U.Spelling.empty() &&
               U.Spelling.find_first_of("({") == std::string::npos;
  return {Plain || H.Name.empty() ? U.Spelling : H.Name, H, U.IsState};
}

// The history: where the module went, where the operand came from, and how
// control got from the report to the throwing call.
std::vector<Step> CallReport::historyOf(const Party &Wrong,
                                        const Party &Against) {
  std::vector<Step> Steps;
  if (!M.B.alone())
    if (auto Step = provenance(M.Code, Against))
      Steps.push_back(std::move(*Step));
  if (auto Step = provenance(M.Code, Wrong))
    Steps.push_back(std::move(*Step));
  if (const Origin *O = Wrong.H.From;
      O && M.Code == FindingCode::DeviceMismatch)
    if (const ParmVarDecl *P = ignoredDevice(Ty, *O))
      Steps.push_back({P->getLocation(),
                       "'" + O->In->getNameAsString() + "' is given '" +
                           P->getNameAsString() + "' and does not use it",
                       Device::unknown(), ""});
  if (Wrong.H.Dropped)
    Steps.push_back({Wrong.H.Dropped->getExprLoc(),
                     "the result of this call is dropped; it does not move '" +
                         Wrong.Name + "' in place",
                     Device::unknown(), Wrong.Name});
  unsigned Depth = S.Frames.size();
  for (unsigned I = Level; I < Depth; ++I) {
    const FunctionDecl *Fn = S.Frames[I].Fn;
    Steps.push_back(
        {siteAt(S, I + 1, M.Site)->getExprLoc(),
         "in the call to '" + (Fn ? Fn->getNameAsString() : "") + "', " +
             (I + 1 < Depth ? "through this call" : "used together here"),
         Device::unknown(), ""});
  }
  return Steps;
}

// The repairs at the place of the report; in a caller, those of the argument
// that became the wrong operand.
void CallReport::repair(Finding &F) {
  Repairs At(Ctx, Ty, S, Level);
  if (here())
    return At.offer(F, *M.B.Wrong, *M.B.Against, M.Ops);
  Used U = *M.B.Wrong;
  U.E = argumentFor(U.H);
  // Not where the callee may change the caller's variable.
  if (U.E && (!U.E->isLValue() || U.E->getType().isConstQualified()))
    At.offer(F, U, *M.B.Against, {});
}

// The argument whose tensor is this one in the activation that the call of the
// report made; null where none is.
const Expr *CallReport::argumentFor(HandleId H) const {
  auto *C = dyn_cast<CallExpr>(call());
  if (!C || Level >= S.Frames.size() || !S.Frames[Level].Fn)
    return nullptr;
  const Frame &Made = S.Frames[Level];
  const FunctionDecl *Callee = C->getDirectCallee();
  if (!Callee || Callee->getNumParams() != Made.Fn->getNumParams())
    return nullptr;
  ArrayRef<const Expr *> Args(C->getArgs(), C->getNumArgs());
  if (isa<CXXOperatorCallExpr>(C) && isa<CXXMethodDecl>(Callee))
    Args = Args.drop_front();
  for (unsigned I = 0; I < Made.Fn->getNumParams() && I < Args.size(); ++I) {
    auto It = Made.Vars.find(Made.Fn->getParamDecl(I));
    if (It == Made.Vars.end() || isa<CXXDefaultArgExpr>(Args[I]))
      continue;
    const Value &V = S.Cells[It->second];
    if (V.K == Value::Tensor && V.Id == H)
      return Args[I];
  }
  return nullptr;
}

void CallReport::tellLeftBehind(Finding &F, const FieldDecl *Field) {
  std::string Name = Field->getNameAsString();
  F.History.push_back(
      {Field->getLocation(),
       "'" + Name +
           "' is never registered, so moving the module leaves it behind",
       Device::unknown(), Name});
  if (auto Register = registration(Ctx, Ty, Field))
    F.Fixes.insert(F.Fixes.begin(), std::move(*Register));
}

// In the caller an argument is called what it is called there.
std::string CallReport::nameThere(const Party &P, const Used &U) {
  const Expr *A = argumentFor(U.H);
  return A && !P.IsState && Ty.kindOf(A->getType()) == TypeKind::Tensor
             ? Ty.text(A)
             : P.Name;
}

Visits::Bad CallReport::describe(const std::string &Predicted) {
  Visits::Bad Bad;
  Finding &F = Bad.F;
  F = findingAt(M.Code, call(), S.Frames[Level - 1].Fn);
  // `model(x)` is known by its model, not by its parenthesis.
  if (auto *Op = dyn_cast<CXXOperatorCallExpr>(F.Call);
      Op && Op->getOperator() == OO_Call)
    F.Loc = Op->getBeginLoc();
  F.Predicted = Predicted;
  Party Wrong = party(*M.B.Wrong), Against = party(*M.B.Against);
  if (!here() && !Wrong.H.Name.empty())
    Wrong.Name = Wrong.H.Name;
  Wrong.Name = nameThere(Wrong, *M.B.Wrong);
  Against.Name = nameThere(Against, *M.B.Against);
  // Who has moved a module elsewhere may call it otherwise.
  if (const Origin *O = Against.H.From;
      Against.IsState && O && !O->Subject.empty() &&
      (Against.Name.empty() || !here() ||
       O->Frame == S.Frames[Level - 1].Serial))
    Against.Name = O->Subject;
  F.Message = wording(M.Code, Wrong, Against, M.B.alone());
  for (const Used &U : M.Ops) {
    if (!U.H)
      continue;
    Operand O;
    O.Role = U.Role;
    O.Spelling = U.Spelling;
    O.E = here() ? U.E : nullptr;
    O.IsModuleState = U.IsState;
    O.Wrong = &U == M.B.Wrong;
    O.Fact = S.Handles[U.H].Fact;
    F.Operands.push_back(std::move(O));
  }
  F.History = historyOf(Wrong, Against);
  Bad.Dropped = Wrong.H.Dropped;
  repair(F);
  if (M.Code == FindingCode::DeviceMismatch) {
    Bad.Left = leftBehind(S, Ty, M.B.Wrong->H);
    if (!Bad.Left)
      Bad.Left = leftBehind(S, Ty, M.B.Against->H);
    if (Bad.Left)
      tellLeftBehind(F, Bad.Left);
  }
  Bad.Known = S.Known;
  for (const Handle *H : {&Wrong.H, &Against.H})
    if (H->From)
      for (auto &Condition : H->From->Under)
        if (S.Known.count(Condition.first))
          Bad.Under.insert(Condition);
  return Bad;
}

} // namespace torch_tidy
