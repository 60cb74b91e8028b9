// Statements: sets of states in, sets of states out.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

Flow Interp::exec(const Stmt *St, States In) {
  Flow Out;
  if (!St || In.empty() || !visit()) {
    Out.Next = std::move(In);
    return Out;
  }
  switch (St->getStmtClass()) {
  case Stmt::CompoundStmtClass:
    return execBlock(cast<CompoundStmt>(St), std::move(In));
  case Stmt::DeclStmtClass:
    Out.Next = each(std::move(In), [&] {
      for (const Decl *D : cast<DeclStmt>(St)->decls())
        if (auto *V = dyn_cast<VarDecl>(D); V && !Dead)
          declare(V);
    });
    return Out;
  case Stmt::IfStmtClass:
    return execIf(cast<IfStmt>(St), std::move(In));
  case Stmt::WhileStmtClass: {
    auto *W = cast<WhileStmt>(St);
    return execLoop(W, W->getCond(), nullptr, W->getBody(), std::move(In),
                    false, W->getConditionVariable());
  }
  case Stmt::DoStmtClass:
    return execLoop(St, cast<DoStmt>(St)->getCond(), nullptr,
                    cast<DoStmt>(St)->getBody(), std::move(In), true, nullptr);
  case Stmt::ForStmtClass: {
    auto *F = cast<ForStmt>(St);
    Flow Init = exec(F->getInit(), std::move(In));
    Out = execLoop(F, F->getCond(), F->getInc(), F->getBody(),
                   std::move(Init.Next), false, F->getConditionVariable());
    if (auto *D = dyn_cast_or_null<DeclStmt>(F->getInit())) {
      for (const Decl *X : D->decls())
        if (auto *V = dyn_cast<VarDecl>(X))
          leaveScope({V}, Out.Next);
      merge(Out.Next, ExactExits);
    }
    return Out;
  }
  case Stmt::CXXForRangeStmtClass:
    return execRange(cast<CXXForRangeStmt>(St), std::move(In));
  case Stmt::SwitchStmtClass:
    return execSwitch(cast<SwitchStmt>(St), std::move(In));
  case Stmt::ReturnStmtClass:
    Out.Return = each(std::move(In), [&] {
      const Expr *E = cast<ReturnStmt>(St)->getRetValue();
      if (!E)
        return;
      // A variable that the compiler makes in the caller's place is no copy.
      if (const VarDecl *Same = cast<ReturnStmt>(St)->getNRVOCandidate())
        if (auto It = S->top().Vars.find(Same); It != S->top().Vars.end()) {
          S->top().Result = load(It->second);
          return;
        }
      const FunctionDecl *Fn = S->top().Fn;
      bool ByRef = Fn && Fn->getReturnType()->isReferenceType();
      Value V =
          ByRef && E->isGLValue() ? Value::of(Value::Ref, loc(E)) : eval(E);
      if (!Dead)
        S->top().Result = V;
    });
    return Out;
  case Stmt::BreakStmtClass:
    Out.Break = std::move(In);
    return Out;
  case Stmt::ContinueStmtClass:
    Out.Continue = std::move(In);
    return Out;
  case Stmt::CXXTryStmtClass: {
    auto *T = cast<CXXTryStmt>(St);
    // A handler that goes on makes what it catches no failure; one that ends
    // the function or throws again does not.
    bool GoesOn = false;
    for (unsigned I = 0; I < T->getNumHandlers(); ++I) {
      auto *B = cast<CompoundStmt>(T->getHandler(I)->getHandlerBlock());
      const Stmt *Last = B->body_empty() ? nullptr : B->body_back();
      if (auto *C = dyn_cast_or_null<ExprWithCleanups>(Last))
        Last = C->getSubExpr();
      bool Exits = Last && (isa<ReturnStmt>(Last) || isa<CXXThrowExpr>(Last));
      if (auto *C = dyn_cast_or_null<CallExpr>(Last))
        if (auto *D = C->getDirectCallee())
          Exits |= D->isNoReturn();
      GoesOn |= !Exits;
    }
    States Before = In, Caught;
    size_t Depth = In.empty() ? 0 : In[0].Frames.size();
    States *Around = std::exchange(Thrown, &Caught);
    Catching += GoesOn;
    Out = exec(T->getTryBlock(), std::move(In));
    Catching -= GoesOn;
    Thrown = Around;
    append(Before, Out.Next);
    // Any call may throw, none is known to: what a handler leaves then is no
    // proof that a later call is fine. A `throw` that is reached is.
    for (State &X : Before)
      X.Threw = true;
    for (State &X : Caught)
      X.Frames.resize(Depth);
    append(Before, std::move(Caught));
    merge(Before);
    for (unsigned I = 0; I < T->getNumHandlers(); ++I) {
      Flow F = exec(T->getHandler(I)->getHandlerBlock(), Before);
      append(Out.Next, std::move(F.Next));
      Out.leave(F);
    }
    merge(Out.Next);
    return Out;
  }
  case Stmt::AttributedStmtClass:
    return exec(cast<AttributedStmt>(St)->getSubStmt(), std::move(In));
  case Stmt::LabelStmtClass:
    return exec(cast<LabelStmt>(St)->getSubStmt(), std::move(In));
  case Stmt::CaseStmtClass:
  case Stmt::DefaultStmtClass:
    return exec(cast<SwitchCase>(St)->getSubStmt(), std::move(In));
  case Stmt::GotoStmtClass:
    append(Out.Goto[cast<GotoStmt>(St)->getLabel()], std::move(In));
    return Out;
  case Stmt::IndirectGotoStmtClass:
    unknown(St->getBeginLoc(), "a computed 'goto' is not followed");
    GaveUp = true;
    return Out;
  default:
    break;
  }
  if (auto *E = dyn_cast<Expr>(St)) {
    SmallVector<const Expr *, 4> Dropped{E};
    while (!Dropped.empty()) {
      const Expr *D = Dropped.pop_back_val()->IgnoreImplicit()->IgnoreParens();
      if (auto *B = dyn_cast<BinaryOperator>(D);
          B && B->getOpcode() == BO_Comma)
        Dropped.append({B->getLHS(), B->getRHS()});
      else if (isa<CXXMemberCallExpr>(D))
        Told.dropped(D);
    }
    Out.Next = each(std::move(In), [&] { eval(E); });
    return Out;
  }
  Out.Next = std::move(In);
  return Out;
}

// One way of a condition; `choose` brings the other. A number that is assumed
// stays assumed on the path.
bool Interp::branch(const Value &V0, const Expr *E) {
  Value V = resolve(V0);
  if (V.K == Value::Int)
    return V.N != 0;
  if (V.K == Value::Ptr)
    return V.Id != 0;
  if (V.K != Value::Sym) {
    SymbolId Id = symbol(E ? Ty.text(E) : "", E != nullptr);
    V = Value::of(Value::Sym, Id);
  }
  bool Taken = choose(2) == 0;
  bool Truth = Taken != V.Neg;
  SymbolInfo &Info = Symbols[V.Id];
  if (Info.Name.empty() && E) {
    Info.Name = Ty.text(E);
    Info.Strong = true;
  }
  S->Known[V.Id] = Truth;
  if (Info.K == SymbolInfo::IsCuda) {
    S->substitute(Info.DeviceSym, Truth ? Device::cuda() : Device::cpu());
    S->Guarded |= Truth;
  }
  if (Info.K == SymbolInfo::Compare &&
      (Info.Op == BO_EQ ? Truth : Info.Op == BO_NE && !Truth)) {
    S->Known[Info.L] = Info.R;
    if (Symbols[Info.L].Text)
      learnString(Info.L, resolve(Value::of(Value::Sym, Info.L)));
  }
  return Taken;
}

Flow Interp::execIf(const IfStmt *I, States In) {
  Flow Out;
  if (I->getInit())
    In = exec(I->getInit(), std::move(In)).Next;
  if (I->isConstexpr())
    if (auto Taken = I->getNondiscardedCase(Ctx))
      return exec(*Taken, std::move(In));
  States Yes, No;
  for (State &One : In) {
    States Single;
    Single.push_back(std::move(One));
    std::vector<std::pair<uint64_t, bool>> Ways;
    auto SavedTrail = std::move(Trail);
    size_t SavedCursor = Cursor;
    State *SavedS = S;
    Trail.clear();
    do {
      State Now = Single[0];
      S = &Now;
      Dead = false;
      Cursor = 0;
      if (I->getConditionVariable())
        declare(I->getConditionVariable());
      Value V = eval(I->getCond());
      bool Taken = !Dead && branch(V, I->getCond());
      if (!Dead)
        (Taken ? Yes : No).push_back(std::move(Now));
      while (!Trail.empty() && Trail.back().Taken + 1 >= Trail.back().Count)
        Trail.pop_back();
      if (!Trail.empty())
        ++Trail.back().Taken;
    } while (!Trail.empty() && visit());
    Dead = false;
    Trail = std::move(SavedTrail);
    Cursor = SavedCursor;
    S = SavedS;
  }
  merge(Yes);
  merge(No);
  for (auto *Side : {&Yes, &No}) {
    const Stmt *Body = Side == &Yes ? I->getThen() : I->getElse();
    Flow F = exec(Body, std::move(*Side));
    append(Out.Next, std::move(F.Next));
    Out.leave(F);
  }
  merge(Out.Next);
  return Out;
}

void Interp::declare(const VarDecl *D) {
  if (D->isStaticLocal() && S->Globals.count(D))
    return;
  const Expr *Init = D->getInit();
  CellId C = 0;
  auto Keep = [&] { (D->isStaticLocal() ? S->Globals : S->top().Vars)[D] = C; };
  if (D->getType()->isReferenceType() && Init) {
    C = loc(Init);
  } else {
    // A function that calls itself captures the variable that it initialises.
    const CXXRecordDecl *R = D->getType()->getAsCXXRecordDecl();
    if (R && Ty.qualified(R) == "std::function") {
      C = S->cell(Value());
      Keep();
    }
    const Value V = Init ? eval(Init) : defaultValue(D->getType(), nullptr);
    if (C)
      S->Cells.mut(C) = V;
    else
      C = S->cell(V);
  }
  if (Dead)
    return;
  Keep();
  if (auto *Dec = dyn_cast<DecompositionDecl>(D)) {
    bindings(Dec, C);
    return;
  }
  nameAfter(C, D);
}

// What has no name yet takes that of the first variable or member that holds
// it.
void Interp::nameAfter(CellId C, const NamedDecl *D) {
  Value V = S->Cells[C];
  if (V.K == Value::Tensor && S->Handles[V.Id].Name.empty())
    S->Handles.mut(V.Id).Name = D->getNameAsString();
  CellId T = S->target(C);
  if (S->Cells[T].K == Value::Object && S->Objects[S->Cells[T].Id].Name.empty())
    S->Objects.mut(S->Cells[T].Id).Name = D->getNameAsString();
}

void Interp::bindings(const DecompositionDecl *D, CellId Whole) {
  unsigned I = 0;
  CellId W = S->target(Whole);
  for (const BindingDecl *B : D->bindings()) {
    CellId C = 0;
    if (auto *M = dyn_cast_or_null<MemberExpr>(B->getBinding()))
      C = field(W, M->getMemberDecl());
    else
      C = elementOf(W, I, B->getType(), nullptr);
    S->top().Vars[B] = C;
    if (const VarDecl *H = B->getHoldingVar())
      S->top().Vars[H] = C;
    const Value &V = S->Cells[C];
    if (V.K == Value::Tensor && S->Handles[V.Id].Name.empty())
      S->Handles.mut(V.Id).Name = B->getNameAsString();
    ++I;
  }
}

} // namespace torch_tidy
