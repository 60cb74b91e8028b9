// Bodies that run under a caller's facts: functions, constructors, closures.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"
#include "checks/flow/Reach.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

Value Interp::enter(const FunctionDecl *Fn, const Expr *Site, CellId This,
                    ArrayRef<CellId> Args,
                    ArrayRef<std::pair<const void *, CellId>> Captured) {
  const FunctionDecl *Def = nullptr;
  if (Dead)
    return Value();
  if (!Fn->hasBody(Def) || S->Frames.size() >= Opts.Depth || !visit())
    return passedOver(Fn, Site, This, Args, "is not followed");
  unsigned Same = 0;
  for (const Frame &F : S->Frames)
    Same += F.Fn == Def;
  // In a loop each level multiplies.
  if (Same > (Rounds.empty() ? 5u : 2u))
    return passedOver(Def, Site, This, Args, "calls itself");
  if (Costly.count(Def))
    return passedOver(Def, Site, This, Args, "is long and not followed");
  std::shared_ptr<std::vector<Outcome>> Memo;
  if (Cursor < Trail.size()) {
    Memo = Trail[Cursor].Memo;
  } else {
    Memo = std::make_shared<std::vector<Outcome>>();
    const bool Allowed = !Allowance && Reaching && !(*Reaching)(Def);
    if (Allowed)
      Allowance = Opts.Budget / 64;
    State Inner = *S;
    Frame F;
    F.Fn = Def;
    F.Site = Site;
    F.This = This;
    F.Serial = ++Serial;
    for (auto &[D, C] : Captured)
      F.Vars[D] = C;
    for (unsigned I = 0; I < Def->getNumParams(); ++I) {
      const ParmVarDecl *P = Def->getParamDecl(I);
      if (I < Args.size()) {
        bool Ref = P->getType()->isReferenceType();
        F.Vars[P] = Ref ? Args[I] : Inner.cell(Inner.Cells[Args[I]]);
      } else {
        F.Vars[P] = 0;
      }
    }
    Inner.Frames.push_back(std::move(F));
    auto SavedTrail = std::move(Trail);
    size_t SavedCursor = Cursor;
    State *SavedS = S;
    const Base Around = std::exchange(Since, from(*S));
    States In;
    In.push_back(std::move(Inner));
    Trail.clear();
    // Defaults, member initialisers and the body run in the new activation.
    In = each(std::move(In), [&] {
      for (unsigned I = 0; I < Def->getNumParams(); ++I) {
        const ParmVarDecl *P = Def->getParamDecl(I);
        if (S->top().Vars.lookup(P))
          continue;
        CellId C = P->hasDefaultArg() && !P->hasUninstantiatedDefaultArg()
                       ? S->cell(eval(P->getDefaultArg()))
                       : S->cell(fresh(P->getType(), P->getNameAsString(),
                                       SourceLocation(), ""));
        S->top().Vars[P] = C;
      }
      if (auto *Ctor = dyn_cast<CXXConstructorDecl>(Def))
        initialise(Ctor, Site);
    });
    Flow F2 = exec(Def->getBody(), std::move(In));
    GaveUp |= !F2.Goto.empty();
    States Exits;
    for (States *Part : {&F2.Next, &F2.Return})
      for (State &X : *Part) {
        Value V = X.top().Result;
        X.Frames.pop_back();
        if (X.NoGrad > X.Frames.size())
          X.NoGrad = 0;
        // What it returns is looked at as well.
        X.top().Vars[Def] = X.cell(V);
        Exits.push_back(std::move(X));
      }
    // Exits that the caller cannot tell apart are one. What a constructor makes
    // is in no variable yet: two such objects are told apart in an entry, but
    // networks are made of blocks, and each would double the ways. Of those is
    // known what they agree on.
    merge(Exits, ExactExits);
    if (SavedS->Frames.size() > 1 || Exits.size() > ExactExits) {
      Since = Around;
      merge(Exits, ExactExits, /*Differ=*/true);
    }
    for (State &X : Exits) {
      Value V = X.Cells[X.top().Vars.lookup(Def)];
      X.top().Vars.erase(Def);
      Memo->push_back({std::move(X), V});
    }
    Trail = std::move(SavedTrail);
    Cursor = SavedCursor;
    S = SavedS;
    Since = Around;
    Dead = false;
    if (Allowed && !*std::exchange(Allowance, std::nullopt)) {
      Costly.insert(Def);
      return passedOver(Def, Site, This, Args, "is long and not followed");
    }
    Trail.push_back({0, unsigned(std::max<size_t>(1, Memo->size())), Memo});
  }
  unsigned Taken = Trail[Cursor++].Taken;
  if (Memo->empty()) {
    Dead = true;
    return {};
  }
  *S = (*Memo)[Taken].S;
  return (*Memo)[Taken].V;
}

// A function that is not followed: what it may set or move is not known.
Value Interp::passedOver(const FunctionDecl *Fn, const Expr *Site, CellId This,
                         ArrayRef<CellId> Args, StringRef Why) {
  unknown(Site ? Site->getBeginLoc() : SourceLocation(),
          "'" + Fn->getNameAsString() + "' " + Why.str());
  auto *Method = dyn_cast<CXXMethodDecl>(Fn);
  if (This && Method && !Method->isConst())
    mayChange(This,
              Ctx.getLValueReferenceType(typeOf(Ctx, Method->getParent())));
  for (unsigned I = 0; I < Args.size() && I < Fn->getNumParams(); ++I)
    mayChange(Args[I], Fn->getParamDecl(I)->getType());
  return fresh(Fn->getReturnType(), "", SourceLocation(), "");
}

// The bases and members that a constructor initialises before its body, in its
// own activation.
void Interp::initialise(const CXXConstructorDecl *Ctor, const Expr *Site) {
  CellId This = S->top().This;
  for (const CXXCtorInitializer *I : Ctor->inits()) {
    if (Dead)
      return;
    if (const FieldDecl *M = I->getAnyMember()) {
      const Expr *Init = I->getInit();
      CellId C = M->getType()->isReferenceType() && Init->isGLValue()
                     ? loc(Init)
                     : S->cell(eval(Init));
      if (Dead)
        return;
      nameAfter(C, M);
      ObjectId Me = S->Cells[S->target(This)].Id;
      bool Set = false;
      for (auto &Fd : S->Objects.mut(Me).Fields)
        if (Fd.first == M->getCanonicalDecl())
          Fd.second = C, Set = true;
      if (!Set)
        S->Objects.mut(Me).Fields.push_back({M->getCanonicalDecl(), C});
    } else if (auto *Inherited = dyn_cast<CXXInheritedCtorInitExpr>(
                   I->getInit()->IgnoreImplicit())) {
      std::vector<CellId> Given;
      for (const ParmVarDecl *P : Ctor->parameters())
        Given.push_back(S->top().Vars.lookup(P));
      if (Inherited->getConstructor()->hasBody())
        enter(Inherited->getConstructor(), Site, This, Given);
    } else if (auto *CE =
                   dyn_cast<CXXConstructExpr>(I->getInit()->IgnoreImplicit());
               CE && Ty.isUserCode(CE->getConstructor())) {
      if (!CE->getConstructor()->hasBody()) {
        implicitConstruct(CE->getConstructor()->getParent(), CE, This);
        continue;
      }
      enter(CE->getConstructor(), CE, This,
            cellsOf({CE->getArgs(), CE->getNumArgs()}));
    }
  }
}

// What a constructor that nobody wrote does: bases, then initialisers in the
// class.
void Interp::implicitConstruct(const CXXRecordDecl *R, const Expr *Site,
                               CellId This) {
  for (const CXXBaseSpecifier &Base : R->bases()) {
    const CXXRecordDecl *B = Base.getType()->getAsCXXRecordDecl();
    if (!B || !B->hasDefinition() || !Ty.isUserCode(B))
      continue;
    B = B->getDefinition();
    const CXXConstructorDecl *Default = nullptr;
    for (const CXXConstructorDecl *C : B->ctors())
      if (C->isDefaultConstructor())
        Default = C;
    if (Default && Default->hasBody())
      enter(Default, Site, This, {});
    else
      implicitConstruct(B, Site, This);
  }
  for (const FieldDecl *F : R->fields()) {
    if (Dead || !F->hasInClassInitializer() || !F->getInClassInitializer())
      continue;
    CellId C = initialised(F, Site, This);
    ObjectId Me = S->Cells[S->target(This)].Id;
    S->Objects.mut(Me).Fields.push_back({F->getCanonicalDecl(), C});
  }
}

// What the initialiser in the class gives a field, in an activation of its own.
CellId Interp::initialised(const FieldDecl *F, const Expr *Site, CellId This) {
  S->Frames.push_back({});
  S->top().This = This;
  S->top().Fn = S->Frames[S->Frames.size() - 2].Fn;
  S->top().Site = Site;
  S->top().Serial = ++Serial;
  CellId C = S->cell(eval(F->getInClassInitializer()));
  S->Frames.pop_back();
  return C;
}

Value Interp::newRecord(const CXXConstructorDecl *Ctor, const Expr *Site,
                        ArrayRef<CellId> Args) {
  return newRecord(Ctor->getParent(), Ctor, Site, Args);
}

// Without a constructor by the implicit one, which clang declares when the
// first use is parsed: `std::make_shared<Net>()` alone is none, as its body is
// not.
Value Interp::newRecord(const CXXRecordDecl *R, const CXXConstructorDecl *Ctor,
                        const Expr *Site, ArrayRef<CellId> Args) {
  // What a module is made of moves with it, or is told of there.
  if (Site && llvm::none_of(S->Frames, [](const Frame &F) {
        return isa_and_nonnull<CXXConstructorDecl>(F.Fn);
      }))
    Built.insert(R);
  Object O;
  O.Rec = R;
  O.K = Ty.derives(R, "torch::nn::Module") ? Object::Module : Object::Record;
  Value V = S->object(std::move(O));
  CellId This = S->cell(V);
  // Members without an initialiser start at their default.
  std::vector<const CXXRecordDecl *> Chain{R};
  for (unsigned I = 0; I < Chain.size(); ++I) {
    for (const FieldDecl *F : Chain[I]->fields())
      if (!F->hasInClassInitializer() && !F->getType()->isReferenceType()) {
        TypeKind K = Ty.kindOf(F->getType());
        if (K == TypeKind::Tensor || K == TypeKind::List ||
            K == TypeKind::Pointer || K == TypeKind::Options) {
          CellId C = S->cell(defaultValue(F->getType(), nullptr));
          S->Objects.mut(V.Id).Fields.push_back({F->getCanonicalDecl(), C});
        }
      }
    for (const CXXBaseSpecifier &B : Chain[I]->bases())
      if (auto *BR = B.getType()->getAsCXXRecordDecl();
          BR && BR->hasDefinition() && Ty.isUserCode(BR))
        Chain.push_back(BR->getDefinition());
  }
  if (Ctor && Ctor->hasBody()) {
    enter(Ctor, Site, This, Args);
  } else if (!Ctor || Ctor->isImplicit() || Ctor->isDefaulted()) {
    implicitConstruct(R, Site, This);
  } else {
    name(Ctor, Result.Unseen);
    unknown(Site ? Site->getBeginLoc() : SourceLocation(),
            "constructor of '" + R->getNameAsString() +
                "' is defined elsewhere");
    S->Objects.mut(V.Id).Opaque = true;
    S->Objects.mut(V.Id).Unseen = Device::symbol(++DeviceSymbols);
  }
  return Dead ? Value() : S->Cells[This];
}

// The call operator of a record; with arguments, the one that takes them.
const CXXMethodDecl *Interp::callOperator(const Value &V,
                                          const ArrayRef<CellId> *Args) {
  const CXXRecordDecl *R =
      V.K == Value::Object && S->Objects[V.Id].K == Object::Record
          ? S->Objects[V.Id].Rec
          : nullptr;
  if (!R || !Ty.isUserCode(R) || !R->hasDefinition())
    return nullptr;
  SmallVector<const CXXMethodDecl *, 2> Some;
  for (const CXXMethodDecl *M : R->getDefinition()->methods()) {
    if (M->getOverloadedOperator() != OO_Call || !M->hasBody())
      continue;
    if (!Args)
      return M;
    if (Args->size() > M->getNumParams() ||
        Args->size() < M->getMinRequiredArguments())
      continue;
    bool Takes = true;
    for (unsigned I = 0; Takes && I < Args->size(); ++I)
      Takes = holds(load((*Args)[I]),
                    M->getParamDecl(I)->getType().getNonReferenceType())
                  .value_or(true);
    if (Takes)
      return M;
    Some.push_back(M);
  }
  // A parameter may be the base of what it is given.
  return Some.size() == 1 ? Some[0] : nullptr;
}

StringRef Interp::operatorOf(const CXXRecordDecl *R) {
  if (!R || !R->getIdentifier())
    return "";
  if (R->getName() == "Normalize" &&
      R->getQualifiedNameAsString() == "torch::data::transforms::Normalize")
    return "normalize";
  if (!R->isInStdNamespace())
    return "";
  return llvm::StringSwitch<StringRef>(R->getName())
      .Case("plus", "add")
      .Case("minus", "sub")
      .Case("multiplies", "mul")
      .Case("divides", "div")
      .Default("");
}

Value Interp::callClosure(const Value &V0, const Expr *Site,
                          ArrayRef<CellId> Args, QualType T) {
  Value V = V0;
  if (V.K == Value::Ptr && V.Id)
    V = S->Cells[S->target(V.Id)];
  if (V.K == Value::Fn)
    if (auto *F = static_cast<const FunctionDecl *>(V.P); Ty.isUserCode(F)) {
      auto *M = dyn_cast<CXXMethodDecl>(F);
      if (M && !M->isStatic())
        return Args.empty()
                   ? Value()
                   : enter(F, Site, S->target(Args[0]), Args.drop_front());
      return enter(F, Site, 0, Args);
    }
  if (V.K == Value::Object && S->Objects[V.Id].K == Object::Closure) {
    const LambdaExpr *L = S->Objects[V.Id].Lambda;
    if (!L) { // std::bind
      std::vector<CellId> Bound;
      const auto Parts = S->Objects[V.Id].Elems;
      for (CellId C : ArrayRef(Parts).drop_front()) {
        const Value &X = S->Cells[C];
        if (X.K == Value::Hole && size_t(X.N) <= Args.size() && X.N > 0)
          Bound.push_back(Args[X.N - 1]);
        else
          Bound.push_back(X.K == Value::Ptr && X.Id ? X.Id : C);
      }
      return callClosure(S->Cells[Parts[0]], Site, Bound, T);
    }
    const CXXMethodDecl *Op = L->getCallOperator();
    if (auto *FT = Op->getDescribedFunctionTemplate()) {
      // The call says which specialisation; through a wrapper, any will do.
      auto *Call = dyn_cast<CallExpr>(Site);
      const FunctionDecl *Callee = Call ? Call->getDirectCallee() : nullptr;
      for (FunctionDecl *Spec : FT->specializations())
        if (Spec->hasBody() &&
            (Op->getDescribedFunctionTemplate() || Spec == Callee))
          Op = cast<CXXMethodDecl>(Spec);
    }
    std::vector<std::pair<const void *, CellId>> Captured;
    for (auto &F : S->Objects[V.Id].Fields)
      Captured.push_back(F);
    CellId This =
        S->Objects[V.Id].Elems.empty() ? 0 : S->Objects[V.Id].Elems[0];
    return enter(Op, Site, This, Args, Captured);
  }
  if (const CXXMethodDecl *M = callOperator(V, &Args))
    return enter(M, Site, S->cell(V), Args);
  StringRef Op =
      V.K == Value::Object ? operatorOf(S->Objects[V.Id].Rec) : StringRef();
  if (Op == "normalize" && Args.size() == 1)
    return copyOf(load(S->target(Args[0])));
  if (!Op.empty() && Args.size() == 2)
    if (Value Result = combined(Op, load(S->target(Args[0])), nullptr,
                                load(S->target(Args[1])), nullptr, Site))
      return Result;
  return fresh(T, "", Site->getBeginLoc(), "the callee is not known");
}

} // namespace torch_tidy
