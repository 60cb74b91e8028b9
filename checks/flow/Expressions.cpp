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
    if (It != S->Known.end() && Symbols[V.Id].Text) {
      V.K = Value::Str;
      V.P = reinterpret_cast<const void *>(It->second);
    } else if (It != S->Known.end()) {
      return Value::integer(V.Neg ? !It->second : It->second);
    }
  }
  return V;
}

Value Interp::load(CellId C) { return resolve(S->Cells[C]); }

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
      const std::string &Q = Ty.qualified(Var);
      if (Q == "std::nullopt" || Q == "c10::nullopt")
        V = Value::of(Value::Ptr, 0);
      if (Q == "std::basic_string::npos")
        V = Value::integer(INT64_MAX);
      if (StringRef N = Q; N.consume_front("std::placeholders::_")) {
        V.K = Value::Hole;
        N.getAsInteger(10, V.N);
      }
      if (StringRef(Q).starts_with("c10::k") ||
          StringRef(Q).starts_with("at::k") ||
          StringRef(Q).starts_with("torch::k")) {
        StringRef N = Var->getName();
        if (N == "kCUDA")
          V = Value::device(Device::cuda());
        else if (N == "kCPU")
          V = Value::device(Device::cpu());
        else if (Ty.kindOf(Var->getType()) == TypeKind::Device)
          V = Value::device(Device::other());
      }
      if (!V && Ty.kindOf(Var->getType()) == TypeKind::Dtype && Var->getInit())
        V = eval(Var->getInit());
      // A constant at namespace scope is its initialiser; a variable there
      // is what it starts with where nothing writes it, and where a program
      // begins.
      bool Starts =
          Var->isFileVarDecl() &&
          (Root->isMain() ||
           (!Var->isExternallyVisible() &&
            !Written.count(cast<ValueDecl>(Var->getCanonicalDecl()))));
      if (!V && Var->hasGlobalStorage() && Var->getAnyInitializer() &&
          Ty.isUserCode(Var) &&
          (Var->getType().isConstQualified() || Var->isConstexpr() || Starts)) {
        CellId C = S->cell(eval(Var->getAnyInitializer()));
        nameAfter(C, Var);
        V = S->Cells[C];
      }
    }
    if (auto *F = dyn_cast<FunctionDecl>(D)) {
      V.K = Value::Fn;
      V.P = F;
    }
    if (!V)
      V = fresh(D->getType(), D->getNameAsString(), E->getBeginLoc(),
                "not set in this function");
    CellId C = S->cell(V);
    auto *Var = dyn_cast<VarDecl>(D);
    (Var && Var->hasGlobalStorage() ? S->Globals : S->top().Vars)[D] = C;
    return C;
  }
  case Stmt::MemberExprClass: {
    auto *M = cast<MemberExpr>(E);
    if (isa<VarDecl>(M->getMemberDecl())) {
      Value V = fresh(E->getType(), M->getMemberDecl()->getNameAsString(),
                      E->getBeginLoc(), "a static member");
      return S->cell(V);
    }
    CellId B;
    if (M->isArrow()) {
      Value P = eval(M->getBase());
      B = P.K == Value::Ptr && P.Id ? P.Id : S->cell(P);
    } else {
      B = cellOf(M->getBase());
    }
    return Dead ? 0 : field(B, M->getMemberDecl());
  }
  case Stmt::ArraySubscriptExprClass: {
    auto *A = cast<ArraySubscriptExpr>(E);
    Value B = eval(A->getBase());
    Value I = eval(A->getIdx());
    if (B.K == Value::Memory) {
      touch(E, B);
      return S->cell(Value::of(Value::Sym, symbol("", false)));
    }
    CellId C = B.K == Value::Ptr ? B.Id : S->cell(B);
    return elementOf(C, indexOf(I), E->getType(), E);
  }
  case Stmt::UnaryOperatorClass: {
    auto *U = cast<UnaryOperator>(E);
    if (U->getOpcode() == UO_Deref) {
      Value P = eval(U->getSubExpr());
      if (P.K == Value::Ptr && P.Id)
        return P.Id;
      if (P.K == Value::Memory) {
        touch(E, P);
        return S->cell(Value::of(Value::Sym, symbol("", false)));
      }
      return S->cell(fresh(E->getType(), Ty.text(U->getSubExpr()),
                           E->getBeginLoc(), "behind an unknown pointer"));
    }
    if (U->isIncrementDecrementOp()) {
      CellId C = loc(U->getSubExpr());
      Value V = load(C);
      if (V.K == Value::Memory)
        return C;
      S->Cells.mut(C) =
          V.K == Value::Int
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
        assign(C, R);
      return C;
    }
    if (B->getOpcode() == BO_Comma) {
      eval(B->getLHS());
      return loc(B->getRHS());
    }
    if (B->isPtrMemOp()) {
      CellId Of = cellOf(B->getLHS());
      Value Member = eval(B->getRHS());
      if (!Dead && Member.K == Value::Field)
        return field(Of, static_cast<const FieldDecl *>(Member.P));
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
    if (L.K == Value::Memory)
      return C;
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
      return cellOf(Src);
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
    return S->cell(L->getCharByteWidth() == 1 ? string(L->getString())
                                              : unknownString(""));
  }
  if (!E->isGLValue())
    return S->cell(eval(E));
  return S->cell(fresh(E->getType(), "", E->getBeginLoc(),
                       std::string("no model for ") + E->getStmtClassName()));
}

// Of an enumeration with two enumerators, the first one where a value is
// compared with the second.
static std::optional<int64_t> otherOfTwo(const BinaryOperator *B, int64_t N) {
  auto *E = B ? B->getLHS()->IgnoreParenImpCasts()->getType()->getAs<EnumType>()
              : nullptr;
  if (!E || !E->getDecl()->getDefinition())
    return std::nullopt;
  auto Range = E->getDecl()->getDefinition()->enumerators();
  std::vector<int64_t> Values;
  for (const EnumConstantDecl *C : Range)
    Values.push_back(C->getInitVal().getExtValue());
  if (Values.size() != 2 || Values[1] != N)
    return std::nullopt;
  return Values[0];
}

Value Interp::compare(BinaryOperatorKind Op, Value L, Value R, const Expr *E) {
  L = resolve(L), R = resolve(R);
  if (L.K == Value::Dev && R.K == Value::Dev && (Op == BO_EQ || Op == BO_NE)) {
    bool Ne = Op == BO_NE;
    if (L.D.isKnown() && R.D.isKnown()) {
      bool Same = L.D.K == R.D.K && (!L.D.isCUDA() || L.D.Index == R.D.Index);
      return Value::integer(Same != Ne);
    }
    if (L.D.isKnown())
      std::swap(L, R);
    if (L.D.K == Device::Symbol && R.D.isKnown()) {
      auto [It, New] = Compares.try_emplace({0, L.D.Sym, 0}, 0);
      if (New) {
        It->second = symbol(E ? Ty.text(E) : "", E != nullptr);
        Symbols[It->second].K = SymbolInfo::IsCuda;
        Symbols[It->second].DeviceSym = L.D.Sym;
      }
      Value V = Value::of(Value::Sym, It->second);
      V.Neg = (R.D.isCPU()) != Ne;
      return V;
    }
    return Value::of(Value::Sym, symbol(E ? Ty.text(E) : "", E != nullptr));
  }
  if (L.K == Value::Type && R.K == Value::Type && L.T != Dtype::Unknown &&
      R.T != Dtype::Unknown && (Op == BO_EQ || Op == BO_NE))
    return Value::integer((L.T == R.T) == (Op == BO_EQ));
  if (L.K == Value::Ptr && R.K == Value::Ptr && (L.Id == 0 || R.Id == 0))
    return Value::integer((L.Id == R.Id) == (Op == BO_EQ));
  if (L.K == Value::Int && R.K == Value::Int) {
    bool B = false;
    switch (Op) {
    case BO_EQ:
      B = L.N == R.N;
      break;
    case BO_NE:
      B = L.N != R.N;
      break;
    case BO_LT:
      B = L.N < R.N;
      break;
    case BO_GT:
      B = L.N > R.N;
      break;
    case BO_LE:
      B = L.N <= R.N;
      break;
    case BO_GE:
      B = L.N >= R.N;
      break;
    default:
      break;
    }
    return Value::integer(B);
  }
  if ((Op == BO_EQ || Op == BO_NE) && isString(L) && isString(R))
    return equalStrings(L, R, Op == BO_EQ, E);
  // `flag == false` is `!flag`.
  auto *Spelled = dyn_cast_or_null<BinaryOperator>(E);
  if (L.K == Value::Sym && R.K == Value::Int && (R.N == 0 || R.N == 1) &&
      (Op == BO_EQ || Op == BO_NE) &&
      (Symbols[L.Id].Bool || (Spelled && Spelled->getLHS()
                                             ->IgnoreParenImpCasts()
                                             ->getType()
                                             ->isBooleanType()))) {
    L.Neg ^= (R.N == 0) == (Op == BO_EQ);
    return L;
  }
  if (L.K == Value::Sym && R.K == Value::Int && !L.Neg) {
    // The number of devices is at least one in the world that is analysed.
    if (Symbols[L.Id].Name == "device_count()") {
      if ((Op == BO_GT && R.N <= 0) || (Op == BO_GE && R.N <= 1) ||
          (Op == BO_NE && R.N == 0))
        return Value::integer(1);
      if ((Op == BO_EQ && R.N == 0) || (Op == BO_LT && R.N <= 1) ||
          (Op == BO_LE && R.N <= 0))
        return Value::integer(0);
    }
    // One symbol for a comparison and its opposite; of integers `n >= 1` is
    // `n > 0`.
    auto *B = dyn_cast_or_null<BinaryOperator>(E);
    if (std::optional<int64_t> First = otherOfTwo(B, R.N);
        First && (Op == BO_EQ || Op == BO_NE)) {
      R.N = *First;
      Op = Op == BO_EQ ? BO_NE : BO_EQ;
    }
    bool Whole =
        B && B->getLHS()->IgnoreParenImpCasts()->getType()->isIntegerType();
    bool Ne = Op == BO_NE || Op == BO_LE || (Whole && Op == BO_LT);
    if (Op == BO_NE)
      Op = BO_EQ;
    else if (Op == BO_LE)
      Op = BO_GT;
    else if (Whole && (Op == BO_GE || Op == BO_LT))
      Op = BO_GT, --R.N;
    auto [It, New] = Compares.try_emplace({L.Id, unsigned(Op), R.N}, 0);
    if (New) {
      std::string Name = E ? Ty.text(E) : "";
      if (Ne && E)
        Name = Symbols[L.Id].Name + (Op == BO_EQ ? " == " : " > ") +
               std::to_string(R.N);
      It->second = symbol(Name, E && Symbols[L.Id].Strong);
      Symbols[It->second].K = SymbolInfo::Compare;
      Symbols[It->second].Op = Op;
      Symbols[It->second].L = L.Id;
      Symbols[It->second].R = R.N;
    }
    Value V = Value::of(Value::Sym, It->second);
    V.Neg = Ne;
    return resolve(V);
  }
  return Value::of(Value::Sym, symbol(E ? Ty.text(E) : "", E != nullptr));
}

} // namespace torch_tidy
