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

// An expression with a call of one of its members behind it.
std::optional<FixItHint> Interp::appended(const Expr *E, StringRef Suffix) {
  E = E->IgnoreImplicit();
  CharSourceRange R = Lexer::makeFileCharRange(
      CharSourceRange::getTokenRange(E->getSourceRange()),
      Ctx.getSourceManager(), Ctx.getLangOpts());
  if (!R.isValid() || R.getBegin().isMacroID())
    return std::nullopt;
  StringRef Source =
      Lexer::getSourceText(R, Ctx.getSourceManager(), Ctx.getLangOpts());
  const Expr *Bare = E->IgnoreParens();
  auto *Op = dyn_cast<CXXOperatorCallExpr>(Bare);
  bool Primary = Bare != E || isa<DeclRefExpr, MemberExpr>(Bare) ||
                 (Op ? Op->getOperator() == OO_Subscript ||
                           Op->getOperator() == OO_Call
                     : isa<CallExpr>(Bare));
  return FixItHint::CreateReplacement(
      R, ((Primary ? Source : "(" + Source + ")") + Suffix).str());
}

// The move that brings an operand to where another is, spelled as the module's
// own move is, where those names are in reach.
std::string Interp::moveTo(const Used &Wrong, const Used &Against,
                           ArrayRef<Used> Ops, unsigned Level) {
  const Frame &Here = S->Frames[Level - 1];
  const Handle &There = S->Handles[Against.H];
  const Device &D = There.Fact.Dev;
  const Origin *O = There.From;
  // In a module's own method the device is that of another input.
  if (O && O->Frame != Here.Serial)
    for (const Used &U : llvm::reverse(Ops))
      if (!U.IsState && U.E && U.H != Wrong.H &&
          isa<DeclRefExpr>(U.E->IgnoreImplicit()) &&
          kindOf(U.E->getType()) == TypeKind::Tensor &&
          S->Handles[U.H].Fact.Dev.sameAs(D))
        return ".to(" + text(U.E) + ".device())";
  if (O && O->K == Origin::Moved && O->Frame == Here.Serial) {
    std::string Spelled = text(O->Spelled);
    if (!Spelled.empty() && !StringRef(Spelled).ends_with("..."))
      return ".to(" + Spelled + ")";
    auto *C = dyn_cast_or_null<CXXMemberCallExpr>(O->E);
    if (C && C->getMethodDecl() && C->getMethodDecl()->getName() == "cuda" &&
        D.isCUDA())
      return ".cuda()";
  }
  if (std::string Name = deviceInReach(Here, D, Wrong.E); !Name.empty())
    return ".to(" + Name + ")";
  if (D.isCUDA() && D.Index > 0)
    return ".to(torch::Device(torch::kCUDA, " + std::to_string(D.Index) + "))";
  return D.isCPU() ? ".to(torch::kCPU)" : ".to(torch::kCUDA)";
}

// The variable in a list or a tuple that holds this tensor.
const Expr *Interp::variableIn(const Expr *E, HandleId H) {
  if (auto *Ref = dyn_cast<DeclRefExpr>(E)) {
    auto It = S->top().Vars.find(Ref->getDecl());
    if (kindOf(E->getType()) != TypeKind::Tensor || It == S->top().Vars.end())
      return nullptr;
    const Value &V = S->Cells[target(It->second)];
    return V.K == Value::Tensor && V.Id == H ? E : nullptr;
  }
  for (const Stmt *Child : E->children())
    if (auto *Part = dyn_cast_or_null<Expr>(Child))
      if (const Expr *Variable = variableIn(Part, H))
        return Variable;
  return nullptr;
}

// Brings the wrong operand to where the other is.
std::optional<Fix> Interp::moveOperand(const Used &Wrong, const Used &Against,
                                       ArrayRef<Used> Ops, unsigned Level) {
  const Device &There = S->Handles[Against.H].Fact.Dev;
  auto Elsewhere = [&](const Used &U) {
    return !U.IsState && U.H && S->Handles[U.H].Fact.Dev.differsFrom(There);
  };
  std::string Whose = Against.IsState ? "the module" : "the other operand";
  // A move whose result was dropped only needs its result.
  if (const Expr *Dropped = S->Handles[Wrong.H].Dropped) {
    auto *C = cast<CXXMemberCallExpr>(Dropped);
    return Fix{"assign the result of the move",
               {FixItHint::CreateInsertion(
                   C->getBeginLoc(),
                   text(C->getImplicitObjectArgument()) + " = ")}};
  }
  if (!Wrong.E)
    return std::nullopt;
  std::string Move = moveTo(Wrong, Against, Ops, Level);
  // Inside a tuple or a list: the tensors are moved where they are made; one
  // that is needed again as it is, in the list.
  if (kindOf(Wrong.E->getType()) != TypeKind::Tensor) {
    Fix Made{"make the tensors on the device of " + Whose, {}};
    for (const Used &U : Ops) {
      if (!Elsewhere(U))
        continue;
      if (const Expr *Variable = Level == S->Frames.size()
                                     ? variableIn(Wrong.E, U.H)
                                     : nullptr) {
        UseAfter Visitor(Ctx.getSourceManager(),
                         cast<DeclRefExpr>(Variable)->getDecl(),
                         Wrong.E->getEndLoc());
        if (const FunctionDecl *In = S->top().Fn; In && In->hasBody())
          Visitor.TraverseStmt(In->getBody());
        if (Visitor.Found) {
          auto Hint = appended(Variable, Move);
          if (!Hint)
            return std::nullopt;
          Made.Hints.push_back(*Hint);
          continue;
        }
      }
      const Origin *C = S->Handles[U.H].From;
      if (!C || C->K != Origin::Created || !C->E ||
          C->Frame != S->Frames[Level - 1].Serial)
        return std::nullopt;
      auto Hint = appended(C->E, Move);
      if (!Hint)
        return std::nullopt;
      Made.Hints.push_back(*Hint);
    }
    if (Made.Hints.empty())
      return std::nullopt;
    return Made;
  }
  // With another operand that is as wrong, moving this one is not enough.
  if (llvm::any_of(Ops, [&](const Used &U) {
        return U.H != Wrong.H && Elsewhere(U);
      }))
    return std::nullopt;
  if (auto Hint = appended(Wrong.E, Move))
    return Fix{"move the input to the device of " + Whose, {*Hint}};
  return std::nullopt;
}

// The statement of a block that an expression stands in; as far up as can be
// told.
static const Stmt *statementOf(ASTContext &Ctx, const Expr *E) {
  const Stmt *At = E;
  for (;;) {
    auto Parents = Ctx.getParents(*At);
    if (Parents.empty())
      return At;
    const Stmt *Up = Parents[0].get<Stmt>();
    if (auto *D = Parents[0].get<VarDecl>()) {
      auto Declaring = Ctx.getParents(*D);
      Up = Declaring.empty() ? nullptr : Declaring[0].get<Stmt>();
    }
    if (!Up || isa<CompoundStmt>(Up))
      return At;
    At = Up;
  }
}

// Takes the module's move to CUDA back before the statement of the call.
std::optional<Fix> Interp::moveBack(const Finding &F, const Used &Against,
                                    unsigned Level) {
  const Handle &There = S->Handles[Against.H];
  const Origin *O = There.From;
  if (!Against.IsState || !There.Fact.Dev.isCUDA() || !O ||
      O->K != Origin::Moved || O->Subject.empty() ||
      O->Frame != S->Frames[Level - 1].Serial)
    return std::nullopt;
  // What moved and what is called may be two: a module and its clone.
  if (Against.Base && text(Against.Base->IgnoreImplicit()) != O->Subject)
    return std::nullopt;
  auto *C = dyn_cast_or_null<CXXMemberCallExpr>(O->E);
  if (!C || !C->getCallee() || !F.Call->getBeginLoc().isFileID())
    return std::nullopt;
  SourceLocation At = statementOf(Ctx, F.Call)->getBeginLoc();
  if (!At.isFileID())
    return std::nullopt;
  auto *ME = dyn_cast<MemberExpr>(C->getCallee());
  bool Arrow =
      ME && (ME->isArrow() ||
             (text(ME->getBase()) == O->Subject &&
              isa<CXXOperatorCallExpr>(ME->getBase()->IgnoreImplicit())));
  unsigned Column = Ctx.getSourceManager().getSpellingColumnNumber(At);
  return Fix{"move the module back to the CPU",
             {FixItHint::CreateInsertion(
                 At, O->Subject + (Arrow ? "->" : ".") + "to(torch::kCPU);\n" +
                         std::string(Column ? Column - 1 : 0, ' '))}};
}

// Brings the wrong operand to the other's element type.
std::optional<Fix> Interp::castOperand(const Used &Wrong, const Used &Against) {
  StringRef Type = dtypeConstant(S->Handles[Against.H].Fact.Type);
  if (&Wrong == &Against || !Wrong.E || Type.empty() ||
      kindOf(Wrong.E->getType()) != TypeKind::Tensor)
    return std::nullopt;
  if (auto Hint = appended(Wrong.E, (".to(" + Type + ")").str()))
    return Fix{"cast '" + text(Wrong.E) + "'", {*Hint}};
  return std::nullopt;
}

void Interp::addFixes(Finding &F, const Used &Wrong, const Used &Against,
                      ArrayRef<Used> Ops, unsigned Level) {
  auto Offer = [&](std::optional<Fix> Repair) {
    if (Repair)
      F.Fixes.push_back(std::move(*Repair));
  };
  if (F.Code == FindingCode::DtypeMismatch)
    Offer(castOperand(Wrong, Against));
  if (F.Code != FindingCode::DeviceMismatch)
    return;
  Offer(moveOperand(Wrong, Against, Ops, Level));
  // What is the module's own would be left on the other side.
  if (Wrong.E)
    Offer(moveBack(F, Against, Level));
}

} // namespace torch_tidy
