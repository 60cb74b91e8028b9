// Causes and repairs.
#include "checks/flow/Interp.h"
#include "clang/AST/ParentMapContext.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Lex/Lexer.h"

using namespace clang;

namespace torch_tidy {

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
    Found |= E->getDecl() == D &&
             SM.isBeforeInTranslationUnit(After, E->getBeginLoc());
    return !Found;
  }
};
} // namespace

// A move whose result is dropped and whose operand is used later, where no
// other finding has it as its cause.
void Interp::unusedMoves(const std::set<const Expr *> &Causes) {
  for (auto &[E, Fn] : IdleMoves) {
    auto *C = cast<CXXMemberCallExpr>(E);
    auto *Ref =
        dyn_cast<DeclRefExpr>(C->getImplicitObjectArgument()->IgnoreImplicit());
    if (Causes.count(E) || HarmlessMoves.count(E) || !Ref || !Fn ||
        !Fn->hasBody() || E->getBeginLoc().isMacroID())
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
    F.Message = "the result of '" + text(E) +
                "' is dropped: it does not move '" + Name + "' in place";
    F.Fixes.push_back(
        {"assign the result of the move",
         {FixItHint::CreateInsertion(E->getBeginLoc(), Name + " = ")}});
    Result.Findings.push_back(std::move(F));
  }
}

void Interp::addFixes(Finding &F, const Used &Wrong, const Used &Against,
                      ArrayRef<Used> Ops) {
  const SourceManager &SM = Ctx.getSourceManager();
  const Handle &WH = S->Handles[Wrong.H];
  const Handle &AH = S->Handles[Against.H];
  auto Append = [&](const Expr *E,
                    const std::string &Suffix) -> std::optional<FixItHint> {
    E = E->IgnoreImplicit();
    CharSourceRange R = Lexer::makeFileCharRange(
        CharSourceRange::getTokenRange(E->getSourceRange()), SM,
        Ctx.getLangOpts());
    if (!R.isValid() || R.getBegin().isMacroID())
      return std::nullopt;
    std::string Src = Lexer::getSourceText(R, SM, Ctx.getLangOpts()).str();
    const Expr *Bare = E->IgnoreParens();
    bool Primary =
        isa<DeclRefExpr>(Bare) || isa<MemberExpr>(Bare) ||
        isa<CXXMemberCallExpr>(Bare) ||
        (isa<CallExpr>(Bare) &&
         (!isa<CXXOperatorCallExpr>(Bare) ||
          cast<CXXOperatorCallExpr>(Bare)->getOperator() == OO_Subscript ||
          cast<CXXOperatorCallExpr>(Bare)->getOperator() == OO_Call)) ||
        Bare != E;
    return FixItHint::CreateReplacement(R, (Primary ? Src : "(" + Src + ")") +
                                               Suffix);
  };
  if (F.Code == FindingCode::OptimizerBeforeMove ||
      F.Code == FindingCode::HostAccess)
    return;
  if (F.Code == FindingCode::DtypeMismatch) {
    if (&Wrong != &Against && Wrong.E &&
        kindOf(Wrong.E->getType()) == TypeKind::Tensor &&
        AH.Fact.Type != Dtype::Unknown && !dtypeConstant(AH.Fact.Type).empty())
      if (auto H =
              Append(Wrong.E, ".to(" + dtypeConstant(AH.Fact.Type).str() + ")"))
        F.Fixes.push_back({"cast '" + text(Wrong.E) + "'", {*H}});
    return;
  }
  // The device as the module's move spelled it, where those names are in reach.
  std::string Where = AH.Fact.Dev.isCPU() ? "torch::kCPU" : "torch::kCUDA";
  if (AH.Fact.Dev.isCUDA() && AH.Fact.Dev.Index > 0)
    Where = "torch::Device(torch::kCUDA, " + std::to_string(AH.Fact.Dev.Index) +
            ")";
  const Origin *O = AH.From;
  std::string Move = ".to(" + Where + ")";
  if (O && O->K == Origin::Moved && O->Frame == S->top().Serial) {
    auto *C = dyn_cast_or_null<CXXMemberCallExpr>(O->E);
    if (O->Spelled && !text(O->Spelled).empty() &&
        !StringRef(text(O->Spelled)).ends_with("..."))
      Move = ".to(" + text(O->Spelled) + ")";
    else if (C && C->getMethodDecl() &&
             C->getMethodDecl()->getName() == "cuda" && AH.Fact.Dev.isCUDA())
      Move = ".cuda()";
  }
  // In a module's own method the device is that of another input.
  if (O && O->Frame != S->top().Serial)
    for (const Used &U : Ops)
      if (!U.IsState && U.E && U.H != Wrong.H &&
          isa<DeclRefExpr>(U.E->IgnoreImplicit()) &&
          kindOf(U.E->getType()) == TypeKind::Tensor &&
          S->Handles[U.H].Fact.Dev.sameAs(AH.Fact.Dev))
        Move = ".to(" + text(U.E) + ".device())";
  // A move whose result was dropped only needs its result.
  if (WH.Dropped) {
    auto *C = cast<CXXMemberCallExpr>(WH.Dropped);
    F.Fixes.push_back(
        {"assign the result of the move",
         {FixItHint::CreateInsertion(
             C->getBeginLoc(), text(C->getImplicitObjectArgument()) + " = ")}});
  } else if (Wrong.E && kindOf(Wrong.E->getType()) != TypeKind::Tensor) {
    // Inside a tuple or a list: the tensors are moved where they are made.
    Fix Made{
        "make the tensors on the device of " +
            std::string(Against.IsState ? "the module" : "the other operand"),
        {}};
    for (const Used &U : Ops) {
      const Origin *C = S->Handles[U.H].From;
      if (U.IsState || !S->Handles[U.H].Fact.Dev.differsFrom(AH.Fact.Dev))
        continue;
      auto H =
          C && C->K == Origin::Created && C->E && C->Frame == S->top().Serial
              ? Append(C->E, Move)
              : std::nullopt;
      if (!H)
        return;
      Made.Hints.push_back(*H);
    }
    if (!Made.Hints.empty())
      F.Fixes.push_back(std::move(Made));
  } else if (Wrong.E && llvm::none_of(Ops, [&](const Used &U) {
               return !U.IsState && U.H && U.H != Wrong.H &&
                      S->Handles[U.H].Fact.Dev.differsFrom(AH.Fact.Dev);
             })) {
    // With another operand that is as wrong, moving this one is not enough.
    if (auto H = Append(Wrong.E, Move))
      F.Fixes.push_back(
          {std::string("move the input to the device of ") +
               (Against.IsState ? "the module" : "the other operand"),
           {*H}});
  }
  // What moved and what is called may be two: a module and its clone.
  bool MovedItself = O && (!Against.Base ||
                           text(Against.Base->IgnoreImplicit()) == O->Subject);
  if (Against.IsState && O && O->K == Origin::Moved && !O->Subject.empty() &&
      AH.Fact.Dev.isCUDA() && MovedItself) {
    if (auto *C = dyn_cast_or_null<CXXMemberCallExpr>(O->E);
        C && C->getCallee()) {
      // Before the statement that the call stands in.
      auto *ME = dyn_cast<MemberExpr>(C->getCallee());
      std::string Line =
          O->Subject +
          (ME && ME->isArrow() ? "->"
           : ME && text(ME->getBase()) == O->Subject &&
                   isa<CXXOperatorCallExpr>(ME->getBase()->IgnoreImplicit())
               ? "->"
               : ".") +
          "to(torch::kCPU);";
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
          F.Fixes.push_back(
              {"move the module back to the CPU",
               {FixItHint::CreateInsertion(
                   At, Line + "\n" + std::string(Col ? Col - 1 : 0, ' '))}});
        }
      }
    }
  }
}

} // namespace torch_tidy
