// Values of prvalue expressions, constructors included.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

static Dtype dtypeOfType(QualType T) {
  T = T.getCanonicalType().getUnqualifiedType();
  if (auto *B = T->getAs<BuiltinType>())
    switch (B->getKind()) {
    case BuiltinType::Float: return Dtype::Float;
    case BuiltinType::Double: return Dtype::Double;
    case BuiltinType::Bool: return Dtype::Bool;
    default:
      if (B->isInteger())
        return Dtype::Int64;
    }
  return Dtype::Unknown;
}

static Dtype dtypeByName(StringRef N) {
  return llvm::StringSwitch<Dtype>(N)
      .Case("Bool", Dtype::Bool).Case("Byte", Dtype::UInt8).Case("Char", Dtype::Int8)
      .Case("Short", Dtype::Int16).Case("Int", Dtype::Int32).Case("Long", Dtype::Int64)
      .Case("Half", Dtype::Half).Case("BFloat16", Dtype::BFloat16)
      .Case("Float", Dtype::Float).Case("Double", Dtype::Double)
      .Case("ComplexFloat", Dtype::ComplexFloat).Case("ComplexDouble", Dtype::ComplexDouble)
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
  else if (V.K == Value::Str)
    return optionsFrom(deviceFromString(static_cast<const StringLiteral *>(V.P)->getString()));
  else
    O.HasDev = O.HasType = true, O.D = Device::symbol(++DeviceSymbols);
  return O;
}

Value Interp::evalR(const Expr *E) {
  E = E->IgnoreParens();
  switch (E->getStmtClass()) {
  case Stmt::IntegerLiteralClass:
    return Value::integer(cast<IntegerLiteral>(E)->getValue().getLimitedValue(INT64_MAX));
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
    return eval(cast<SubstNonTypeTemplateParmExpr>(E)->getReplacement());
  case Stmt::CXXRewrittenBinaryOperatorClass:
    return eval(cast<CXXRewrittenBinaryOperator>(E)->getSemanticForm());
  case Stmt::CXXStdInitializerListExprClass:
    return eval(cast<CXXStdInitializerListExpr>(E)->getSubExpr());
  case Stmt::CXXThisExprClass:
    return Value::of(Value::Ptr, S->top().This);
  case Stmt::CXXThrowExprClass:
    Dead = true;
    return {};
  case Stmt::DeclRefExprClass: {
    auto *D = cast<DeclRefExpr>(E)->getDecl();
    if (auto *C = dyn_cast<EnumConstantDecl>(D)) {
      TypeKind K = kindOf(C->getType());
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
                                  : fresh(N->getAllocatedType(), "", E->getBeginLoc(), "allocated");
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
          Cell = V->getType()->isReferenceType() ? loc(V->getInit()) : S->cell(eval(V->getInit()));
        else if (C.getCaptureKind() == LCK_ByRef)
          Cell = I->isGLValue() ? loc(I) : S->cell(eval(I));
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
        CellId C = F->getType()->isReferenceType() ? loc(Init) : S->cell(eval(Init));
        if (qualified(R) == "std::array")
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
        O.Elems.push_back(I->isGLValue() ? loc(I) : S->cell(eval(I)));
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
      if (!U->getSubExpr()->isGLValue())
        return {};
      if (auto *D = dyn_cast<DeclRefExpr>(U->getSubExpr()->IgnoreParens()))
        if (isa<CXXMethodDecl>(D->getDecl()))
          return evalR(D);
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
      if (Dead)
        return {};
      S->Cells.mut(C) = Old.K == Value::Int ? Value::integer(Old.N + (U->isIncrementOp() ? 1 : -1))
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
    if (B->isComparisonOp())
      return compare(Op, L, R, E);
    if (L.K == Value::Int && R.K == Value::Int)
      switch (Op) {
      case BO_Add: return Value::integer(L.N + R.N);
      case BO_Sub: return Value::integer(L.N - R.N);
      case BO_Mul: return Value::integer(L.N * R.N);
      case BO_Div: return R.N ? Value::integer(L.N / R.N) : Value();
      case BO_Rem: return R.N ? Value::integer(L.N % R.N) : Value();
      case BO_And: return Value::integer(L.N & R.N);
      case BO_Or: return Value::integer(L.N | R.N);
      default: break;
      }
    return Value::of(Value::Sym, symbol(text(E), true));
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
      return V.K == Value::Int ? Value::integer(V.N != 0)
             : V.K == Value::Sym ? compare(BO_NE, V, Value::integer(0), Sub) : V;
    }
    case CK_PointerToBoolean: {
      Value V = eval(Sub);
      return V.K == Value::Ptr ? Value::integer(V.Id != 0) : V;
    }
    default:
      return eval(Sub);
    }
  }
  Expr::EvalResult Const;
  if (!E->isValueDependent() && E->getType()->isIntegralOrEnumerationType() &&
      E->EvaluateAsInt(Const, Ctx))
    return Value::integer(Const.Val.getInt().getExtValue());
  if (E->getType()->isArithmeticType())
    return Value::of(Value::Sym, symbol("", false));
  return fresh(E->getType(), "", E->getBeginLoc(), std::string("no model for ") + E->getStmtClassName());
}

static Dtype elementType(const Expr *E) {
  E = E->IgnoreImplicit();
  if (auto *L = dyn_cast<InitListExpr>(E))
    return L->getNumInits() ? elementType(L->getInit(0)) : Dtype::Unknown;
  if (auto *C = dyn_cast<CXXConstructExpr>(E); C && C->getNumArgs())
    return elementType(C->getArg(0));
  if (auto *C = dyn_cast<CXXStdInitializerListExpr>(E))
    return elementType(C->getSubExpr());
  return dtypeOfType(E->getType());
}

// Only optimizers that keep something per parameter are followed.
Value Interp::newOptimizer(const CXXRecordDecl *R, ArrayRef<Value> Args) {
  Object O;
  O.K = Object::Optimizer;
  O.Rec = R;
  StringRef Name = R->getName();
  bool Keeps = Name == "Adam" || Name == "AdamW" || Name == "RMSprop" || Name == "Adagrad";
  if (Name == "SGD" && Args.size() > 1 && Args[1].K == Value::Object &&
      S->Objects[Args[1].Id].K == Object::Opts)
    Keeps = named(Args[1].Id, "momentum", false) != 0;
  SmallVector<HandleId, 8> Hs;
  if (Keeps && !Args.empty())
    collectTensors(Args[0], Hs);
  O.State.assign(Hs.begin(), Hs.end());
  // Adagrad makes its sums when it is made.
  if (Name == "Adagrad" && !Hs.empty())
    O.Unseen = S->Handles[Hs[0]].Fact.Dev;
  return S->object(std::move(O));
}

Value Interp::construct(const CXXConstructExpr *E) {
  const CXXConstructorDecl *Ctor = E->getConstructor();
  QualType T = E->getType();
  TypeKind K = kindOf(T);
  unsigned N = 0;
  while (N < E->getNumArgs() && !isa<CXXDefaultArgExpr>(E->getArg(N)))
    ++N;
  if (Ctor->isCopyOrMoveConstructor() && E->getNumArgs() >= 1) {
    Value V = eval(E->getArg(0));
    if (K == TypeKind::Tensor || Ctor->isMoveConstructor())
      return V;
    return copyOf(V);
  }
  auto Arg = [&](unsigned I) { return eval(E->getArg(I)); };
  switch (K) {
  case TypeKind::Tensor:
    if (N == 0)
      return defaultValue(T, E);
    return Arg(0);
  case TypeKind::Device: {
    if (N == 0)
      return Value::device(Device::cpu());
    Value V = Arg(0);
    if (V.K == Value::Str)
      V = deviceFromString(static_cast<const StringLiteral *>(V.P)->getString());
    if (V.K != Value::Dev)
      V = Value::device(Device::symbol(++DeviceSymbols));
    if (N > 1 && V.D.isCUDA()) {
      Value I = Arg(1);
      V.D = I.K == Value::Int ? Device::cuda(I.N) : Device::cuda();
      if (I.K != Value::Int)
        V.D.Index = -1;
    }
    V.Spelled = E;
    return V;
  }
  case TypeKind::Dtype:
    return N ? Arg(0) : Value::dtype(Dtype::Float);
  case TypeKind::Options: {
    if (N == 0)
      return defaultValue(T, E);
    return optionsFrom(Arg(0));
  }
  case TypeKind::Pointer: {
    if (N == 0)
      return Value::of(Value::Ptr, 0);
    Value V = Arg(0);
    return V.K == Value::Ptr ? V : fresh(T, "", E->getBeginLoc(), "an unknown pointer");
  }
  case TypeKind::Optional:
  case TypeKind::IValue:
    return N ? Arg(0) : Value();
  case TypeKind::Number:
    return N ? Arg(0) : Value::integer(0);
  case TypeKind::String:
    if (N == 1) {
      Value V = Arg(0);
      if (V.K == Value::Str)
        return V;
    }
    return {};
  case TypeKind::List:
  case TypeKind::Pair: {
    if (N == 0)
      return defaultValue(T, E);
    Object O;
    O.K = Object::List;
    StringRef P0 = Ctor->getNumParams() ? Ctor->getParamDecl(0)->getType().getAsString() : "";
    (void)P0;
    if (K == TypeKind::Pair) {
      for (unsigned I = 0; I < N; ++I) {
        Value V = Arg(I);
        if (N == 1 && V.K == Value::Object && S->Objects[V.Id].K == Object::List)
          return V;
        O.Elems.push_back(S->cell(copyOf(V)));
      }
      return S->object(std::move(O));
    }
    Value V = Arg(0);
    if (V.K == Value::Object && S->Objects[V.Id].K == Object::List)
      return N == 1 ? copyOf(V) : V;
    if (qualified(record(T)) == "c10::ArrayRef" && V.K == Value::Tensor) {
      O.Elems.push_back(S->cell(V));
      return S->object(std::move(O));
    }
    if (V.K == Value::Int && V.N >= 0 && V.N <= 16 && N <= 2) {
      Value Fill = N == 2 ? Arg(1) : Value();
      QualType ET;
      if (auto *Spec = dyn_cast<ClassTemplateSpecializationDecl>(record(T)))
        ET = Spec->getTemplateArgs()[0].getAsType();
      for (int64_t I = 0; I < V.N; ++I)
        O.Elems.push_back(S->cell(N == 2 ? copyOf(Fill) : ET.isNull() ? Value() : defaultValue(ET, E)));
      return S->object(std::move(O));
    }
    O.Opaque = true;
    return S->object(std::move(O));
  }
  case TypeKind::JitModule: {
    Value V = fresh(T, "", E->getBeginLoc(), "a TorchScript module");
    return V;
  }
  case TypeKind::Optimizer: {
    Object O;
    std::vector<Value> Args;
    for (unsigned I = 0; I < N; ++I)
      Args.push_back(Arg(I));
    return Dead ? Value() : newOptimizer(record(T), Args);
  }
  case TypeKind::Holder:
  case TypeKind::Module: {
    const CXXRecordDecl *R = heldModule(T);
    if (!R)
      break;
    bool Holder = K == TypeKind::Holder;
    if (Holder && N == 1) {
      QualType AT = E->getArg(0)->getType();
      if (AT->isNullPtrType() || E->getArg(0)->isNullPointerConstant(Ctx, Expr::NPC_ValueDependentIsNotNull))
        return Value::of(Value::Ptr, 0);
      TypeKind AK = kindOf(AT);
      if (AK == TypeKind::Holder || AK == TypeKind::Pointer) {
        if (heldModule(AT) == R)
          return Arg(0);
      }
    }
    Value Obj;
    if (isUserCode(R)) {
      // The holder's constructor forwards to the module's, found by arity.
      if (!Holder) {
        std::vector<CellId> Cells;
        for (unsigned I = 0; I < E->getNumArgs(); ++I)
          Cells.push_back(E->getArg(I)->isGLValue() ? loc(E->getArg(I)) : S->cell(Arg(I)));
        return Dead ? Value() : newRecord(Ctor, E, Cells);
      }
      std::vector<CellId> Cells;
      for (unsigned I = 0; I < N; ++I)
        Cells.push_back(E->getArg(I)->isGLValue() ? loc(E->getArg(I)) : S->cell(Arg(I)));
      const CXXConstructorDecl *Best = nullptr;
      for (const CXXConstructorDecl *C : R->ctors())
        if (!C->isCopyOrMoveConstructor() && !C->isDeleted() && N <= C->getNumParams() &&
            N >= C->getMinRequiredArguments() && (!Best || C->hasBody()))
          Best = C;
      if (!Best || Dead)
        return fresh(T, "", E->getBeginLoc(), "no constructor found");
      Obj = newRecord(Best, E, Cells);
    } else {
      std::vector<Value> Args;
      for (unsigned I = 0; I < N; ++I)
        Args.push_back(Arg(I));
      StringRef Kind = R->getName();
      Kind.consume_back("Impl");
      Obj = newModule(Kind, Args, E, R);
    }
    if (Dead)
      return {};
    return Holder ? Value::of(Value::Ptr, S->cell(Obj)) : Obj;
  }
  default:
    break;
  }
  const CXXRecordDecl *R = Ctor->getParent();
  std::string Q = qualified(R);
  if (Q == "torch::nn::AnyModule" || Q == "torch::nn::NamedAnyModule") {
    Value V;
    for (unsigned I = 0; I < N; ++I)
      V = Arg(I);
    if (V.K == Value::Object)
      V = Value::of(Value::Ptr, S->cell(V));
    return V;
  }
  if ((StringRef(Q).starts_with("torch::nn::") || StringRef(Q).starts_with("torch::optim::")) &&
      StringRef(Q).ends_with("Options")) {
    Object O;
    O.K = Object::Opts;
    for (unsigned I = 0; I < N; ++I)
      Arg(I);
    return S->object(std::move(O));
  }
  if (Q == "at::indexing::TensorIndex" || Q == "c10::Scalar" || Q == "std::function" ||
      Q == "torch::detail::TensorDataContainer" || Q == "c10::intrusive_ptr" || Q == "at::OptionalTensorRef") {
    if (Q == "torch::detail::TensorDataContainer") {
      Value V;
      V.K = Value::Type;
      V.HasType = true;
      if (N)
        Arg(0);
      V.T = N ? elementType(E->getArg(0)) : Dtype::Float;
      V.N = N && (isa<InitListExpr>(E->getArg(0)->IgnoreImplicit()) ||
                  isa<CXXStdInitializerListExpr>(E->getArg(0)->IgnoreImplicit()) ||
                  record(E->getArg(0)->getType()));
      return V;
    }
    return N ? Arg(0) : Value();
  }
  if (isUserCode(Ctor)) {
    std::vector<CellId> Cells;
    for (unsigned I = 0; I < E->getNumArgs(); ++I)
      Cells.push_back(E->getArg(I)->isGLValue() ? loc(E->getArg(I)) : S->cell(Arg(I)));
    return Dead ? Value() : newRecord(Ctor, E, Cells);
  }
  for (unsigned I = 0; I < N; ++I)
    Arg(I);
  return Dead ? Value() : fresh(T, "", E->getBeginLoc(), "no model for '" + Q + "'");
}

} // namespace torch_tidy
