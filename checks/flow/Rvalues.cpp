// Values of prvalue expressions, constructors included.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

static Dtype dtypeByName(StringRef N) {
  return llvm::StringSwitch<Dtype>(N)
      .Case("Bool", Dtype::Bool)
      .Case("Byte", Dtype::UInt8)
      .Case("Char", Dtype::Int8)
      .Case("Short", Dtype::Int16)
      .Case("Int", Dtype::Int32)
      .Case("Long", Dtype::Int64)
      .Case("Half", Dtype::Half)
      .Case("BFloat16", Dtype::BFloat16)
      .Case("Float", Dtype::Float)
      .Case("Double", Dtype::Double)
      .Case("ComplexFloat", Dtype::ComplexFloat)
      .Case("ComplexDouble", Dtype::ComplexDouble)
      .Default(Dtype::Other);
}

Value Interp::deviceFromString(StringRef Str) {
  if (Str == "cpu")
    return Value::device(Device::cpu());
  if (Str.consume_front("cuda")) {
    int Index = -1;
    if (Str.consume_front(":"))
      Str.getAsInteger(10, Index);
    return Value::device(Device::cuda(Index));
  }
  return Value::device(Device::other());
}

// TensorOptions from whatever converts to them.
Value Interp::optionsFrom(Value V) {
  V = resolve(V);
  if (V.K == Value::Options)
    return V;
  Value O;
  O.K = Value::Options;
  O.Spelled = V.Spelled;
  if (V.K == Value::Dev)
    O.HasDev = true, O.D = V.D;
  else if (V.K == Value::Type)
    O.HasType = true, O.T = V.T;
  else if (isString(V))
    return optionsFrom(deviceNamed(V));
  else
    O.HasDev = O.HasType = true, O.D = Device::symbol(++DeviceSymbols);
  return O;
}

Value Interp::enumerator(const EnumConstantDecl *C) {
  TypeKind K = Ty.kindOf(C->getType());
  if (auto *En = dyn_cast<EnumDecl>(C->getDeclContext())) {
    if (En->getName() == "DeviceType")
      K = TypeKind::Device;
    if (En->getName() == "ScalarType")
      K = TypeKind::Dtype;
  }
  if (K == TypeKind::Device)
    return Value::device(C->getName() == "CUDA"  ? Device::cuda()
                         : C->getName() == "CPU" ? Device::cpu()
                                                 : Device::other());
  if (K == TypeKind::Dtype)
    return Value::dtype(dtypeByName(C->getName()));
  return Value::integer(C->getInitVal().getExtValue());
}

// A number as a value of a type: of an enumeration its enumerator.
Value Interp::asType(const Value &V, QualType T) {
  auto *E = T->getAs<EnumType>();
  if (V.K == Value::Int && E && E->getDecl()->getDefinition() &&
      Ty.kindOf(T) != TypeKind::Number)
    for (const EnumConstantDecl *C :
         E->getDecl()->getDefinition()->enumerators())
      if (C->getInitVal().getExtValue() == V.N)
        return enumerator(C);
  return V;
}

Value Interp::evalR(const Expr *E) {
  E = E->IgnoreParens();
  switch (E->getStmtClass()) {
  case Stmt::IntegerLiteralClass:
    return Value::integer(
        cast<IntegerLiteral>(E)->getValue().getLimitedValue(INT64_MAX));
  case Stmt::CXXBoolLiteralExprClass:
    return Value::integer(cast<CXXBoolLiteralExpr>(E)->getValue());
  case Stmt::CharacterLiteralClass:
    return Value::integer(cast<CharacterLiteral>(E)->getValue());
  case Stmt::CXXNullPtrLiteralExprClass:
  case Stmt::GNUNullExprClass:
    return Value::of(Value::Ptr, 0);
  case Stmt::ConstantExprClass:
    return eval(cast<ConstantExpr>(E)->getSubExpr());
  case Stmt::ExprWithCleanupsClass: {
    const Expr *Sub = cast<ExprWithCleanups>(E)->getSubExpr();
    return eval(Sub);
  }
  case Stmt::CXXBindTemporaryExprClass:
    return eval(cast<CXXBindTemporaryExpr>(E)->getSubExpr());
  case Stmt::CXXDefaultArgExprClass:
    return eval(cast<CXXDefaultArgExpr>(E)->getExpr());
  case Stmt::CXXDefaultInitExprClass:
    return eval(cast<CXXDefaultInitExpr>(E)->getExpr());
  case Stmt::SubstNonTypeTemplateParmExprClass:
    return asType(eval(cast<SubstNonTypeTemplateParmExpr>(E)->getReplacement()),
                  E->getType());
  case Stmt::CXXRewrittenBinaryOperatorClass:
    return eval(cast<CXXRewrittenBinaryOperator>(E)->getSemanticForm());
  case Stmt::CXXStdInitializerListExprClass:
    return eval(cast<CXXStdInitializerListExpr>(E)->getSubExpr());
  case Stmt::CXXThisExprClass:
    return Value::of(Value::Ptr, S->top().This);
  case Stmt::CXXThrowExprClass: {
    if (const Expr *What = cast<CXXThrowExpr>(E)->getSubExpr())
      eval(What);
    if (Thrown && !Dead)
      Thrown->push_back(*S);
    Dead = true;
    return {};
  }
  case Stmt::DeclRefExprClass: {
    auto *D = cast<DeclRefExpr>(E)->getDecl();
    if (auto *C = dyn_cast<EnumConstantDecl>(D))
      return enumerator(C);
    if (auto *F = dyn_cast<FunctionDecl>(D)) {
      Value V;
      V.K = Value::Fn;
      V.P = F;
      return V;
    }
    return load(loc(E));
  }
  case Stmt::CallExprClass:
  case Stmt::CXXMemberCallExprClass:
  case Stmt::CXXOperatorCallExprClass:
  case Stmt::UserDefinedLiteralClass:
    return call(cast<CallExpr>(E));
  case Stmt::CXXConstructExprClass:
  case Stmt::CXXTemporaryObjectExprClass:
    return construct(cast<CXXConstructExpr>(E));
  case Stmt::ConditionalOperatorClass: {
    auto *C = cast<ConditionalOperator>(E);
    bool Taken = branch(eval(C->getCond()), C->getCond());
    return Dead ? Value() : eval(Taken ? C->getTrueExpr() : C->getFalseExpr());
  }
  case Stmt::CXXNewExprClass: {
    auto *N = cast<CXXNewExpr>(E);
    Value V = N->getInitializer() ? eval(N->getInitializer())
                                  : fresh(N->getAllocatedType(), "",
                                          E->getBeginLoc(), "allocated");
    return Value::of(Value::Ptr, S->cell(V));
  }
  case Stmt::LambdaExprClass: {
    auto *L = cast<LambdaExpr>(E);
    Object O;
    O.K = Object::Closure;
    O.Lambda = L;
    auto Init = L->capture_init_begin();
    for (const LambdaCapture &C : L->captures()) {
      const Expr *I = *Init++;
      if (C.capturesThis()) {
        O.Elems = {S->top().This};
      } else if (C.capturesVariable()) {
        const ValueDecl *D = C.getCapturedVar();
        CellId Cell;
        if (auto *V = dyn_cast<VarDecl>(D); V && V->isInitCapture())
          Cell = V->getType()->isReferenceType() ? loc(V->getInit())
                                                 : S->cell(eval(V->getInit()));
        else if (C.getCaptureKind() == LCK_ByRef)
          Cell = cellOf(I);
        else
          Cell = S->cell(I ? eval(I) : Value());
        O.Fields.push_back({D, Cell});
      }
    }
    return S->object(std::move(O));
  }
  case Stmt::InitListExprClass: {
    auto *L = cast<InitListExpr>(E);
    if (L->getNumInits() == 1 && L->isTransparent())
      return eval(L->getInit(0));
    const CXXRecordDecl *R = record(E->getType());
    Object O;
    if (R && !E->getType()->isArrayType()) {
      O.Rec = R;
      unsigned I = R->getNumBases();
      for (const FieldDecl *F : R->fields()) {
        if (I >= L->getNumInits())
          break;
        const Expr *Init = L->getInit(I++);
        CellId C =
            F->getType()->isReferenceType() ? loc(Init) : S->cell(eval(Init));
        if (Ty.qualified(R) == "std::array")
          return S->Cells[C];
        O.Fields.push_back({F->getCanonicalDecl(), C});
      }
      return S->object(std::move(O));
    }
    if (E->getType()->isScalarType())
      return L->getNumInits() ? eval(L->getInit(0)) : Value::integer(0);
    O.K = Object::List;
    if (L->getNumInits() > 64)
      O.Opaque = true;
    else
      for (const Expr *I : L->inits())
        O.Elems.push_back(cellOf(I));
    return Dead ? Value() : S->object(std::move(O));
  }
  case Stmt::CXXScalarValueInitExprClass:
  case Stmt::ImplicitValueInitExprClass:
    if (E->getType()->isArithmeticType())
      return Value::integer(0);
    if (E->getType()->isPointerType())
      return Value::of(Value::Ptr, 0);
    return defaultValue(E->getType(), E);
  case Stmt::CXXInheritedCtorInitExprClass:
    return {};
  case Stmt::StmtExprClass:
    return {};
  default:
    break;
  }
  if (auto *U = dyn_cast<UnaryOperator>(E)) {
    switch (U->getOpcode()) {
    case UO_AddrOf:
      if (auto *D = dyn_cast<DeclRefExpr>(U->getSubExpr()->IgnoreParens())) {
        if (isa<CXXMethodDecl>(D->getDecl()))
          return evalR(D);
        if (isa<FieldDecl>(D->getDecl())) {
          Value V = Value::of(Value::Field, 0);
          V.P = D->getDecl();
          return V;
        }
      }
      if (!U->getSubExpr()->isGLValue())
        return {};
      return Value::of(Value::Ptr, loc(U->getSubExpr()));
    case UO_LNot: {
      Value V = eval(U->getSubExpr());
      if (V.K == Value::Int)
        return Value::integer(!V.N);
      if (V.K == Value::Ptr)
        return Value::integer(V.Id == 0);
      if (V.K == Value::Sym)
        V.Neg = !V.Neg;
      return V;
    }
    case UO_Minus: {
      Value V = eval(U->getSubExpr());
      if (V.K == Value::Int)
        return Value::integer(-V.N);
      return Value::of(Value::Sym, symbol("", false));
    }
    case UO_PostInc:
    case UO_PostDec: {
      CellId C = loc(U->getSubExpr());
      Value Old = load(C);
      if (Dead || Old.K == Value::Memory)
        return Old;
      S->Cells.mut(C) =
          Old.K == Value::Int
              ? Value::integer(Old.N + (U->isIncrementOp() ? 1 : -1))
              : Value::of(Value::Sym, symbol("", false));
      return Old;
    }
    default:
      return eval(U->getSubExpr());
    }
  }
  if (auto *B = dyn_cast<BinaryOperator>(E)) {
    BinaryOperatorKind Op = B->getOpcode();
    if (Op == BO_LAnd || Op == BO_LOr) {
      bool L = branch(eval(B->getLHS()), B->getLHS());
      if (Dead || L == (Op == BO_LOr))
        return Value::integer(L);
      return eval(B->getRHS());
    }
    if (Op == BO_Comma) {
      eval(B->getLHS());
      return eval(B->getRHS());
    }
    Value L = eval(B->getLHS()), R = eval(B->getRHS());
    if (Dead)
      return {};
    if (L.K == Value::Memory && !B->isComparisonOp())
      return L;
    if (B->isComparisonOp())
      return compare(Op, L, R, E);
    if (L.K == Value::Int && R.K == Value::Int)
      switch (Op) {
      case BO_Add:
        return Value::integer(L.N + R.N);
      case BO_Sub:
        return Value::integer(L.N - R.N);
      case BO_Mul:
        return Value::integer(L.N * R.N);
      case BO_Div:
        return R.N ? Value::integer(L.N / R.N) : Value();
      case BO_Rem:
        return R.N ? Value::integer(L.N % R.N) : Value();
      case BO_And:
        return Value::integer(L.N & R.N);
      case BO_Or:
        return Value::integer(L.N | R.N);
      case BO_Shl:
        return R.N >= 0 && R.N < 63 ? Value::integer(L.N << R.N) : Value();
      case BO_Shr:
        return R.N >= 0 && R.N < 63 ? Value::integer(L.N >> R.N) : Value();
      default:
        break;
      }
    return Value::of(Value::Sym, symbol(Ty.text(E), true));
  }
  if (auto *C = dyn_cast<CastExpr>(E)) {
    const Expr *Sub = C->getSubExpr();
    switch (C->getCastKind()) {
    case CK_ArrayToPointerDecay: {
      CellId Cell = loc(Sub);
      if (S->Cells[Cell].K == Value::Str)
        return S->Cells[Cell];
      return Value::of(Value::Ptr, Cell);
    }
    case CK_NullToPointer:
      return Value::of(Value::Ptr, 0);
    case CK_IntegralToBoolean:
    case CK_FloatingToBoolean: {
      Value V = eval(Sub);
      return V.K == Value::Int   ? Value::integer(V.N != 0)
             : V.K == Value::Sym ? compare(BO_NE, V, Value::integer(0), Sub)
                                 : V;
    }
    case CK_PointerToBoolean: {
      Value V = eval(Sub);
      return V.K == Value::Ptr ? Value::integer(V.Id != 0) : V;
    }
    case CK_Dynamic: {
      Value V = eval(Sub);
      bool Is = Dead || V.K != Value::Ptr || !V.Id ||
                isA(V.Id, E->getType()->getPointeeCXXRecordDecl());
      return Is ? V : Value::of(Value::Ptr, 0);
    }
    default:
      return asType(eval(Sub), E->getType());
    }
  }
  Expr::EvalResult Const;
  if (!E->isValueDependent() && E->getType()->isIntegralOrEnumerationType() &&
      E->EvaluateAsInt(Const, Ctx))
    return Value::integer(Const.Val.getInt().getExtValue());
  if (E->getType()->isArithmeticType())
    return Value::of(Value::Sym, symbol("", false));
  return fresh(E->getType(), "", E->getBeginLoc(),
               std::string("no model for ") + E->getStmtClassName());
}

} // namespace torch_tidy
