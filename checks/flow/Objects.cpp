// Records, containers and values of which only the type is known.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

// A copy of a record or container is a new one; tensors and pointers share.
Value Interp::copyOf(const Value &V) {
  if (V.K != Value::Object)
    return V;
  Object O = S->Objects[V.Id];
  // What is shared, or moved and never copied.
  if (O.K == Object::Module || O.K == Object::Optimizer || isPromise(V))
    return V;
  // References refer to the same in the copy; so does a lambda's `this`.
  std::set<const void *> Shared;
  if (O.Lambda) {
    for (const LambdaCapture &C : O.Lambda->captures())
      if (C.capturesVariable() &&
          (C.getCaptureKind() == LCK_ByRef ||
           C.getCapturedVar()->getType()->isReferenceType()))
        Shared.insert(C.getCapturedVar());
  } else if (O.Rec && Ty.isUserCode(O.Rec) && O.Rec->hasDefinition()) {
    for (const FieldDecl *F : O.Rec->getDefinition()->fields())
      if (F->getType()->isReferenceType())
        Shared.insert(F->getCanonicalDecl());
  }
  for (auto &F : O.Fields)
    if (!Shared.count(F.first))
      F.second = S->cell(copyOf(S->Cells[F.second]));
  if (!O.Lambda)
    for (CellId &C : O.Elems)
      C = S->cell(copyOf(S->Cells[C]));
  if (O.Like)
    O.Like = S->cell(copyOf(S->Cells[O.Like]));
  return S->object(std::move(O));
}

// The same where a copy constructor that somebody wrote runs.
Value Interp::copied(const Value &V, const Expr *E) {
  if (V.K == Value::Object && S->Objects[V.Id].K == Object::Record)
    if (const CXXRecordDecl *R = S->Objects[V.Id].Rec;
        R && Ty.isUserCode(R) && R->hasDefinition())
      for (const CXXConstructorDecl *C : R->getDefinition()->ctors())
        if (C->isCopyConstructor() && C->isUserProvided() && C->hasBody())
          return newRecord(C, E, {S->cell(V)});
  return copyOf(V);
}

CellId Interp::field(CellId Base, const ValueDecl *D) {
  CellId C = S->target(Base);
  Value V = S->Cells[C];
  D = cast<ValueDecl>(D->getCanonicalDecl());
  if (V.K != Value::Object) {
    Object O;
    O.Opaque = true;
    V = S->object(std::move(O));
    S->Cells.mut(C) = V;
  }
  for (auto &[Key, Cell] : S->Objects[V.Id].Fields)
    if (Key == D)
      return Cell;
  if (standsAsDeclared(D)) {
    CellId F = initialised(cast<FieldDecl>(D), nullptr, C);
    S->Objects.mut(S->Cells[C].Id).Fields.push_back({D, F});
    return F;
  }
  const Object &O = S->Objects[V.Id];
  StringRef Name = D->getName();
  Value New;
  if (O.K == Object::Module && !O.Kind2.empty() && !O.State.empty() &&
      Ty.kindOf(D->getType()) == TypeKind::Tensor)
    New = Value::of(Value::Tensor, O.State[0]);
  // first/second of a pair, data/target of a batch: elements by position.
  else if ((Name == "first" || Name == "second") && O.K == Object::List &&
           O.Elems.size() == 2)
    return O.Elems[Name == "second"];
  else if ((Name == "data" || Name == "target") && O.K == Object::List &&
           O.Elems.size() == 2)
    return O.Elems[Name == "target"];
  else
    New = fresh(D->getType(), Name, D->getLocation(), "set elsewhere");
  if (New.K == Value::Tensor && S->Objects[V.Id].Unseen.K != Device::Unknown) {
    S->Handles.mut(New.Id).Fact.Dev = S->Objects[V.Id].Unseen;
    S->Handles.mut(New.Id).From = S->Objects[V.Id].Move;
    if (S->Objects[V.Id].Kind2 == "Ranked")
      S->Handles.mut(New.Id).Fact.Dim = Rank::Some;
  }
  CellId F = S->cell(New);
  S->Objects.mut(V.Id).Fields.push_back({D, F});
  // What a module with an unseen constructor holds is taken as registered.
  CellId Child = S->target(F);
  const Object &Owner = S->Objects[V.Id];
  if (Owner.K == Object::Module && Owner.Opaque && Owner.Rec &&
      Owner.Unseen.K != Device::Unknown && S->Cells[Child].K == Value::Object &&
      S->Objects[S->Cells[Child].Id].K == Object::Module) {
    Device Where = Owner.Unseen;
    const Origin *Move = Owner.Move;
    S->Objects.mut(V.Id).Children.push_back(Child);
    displace(Child, Where);
    ObjectId Id = S->Cells[Child].Id;
    S->Objects.mut(Id).Move = Move;
    for (HandleId H : S->Objects[Id].State)
      S->Handles.mut(H).From = Move;
  }
  return F;
}

CellId Interp::named(ObjectId O, StringRef Name, bool Create) {
  auto [It, _] = Names.try_emplace(Name.str(), Name.str());
  const void *Key = &It->second;
  for (auto &[K, C] : S->Objects[O].Fields)
    if (K == Key)
      return C;
  if (!Create)
    return 0;
  CellId C = S->cell({});
  S->Objects.mut(O).Fields.push_back({Key, C});
  return C;
}

// Says of the parts of a value that they are parts of some element.
void Interp::partOf(CellId C, ObjectId Container) {
  S->Some[C] = Container;
  const Value &V = S->Cells[C];
  if (V.K != Value::Object || (S->Objects[V.Id].K != Object::Record &&
                               S->Objects[V.Id].K != Object::List))
    return;
  const Object O = S->Objects[V.Id];
  for (auto &[Key, Cell] : O.Fields)
    partOf(Cell, Container);
  for (CellId Part : O.Elems)
    partOf(Part, Container);
}

CellId Interp::elementOf(CellId Container, std::optional<int64_t> Index,
                         QualType T, const Expr *E) {
  CellId C = S->target(Container);
  Value V = S->Cells[C];
  if (V.K == Value::Object && named(V.Id, "dataset", false)) {
    Value Batch = batchOf(C, E);
    if (Dead || Batch)
      return S->cell(Batch);
  }
  if (V.K == Value::Object) {
    const Object &O = S->Objects[V.Id];
    if (O.K == Object::List && !O.Opaque && O.Elems.empty()) {
      Dead = true; // There is no element: a program that goes on has some.
      return S->cell({});
    }
    if (Index && *Index >= 0 && size_t(*Index) < O.Elems.size())
      return O.Elems[*Index];
    if (Index && *Index < 0 && size_t(-*Index) <= O.Elems.size())
      return O.Elems[O.Elems.size() + *Index];
    if (!Index && O.Elems.size() == 1)
      return O.Elems[0];
    // What all have in common.
    Value Like;
    TypeKind K = Ty.kindOf(T);
    if (O.Opaque && O.Like)
      Like = copyOf(S->Cells[O.Like]);
    else if (!Index && !O.Opaque)
      Like = alike(O.Elems);
    if (Like && K != TypeKind::List && K != TypeKind::Map) {
      CellId Some = S->cell(Like);
      partOf(Some, V.Id);
      return Some;
    }
  }
  Value New =
      fresh(T, E ? Ty.text(E) : "", E ? E->getBeginLoc() : SourceLocation(),
            "an element of an unknown container");
  // What is known of all is known of this one, and here is where it came up.
  const Origin *Here = nullptr;
  if (V.K == Value::Object && S->Objects[V.Id].Unseen.isKnown())
    Here = E && !S->Objects[V.Id].Move
               ? origin(Origin::Created, E, S->Objects[V.Id].Unseen, "")
               : S->Objects[V.Id].Move;
  if (V.K == Value::Object && New.K == Value::Tensor &&
      S->Objects[V.Id].Unseen.K != Device::Unknown) {
    S->Handles.mut(New.Id).Fact.Dev = S->Objects[V.Id].Unseen;
    S->Handles.mut(New.Id).From = Here;
    if (S->Objects[V.Id].Kind2 == "Ranked")
      S->Handles.mut(New.Id).Fact.Dim = Rank::Some;
  }
  if (V.K == Value::Object && !New && Ty.kindOf(T) == TypeKind::IValue) {
    Object Inner;
    Inner.Opaque = true;
    New = S->object(std::move(Inner));
  }
  if (V.K == Value::Object && S->Objects[V.Id].Unseen.K != Device::Unknown &&
      New.K == Value::Object) {
    S->Objects.mut(New.Id).Unseen = S->Objects[V.Id].Unseen;
    S->Objects.mut(New.Id).Move = Here;
    S->Objects.mut(New.Id).Kind2 = S->Objects[V.Id].Kind2;
  }
  CellId Some = S->cell(New);
  if (V.K != Value::Object)
    return Some;
  S->Some[Some] = V.Id;
  // The parts of a pair are parts of the container.
  if (New.K == Value::Object)
    for (CellId Part : S->Objects[New.Id].Elems) {
      S->Some[Part] = V.Id;
      if (const Value &X = S->Cells[Part];
          X.K == Value::Tensor &&
          S->Objects[V.Id].Unseen.K != Device::Unknown) {
        S->Handles.mut(X.Id).Fact.Dev = S->Objects[V.Id].Unseen;
        S->Handles.mut(X.Id).From = Here;
      }
    }
  return Some;
}

// A value of which only the type is known.
Value Interp::fresh(QualType T, StringRef Name, SourceLocation Loc,
                    const std::string &Why) {
  T = T.getNonReferenceType();
  switch (Ty.kindOf(T)) {
  case TypeKind::Tensor: {
    Handle H;
    H.Fact.Dev = Device::symbol(++DeviceSymbols);
    H.Name = Name.str();
    if (Loc.isValid())
      unknown(Loc, "'" + Name.str() + "': " + Why);
    return S->tensor(std::move(H));
  }
  case TypeKind::Device:
    return Value::device(Device::symbol(++DeviceSymbols));
  case TypeKind::Dtype:
    return Value::dtype(Dtype::Unknown);
  case TypeKind::Options: {
    Value V;
    V.K = Value::Options;
    V.HasDev = V.HasType = true;
    V.D = Device::symbol(++DeviceSymbols);
    return V;
  }
  case TypeKind::Number: {
    SymbolId Id = symbol(Name.str(), !Name.empty());
    Symbols[Id].Bool = T->isBooleanType();
    return Value::of(Value::Sym, Id);
  }
  case TypeKind::String:
    return unknownString(Name.str());
  case TypeKind::JitModule: {
    Object O;
    O.K = Object::Module;
    O.Jit = true;
    Handle H;
    H.Fact.Dev = Device::symbol(++DeviceSymbols);
    O.State.push_back(S->tensor(H).Id);
    return S->object(std::move(O));
  }
  case TypeKind::Module:
  case TypeKind::Holder: {
    // A module from elsewhere: its registered state is on one device that
    // nothing is known of.
    Object O;
    O.K = Object::Module;
    O.Opaque = true;
    O.Rec = Ty.heldModule(T);
    O.Name = Name.str();
    O.Unseen = Device::symbol(++DeviceSymbols);
    // The constructor tells what the module is made of; where it is by now is
    // the caller's to know.
    if (O.Rec && Ty.isUserCode(O.Rec) && O.Rec->hasDefinition() &&
        S->Frames.size() < 4) {
      if (const CXXConstructorDecl *Ctor =
              shortestConstructor(O.Rec->getDefinition())) {
        Value V = settledObject(Ctor);
        if (!V)
          return {};
        CellId C = S->cell(V);
        displace(C, O.Unseen);
        S->Objects.mut(V.Id).Name = Name.str();
        return Ty.kindOf(T) == TypeKind::Holder ? Value::of(Value::Ptr, C) : V;
      }
    }
    if (O.Rec && !Ty.isUserCode(O.Rec)) {
      O.Kind2 = O.Rec->getName().str();
      if (StringRef(O.Kind2).ends_with("Impl"))
        O.Kind2.resize(O.Kind2.size() - 4);
      auto *Info = api::findModule(O.Kind2);
      if (Info && Info->HasState) {
        Handle H;
        H.Fact.Dev = O.Unseen;
        O.State.push_back(S->tensor(H).Id);
        O.Opaque = false;
      }
    }
    Value V = S->object(std::move(O));
    return Ty.kindOf(T) == TypeKind::Holder ? Value::of(Value::Ptr, S->cell(V))
                                            : V;
  }
  case TypeKind::Pointer: {
    QualType P = T->isPointerType() ? T->getPointeeType() : QualType();
    if (P.isNull())
      if (auto *Spec =
              dyn_cast_or_null<ClassTemplateSpecializationDecl>(record(T)))
        if (Spec->getTemplateArgs().size() &&
            Spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
          P = Spec->getTemplateArgs()[0].getAsType();
    if (!P.isNull() && P->isCharType())
      return unknownString(Name.str());
    if (P.isNull() || P->isFunctionType() || P->isVoidType() ||
        P->isPointerType())
      return {};
    return Value::of(Value::Ptr,
                     S->cell(fresh(P, Name, SourceLocation(), Why)));
  }
  case TypeKind::Optional:
  case TypeKind::IValue:
    return {};
  default:
    break;
  }
  if (record(T)) {
    Object O;
    O.Opaque = true;
    O.Rec = record(T);
    if (auto *Pair = dyn_cast<ClassTemplateSpecializationDecl>(record(T));
        Pair && Ty.qualified(Pair) == "std::pair") {
      O.K = Object::List;
      O.Opaque = false;
      for (const TemplateArgument &A : Pair->getTemplateArgs().asArray())
        O.Elems.push_back(
            S->cell(fresh(A.getAsType(), Name, SourceLocation(), Why)));
      return S->object(std::move(O));
    }
    if (Ty.kindOf(T) == TypeKind::List || Ty.kindOf(T) == TypeKind::Pair ||
        Ty.kindOf(T) == TypeKind::Map)
      O.K = Object::List;
    // What a loader stacks into batches has dimensions.
    if (Ty.kindOf(T) == TypeKind::Loader)
      O.Unseen = Device::cpu(), O.Kind2 = "Ranked";
    return S->object(std::move(O));
  }
  return {};
}

// What a variable of this type holds without an initialiser.
Value Interp::defaultValue(QualType T, const Expr *E) {
  switch (Ty.kindOf(T)) {
  case TypeKind::Tensor: {
    Handle H;
    H.Fact.Defined = false;
    return S->tensor(std::move(H));
  }
  case TypeKind::Options: {
    Value V;
    V.K = Value::Options;
    return V;
  }
  case TypeKind::List:
  case TypeKind::Map:
  case TypeKind::Pair: {
    Object O;
    O.K = Object::List;
    if (auto *A = Ctx.getAsConstantArrayType(T)) {
      if (A->getSize().getZExtValue() > 16)
        O.Opaque = true;
      else
        for (unsigned I = 0; I < A->getSize().getZExtValue(); ++I)
          O.Elems.push_back(
              S->cell(defaultValue(A->getElementType(), nullptr)));
    } else if (Ty.kindOf(T) == TypeKind::Pair) {
      O.Opaque = true;
    } else if (Ty.qualified(record(T)) == "std::array") {
      auto *Spec = dyn_cast<ClassTemplateSpecializationDecl>(record(T));
      uint64_t N =
          Spec && Spec->getTemplateArgs().size() == 2
              ? Spec->getTemplateArgs()[1].getAsIntegral().getZExtValue()
              : 17;
      O.Opaque = N > 16;
      for (uint64_t I = 0; !O.Opaque && I < N; ++I)
        O.Elems.push_back(S->cell(defaultValue(heldType(record(T)), nullptr)));
    }
    return S->object(std::move(O));
  }
  case TypeKind::Pointer:
    return Value::of(Value::Ptr, 0);
  case TypeKind::Optional:
    if (record(T)->getName() == "optional")
      return Value::of(Value::Ptr, 0);
    break;
  case TypeKind::String:
    return string("");
  case TypeKind::Number:
    return Value::of(Value::Sym, symbol("", false));
  default:
    break;
  }
  return fresh(T, "", SourceLocation(), "");
}

// What `T()` is: numbers are zero.
Value Interp::initialValue(QualType T) {
  return Ty.kindOf(T) == TypeKind::Number ? Value::integer(0)
                                          : defaultValue(T, nullptr);
}

} // namespace torch_tidy
