// Constructors: of LibTorch's own types, containers, modules and records.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

static Dtype dtypeOfType(QualType T) {
  T = T.getCanonicalType().getUnqualifiedType();
  if (auto *B = T->getAs<BuiltinType>())
    switch (B->getKind()) {
    case BuiltinType::Float:
      return Dtype::Float;
    case BuiltinType::Double:
      return Dtype::Double;
    case BuiltinType::Bool:
      return Dtype::Bool;
    default:
      if (B->isInteger())
        return Dtype::Int64;
    }
  return Dtype::Unknown;
}

// The element type that `torch::tensor` makes of what it is given.
static Dtype elementType(const Expr *E) {
  E = E->IgnoreImplicit();
  // A container says it, whatever its elements were written as.
  if (auto *Spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(
          E->getType()->getAsCXXRecordDecl()))
    if (Spec->getTemplateArgs().size() &&
        Spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
      if (Dtype T = dtypeOfType(Spec->getTemplateArgs()[0].getAsType());
          T != Dtype::Unknown)
        return T;
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
  bool Keeps = Name == "Adam" || Name == "AdamW" || Name == "RMSprop" ||
               Name == "Adagrad";
  if (Name == "SGD" && Args.size() > 1 && Args[1].K == Value::Object &&
      S->Objects[Args[1].Id].K == Object::Opts)
    Keeps = named(Args[1].Id, "momentum", false) != 0;
  SmallVector<HandleId, 8> Hs;
  if (!Args.empty())
    S->tensorsIn(Args[0], Hs);
  if (!Keeps)
    O.Kind2 = "Plain";
  O.State.assign(Hs.begin(), Hs.end());
  // Adagrad makes its sums when it is made.
  if (Name == "Adagrad" && !Hs.empty())
    O.Unseen = S->Handles[Hs[0]].Fact.Dev;
  return S->object(std::move(O));
}

// An object that the library makes of constructor arguments: `make_shared`,
// `emplace_back`.
Value Interp::made(QualType T, ArrayRef<CellId> Cells, const Expr *E) {
  const CXXRecordDecl *R = Ty.heldModule(T);
  bool Holder = R && Ty.kindOf(T) == TypeKind::Holder;
  if (!R)
    R = T->getAsCXXRecordDecl();
  if (!R)
    return Cells.size() == 1 ? load(Cells[0]) : Value();
  Value V;
  if (Ty.isUserCode(R)) {
    const CXXConstructorDecl *Best = nullptr;
    if (R->hasDefinition())
      for (const CXXConstructorDecl *C : R->getDefinition()->ctors())
        if (!C->isCopyOrMoveConstructor() && !C->isDeleted() &&
            Cells.size() <= C->getNumParams() &&
            Cells.size() >= C->getMinRequiredArguments())
          Best = C;
    if (Best)
      V = newRecord(Best, E, Cells);
    else if (Cells.empty() && R->hasDefinition() &&
             R->getDefinition()->needsImplicitDefaultConstructor())
      V = newRecord(R->getDefinition(), nullptr, E, {});
    else
      V = fresh(T, "", E->getBeginLoc(), "no constructor found");
  } else if (Ty.derives(R, "torch::nn::Module")) {
    std::vector<Value> Vs;
    for (CellId C : Cells)
      Vs.push_back(load(C));
    StringRef K = R->getName();
    K.consume_back("Impl");
    V = newModule(K, Vs, E, R);
  } else if (Ty.kindOf(T) == TypeKind::Optimizer) {
    std::vector<Value> Vs;
    for (CellId C : Cells)
      Vs.push_back(load(C));
    V = newOptimizer(R, Vs);
  } else if (Ty.qualified(R) == "std::packaged_task" && Cells.size() == 1) {
    V = fresh(T, "", SourceLocation(), "");
    if (V.K == Value::Object)
      S->Cells.mut(named(V.Id, "task", true)) = load(Cells[0]);
  } else if (Cells.size() == 1) {
    V = load(Cells[0]);
  } else {
    V = Cells.empty() ? defaultValue(T, nullptr)
                      : fresh(T, "", E->getBeginLoc(), "make_shared");
  }
  if (Dead)
    return {};
  return Holder ? Value::of(Value::Ptr, S->cell(V)) : V;
}

Value Interp::construct(const CXXConstructExpr *E) {
  const CXXConstructorDecl *Ctor = E->getConstructor();
  QualType T = E->getType();
  TypeKind K = Ty.kindOf(T);
  ArrayRef<const Expr *> All(E->getArgs(), E->getNumArgs());
  unsigned N = given(All).size();
  if (Ctor->isCopyOrMoveConstructor() && E->getNumArgs() >= 1) {
    // What the compiler may leave out is taken as left out.
    if (K == TypeKind::Other && Ty.isUserCode(Ctor) && Ctor->isUserProvided() &&
        Ctor->hasBody() && !E->isElidable()) {
      std::vector<CellId> Cells = cellsOf(All);
      return Dead ? Value() : newRecord(Ctor, E, Cells);
    }
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
    if (V.K != Value::Dev)
      V = deviceNamed(V);
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
    if (Ty.qualified(record(T)) == "std::reference_wrapper" &&
        E->getArg(0)->isGLValue() &&
        Ty.kindOf(E->getArg(0)->getType()) != TypeKind::Pointer)
      return Value::of(Value::Ptr, loc(E->getArg(0)));
    Value V = Arg(0);
    return V.K == Value::Ptr
               ? V
               : fresh(T, "", E->getBeginLoc(), "an unknown pointer");
  }
  case TypeKind::Optional: {
    Value V = N ? Arg(0) : Value::of(Value::Ptr, 0);
    return N && !Dead && E->getArg(0)->isLValue() ? copied(V, E) : V;
  }
  case TypeKind::IValue:
    return N ? Arg(0) : Value();
  case TypeKind::Number:
    return N ? Arg(0) : Value::integer(0);
  case TypeKind::String:
    if (N <= 1) {
      Value V = N ? Arg(0) : string("");
      if (isString(V) || V.K == Value::Object)
        return V;
    }
    // The bytes between two iterators or behind a pointer.
    if (N >= 2)
      if (Value V = Arg(0); V.K == Value::Iter || V.K == Value::Ptr)
        if (const Value &Src = S->Cells[S->target(V.Id)];
            Src.K == Value::Object && named(Src.Id, "saved", false))
          return copyOf(Src);
    return unknownString("");
  case TypeKind::List:
  case TypeKind::Map:
  case TypeKind::Pair: {
    if (N == 0)
      return defaultValue(T, E);
    Object O;
    O.K = Object::List;
    if (K == TypeKind::Pair) {
      for (unsigned I = 0; I < N; ++I) {
        Value V = Arg(I);
        if (N == 1 && V.K == Value::Object &&
            S->Objects[V.Id].K == Object::List)
          return V;
        O.Elems.push_back(S->cell(copyOf(V)));
      }
      return S->object(std::move(O));
    }
    Value V = Arg(0);
    if (N >= 2)
      touch(E, V);
    if (V.K == Value::Iter && N >= 2) {
      Value Last = Arg(1);
      if (Dead)
        return {};
      const Value Src = S->Cells[S->target(V.Id)];
      if (Src.K == Value::Object && named(Src.Id, "saved", false))
        return copyOf(Src);
      bool Whole = Src.K == Value::Object && !S->Objects[Src.Id].Opaque &&
                   !V.Neg && !Last.Neg;
      for (CellId C : range(V, Last, heldType(record(T)), E))
        O.Elems.push_back(S->cell(copyOf(S->Cells[C])));
      Value New = S->object(std::move(O));
      if (!Whole)
        blur(New.Id);
      return New;
    }
    if (V.K == Value::Object && S->Objects[V.Id].K == Object::List) {
      Value All = N == 1 ? copyOf(V) : V;
      if (K == TypeKind::Map && record(T)->getName() == "map" && N == 1 &&
          !S->Objects[All.Id].Opaque) {
        auto Elems = S->Objects[All.Id].Elems;
        CellId C = S->cell(All);
        S->Objects.mut(All.Id).Elems.clear();
        for (CellId Pair : Elems) {
          S->Objects.mut(All.Id).Elems.push_back(Pair);
          placeLast(C, true);
        }
      }
      return All;
    }
    if (Ty.qualified(record(T)) == "c10::ArrayRef" && V.K == Value::Tensor) {
      O.Elems.push_back(S->cell(V));
      return S->object(std::move(O));
    }
    if (V.K == Value::Int && V.N >= 0 && V.N <= 16 && N <= 2) {
      Value Fill = N == 2 ? Arg(1) : Value();
      QualType ET;
      if (auto *Spec = dyn_cast<ClassTemplateSpecializationDecl>(record(T)))
        ET = Spec->getTemplateArgs()[0].getAsType();
      for (int64_t I = 0; I < V.N; ++I)
        O.Elems.push_back(S->cell(N == 2        ? copyOf(Fill)
                                  : ET.isNull() ? Value()
                                                : initialValue(ET)));
      return S->object(std::move(O));
    }
    O.Opaque = true;
    return S->object(std::move(O));
  }
  case TypeKind::JitModule: {
    // Made of a name, it is empty and gets its parts one by one.
    if (N == 1 && record(E->getArg(0)->getType()) &&
        record(E->getArg(0)->getType())->getName() == "QualifiedName") {
      Object O;
      O.K = Object::Module;
      O.Jit = true;
      return S->object(std::move(O));
    }
    return fresh(T, "", E->getBeginLoc(), "a TorchScript module");
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
    const CXXRecordDecl *R = Ty.heldModule(T);
    if (!R)
      break;
    bool Holder = K == TypeKind::Holder;
    if (Holder && N == 1) {
      QualType AT = E->getArg(0)->getType();
      if (AT->isNullPtrType() || E->getArg(0)->isNullPointerConstant(
                                     Ctx, Expr::NPC_ValueDependentIsNotNull))
        return Value::of(Value::Ptr, 0);
      TypeKind AK = Ty.kindOf(AT);
      if (AK == TypeKind::Holder || AK == TypeKind::Pointer) {
        if (Ty.heldModule(AT) == R)
          return Arg(0);
      }
    }
    Value Obj;
    if (Ty.isUserCode(R)) {
      // The holder's constructor forwards to the module's, found by arity.
      if (!Holder) {
        std::vector<CellId> Cells = cellsOf(All);
        return Dead ? Value() : newRecord(Ctor, E, Cells);
      }
      std::vector<CellId> Cells = cellsOf(All.take_front(N));
      const CXXConstructorDecl *Best = nullptr;
      for (const CXXConstructorDecl *C : R->ctors())
        if (!C->isCopyOrMoveConstructor() && !C->isDeleted() &&
            N <= C->getNumParams() && N >= C->getMinRequiredArguments() &&
            (!Best || C->hasBody()))
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
  const std::string &Q = Ty.qualified(R);
  if ((Q == "c10::NoGradGuard" || Q == "at::NoGradGuard" ||
       Q == "torch::NoGradGuard" || Q == "c10::InferenceMode") &&
      !S->NoGrad)
    S->NoGrad = S->Frames.size();
  if (Q == "std::packaged_task" && N == 1) {
    Value Task = Arg(0);
    Value V = fresh(T, "", SourceLocation(), "");
    if (Dead || V.K != Value::Object)
      return {};
    S->Cells.mut(named(V.Id, "task", true)) = Task;
    return V;
  }
  if (StringRef(Q).ends_with("stringstream") && N > 0)
    if (Value V = Arg(0); V.K == Value::Object)
      return copyOf(V);
  bool DataPart = false;
  if (Value V = newDataPart(E, DataPart); DataPart)
    return V;
  // An iterator as one that only reads.
  if (R->getName().contains("iterator") && N == 1)
    return Arg(0);
  if (Q == "torch::OrderedDict::Item") {
    Object O;
    O.K = Object::List;
    for (unsigned I = 0; I < N; ++I)
      O.Elems.push_back(S->cell(Arg(I)));
    return Dead ? Value() : S->object(std::move(O));
  }
  if ((Q == "std::thread" || Q == "std::jthread") && N > 0) {
    std::vector<CellId> Cells = cellsOf(All.take_front(N));
    if (!Dead)
      startThread(Cells, E);
    return {};
  }
  if (Q == "torch::nn::AnyModule" || Q == "torch::nn::NamedAnyModule") {
    Value V;
    for (unsigned I = 0; I < N; ++I)
      V = Arg(I);
    if (V.K == Value::Object)
      V = Value::of(Value::Ptr, S->cell(V));
    return V;
  }
  if ((StringRef(Q).starts_with("torch::nn::") ||
       StringRef(Q).starts_with("torch::optim::")) &&
      StringRef(Q).ends_with("Options")) {
    Object O;
    O.K = Object::Opts;
    for (unsigned I = 0; I < N; ++I)
      Arg(I);
    return S->object(std::move(O));
  }
  if (Q == "at::indexing::TensorIndex" || Q == "c10::Scalar" ||
      Q == "std::function" || Q == "c10::OptionalArrayRef" ||
      Q == "torch::detail::TensorDataContainer" || Q == "c10::intrusive_ptr" ||
      Q == "at::OptionalTensorRef") {
    if (Q == "torch::detail::TensorDataContainer") {
      Value V;
      V.K = Value::Type;
      V.HasType = true;
      if (N)
        Arg(0);
      V.T = N ? elementType(E->getArg(0)) : Dtype::Float;
      V.N = N &&
            (isa<InitListExpr>(E->getArg(0)->IgnoreImplicit()) ||
             isa<CXXStdInitializerListExpr>(E->getArg(0)->IgnoreImplicit()) ||
             record(E->getArg(0)->getType()));
      return V;
    }
    return N                      ? Arg(0)
           : Q == "std::function" ? Value::of(Value::Ptr, 0)
                                  : Value();
  }
  if (Ty.isUserCode(Ctor)) {
    std::vector<CellId> Cells = cellsOf(All);
    return Dead ? Value() : newRecord(Ctor, E, Cells);
  }
  for (unsigned I = 0; I < N; ++I)
    Arg(I);
  return Dead ? Value()
              : fresh(T, "", E->getBeginLoc(), "no model for '" + Q + "'");
}

} // namespace torch_tidy
