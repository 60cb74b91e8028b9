// Values of prvalue expressions.
#include "checks/flow/Interp.h"
#include "clang/AST/StmtVisitor.h"

using namespace clang;

namespace torch_tidy {

/// One expression on the state under evaluation. Constructors and calls are
/// elsewhere (Construct.cpp, Calls.cpp).
class Interp::Rvalues : public ConstStmtVisitor<Rvalues, Value> {
  Interp &I;
  State &S;

  Value unknownNumber(std::string Name = "", bool Strong = false) {
    return Value::of(Value::Sym, I.symbol(std::move(Name), Strong));
  }

public:
  explicit Rvalues(Interp &I) : I(I), S(*I.S) {}

  // Literals and constants.
  Value VisitIntegerLiteral(const IntegerLiteral *E) {
    return Value::integer(E->getValue().getLimitedValue(INT64_MAX));
  }
  Value VisitCXXBoolLiteralExpr(const CXXBoolLiteralExpr *E) {
    return Value::integer(E->getValue());
  }
  Value VisitCharacterLiteral(const CharacterLiteral *E) {
    return Value::integer(E->getValue());
  }
  Value VisitCXXNullPtrLiteralExpr(const CXXNullPtrLiteralExpr *) {
    return Value::of(Value::Ptr, 0);
  }
  Value VisitGNUNullExpr(const GNUNullExpr *) {
    return Value::of(Value::Ptr, 0);
  }
  Value VisitDeclRefExpr(const DeclRefExpr *E) {
    if (auto *C = dyn_cast<EnumConstantDecl>(E->getDecl()))
      return I.enumerator(C);
    if (!isa<FunctionDecl>(E->getDecl()))
      return I.load(I.loc(E));
    Value V = Value::of(Value::Fn, 0);
    V.P = cast<FunctionDecl>(E->getDecl());
    return V;
  }
  Value VisitCXXThisExpr(const CXXThisExpr *) {
    return Value::of(Value::Ptr, S.top().This);
  }

  // What stands for another expression.
  Value VisitFullExpr(const FullExpr *E) { return I.eval(E->getSubExpr()); }
  Value VisitCXXBindTemporaryExpr(const CXXBindTemporaryExpr *E) {
    return I.eval(E->getSubExpr());
  }
  Value VisitCXXDefaultArgExpr(const CXXDefaultArgExpr *E) {
    return I.eval(E->getExpr());
  }
  Value VisitCXXDefaultInitExpr(const CXXDefaultInitExpr *E) {
    return I.eval(E->getExpr());
  }
  Value
  VisitSubstNonTypeTemplateParmExpr(const SubstNonTypeTemplateParmExpr *E) {
    return I.asType(I.eval(E->getReplacement()), E->getType());
  }
  Value VisitCXXRewrittenBinaryOperator(const CXXRewrittenBinaryOperator *E) {
    return I.eval(E->getSemanticForm());
  }
  Value VisitCXXStdInitializerListExpr(const CXXStdInitializerListExpr *E) {
    return I.eval(E->getSubExpr());
  }

  // Objects.
  Value VisitCallExpr(const CallExpr *E) { return I.call(E); }
  Value VisitCXXConstructExpr(const CXXConstructExpr *E) {
    return I.construct(E);
  }
  Value VisitCXXNewExpr(const CXXNewExpr *E) {
    Value V = E->getInitializer() ? I.eval(E->getInitializer())
                                  : I.fresh(E->getAllocatedType(), "",
                                            E->getBeginLoc(), "allocated");
    return Value::of(Value::Ptr, S.cell(V));
  }
  Value VisitCXXScalarValueInitExpr(const CXXScalarValueInitExpr *E) {
    return zero(E);
  }
  Value VisitImplicitValueInitExpr(const ImplicitValueInitExpr *E) {
    return zero(E);
  }
  Value VisitCXXInheritedCtorInitExpr(const CXXInheritedCtorInitExpr *) {
    return {};
  }
  Value VisitStmtExpr(const StmtExpr *) { return {}; }
  Value VisitLambdaExpr(const LambdaExpr *E);
  Value VisitInitListExpr(const InitListExpr *E);
  Value zero(const Expr *E);
  Value recordOf(const InitListExpr *E, const CXXRecordDecl *R);

  // Control.
  Value VisitCXXThrowExpr(const CXXThrowExpr *E) {
    if (const Expr *What = E->getSubExpr())
      I.eval(What);
    if (I.Thrown && !I.Dead)
      I.Thrown->push_back(S);
    I.Dead = true;
    return {};
  }
  Value VisitConditionalOperator(const ConditionalOperator *E) {
    bool Taken = I.branch(I.eval(E->getCond()), E->getCond());
    return I.Dead ? Value()
                  : I.eval(Taken ? E->getTrueExpr() : E->getFalseExpr());
  }
  Value VisitBinComma(const BinaryOperator *E) {
    I.eval(E->getLHS());
    return I.eval(E->getRHS());
  }
  Value VisitBinLAnd(const BinaryOperator *E) { return shortCircuit(E); }
  Value VisitBinLOr(const BinaryOperator *E) { return shortCircuit(E); }
  Value shortCircuit(const BinaryOperator *E) {
    bool L = I.branch(I.eval(E->getLHS()), E->getLHS());
    if (I.Dead || L == (E->getOpcode() == BO_LOr))
      return Value::integer(L);
    return I.eval(E->getRHS());
  }

  // Operators.
  Value VisitUnaryAddrOf(const UnaryOperator *E);
  Value VisitUnaryLNot(const UnaryOperator *E);
  Value VisitUnaryMinus(const UnaryOperator *E) {
    Value V = I.eval(E->getSubExpr());
    return V.K == Value::Int ? Value::integer(-V.N) : unknownNumber();
  }
  Value VisitUnaryPostInc(const UnaryOperator *E) { return postfix(E); }
  Value VisitUnaryPostDec(const UnaryOperator *E) { return postfix(E); }
  Value postfix(const UnaryOperator *E);
  Value VisitUnaryOperator(const UnaryOperator *E) {
    return I.eval(E->getSubExpr());
  }
  Value VisitBinaryOperator(const BinaryOperator *E);
  Value VisitCastExpr(const CastExpr *E);

  Value VisitExpr(const Expr *E) {
    Expr::EvalResult Const;
    if (!E->isValueDependent() && E->getType()->isIntegralOrEnumerationType() &&
        E->EvaluateAsInt(Const, I.Ctx))
      return Value::integer(Const.Val.getInt().getExtValue());
    if (E->getType()->isArithmeticType())
      return unknownNumber();
    return I.fresh(E->getType(), "", E->getBeginLoc(),
                   std::string("no model for ") + E->getStmtClassName());
  }
};

Value Interp::evalR(const Expr *E) {
  return Rvalues(*this).Visit(E->IgnoreParens());
}

Value Interp::Rvalues::VisitLambdaExpr(const LambdaExpr *E) {
  Object O;
  O.K = Object::Closure;
  O.Lambda = E;
  auto Init = E->capture_init_begin();
  for (const LambdaCapture &C : E->captures()) {
    const Expr *From = *Init++;
    if (C.capturesThis())
      O.Elems = {S.top().This};
    if (!C.capturesVariable())
      continue;
    const ValueDecl *D = C.getCapturedVar();
    CellId Cell;
    if (auto *V = dyn_cast<VarDecl>(D); V && V->isInitCapture())
      Cell = V->getType()->isReferenceType() ? I.loc(V->getInit())
                                             : S.cell(I.eval(V->getInit()));
    else if (C.getCaptureKind() == LCK_ByRef)
      Cell = I.cellOf(From);
    else
      Cell = S.cell(From ? I.eval(From) : Value());
    O.Fields.push_back({D, Cell});
  }
  return S.object(std::move(O));
}

Value Interp::Rvalues::recordOf(const InitListExpr *E, const CXXRecordDecl *R) {
  Object O;
  O.Rec = R;
  unsigned At = R->getNumBases();
  for (const FieldDecl *F : R->fields()) {
    if (At >= E->getNumInits())
      break;
    const Expr *Init = E->getInit(At++);
    CellId C =
        F->getType()->isReferenceType() ? I.loc(Init) : S.cell(I.eval(Init));
    if (I.Ty.qualified(R) == "std::array")
      return S.Cells[C];
    O.Fields.push_back({F->getCanonicalDecl(), C});
  }
  return S.object(std::move(O));
}

Value Interp::Rvalues::VisitInitListExpr(const InitListExpr *E) {
  if (E->getNumInits() == 1 && E->isTransparent())
    return I.eval(E->getInit(0));
  const CXXRecordDecl *R = record(E->getType());
  if (R && !E->getType()->isArrayType())
    return recordOf(E, R);
  if (E->getType()->isScalarType())
    return E->getNumInits() ? I.eval(E->getInit(0)) : Value::integer(0);
  Object O;
  O.K = Object::List;
  if (E->getNumInits() > 64)
    O.Opaque = true;
  else
    for (const Expr *Init : E->inits())
      O.Elems.push_back(I.cellOf(Init));
  return I.Dead ? Value() : S.object(std::move(O));
}

Value Interp::Rvalues::zero(const Expr *E) {
  if (E->getType()->isArithmeticType())
    return Value::integer(0);
  if (E->getType()->isPointerType())
    return Value::of(Value::Ptr, 0);
  return I.defaultValue(E->getType(), E);
}

Value Interp::Rvalues::VisitUnaryAddrOf(const UnaryOperator *E) {
  if (auto *D = dyn_cast<DeclRefExpr>(E->getSubExpr()->IgnoreParens())) {
    if (isa<CXXMethodDecl>(D->getDecl()))
      return I.evalR(D);
    if (isa<FieldDecl>(D->getDecl())) {
      Value V = Value::of(Value::Field, 0);
      V.P = D->getDecl();
      return V;
    }
  }
  if (!E->getSubExpr()->isGLValue())
    return {};
  return Value::of(Value::Ptr, I.loc(E->getSubExpr()));
}

Value Interp::Rvalues::VisitUnaryLNot(const UnaryOperator *E) {
  Value V = I.eval(E->getSubExpr());
  if (V.K == Value::Int)
    return Value::integer(!V.N);
  if (V.K == Value::Ptr)
    return Value::integer(V.Id == 0);
  if (V.K == Value::Sym)
    V.Neg = !V.Neg;
  return V;
}

Value Interp::Rvalues::postfix(const UnaryOperator *E) {
  CellId C = I.loc(E->getSubExpr());
  Value Old = I.load(C);
  if (I.Dead || Old.K == Value::Memory)
    return Old;
  S.Cells.mut(C) = Old.K == Value::Int
                       ? Value::integer(Old.N + (E->isIncrementOp() ? 1 : -1))
                       : unknownNumber();
  return Old;
}

// Of two numbers; none where the operator or the numbers have no result here.
static std::optional<Value> arithmetic(BinaryOperatorKind Op, int64_t L,
                                       int64_t R) {
  switch (Op) {
  case BO_Add:
    return Value::integer(L + R);
  case BO_Sub:
    return Value::integer(L - R);
  case BO_Mul:
    return Value::integer(L * R);
  case BO_Div:
    return R ? Value::integer(L / R) : Value();
  case BO_Rem:
    return R ? Value::integer(L % R) : Value();
  case BO_And:
    return Value::integer(L & R);
  case BO_Or:
    return Value::integer(L | R);
  case BO_Shl:
    return R >= 0 && R < 63 ? Value::integer(L << R) : Value();
  case BO_Shr:
    return R >= 0 && R < 63 ? Value::integer(L >> R) : Value();
  default:
    return std::nullopt;
  }
}

Value Interp::Rvalues::VisitBinaryOperator(const BinaryOperator *E) {
  Value L = I.eval(E->getLHS()), R = I.eval(E->getRHS());
  if (I.Dead)
    return {};
  if (E->isComparisonOp())
    return I.compare(E->getOpcode(), L, R, E);
  if (L.K == Value::Memory)
    return L;
  if (L.K == Value::Int && R.K == Value::Int)
    if (auto V = arithmetic(E->getOpcode(), L.N, R.N))
      return *V;
  if (L.K != Value::Sym || L.Neg || R.K != Value::Int)
    return unknownNumber(I.Ty.text(E), true);
  // The same of the same number is the same.
  auto [It, New] =
      I.Compares.try_emplace({L.Id, unsigned(E->getOpcode()), R.N}, 0);
  if (New)
    It->second = I.symbol(I.Ty.text(E), true);
  return Value::of(Value::Sym, It->second);
}

Value Interp::Rvalues::VisitCastExpr(const CastExpr *E) {
  const Expr *Sub = E->getSubExpr();
  switch (E->getCastKind()) {
  case CK_ArrayToPointerDecay: {
    CellId Cell = I.loc(Sub);
    return S.Cells[Cell].K == Value::Str ? S.Cells[Cell]
                                         : Value::of(Value::Ptr, Cell);
  }
  case CK_NullToPointer:
    return Value::of(Value::Ptr, 0);
  case CK_IntegralToBoolean:
  case CK_FloatingToBoolean: {
    Value V = I.eval(Sub);
    return V.K == Value::Int   ? Value::integer(V.N != 0)
           : V.K == Value::Sym ? I.compare(BO_NE, V, Value::integer(0), Sub)
                               : V;
  }
  case CK_PointerToBoolean: {
    Value V = I.eval(Sub);
    return V.K == Value::Ptr ? Value::integer(V.Id != 0) : V;
  }
  case CK_Dynamic: {
    Value V = I.eval(Sub);
    bool Is = I.Dead || V.K != Value::Ptr || !V.Id ||
              I.isA(V.Id, E->getType()->getPointeeCXXRecordDecl());
    return Is ? V : Value::of(Value::Ptr, 0);
  }
  default:
    return I.asType(I.eval(Sub), E->getType());
  }
}

} // namespace torch_tidy
