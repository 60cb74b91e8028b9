// Statements with more than two ways on: loops and switch.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

/// What is not known after so many rounds of a loop is not looked for.
constexpr unsigned MaxRounds = 12;

// One round of a loop: the states in which another may follow.
States Interp::runRound(const Stmt *Body, States In, Flow &Out) {
  Flow F = exec(Body, std::move(In));
  append(Out.Next, std::move(F.Break));
  Out.returnFrom(F);
  append(F.Next, std::move(F.Continue));
  return std::move(F.Next);
}

void Interp::leaveLoop(Flow &Out, States Rest) {
  append(Out.Next, std::move(Rest));
  Rounds.pop_back();
  merge(Out.Next, ExactExits);
  merge(Out.Return, ExactExits);
}

// The states in which a later round follows: the loop may have ended before.
States Interp::goOnAt(const LaterRound &Round, const Stmt *Cond, States In) {
  States Out;
  for (State &X : In)
    goOnAt(Round, X);
  each(std::move(In), [&] {
    auto *E = dyn_cast_or_null<Expr>(Cond);
    Value V = E ? resolve(eval(E)) : Value();
    if (!Dead && (V.K != Value::Int || V.N))
      Out.push_back(*S);
  });
  return Out;
}

// A loop runs its first rounds one by one, because the first differs from the
// later ones (`model->to(kCPU)` at the end of a round). Whether another round
// follows is nobody's condition, so no report rests on it.
Flow Interp::execLoop(const Stmt *Loop, const Stmt *Cond, const Stmt *Inc,
                      const Stmt *Body, States In, bool BodyFirst,
                      const VarDecl *CondVar) {
  Flow Out;
  std::set<uint64_t> Seen;
  Rounds.push_back(0);
  unsigned Unclear = 0, Limit = Effort.share(MaxRounds);
  unsigned Jumps = 0, Jumped = 0; // Rounds before `Jumped` are all looked at.
  const std::vector<LaterRound> &Later = laterRounds(Loop);
  for (unsigned Round = 0; Round < Limit && !In.empty() && Effort; ++Round) {
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
    const bool MayEnd = Forked && ++Unclear > 3;
    // Numbers that a loop counts would keep states apart forever.
    States New;
    for (State &X : Go)
      if (Round < Jumped || Seen.insert(Signature(X, !Forked, Since)).second)
        New.push_back(X);
    const bool IsLast = Round + 1 == Limit && Limit > FewRounds;
    States Far;
    if ((MayEnd || New.empty() || IsLast) && Round && Jumps < Later.size())
      Far = goOnAt(Later[Jumps++], Cond, Go);
    if (MayEnd)
      append(Out.Next, std::move(Go));
    if (!Far.empty()) {
      New = std::move(Far);
      Jumped = Round + FewRounds;
      Limit = Jumped + (Jumps < Later.size());
      Unclear = 0;
    } else if (MayEnd) {
      break;
    }
    if (New.empty())
      break;
    In = runRound(Body, std::move(New), Out);
    if (auto *E = dyn_cast_or_null<Expr>(Inc))
      In = each(std::move(In), [&] { eval(E); });
    merge(In);
  }
  // An endless loop is only left by what jumps out of it.
  bool Ends = true;
  if (auto *E = dyn_cast_or_null<Expr>(Cond))
    Ends = E->isValueDependent() ||
           !(E->EvaluateAsBooleanCondition(Ends, Ctx) && Ends);
  else
    Ends = CondVar != nullptr;
  if (!Ends)
    In.clear();
  leaveLoop(Out, std::move(In));
  return Out;
}

// A loop that may give the elements of a container other tensors.
static bool replacesElements(const CXXForRangeStmt *Loop) {
  QualType T = Loop->getLoopVariable()->getType();
  return T->isReferenceType() && !T->getPointeeType().isConstQualified() &&
         Interp::assigns(Loop->getBody());
}

// Where the rounds so far have left their elements: after the last round that
// is said of all, however many there are.
std::optional<Handle>
Interp::elementsSoFar(State &At, const CXXForRangeStmt *Loop, unsigned Round) {
  if (Round == 0)
    return Handle();
  Value V = At.Cells[At.top().Vars.lookup(Loop->getLoopVariable())];
  if (V.K == Value::Object && At.Objects[V.Id].Elems.size() == 2)
    V = At.Cells[At.Objects[V.Id].Elems[1]];
  if (V.K != Value::Tensor)
    return std::nullopt;
  CellId &Agreed = At.top().Vars[Loop->getBody()];
  if (Round == 1)
    Agreed = At.cell(V);
  const Value &First = At.Cells[Agreed];
  if (First.K != Value::Tensor ||
      !At.Handles[First.Id].Fact.Dev.sameAs(At.Handles[V.Id].Fact.Dev))
    return std::nullopt;
  return At.Handles[V.Id];
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
    Range = cellOf(RangeE);
    S->top().Vars[Hidden] = Range;
  });
  Rounds.push_back(0);
  const std::vector<LaterRound> &Later = laterRounds(R);
  for (unsigned Round = 0;
       Round < Effort.share(MaxRounds) && !In.empty() && Effort; ++Round) {
    Rounds.back() = std::min(Round, 3u);
    States Go;
    bool More = false;
    for (State &One : In) {
      CellId C = 0;
      {
        State *Saved = S;
        S = &One;
        C = S->target(One.top().Vars.lookup(Hidden));
        S = Saved;
      }
      const Value &V = One.Cells[C];
      bool Exact = V.K == Value::Object && !One.Objects[V.Id].Opaque;
      size_t Size = Exact ? One.Objects[V.Id].Elems.size()
                          : FewRounds * (1 + Later.size());
      if (Exact ? Round >= Size : Round > 0) {
        std::optional<Handle> All;
        if (!Exact && replacesElements(R))
          All = elementsSoFar(One, R, Round);
        Out.Next.push_back(One);
        if (V.K == Value::Object && All) {
          Object &O = Out.Next.back().Objects.mut(V.Id);
          O.Opaque = Round > 0;
          O.Unseen = All->Fact.Dev;
          O.Like = 0;
          O.Move = All->From;
          Out.Next.back().top().Vars.erase(R->getBody());
        }
      }
      if (Round < Size) {
        if (!Exact && Round >= FewRounds && Round % FewRounds == 0)
          goOnAt(Later[Round / FewRounds - 1], One);
        Go.push_back(std::move(One));
        More = true;
      }
    }
    if (!More) {
      In.clear();
      break;
    }
    Go = each(std::move(Go), [&] {
      CellId E = elementOf(S->top().Vars.lookup(Hidden), Round, Var->getType(),
                           RangeE);
      // `for (Tensor &t : references)`: through the wrapper.
      if (Ty.kindOf(Var->getType()) == TypeKind::Tensor)
        E = S->target(E);
      if (Var->getType()->isReferenceType())
        S->top().Vars[Var] = E;
      else
        S->top().Vars[Var] = S->cell(copyOf(load(E)));
      if (auto *D = dyn_cast<DecompositionDecl>(Var))
        bindings(D, S->top().Vars.lookup(Var));
    });
    In = runRound(R->getBody(), std::move(Go), Out);
    merge(In);
  }
  // The loop's own variables end with it.
  for (States *At : {&Out.Next, &In}) {
    leaveScope({Var}, *At);
    for (State &X : *At)
      X.top().Vars.erase(Hidden);
  }
  leaveLoop(Out, std::move(In));
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
  for (size_t I = 0; I < Body->size(); ++I)
    for (const Stmt *X = Body->body_begin()[I];
         auto *C = dyn_cast_or_null<SwitchCase>(X); X = C->getSubStmt()) {
      auto *Case = dyn_cast<CaseStmt>(C);
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
    Out.returnFrom(F);
  }
  append(Out.Next, std::move(Now));
  merge(Out.Next);
  return Out;
}

} // namespace torch_tidy
