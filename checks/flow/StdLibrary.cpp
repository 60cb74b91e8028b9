// The standard library, as far as it carries tensors and modules.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

// Whether a variant or `any` with this value holds that type, if that is known.
std::optional<bool> Interp::holds(const Value &V, QualType T) {
  TypeKind K = Ty.kindOf(T);
  switch (V.K) {
  case Value::Tensor:
    return K == TypeKind::Tensor;
  case Value::Int:
    return K == TypeKind::Number;
  case Value::Str:
    return K == TypeKind::String || K == TypeKind::Pointer;
  case Value::Dev:
    return K == TypeKind::Device;
  case Value::Object:
    if (const CXXRecordDecl *R = S->Objects[V.Id].Rec; R && record(T))
      return R->getCanonicalDecl() == record(T)->getCanonicalDecl();
    if (K == TypeKind::Tensor || K == TypeKind::Number)
      return false;
    break;
  default:
    break;
  }
  return std::nullopt;
}

Value Interp::stdCall(const CallExpr *E, const FunctionDecl *Fn, CellId Base,
                      ArrayRef<const Expr *> Args, bool &Known) {
  const StringRef Q = Ty.qualified(Fn);
  StringRef Name =
      Fn->getDeclName().isIdentifier() ? Fn->getName() : StringRef();
  Known = true;
  auto Arg = [&](unsigned I) { return eval(Args[I]); };
  auto ArgLoc = [&](unsigned I) { return cellOf(Args[I]); };
  bool Std = StringRef(Q).starts_with("std::");
  if (Std || Name == "strcmp" || Name == "strcasecmp") {
    Value V = stringCall(E, Fn, Base, Args, Known);
    if (Known || Dead)
      return V;
    Known = true;
  }
  if (Args.size() == 1 &&
      (Q == "std::move" || Q == "std::forward" || Q == "std::ref" ||
       Q == "std::cref" || Q == "std::as_const" || Q == "std::addressof")) {
    CellId C = ArgLoc(0);
    return Value::of(Q == "std::ref" || Q == "std::cref" ||
                             Q == "std::addressof"
                         ? Value::Ptr
                         : Value::Ref,
                     C);
  }
  if (Q == "std::make_shared" || Q == "std::make_unique") {
    const TemplateArgumentList *TA = Fn->getTemplateSpecializationArgs();
    QualType T = TA && TA->size() ? TA->get(0).getAsType() : QualType();
    const CXXRecordDecl *R = T.isNull() ? nullptr : T->getAsCXXRecordDecl();
    std::vector<CellId> Cells = cellsOf(Args);
    if (Dead || !R)
      return R ? Value()
               : fresh(E->getType(), "", E->getBeginLoc(), "make_shared");
    Value V = made(T, Cells, E);
    return Dead ? Value() : Value::of(Value::Ptr, S->cell(V));
  }
  if (Q == "std::static_pointer_cast" || Q == "std::mem_fn")
    return Arg(0);
  if (Q == "std::dynamic_pointer_cast") {
    Value V = Arg(0);
    QualType T = heldType(record(E->getType()));
    bool Is = Dead || V.K != Value::Ptr || !V.Id || T.isNull() ||
              isA(V.Id, T->getAsCXXRecordDecl());
    return Is ? V : Value::of(Value::Ptr, 0);
  }
  if (Q == "std::make_tuple" || Q == "std::make_pair" || Q == "std::tie" ||
      Q == "std::forward_as_tuple") {
    Object O;
    O.K = Object::List;
    for (unsigned I = 0; I < Args.size(); ++I)
      O.Elems.push_back(Q == "std::tie" ? ArgLoc(I)
                        : Q == "std::forward_as_tuple"
                            ? cellOf(Args[I])
                            : S->cell(copyOf(Arg(I))));
    return Dead ? Value() : S->object(std::move(O));
  }
  if (Q == "std::tuple_cat") {
    Object O;
    O.K = Object::List;
    for (CellId C : cellsOf(Args)) {
      Value Part = load(S->target(C));
      if (Part.K == Value::Object)
        Part = copyOf(Part);
      if (Part.K != Value::Object || S->Objects[Part.Id].Opaque)
        return fresh(E->getType(), "", E->getBeginLoc(), "an unknown tuple");
      llvm::append_range(O.Elems, S->Objects[Part.Id].Elems);
    }
    return Dead ? Value() : S->object(std::move(O));
  }
  if (Q == "std::visit" && Args.size() == 2) {
    Value F = Arg(0);
    CellId C = ArgLoc(1);
    return Dead ? Value() : callClosure(F, E, {C}, E->getType());
  }
  if (Q == "std::get_if" || Q == "std::holds_alternative" ||
      Q == "std::any_cast" || Q == "std::get") {
    const TemplateArgumentList *TA = Fn->getTemplateSpecializationArgs();
    CellId C = ArgLoc(0);
    if (Dead)
      return {};
    if (Q != "std::get" ||
        Ty.kindOf(Args[0]->getType()) == TypeKind::Optional) {
      bool Pointer = Args[0]->getType()->isPointerType();
      if (Pointer)
        C = S->target(C);
      const Value V = load(C);
      std::optional<bool> Is;
      if (TA && TA->size() && TA->get(0).getKind() == TemplateArgument::Type)
        Is = holds(V, TA->get(0).getAsType());
      if (Q == "std::holds_alternative")
        return Is ? Value::integer(*Is)
                  : Value::of(Value::Sym, symbol(Ty.text(E), true));
      if (Pointer)
        return !Is   ? Value()
               : *Is ? Value::of(Value::Ptr, C)
                     : Value::of(Value::Ptr, 0);
      if (Is && !*Is) {
        Dead = true; // Throws, and not for its device.
        return {};
      }
      if (!V)
        return fresh(E->getType(), "", E->getBeginLoc(), "an unknown variant");
      return E->isGLValue() ? Value::of(Value::Ref, C) : copyOf(V);
    }
    std::optional<int64_t> I;
    if (TA && TA->size() && TA->get(0).getKind() == TemplateArgument::Integral)
      I = TA->get(0).getAsIntegral().getExtValue();
    return Value::of(Value::Ref, elementOf(C, I, E->getType(), E));
  }
  if (Q == "std::swap") {
    CellId A = ArgLoc(0), B = ArgLoc(1);
    if (!Dead)
      exchange(A, B);
    return {};
  }
  if (Q == "std::exchange") {
    CellId C = ArgLoc(0);
    Value New = Arg(1);
    if (Dead)
      return {};
    Value Old = load(C);
    assign(C, New);
    return Old;
  }
  if (Q == "std::begin" || Q == "std::cbegin") {
    CellId C = S->target(ArgLoc(0));
    return Dead ? Value() : Value::of(Value::Iter, C);
  }
  if (Q == "std::end" || Q == "std::cend") {
    CellId C = S->target(ArgLoc(0));
    return Dead ? Value() : endOf(C);
  }
  if (Q == "std::next" || Q == "std::prev" || Q == "std::advance") {
    CellId C = ArgLoc(0);
    Value By = Args.size() > 1 ? Arg(1) : Value::integer(1);
    if (Dead)
      return {};
    Value I = load(C);
    if (I.K == Value::Iter) {
      if (By.K == Value::Int)
        I.N += Q == "std::prev" ? -By.N : By.N;
      else
        I.Neg = true;
      if (Q == "std::advance")
        S->Cells.mut(C) = I;
    }
    return I;
  }
  if (Q == "std::back_inserter" || Q == "std::inserter") {
    Value I = Value::of(Value::Iter, S->target(ArgLoc(0)));
    I.N = -1;
    return Dead ? Value() : I;
  }
  if (Std && !isa<CXXMethodDecl>(Fn)) {
    Value V = algorithm(E, Name, Args, Known);
    if (!Known && !Dead)
      V = invoke(E, Name, Args, Known);
    if (Known || Dead)
      return V;
    Known = true;
  }
  if (Q == "std::exit" || Name == "exit" || Name == "abort" ||
      Q == "std::terminate") {
    Dead = true;
    return {};
  }
  if (Name == "__builtin_expect")
    return Arg(0);
  auto *M = dyn_cast<CXXMethodDecl>(Fn);
  if (M && Base && M->getParent()->getName() == "Item" &&
      StringRef(Q).starts_with("torch::OrderedDict")) {
    bool Key = Name == "key";
    return Value::of(Value::Ref, elementOf(Base, !Key, E->getType(), E));
  }
  if (!M || !Base ||
      !(Std || StringRef(Q).contains("ArrayRef") ||
        StringRef(Q).starts_with("c10::intrusive_ptr") ||
        StringRef(Q).starts_with("torch::OrderedDict") ||
        StringRef(Q).starts_with("c10::optional"))) {
    Known = false;
    return {};
  }
  const StringRef Cls = Ty.qualified(M->getParent());
  CellId C = Base;
  TypeKind K = Ty.kindOf(typeOf(Ctx, M->getParent()));
  if (Name == "swap" && Args.size() == 1 && K != TypeKind::List &&
      K != TypeKind::Map) {
    CellId Other = ArgLoc(0);
    if (Dead)
      return {};
    exchange(C, Other);
    return {};
  }
  if (StringRef(Cls).contains("shared_ptr") ||
      StringRef(Cls).contains("unique_ptr") ||
      Cls == "std::reference_wrapper" || Cls == "std::__shared_ptr_access") {
    Value V = load(C);
    if (Name == "get")
      return Cls == "std::reference_wrapper" && V.K == Value::Ptr && V.Id
                 ? Value::of(Value::Ref, V.Id)
                 : V;
    if (isa<CXXConversionDecl>(M))
      return V.K == Value::Ptr ? (Cls == "std::reference_wrapper"
                                      ? Value::of(Value::Ref, V.Id)
                                      : Value::integer(V.Id != 0))
                               : Value();
    if (Name == "reset") {
      S->Cells.mut(C) = Args.empty() || isa<CXXDefaultArgExpr>(Args[0])
                            ? Value::of(Value::Ptr, 0)
                            : Arg(0);
      return {};
    }
    Known = Name == "use_count";
    return {};
  }
  if (Cls == "std::function" && isa<CXXConversionDecl>(M)) {
    Value V = load(C);
    return isCallable(V) ? Value::integer(1)
           : V.K == Value::Ptr
               ? Value::integer(V.Id != 0)
               : Value::of(Value::Sym, symbol(Ty.text(E), true));
  }
  if (Value V = bytesCall(Name, S->target(C), Known); Known)
    return V;
  Known = true;
  // What was saved to a stream goes where its text goes.
  if (StringRef(Cls).ends_with("stringstream") && Name == "str") {
    if (Args.empty())
      return copyOf(load(S->target(C)));
    Value Text = Arg(0);
    if (!Dead)
      S->Cells.mut(S->target(C)) = Text;
    return {};
  }
  if (Cls == "std::promise" || Cls == "std::packaged_task")
    return promiseCall(E, M, C, Args);
  if (Cls == "std::optional" || Cls == "c10::optional" || Cls == "std::any" ||
      StringRef(Cls).contains("future") ||
      StringRef(Cls).starts_with("std::_Optional")) {
    Value V = load(C);
    if (isPromise(V)) {
      V = promised(V, E);
      if (Dead)
        return {};
    }
    if (Name == "get" && !V)
      return fresh(E->getType(), "", E->getBeginLoc(), "a future");
    if (Name == "get" || Name == "wait")
      return Name == "get" ? V : Value();
    if (Name == "value")
      return Value::of(Value::Ref, C);
    if (Name == "has_value" || isa<CXXConversionDecl>(M))
      return V.K == Value::None
                 ? Value::of(Value::Sym, symbol(Ty.text(E), true))
                 : Value::integer(V.K != Value::Ptr || V.Id);
    if (Name == "reset") {
      assign(C, Value::of(Value::Ptr, 0));
      return {};
    }
    if (QualType T = heldType(M->getParent());
        Name == "emplace" && (Args.size() == 1 || !T.isNull())) {
      bool Same = Args.size() == 1 &&
                  (T.isNull() || Ty.kindOf(T) == Ty.kindOf(Args[0]->getType()));
      std::vector<CellId> Parts;
      if (!Same)
        Parts = cellsOf(given(Args));
      Value New = Dead ? Value() : Same ? Arg(0) : made(T, Parts, E);
      if (!Dead)
        assign(C, New);
      return Value::of(Value::Ref, C);
    }
    if (Name == "value_or") {
      Value Else = Arg(0);
      return V.K == Value::None
                 ? fresh(E->getType(), "", E->getBeginLoc(), "optional")
             : V.K == Value::Ptr && !V.Id ? Else
                                          : V;
    }
    Known = false;
    return {};
  }
  if (K == TypeKind::List || K == TypeKind::Map)
    return containerCall(E, M, C, Args, Known);
  Known = false;
  return {};
}

} // namespace torch_tidy
