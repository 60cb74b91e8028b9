// Iterators: a container's cell and a position in it.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// The end of a container; of one that is not known, no position.
Value Interp::endOf(CellId Container) {
  Value I = Value::of(Value::Iter, Container);
  const Value &V = S->Cells[S->target(Container)];
  I.Neg = V.K != Value::Object || S->Objects[V.Id].Opaque;
  if (!I.Neg)
    I.N = S->Objects[V.Id].Elems.size();
  return I;
}

CellId Interp::pointedAt(const Value &I, QualType T, const Expr *E) {
  if (I.Neg)
    return elementOf(I.Id, std::nullopt, T, E);
  return elementOf(I.Id, I.Back ? -1 - I.N : I.N, T, E);
}

// The cells between two iterators; one that stands for all where they are not
// known one by one.
std::vector<CellId> Interp::range(const Value &First, const Value &Last,
                                  QualType T, const Expr *E) {
  std::vector<CellId> Cells;
  if (First.K != Value::Iter)
    return Cells;
  const Value &V = S->Cells[S->target(First.Id)];
  if (V.K == Value::Object && !S->Objects[V.Id].Opaque &&
      S->Objects[V.Id].Elems.empty())
    return Cells;
  if (V.K == Value::Object && !S->Objects[V.Id].Opaque && !First.Neg &&
      Last.K == Value::Iter && !Last.Neg) {
    const auto &Elems = S->Objects[V.Id].Elems;
    int64_t Size = Elems.size();
    for (int64_t I = First.N; I < Last.N && I < Size; ++I)
      Cells.push_back(Elems[First.Back ? Size - 1 - I : I]);
    return Cells;
  }
  Cells.push_back(elementOf(First.Id, std::nullopt, T, E));
  return Cells;
}

// Operators of iterators, of members and free ones alike.
Value Interp::iterator(const CXXOperatorCallExpr *E, CellId Base, bool &Known) {
  Known = false;
  QualType T = E->getArg(0)->getType();
  TypeKind K = Ty.kindOf(T);
  if (K != TypeKind::Other)
    return {};
  const CXXRecordDecl *R = record(T);
  if (!R || !R->getName().contains_insensitive("iterator"))
    return {};
  CellId C = Base ? Base : cellOf(E->getArg(0));
  if (Dead)
    return {};
  Value V = load(C);
  Known = !Base;
  if (V.K != Value::Iter)
    return Base ? Value()
                : fresh(E->getType(), "", E->getBeginLoc(),
                        "an unknown iterator");
  Known = true;
  auto Moved = [&](int64_t By) {
    Value W = V;
    W.N += By;
    return W;
  };
  Value B;
  if (E->getNumArgs() > 1 && E->getOperator() != OO_PlusPlus &&
      E->getOperator() != OO_MinusMinus)
    B = load(cellOf(E->getArg(1)));
  if (Dead)
    return {};
  switch (E->getOperator()) {
  case OO_Star:
    return Value::of(Value::Ref, pointedAt(V, E->getType(), E));
  case OO_Arrow:
    return Value::of(Value::Ptr,
                     pointedAt(V, E->getType()->getPointeeType(), E));
  case OO_PlusPlus:
  case OO_MinusMinus:
    S->Cells.mut(C) = Moved(E->getOperator() == OO_PlusPlus ? 1 : -1);
    return E->getNumArgs() > 1 ? V : Value::of(Value::Ref, C);
  case OO_PlusEqual:
  case OO_MinusEqual:
    S->Cells.mut(C) = Moved(B.K != Value::Int                  ? 0
                            : E->getOperator() == OO_PlusEqual ? B.N
                                                               : -B.N);
    if (B.K != Value::Int)
      S->Cells.mut(C).Neg = true;
    return Value::of(Value::Ref, C);
  case OO_Plus:
  case OO_Minus: {
    if (B.K == Value::Iter)
      return !V.Neg && !B.Neg ? Value::integer(V.N - B.N)
                              : Value::of(Value::Sym, symbol("", false));
    Value W =
        B.K == Value::Int ? Moved(E->getOperator() == OO_Plus ? B.N : -B.N) : V;
    W.Neg |= B.K != Value::Int;
    return W;
  }
  case OO_EqualEqual:
  case OO_ExclaimEqual:
  case OO_Less:
    if (B.K == Value::Iter && !V.Neg && !B.Neg && V.Id == B.Id &&
        V.Back == B.Back)
      return Value::integer(E->getOperator() == OO_Less
                                ? V.N < B.N
                                : (V.N == B.N) ==
                                      (E->getOperator() == OO_EqualEqual));
    return Value::of(Value::Sym, symbol("", false));
  case OO_Equal:
    S->Cells.mut(C) = B;
    return Value::of(Value::Ref, C);
  case OO_Subscript: {
    Value W = B.K == Value::Int ? Moved(B.N) : V;
    W.Neg |= B.K != Value::Int;
    return Value::of(Value::Ref, pointedAt(W, E->getType(), E));
  }
  default:
    Known = false;
    return {};
  }
}

} // namespace torch_tidy
