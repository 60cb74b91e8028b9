// Elements that leave a container, or move to another place or container.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// The position of an iterator in a container whose elements are all known.
std::optional<int64_t> Interp::positionIn(CellId Container, const Value &I) {
  const Value &V = S->Cells[Container];
  if (V.K != Value::Object || S->Objects[V.Id].Opaque || I.K != Value::Iter ||
      I.Neg || I.Back || S->target(I.Id) != Container || I.N < 0 ||
      I.N > int64_t(S->Objects[V.Id].Elems.size()))
    return std::nullopt;
  return I.N;
}

Value Interp::takeOut(const CallExpr *E, const CXXMethodDecl *M, StringRef Name,
                      CellId C, ArrayRef<const Expr *> Args, bool &Known) {
  const Value V = S->Cells[C];
  Known = true;
  if (Name == "pop_back" || Name == "pop_front" || Name == "pop") {
    Object &O = S->Objects.mut(V.Id);
    bool Queue = M->getParent()->getName() == "queue";
    if (O.Elems.empty())
      O.Opaque = true;
    else if (Name == "pop_front" || (Name == "pop" && Queue))
      O.Elems.erase(O.Elems.begin());
    else
      O.Elems.pop_back();
    return {};
  }
  if (Name == "clear") {
    Object &O = S->Objects.mut(V.Id);
    O.Elems.clear(), O.Opaque = false, O.Like = 0;
    return {};
  }
  if (Name == "remove_if" && Args.size() == 1) {
    Value Is = eval(Args[0]);
    if (Dead)
      return {};
    std::vector<size_t> Leave;
    bool Clear = !S->Objects[V.Id].Opaque && isCallable(Is);
    const auto Elems = S->Objects[V.Id].Elems;
    for (size_t I = 0; I < Elems.size(); ++I) {
      Value Gone = Clear ? callClosure(Is, E, {Elems[I]}, Ctx.BoolTy) : Value();
      if (Dead)
        return {};
      Clear &= Gone.K == Value::Int;
      if (!Clear)
        break;
      if (Gone.N)
        Leave.push_back(I);
    }
    if (!Clear)
      blur(V.Id);
    for (size_t I : llvm::reverse(Leave))
      if (Clear)
        eraseAt(C, I, I + 1);
    return Value::of(Value::Sym, symbol("", false));
  }
  // `to.splice(before, from, one)`.
  if (Name == "splice" && Args.size() == 3) {
    Value Before = eval(Args[0]);
    CellId From = S->target(cellOf(Args[1]));
    Value One = eval(Args[2]);
    if (Dead)
      return {};
    auto To = positionIn(C, Before), At = positionIn(From, One);
    const Value Other = S->Cells[From];
    if (!To || !At || *At == int64_t(S->Objects[Other.Id].Elems.size())) {
      for (const Value &L : {V, Other})
        if (L.K == Value::Object)
          blur(L.Id);
      return {};
    }
    CellId Element = S->Objects[Other.Id].Elems[*At];
    eraseAt(From, *At, *At + 1);
    auto &Target = S->Objects.mut(V.Id).Elems;
    if (From == C && *At < *To)
      --*To;
    Target.insert(Target.begin() + *To, Element);
    shiftIterators(C, *To, 1);
    return {};
  }
  Known = false;
  return {};
}

} // namespace torch_tidy
