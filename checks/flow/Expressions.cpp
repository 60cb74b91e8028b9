// Expressions: values and locations on one state.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

unsigned Interp::choose(unsigned N) {
  if (N <= 1)
    return 0;
  if (Cursor == Trail.size())
    Trail.push_back({0, N, nullptr});
  return Trail[Cursor++].Taken;
}

SymbolId Interp::symbol(std::string Name, bool Strong) {
  Symbols.emplace_back();
  Symbols.back().Name = std::move(Name);
  Symbols.back().Strong = Strong;
  return Symbols.size() - 1;
}

Value Interp::resolve(Value V) {
  if (V.K == Value::Sym) {
    auto It = S->Known.find(V.Id);
    if (It != S->Known.end())
      return Value::integer(V.Neg ? !It->second : It->second);
  }
  return V;
}

Value Interp::load(CellId C) { return resolve(S->Cells[C]); }

CellId Interp::target(CellId C) {
  for (unsigned I = 0; I < 8; ++I) {
    const Value &V = S->Cells[C];
    if ((V.K == Value::Ptr || V.K == Value::Ref) && V.Id)
      C = V.Id;
    else
      break;
  }
  return C;
}

Value Interp::eval(const Expr *E) {
  if (Dead || !visit())
    return {};
  if (E->isGLValue()) {
    CellId C = loc(E);
    return Dead ? Value() : load(C);
  }
  Value V = evalR(E);
  return V.K == Value::Ref ? load(V.Id) : resolve(V);
}

// The cell a glvalue names; a temporary gets a cell of its own.
CellId Interp::loc(const Expr *E) {
  E = E->IgnoreParens();
  if (Dead)
    return 0;
  switch (E->getStmtClass()) {
  case Stmt::DeclRefExprClass: {
    const ValueDecl *D = cast<DeclRefExpr>(E)->getDecl();
    auto Local = S->top().Vars.find(D);
    if (Local != S->top().Vars.end())
      return Local->second;
    auto Global = S->Globals.find(D);
    if (Global != S->Globals.end())
      return Global->second;
    if (auto *B = dyn_cast<BindingDecl>(D))
      if (B->getBinding() && !isa<DeclRefExpr>(B->getBinding()))
        return loc(B->getBinding());
    Value V;
    if (auto *Var = dyn_cast<VarDecl>(D)) {
      std::string Q = qualified(Var);
      if (StringRef(Q).starts_with("c10::k") || StringRef(Q).starts_with("at::k") ||
          StringRef(Q).starts_with("torch::k")) {
        StringRef N = Var->getName();
        if (N == "kCUDA")
          V = Value::device(Device::cuda());
        else if (N == "kCPU")
          V = Value::device(Device::cpu());
        else if (kindOf(Var->getType()) == TypeKind::Device)
          V = Value::device(Device::other());
      }
      if (!V && kindOf(Var->getType()) == TypeKind::Dtype && Var->getInit())
        V = eval(Var->getInit());
      // A constant at namespace scope is its initialiser; a variable there is
      // taken at what it starts with when nothing in this file writes it.
      if (!V && Var->hasGlobalStorage() && Var->getAnyInitializer() &&
          isUserCode(Var) && (Var->getType().isConstQualified() || Var->isConstexpr()))
        V = eval(Var->getAnyInitializer());
    }
    if (auto *F = dyn_cast<FunctionDecl>(D)) {
      V.K = Value::Fn;
      V.P = F;
    }
    if (!V)
      V = fresh(D->getType(), D->getNameAsString(), E->getBeginLoc(), "not set in this function");
    CellId C = S->cell(V);
    auto *Var = dyn_cast<VarDecl>(D);
    (Var && Var->hasGlobalStorage() ? S->Globals : S->top().Vars)[D] = C;
    return C;
  }
  case Stmt::MemberExprClass: {
    auto *M = cast<MemberExpr>(E);
    if (isa<VarDecl>(M->getMemberDecl())) {
      Value V = fresh(E->getType(), M->getMemberDecl()->getNameAsString(), E->getBeginLoc(), "a static member");
      return S->cell(V);
    }
    CellId B;
    if (M->isArrow()) {
      Value P = eval(M->getBase());
      B = P.K == Value::Ptr && P.Id ? P.Id : S->cell(P);
    } else {
      B = M->getBase()->isGLValue() ? loc(M->getBase()) : S->cell(eval(M->getBase()));
    }
    return Dead ? 0 : field(B, M->getMemberDecl());
  }
  case Stmt::ArraySubscriptExprClass: {
    auto *A = cast<ArraySubscriptExpr>(E);
    Value B = eval(A->getBase());
    Value I = eval(A->getIdx());
    CellId C = B.K == Value::Ptr ? B.Id : S->cell(B);
    return elementOf(C, I.K == Value::Int ? std::optional<int64_t>(I.N) : std::nullopt,
                     E->getType(), E);
  }
  case Stmt::UnaryOperatorClass: {
    auto *U = cast<UnaryOperator>(E);
    if (U->getOpcode() == UO_Deref) {
      Value P = eval(U->getSubExpr());
      if (P.K == Value::Ptr && P.Id)
        return P.Id;
      return S->cell(fresh(E->getType(), text(U->getSubExpr()), E->getBeginLoc(), "behind an unknown pointer"));
    }
    if (U->isIncrementDecrementOp()) {
      CellId C = loc(U->getSubExpr());
      Value V = load(C);
      S->Cells.mut(C) = V.K == Value::Int
                            ? Value::integer(V.N + (U->isIncrementOp() ? 1 : -1))
                            : Value::of(Value::Sym, symbol("", false));
      return C;
    }
    return loc(U->getSubExpr());
  }
  case Stmt::BinaryOperatorClass: {
    auto *B = cast<BinaryOperator>(E);
    if (B->getOpcode() == BO_Assign) {
      Value R = eval(B->getRHS());
      CellId C = loc(B->getLHS());
      if (!Dead)
        S->Cells.mut(C) = R;
      return C;
    }
    if (B->getOpcode() == BO_Comma) {
      eval(B->getLHS());
      return loc(B->getRHS());
    }
    break;
  }
  case Stmt::CompoundAssignOperatorClass: {
    auto *B = cast<CompoundAssignOperator>(E);
    Value R = eval(B->getRHS());
    CellId C = loc(B->getLHS());
    if (Dead)
      return 0;
    Value L = load(C);
    Value V = Value::of(Value::Sym, symbol("", false));
    if (L.K == Value::Int && R.K == Value::Int) {
      if (B->getOpcode() == BO_AddAssign)
        V = Value::integer(L.N + R.N);
      else if (B->getOpcode() == BO_SubAssign)
        V = Value::integer(L.N - R.N);
      else if (B->getOpcode() == BO_MulAssign)
        V = Value::integer(L.N * R.N);
    }
    S->Cells.mut(C) = V;
    return C;
  }
  case Stmt::ConditionalOperatorClass: {
    auto *C = cast<ConditionalOperator>(E);
    return branch(eval(C->getCond()), C->getCond()) ? loc(C->getTrueExpr())
                                                    : loc(C->getFalseExpr());
  }
  case Stmt::MaterializeTemporaryExprClass:
    return S->cell(eval(cast<MaterializeTemporaryExpr>(E)->getSubExpr()));
  case Stmt::ExprWithCleanupsClass:
    return loc(cast<ExprWithCleanups>(E)->getSubExpr());
  case Stmt::CXXDefaultArgExprClass:
    return loc(cast<CXXDefaultArgExpr>(E)->getExpr());
  case Stmt::CXXDefaultInitExprClass:
    return loc(cast<CXXDefaultInitExpr>(E)->getExpr());
  case Stmt::SubstNonTypeTemplateParmExprClass:
    return loc(cast<SubstNonTypeTemplateParmExpr>(E)->getReplacement());
  case Stmt::OpaqueValueExprClass:
    if (auto *Src = cast<OpaqueValueExpr>(E)->getSourceExpr())
      return Src->isGLValue() ? loc(Src) : S->cell(eval(Src));
    break;
  case Stmt::CallExprClass:
  case Stmt::CXXMemberCallExprClass:
  case Stmt::CXXOperatorCallExprClass: {
    Value V = call(cast<CallExpr>(E));
    return V.K == Value::Ref ? V.Id : S->cell(V);
  }
  default:
    break;
  }
  if (auto *C = dyn_cast<CastExpr>(E)) {
    if (C->getSubExpr()->isGLValue())
      return loc(C->getSubExpr());
    return S->cell(eval(C->getSubExpr()));
  }
  if (auto *L = dyn_cast<StringLiteral>(E)) {
    Value V;
    V.K = Value::Str;
    V.P = L;
    return S->cell(V);
  }
  if (!E->isGLValue())
    return S->cell(eval(E));
  return S->cell(fresh(E->getType(), "", E->getBeginLoc(), std::string("no model for ") + E->getStmtClassName()));
}

Value Interp::compare(BinaryOperatorKind Op, Value L, Value R, const Expr *E) {
  L = resolve(L), R = resolve(R);
  if (L.K == Value::Dev && R.K == Value::Dev && (Op == BO_EQ || Op == BO_NE)) {
    bool Ne = Op == BO_NE;
    if (L.D.isKnown() && R.D.isKnown()) {
      bool Same = L.D.K == R.D.K && (L.D.Index < 0 || R.D.Index < 0 || L.D.Index == R.D.Index);
      return Value::integer(Same != Ne);
    }
    if (L.D.isKnown())
      std::swap(L, R);
    if (L.D.K == Device::Symbol && R.D.isKnown()) {
      auto [It, New] = Compares.try_emplace({0, L.D.Sym, 0}, 0);
      if (New) {
        It->second = symbol(E ? text(E) : "", E != nullptr);
        Symbols[It->second].K = SymbolInfo::IsCuda;
        Symbols[It->second].DeviceSym = L.D.Sym;
      }
      Value V = Value::of(Value::Sym, It->second);
      V.Neg = (R.D.isCPU()) != Ne;
      return V;
    }
    return Value::of(Value::Sym, symbol(E ? text(E) : "", E != nullptr));
  }
  if (L.K == Value::Type && R.K == Value::Type && L.T != Dtype::Unknown &&
      R.T != Dtype::Unknown && (Op == BO_EQ || Op == BO_NE))
    return Value::integer((L.T == R.T) == (Op == BO_EQ));
  if (L.K == Value::Ptr && R.K == Value::Ptr && (L.Id == 0 || R.Id == 0))
    return Value::integer((L.Id == R.Id) == (Op == BO_EQ));
  if (L.K == Value::Int && R.K == Value::Int) {
    bool B = false;
    switch (Op) {
    case BO_EQ: B = L.N == R.N; break;
    case BO_NE: B = L.N != R.N; break;
    case BO_LT: B = L.N < R.N; break;
    case BO_GT: B = L.N > R.N; break;
    case BO_LE: B = L.N <= R.N; break;
    case BO_GE: B = L.N >= R.N; break;
    default: break;
    }
    return Value::integer(B);
  }
  if (L.K == Value::Sym && R.K == Value::Int && !L.Neg) {
    // The number of devices is at least one in the world that is analysed.
    if (Symbols[L.Id].Name == "device_count()") {
      if ((Op == BO_GT && R.N <= 0) || (Op == BO_GE && R.N <= 1) || (Op == BO_NE && R.N == 0))
        return Value::integer(1);
      if ((Op == BO_EQ && R.N == 0) || (Op == BO_LT && R.N <= 1) || (Op == BO_LE && R.N <= 0))
        return Value::integer(0);
    }
    bool Ne = Op == BO_NE;
    auto [It, New] = Compares.try_emplace({L.Id, Ne ? unsigned(BO_EQ) : unsigned(Op), R.N}, 0);
    if (New) {
      It->second = symbol(E ? text(E) : "", E && Symbols[L.Id].Strong);
      Symbols[It->second].K = SymbolInfo::Compare;
      Symbols[It->second].Op = Ne ? BO_EQ : Op;
      Symbols[It->second].L = L.Id;
      Symbols[It->second].R = R.N;
    }
    Value V = Value::of(Value::Sym, It->second);
    V.Neg = Ne;
    return resolve(V);
  }
  return Value::of(Value::Sym, symbol(E ? text(E) : "", E != nullptr));
}

// A copy of a record or container is a new one; tensors and pointers share.
Value Interp::copyOf(const Value &V) {
  if (V.K != Value::Object)
    return V;
  Object O = S->Objects[V.Id];
  if (O.K == Object::Module || O.K == Object::Optimizer)
    return V;
  for (auto &F : O.Fields)
    F.second = S->cell(copyOf(S->Cells[F.second]));
  for (CellId &C : O.Elems)
    C = S->cell(copyOf(S->Cells[C]));
  return S->object(std::move(O));
}

CellId Interp::field(CellId Base, const ValueDecl *D) {
  CellId C = target(Base);
  Value V = S->Cells[C];
  D = cast<ValueDecl>(D->getCanonicalDecl());
  if (V.K != Value::Object) {
    Object O;
    O.Opaque = true;
    V = S->object(std::move(O));
    S->Cells.mut(C) = V;
  }
  for (auto &[Key, Cell] : S->Objects[V.Id].Fields)
    if (Key == D)
      return Cell;
  const Object &O = S->Objects[V.Id];
  StringRef Name = D->getName();
  Value New;
  if (O.K == Object::Module && !O.Kind2.empty() && !O.State.empty() &&
      kindOf(D->getType()) == TypeKind::Tensor)
    New = Value::of(Value::Tensor, O.State[0]);
  // first/second of a pair, data/target of a batch: elements by position.
  else if ((Name == "first" || Name == "second") && O.K == Object::List && O.Elems.size() == 2)
    return O.Elems[Name == "second"];
  else if ((Name == "data" || Name == "target") && O.K == Object::List && O.Elems.size() == 2)
    return O.Elems[Name == "target"];
  else
    New = fresh(D->getType(), Name, D->getLocation(), "set elsewhere");
  if (New.K == Value::Tensor && S->Objects[V.Id].Unseen.K != Device::Unknown)
    S->Handles.mut(New.Id).Fact.Dev = S->Objects[V.Id].Unseen;
  CellId F = S->cell(New);
  S->Objects.mut(V.Id).Fields.push_back({D, F});
  // What a module with an unseen constructor holds is taken as registered.
  CellId Child = target(F);
  const Object &Owner = S->Objects[V.Id];
  if (Owner.K == Object::Module && Owner.Opaque && Owner.Rec &&
      Owner.Unseen.K != Device::Unknown && S->Cells[Child].K == Value::Object &&
      S->Objects[S->Cells[Child].Id].K == Object::Module) {
    Device Where = Owner.Unseen;
    const Origin *Move = Owner.Move;
    S->Objects.mut(V.Id).Children.push_back(Child);
    std::set<ObjectId> Seen;
    moveModule(Child, Where, Dtype::Unknown, nullptr, "", nullptr, Seen);
    ObjectId Id = S->Cells[Child].Id;
    S->Objects.mut(Id).Move = Move;
    for (HandleId H : S->Objects[Id].State)
      S->Handles.mut(H).From = Move;
  }
  return F;
}

CellId Interp::named(ObjectId O, StringRef Name, bool Create) {
  auto [It, _] = Names.try_emplace(Name.str(), Name.str());
  const void *Key = &It->second;
  for (auto &[K, C] : S->Objects[O].Fields)
    if (K == Key)
      return C;
  if (!Create)
    return 0;
  CellId C = S->cell({});
  S->Objects.mut(O).Fields.push_back({Key, C});
  return C;
}

CellId Interp::elementOf(CellId Container, std::optional<int64_t> Index, QualType T,
                         const Expr *E) {
  CellId C = target(Container);
  Value V = S->Cells[C];
  if (V.K == Value::Object) {
    const Object &O = S->Objects[V.Id];
    if (Index && *Index >= 0 && size_t(*Index) < O.Elems.size())
      return O.Elems[*Index];
    if (Index && *Index < 0 && size_t(-*Index) <= O.Elems.size())
      return O.Elems[O.Elems.size() + *Index];
    if (!Index && O.Elems.size() == 1)
      return O.Elems[0];
    // Every element when they agree, which is the common case.
    if (!Index && !O.Elems.empty() && !O.Opaque) {
      bool Agree = true;
      Value First = S->Cells[O.Elems[0]];
      for (CellId X : O.Elems) {
        const Value &Y = S->Cells[X];
        Agree &= Y.K == Value::Tensor && First.K == Value::Tensor &&
                 S->Handles[Y.Id].Fact == S->Handles[First.Id].Fact;
      }
      if (Agree)
        return O.Elems[0];
    }
  }
  Value New = fresh(T, E ? text(E) : "", E ? E->getBeginLoc() : SourceLocation(), "an element of an unknown container");
  if (V.K == Value::Object && New.K == Value::Tensor &&
      S->Objects[V.Id].Unseen.K != Device::Unknown)
    S->Handles.mut(New.Id).Fact.Dev = S->Objects[V.Id].Unseen;
  if (V.K == Value::Object && S->Objects[V.Id].Unseen.K != Device::Unknown &&
      New.K == Value::Object)
    S->Objects.mut(New.Id).Unseen = S->Objects[V.Id].Unseen;
  return S->cell(New);
}

// A value of which only the type is known.
Value Interp::fresh(QualType T, StringRef Name, SourceLocation Loc, const std::string &Why) {
  T = T.getNonReferenceType();
  switch (kindOf(T)) {
  case TypeKind::Tensor: {
    Handle H;
    H.Fact.Dev = Device::symbol(++DeviceSymbols);
    H.Name = Name.str();
    if (Loc.isValid())
      unknown(Loc, "'" + Name.str() + "': " + Why);
    return S->tensor(std::move(H));
  }
  case TypeKind::Device:
    return Value::device(Device::symbol(++DeviceSymbols));
  case TypeKind::Dtype:
    return Value::dtype(Dtype::Unknown);
  case TypeKind::Options: {
    Value V;
    V.K = Value::Options;
    V.HasDev = V.HasType = true;
    V.D = Device::symbol(++DeviceSymbols);
    return V;
  }
  case TypeKind::Number:
    return Value::of(Value::Sym, symbol(Name.str(), !Name.empty()));
  case TypeKind::JitModule: {
    Object O;
    O.K = Object::Module;
    O.Jit = true;
    Handle H;
    H.Fact.Dev = Device::symbol(++DeviceSymbols);
    O.State.push_back(S->tensor(H).Id);
    return S->object(std::move(O));
  }
  case TypeKind::Module:
  case TypeKind::Holder: {
    // A module from elsewhere: its registered state is on one device that
    // nothing is known of.
    Object O;
    O.K = Object::Module;
    O.Opaque = true;
    O.Rec = heldModule(T);
    O.Name = Name.str();
    O.Unseen = Device::symbol(++DeviceSymbols);
    // The constructor tells what the module is made of; where it is by now is
    // the caller's to know.
    if (O.Rec && isUserCode(O.Rec) && O.Rec->hasDefinition() && S->Frames.size() < 4) {
      const CXXConstructorDecl *Best = nullptr;
      for (const CXXConstructorDecl *C : O.Rec->getDefinition()->ctors())
        if (!C->isCopyOrMoveConstructor() && C->hasBody() &&
            (!Best || C->getNumParams() < Best->getNumParams()))
          Best = C;
      if (Best) {
        Value V = newRecord(Best, nullptr, {});
        if (Dead || V.K != Value::Object)
          return {};
        CellId C = S->cell(V);
        std::set<ObjectId> Seen;
        moveModule(C, O.Unseen, Dtype::Unknown, nullptr, "", nullptr, Seen);
        S->Objects.mut(V.Id).Name = Name.str();
        return kindOf(T) == TypeKind::Holder ? Value::of(Value::Ptr, C) : V;
      }
    }
    if (O.Rec && !isUserCode(O.Rec)) {
      O.Kind2 = O.Rec->getName().str();
      if (StringRef(O.Kind2).ends_with("Impl"))
        O.Kind2.resize(O.Kind2.size() - 4);
      auto *Info = api::findModule(O.Kind2);
      if (Info && Info->HasState) {
        Handle H;
        H.Fact.Dev = O.Unseen;
        O.State.push_back(S->tensor(H).Id);
        O.Opaque = false;
      }
    }
    Value V = S->object(std::move(O));
    return kindOf(T) == TypeKind::Holder ? Value::of(Value::Ptr, S->cell(V)) : V;
  }
  case TypeKind::Pointer: {
    QualType P = T->isPointerType() ? T->getPointeeType() : QualType();
    if (P.isNull())
      if (auto *Spec = dyn_cast_or_null<ClassTemplateSpecializationDecl>(record(T)))
        if (Spec->getTemplateArgs().size() && Spec->getTemplateArgs()[0].getKind() == TemplateArgument::Type)
          P = Spec->getTemplateArgs()[0].getAsType();
    if (P.isNull() || P->isFunctionType() || P->isVoidType() || P->isPointerType())
      return {};
    return Value::of(Value::Ptr, S->cell(fresh(P, Name, SourceLocation(), Why)));
  }
  case TypeKind::Optional:
  case TypeKind::IValue:
    return {};
  default:
    break;
  }
  if (record(T)) {
    Object O;
    O.Opaque = true;
    O.Rec = record(T);
    if (kindOf(T) == TypeKind::List || kindOf(T) == TypeKind::Pair)
      O.K = Object::List;
    if (kindOf(T) == TypeKind::Loader)
      O.Unseen = Device::cpu();
    return S->object(std::move(O));
  }
  return {};
}

// What a variable of this type holds without an initialiser.
Value Interp::defaultValue(QualType T, const Expr *E) {
  switch (kindOf(T)) {
  case TypeKind::Tensor: {
    Handle H;
    H.Fact.Defined = false;
    return S->tensor(std::move(H));
  }
  case TypeKind::Options: {
    Value V;
    V.K = Value::Options;
    return V;
  }
  case TypeKind::List:
  case TypeKind::Pair: {
    Object O;
    O.K = Object::List;
    if (auto *A = Ctx.getAsConstantArrayType(T)) {
      if (A->getSize().getZExtValue() > 16)
        O.Opaque = true;
      else
        for (unsigned I = 0; I < A->getSize().getZExtValue(); ++I)
          O.Elems.push_back(S->cell(defaultValue(A->getElementType(), nullptr)));
    } else if (kindOf(T) == TypeKind::Pair || qualified(record(T)) == "std::array") {
      O.Opaque = true;
    }
    return S->object(std::move(O));
  }
  case TypeKind::Pointer:
    return Value::of(Value::Ptr, 0);
  case TypeKind::Number:
    return Value::of(Value::Sym, symbol("", false));
  default:
    break;
  }
  return fresh(T, "", SourceLocation(), "");
}

} // namespace torch_tidy
