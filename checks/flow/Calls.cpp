// Calls: user functions run under the caller's facts, the rest is modelled.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

Value Interp::enter(const FunctionDecl *Fn, const Expr *Site, CellId This,
                    ArrayRef<CellId> Args,
                    ArrayRef<std::pair<const void *, CellId>> Captured) {
  const FunctionDecl *Def = nullptr;
  if (Dead || !Fn->hasBody(Def) || S->Frames.size() >= Opts.Depth || !visit()) {
    if (!Dead)
      unknown(Site ? Site->getBeginLoc() : SourceLocation(), "'" + Fn->getNameAsString() + "' is not followed");
    return Dead ? Value() : fresh(Fn->getReturnType(), "", SourceLocation(), "");
  }
  unsigned Same = 0;
  for (const Frame &F : S->Frames)
    Same += F.Fn == Def;
  if (Same > 2) {
    unknown(Site ? Site->getBeginLoc() : SourceLocation(), "recursion");
    return fresh(Fn->getReturnType(), "", SourceLocation(), "");
  }
  std::shared_ptr<std::vector<Outcome>> Memo;
  if (Cursor < Trail.size()) {
    Memo = Trail[Cursor].Memo;
  } else {
    Memo = std::make_shared<std::vector<Outcome>>();
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
    States In;
    In.push_back(std::move(Inner));
    Trail.clear();
    // Defaults, member initialisers and the body run in the new activation.
    In = each(std::move(In), [&] {
      for (unsigned I = 0; I < Def->getNumParams(); ++I) {
        const ParmVarDecl *P = Def->getParamDecl(I);
        if (S->top().Vars[P])
          continue;
        CellId C = P->hasDefaultArg() && !P->hasUninstantiatedDefaultArg() ? S->cell(eval(P->getDefaultArg()))
                                      : S->cell(fresh(P->getType(), P->getNameAsString(), SourceLocation(), ""));
        S->top().Vars[P] = C;
      }
      auto *Ctor = dyn_cast<CXXConstructorDecl>(Def);
      if (!Ctor)
        return;
      for (const CXXCtorInitializer *I : Ctor->inits()) {
        if (Dead)
          return;
        if (const FieldDecl *M = I->getAnyMember()) {
          const Expr *Init = I->getInit();
          CellId C = M->getType()->isReferenceType() && Init->isGLValue() ? loc(Init) : S->cell(eval(Init));
          if (Dead)
            return;
          Value V = S->Cells[C];
          if (V.K == Value::Tensor && S->Handles[V.Id].Name.empty())
            S->Handles.mut(V.Id).Name = M->getNameAsString();
          CellId T = target(C);
          if (S->Cells[T].K == Value::Object && S->Objects[S->Cells[T].Id].Name.empty())
            S->Objects.mut(S->Cells[T].Id).Name = M->getNameAsString();
          ObjectId Me = S->Cells[target(This)].Id;
          bool Set = false;
          for (auto &Fd : S->Objects.mut(Me).Fields)
            if (Fd.first == M->getCanonicalDecl())
              Fd.second = C, Set = true;
          if (!Set)
            S->Objects.mut(Me).Fields.push_back({M->getCanonicalDecl(), C});
        } else if (auto *CE = dyn_cast<CXXConstructExpr>(I->getInit()->IgnoreImplicit());
                   CE && isUserCode(CE->getConstructor()) && !CE->getConstructor()->isImplicit()) {
          std::vector<CellId> Cells;
          for (const Expr *A : CE->arguments())
            Cells.push_back(A->isGLValue() ? loc(A) : S->cell(eval(A)));
          enter(CE->getConstructor(), CE, This, Cells);
        }
      }
    });
    Flow F2 = exec(Def->getBody(), std::move(In));
    for (States *Part : {&F2.Next, &F2.Return})
      for (State &X : *Part) {
        Value V = X.top().Result;
        X.Frames.pop_back();
        Memo->push_back({std::move(X), V});
      }
    // Exits that the caller cannot tell apart are one.
    std::map<uint64_t, size_t> Seen;
    std::vector<Outcome> Few;
    for (Outcome &O : *Memo) {
      O.S.top().Vars[Def] = O.S.cell(O.V);
      uint64_t H = O.S.signature(true);
      auto [It, New] = Seen.try_emplace(H, Few.size());
      if (!New && (O.S.Threw || !Few[It->second].S.Threw)) {
        auto &K = Few[It->second].S.Known;
        for (auto J = K.begin(); J != K.end();) {
          auto Q = O.S.Known.find(J->first);
          J = Q == O.S.Known.end() || Q->second != J->second ? K.erase(J) : std::next(J);
        }
        continue;
      }
      if (New)
        Few.push_back(std::move(O));
      else
        Few[It->second] = std::move(O);
    }
    for (Outcome &O : Few)
      O.S.top().Vars.erase(Def);
    *Memo = std::move(Few);
    Trail = std::move(SavedTrail);
    Cursor = SavedCursor;
    S = SavedS;
    Dead = false;
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

Value Interp::newRecord(const CXXConstructorDecl *Ctor, const Expr *Site, ArrayRef<CellId> Args) {
  const CXXRecordDecl *R = Ctor->getParent();
  Object O;
  O.Rec = R;
  O.K = derives(R, "torch::nn::Module") ? Object::Module : Object::Record;
  Value V = S->object(std::move(O));
  CellId This = S->cell(V);
  // Members without an initialiser start at their default.
  std::vector<const CXXRecordDecl *> Chain{R};
  for (unsigned I = 0; I < Chain.size(); ++I) {
    for (const FieldDecl *F : Chain[I]->fields())
      if (!F->hasInClassInitializer() && !F->getType()->isReferenceType()) {
        TypeKind K = kindOf(F->getType());
        if (K == TypeKind::Tensor || K == TypeKind::List || K == TypeKind::Pointer ||
            K == TypeKind::Options) {
          CellId C = S->cell(defaultValue(F->getType(), nullptr));
          S->Objects.mut(V.Id).Fields.push_back({F->getCanonicalDecl(), C});
        }
      }
    for (const CXXBaseSpecifier &B : Chain[I]->bases())
      if (auto *BR = B.getType()->getAsCXXRecordDecl(); BR && BR->hasDefinition() && isUserCode(BR))
        Chain.push_back(BR->getDefinition());
  }
  const FunctionDecl *Def = nullptr;
  if (Ctor->hasBody(Def)) {
    enter(Ctor, Site, This, Args);
  } else if (Ctor->isImplicit() || Ctor->isDefaulted()) {
    for (const FieldDecl *F : R->fields())
      if (F->hasInClassInitializer() && F->getInClassInitializer()) {
        S->Frames.push_back({});
        S->top().This = This;
        S->top().Fn = S->Frames[S->Frames.size() - 2].Fn;
        S->top().Site = Site;
        S->top().Serial = ++Serial;
        CellId C = S->cell(eval(F->getInClassInitializer()));
        S->Frames.pop_back();
        S->Objects.mut(V.Id).Fields.push_back({F->getCanonicalDecl(), C});
      }
  } else {
    unknown(Site ? Site->getBeginLoc() : SourceLocation(), "constructor of '" + R->getNameAsString() + "' is defined elsewhere");
    S->Objects.mut(V.Id).Opaque = true;
    S->Objects.mut(V.Id).Unseen = Device::symbol(++DeviceSymbols);
  }
  return Dead ? Value() : S->Cells[This];
}

Value Interp::callClosure(const Value &V0, const Expr *Site, ArrayRef<CellId> Args, QualType T) {
  Value V = V0;
  if (V.K == Value::Ptr && V.Id)
    V = S->Cells[target(V.Id)];
  if (V.K == Value::Fn)
    if (auto *F = static_cast<const FunctionDecl *>(V.P); isUserCode(F))
      return enter(F, Site, 0, Args);
  if (V.K == Value::Object && S->Objects[V.Id].K == Object::Closure) {
    const LambdaExpr *L = S->Objects[V.Id].Lambda;
    const CXXMethodDecl *Op = L->getCallOperator();
    if (auto *FT = Op->getDescribedFunctionTemplate()) {
      // The specialisation for these arguments: the one with as many of them.
      for (FunctionDecl *Spec : FT->specializations())
        if (Spec->hasBody())
          Op = cast<CXXMethodDecl>(Spec);
    }
    std::vector<std::pair<const void *, CellId>> Captured;
    for (auto &F : S->Objects[V.Id].Fields)
      Captured.push_back(F);
    CellId This = S->Objects[V.Id].Elems.empty() ? 0 : S->Objects[V.Id].Elems[0];
    return enter(Op, Site, This, Args, Captured);
  }
  return fresh(T, "", Site->getBeginLoc(), "the callee is not known");
}

// What an unseen function may have done to what it was given by reference.
void Interp::havoc(const CallExpr *E, ArrayRef<const Expr *> Args) {
  const FunctionDecl *Fn = E->getDirectCallee();
  for (unsigned I = 0; I < Args.size(); ++I) {
    const Expr *A = Args[I];
    QualType PT = Fn && I < Fn->getNumParams() ? Fn->getParamDecl(I)->getType() : A->getType();
    TypeKind K = kindOf(A->getType());
    bool Module = K == TypeKind::Holder || K == TypeKind::Module ||
                  (K == TypeKind::Pointer && heldModule(A->getType()));
    bool Writes = (PT->isReferenceType() && !PT->getPointeeType().isConstQualified()) || PT->isPointerType();
    if (!A->isGLValue() && !Module)
      continue;
    if (Module) {
      CellId C = target(A->isGLValue() ? loc(A) : S->cell(eval(A)));
      std::set<ObjectId> Seen;
      moveModule(C, Device::symbol(++DeviceSymbols), Dtype::Unknown, nullptr, "", nullptr, Seen);
    } else if (Writes && A->isGLValue()) {
      S->Cells.mut(loc(A)) = fresh(A->getType(), text(A), E->getBeginLoc(), "written by an unseen function");
    }
  }
}

Value Interp::call(const CallExpr *E) {
  const FunctionDecl *Fn = E->getDirectCallee();
  std::vector<const Expr *> Args(E->arg_begin(), E->arg_end());
  const Expr *BaseE = nullptr;
  CellId Base = 0;
  if (auto *M = dyn_cast<CXXMemberCallExpr>(E)) {
    BaseE = M->getImplicitObjectArgument();
    if (BaseE) {
      if (BaseE->getType()->isPointerType()) {
        Value P = eval(BaseE);
        Base = P.K == Value::Ptr && P.Id ? P.Id : S->cell(P);
      } else {
        Base = BaseE->isGLValue() ? loc(BaseE) : S->cell(eval(BaseE));
      }
    }
  } else if (isa<CXXOperatorCallExpr>(E) && !Args.empty() && Fn && isa<CXXMethodDecl>(Fn)) {
    BaseE = Args[0];
    Base = BaseE->isGLValue() ? loc(BaseE) : S->cell(eval(BaseE));
    Args.erase(Args.begin());
  }
  if (Dead)
    return {};
  if (!Fn) {
    Value Callee = eval(E->getCallee());
    std::vector<CellId> Cells;
    for (const Expr *A : Args)
      Cells.push_back(A->isGLValue() ? loc(A) : S->cell(eval(A)));
    return Dead ? Value() : callClosure(Callee, E, Cells, E->getType());
  }
  auto ArgCells = [&] {
    std::vector<CellId> Cells;
    for (const Expr *A : Args)
      if (!isa<CXXDefaultArgExpr>(A))
        Cells.push_back(A->isGLValue() ? loc(A) : S->cell(eval(A)));
    return Cells;
  };
  // Spelled operators of pointers, holders and iterators.
  if (auto *Op = dyn_cast<CXXOperatorCallExpr>(E)) {
    TypeKind BK = BaseE ? kindOf(BaseE->getType()) : TypeKind::Other;
    switch (Op->getOperator()) {
    case OO_Arrow:
    case OO_Star:
      if (Base && Args.empty() && !isUserCode(Fn)) {
        Value V = load(Base);
        if (Op->getOperator() == OO_Arrow) {
          if (V.K == Value::Ptr)
            return V;
          return Value::of(Value::Ptr, Base);
        }
        if (V.K == Value::Ptr && V.Id)
          return Value::of(Value::Ref, V.Id);
        if (BK == TypeKind::Optional || V.K == Value::Object)
          return Value::of(Value::Ref, Base);
        return fresh(E->getType(), "", E->getBeginLoc(), "an unknown iterator");
      }
      break;
    case OO_Call:
      if (BaseE) {
        Value V = load(target(Base));
        if (V.K == Value::Fn || (V.K == Value::Object && S->Objects[V.Id].K == Object::Closure)) {
          auto Cells = ArgCells();
          return Dead ? Value() : callClosure(V, E, Cells, E->getType());
        }
      }
      break;
    case OO_Equal:
      if (Base && !isUserCode(Fn) && kindOf(BaseE->getType()) != TypeKind::Tensor) {
        const Expr *A = Args[0];
        if (BK == TypeKind::Holder || BK == TypeKind::Pointer || BK == TypeKind::Device ||
            BK == TypeKind::List || BK == TypeKind::Options || BK == TypeKind::Dtype ||
            BK == TypeKind::Optional || BK == TypeKind::Pair || BK == TypeKind::JitModule || BK == TypeKind::IValue) {
          Value V = eval(A);
          if (Dead)
            return {};
          Value Old = S->Cells[Base];
          // std::tie: a tuple of references is assigned through.
          if (BK == TypeKind::Pair && Old.K == Value::Object && V.K == Value::Object &&
              S->Objects[Old.Id].Elems.size() == S->Objects[V.Id].Elems.size() &&
              !BaseE->isLValue()) {
            auto To = S->Objects[Old.Id].Elems, From = S->Objects[V.Id].Elems;
            for (unsigned I = 0; I < To.size(); ++I)
              S->Cells.mut(To[I]) = S->Cells[From[I]];
            return Value::of(Value::Ref, Base);
          }
          bool Moves = !A->isLValue();
          S->Cells.mut(Base) = Moves ? V : copyOf(V);
          return Value::of(Value::Ref, Base);
        }
      }
      break;
    default:
      break;
    }
  }
  // A user-provided default or implicit assignment of records.
  if (auto *M = dyn_cast<CXXMethodDecl>(Fn);
      M && Base && (M->isCopyAssignmentOperator() || M->isMoveAssignmentOperator()) &&
      (M->isImplicit() || M->isDefaulted()) && kindOf(BaseE->getType()) == TypeKind::Other) {
    Value V = eval(Args[0]);
    if (!Dead)
      S->Cells.mut(Base) = copyOf(V);
    return Value::of(Value::Ref, Base);
  }
  bool Known = false;
  if (!isUserCode(Fn)) {
    Value V = stdCall(E, Fn, Base, Args, Known);
    if (!Known && !Dead)
      V = torchCall(E, Fn, Base, BaseE, Args, Known);
    if (Known || Dead)
      return V;
    for (const Expr *A : Args)
      if (!isa<CXXDefaultArgExpr>(A))
        eval(A);
    if (Dead)
      return {};
    if (Fn->isNoReturn()) {
      Dead = true;
      return {};
    }
    return fresh(E->getType(), "", E->getBeginLoc(), "no model for '" + qualified(Fn) + "'");
  }
  // The module's own methods that LibTorch provides, called on a user class,
  // have been handled above; here is the user's code.
  const FunctionDecl *Target = Fn;
  if (auto *M = dyn_cast<CXXMethodDecl>(Fn); M && Base && M->isVirtual()) {
    Value V = S->Cells[target(Base)];
    if (V.K == Value::Object && S->Objects[V.Id].Rec && S->Objects[V.Id].Rec->hasDefinition())
      if (auto *Over = M->getCorrespondingMethodInClass(S->Objects[V.Id].Rec->getDefinition()))
        Target = Over;
  }
  const FunctionDecl *Def = nullptr;
  if (Target->hasBody(Def)) {
    auto Cells = ArgCells();
    return Dead ? Value() : enter(Target, E, Base ? target(Base) : 0, Cells);
  }
  auto Cells = ArgCells();
  if (Dead)
    return {};
  if (Fn->isNoReturn()) {
    Dead = true;
    return {};
  }
  if (Value V = Base ? S->Cells[target(Base)] : Value();
      V.K == Value::Object && S->Objects[V.Id].K == Object::Module &&
      S->Objects[V.Id].Rec && isUserCode(S->Objects[V.Id].Rec) &&
      S->Objects[V.Id].Rec->hasDefinition() &&
      kindOf(E->getType()) != TypeKind::Number && !E->getType()->isVoidType()) {
    Value Unseen;
    if (unseenForward(E, target(Base), BaseE, Cells, Args, E->getType(), Unseen))
      return Unseen;
  }
  havoc(E, Args);
  unknown(E->getBeginLoc(), "'" + Fn->getNameAsString() + "' is defined elsewhere");
  return fresh(E->getType(), Fn->getNameAsString() + "()", E->getBeginLoc(), "returned by an unseen function");
}

Value Interp::stdCall(const CallExpr *E, const FunctionDecl *Fn, CellId Base,
                      ArrayRef<const Expr *> Args, bool &Known) {
  std::string Q = qualified(Fn);
  StringRef Name = Fn->getDeclName().isIdentifier() ? Fn->getName() : StringRef();
  Known = true;
  auto Arg = [&](unsigned I) { return eval(Args[I]); };
  auto ArgLoc = [&](unsigned I) {
    return Args[I]->isGLValue() ? loc(Args[I]) : S->cell(eval(Args[I]));
  };
  bool Std = StringRef(Q).starts_with("std::");
  if (Q == "std::move" || Q == "std::forward" || Q == "std::ref" || Q == "std::cref" ||
      Q == "std::as_const" || Q == "std::addressof") {
    CellId C = ArgLoc(0);
    return Value::of(Q == "std::ref" || Q == "std::cref" || Q == "std::addressof" ? Value::Ptr : Value::Ref, C);
  }
  if (Q == "std::make_shared" || Q == "std::make_unique") {
    const TemplateArgumentList *TA = Fn->getTemplateSpecializationArgs();
    QualType T = TA && TA->size() ? TA->get(0).getAsType() : QualType();
    const CXXRecordDecl *R = T.isNull() ? nullptr : T->getAsCXXRecordDecl();
    std::vector<CellId> Cells;
    for (unsigned I = 0; I < Args.size(); ++I)
      Cells.push_back(ArgLoc(I));
    if (Dead || !R)
      return R ? Value() : fresh(E->getType(), "", E->getBeginLoc(), "make_shared");
    Value V;
    if (isUserCode(R)) {
      const CXXConstructorDecl *Best = nullptr;
      if (R->hasDefinition())
        for (const CXXConstructorDecl *C : R->getDefinition()->ctors())
          if (!C->isCopyOrMoveConstructor() && !C->isDeleted() && Cells.size() <= C->getNumParams() &&
              Cells.size() >= C->getMinRequiredArguments())
            Best = C;
      if (Best)
        V = newRecord(Best, E, Cells);
      else
        V = fresh(T, "", E->getBeginLoc(), "no constructor found");
    } else if (derives(R, "torch::nn::Module")) {
      std::vector<Value> Vs;
      for (CellId C : Cells)
        Vs.push_back(load(C));
      StringRef K = R->getName();
      K.consume_back("Impl");
      V = newModule(K, Vs, E, R);
    } else if (kindOf(T) == TypeKind::Optimizer) {
      std::vector<Value> Vs;
      for (CellId C : Cells)
        Vs.push_back(load(C));
      V = newOptimizer(R, Vs);
    } else if (Cells.size() == 1) {
      V = load(Cells[0]);
    } else {
      V = Cells.empty() ? defaultValue(T, nullptr) : fresh(T, "", E->getBeginLoc(), "make_shared");
    }
    return Dead ? Value() : Value::of(Value::Ptr, S->cell(V));
  }
  if (Q == "std::make_tuple" || Q == "std::make_pair" || Q == "std::tie" || Q == "std::forward_as_tuple") {
    Object O;
    O.K = Object::List;
    for (unsigned I = 0; I < Args.size(); ++I)
      O.Elems.push_back(Q == "std::tie" ? ArgLoc(I) : S->cell(copyOf(Arg(I))));
    return Dead ? Value() : S->object(std::move(O));
  }
  if (Q == "std::get") {
    const TemplateArgumentList *TA = Fn->getTemplateSpecializationArgs();
    CellId C = ArgLoc(0);
    if (Dead)
      return {};
    std::optional<int64_t> I;
    if (TA && TA->size() && TA->get(0).getKind() == TemplateArgument::Integral)
      I = TA->get(0).getAsIntegral().getExtValue();
    return Value::of(Value::Ref, elementOf(C, I, E->getType(), E));
  }
  if (Q == "std::swap") {
    CellId A = ArgLoc(0), B = ArgLoc(1);
    if (!Dead)
      std::swap(S->Cells.mut(A), S->Cells.mut(B));
    return {};
  }
  if (Q == "std::for_each" && Args.size() == 3) {
    Value F = Arg(2);
    Value First = Arg(0);
    (void)First;
    Known = true;
    return F;
  }
  if (Q == "std::exit" || Name == "exit" || Name == "abort" || Q == "std::terminate") {
    Dead = true;
    return {};
  }
  if (Name == "__builtin_expect")
    return Arg(0);
  auto *M = dyn_cast<CXXMethodDecl>(Fn);
  if (!M || !Base || !(Std || StringRef(Q).starts_with("c10::ArrayRef") || StringRef(Q).starts_with("c10::intrusive_ptr") || StringRef(Q).starts_with("c10::optional"))) {
    Known = false;
    return {};
  }
  std::string Cls = qualified(M->getParent());
  CellId C = Base;
  OverloadedOperatorKind Op = Fn->getOverloadedOperator();
  if (StringRef(Cls).contains("shared_ptr") || StringRef(Cls).contains("unique_ptr") ||
      Cls == "std::reference_wrapper" || Cls == "std::__shared_ptr_access") {
    Value V = load(C);
    if (Name == "get")
      return Cls == "std::reference_wrapper" && V.K == Value::Ptr && V.Id ? Value::of(Value::Ref, V.Id) : V;
    if (isa<CXXConversionDecl>(M))
      return V.K == Value::Ptr ? (Cls == "std::reference_wrapper" ? Value::of(Value::Ref, V.Id) : Value::integer(V.Id != 0)) : Value();
    if (Name == "reset") {
      S->Cells.mut(C) = Args.empty() || isa<CXXDefaultArgExpr>(Args[0]) ? Value::of(Value::Ptr, 0) : Arg(0);
      return {};
    }
    Known = Name == "use_count";
    return {};
  }
  if (Cls == "std::optional" || Cls == "c10::optional" || StringRef(Cls).starts_with("std::_Optional")) {
    Value V = load(C);
    if (Name == "value")
      return Value::of(Value::Ref, C);
    if (Name == "has_value" || isa<CXXConversionDecl>(M))
      return V.K == Value::None ? Value::of(Value::Sym, symbol(text(E), true)) : Value::integer(1);
    if (Name == "value_or")
      return V.K == Value::None ? fresh(E->getType(), "", E->getBeginLoc(), "optional") : V;
    Known = false;
    return {};
  }
  if (kindOf(Ctx.getCanonicalTagType(M->getParent())) == TypeKind::List) {
    C = target(C);
    Value V = S->Cells[C];
    bool Have = V.K == Value::Object;
    if (Op == OO_Subscript || Name == "at") {
      Value I = Arg(0);
      return Dead ? Value() : Value::of(Value::Ref, elementOf(C, I.K == Value::Int ? std::optional<int64_t>(I.N) : std::nullopt, E->getType(), E));
    }
    if (Name == "front")
      return Value::of(Value::Ref, elementOf(C, 0, E->getType(), E));
    if (Name == "back")
      return Value::of(Value::Ref, elementOf(C, -1, E->getType(), E));
    if (Name == "size")
      return Have && !S->Objects[V.Id].Opaque ? Value::integer(S->Objects[V.Id].Elems.size()) : Value::of(Value::Sym, symbol("", false));
    if (Name == "empty")
      return Have && !S->Objects[V.Id].Opaque ? Value::integer(S->Objects[V.Id].Elems.empty()) : Value::of(Value::Sym, symbol(text(E), true));
    if (Name == "push_back" || Name == "emplace_back") {
      Value X = Args.empty() ? Value() : copyOf(Arg(0));
      if (Dead)
        return {};
      if (Have) {
        CellId N = S->cell(X);
        Object &O = S->Objects.mut(V.Id);
        if (O.Elems.size() < 24)
          O.Elems.push_back(N);
        else
          O.Opaque = true;
      }
      return {};
    }
    if (Name == "clear") {
      if (Have)
        S->Objects.mut(V.Id).Elems.clear(), S->Objects.mut(V.Id).Opaque = false;
      return {};
    }
    if (Name == "begin" || Name == "end" || Name == "cbegin" || Name == "data")
      return Value::of(Value::Ptr, C);
    if (Name == "reserve")
      return {};
    if (Have && !M->isConst())
      S->Objects.mut(V.Id).Opaque = true;
  }
  Known = false;
  return {};
}

} // namespace torch_tidy
