// Constructors: of LibTorch's own types, containers, modules and records.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

class Interp::Construction {
public:
  Construction(Interp &I, const CXXConstructExpr *E)
      : I(I), S(*I.S), E(E), Ctor(E->getConstructor()), T(E->getType()),
        All(E->getArgs(), E->getNumArgs()), Args(given(All)), N(Args.size()) {}
  Value run();

private:
  Value arg(unsigned At) { return I.eval(Args[At]); }
  std::vector<Value> values() {
    std::vector<Value> Vs;
    for (const Expr *A : Args)
      Vs.push_back(I.eval(A));
    return Vs;
  }
  /// By the constructor's own code.
  Value entered() {
    std::vector<CellId> Cells = I.cellsOf(All);
    return I.Dead ? Value() : I.newRecord(Ctor, E, Cells);
  }

  Value copy(TypeKind K);
  Value device();
  Value pointer();
  Value string();
  Value pair();
  Value sequence(TypeKind K);
  Value elementsBetween(const Value &First);
  Value copyOfList(const Value &V, TypeKind K);
  Value filled(int64_t Count);
  Value scriptModule();
  Value holder();
  Value module();
  Value other();
  Value literals();

  Interp &I;
  State &S;
  const CXXConstructExpr *E;
  const CXXConstructorDecl *Ctor;
  QualType T;
  ArrayRef<const Expr *> All, Args; ///< With default arguments, and without.
  unsigned N;
};

Value Interp::construct(const CXXConstructExpr *E) {
  return Construction(*this, E).run();
}

Value Interp::Construction::run() {
  TypeKind K = I.Ty.kindOf(T);
  if (Ctor->isCopyOrMoveConstructor() && E->getNumArgs() >= 1)
    return copy(K);
  switch (K) {
  case TypeKind::Tensor:
    return N ? arg(0) : I.defaultValue(T, E);
  case TypeKind::Device:
    return device();
  case TypeKind::Dtype:
    return N ? arg(0) : Value::dtype(Dtype::Float);
  case TypeKind::Options:
    return N ? I.optionsFrom(arg(0)) : I.defaultValue(T, E);
  case TypeKind::Pointer:
    return pointer();
  case TypeKind::Optional: {
    Value V = N ? arg(0) : Value::of(Value::Ptr, 0);
    return N && !I.Dead && Args[0]->isLValue() ? I.copied(V, E) : V;
  }
  case TypeKind::IValue:
    return N ? arg(0) : Value();
  case TypeKind::Number:
    return N ? arg(0) : Value::integer(0);
  case TypeKind::String:
    return string();
  case TypeKind::Pair:
    return pair();
  case TypeKind::List:
  case TypeKind::Map:
    return sequence(K);
  case TypeKind::JitModule:
    return scriptModule();
  case TypeKind::Optimizer: {
    std::vector<Value> Vs = values();
    return I.Dead ? Value() : I.newOptimizer(record(T), Vs);
  }
  case TypeKind::Holder:
    return I.Ty.heldModule(T) ? holder() : other();
  case TypeKind::Module:
    return I.Ty.heldModule(T) ? module() : other();
  default:
    return other();
  }
}

Value Interp::Construction::copy(TypeKind K) {
  // What the compiler may leave out is taken as left out.
  if (K == TypeKind::Other && I.Ty.isUserCode(Ctor) && Ctor->isUserProvided() &&
      Ctor->hasBody() && !E->isElidable())
    return entered();
  Value V = I.eval(E->getArg(0));
  return K == TypeKind::Tensor || Ctor->isMoveConstructor() ? V : I.copyOf(V);
}

Value Interp::Construction::device() {
  if (N == 0)
    return Value::device(Device::cpu());
  Value V = arg(0);
  if (V.K != Value::Dev)
    V = I.deviceNamed(V);
  if (N > 1 && V.D.isCUDA()) {
    Value Index = arg(1);
    V.D = Index.K == Value::Int ? Device::cuda(Index.N) : Device::cuda();
    if (Index.K != Value::Int)
      V.D.Index = -1;
  }
  V.Spelled = E;
  return V;
}

Value Interp::Construction::pointer() {
  if (N == 0)
    return Value::of(Value::Ptr, 0);
  if (I.Ty.qualified(record(T)) == "std::reference_wrapper" &&
      Args[0]->isGLValue() &&
      I.Ty.kindOf(Args[0]->getType()) != TypeKind::Pointer)
    return Value::of(Value::Ptr, I.loc(Args[0]));
  Value V = arg(0);
  return V.K == Value::Ptr
             ? V
             : I.fresh(T, "", E->getBeginLoc(), "an unknown pointer");
}

Value Interp::Construction::string() {
  if (N <= 1) {
    Value V = N ? arg(0) : I.string("");
    if (I.isString(V) || V.K == Value::Object)
      return V;
  }
  // The bytes between two iterators or behind a pointer.
  if (N >= 2)
    if (Value V = arg(0); V.K == Value::Iter || V.K == Value::Ptr)
      if (const Value &Src = S.Cells[S.target(V.Id)];
          Src.K == Value::Object && I.named(Src.Id, "saved", false))
        return I.copyOf(Src);
  return I.unknownString("");
}

//===- Containers ---------------------------------------------------------===//

Value Interp::Construction::pair() {
  if (N == 0)
    return I.defaultValue(T, E);
  Object O;
  O.K = Object::List;
  for (unsigned At = 0; At < N; ++At) {
    Value V = arg(At);
    if (N == 1 && V.K == Value::Object && S.Objects[V.Id].K == Object::List)
      return V;
    O.Elems.push_back(S.cell(I.copyOf(V)));
  }
  return S.object(std::move(O));
}

Value Interp::Construction::sequence(TypeKind K) {
  if (N == 0)
    return I.defaultValue(T, E);
  Value V = arg(0);
  if (N >= 2) {
    I.touch(E, V);
    if (V.K == Value::Iter)
      return elementsBetween(V);
  }
  if (V.K == Value::Object && S.Objects[V.Id].K == Object::List)
    return copyOfList(V, K);
  Object O;
  O.K = Object::List;
  if (I.Ty.qualified(record(T)) == "c10::ArrayRef" && V.K == Value::Tensor)
    O.Elems.push_back(S.cell(V));
  else if (V.K == Value::Int && V.N >= 0 && V.N <= 16 && N <= 2)
    return filled(V.N);
  else
    O.Opaque = true;
  return S.object(std::move(O));
}

// `std::vector<T>(first, last)`.
Value Interp::Construction::elementsBetween(const Value &First) {
  Value Last = arg(1);
  if (I.Dead)
    return {};
  const Value Src = S.Cells[S.target(First.Id)];
  if (Src.K == Value::Object && I.named(Src.Id, "saved", false))
    return I.copyOf(Src);
  bool Whole = Src.K == Value::Object && !S.Objects[Src.Id].Opaque &&
               !First.Neg && !Last.Neg;
  Object O;
  O.K = Object::List;
  for (CellId C : I.range(First, Last, I.heldType(record(T)), E))
    O.Elems.push_back(S.cell(I.copyOf(S.Cells[C])));
  Value New = S.object(std::move(O));
  if (!Whole)
    I.blur(New.Id);
  return New;
}

Value Interp::Construction::copyOfList(const Value &V, TypeKind K) {
  Value New = N == 1 ? I.copyOf(V) : V;
  // A sorted map of what a list spells in any order.
  if (K == TypeKind::Map && record(T)->getName() == "map" && N == 1 &&
      !S.Objects[New.Id].Opaque) {
    auto Elems = S.Objects[New.Id].Elems;
    CellId C = S.cell(New);
    S.Objects.mut(New.Id).Elems.clear();
    for (CellId Pair : Elems) {
      S.Objects.mut(New.Id).Elems.push_back(Pair);
      I.placeLast(C, true);
    }
  }
  return New;
}

// `std::vector<T>(count)` and `std::vector<T>(count, value)`.
Value Interp::Construction::filled(int64_t Count) {
  Value Fill = N == 2 ? arg(1) : Value();
  QualType Held;
  if (auto *Spec = dyn_cast<ClassTemplateSpecializationDecl>(record(T)))
    Held = Spec->getTemplateArgs()[0].getAsType();
  Object O;
  O.K = Object::List;
  for (int64_t At = 0; At < Count; ++At)
    O.Elems.push_back(S.cell(N == 2          ? I.copyOf(Fill)
                             : Held.isNull() ? Value()
                                             : I.initialValue(Held)));
  return S.object(std::move(O));
}

//===- Modules ------------------------------------------------------------===//

Value Interp::Construction::scriptModule() {
  // Made of a name, it is empty and gets its parts one by one.
  const CXXRecordDecl *Of = N == 1 ? record(Args[0]->getType()) : nullptr;
  if (!Of || Of->getName() != "QualifiedName")
    return I.fresh(T, "", E->getBeginLoc(), "a TorchScript module");
  Object O;
  O.K = Object::Module;
  O.Jit = true;
  return S.object(std::move(O));
}

Value Interp::Construction::module() {
  const CXXRecordDecl *R = I.Ty.heldModule(T);
  if (I.Ty.isUserCode(R))
    return entered();
  StringRef Kind = R->getName();
  Kind.consume_back("Impl");
  Value Made = I.newModule(Kind, values(), E, R);
  return I.Dead ? Value() : Made;
}

Value Interp::Construction::holder() {
  const CXXRecordDecl *R = I.Ty.heldModule(T);
  if (N == 1) {
    QualType Of = Args[0]->getType();
    if (Of->isNullPtrType() || Args[0]->isNullPointerConstant(
                                   I.Ctx, Expr::NPC_ValueDependentIsNotNull))
      return Value::of(Value::Ptr, 0);
    TypeKind K = I.Ty.kindOf(Of);
    if ((K == TypeKind::Holder || K == TypeKind::Pointer) &&
        I.Ty.heldModule(Of) == R)
      return arg(0);
  }
  if (!I.Ty.isUserCode(R)) {
    Value Made = module();
    return I.Dead ? Value() : Value::of(Value::Ptr, S.cell(Made));
  }
  // It forwards to the module's constructor, found by arity.
  std::vector<CellId> Cells = I.cellsOf(Args);
  const CXXConstructorDecl *Best = nullptr;
  for (const CXXConstructorDecl *C : R->ctors())
    if (!C->isCopyOrMoveConstructor() && !C->isDeleted() &&
        N <= C->getNumParams() && N >= C->getMinRequiredArguments() &&
        (!Best || C->hasBody()))
      Best = C;
  if (!Best || I.Dead)
    return I.fresh(T, "", E->getBeginLoc(), "no constructor found");
  Value Made = I.newRecord(Best, E, Cells);
  return I.Dead ? Value() : Value::of(Value::Ptr, S.cell(Made));
}

//===- By the name of the class -------------------------------------------===//

// The literals that `torch::tensor` makes a tensor of: their type, and whether
// they are a list.
Value Interp::Construction::literals() {
  if (N)
    arg(0);
  Value V = Value::dtype(N ? elementType(Args[0]) : Dtype::Float);
  V.N = N && (isa<InitListExpr>(Args[0]->IgnoreImplicit()) ||
              isa<CXXStdInitializerListExpr>(Args[0]->IgnoreImplicit()) ||
              record(Args[0]->getType()));
  return V;
}

Value Interp::Construction::other() {
  const CXXRecordDecl *R = Ctor->getParent();
  StringRef Q = I.Ty.qualified(R);
  if ((Q == "c10::NoGradGuard" || Q == "at::NoGradGuard" ||
       Q == "torch::NoGradGuard" || Q == "c10::InferenceMode") &&
      !S.NoGrad)
    S.NoGrad = S.Frames.size();
  if (Q == "std::packaged_task" && N == 1) {
    Value Task = arg(0);
    return I.Dead ? Value() : I.packagedTask(T, Task);
  }
  if (Q.ends_with("stringstream") && N > 0)
    if (Value V = arg(0); V.K == Value::Object)
      return I.copyOf(V);
  bool DataPart = false;
  if (Value V = I.newDataPart(E, DataPart); DataPart)
    return V;
  if (!operatorOf(R).empty()) {
    Object O;
    O.Rec = R;
    return S.object(std::move(O));
  }
  // An iterator as one that only reads.
  if (R->getName().contains("iterator") && N == 1)
    return arg(0);
  if (Q == "torch::OrderedDict::Item") {
    Object O;
    O.K = Object::List;
    for (const Value &V : values())
      O.Elems.push_back(S.cell(V));
    return I.Dead ? Value() : S.object(std::move(O));
  }
  if ((Q == "std::thread" || Q == "std::jthread") && N > 0) {
    std::vector<CellId> Cells = I.cellsOf(Args);
    if (!I.Dead)
      I.startThread(Cells, E);
    return {};
  }
  if (Q == "torch::nn::AnyModule" || Q == "torch::nn::NamedAnyModule") {
    std::vector<Value> Vs = values();
    Value V = Vs.empty() ? Value() : Vs.back();
    return V.K == Value::Object ? Value::of(Value::Ptr, S.cell(V)) : V;
  }
  if ((Q.starts_with("torch::nn::") || Q.starts_with("torch::optim::")) &&
      Q.ends_with("Options")) {
    values();
    Object O;
    O.K = Object::Opts;
    return S.object(std::move(O));
  }
  if (Q == "torch::detail::TensorDataContainer")
    return literals();
  if (Q == "std::function")
    return N ? arg(0) : Value::of(Value::Ptr, 0);
  // What stands for what it is made of.
  if (Q == "at::indexing::TensorIndex" || Q == "c10::Scalar" ||
      Q == "c10::OptionalArrayRef" || Q == "c10::intrusive_ptr" ||
      Q == "at::OptionalTensorRef")
    return N ? arg(0) : Value();
  if (I.Ty.isUserCode(Ctor))
    return entered();
  values();
  return I.Dead ? Value()
                : I.fresh(T, "", E->getBeginLoc(),
                          ("no model for '" + Q + "'").str());
}

} // namespace torch_tidy
