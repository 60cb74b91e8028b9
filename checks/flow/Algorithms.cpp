// Standard algorithms and function objects: who calls what with which.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"
#include "llvm/ADT/StringSet.h"

using namespace clang;

namespace torch_tidy {

QualType Interp::heldType(const CXXRecordDecl *R) {
  if (auto *Spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(R))
    if (Spec->getTemplateArgs().size() &&
        Spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
      return Spec->getTemplateArgs()[0].getAsType();
  return {};
}

// The operator that an algorithm or a function object applies to two tensors;
// their expressions name them, where there are any.
Value Interp::combined(StringRef Op, const Value &L, const Expr *Left,
                       const Value &R, const Expr *Right, const Expr *Site) {
  if (L.K != Value::Tensor || R.K != Value::Tensor)
    return {};
  Used A, B;
  // An element of a range has no expression that a repair could move.
  A.Role = "self", A.H = L.Id;
  A.E = Left && Ty.kindOf(Left->getType()) == TypeKind::Tensor ? Left : nullptr;
  auto Named = [&](HandleId H, const Expr *E) {
    const Origin *From = S->Handles[H].From;
    return E ? Ty.text(E) : From ? Ty.text(From->E) : std::string();
  };
  A.Spelling = Named(L.Id, Left);
  B.Role = "other", B.H = R.Id;
  B.Spelling = S->Handles[R.Id].Name;
  if (B.Spelling.empty())
    B.Spelling = Named(R.Id, Right);
  // Each is a place of its own: one that is fine does not speak for the other.
  Rounds.push_back(1000 + (Op == "mul"));
  judged(api::judgeDevices(Op, {{"self", S->Handles[L.Id].Fact},
                                {"other", S->Handles[R.Id].Fact}}),
         FindingCode::DeviceMismatch, Site, {A, B});
  Rounds.pop_back();
  Handle H = S->Handles[S->Handles[L.Id].Fact.Dim == Rank::Zero ? R.Id : L.Id];
  H.Name.clear();
  return S->tensor(std::move(H));
}

Value Interp::algorithm(const CallExpr *E, StringRef Name,
                        ArrayRef<const Expr *> Args, bool &Known) {
  static const llvm::StringSet<> Names = {
      "for_each",  "transform",    "accumulate",    "reduce",
      "fill",      "generate",     "copy",          "copy_if",
      "any_of",    "all_of",       "none_of",       "find_if",
      "count_if",  "sort",         "stable_sort",   "reverse",
      "shuffle",   "max_element",  "min_element",   "remove_if",
      "rotate",    "partial_sort", "inner_product", "remove",
      "partition", "find",         "count",         "stable_partition",
      "move"};
  static const llvm::StringSet<> Reads = {
      "distance", "equal",     "lower_bound", "upper_bound",  "binary_search",
      "search",   "is_sorted", "mismatch",    "adjacent_find"};
  // `std::move` of a range, not of an object.
  Known = Args.size() >= (Name == "move" ? 3 : 2) && Names.contains(Name);
  if (Name == "iter_swap" && Args.size() == 2) {
    Value A = eval(Args[0]), B = eval(Args[1]);
    Known = Dead || (A.K == Value::Iter && B.K == Value::Iter);
    if (!Known || Dead)
      return {};
    CellId L = pointedAt(A, heldType(record(Args[0]->getType())), E);
    CellId R = pointedAt(B, heldType(record(Args[1]->getType())), E);
    if (Dead)
      return {};
    exchange(L, R);
    return {};
  }
  if (!Known) {
    // Another algorithm may write what its iterators lead to.
    for (const Expr *A : Reads.contains(Name) ? ArrayRef<const Expr *>() : Args)
      if (const CXXRecordDecl *R = record(A->getType());
          R && R->getName().contains("iterator")) {
        Value I = eval(A);
        if (const Value &C =
                I.K == Value::Iter ? S->Cells[S->target(I.Id)] : Value();
            !Dead && C.K == Value::Object)
          forget(C.Id);
      }
    return {};
  }
  std::vector<Value> V;
  for (const Expr *A : given(Args))
    V.push_back(eval(A));
  if (Dead)
    return {};
  for (const Value &X : V)
    touch(E, X);
  // A parallel policy before the range changes nothing here.
  size_t At = V[0].K == Value::Iter ? 0 : 1;
  if (V.size() < At + 2 || V[At].K != Value::Iter) {
    Known = false;
    return {};
  }
  const CXXRecordDecl *IterRec = record(Args[At]->getType());
  // The container says what it holds: `__normal_iterator<T*, vector<T>>`.
  QualType T = heldType(IterRec);
  if (const CXXRecordDecl *Turned = T.isNull() ? nullptr : record(T);
      Turned && IterRec->getName() == "reverse_iterator")
    T = heldType(Turned);
  if (!T.isNull() && T->isPointerType())
    T = T->getPointeeType();
  if (T.isNull())
    T = E->getType();
  auto Cells = range(V[At], V[At + 1], T, E);
  const Value Source = S->Cells[S->target(V[At].Id)];
  bool Whole = Source.K == Value::Object && !S->Objects[Source.Id].Opaque &&
               !V[At].Neg && !V[At + 1].Neg;
  auto Done = [&](size_t Round) {
    if (!Rounds.empty() && Round)
      Rounds.back() = std::min<unsigned>(Round, 3);
    return Dead;
  };
  // Each element is a round of its own, as in a loop.
  struct Loop {
    std::vector<unsigned> &R;
    Loop(std::vector<unsigned> &R) : R(R) { R.push_back(0); }
    ~Loop() { R.pop_back(); }
  } Around(Rounds);
  auto Write = [&](Value &Out, const Value &X) {
    if (Out.K != Value::Iter)
      return;
    if (Out.N < 0) {
      put(Out.Id, X);
      if (const Value &C = S->Cells[S->target(Out.Id)];
          !Whole && C.K == Value::Object)
        blur(C.Id);
    } else {
      assign(pointedAt(Out, T, nullptr), X);
      ++Out.N;
    }
  };
  if (Name == "for_each") {
    for (size_t I = 0; I < Cells.size() && !Done(I); ++I)
      callClosure(V[At + 2], E, {Cells[I]}, E->getType());
    return V[At + 2];
  }
  if (Name == "transform") {
    bool Two = V.size() == At + 5;
    Value Out = V[At + (Two ? 3 : 2)];
    Value F = V.back();
    auto *Callee = F.K == Value::Object && S->Objects[F.Id].Lambda
                       ? S->Objects[F.Id].Lambda->getCallOperator()
                       : nullptr;
    QualType RT = Callee ? Callee->getReturnType() : E->getType();
    for (size_t I = 0; I < Cells.size() && !Done(I); ++I) {
      std::vector<CellId> In{Cells[I]};
      if (Two) {
        Value Second = V[At + 2];
        Second.N += I;
        Second.Neg |= !Whole;
        In.push_back(Second.K == Value::Iter ? pointedAt(Second, T, E)
                                             : S->cell({}));
      }
      Value R = callClosure(F, E, In, RT);
      if (R.K == Value::Ref)
        R = load(R.Id);
      if (!Dead)
        Write(Out, R);
    }
    return Out;
  }
  if (Name == "accumulate" || Name == "reduce" || Name == "inner_product") {
    size_t From = At + (Name == "inner_product" ? 3 : 2);
    if (V.size() < From + 1 || (Name == "inner_product" && V.size() > From + 1))
      return fresh(E->getType(), "", E->getBeginLoc(), "a std algorithm");
    Value Sum = V[From];
    for (size_t I = 0; I < Cells.size() && !Done(I); ++I) {
      if (V.size() > From + 1) {
        Sum =
            callClosure(V[From + 1], E, {S->cell(Sum), Cells[I]}, E->getType());
        if (Sum.K == Value::Ref)
          Sum = load(Sum.Id);
        continue;
      }
      Value X = load(Cells[I]);
      if (Name == "inner_product") {
        Value Second = V[At + 2];
        Second.N += I;
        Second.Neg |= !Whole;
        if (Second.K == Value::Iter)
          X = combined("mul", X, Args[At], load(pointedAt(Second, T, E)),
                       Args[At + 2], E);
      }
      Sum = combined("add", Sum, Args[From], X, Args[At], E);
      if (Sum.K != Value::Tensor)
        return fresh(E->getType(), "", E->getBeginLoc(), "std::accumulate");
    }
    if (!Whole && Sum.K == Value::Tensor && Cells.size() == 1) {
      Handle H = S->Handles[Sum.Id];
      return S->tensor(H);
    }
    return Sum;
  }
  if (Name == "fill" || Name == "generate") {
    for (size_t I = 0; I < Cells.size() && !Done(I); ++I) {
      Value X = Name == "fill" ? V[At + 2] : callClosure(V[At + 2], E, {}, T);
      if (!Dead)
        assign(Cells[I], X.K == Value::Ref ? load(X.Id) : copyOf(X));
    }
    return {};
  }
  if (Name == "copy" || Name == "copy_if" || Name == "move") {
    Value Out = V[At + 2];
    bool Sure = true;
    for (size_t I = 0; I < Cells.size() && !Done(I); ++I) {
      Value Is = Name == "copy_if"
                     ? callClosure(V[At + 3], E, {Cells[I]}, Ctx.BoolTy)
                     : Value::integer(1);
      Sure &= Is.K == Value::Int;
      if (Is.K != Value::Int || Is.N)
        Write(Out, copyOf(load(Cells[I])));
    }
    if (const Value &C =
            Out.K == Value::Iter ? S->Cells[S->target(Out.Id)] : Value();
        !Sure && C.K == Value::Object)
      blur(C.Id);
    return Out;
  }
  if (Name == "reverse" && Whole) {
    auto &Elems = S->Objects.mut(Source.Id).Elems;
    std::reverse(Elems.begin() + std::min<size_t>(V[At].N, Elems.size()),
                 Elems.begin() + std::min<size_t>(V[At + 1].N, Elems.size()));
    return {};
  }
  if (Whole) {
    bool Followed = false;
    Value R = ordered(E, Name, ArrayRef(V).drop_front(At), Cells, Followed);
    if (Followed || Dead)
      return Dead ? Value() : R;
  }
  // Predicates and comparisons see the elements all the same.
  bool Compares = Name == "sort" || Name == "stable_sort" ||
                  Name == "partial_sort" || Name == "max_element" ||
                  Name == "min_element";
  const Value F = V.back();
  std::vector<std::optional<bool>> Holds;
  for (size_t I = 0; isCallable(F) && I < Cells.size() && !Done(I); ++I) {
    Value Is = callClosure(F, E,
                           Compares ? std::vector<CellId>{Cells[I], Cells[0]}
                                    : std::vector<CellId>{Cells[I]},
                           Ctx.BoolTy);
    Holds.push_back(Is.K == Value::Int ? std::optional<bool>(Is.N != 0)
                                       : std::nullopt);
  }
  if (Dead)
    return {};
  // What a predicate says of each element says it of all.
  if (Whole && Name.ends_with("_of") && Holds.size() == Cells.size()) {
    auto Says = [&](bool What) { return llvm::is_contained(Holds, What); };
    bool Wanted = Name != "all_of"; // What decides it where one has it.
    if (Says(Wanted))
      return Value::integer(Name == "any_of");
    if (llvm::all_of(Holds, [](auto &H) { return H.has_value(); }))
      return Value::integer(Name != "any_of");
  }
  if (Whole && Name == "find_if") {
    Value I = V[At];
    for (const std::optional<bool> &H : Holds) {
      if (!H)
        break;
      if (*H)
        return I;
      ++I.N;
    }
    if (I.N == V[At + 1].N)
      return I;
  }
  if (Name == "sort" || Name == "stable_sort" || Name == "shuffle" ||
      Name.starts_with("remove") || Name == "rotate" ||
      Name == "partial_sort" || Name == "reverse" ||
      Name.ends_with("partition")) {
    if (Source.K == Value::Object)
      blur(Source.Id);
  }
  if (E->getType()->isArithmeticType())
    return Value::of(Value::Sym, symbol(Ty.text(E), true));
  Value I = V[At];
  I.Neg = true;
  return E->getType()->isVoidType() ? Value() : I;
}

// `std::apply`, `std::invoke`, `std::bind`, `std::async`.
Value Interp::invoke(const CallExpr *E, StringRef Name,
                     ArrayRef<const Expr *> Args, bool &Known) {
  Known = (Name == "apply" && Args.size() == 2) || Name == "invoke" ||
          Name == "bind" || Name == "async" || Name == "call_once";
  if (!Known || Args.empty())
    return {};
  std::vector<CellId> Cells = cellsOf(Args);
  if (Dead)
    return {};
  size_t At =
      Name == "call_once" ||
      (Name == "async" && Ty.kindOf(Args[0]->getType()) == TypeKind::Number);
  if (At >= Cells.size())
    return {};
  Value F = load(S->target(Cells[At]));
  std::vector<CellId> In(Cells.begin() + At + 1, Cells.end());
  if (Name == "bind") {
    Object O;
    O.K = Object::Closure;
    O.Elems.push_back(S->cell(F));
    for (CellId C : In)
      O.Elems.push_back(S->cell(copyOf(load(C))));
    return S->object(std::move(O));
  }
  if (Name == "apply") {
    const Value &Tuple = S->Cells[S->target(In[0])];
    if (Tuple.K != Value::Object || S->Objects[Tuple.Id].Opaque)
      return fresh(E->getType(), "", E->getBeginLoc(), "an unknown tuple");
    In = S->Objects[Tuple.Id].Elems;
  }
  return callClosure(F, E, In, E->getType());
}

} // namespace torch_tidy
