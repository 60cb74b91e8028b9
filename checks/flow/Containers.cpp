// Containers and iterators: sequences, stacks, queues; Maps.cpp has what keys
// find.
//
// A sequence is an object whose elements are cells; an iterator is its
// container's cell and a position. A map is a sequence of pairs. Where it is
// not known which element is meant, a cell stands for *some* element: what all
// agree on can be read from it, and writing it leaves the container unknown.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

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
  O.Like = 0;
  O.Unseen = Device::symbol(++DeviceSymbols);
}

// The elements are no longer known one by one, only what they agree on.
void Interp::blur(ObjectId Id) {
  std::optional<Device> Common = commonDevice(S->Objects[Id]);
  Value Like = alike(examplesOf(S->Objects[Id]));
  forget(Id);
  if (Common)
    S->Objects.mut(Id).Unseen = *Common;
  if (Like)
    S->Objects.mut(Id).Like = S->cell(Like);
}

void Interp::assign(CellId C, const Value &V) {
  auto It = S->Some.find(C);
  if (It != S->Some.end() && !mayReplace(It->second, V))
    forget(It->second);
  S->Cells.mut(C) = V;
}

void Interp::put(CellId Container, const Value &V) {
  const Value List = S->Cells[S->target(Container)];
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
  if (O.Like) {
    Value Like = alike({O.Like, N});
    S->Objects.mut(List.Id).Like = Like ? S->cell(Like) : 0;
  }
  if (!(V.K == Value::Tensor && O.Unseen.sameAs(S->Handles[V.Id].Fact.Dev)))
    O.Unseen = Device::symbol(++DeviceSymbols);
}

Value Interp::pairOf(const Value &First, const Value &Second) {
  Object Pair;
  Pair.K = Object::List;
  Pair.Elems = {S->cell(First), S->cell(Second)};
  return S->object(std::move(Pair));
}

Value Interp::containerCall(const CallExpr *E, const CXXMethodDecl *M,
                            CellId Base, ArrayRef<const Expr *> Args,
                            bool &Known) {
  StringRef Name = M->getDeclName().isIdentifier() ? M->getName() : StringRef();
  OverloadedOperatorKind Op = M->getOverloadedOperator();
  if (Op == OO_Subscript)
    Name = "[]";
  CellId C = S->target(Base);
  TypeKind K = Ty.kindOf(typeOf(Ctx, M->getParent()));
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
    bool Sorted = M->getParent()->getName() == "map";
    Value R = mapCall(E, Name, C, Args, Sorted, Known);
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
  if (M->getParent()->getName() == "priority_queue" &&
      (Name == "top" || Name == "pop") && S->Objects[V.Id].Elems.size() != 1) {
    std::optional<size_t> First;
    if (Exact())
      First = greatest(M->getParent(), S->Objects[V.Id].Elems, E);
    if (Dead)
      return {};
    CellId Top = First
                     ? S->Objects[V.Id].Elems[*First]
                     : elementOf(C, std::nullopt, heldType(M->getParent()), E);
    if (Name == "top")
      return Value::of(Value::Ref, Top);
    if (First)
      eraseAt(C, *First, *First + 1);
    else if (!Dead)
      blur(V.Id);
    return {};
  }
  if (Name == "front" || Name == "back" || Name == "top")
    return Value::of(Value::Ref,
                     elementOf(C, Name == "front" ? 0 : -1, E->getType(), E));
  if (Name == "size")
    return Exact() ? Value::integer(S->Objects[V.Id].Elems.size())
                   : Value::of(Value::Sym, symbol("", false));
  if (Name == "empty")
    return Exact() ? Value::integer(S->Objects[V.Id].Elems.empty())
                   : Value::of(Value::Sym, symbol(Ty.text(E), true));
  bool Front = Name == "push_front" || Name == "emplace_front";
  if (Front || Name == "push_back" || Name == "emplace_back" ||
      Name == "push" ||
      (Name == "emplace" && K == TypeKind::List &&
       !E->getType()->isRecordType())) {
    Value X;
    QualType T = heldType(M->getParent());
    bool Same = Args.size() == 1 && !T.isNull() &&
                Ty.kindOf(T) == Ty.kindOf(Args[0]->getType());
    bool Makes =
        !Same && !T.isNull() && Name.starts_with("emplace") &&
        (Ty.kindOf(T) == TypeKind::Holder || Ty.kindOf(T) == TypeKind::Module ||
         (record(T) && (Ty.isUserCode(record(T)) ||
                        Ty.qualified(record(T)) == "torch::data::Example")));
    if (Makes) {
      std::vector<CellId> Cells = cellsOf(Args);
      X = Dead ? Value() : made(T, Cells, E);
    } else if (Args.size() == 1) {
      X = eval(Args[0]);
      X = Args[0]->isLValue() ? copied(X, E) : copyOf(X);
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
  Value Taken = takeOut(E, M, Name, C, Args, Known);
  if (Known || Dead)
    return Taken;
  Known = true;
  if (Name == "swap" && Args.size() == 1 && Args[0]->isGLValue()) {
    CellId Other = S->target(loc(Args[0]));
    if (!Dead)
      std::swap(S->Cells.mut(C), S->Cells.mut(Other));
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
        CellId New = S->cell(initialValue(T));
        S->Objects.mut(V.Id).Elems.push_back(New);
      }
      if (int64_t(S->Objects[V.Id].Elems.size()) >= N.N)
        S->Objects.mut(V.Id).Elems.resize(N.N);
      return {};
    }
  }
  if (Name == "erase" && Exact()) {
    Value First = Args.empty() ? Value() : eval(Args[0]);
    Value Last = Args.size() < 2 ? First : eval(Args[1]);
    if (Dead)
      return {};
    Last.N += Args.size() < 2;
    int64_t Size = S->Objects[V.Id].Elems.size();
    if (First.K == Value::Iter && Last.K == Value::Iter && !First.Neg &&
        !Last.Neg && !First.Back && !Last.Back && First.N >= 0 &&
        First.N <= Last.N && Last.N <= Size)
      eraseAt(C, First.N, Last.N);
    else
      blur(V.Id);
    First.Neg |= S->Objects[V.Id].Opaque;
    return First.K == Value::Iter ? First
                                  : Value::of(Value::Sym, symbol("", false));
  }
  if (Name == "splice" && Args.size() == 2 && Exact()) {
    Value At = eval(Args[0]);
    const Value From = S->Cells[S->target(cellOf(Args[1]))];
    if (Dead)
      return {};
    const auto Old = S->Objects[V.Id].Elems;
    if (At.K == Value::Iter && !At.Neg && At.N <= int64_t(Old.size()) &&
        From.K == Value::Object && !S->Objects[From.Id].Opaque) {
      const auto New = S->Objects[From.Id].Elems;
      S->Objects.mut(From.Id).Elems.clear();
      auto &Elems = S->Objects.mut(V.Id).Elems;
      Elems.insert(Elems.begin() + At.N, New.begin(), New.end());
    } else {
      blur(V.Id);
      if (From.K == Value::Object)
        forget(From.Id);
    }
    return {};
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
      const Value Src = S->Cells[S->target(Vs[At].Id)];
      bool Whole = Src.K == Value::Object && !S->Objects[Src.Id].Opaque;
      if (!At)
        S->Objects.mut(V.Id).Elems.clear(), S->Objects.mut(V.Id).Like = 0;
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
      S->Objects.mut(V.Id).Opaque = false, S->Objects.mut(V.Id).Like = 0;
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
