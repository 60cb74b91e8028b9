// From states that meet at a call to findings: what is certain enough to say.
#include "checks/flow/Interp.h"
#include "clang/AST/ParentMapContext.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Lex/Lexer.h"

using namespace clang;

namespace torch_tidy {

std::string Interp::text(const Expr *E) {
  if (!E)
    return "";
  const SourceManager &SM = Ctx.getSourceManager();
  CharSourceRange R = Lexer::makeFileCharRange(CharSourceRange::getTokenRange(E->getSourceRange()), SM, Ctx.getLangOpts());
  StringRef T = R.isValid() ? Lexer::getSourceText(R, SM, Ctx.getLangOpts()) : "";
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
  return D.isCPU() ? "the CPU" : D.isCUDA() && D.Index > 0 ? "CUDA device " + std::to_string(D.Index) : "CUDA";
}

void Interp::judged(const api::Judgement &J, FindingCode Code, const Expr *Site, ArrayRef<Used> Ops) {
  if (Code == FindingCode::DtypeMismatch && S->Autocast)
    return;
  // The place to report: the activation that chose where the wrong operand is.
  unsigned Depth = S->Frames.size();
  const Used *Wrong = J.throws() && J.Wrong < Ops.size() ? &Ops[J.Wrong] : nullptr;
  const Used *Against = J.throws() && J.Against < Ops.size() ? &Ops[J.Against] : nullptr;
  if (J.throws() && Wrong && Against && Wrong->IsState)
    std::swap(Wrong, Against);
  // The one to blame is the one that stayed on the CPU, when that is clear.
  if (Wrong && Against && Code == FindingCode::DeviceMismatch && !Against->IsState && !Wrong->IsState &&
      S->Handles[Wrong->H].Fact.Dev.isCUDA() && S->Handles[Against->H].Fact.Dev.isCPU())
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
      return static_cast<Visits *>(nullptr);
    }
    return &V;
  };
  if (!Wrong || !Against) {
    for (unsigned L = 1; L <= Depth; ++L)
      if (L == Depth || S->Frames[L].Site)
        Record(L, false);
    return;
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
  if (auto *Op = dyn_cast<CXXOperatorCallExpr>(F.Call); Op && Op->getOperator() == OO_Call)
    F.Loc = F.Call->getBeginLoc();
  F.Range = F.Call->getSourceRange();
  F.Predicted = J.Message;
  std::string WName = !Wrong->Spelling.empty() && Wrong->Spelling.find_first_of("({") == std::string::npos ? Wrong->Spelling
                      : !WH.Name.empty() ? WH.Name : Wrong->Spelling;
  std::string AName = !Against->Spelling.empty() && Against->Spelling.find_first_of("({") == std::string::npos ? Against->Spelling
                      : !AH.Name.empty() ? AH.Name : Against->Spelling;
  if (Level < Depth && !WH.Name.empty())
    WName = WH.Name;
  auto Quoted = [](const std::string &N, const char *Else) { return N.empty() ? std::string(Else) : "'" + N + "'"; };
  const Origin *AO = AH.From;
  if (Against->IsState && AO && !AO->Subject.empty())
    AName = AO->Subject;
  if (Code == FindingCode::DeviceMismatch) {
    bool Moved = Against->IsState && AO && AO->K == Origin::Moved;
    F.Message = Quoted(WName, "an operand") + " is on " + placed(WH.Fact.Dev) + " but " + Quoted(AName, "the module") +
                std::string(Moved && AH.Fact.Dev.isCUDA() ? " was moved to " : " is on ") + placed(AH.Fact.Dev);
  } else if (Code == FindingCode::OptimizerBeforeMove) {
    F.Message = Quoted(WName, "the optimizer") + " has stepped on " + placed(WH.Fact.Dev) + " and keeps its state there, but the parameters have moved to " +
                placed(AH.Fact.Dev) + " since";
  } else if (Code == FindingCode::HostAccess) {
    F.Message = Quoted(WName, "the pointer") + " is host memory, but the options say that it is on " + placed(AH.Fact.Dev);
  } else if (Wrong == Against) {
    F.Message = Quoted(WName, "an operand") + " holds " + dtypeName(WH.Fact.Type).str() + ", which this call does not take";
  } else {
    F.Message = Quoted(WName, "an operand") + " holds " + dtypeName(WH.Fact.Type).str() + " but " +
                Quoted(AName, "the module") + (Against->IsState ? " works in " : " holds ") + dtypeName(AH.Fact.Type).str();
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
        F.History.push_back({O->Loc, Quoted(Name, "a tensor") + " created as " + dtypeName(S->Handles[U->H].Fact.Type).str() + " here",
                             Device::unknown(), Name});
      return;
    }
    if (U->IsState && O && O->K == Origin::Created && O->Depth > 0)
      F.History.push_back({O->Loc, Quoted(Name, "the module") + " created on " + placed(O->Dev) + " here", O->Dev, Name});
    else if (O && O->Loc.isValid() && O->Dev.isKnown())
      F.History.push_back({O->Loc, Quoted(O->K == Origin::Moved && !O->Subject.empty() ? O->Subject : Name, "a tensor") +
                                        (O->K == Origin::Moved ? " moved to " : " created on ") + placed(O->Dev) + " here",
                           O->Dev, Name});
  };
  if (Against != Wrong)
    Tell(Against, AName);
  Tell(Wrong, WName);
  noteUnregistered(F, *Against);
  noteUnregistered(F, *Wrong);
  if (WH.Dropped) {
    F.History.push_back({WH.Dropped->getExprLoc(), "the result of this call is dropped; it does not move '" + WName + "' in place",
                         Device::unknown(), WName});
    B.Dropped = WH.Dropped;
  }
  for (unsigned I = Level; I < Depth; ++I) {
    const Expr *In = I + 1 < Depth ? S->Frames[I + 1].Site : Site;
    F.History.push_back({In->getExprLoc(), "in the call to '" + (S->Frames[I].Fn ? S->Frames[I].Fn->getNameAsString() : "") +
                                               "', " + (I + 1 < Depth ? "through this call" : "used together here"),
                         Device::unknown(), ""});
  }
  if (Level == Depth)
    addFixes(F, *Wrong, *Against, Ops);
  else if (auto *C = dyn_cast<CallExpr>(F.Call)) {
    // The argument that became the wrong operand.
    for (const Expr *A : C->arguments())
      if (auto *D = dyn_cast<DeclRefExpr>(A->IgnoreImplicit()); D && D->getDecl()->getName() == WName) {
        Used U = *Wrong;
        U.E = A;
        addFixes(F, U, *Against, {});
        break;
      }
  }
  if (WH.From)
    B.Under = WH.From->Under;
  if (AO)
    for (auto &K : AO->Under)
      B.Under.insert(K);
  for (auto It = B.Under.begin(); It != B.Under.end();)
    It = S->Known.count(It->first) ? std::next(It) : B.Under.erase(It);
  if (!Catching)
    V->Bads.push_back(std::move(B));
  S->Threw = true;
  // Mended in the state, so that one cause is told once.
  for (const Used &U : Ops)
    if (&U == Wrong || (!U.IsState && U.H && S->Handles[U.H].Fact.Dev.differsFrom(S->Handles[Against->H].Fact.Dev)))
      S->Handles.mut(U.H).Fact.Dev = Device::symbol(++DeviceSymbols);
  S->Handles.mut(Wrong->H).Fact.Type = Dtype::Unknown;
  if (Catching)
    Dead = true;
}

// A member that `to` left behind: the module it is in has moved, it has not.
void Interp::noteUnregistered(Finding &F, const Used &U) {
  const Expr *E = U.E;
  if (U.IsState)
    E = U.Base;
  if (!E || !S->top().This)
    return;
  E = E->IgnoreImplicit();
  if (auto *Op = dyn_cast<CXXOperatorCallExpr>(E); Op && Op->getNumArgs())
    E = Op->getArg(0)->IgnoreImplicit();
  auto *M = dyn_cast<MemberExpr>(E);
  if (!M || !isa<CXXThisExpr>(M->getBase()->IgnoreImplicit()) || !isa<FieldDecl>(M->getMemberDecl()))
    return;
  const Value &Me = S->Cells[target(S->top().This)];
  if (Me.K != Value::Object || !S->Objects[Me.Id].Move)
    return;
  const Origin *From = S->Handles[U.H].From;
  if (From && From->K == Origin::Moved)
    return;
  std::string Name = M->getMemberDecl()->getNameAsString();
  F.History.push_back({M->getMemberDecl()->getLocation(),
                       "'" + Name + "' is never registered, so moving the module leaves it behind",
                       Device::unknown(), Name});
}

namespace {
// Whether a variable is named again after a place.
class UseAfter : public RecursiveASTVisitor<UseAfter> {
  const SourceManager &SM;
  const ValueDecl *D;
  SourceLocation After;

public:
  bool Found = false;
  UseAfter(const SourceManager &SM, const ValueDecl *D, SourceLocation After)
      : SM(SM), D(D), After(After) {}
  bool VisitDeclRefExpr(DeclRefExpr *E) {
    Found |= E->getDecl() == D && SM.isBeforeInTranslationUnit(After, E->getBeginLoc());
    return !Found;
  }
};
} // namespace

// A move whose result is dropped and whose operand is used later, where no
// other finding has it as its cause.
void Interp::unusedMoves(const std::set<const Expr *> &Causes) {
  for (auto &[E, Fn] : IdleMoves) {
    auto *C = cast<CXXMemberCallExpr>(E);
    auto *Ref = dyn_cast<DeclRefExpr>(C->getImplicitObjectArgument()->IgnoreImplicit());
    if (Causes.count(E) || HarmlessMoves.count(E) || !Ref || !Fn || !Fn->hasBody() || E->getBeginLoc().isMacroID())
      continue;
    UseAfter Visitor(Ctx.getSourceManager(), Ref->getDecl(), E->getEndLoc());
    Visitor.TraverseStmt(Fn->getBody());
    if (!Visitor.Found)
      continue;
    std::string Name = Ref->getDecl()->getNameAsString();
    Finding F;
    F.Code = FindingCode::UnusedMove;
    F.Call = E;
    F.Function = Fn;
    F.Loc = E->getExprLoc();
    F.Range = E->getSourceRange();
    F.Message = "the result of '" + text(E) + "' is dropped: it does not move '" + Name + "' in place";
    F.Fixes.push_back({"assign the result of the move", {FixItHint::CreateInsertion(E->getBeginLoc(), Name + " = ")}});
    Result.Findings.push_back(std::move(F));
  }
}

void Interp::addFixes(Finding &F, const Used &Wrong, const Used &Against, ArrayRef<Used> Ops) {
  const SourceManager &SM = Ctx.getSourceManager();
  const Handle &WH = S->Handles[Wrong.H];
  const Handle &AH = S->Handles[Against.H];
  auto Append = [&](const Expr *E, const std::string &Suffix) -> std::optional<FixItHint> {
    E = E->IgnoreImplicit();
    CharSourceRange R = Lexer::makeFileCharRange(CharSourceRange::getTokenRange(E->getSourceRange()), SM, Ctx.getLangOpts());
    if (!R.isValid() || R.getBegin().isMacroID())
      return std::nullopt;
    std::string Src = Lexer::getSourceText(R, SM, Ctx.getLangOpts()).str();
    const Expr *Bare = E->IgnoreParens();
    bool Primary = isa<DeclRefExpr>(Bare) || isa<MemberExpr>(Bare) || isa<CXXMemberCallExpr>(Bare) ||
                   (isa<CallExpr>(Bare) && (!isa<CXXOperatorCallExpr>(Bare) ||
                     cast<CXXOperatorCallExpr>(Bare)->getOperator() == OO_Subscript ||
                     cast<CXXOperatorCallExpr>(Bare)->getOperator() == OO_Call)) || Bare != E;
    return FixItHint::CreateReplacement(R, (Primary ? Src : "(" + Src + ")") + Suffix);
  };
  if (F.Code == FindingCode::OptimizerBeforeMove || F.Code == FindingCode::HostAccess)
    return;
  if (F.Code == FindingCode::DtypeMismatch) {
    if (&Wrong != &Against && Wrong.E && AH.Fact.Type != Dtype::Unknown && !dtypeConstant(AH.Fact.Type).empty())
      if (auto H = Append(Wrong.E, ".to(" + dtypeConstant(AH.Fact.Type).str() + ")"))
        F.Fixes.push_back({"cast '" + text(Wrong.E) + "'", {*H}});
    return;
  }
  // The device as the module's move spelled it, where those names are in reach.
  std::string Where = AH.Fact.Dev.isCPU() ? "torch::kCPU" : "torch::kCUDA";
  if (AH.Fact.Dev.isCUDA() && AH.Fact.Dev.Index > 0)
    Where = "torch::Device(torch::kCUDA, " + std::to_string(AH.Fact.Dev.Index) + ")";
  const Origin *O = AH.From;
  std::string Move = ".to(" + Where + ")";
  if (O && O->K == Origin::Moved && O->Frame == S->top().Serial) {
    auto *C = dyn_cast_or_null<CXXMemberCallExpr>(O->E);
    if (O->Spelled && !text(O->Spelled).empty() && !StringRef(text(O->Spelled)).ends_with("..."))
      Move = ".to(" + text(O->Spelled) + ")";
    else if (C && C->getMethodDecl() && C->getMethodDecl()->getName() == "cuda" && AH.Fact.Dev.isCUDA())
      Move = ".cuda()";
  }
  // In a module's own method the device is that of another input.
  if (O && O->Frame != S->top().Serial)
    for (const Used &U : Ops)
      if (!U.IsState && U.E && U.H != Wrong.H && isa<DeclRefExpr>(U.E->IgnoreImplicit()) &&
          kindOf(U.E->getType()) == TypeKind::Tensor && S->Handles[U.H].Fact.Dev.sameAs(AH.Fact.Dev))
        Move = ".to(" + text(U.E) + ".device())";
  // A move whose result was dropped only needs its result.
  if (WH.Dropped) {
    auto *C = cast<CXXMemberCallExpr>(WH.Dropped);
    F.Fixes.push_back({"assign the result of the move",
                       {FixItHint::CreateInsertion(C->getBeginLoc(), text(C->getImplicitObjectArgument()) + " = ")}});
  } else if (Wrong.E && kindOf(Wrong.E->getType()) != TypeKind::Tensor) {
    // Inside a tuple or a list: the tensors are moved where they are made.
    Fix Made{"make the tensors on the device of " + std::string(Against.IsState ? "the module" : "the other operand"), {}};
    for (const Used &U : Ops) {
      const Origin *C = S->Handles[U.H].From;
      if (U.IsState || !S->Handles[U.H].Fact.Dev.differsFrom(AH.Fact.Dev))
        continue;
      auto H = C && C->K == Origin::Created && C->E && C->Frame == S->top().Serial ? Append(C->E, Move) : std::nullopt;
      if (!H)
        return;
      Made.Hints.push_back(*H);
    }
    if (!Made.Hints.empty())
      F.Fixes.push_back(std::move(Made));
  } else if (Wrong.E) {
    if (auto H = Append(Wrong.E, Move))
      F.Fixes.push_back({std::string("move the input to the device of ") + (Against.IsState ? "the module" : "the other operand"), {*H}});
  }
  if (Against.IsState && O && O->K == Origin::Moved && !O->Subject.empty() && AH.Fact.Dev.isCUDA()) {
    if (auto *C = dyn_cast_or_null<CXXMemberCallExpr>(O->E); C && C->getCallee()) {
      // Before the statement that the call stands in.
      auto *ME = dyn_cast<MemberExpr>(C->getCallee());
      std::string Line = O->Subject + (ME && ME->isArrow() ? "->" : ME && text(ME->getBase()) == O->Subject && isa<CXXOperatorCallExpr>(ME->getBase()->IgnoreImplicit()) ? "->" : ".") + "to(torch::kCPU);";
      SourceLocation L = F.Call->getBeginLoc();
      if (L.isFileID()) {
        const Stmt *St = F.Call;
        for (;;) {
          auto Parents = Ctx.getParents(*St);
          if (Parents.empty())
            break;
          if (auto *P = Parents[0].get<Stmt>()) {
            if (isa<CompoundStmt>(P))
              break;
            St = P;
          } else if (auto *D = Parents[0].get<VarDecl>()) {
            auto PP = Ctx.getParents(*D);
            if (PP.empty() || !PP[0].get<Stmt>())
              break;
            St = PP[0].get<Stmt>();
            auto P3 = Ctx.getParents(*St);
            if (!P3.empty() && P3[0].get<CompoundStmt>())
              break;
          } else {
            break;
          }
        }
        SourceLocation At = St->getBeginLoc();
        if (At.isFileID() && O->Frame == S->top().Serial) {
          unsigned Col = SM.getSpellingColumnNumber(At);
          F.Fixes.push_back({"move the module back to the CPU",
                             {FixItHint::CreateInsertion(At, Line + "\n" + std::string(Col ? Col - 1 : 0, ' '))}});
        }
      }
    }
  }
}

} // namespace torch_tidy
