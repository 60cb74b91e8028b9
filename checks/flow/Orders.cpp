// Algorithms that order, choose or drop elements. They are followed where each
// comparison and predicate is known; where one is not, the caller takes it that
// any element may be anywhere.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"
#include <numeric>

using namespace clang;

namespace torch_tidy {

/// Whether `L < R`: numbers, texts, pairs, and records with such an operator.
std::optional<bool> Interp::lessThan(const Value &L, const Value &R,
                                     const Expr *E) {
  if (L.K == Value::Int && R.K == Value::Int)
    return L.N < R.N;
  if (L.K == Value::Str && R.K == Value::Str)
    return textOf(L) < textOf(R);
  if (L.K != Value::Object || R.K != Value::Object)
    return std::nullopt;
  if (const CXXRecordDecl *Rec = S->Objects[L.Id].Rec;
      E && Rec && Ty.isUserCode(Rec) && Rec->hasDefinition())
    for (const CXXMethodDecl *M : Rec->getDefinition()->methods())
      if (M->getOverloadedOperator() == OO_Less && M->hasBody()) {
        Value Is = enter(M, E, S->cell(L), {S->cell(R)});
        return !Dead && Is.K == Value::Int ? std::optional<bool>(Is.N != 0)
                                           : std::nullopt;
      }
  const auto X = S->Objects[L.Id].Elems, Y = S->Objects[R.Id].Elems;
  if (S->Objects[L.Id].K != Object::List || X.size() != Y.size())
    return std::nullopt;
  for (size_t I = 0; I < X.size(); ++I) {
    const Value A = load(X[I]), B = load(Y[I]);
    std::optional<bool> Same = sameKey(A, B);
    if (!Same)
      return std::nullopt;
    if (!*Same)
      return lessThan(A, B, E);
  }
  return false;
}

/// Whether a comparison puts \p L before \p R; none given is `operator<`.
std::optional<bool> Interp::before(const Value &Less, CellId L, CellId R,
                                   const Expr *E) {
  if (isCallable(Less)) {
    Value Is = callClosure(Less, E, {L, R}, Ctx.BoolTy);
    if (Is.K == Value::Ref)
      Is = load(Is.Id);
    return !Dead && Is.K == Value::Int ? std::optional<bool>(Is.N != 0)
                                       : std::nullopt;
  }
  const CXXRecordDecl *Rec =
      Less.K == Value::Object ? S->Objects[Less.Id].Rec : nullptr;
  StringRef Name = Rec ? Rec->getName() : StringRef("less");
  if (Name == "greater")
    return lessThan(load(R), load(L), E);
  return Name == "less" ? lessThan(load(L), load(R), E) : std::nullopt;
}

/// The element that a priority queue has on top, where one alone is greatest.
std::optional<size_t> Interp::greatest(const CXXRecordDecl *Queue,
                                       ArrayRef<CellId> Cells, const Expr *E) {
  auto *Spec = dyn_cast<ClassTemplateSpecializationDecl>(Queue);
  if (!Spec || Spec->getTemplateArgs().size() < 3 || Cells.empty())
    return std::nullopt;
  const CXXRecordDecl *Less = record(Spec->getTemplateArgs()[2].getAsType());
  // A lambda's type does not say what it captured.
  if (!Less || Less->isLambda())
    return std::nullopt;
  Object O;
  O.Rec = Less;
  const Value Compare = S->object(std::move(O));
  size_t Best = 0;
  for (size_t I = 1; I < Cells.size(); ++I) {
    std::optional<bool> Is = before(Compare, Cells[Best], Cells[I], E);
    if (!Is)
      return std::nullopt;
    Best = *Is ? I : Best;
  }
  // Of several that are alike, the heap's history decides.
  for (size_t I = 0; I < Cells.size(); ++I)
    if (I != Best &&
        before(Compare, Cells[I], Cells[Best], E) != std::optional<bool>(true))
      return std::nullopt;
  return Best;
}

/// \p V is the range and what follows it, \p Cells the elements, all known.
Value Interp::ordered(const CallExpr *E, StringRef Name, ArrayRef<Value> V,
                      ArrayRef<CellId> Cells, bool &Known) {
  Known = false;
  const Value Last = V.size() > 2 ? V[2] : Value();
  auto At = [&](size_t I) {
    Value Iter = V[0];
    Iter.N += I;
    return Iter;
  };
  // Gives the elements the values that those in `Order` had.
  auto Arrange = [&](ArrayRef<size_t> Order) {
    std::vector<Value> Old;
    for (CellId C : Cells)
      Old.push_back(S->Cells[C]);
    for (size_t I = 0; I < Order.size(); ++I)
      S->Cells.mut(Cells[I]) = Old[Order[I]];
    Known = true;
  };
  std::vector<size_t> Order(Cells.size());
  std::iota(Order.begin(), Order.end(), 0);
  // Short ranges are sorted by insertion, which keeps equal ones in order.
  if (Name == "sort" || Name == "stable_sort") {
    for (size_t I = 1; I < Cells.size(); ++I)
      for (size_t J = I; J > 0; --J) {
        std::optional<bool> Less =
            before(Last, Cells[Order[J]], Cells[Order[J - 1]], E);
        if (!Less)
          return {};
        if (!*Less)
          break;
        std::swap(Order[J], Order[J - 1]);
      }
    Arrange(Order);
    return {};
  }
  if (Name == "max_element" || Name == "min_element") {
    size_t Best = 0;
    for (size_t I = 1; I < Cells.size(); ++I) {
      std::optional<bool> Is = Name == "max_element"
                                   ? before(Last, Cells[Best], Cells[I], E)
                                   : before(Last, Cells[I], Cells[Best], E);
      if (!Is)
        return {};
      Best = *Is ? I : Best;
    }
    Known = true;
    return At(Best);
  }
  if (Name == "rotate" && V[1].K == Value::Iter && !V[0].Back) {
    // first, middle, last: the range that the caller has ends in the middle.
    const Value Whole = S->Cells[S->target(V[0].Id)];
    const auto Elems = S->Objects[Whole.Id].Elems;
    if (Last.K != Value::Iter || Last.Neg || Last.Back || V[0].N > V[1].N ||
        V[1].N > Last.N || Last.N > int64_t(Elems.size()))
      return {};
    std::vector<Value> Old;
    for (int64_t I = V[0].N; I < Last.N; ++I)
      Old.push_back(S->Cells[Elems[I]]);
    std::rotate(Old.begin(), Old.begin() + (V[1].N - V[0].N), Old.end());
    for (size_t I = 0; I < Old.size(); ++I)
      S->Cells.mut(Elems[V[0].N + I]) = Old[I];
    Known = true;
    return At(Last.N - V[1].N);
  }
  bool ByValue = Name == "remove" || Name == "find" || Name == "count";
  if (!ByValue && Name != "remove_if" && Name != "count_if" &&
      Name != "stable_partition")
    return {};
  std::vector<bool> Holds;
  for (CellId C : Cells) {
    std::optional<bool> Is;
    if (ByValue) {
      Is = sameKey(load(C), Last.K == Value::Ref ? load(Last.Id) : Last);
    } else if (Value X = isCallable(Last)
                             ? callClosure(Last, E, {C}, Ctx.BoolTy)
                             : Value();
               X.K == Value::Int) {
      Is = X.N != 0;
    }
    if (Dead || !Is)
      return {};
    Holds.push_back(*Is);
  }
  if (Name.starts_with("count")) {
    Known = true;
    return Value::integer(llvm::count(Holds, true));
  }
  if (Name == "find") {
    Known = true;
    return At(llvm::find(Holds, true) - Holds.begin());
  }
  // Those that stay come first; what is behind them is nobody's business but
  // that of a partition.
  bool Stays = Name == "stable_partition";
  auto Middle = std::stable_partition(
      Order.begin(), Order.end(), [&](size_t I) { return Holds[I] == Stays; });
  Arrange(Order);
  return At(Middle - Order.begin());
}

} // namespace torch_tidy
