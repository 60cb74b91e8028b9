// Statements: sets of states in, sets of states out.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

static void append(States &To, States From) {
  for (State &S : From)
    To.push_back(std::move(S));
}

bool Interp::visit() {
  ++Result.Stats.Visits;
  if (Budget == 0) {
    GaveUp = true;
    return false;
  }
  --Budget;
  return true;
}

// Two states that nothing later can tell apart become one; the conditions that
// they do not share are forgotten. Past the limit, states that differ in
// numbers only go first; after that the rest is joined into one.
void Interp::merge(States &All) {
  if (All.size() < 2)
    return;
  for (bool Numbers : {true, false}) {
    std::map<uint64_t, size_t> Seen;
    States Out;
    for (State &X : All) {
      auto [It, New] = Seen.try_emplace(X.signature(Numbers), Out.size());
      if (New) {
        Out.push_back(std::move(X));
        continue;
      }
      State &Y = Out[It->second];
      if (X.Threw && !Y.Threw)
        continue;
      if (Y.Threw && !X.Threw) {
        Y = std::move(X);
        continue;
      }
      std::map<SymbolId, int64_t> Both;
      for (auto &[K, V] : Y.Known) {
        auto F = X.Known.find(K);
        if (F != X.Known.end() && F->second == V)
          Both[K] = V;
      }
      Y.Known = std::move(Both);
      if (!Numbers)
        for (CellId C = 1; C < Y.Cells.size() && C < X.Cells.size(); ++C)
          if (Y.Cells[C].K == Value::Int && X.Cells[C].K == Value::Int &&
              Y.Cells[C].N != X.Cells[C].N)
            Y.Cells.mut(C) = Value::of(Value::Sym, symbol("", false));
    }
    All = std::move(Out);
    if (All.size() <= Opts.Paths)
      return;
  }
  std::stable_partition(All.begin(), All.end(),
                        [](const State &X) { return !X.Threw; });
  for (size_t I = Opts.Paths; I < All.size(); ++I)
    if (!All[I].Threw)
      join(All[Opts.Paths - 1], All[I]);
  All.erase(All.begin() + Opts.Paths, All.end());
}

// What two paths agree on; all else becomes unknown. The numbering of cells
// and objects is that of their common past, so equal numbers name equal things
// or things that are forgotten here.
void Interp::join(State &To, const State &From) {
  for (HandleId H = 1; H < To.Handles.size(); ++H) {
    bool There = H < From.Handles.size();
    const TensorFact &A = To.Handles[H].Fact;
    TensorFact B = There ? From.Handles[H].Fact : TensorFact();
    if (There && A == B)
      continue;
    TensorFact &F = To.Handles.mut(H).Fact;
    if (A.Dev != B.Dev)
      F.Dev = Device::symbol(++DeviceSymbols);
    if (A.Type != B.Type)
      F.Type = Dtype::Unknown;
    F.Dim = Rank::Unknown;
  }
  for (ObjectId O = 1; O < To.Objects.size(); ++O) {
    const Object &A = To.Objects[O];
    if (O < From.Objects.size()) {
      const Object &B = From.Objects[O];
      if (A.Elems.size() == B.Elems.size() &&
          A.Children.size() == B.Children.size() &&
          A.State.size() == B.State.size() && A.Opaque == B.Opaque &&
          A.Kind2 == B.Kind2)
        continue;
    }
    Object &X = To.Objects.mut(O);
    X.Opaque = true;
    X.Unseen = Device::symbol(++DeviceSymbols);
  }
  for (CellId C = 1; C < To.Cells.size(); ++C) {
    const Value &A = To.Cells[C];
    if (C < From.Cells.size()) {
      const Value &B = From.Cells[C];
      if (A.K == B.K && A.Id == B.Id && A.N == B.N && A.D == B.D && A.T == B.T)
        continue;
    }
    if (A.K == Value::Int || A.K == Value::Sym)
      To.Cells.mut(C) = Value::of(Value::Sym, symbol("", false));
    else if (A.K == Value::Dev)
      To.Cells.mut(C).D = Device::symbol(++DeviceSymbols);
    else if (A.K == Value::Tensor)
      To.Cells.mut(C) = To.tensor({{Device::symbol(++DeviceSymbols)}, nullptr, "", nullptr});
    else
      To.Cells.mut(C) = Value();
  }
  for (auto It = To.Known.begin(); It != To.Known.end();) {
    auto F = From.Known.find(It->first);
    It = F == From.Known.end() || F->second != It->second ? To.Known.erase(It)
                                                          : std::next(It);
  }
}

Flow Interp::exec(const Stmt *St, States In) {
  Flow Out;
  if (!St || In.empty() || !visit()) {
    Out.Next = std::move(In);
    return Out;
  }
  switch (St->getStmtClass()) {
  case Stmt::CompoundStmtClass:
    Out.Next = std::move(In);
    for (const Stmt *Sub : cast<CompoundStmt>(St)->body()) {
      Flow F = exec(Sub, std::move(Out.Next));
      Out.Next = std::move(F.Next);
      append(Out.Break, std::move(F.Break));
      append(Out.Continue, std::move(F.Continue));
      append(Out.Return, std::move(F.Return));
      if (Out.Next.empty())
        break;
    }
    merge(Out.Return);
    return Out;
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
    return execLoop(W->getCond(), nullptr, W->getBody(), std::move(In), false,
                    W->getConditionVariable());
  }
  case Stmt::DoStmtClass:
    return execLoop(cast<DoStmt>(St)->getCond(), nullptr,
                    cast<DoStmt>(St)->getBody(), std::move(In), true, nullptr);
  case Stmt::ForStmtClass: {
    auto *F = cast<ForStmt>(St);
    Flow Init = exec(F->getInit(), std::move(In));
    return execLoop(F->getCond(), F->getInc(), F->getBody(),
                    std::move(Init.Next), false, F->getConditionVariable());
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
      const FunctionDecl *Fn = S->top().Fn;
      bool ByRef = Fn && Fn->getReturnType()->isReferenceType();
      Value V = ByRef && E->isGLValue() ? Value::of(Value::Ref, loc(E)) : eval(E);
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
    States Before = In;
    Catching += GoesOn;
    Out = exec(T->getTryBlock(), std::move(In));
    Catching -= GoesOn;
    append(Before, Out.Next);
    for (unsigned I = 0; I < T->getNumHandlers(); ++I) {
      Flow F = exec(T->getHandler(I)->getHandlerBlock(), Before);
      append(Out.Next, std::move(F.Next));
      append(Out.Break, std::move(F.Break));
      append(Out.Continue, std::move(F.Continue));
      append(Out.Return, std::move(F.Return));
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
  case Stmt::IndirectGotoStmtClass:
    unknown(St->getBeginLoc(), "'goto' is not followed");
    GaveUp = true;
    return Out;
  default:
    break;
  }
  if (auto *E = dyn_cast<Expr>(St)) {
    SmallVector<const Expr *, 4> Dropped{E};
    while (!Dropped.empty()) {
      const Expr *D = Dropped.pop_back_val()->IgnoreImplicit()->IgnoreParens();
      if (auto *B = dyn_cast<BinaryOperator>(D); B && B->getOpcode() == BO_Comma)
        Dropped.append({B->getLHS(), B->getRHS()});
      else if (isa<CXXMemberCallExpr>(D))
        Drops.insert(D);
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
    SymbolId Id = symbol(E ? text(E) : "", E != nullptr);
    V = Value::of(Value::Sym, Id);
  }
  bool Taken = choose(2) == 0;
  bool Truth = Taken != V.Neg;
  SymbolInfo &Info = Symbols[V.Id];
  if (Info.Name.empty() && E) {
    Info.Name = text(E);
    Info.Strong = true;
  }
  S->Known[V.Id] = Truth;
  if (Info.K == SymbolInfo::IsCuda)
    S->substitute(Info.DeviceSym, Truth ? Device::cuda() : Device::cpu());
  if (Info.K == SymbolInfo::Compare &&
      (Info.Op == BO_EQ ? Truth : Info.Op == BO_NE && !Truth))
    S->Known[Info.L] = Info.R;
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
    append(Out.Break, std::move(F.Break));
    append(Out.Continue, std::move(F.Continue));
    append(Out.Return, std::move(F.Return));
  }
  merge(Out.Next);
  return Out;
}

// A loop runs its first rounds one by one, because the first differs from the
// later ones (`model->to(kCPU)` at the end of a round). Whether another round
// follows is nobody's condition, so no report rests on it.
Flow Interp::execLoop(const Stmt *Cond, const Stmt *Inc, const Stmt *Body,
                      States In, bool BodyFirst, const VarDecl *CondVar) {
  Flow Out;
  std::set<uint64_t> Seen;
  Rounds.push_back(0);
  constexpr unsigned MaxRounds = 12;
  unsigned Unclear = 0;
  for (unsigned Round = 0; Round < MaxRounds && !In.empty() && Budget; ++Round) {
    Rounds.back() = std::min(Round, 3u);
    States Go;
    bool Forked = false;
    if (BodyFirst && Round == 0) {
      Go = std::move(In);
    } else {
      for (State &One : In) {
        States Single;
        Single.push_back(std::move(One));
        each(std::move(Single), [&] {
          bool Taken = true;
          if (CondVar)
            declare(CondVar);
          if (auto *E = dyn_cast_or_null<Expr>(Cond)) {
            Value V = resolve(eval(E));
            if (Dead)
              return;
            if (V.K == Value::Int || V.K == Value::Ptr) {
              Taken = V.K == Value::Int ? V.N != 0 : V.Id != 0;
            } else {
              Forked = true;
              if (V.K != Value::Sym)
                V = Value::of(Value::Sym, symbol("", false));
              Taken = branch(V, nullptr);
            }
          }
          (Taken ? Go : Out.Next).push_back(*S);
        });
      }
    }
    In.clear();
    merge(Go);
    // After some rounds of a loop whose end is unclear, it ends.
    if (Forked && ++Unclear > 3) {
      append(Out.Next, std::move(Go));
      break;
    }
    // Numbers that a loop counts would keep states apart forever.
    States New;
    for (State &X : Go)
      if (Seen.insert(X.signature(!Forked)).second)
        New.push_back(std::move(X));
    if (New.empty())
      break;
    Flow F = exec(Body, std::move(New));
    append(Out.Next, std::move(F.Break));
    append(Out.Return, std::move(F.Return));
    In = std::move(F.Next);
    append(In, std::move(F.Continue));
    if (auto *E = dyn_cast_or_null<Expr>(Inc))
      In = each(std::move(In), [&] { eval(E); });
    merge(In);
  }
  append(Out.Next, std::move(In));
  Rounds.pop_back();
  merge(Out.Next);
  merge(Out.Return);
  return Out;
}

Flow Interp::execRange(const CXXForRangeStmt *R, States In) {
  Flow Out;
  if (R->getInit())
    In = exec(R->getInit(), std::move(In)).Next;
  const VarDecl *Var = R->getLoopVariable();
  const Expr *RangeE = R->getRangeInit();
  CellId Range = 0;
  // The range is kept alive by a variable of the loop's own.
  const void *Hidden = R->getRangeStmt();
  In = each(std::move(In), [&] {
    Range = RangeE->isGLValue() ? loc(RangeE) : S->cell(eval(RangeE));
    S->top().Vars[Hidden] = Range;
  });
  Rounds.push_back(0);
  for (unsigned Round = 0; Round < 12 && !In.empty() && Budget; ++Round) {
    Rounds.back() = std::min(Round, 3u);
    States Go;
    bool More = false;
    for (State &One : In) {
      CellId C = 0;
      {
        State *Saved = S;
        S = &One;
        C = target(One.top().Vars[Hidden]);
        S = Saved;
      }
      const Value &V = One.Cells[C];
      bool Exact = V.K == Value::Object && !One.Objects[V.Id].Opaque;
      size_t Size = Exact ? One.Objects[V.Id].Elems.size() : 3;
      if (Exact ? Round >= Size : Round > 0)
        Out.Next.push_back(One);
      if (Round < Size) {
        Go.push_back(std::move(One));
        More = true;
      }
    }
    if (!More)
      { In.clear(); break; }
    Go = each(std::move(Go), [&] {
      CellId E = elementOf(S->top().Vars[Hidden], Round, Var->getType(), RangeE);
      if (Var->getType()->isReferenceType())
        S->top().Vars[Var] = E;
      else
        S->top().Vars[Var] = S->cell(copyOf(load(E)));
      if (auto *D = dyn_cast<DecompositionDecl>(Var))
        bindings(D, S->top().Vars[Var]);
    });
    Flow F = exec(R->getBody(), std::move(Go));
    append(Out.Next, std::move(F.Break));
    append(Out.Return, std::move(F.Return));
    In = std::move(F.Next);
    append(In, std::move(F.Continue));
    merge(In);
  }
  append(Out.Next, std::move(In));
  Rounds.pop_back();
  merge(Out.Next);
  merge(Out.Return);
  return Out;
}

Flow Interp::execSwitch(const SwitchStmt *Sw, States In) {
  Flow Out;
  if (Sw->getInit())
    In = exec(Sw->getInit(), std::move(In)).Next;
  auto *Body = dyn_cast<CompoundStmt>(Sw->getBody());
  if (!Body)
    return exec(Sw->getBody(), std::move(In));
  // One path enters at each label and runs on to the break.
  std::vector<std::pair<size_t, const Expr *>> Labels;
  bool HasDefault = false;
  for (size_t I = 0; I < Body->size(); ++I)
    for (const Stmt *X = Body->body_begin()[I]; auto *C = dyn_cast_or_null<SwitchCase>(X);
         X = C->getSubStmt()) {
      auto *Case = dyn_cast<CaseStmt>(C);
      HasDefault |= !Case;
      Labels.push_back({I, Case ? Case->getLHS() : nullptr});
    }
  std::stable_partition(Labels.begin(), Labels.end(),
                        [](auto &L) { return L.second != nullptr; });
  std::vector<States> Entry(Body->size());
  each(std::move(In), [&] {
    Value V = eval(Sw->getCond());
    for (auto &[I, E] : Labels) {
      if (E) {
        Value Same = compare(BO_EQ, V, eval(E), nullptr);
        if (!branch(Same, nullptr))
          continue;
      }
      if (!Dead)
        Entry[I].push_back(*S);
      return;
    }
    if (!Dead)
      Out.Next.push_back(*S);
  });
  States Now;
  for (size_t I = 0; I < Body->size(); ++I) {
    append(Now, std::move(Entry[I]));
    merge(Now);
    Flow F = exec(Body->body_begin()[I], std::move(Now));
    Now = std::move(F.Next);
    append(Out.Next, std::move(F.Break));
    append(Out.Continue, std::move(F.Continue));
    append(Out.Return, std::move(F.Return));
  }
  append(Out.Next, std::move(Now));
  merge(Out.Next);
  return Out;
}

void Interp::declare(const VarDecl *D) {
  if (D->isStaticLocal() && S->Globals.count(D))
    return;
  const Expr *Init = D->getInit();
  CellId C = 0;
  if (D->getType()->isReferenceType() && Init) {
    C = loc(Init);
  } else {
    Value V = Init ? eval(Init) : defaultValue(D->getType(), nullptr);
    C = S->cell(V);
  }
  if (Dead)
    return;
  (D->isStaticLocal() ? S->Globals : S->top().Vars)[D] = C;
  if (auto *Dec = dyn_cast<DecompositionDecl>(D)) {
    bindings(Dec, C);
    return;
  }
  Value V = S->Cells[C];
  if (V.K == Value::Tensor && S->Handles[V.Id].Name.empty())
    S->Handles.mut(V.Id).Name = D->getNameAsString();
  CellId T = target(C);
  if (S->Cells[T].K == Value::Object &&
      S->Objects[S->Cells[T].Id].Name.empty())
    S->Objects.mut(S->Cells[T].Id).Name = D->getNameAsString();
}

void Interp::bindings(const DecompositionDecl *D, CellId Whole) {
  unsigned I = 0;
  CellId W = target(Whole);
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
