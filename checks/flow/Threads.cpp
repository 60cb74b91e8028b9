// Threads, promises and futures.
//
// A thread runs where it is made. What it waits for comes later: the result of
// a future that nobody has given one yet is what the threads that are there
// make of the program as it is by then.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// The state that a promise or task shares with its future.
bool Interp::isPromise(const Value &V) {
  const CXXRecordDecl *R =
      V.K == Value::Object ? S->Objects[V.Id].Rec : nullptr;
  return R && (Ty.qualified(R) == "std::promise" ||
               Ty.qualified(R) == "std::packaged_task");
}

// A thread that does not come to an end holds nobody up.
void Interp::runThread(const Thread &T, const Expr *Site) {
  State Before = *S;
  callClosure(S->Cells[S->target(T.Function)], Site, T.Args, Ctx.VoidTy);
  if (Dead)
    *S = std::move(Before);
  Dead = false;
}

void Interp::startThread(ArrayRef<CellId> Cells, const Expr *Site) {
  constexpr size_t MaxThreads = 4;
  Thread T;
  T.Function = Cells[0];
  T.Args.assign(Cells.begin() + 1, Cells.end());
  runThread(T, Site);
  if (S->Threads.size() < MaxThreads)
    S->Threads.push_back(std::move(T));
}

// A promise and its future are one object; so are a task and its future.
Value Interp::promiseCall(const CallExpr *E, const CXXMethodDecl *M, CellId C,
                          ArrayRef<const Expr *> Args) {
  StringRef Name = M->getDeclName().isIdentifier() ? M->getName() : StringRef();
  Value V = load(C);
  if (V.K != Value::Object)
    S->Cells.mut(C) = V =
        fresh(typeOf(Ctx, M->getParent()), "", SourceLocation(), "");
  if (Name == "get_future")
    return V;
  bool Runs = M->getOverloadedOperator() == OO_Call;
  if (Runs || (Name == "set_value" && !Args.empty())) {
    std::vector<CellId> Cells = cellsOf(Args);
    CellId Task = named(V.Id, "task", false);
    Value X = !Runs  ? copyOf(load(Cells[0]))
              : Task ? callClosure(S->Cells[Task], E, Cells, QualType())
                     : Value();
    if (X.K == Value::Ref)
      X = load(X.Id);
    if (!Dead)
      S->Cells.mut(named(V.Id, "value", true)) = X;
  }
  return {};
}

// The result that a future hands out.
Value Interp::promised(const Value &Promise, const CallExpr *E) {
  CellId Given = named(Promise.Id, "value", false);
  // A task that nobody in sight runs has run when its result is had.
  if (CellId Task = named(Promise.Id, "task", false); Task && !Given) {
    Value X = callClosure(S->Cells[Task], E, {}, E->getType());
    return !Dead && X.K == Value::Ref ? load(X.Id) : X;
  }
  const auto Running = S->Threads;
  for (size_t I = 0; I < Running.size() && !Given; ++I) {
    runThread(Running[I], E);
    Given = named(Promise.Id, "value", false);
    // Where one of a thread's ways answers, a future waits for that.
    auto Ways = Cursor && !Given ? Trail[Cursor - 1].Memo : nullptr;
    State *Here = S;
    for (size_t W = 0; Ways && W < Ways->size(); ++W) {
      S = &(*Ways)[W].S;
      Dead |= named(Promise.Id, "value", false) != 0;
      S = Here;
    }
    if (Dead)
      return {};
  }
  return Given ? load(Given) : Value();
}

} // namespace torch_tidy
