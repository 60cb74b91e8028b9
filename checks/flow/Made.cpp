// Objects that the library makes: optimizers, and what it forwards arguments
// to.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// Only optimizers that keep something per parameter are followed.
Value Interp::newOptimizer(const CXXRecordDecl *R, ArrayRef<Value> Args) {
  Object O;
  O.K = Object::Optimizer;
  O.Rec = R;
  StringRef Name = R->getName();
  bool Keeps = Name == "Adam" || Name == "AdamW" || Name == "RMSprop" ||
               Name == "Adagrad";
  if (Name == "SGD" && Args.size() > 1 && Args[1].K == Value::Object &&
      S->Objects[Args[1].Id].K == Object::Opts)
    Keeps = named(Args[1].Id, "momentum", false) != 0;
  SmallVector<HandleId, 8> Hs;
  if (!Args.empty())
    S->tensorsIn(Args[0], Hs);
  if (!Keeps)
    O.Kind2 = "Plain";
  O.State.assign(Hs.begin(), Hs.end());
  // Adagrad makes its sums when it is made.
  if (Name == "Adagrad" && !Hs.empty())
    O.Unseen = S->Handles[Hs[0]].Fact.Dev;
  return S->object(std::move(O));
}

Value Interp::packagedTask(QualType T, const Value &Task) {
  Value V = fresh(T, "", SourceLocation(), "");
  if (V.K == Value::Object)
    S->Cells.mut(named(V.Id, "task", true)) = Task;
  return V;
}

// An object that the library makes of constructor arguments: `make_shared`,
// `emplace_back`.
Value Interp::made(QualType T, ArrayRef<CellId> Cells, const Expr *E) {
  const CXXRecordDecl *R = Ty.heldModule(T);
  bool Holder = R && Ty.kindOf(T) == TypeKind::Holder;
  if (!R)
    R = T->getAsCXXRecordDecl();
  if (!R)
    return Cells.size() == 1 ? load(Cells[0]) : Value();
  auto Values = [&] {
    std::vector<Value> Vs;
    for (CellId C : Cells)
      Vs.push_back(load(C));
    return Vs;
  };
  Value V;
  if (Ty.isUserCode(R)) {
    const CXXConstructorDecl *Best = nullptr;
    if (R->hasDefinition())
      for (const CXXConstructorDecl *C : R->getDefinition()->ctors())
        if (!C->isCopyOrMoveConstructor() && !C->isDeleted() &&
            Cells.size() <= C->getNumParams() &&
            Cells.size() >= C->getMinRequiredArguments())
          Best = C;
    if (Best)
      V = newRecord(Best, E, Cells);
    else if (Cells.empty() && R->hasDefinition() &&
             R->getDefinition()->needsImplicitDefaultConstructor())
      V = newRecord(R->getDefinition(), nullptr, E, {});
    else
      V = fresh(T, "", E->getBeginLoc(), "no constructor found");
  } else if (Ty.derives(R, "torch::nn::Module")) {
    StringRef K = R->getName();
    K.consume_back("Impl");
    V = newModule(K, Values(), E, R);
  } else if (Ty.kindOf(T) == TypeKind::Optimizer) {
    V = newOptimizer(R, Values());
  } else if (Ty.qualified(R) == "std::packaged_task" && Cells.size() == 1) {
    V = packagedTask(T, load(Cells[0]));
  } else if (Ty.qualified(R) == "torch::data::Example" && Cells.size() > 1) {
    V = newExample(R, Values());
  } else if (Ty.kindOf(T) == TypeKind::Pair && Cells.size() > 1) {
    Object O;
    O.K = Object::List;
    for (CellId C : Cells)
      O.Elems.push_back(S->cell(copyOf(load(C))));
    V = S->object(std::move(O));
  } else if (Cells.size() == 1) {
    V = load(Cells[0]);
  } else {
    V = Cells.empty() ? defaultValue(T, nullptr)
                      : fresh(T, "", E->getBeginLoc(), "make_shared");
  }
  if (Dead)
    return {};
  return Holder ? Value::of(Value::Ptr, S->cell(V)) : V;
}

} // namespace torch_tidy
