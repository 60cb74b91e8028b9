// Containers and iterators: sequences, stacks, queues, maps.
//
// A sequence is an object whose elements are cells; an iterator is its
// container's cell and a position. A map is a sequence of pairs. Where it is
// not known which element is meant, a cell stands for *some* element: what all
// agree on can be read from it, and writing it leaves the container unknown.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

/// The elements that are followed one by one; longer containers are not.
static constexpr size_t MaxElements = 24;

// The one device that all tensors in a container are on.
std::optional<Device> Interp::commonDevice(const Object &O) {
  std::optional<Device> Common;
  if (O.Opaque) {
    if (!O.Unseen.isKnown())
      return std::nullopt;
    Common = O.Unseen;
  }
  for (CellId C : O.Elems) {
    const Value *V = &S->Cells[C];
    // The value of a map's pair.
    if (V->K == Value::Object && S->Objects[V->Id].Elems.size() == 2)
      V = &S->Cells[S->Objects[V->Id].Elems[1]];
    if (V->K != Value::Tensor)
      return std::nullopt;
    const Device &D = S->Handles[V->Id].Fact.Dev;
    if (Common && !Common->sameAs(D))
      return std::nullopt;
    Common = D;
  }
  return Common;
}

// Nothing is known of the elements any more.
void Interp::forget(ObjectId Id) {
  Object &O = S->Objects.mut(Id);
  O.Elems.clear();
  O.Opaque = true;
  O.Move = nullptr;
  O.Unseen = Device::symbol(++DeviceSymbols);
}

// The elements are no longer known one by one, only what they agree on.
void Interp::blur(ObjectId Id) {
  std::optional<Device> Common = commonDevice(S->Objects[Id]);
  forget(Id);
  if (Common)
    S->Objects.mut(Id).Unseen = *Common;
}

void Interp::assign(CellId C, const Value &V) {
  auto It = S->Some.find(C);
  if (It != S->Some.end())
    forget(It->second);
  S->Cells.mut(C) = V;
}

void Interp::put(CellId Container, const Value &V) {
  const Value List = S->Cells[target(Container)];
  if (List.K != Value::Object)
    return;
  CellId N = S->cell(V);
  Object &O = S->Objects.mut(List.Id);
  if (!O.Opaque || O.Elems.size()) {
    O.Elems.push_back(N);
    if (O.Elems.size() > MaxElements)
      blur(List.Id);
    return;
  }
  // One more in a container that is not known: what it says of all must hold.
  if (!(V.K == Value::Tensor && O.Unseen.sameAs(S->Handles[V.Id].Fact.Dev)))
    O.Unseen = Device::symbol(++DeviceSymbols);
}

Value Interp::pairOf(const Value &First, const Value &Second) {
  Object Pair;
  Pair.K = Object::List;
  Pair.Elems = {S->cell(First), S->cell(Second)};
  return S->object(std::move(Pair));
}

// Whether two keys are equal, if that is known.
std::optional<bool> Interp::sameKey(const Value &A, const Value &B) {
  if (A.K == Value::Int && B.K == Value::Int)
    return A.N == B.N;
  if (A.K == Value::Str && B.K == Value::Str)
    return A.P == B.P;
  if (A.K == Value::Sym && B.K == Value::Sym && A.Id == B.Id && A.Neg == B.Neg)
    return true;
  if (A.K == Value::Sym && B.K == Value::Sym && Symbols[A.Id].NameIn &&
      Symbols[A.Id].NameIn == Symbols[B.Id].NameIn)
    return false;
  if (A.K != Value::Object || B.K != Value::Object)
    return std::nullopt;
  // A pair or tuple.
  const auto &X = S->Objects[A.Id].Elems, &Y = S->Objects[B.Id].Elems;
  if (X.empty() || X.size() != Y.size())
    return std::nullopt;
  bool All = true;
  for (size_t I = 0; I < X.size(); ++I) {
    std::optional<bool> Same = sameKey(load(X[I]), load(Y[I]));
    if (Same && !*Same)
      return false;
    All &= Same.has_value();
  }
  return All ? std::optional<bool>(true) : std::nullopt;
}

// The pair of a key, or 0 where there is none; `Maybe` where nothing tells.
CellId Interp::entryOf(CellId Map, Value Key, QualType T, bool Create,
                       bool &Maybe) {
  Map = target(Map);
  const Value V = S->Cells[Map];
  Maybe = V.K != Value::Object;
  if (Maybe)
    return 0;
  const Object O = S->Objects[V.Id];
  for (CellId C : O.Elems) {
    const Value &Pair = S->Cells[C];
    if (Pair.K != Value::Object || S->Objects[Pair.Id].Elems.size() != 2) {
      Maybe = true;
      continue;
    }
    std::optional<bool> Same = sameKey(load(S->Objects[Pair.Id].Elems[0]), Key);
    if (Same && *Same)
      return C;
    Maybe |= !Same;
  }
  Maybe |= O.Opaque;
  if (!Create || (Maybe && !Key))
    return 0;
  if (Maybe && !(O.Opaque && O.Elems.empty())) {
    bool Known = sameKey(Key, Key).has_value() &&
                 (Key.K != Value::Sym || Symbols[Key.Id].NameIn);
    if (!Known || O.Elems.size() >= MaxElements) {
      blur(V.Id);
      return 0;
    }
  }
  Value New =
      Maybe ? fresh(T, "", SourceLocation(), "") : defaultValue(T, nullptr);
  if (std::optional<Device> Common = commonDevice(O);
      Maybe && Common && New.K == Value::Tensor) {
    S->Handles.mut(New.Id).Fact.Dev = *Common;
    S->Handles.mut(New.Id).Fact.Dim = Rank::Some;
  }
  CellId C = S->cell(pairOf(Key, New));
  S->Objects.mut(V.Id).Elems.push_back(C);
  return C;
}

Value Interp::mapCall(const CallExpr *E, StringRef Name, CellId C,
                      ArrayRef<const Expr *> Args, bool &Known) {
  const Value V = S->Cells[C];
  Known = true;
  if (Name == "[]" || Name == "at" || Name == "find" || Name == "count" ||
      Name == "contains") {
    Value Key = eval(Args[0]);
    if (Dead)
      return {};
    bool Maybe = false;
    bool Reads = Name == "[]" || Name == "at";
    CellId P = entryOf(C, Key, E->getType().getNonReferenceType(), Name == "[]",
                       Maybe);
    if (Name == "count" || Name == "contains")
      return P       ? Value::integer(1)
             : Maybe ? Value::of(Value::Sym, symbol(text(E), true))
                     : Value::integer(0);
    if (!Reads) {
      Value I = Value::of(Value::Iter, C);
      const auto &Elems = S->Objects[V.Id].Elems;
      I.N = std::find(Elems.begin(), Elems.end(), P) - Elems.begin();
      I.Neg = !P && Maybe;
      return I;
    }
    if (P)
      return Value::of(Value::Ref, S->Objects[S->Cells[P].Id].Elems[1]);
    if (!Maybe) {
      Dead = true; // `at` throws, and not for its device.
      return {};
    }
    Value New =
        fresh(E->getType(), text(E), E->getBeginLoc(), "an unknown key");
    if (New.K == Value::Tensor)
      if (auto Common = commonDevice(S->Objects[V.Id]))
        S->Handles.mut(New.Id).Fact.Dev = *Common;
    CellId Some = S->cell(New);
    S->Some[Some] = V.Id;
    return Value::of(Value::Ref, Some);
  }
  if (Name == "emplace" || Name == "insert" || Name == "try_emplace" ||
      Name == "insert_or_assign") {
    std::vector<Value> Vs;
    for (const Expr *A : Args)
      Vs.push_back(eval(A));
    if (Dead)
      return {};
    if (Vs.size() == 1 && Vs[0].K == Value::Object &&
        S->Objects[Vs[0].Id].Elems.size() == 2) {
      auto Pair = S->Objects[Vs[0].Id].Elems;
      Vs = {S->Cells[Pair[0]], S->Cells[Pair[1]]};
    }
    if (Vs.size() != 2) {
      blur(V.Id);
      return {};
    }
    bool Maybe = false;
    CellId Old = entryOf(C, Vs[0], QualType(), false, Maybe);
    Value At = Value::of(Value::Iter, C);
    if (Maybe) {
      put(C, Value());
      blur(V.Id);
      return {};
    }
    if (!Old) {
      put(C, pairOf(Vs[0], copyOf(Vs[1])));
    } else if (Name == "insert_or_assign") {
      S->Cells.mut(S->Objects[S->Cells[Old].Id].Elems[1]) = copyOf(Vs[1]);
    }
    // Where it is now, and whether it is new.
    const auto &Elems = S->Objects[V.Id].Elems;
    At.N = Old ? std::find(Elems.begin(), Elems.end(), Old) - Elems.begin()
               : int64_t(Elems.size()) - 1;
    At.Neg = Elems.empty();
    return pairOf(At, Value::integer(!Old));
  }
  Known = false;
  return {};
}

Value Interp::containerCall(const CallExpr *E, const CXXMethodDecl *M,
                            CellId Base, ArrayRef<const Expr *> Args,
                            bool &Known) {
  StringRef Name = M->getDeclName().isIdentifier() ? M->getName() : StringRef();
  OverloadedOperatorKind Op = M->getOverloadedOperator();
  if (Op == OO_Subscript)
    Name = "[]";
  CellId C = target(Base);
  TypeKind K = kindOf(typeOf(Ctx, M->getParent()));
  if (S->Cells[C].K != Value::Object) {
    Object O;
    O.K = Object::List;
    O.Opaque = true;
    S->Cells.mut(C) = S->object(std::move(O));
  }
  const Value V = S->Cells[C];
  auto Exact = [&] { return !S->Objects[V.Id].Opaque; };
  Known = true;
  if (K == TypeKind::Map) {
    Value R = mapCall(E, Name, C, Args, Known);
    if (Known || Dead)
      return R;
    Known = true;
  }
  if (Name == "[]" || Name == "at") {
    Value I = eval(Args[0]);
    return Dead ? Value()
                : Value::of(Value::Ref,
                            elementOf(C, indexOf(I), E->getType(), E));
  }
  bool Queue = M->getParent()->getName() == "queue";
  // Which element comes first is not followed: any may.
  if (M->getParent()->getName() == "priority_queue" &&
      (Name == "top" || Name == "pop") && S->Objects[V.Id].Elems.size() != 1) {
    CellId Some = elementOf(C, std::nullopt, heldType(M->getParent()), E);
    if (!Dead && Name == "pop")
      blur(V.Id);
    return Name == "top" ? Value::of(Value::Ref, Some) : Value();
  }
  if (Name == "front" || Name == "back" || Name == "top")
    return Value::of(Value::Ref,
                     elementOf(C, Name == "front" ? 0 : -1, E->getType(), E));
  if (Name == "size")
    return Exact() ? Value::integer(S->Objects[V.Id].Elems.size())
                   : Value::of(Value::Sym, symbol("", false));
  if (Name == "empty")
    return Exact() ? Value::integer(S->Objects[V.Id].Elems.empty())
                   : Value::of(Value::Sym, symbol(text(E), true));
  bool Front = Name == "push_front" || Name == "emplace_front";
  if (Front || Name == "push_back" || Name == "emplace_back" ||
      Name == "push" ||
      (Name == "emplace" && K == TypeKind::List &&
       !E->getType()->isRecordType())) {
    Value X;
    QualType T = heldType(M->getParent());
    bool Same = Args.size() == 1 && !T.isNull() &&
                kindOf(T) == kindOf(Args[0]->getType());
    bool Makes =
        !Same && !T.isNull() && Name.starts_with("emplace") &&
        (kindOf(T) == TypeKind::Holder || kindOf(T) == TypeKind::Module ||
         (record(T) && isUserCode(record(T))));
    if (Makes) {
      std::vector<CellId> Cells = cellsOf(Args);
      X = Dead ? Value() : made(T, Cells, E);
    } else if (Args.size() == 1) {
      X = copyOf(eval(Args[0]));
    } else {
      // The parts of a record or pair that is made in place.
      Object P;
      P.K = Object::List;
      for (const Expr *A : Args)
        P.Elems.push_back(S->cell(copyOf(eval(A))));
      X = S->object(std::move(P));
    }
    if (Dead)
      return {};
    put(C, X);
    auto &Elems = S->Objects.mut(V.Id).Elems;
    if (Front && !Elems.empty())
      std::rotate(Elems.begin(), Elems.end() - 1, Elems.end());
    return {};
  }
  if (Name == "pop_back" || Name == "pop_front" || Name == "pop") {
    Object &O = S->Objects.mut(V.Id);
    if (O.Elems.empty())
      O.Opaque = true;
    else if (Name == "pop_front" || (Name == "pop" && Queue))
      O.Elems.erase(O.Elems.begin());
    else
      O.Elems.pop_back();
    return {};
  }
  if (Name == "swap" && Args.size() == 1 && Args[0]->isGLValue()) {
    CellId Other = target(loc(Args[0]));
    if (!Dead)
      std::swap(S->Cells.mut(C), S->Cells.mut(Other));
    return {};
  }
  if (Name == "clear") {
    Object &O = S->Objects.mut(V.Id);
    O.Elems.clear(), O.Opaque = false;
    return {};
  }
  if (Name == "begin" || Name == "cbegin")
    return Value::of(Value::Iter, C);
  if (Name == "end" || Name == "cend")
    return endOf(C);
  if (Name == "rbegin" || Name == "crbegin" || Name == "rend" ||
      Name == "crend") {
    Value I = Name.ends_with("end") ? endOf(C) : Value::of(Value::Iter, C);
    I.Back = true;
    return I;
  }
  if (Name == "data")
    return Value::of(Value::Ptr, C);
  if (Name == "vec")
    return copyOf(V);
  if (Name == "reserve" || Name == "shrink_to_fit" || Name == "capacity")
    return {};
  if (Name == "resize" && Exact() && !Args.empty()) {
    Value N = eval(Args[0]);
    if (Dead)
      return {};
    if (N.K == Value::Int && N.N >= 0 && N.N <= int64_t(MaxElements)) {
      QualType T = heldType(M->getParent());
      while (int64_t(S->Objects[V.Id].Elems.size()) < N.N && !T.isNull()) {
        CellId New = S->cell(defaultValue(T, nullptr));
        S->Objects.mut(V.Id).Elems.push_back(New);
      }
      if (int64_t(S->Objects[V.Id].Elems.size()) >= N.N)
        S->Objects.mut(V.Id).Elems.resize(N.N);
      return {};
    }
  }
  if ((Name == "insert" || Name == "assign") && Args.size() >= 2) {
    std::vector<Value> Vs;
    for (const Expr *A : Args)
      Vs.push_back(eval(A));
    if (Dead)
      return {};
    size_t At = Name == "assign" ? 0 : 1;
    const Object O = S->Objects[V.Id];
    bool AtEnd = At && Vs[0].K == Value::Iter && !O.Opaque && !Vs[0].Neg &&
                 Vs[0].N == int64_t(O.Elems.size());
    if (Vs.size() == At + 2 && Vs[At].K == Value::Iter && (AtEnd || !At)) {
      const Value Src = S->Cells[target(Vs[At].Id)];
      bool Whole = Src.K == Value::Object && !S->Objects[Src.Id].Opaque;
      if (!At)
        S->Objects.mut(V.Id).Elems.clear();
      for (CellId X : range(Vs[At], Vs[At + 1], heldType(M->getParent()), E))
        put(C, copyOf(S->Cells[X]));
      if (!Whole)
        blur(V.Id);
      return Value::of(Value::Iter, C);
    }
    if (AtEnd && Vs.size() == 2 && Vs[1].K != Value::None) {
      put(C, copyOf(Vs[1]));
      return {};
    }
    if (At && Vs.size() == 2 && Vs[0].K == Value::Iter && !O.Opaque &&
        !Vs[0].Neg && !Vs[0].Back && Vs[0].N < int64_t(O.Elems.size()) &&
        O.Elems.size() < MaxElements) {
      CellId New = S->cell(copyOf(Vs[1]));
      auto &Elems = S->Objects.mut(V.Id).Elems;
      Elems.insert(Elems.begin() + Vs[0].N, New);
      return Vs[0];
    }
    if (!At && Vs.size() == 2 && Vs[0].K == Value::Int && Vs[0].N >= 0 &&
        Vs[0].N <= int64_t(MaxElements)) {
      S->Objects.mut(V.Id).Elems.clear();
      S->Objects.mut(V.Id).Opaque = false;
      for (int64_t I = 0; I < Vs[0].N; ++I)
        put(C, copyOf(Vs[1]));
      return {};
    }
    for (const Value &X : Vs)
      if (X.K == Value::Tensor || X.K == Value::Object)
        put(C, X);
    blur(V.Id);
    return {};
  }
  for (const Expr *A : given(Args))
    eval(A);
  if (!Dead && !M->isConst())
    blur(V.Id);
  Known = Dead;
  return {};
}

} // namespace torch_tidy
