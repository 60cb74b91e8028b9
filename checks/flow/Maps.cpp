// Maps: what a key finds, adds and drops. A map is a sequence of pairs; a
// sorted one keeps them in the order of its keys, as far as they are known.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

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
  Map = S->target(Map);
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
  Value New = Maybe ? fresh(T, "", SourceLocation(), "") : initialValue(T);
  if (std::optional<Device> Common = commonDevice(O);
      Maybe && Common && New.K == Value::Tensor) {
    S->Handles.mut(New.Id).Fact.Dev = *Common;
    S->Handles.mut(New.Id).Fact.Dim = Rank::Some;
  }
  CellId C = S->cell(pairOf(Key, New));
  S->Objects.mut(V.Id).Elems.push_back(C);
  return C;
}

// Iterators name elements by position; those from `From` on move by `By`.
void Interp::shiftIterators(CellId Container, int64_t From, int64_t By) {
  for (CellId C = 1; C < S->Cells.size(); ++C) {
    const Value &I = S->Cells[C];
    if (I.K == Value::Iter && !I.Neg && !I.Back && I.N >= From &&
        S->target(I.Id) == Container)
      S->Cells.mut(C).N += By;
  }
}

void Interp::eraseAt(CellId Container, size_t First, size_t Last) {
  const Value V = S->Cells[Container];
  auto &Elems = S->Objects.mut(V.Id).Elems;
  Elems.erase(Elems.begin() + First, Elems.begin() + Last);
  shiftIterators(Container, Last, int64_t(First) - int64_t(Last));
}

// The element that was added last goes where its key belongs; iterators, the
// end among them, go on naming what they named.
size_t Interp::placeLast(CellId Map, bool Sorted) {
  const Value V = S->Cells[Map];
  const auto Elems = S->Objects[V.Id].Elems;
  size_t At = Elems.size() - 1;
  auto KeyOf = [&](CellId C) {
    const Value &Pair = S->Cells[C];
    return Pair.K == Value::Object && S->Objects[Pair.Id].Elems.size() == 2
               ? load(S->Objects[Pair.Id].Elems[0])
               : Value();
  };
  const Value Key = KeyOf(Elems.back());
  while (Sorted && At > 0) {
    std::optional<bool> Less = lessThan(Key, KeyOf(Elems[At - 1]), nullptr);
    if (!Less || !*Less)
      break;
    --At;
  }
  auto &Now = S->Objects.mut(V.Id).Elems;
  std::rotate(Now.begin() + At, Now.end() - 1, Now.end());
  shiftIterators(Map, At, 1);
  return At;
}

Value Interp::mapCall(const CallExpr *E, StringRef Name, CellId C,
                      ArrayRef<const Expr *> Args, bool Sorted, bool &Known) {
  const Value V = S->Cells[C];
  Known = true;
  if (Name == "[]" || Name == "at" || Name == "find" || Name == "count" ||
      Name == "contains") {
    Value Key = eval(Args[0]);
    if (Dead)
      return {};
    bool Maybe = false;
    bool Reads = Name == "[]" || Name == "at";
    size_t Before = S->Objects[V.Id].Elems.size();
    CellId P = entryOf(C, Key, E->getType().getNonReferenceType(), Name == "[]",
                       Maybe);
    if (Name == "count" || Name == "contains")
      return P       ? Value::integer(1)
             : Maybe ? Value::of(Value::Sym, symbol(Ty.text(E), true))
                     : Value::integer(0);
    if (!Reads) {
      Value I = Value::of(Value::Iter, C);
      const auto &Elems = S->Objects[V.Id].Elems;
      I.N = std::find(Elems.begin(), Elems.end(), P) - Elems.begin();
      I.Neg = !P && Maybe;
      return I;
    }
    if (P) {
      if (const Object &O = S->Objects[V.Id];
          !O.Opaque && O.Elems.size() > Before)
        placeLast(C, Sorted);
      return Value::of(Value::Ref, S->Objects[S->Cells[P].Id].Elems[1]);
    }
    if (!Maybe) {
      Dead = true; // `at` throws, and not for its device.
      return {};
    }
    Value New =
        fresh(E->getType(), Ty.text(E), E->getBeginLoc(), "an unknown key");
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
    int64_t Place = -1;
    if (!Old) {
      put(C, pairOf(Vs[0], copyOf(Vs[1])));
      if (const Object &O = S->Objects[V.Id]; !O.Opaque && O.Elems.size())
        Place = placeLast(C, Sorted);
    } else if (Name == "insert_or_assign") {
      S->Cells.mut(S->Objects[S->Cells[Old].Id].Elems[1]) = copyOf(Vs[1]);
    }
    // Where it is now, and whether it is new.
    const auto &Elems = S->Objects[V.Id].Elems;
    At.N = Old ? std::find(Elems.begin(), Elems.end(), Old) - Elems.begin()
               : Place;
    At.Neg = At.N < 0;
    return pairOf(At, Value::integer(!Old));
  }
  // By key; an iterator says where in any container.
  const CXXRecordDecl *At = Name == "erase" && Args.size() == 1
                                ? record(Args[0]->getType())
                                : nullptr;
  if (Name == "erase" && Args.size() == 1 &&
      !(At && At->getName().contains("iterator"))) {
    Value Key = eval(Args[0]);
    if (Dead)
      return {};
    bool Maybe = false;
    CellId Old = entryOf(C, Key, QualType(), false, Maybe);
    const auto &Elems = S->Objects[V.Id].Elems;
    size_t Place = std::find(Elems.begin(), Elems.end(), Old) - Elems.begin();
    if (Old)
      eraseAt(C, Place, Place + 1);
    else if (Maybe)
      blur(V.Id);
    return Old || !Maybe ? Value::integer(Old != 0)
                         : Value::of(Value::Sym, symbol("", false));
  }
  Known = false;
  return {};
}

} // namespace torch_tidy
