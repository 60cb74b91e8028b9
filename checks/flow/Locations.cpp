// Cells of glvalue expressions.
#include "checks/flow/Interp.h"
#include "clang/AST/StmtVisitor.h"

using namespace clang;

namespace torch_tidy {

/// The cell that one expression names on the state under evaluation; a
/// temporary gets a cell of its own.
class Interp::Locations : public ConstStmtVisitor<Locations, CellId> {
  Interp &I;
  State &S;

  CellId unknownNumber() {
    return S.cell(Value::of(Value::Sym, I.symbol("", false)));
  }
  CellId pointee(const Value &P) {
    return P.K == Value::Ptr && P.Id ? P.Id : S.cell(P);
  }

public:
  explicit Locations(Interp &I) : I(I), S(*I.S) {}

  // What stands for another expression.
  CellId VisitFullExpr(const FullExpr *E) { return I.loc(E->getSubExpr()); }
  CellId VisitCXXDefaultArgExpr(const CXXDefaultArgExpr *E) {
    return I.loc(E->getExpr());
  }
  CellId VisitCXXDefaultInitExpr(const CXXDefaultInitExpr *E) {
    return I.loc(E->getExpr());
  }
  CellId
  VisitSubstNonTypeTemplateParmExpr(const SubstNonTypeTemplateParmExpr *E) {
    return I.loc(E->getReplacement());
  }
  CellId VisitOpaqueValueExpr(const OpaqueValueExpr *E) {
    return E->getSourceExpr() ? I.cellOf(E->getSourceExpr()) : VisitExpr(E);
  }
  CellId VisitMaterializeTemporaryExpr(const MaterializeTemporaryExpr *E) {
    return S.cell(I.eval(E->getSubExpr()));
  }
  CellId VisitCastExpr(const CastExpr *E) { return I.cellOf(E->getSubExpr()); }
  CellId VisitConditionalOperator(const ConditionalOperator *E) {
    bool Taken = I.branch(I.eval(E->getCond()), E->getCond());
    return I.loc(Taken ? E->getTrueExpr() : E->getFalseExpr());
  }
  CellId VisitCallExpr(const CallExpr *E) {
    Value V = I.call(E);
    return V.K == Value::Ref ? V.Id : S.cell(V);
  }
  CellId VisitStringLiteral(const StringLiteral *E) {
    return S.cell(E->getCharByteWidth() == 1 ? I.string(E->getString())
                                             : I.unknownString(""));
  }

  // Names and parts.
  CellId VisitDeclRefExpr(const DeclRefExpr *E);
  CellId VisitMemberExpr(const MemberExpr *E);
  CellId VisitArraySubscriptExpr(const ArraySubscriptExpr *E);
  CellId VisitBinPtrMemD(const BinaryOperator *E) { return memberAt(E); }
  CellId VisitBinPtrMemI(const BinaryOperator *E) { return memberAt(E); }
  CellId memberAt(const BinaryOperator *E) {
    CellId Of = I.cellOf(E->getLHS());
    Value Member = I.eval(E->getRHS());
    return !I.Dead && Member.K == Value::Field
               ? I.field(Of, static_cast<const FieldDecl *>(Member.P))
               : VisitExpr(E);
  }
  CellId VisitUnaryDeref(const UnaryOperator *E);

  // What changes a variable is the variable.
  CellId VisitUnaryPreInc(const UnaryOperator *E) { return step(E); }
  CellId VisitUnaryPreDec(const UnaryOperator *E) { return step(E); }
  CellId step(const UnaryOperator *E);
  CellId VisitUnaryOperator(const UnaryOperator *E) {
    return I.loc(E->getSubExpr());
  }
  CellId VisitBinAssign(const BinaryOperator *E) {
    Value R = I.eval(E->getRHS());
    CellId C = I.loc(E->getLHS());
    if (!I.Dead)
      I.assign(C, R);
    return C;
  }
  CellId VisitBinComma(const BinaryOperator *E) {
    I.eval(E->getLHS());
    return I.loc(E->getRHS());
  }
  CellId VisitCompoundAssignOperator(const CompoundAssignOperator *E);

  CellId VisitExpr(const Expr *E) {
    if (!E->isGLValue())
      return S.cell(I.eval(E));
    return S.cell(
        I.fresh(E->getType(), "", E->getBeginLoc(),
                std::string("no model for ") + E->getStmtClassName()));
  }

private:
  Value constant(const VarDecl *Var);
};

CellId Interp::loc(const Expr *E) {
  return Dead ? 0 : Locations(*this).Visit(E->IgnoreParens());
}

// What a variable of LibTorch, of the standard library or at namespace scope is
// known to hold; nothing where that is not known.
Value Interp::Locations::constant(const VarDecl *Var) {
  StringRef Q = I.Ty.qualified(Var);
  if (Q == "std::nullopt" || Q == "c10::nullopt")
    return Value::of(Value::Ptr, 0);
  if (Q == "std::basic_string::npos")
    return Value::integer(INT64_MAX);
  if (Q.consume_front("std::placeholders::_")) {
    Value V = Value::of(Value::Hole, 0);
    Q.getAsInteger(10, V.N);
    return V;
  }
  TypeKind K = I.Ty.kindOf(Var->getType());
  if (Q.starts_with("c10::k") || Q.starts_with("at::k") ||
      Q.starts_with("torch::k")) {
    if (Var->getName() == "kCUDA")
      return Value::device(Device::cuda());
    if (Var->getName() == "kCPU")
      return Value::device(Device::cpu());
    if (K == TypeKind::Device)
      return Value::device(Device::other());
  }
  if (K == TypeKind::Dtype && Var->getInit())
    if (Value V = I.eval(Var->getInit()))
      return V;
  // A constant at namespace scope is its initialiser; a variable there is what
  // it starts with where nothing writes it, and where a program begins.
  bool Starts = Var->isFileVarDecl() &&
                (I.Root->isMain() ||
                 (!Var->isExternallyVisible() &&
                  !I.Written.count(cast<ValueDecl>(Var->getCanonicalDecl()))));
  if (!Var->hasGlobalStorage() || !Var->getAnyInitializer() ||
      !I.Ty.isUserCode(Var) ||
      !(Var->getType().isConstQualified() || Var->isConstexpr() || Starts))
    return {};
  CellId C = S.cell(I.eval(Var->getAnyInitializer()));
  I.nameAfter(C, Var);
  return S.Cells[C];
}

CellId Interp::Locations::VisitDeclRefExpr(const DeclRefExpr *E) {
  const ValueDecl *D = E->getDecl();
  if (auto It = S.top().Vars.find(D); It != S.top().Vars.end())
    return It->second;
  if (auto It = S.Globals.find(D); It != S.Globals.end())
    return It->second;
  if (auto *B = dyn_cast<BindingDecl>(D))
    if (B->getBinding() && !isa<DeclRefExpr>(B->getBinding()))
      return I.loc(B->getBinding());
  auto *Var = dyn_cast<VarDecl>(D);
  Value V = Var ? constant(Var) : Value();
  if (auto *F = dyn_cast<FunctionDecl>(D)) {
    V.K = Value::Fn;
    V.P = F;
  }
  if (!V)
    V = I.fresh(D->getType(), D->getNameAsString(), E->getBeginLoc(),
                "not set in this function");
  CellId C = S.cell(V);
  // A constant is as cheap to find again; paths have fewer cells to agree on.
  if (Var && (Var->isConstexpr() || Var->getType().isConstQualified()) &&
      (V.K == Value::Int || V.K == Value::Dev || V.K == Value::Type))
    return C;
  (Var && Var->hasGlobalStorage() ? S.Globals : S.top().Vars)[D] = C;
  return C;
}

CellId Interp::Locations::VisitMemberExpr(const MemberExpr *E) {
  if (isa<VarDecl>(E->getMemberDecl()))
    return S.cell(I.fresh(E->getType(), E->getMemberDecl()->getNameAsString(),
                          E->getBeginLoc(), "a static member"));
  CellId Of =
      E->isArrow() ? pointee(I.eval(E->getBase())) : I.cellOf(E->getBase());
  return I.Dead ? 0 : I.field(Of, E->getMemberDecl());
}

CellId Interp::Locations::VisitArraySubscriptExpr(const ArraySubscriptExpr *E) {
  Value Of = I.eval(E->getBase());
  Value At = I.eval(E->getIdx());
  if (Of.K == Value::Memory) {
    I.touch(E, Of);
    return unknownNumber();
  }
  CellId C = Of.K == Value::Ptr ? Of.Id : S.cell(Of);
  return I.elementOf(C, indexOf(At), E->getType(), E);
}

CellId Interp::Locations::VisitUnaryDeref(const UnaryOperator *E) {
  Value P = I.eval(E->getSubExpr());
  if (P.K == Value::Ptr && P.Id)
    return P.Id;
  if (P.K == Value::Memory) {
    I.touch(E, P);
    return unknownNumber();
  }
  return S.cell(I.fresh(E->getType(), I.Ty.text(E->getSubExpr()),
                        E->getBeginLoc(), "behind an unknown pointer"));
}

CellId Interp::Locations::step(const UnaryOperator *E) {
  CellId C = I.loc(E->getSubExpr());
  Value V = I.load(C);
  if (V.K != Value::Memory)
    S.Cells.mut(C) = V.K == Value::Int
                         ? Value::integer(V.N + (E->isIncrementOp() ? 1 : -1))
                         : Value::of(Value::Sym, I.symbol("", false));
  return C;
}

CellId Interp::Locations::VisitCompoundAssignOperator(
    const CompoundAssignOperator *E) {
  Value R = I.eval(E->getRHS());
  CellId C = I.loc(E->getLHS());
  if (I.Dead)
    return 0;
  Value L = I.load(C);
  if (L.K == Value::Memory)
    return C;
  Value V = Value::of(Value::Sym, I.symbol("", false));
  if (L.K == Value::Int && R.K == Value::Int) {
    if (E->getOpcode() == BO_AddAssign)
      V = Value::integer(L.N + R.N);
    else if (E->getOpcode() == BO_SubAssign)
      V = Value::integer(L.N - R.N);
    else if (E->getOpcode() == BO_MulAssign)
      V = Value::integer(L.N * R.N);
  }
  S.Cells.mut(C) = V;
  return C;
}

} // namespace torch_tidy
