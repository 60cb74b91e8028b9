// From states that meet at a call to findings: what is certain enough to say.
#include "checks/flow/Interp.h"
#include "clang/Lex/Lexer.h"

using namespace clang;

namespace torch_tidy {

std::string Interp::text(const Expr *E) {
  if (!E)
    return "";
  const SourceManager &SM = Ctx.getSourceManager();
  CharSourceRange R = Lexer::makeFileCharRange(
      CharSourceRange::getTokenRange(E->getSourceRange()), SM,
      Ctx.getLangOpts());
  StringRef T =
      R.isValid() ? Lexer::getSourceText(R, SM, Ctx.getLangOpts()) : "";
  std::string Out;
  for (char C : T)
    if (!isspace(static_cast<unsigned char>(C)))
      Out += C;
    else if (!Out.empty() && Out.back() != ' ')
      Out += ' ';
  // The `->` of a smart pointer belongs to the member that follows it.
  for (StringRef Tail : {"->", "."})
    if (StringRef(Out).ends_with(Tail))
      Out.resize(Out.size() - Tail.size());
  if (Out.size() > 60)
    Out = Out.substr(0, 57) + "...";
  return Out;
}

void Interp::unknown(SourceLocation Loc, std::string Why) {
  if (Loc.isValid() && Told.insert({Loc, Why}).second)
    Result.Unknowns.push_back({Loc, std::move(Why)});
}

// The operand that is called wrong, and the one that it does not go with.
Blame Interp::blame(const api::Judgement &J, FindingCode Code,
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
      !B.Wrong->IsState && S->Handles[B.Wrong->H].Fact.Dev.isCUDA() &&
      S->Handles[B.Against->H].Fact.Dev.isCPU())
    std::swap(B.Wrong, B.Against);
  return B;
}

// The depth of the activation to report in: the one that chose where the wrong
// operand is, so that one cause is told once, whoever is called with it.
unsigned Interp::levelOf(const Used &Wrong) {
  unsigned Depth = S->Frames.size();
  const Origin *From = S->Handles[Wrong.H].From;
  unsigned Level = Depth;
  if (From) {
    while (Level > 1 && S->Frames[Level - 1].Serial != From->Frame)
      --Level;
  }
  // Never at no call at all.
  while (Level < Depth && !S->Frames[Level].Site)
    ++Level;
  return Level;
}

// The call of the activation at a level that leads to a judged one.
const Expr *Interp::siteAt(unsigned Level, const Expr *Site) {
  return Level == S->Frames.size() ? Site : S->Frames[Level].Site;
}

// The visits of that call which come the way that this one does.
Visits &Interp::visitsAt(unsigned Level, FindingCode Code, const Expr *Site) {
  std::vector<uint64_t> Way(Rounds.begin(), Rounds.end());
  for (unsigned I = 1; I < S->Frames.size(); ++I)
    Way.push_back(reinterpret_cast<uintptr_t>(S->Frames[I].Site));
  Way.push_back(reinterpret_cast<uintptr_t>(Site));
  Way.push_back(reinterpret_cast<uintptr_t>(Root));
  auto [It, New] =
      Sites.try_emplace({{siteAt(Level, Site), unsigned(Code)}, Way});
  if (New)
    It->second.Order = Sites.size();
  return It->second;
}

// Nothing throws: whichever activation a mismatch would be reported in has a
// visit that is fine.
void Interp::passed(const api::Judgement &J, FindingCode Code,
                    const Expr *Site) {
  for (unsigned L = 1; L <= S->Frames.size(); ++L) {
    if (!siteAt(L, Site))
      continue;
    Visits &V = visitsAt(L, Code, Site);
    if (S->Threw)
      continue;
    V.Fine.push_back(S->Known);
    V.Runs |= J.K == api::Judgement::Fine;
  }
}

// Mended in the state, so that one cause is told once: what stayed behind on
// the CPU has moved. A module takes along all that it belongs to.
void Interp::mend(const Blame &B, FindingCode Code, ArrayRef<Used> Ops) {
  S->Handles.mut(B.Wrong->H).Fact.Type = Dtype::Unknown;
  for (const Used *U : {B.Wrong, B.Against}) {
    if (!U->IsState || Code != FindingCode::DeviceMismatch ||
        !S->Handles[U->H].Fact.Dev.isCPU())
      continue;
    for (const Frame &Fr : std::vector<Frame>(S->Frames))
      if (Fr.This)
        if (const Value &Me = S->Cells[target(Fr.This)];
            Me.K == Value::Object && S->Objects[Me.Id].K == Object::Module &&
            hangsOn(Fr.This, U->H, 0))
          displace(Fr.This, Device::cuda());
    S->Handles.mut(U->H).Fact.Dev = Device::cuda();
    return;
  }
  for (const Used &U : Ops)
    if (&U == B.Wrong || (!U.IsState && U.H &&
                          S->Handles[U.H].Fact.Dev.differsFrom(
                              S->Handles[B.Against->H].Fact.Dev)))
      S->Handles.mut(U.H).Fact.Dev = Device::symbol(++DeviceSymbols);
}

// How a report names an operand: as the source spells it where that is a name.
Party Interp::party(const Used &U) {
  const Handle &H = S->Handles[U.H];
  bool Plain = !U.Spelling.empty() &&
               U.Spelling.find_first_of("({") == std::string::npos;
  return {Plain || H.Name.empty() ? U.Spelling : H.Name, H, U.IsState};
}

// The history: where the module went, where the operand came from, and how
// control got from the report to the throwing call.
std::vector<Step> Interp::historyOf(FindingCode Code, const Blame &B,
                                    const Party &Wrong, const Party &Against,
                                    unsigned Level, const Expr *Site) {
  std::vector<Step> Steps;
  if (!B.alone())
    if (auto Step = provenance(Code, Against))
      Steps.push_back(std::move(*Step));
  if (auto Step = provenance(Code, Wrong))
    Steps.push_back(std::move(*Step));
  if (const Origin *O = Wrong.H.From; O && Code == FindingCode::DeviceMismatch)
    if (const ParmVarDecl *P = ignoredDevice(*O))
      Steps.push_back({P->getLocation(),
                       "'" + O->In->getNameAsString() + "' is given '" +
                           P->getNameAsString() + "' and does not use it",
                       Device::unknown(), ""});
  if (Wrong.H.Dropped)
    Steps.push_back({Wrong.H.Dropped->getExprLoc(),
                     "the result of this call is dropped; it does not move '" +
                         Wrong.Name + "' in place",
                     Device::unknown(), Wrong.Name});
  unsigned Depth = S->Frames.size();
  for (unsigned I = Level; I < Depth; ++I) {
    const FunctionDecl *Fn = S->Frames[I].Fn;
    Steps.push_back(
        {siteAt(I + 1, Site)->getExprLoc(),
         "in the call to '" + (Fn ? Fn->getNameAsString() : "") + "', " +
             (I + 1 < Depth ? "through this call" : "used together here"),
         Device::unknown(), ""});
  }
  return Steps;
}

// The repairs at the place of the report; in a caller, those of the argument
// that became the wrong operand.
void Interp::repair(Finding &F, const Blame &B, unsigned Level,
                    ArrayRef<Used> Ops) {
  if (Level == S->Frames.size())
    return addFixes(F, *B.Wrong, *B.Against, Ops, Level);
  Used U = *B.Wrong;
  U.E = argumentFor(F.Call, Level, U.H);
  // Not where the callee may change the caller's variable.
  if (U.E && (!U.E->isLValue() || U.E->getType().isConstQualified()))
    addFixes(F, U, *B.Against, {}, Level);
}

// The argument of a call whose tensor is this one in the activation that the
// call made, the one above \p Level; null where none is.
const Expr *Interp::argumentFor(const Expr *Call, unsigned Level, HandleId H) {
  auto *C = dyn_cast<CallExpr>(Call);
  if (!C || Level >= S->Frames.size() || !S->Frames[Level].Fn)
    return nullptr;
  const Frame &Made = S->Frames[Level];
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
    const Value &V = S->Cells[It->second];
    if (V.K == Value::Tensor && V.Id == H)
      return Args[I];
  }
  return nullptr;
}

// What would be told if this call throws on every path that comes here so.
Visits::Bad Interp::describe(const api::Judgement &J, FindingCode Code,
                             const Blame &B, unsigned Level, const Expr *Site,
                             ArrayRef<Used> Ops) {
  Visits::Bad Bad;
  Finding &F = Bad.F;
  bool Here = Level == S->Frames.size();
  F.Code = Code;
  F.Call = siteAt(Level, Site);
  F.Function = S->Frames[Level - 1].Fn;
  auto *Op = dyn_cast<CXXOperatorCallExpr>(F.Call);
  F.Loc = Op && Op->getOperator() == OO_Call ? F.Call->getBeginLoc()
                                             : F.Call->getExprLoc();
  F.Range = F.Call->getSourceRange();
  F.Predicted = J.Message;
  Party Wrong = party(*B.Wrong), Against = party(*B.Against);
  if (!Here && !Wrong.H.Name.empty())
    Wrong.Name = Wrong.H.Name;
  // In the caller an argument is called what it is called there.
  auto NameThere = [&](Party &P, const Used &U) {
    const Expr *A = argumentFor(F.Call, Level, U.H);
    if (A && !P.IsState && kindOf(A->getType()) == TypeKind::Tensor)
      P.Name = text(A);
  };
  NameThere(Wrong, *B.Wrong);
  NameThere(Against, *B.Against);
  // Who has moved a module elsewhere may call it otherwise.
  if (const Origin *O = Against.H.From;
      Against.IsState && O && !O->Subject.empty() &&
      (Against.Name.empty() || !Here ||
       O->Frame == S->Frames[Level - 1].Serial))
    Against.Name = O->Subject;
  F.Message = wording(Code, Wrong, Against, B.alone());
  for (const Used &U : Ops) {
    if (!U.H)
      continue;
    Operand O;
    O.Role = U.Role;
    O.Spelling = U.Spelling;
    O.E = Here ? U.E : nullptr;
    O.IsModuleState = U.IsState;
    O.Wrong = &U == B.Wrong;
    O.Fact = S->Handles[U.H].Fact;
    F.Operands.push_back(std::move(O));
  }
  F.History = historyOf(Code, B, Wrong, Against, Level, Site);
  Bad.Dropped = Wrong.H.Dropped;
  repair(F, B, Level, Ops);
  if (Code == FindingCode::DeviceMismatch) {
    Bad.Left = leftBehind(B.Wrong->H);
    if (!Bad.Left)
      Bad.Left = leftBehind(B.Against->H);
    if (Bad.Left)
      tellLeftBehind(F, Bad.Left);
  }
  Bad.Known = S->Known;
  for (const Handle *H : {&Wrong.H, &Against.H})
    if (H->From)
      for (auto &Condition : H->From->Under)
        if (S->Known.count(Condition.first))
          Bad.Under.insert(Condition);
  return Bad;
}

void Interp::judged(const api::Judgement &J, FindingCode Code, const Expr *Site,
                    ArrayRef<Used> Ops) {
  if (Code == FindingCode::DtypeMismatch && S->Autocast)
    return;
  Blame B = blame(J, Code, Ops);
  if (Supposed) {
    if (B && Code == FindingCode::DeviceMismatch)
      supposedMismatch(*B.Wrong, *B.Against, J, Site);
    if (B)
      mend(B, Code, Ops);
    return;
  }
  if (!B)
    return passed(J, Code, Site);
  unsigned Level = levelOf(*B.Wrong);
  Visits &V = visitsAt(Level, Code, Site);
  if (!Catching && S->ThrewAt.insert({Site, S->top().Serial}).second)
    V.Bads.push_back(describe(J, Code, B, Level, Site, Ops));
  S->Threw = true;
  mend(B, Code, Ops);
  if (Catching)
    Dead = true;
}

// A demand that no table of operators holds.
api::Judgement Interp::demandSame(const CallExpr *E, FindingCode Code,
                                  const Used &Wrong, const Used &Against,
                                  StringRef Message) {
  api::Judgement J;
  J.K = api::Judgement::Fine;
  if (S->Handles[Wrong.H].Fact.Dev.differsFrom(
          S->Handles[Against.H].Fact.Dev)) {
    J.K = api::Judgement::Throws;
    J.Wrong = 0, J.Against = 1;
    J.Message = Message.str();
  }
  judged(J, Code, E, {Wrong, Against});
  return J;
}

} // namespace torch_tidy
