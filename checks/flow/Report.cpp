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

static std::string placed(const Device &D) {
  return D.isCPU()                   ? "the CPU"
         : D.isCUDA() && D.Index > 0 ? "CUDA device " + std::to_string(D.Index)
                                     : "CUDA";
}

void Interp::judged(const api::Judgement &J, FindingCode Code, const Expr *Site,
                    ArrayRef<Used> Ops) {
  if (Code == FindingCode::DtypeMismatch && S->Autocast)
    return;
  // The place to report: the activation that chose where the wrong operand is.
  unsigned Depth = S->Frames.size();
  const Used *Wrong =
      J.throws() && J.Wrong < Ops.size() ? &Ops[J.Wrong] : nullptr;
  const Used *Against =
      J.throws() && J.Against < Ops.size() ? &Ops[J.Against] : nullptr;
  if (J.throws() && Wrong && Against && Wrong->IsState)
    std::swap(Wrong, Against);
  // The one to blame is the one that stayed on the CPU, when that is clear.
  if (Wrong && Against && Code == FindingCode::DeviceMismatch &&
      !Against->IsState && !Wrong->IsState &&
      S->Handles[Wrong->H].Fact.Dev.isCUDA() &&
      S->Handles[Against->H].Fact.Dev.isCPU())
    std::swap(Wrong, Against);
  unsigned Level = Depth;
  if (Wrong) {
    const Origin *A = S->Handles[Wrong->H].From;
    unsigned At = 1;
    if (A)
      for (unsigned I = Depth; I >= 1; --I)
        if (S->Frames[I - 1].Serial == A->Frame) {
          At = I;
          break;
        }
    if (!A)
      At = Depth;
    Level = std::min(Level, At);
    // Never report inside code the user does not own, or at no call at all.
    while (Level < Depth && !S->Frames[Level].Site)
      ++Level;
  }
  auto Record = [&](unsigned L, bool Bad) {
    const Expr *At = L == Depth ? Site : S->Frames[L].Site;
    std::vector<uint64_t> Context(Rounds.begin(), Rounds.end());
    for (unsigned I = 1; I < Depth; ++I)
      Context.push_back(reinterpret_cast<uintptr_t>(S->Frames[I].Site));
    Context.push_back(reinterpret_cast<uintptr_t>(Site));
    Context.push_back(reinterpret_cast<uintptr_t>(Root));
    Visits &V = Sites[{{At, unsigned(Code)}, Context}];
    if (!Bad) {
      if (!S->Threw)
        V.Fine.push_back(S->Known);
      V.Runs |= !S->Threw && J.K == api::Judgement::Fine;
      return static_cast<Visits *>(nullptr);
    }
    return &V;
  };
  if (!Wrong || !Against) {
    if (Supposed)
      return;
    for (unsigned L = 1; L <= Depth; ++L)
      if (L == Depth || S->Frames[L].Site)
        Record(L, false);
    return;
  }
  // Mended in the state, so that one cause is told once: what stayed behind on
  // the CPU has moved. A module takes along all that it belongs to.
  auto Mend = [&] {
    S->Handles.mut(Wrong->H).Fact.Type = Dtype::Unknown;
    for (const Used *U : {Wrong, Against}) {
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
      if (&U == Wrong || (!U.IsState && U.H &&
                          S->Handles[U.H].Fact.Dev.differsFrom(
                              S->Handles[Against->H].Fact.Dev)))
        S->Handles.mut(U.H).Fact.Dev = Device::symbol(++DeviceSymbols);
  };
  if (Supposed) {
    if (Code == FindingCode::DeviceMismatch)
      supposedMismatch(*Wrong, *Against, J, Site);
    return Mend();
  }
  Visits *V = Record(Level, true);
  const Handle &WH = S->Handles[Wrong->H];
  const Handle &AH = S->Handles[Against->H];
  Visits::Bad B;
  Finding &F = B.F;
  F.Code = Code;
  F.Call = Level == Depth ? Site : S->Frames[Level].Site;
  F.Function = S->Frames[Level - 1].Fn;
  F.Loc = F.Call->getExprLoc();
  if (auto *Op = dyn_cast<CXXOperatorCallExpr>(F.Call);
      Op && Op->getOperator() == OO_Call)
    F.Loc = F.Call->getBeginLoc();
  F.Range = F.Call->getSourceRange();
  F.Predicted = J.Message;
  std::string WName = !Wrong->Spelling.empty() && Wrong->Spelling.find_first_of(
                                                      "({") == std::string::npos
                          ? Wrong->Spelling
                      : !WH.Name.empty() ? WH.Name
                                         : Wrong->Spelling;
  std::string AName =
      !Against->Spelling.empty() &&
              Against->Spelling.find_first_of("({") == std::string::npos
          ? Against->Spelling
      : !AH.Name.empty() ? AH.Name
                         : Against->Spelling;
  if (Level < Depth && !WH.Name.empty())
    WName = WH.Name;
  auto Quoted = [](const std::string &N, const char *Else) {
    return N.empty() ? std::string(Else) : "'" + N + "'";
  };
  const Origin *AO = AH.From;
  if (Against->IsState && AO && !AO->Subject.empty())
    AName = AO->Subject;
  if (Code == FindingCode::DeviceMismatch && Wrong == Against) {
    F.Message = Quoted(WName, "an operand") + " is on " + placed(WH.Fact.Dev) +
                ", which this call does not take";
  } else if (Code == FindingCode::DeviceMismatch) {
    bool Moved = Against->IsState && AO && AO->K == Origin::Moved;
    F.Message = Quoted(WName, "an operand") + " is on " + placed(WH.Fact.Dev) +
                " but " + Quoted(AName, "the module") +
                std::string(Moved && AH.Fact.Dev.isCUDA() ? " was moved to "
                                                          : " is on ") +
                placed(AH.Fact.Dev);
  } else if (Code == FindingCode::OptimizerBeforeMove) {
    F.Message =
        Quoted(WName, "the optimizer") + " has stepped on " +
        placed(WH.Fact.Dev) +
        " and keeps its state there, but the parameters have moved to " +
        placed(AH.Fact.Dev) + " since";
  } else if (Code == FindingCode::HostAccess) {
    F.Message =
        Wrong == Against
            ? Quoted(WName, "the tensor") + " is on " + placed(WH.Fact.Dev) +
                  ", but its memory is read on the host"
            : Quoted(WName, "the pointer") +
                  " is host memory, but the options say that it is on " +
                  placed(AH.Fact.Dev);
  } else if (Wrong == Against) {
    F.Message = Quoted(WName, "an operand") + " holds " +
                dtypeName(WH.Fact.Type).str() +
                ", which this call does not take";
  } else {
    F.Message = Quoted(WName, "an operand") + " holds " +
                dtypeName(WH.Fact.Type).str() + " but " +
                Quoted(AName, "the module") +
                (Against->IsState ? " works in " : " holds ") +
                dtypeName(AH.Fact.Type).str();
  }
  for (const Used &U : Ops) {
    if (!U.H)
      continue;
    Operand O;
    O.Role = U.Role;
    O.Spelling = U.Spelling;
    O.E = Level == Depth ? U.E : nullptr;
    O.IsModuleState = U.IsState;
    O.Wrong = &U == Wrong;
    O.Fact = S->Handles[U.H].Fact;
    F.Operands.push_back(std::move(O));
  }
  // The history: where the module went, where the operand came from, and how
  // control got from the report to the throwing call.
  auto Tell = [&](const Used *U, const std::string &Name) {
    const Origin *O = S->Handles[U->H].From;
    if (Code == FindingCode::DtypeMismatch) {
      if (O && O->K == Origin::Created && O->Loc.isValid())
        F.History.push_back({O->Loc,
                             Quoted(Name, "a tensor") + " created as " +
                                 dtypeName(S->Handles[U->H].Fact.Type).str() +
                                 " here",
                             Device::unknown(), Name});
      return;
    }
    if (U->IsState && O && O->K == Origin::Created && O->Depth > 0)
      F.History.push_back({O->Loc,
                           Quoted(Name, "the module") + " created on " +
                               placed(O->Dev) + " here",
                           O->Dev, Name});
    else if (O && O->Loc.isValid() && O->Dev.isKnown())
      F.History.push_back(
          {O->Loc,
           Quoted(O->K == Origin::Moved && !O->Subject.empty() ? O->Subject
                                                               : Name,
                  "a tensor") +
               (O->K == Origin::Moved ? " moved to " : " created on ") +
               placed(O->Dev) + " here",
           O->Dev, Name});
  };
  if (Against != Wrong)
    Tell(Against, AName);
  Tell(Wrong, WName);
  const FieldDecl *Left = leftBehind(Wrong->H);
  if (!Left)
    Left = leftBehind(Against->H);
  if (WH.Dropped) {
    F.History.push_back(
        {WH.Dropped->getExprLoc(),
         "the result of this call is dropped; it does not move '" + WName +
             "' in place",
         Device::unknown(), WName});
    B.Dropped = WH.Dropped;
  }
  for (unsigned I = Level; I < Depth; ++I) {
    const Expr *In = I + 1 < Depth ? S->Frames[I + 1].Site : Site;
    F.History.push_back(
        {In->getExprLoc(),
         "in the call to '" +
             (S->Frames[I].Fn ? S->Frames[I].Fn->getNameAsString() : "") +
             "', " +
             (I + 1 < Depth ? "through this call" : "used together here"),
         Device::unknown(), ""});
  }
  if (Level == Depth)
    addFixes(F, *Wrong, *Against, Ops);
  else if (auto *C = dyn_cast<CallExpr>(F.Call)) {
    // The argument that became the wrong operand.
    for (const Expr *A : C->arguments())
      if (auto *D = dyn_cast<DeclRefExpr>(A->IgnoreImplicit());
          D && D->getDecl()->getName() == WName) {
        Used U = *Wrong;
        U.E = A;
        addFixes(F, U, *Against, {});
        break;
      }
  }
  B.Known = S->Known;
  if (Left && Code == FindingCode::DeviceMismatch) {
    tellLeftBehind(F, Left);
    B.Left = Left;
  }
  if (WH.From)
    B.Under = WH.From->Under;
  if (AO)
    for (auto &K : AO->Under)
      B.Under.insert(K);
  for (auto It = B.Under.begin(); It != B.Under.end();)
    It = S->Known.count(It->first) ? std::next(It) : B.Under.erase(It);
  if (!Catching && S->ThrewAt.insert({Site, S->top().Serial}).second)
    V->Bads.push_back(std::move(B));
  S->Threw = true;
  Mend();
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
