#include "checks/flow/Repairs.h"
#include "checks/flow/UseAfter.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/ParentMapContext.h"
#include "clang/AST/StmtCXX.h"
#include "clang/Lex/Lexer.h"

using namespace clang;

namespace torch_tidy {

// An expression with a call of one of its members behind it.
std::optional<FixItHint> Repairs::appended(const Expr *E, StringRef Suffix) {
  E = E->IgnoreImplicit();
  // What is passed by value is a copy of what the source spells.
  while (auto *Copy = dyn_cast<CXXConstructExpr>(E)) {
    if (Copy->getNumArgs() != 1 ||
        !Copy->getConstructor()->isCopyOrMoveConstructor())
      break;
    E = Copy->getArg(0)->IgnoreImplicit();
  }
  CharSourceRange R = Lexer::makeFileCharRange(
      CharSourceRange::getTokenRange(E->getSourceRange()),
      Ctx.getSourceManager(), Ctx.getLangOpts());
  if (!R.isValid() || R.getBegin().isMacroID())
    return std::nullopt;
  StringRef Source =
      Lexer::getSourceText(R, Ctx.getSourceManager(), Ctx.getLangOpts());
  const Expr *Bare = E->IgnoreParens();
  auto *Op = dyn_cast<CXXOperatorCallExpr>(Bare);
  bool Primary =
      Bare != E || isa<DeclRefExpr, MemberExpr>(Bare) ||
      (Op ? Op->getOperator() == OO_Subscript || Op->getOperator() == OO_Call
          : isa<CallExpr>(Bare));
  return FixItHint::CreateReplacement(
      R, ((Primary ? Source : "(" + Source + ")") + Suffix).str());
}

// The move that brings an operand to where another is, spelled as the module's
// own move is, where those names are in reach.
std::string Repairs::moveTo(const Used &Wrong, const Used &Against,
                            ArrayRef<Used> Ops) {
  const Handle &There = S.Handles[Against.H];
  const Device &D = There.Fact.Dev;
  const Origin *O = There.From;
  // In a module's own method the device is that of another input.
  if (O && O->Frame != Here.Serial)
    for (const Used &U : llvm::reverse(Ops))
      if (!U.IsState && U.E && U.H != Wrong.H &&
          isa<DeclRefExpr>(U.E->IgnoreImplicit()) &&
          Ty.kindOf(U.E->getType()) == TypeKind::Tensor &&
          S.Handles[U.H].Fact.Dev.sameAs(D))
        return ".to(" + Ty.text(U.E) + ".device())";
  if (O && O->K == Origin::Moved && O->Frame == Here.Serial) {
    std::string Spelled = Ty.text(O->Spelled);
    if (!Spelled.empty() && !StringRef(Spelled).ends_with("..."))
      return ".to(" + Spelled + ")";
    auto *C = dyn_cast_or_null<CXXMemberCallExpr>(O->E);
    if (C && C->getMethodDecl() && C->getMethodDecl()->getName() == "cuda" &&
        D.isCUDA())
      return ".cuda()";
  }
  if (std::string Name = deviceInReach(D, Wrong.E); !Name.empty())
    return ".to(" + Name + ")";
  if (D.isCUDA() && D.Index > 0)
    return ".to(torch::Device(torch::kCUDA, " + std::to_string(D.Index) + "))";
  return D.isCPU() ? ".to(torch::kCPU)" : ".to(torch::kCUDA)";
}

// The variable in a list or a tuple that holds this tensor.
const Expr *Repairs::variableIn(const Expr *E, HandleId H) {
  if (auto *Ref = dyn_cast<DeclRefExpr>(E)) {
    auto It = S.top().Vars.find(Ref->getDecl());
    if (Ty.kindOf(E->getType()) != TypeKind::Tensor || It == S.top().Vars.end())
      return nullptr;
    const Value &V = S.Cells[S.target(It->second)];
    return V.K == Value::Tensor && V.Id == H ? E : nullptr;
  }
  for (const Stmt *Child : E->children())
    if (auto *Part = dyn_cast_or_null<Expr>(Child))
      if (const Expr *Variable = variableIn(Part, H))
        return Variable;
  return nullptr;
}

static const char *whose(const Used &Against) {
  return Against.IsState ? "the module" : "the other operand";
}

bool Repairs::elsewhere(const Used &U, const Used &Against) const {
  return !U.IsState && U.H &&
         S.Handles[U.H].Fact.Dev.differsFrom(S.Handles[Against.H].Fact.Dev);
}

// A tensor that is needed again as it is moves in the list, any other where it
// is made.
std::optional<FixItHint> Repairs::movePart(const Used &Part, const Expr *List,
                                           StringRef Move) {
  if (const Expr *Variable =
          Level == S.Frames.size() ? variableIn(List, Part.H) : nullptr)
    if (usedAfter(Ctx, Here.Fn, cast<DeclRefExpr>(Variable)->getDecl(),
                  List->getEndLoc()))
      return appended(Variable, Move);
  const Origin *Made = S.Handles[Part.H].From;
  if (!Made || Made->K != Origin::Created || !Made->E ||
      Made->Frame != Here.Serial)
    return std::nullopt;
  return appended(Made->E, Move);
}

// The tensors in a tuple or a list that are elsewhere.
std::optional<Fix> Repairs::moveParts(const Used &Wrong, const Used &Against,
                                      ArrayRef<Used> Ops) {
  Fix Made{std::string("make the tensors on the device of ") + whose(Against),
           {}};
  std::string Move = moveTo(Wrong, Against, Ops);
  for (const Used &U : Ops) {
    if (!elsewhere(U, Against))
      continue;
    auto Hint = movePart(U, Wrong.E, Move);
    if (!Hint)
      return std::nullopt;
    Made.Hints.push_back(*Hint);
  }
  if (Made.Hints.empty())
    return std::nullopt;
  return Made;
}

// Brings the wrong operand to where the other is.
std::optional<Fix> Repairs::moveOperand(const Used &Wrong, const Used &Against,
                                        ArrayRef<Used> Ops) {
  // A move whose result was dropped only needs its result.
  if (const Expr *Dropped = S.Handles[Wrong.H].Dropped) {
    auto *C = cast<CXXMemberCallExpr>(Dropped);
    return Fix{"assign the result of the move",
               {FixItHint::CreateInsertion(
                   C->getBeginLoc(),
                   Ty.text(C->getImplicitObjectArgument()) + " = ")}};
  }
  if (!Wrong.E)
    return std::nullopt;
  if (Ty.kindOf(Wrong.E->getType()) != TypeKind::Tensor)
    return moveParts(Wrong, Against, Ops);
  // With another operand that is as wrong, moving this one is not enough.
  if (llvm::any_of(Ops, [&](const Used &U) {
        return U.H != Wrong.H && elsewhere(U, Against);
      }))
    return std::nullopt;
  if (auto Hint = appended(Wrong.E, moveTo(Wrong, Against, Ops)))
    return Fix{std::string("move the input to the device of ") + whose(Against),
               {*Hint}};
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
std::optional<Fix> Repairs::moveBack(const Finding &F, const Used &Against) {
  const Handle &There = S.Handles[Against.H];
  const Origin *O = There.From;
  if (!Against.IsState || !There.Fact.Dev.isCUDA() || !O ||
      O->K != Origin::Moved || O->Subject.empty() || O->Frame != Here.Serial)
    return std::nullopt;
  // What moved and what is called may be two: a module and its clone.
  if (Against.Base && Ty.text(Against.Base->IgnoreImplicit()) != O->Subject)
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
             (Ty.text(ME->getBase()) == O->Subject &&
              isa<CXXOperatorCallExpr>(ME->getBase()->IgnoreImplicit())));
  unsigned Column = Ctx.getSourceManager().getSpellingColumnNumber(At);
  return Fix{"move the module back to the CPU",
             {FixItHint::CreateInsertion(
                 At, O->Subject + (Arrow ? "->" : ".") + "to(torch::kCPU);\n" +
                         std::string(Column ? Column - 1 : 0, ' '))}};
}

// Brings the wrong operand to the other's element type.
std::optional<Fix> Repairs::castOperand(const Used &Wrong,
                                        const Used &Against) {
  StringRef Type = dtypeConstant(S.Handles[Against.H].Fact.Type);
  if (&Wrong == &Against || !Wrong.E || Type.empty() ||
      Ty.kindOf(Wrong.E->getType()) != TypeKind::Tensor)
    return std::nullopt;
  if (auto Hint = appended(Wrong.E, (".to(" + Type + ")").str()))
    return Fix{"cast '" + Ty.text(Wrong.E) + "'", {*Hint}};
  return std::nullopt;
}

void Repairs::offer(Finding &F, const Used &Wrong, const Used &Against,
                    ArrayRef<Used> Ops) {
  auto Offer = [&](std::optional<Fix> Repair) {
    if (Repair)
      F.Fixes.push_back(std::move(*Repair));
  };
  if (F.Code == FindingCode::DtypeMismatch)
    Offer(castOperand(Wrong, Against));
  if (F.Code != FindingCode::DeviceMismatch)
    return;
  Offer(moveOperand(Wrong, Against, Ops));
  // What is the module's own would be left on the other side.
  if (Wrong.E)
    Offer(moveBack(F, Against));
}

} // namespace torch_tidy
