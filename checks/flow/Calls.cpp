// Calls: user functions run under the caller's facts, the rest is modelled.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

Value Interp::call(const CallExpr *E) {
  const FunctionDecl *Fn = E->getDirectCallee();
  std::vector<const Expr *> Args(E->arg_begin(), E->arg_end());
  const Expr *BaseE = nullptr;
  CellId Base = 0;
  if (auto *M = dyn_cast<CXXMemberCallExpr>(E); M && Fn) {
    BaseE = M->getImplicitObjectArgument();
    if (BaseE) {
      if (BaseE->getType()->isPointerType()) {
        Value P = eval(BaseE);
        Base = P.K == Value::Ptr && P.Id ? P.Id : S->cell(P);
      } else {
        Base = cellOf(BaseE);
      }
    }
  } else if (isa<CXXOperatorCallExpr>(E) && !Args.empty() && Fn &&
             isa<CXXMethodDecl>(Fn)) {
    BaseE = Args[0];
    Base = cellOf(BaseE);
    Args.erase(Args.begin());
  }
  if (Dead)
    return {};
  if (!Fn) {
    // `(pair.*member)(x)` gives the function its object first.
    auto *Member = dyn_cast<BinaryOperator>(E->getCallee()->IgnoreParens());
    Value Callee;
    std::vector<CellId> Cells;
    if (Member && Member->isPtrMemOp()) {
      Callee = eval(Member->getRHS());
      Cells.push_back(cellOf(Member->getLHS()));
    } else {
      Callee = eval(E->getCallee());
    }
    for (CellId C : cellsOf(Args))
      Cells.push_back(C);
    return Dead ? Value() : callClosure(Callee, E, Cells, E->getType());
  }
  auto ArgCells = [&] { return cellsOf(given(Args)); };
  // Spelled operators of pointers, holders and iterators.
  if (auto *Op = dyn_cast<CXXOperatorCallExpr>(E)) {
    if (!Ty.isUserCode(Fn)) {
      bool Known = false;
      Value V = iterator(Op, Base, Known);
      if (Known || Dead)
        return V;
    }
    TypeKind BK = BaseE ? Ty.kindOf(BaseE->getType()) : TypeKind::Other;
    switch (Op->getOperator()) {
    case OO_Arrow:
    case OO_Star:
      if (Base && Args.empty() && !Ty.isUserCode(Fn)) {
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
        Value V = load(S->target(Base));
        if (isCallable(V) && !(Ty.isUserCode(Fn) && callOperator(V, nullptr))) {
          auto Cells = ArgCells();
          return Dead ? Value() : callClosure(V, E, Cells, E->getType());
        }
      }
      break;
    case OO_Equal:
      // A holder that TORCH_MODULE defines assigns as LibTorch's do.
      if (Base && (!Ty.isUserCode(Fn) || Fn->isImplicit()) &&
          Ty.kindOf(BaseE->getType()) != TypeKind::Tensor) {
        const Expr *A = Args[0];
        if (BK == TypeKind::Holder || BK == TypeKind::Pointer ||
            BK == TypeKind::Device || BK == TypeKind::List ||
            BK == TypeKind::Map || BK == TypeKind::Options ||
            BK == TypeKind::Dtype || BK == TypeKind::Optional ||
            BK == TypeKind::Pair || BK == TypeKind::JitModule ||
            BK == TypeKind::IValue ||
            Ty.qualified(record(BaseE->getType())) == "std::function") {
          Value V = eval(A);
          if (Dead)
            return {};
          Value Old = S->Cells[Base];
          // std::tie: a tuple of references is assigned through.
          if (BK == TypeKind::Pair && Old.K == Value::Object &&
              V.K == Value::Object &&
              S->Objects[Old.Id].Elems.size() ==
                  S->Objects[V.Id].Elems.size() &&
              isa<CallExpr>(BaseE->IgnoreImplicit())) {
            auto To = S->Objects[Old.Id].Elems, From = S->Objects[V.Id].Elems;
            for (unsigned I = 0; I < To.size(); ++I)
              assign(To[I], S->Cells[From[I]]);
            return Value::of(Value::Ref, Base);
          }
          bool Moves = !A->isLValue();
          assign(Base, Moves ? V : copied(V, E));
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
      M && Base &&
      (M->isCopyAssignmentOperator() || M->isMoveAssignmentOperator()) &&
      (M->isImplicit() || M->isDefaulted()) &&
      Ty.kindOf(BaseE->getType()) == TypeKind::Other) {
    Value V = eval(Args[0]);
    if (!Dead)
      assign(Base, copyOf(V));
    return Value::of(Value::Ref, Base);
  }
  if (const CXXRecordDecl *R = appliedFunction(Fn)) {
    auto Cells = ArgCells();
    return Dead ? Value() : applyFunction(E, R, Cells);
  }
  bool Known = false;
  if (!Ty.isUserCode(Fn)) {
    if (!Base && Fn->getDeclName().isIdentifier() &&
        touches(E, Fn->getName(), Args))
      return {};
    Value V = stdCall(E, Fn, Base, Args, Known);
    if (!Known && !Dead)
      V = torchCall(E, Fn, Base, BaseE, Args, Known);
    if (Known || Dead)
      return V;
    // `stream >> name`, `std::getline(stream, line)`.
    for (const Expr *&A : Args) {
      if (isa<CXXDefaultArgExpr>(A))
        break;
      CellId C = cellOf(A);
      unsigned I = &A - Args.data();
      QualType T =
          I < Fn->getNumParams() ? Fn->getParamDecl(I)->getType() : QualType();
      TypeKind K = Ty.kindOf(A->getType());
      if (!Dead && !T.isNull() && T->isLValueReferenceType() &&
          !T->getPointeeType().isConstQualified() &&
          (K == TypeKind::Number || K == TypeKind::String))
        assign(C, fresh(A->getType(), Ty.text(A), SourceLocation(), ""));
    }
    if (Dead)
      return {};
    if (Fn->isNoReturn()) {
      Dead = true;
      return {};
    }
    return fresh(E->getType(), "", E->getBeginLoc(),
                 "no model for '" + Ty.qualified(Fn) + "'");
  }
  // The module's own methods that LibTorch provides, called on a user class,
  // have been handled above; here is the user's code.
  const FunctionDecl *Target = Fn;
  // `Base::forward(x)` names the function that it calls.
  auto *Callee = dyn_cast<MemberExpr>(E->getCallee()->IgnoreParens());
  if (auto *M = dyn_cast<CXXMethodDecl>(Fn);
      M && Base && M->isVirtual() && !(Callee && Callee->hasQualifier())) {
    Value V = S->Cells[S->target(Base)];
    if (V.K == Value::Object && S->Objects[V.Id].Rec &&
        S->Objects[V.Id].Rec->hasDefinition())
      if (auto *Over = M->getCorrespondingMethodInClass(
              S->Objects[V.Id].Rec->getDefinition()))
        Target = Over;
  }
  const FunctionDecl *Def = nullptr;
  if (Target->hasBody(Def)) {
    auto Cells = ArgCells();
    return Dead ? Value() : enter(Target, E, Base ? S->target(Base) : 0, Cells);
  }
  return unseenCall(E, Fn, Base, BaseE, Args);
}

} // namespace torch_tidy
