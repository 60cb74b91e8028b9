// Calls: user functions run under the caller's facts, the rest is modelled.
#include "checks/Compat.h"
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
    if (BaseE && BaseE->getType()->isPointerType()) {
      Value P = eval(BaseE);
      Base = P.K == Value::Ptr && P.Id ? P.Id : S->cell(P);
    } else if (BaseE) {
      Base = cellOf(BaseE);
    }
  } else if (isa<CXXOperatorCallExpr>(E) && !Args.empty() && Fn &&
             isa<CXXMethodDecl>(Fn)) {
    BaseE = Args[0];
    Base = cellOf(BaseE);
    Args.erase(Args.begin());
  }
  if (Dead)
    return {};
  if (!Fn)
    return indirectCall(E, Args);
  bool Known = false;
  if (auto *Op = dyn_cast<CXXOperatorCallExpr>(E)) {
    Value V = operatorCall(Op, Fn, Base, BaseE, Args, Known);
    if (Known || Dead)
      return V;
  }
  // An implicit or defaulted assignment of records.
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
    auto Cells = cellsOf(given(Args));
    return Dead ? Value() : applyFunction(E, R, Cells);
  }
  if (!Ty.isUserCode(Fn))
    return libraryCall(E, Fn, Base, BaseE, Args);
  const FunctionDecl *Target = overrider(E, Fn, Base);
  const FunctionDecl *Def = nullptr;
  if (!Target->hasBody(Def))
    return unseenCall(E, Fn, Base, BaseE, Args);
  auto Cells = cellsOf(given(Args));
  return Dead ? Value() : enter(Target, E, Base ? S->target(Base) : 0, Cells);
}

// A call through a pointer to a function or a member.
Value Interp::indirectCall(const CallExpr *E, ArrayRef<const Expr *> Args) {
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

// The operators of pointers, holders, iterators and callables.
Value Interp::operatorCall(const CXXOperatorCallExpr *E, const FunctionDecl *Fn,
                           CellId Base, const Expr *BaseE,
                           ArrayRef<const Expr *> Args, bool &Known) {
  if (!Ty.isUserCode(Fn)) {
    Value V = iterator(E, Base, Known);
    if (Known || Dead)
      return V;
  }
  if (!Base)
    return {};
  switch (E->getOperator()) {
  case OO_Arrow:
  case OO_Star:
    Known = Args.empty() && !Ty.isUserCode(Fn);
    return Known ? dereferenced(E, Base, BaseE) : Value();
  case OO_Call: {
    Value V = load(S->target(Base));
    Known = isCallable(V) && !(Ty.isUserCode(Fn) && callOperator(V, nullptr));
    if (!Known)
      return {};
    auto Cells = cellsOf(given(Args));
    return Dead ? Value() : callClosure(V, E, Cells, E->getType());
  }
  case OO_Equal:
    // A holder that TORCH_MODULE defines assigns as LibTorch's do.
    Known = (!Ty.isUserCode(Fn) || Fn->isImplicit()) &&
            isHandleType(BaseE->getType());
    return Known ? assignHandle(E, Base, BaseE, Args[0]) : Value();
  default:
    return {};
  }
}

Value Interp::dereferenced(const CXXOperatorCallExpr *E, CellId Base,
                           const Expr *BaseE) {
  Value V = load(Base);
  if (E->getOperator() == OO_Arrow)
    return V.K == Value::Ptr ? V : Value::of(Value::Ptr, Base);
  if (V.K == Value::Ptr && V.Id)
    return Value::of(Value::Ref, V.Id);
  if (V.K == Value::Object || Ty.kindOf(BaseE->getType()) == TypeKind::Optional)
    return Value::of(Value::Ref, Base);
  return fresh(E->getType(), "", E->getBeginLoc(), "an unknown iterator");
}

// Whether objects of a type are replaced as a whole when they are assigned to.
bool Interp::isHandleType(QualType T) {
  switch (Ty.kindOf(T)) {
  case TypeKind::Holder:
  case TypeKind::Pointer:
  case TypeKind::Device:
  case TypeKind::List:
  case TypeKind::Map:
  case TypeKind::Options:
  case TypeKind::Dtype:
  case TypeKind::Optional:
  case TypeKind::Pair:
  case TypeKind::JitModule:
  case TypeKind::IValue:
    return true;
  case TypeKind::Tensor:
    return false;
  default:
    return Ty.qualified(record(T)) == "std::function";
  }
}

// Assigns a tuple element by element; false where the elements are not known.
bool Interp::assignThrough(const CXXRecordDecl *Tuple, const Value &To,
                           const Value &From) {
  auto *Instance = dyn_cast_or_null<ClassTemplateSpecializationDecl>(Tuple);
  if (!Instance || Ty.kindOf(typeOf(Ctx, Tuple)) != TypeKind::Pair ||
      To.K != Value::Object || From.K != Value::Object)
    return false;
  const auto Targets = S->Objects[To.Id].Elems,
             Sources = S->Objects[From.Id].Elems;
  if (Targets.size() != Sources.size())
    return false;
  const TemplateArgument &First = Instance->getTemplateArgs()[0];
  const ArrayRef<TemplateArgument> Types =
      First.getKind() == TemplateArgument::Pack
          ? First.getPackAsArray()
          : Instance->getTemplateArgs().asArray();
  for (unsigned I = 0; I < Targets.size(); ++I) {
    const Value Source = S->Cells[Sources[I]];
    const bool Nested =
        I < Types.size() && assignThrough(record(Types[I].getAsType()),
                                          S->Cells[Targets[I]], Source);
    if (!Nested)
      assign(Targets[I], Source);
  }
  return true;
}

Value Interp::assignHandle(const CXXOperatorCallExpr *E, CellId Base,
                           const Expr *BaseE, const Expr *A) {
  Value V = eval(A);
  if (Dead)
    return {};
  Value Old = S->Cells[Base];
  // std::tie: a tuple of references is assigned through.
  if (!isa<CallExpr>(BaseE->IgnoreImplicit()) ||
      !assignThrough(record(BaseE->getType()), Old, V))
    assign(Base, A->isLValue() ? copied(V, E) : V);
  return Value::of(Value::Ref, Base);
}

// LibTorch and the standard library are modelled; of anything else nothing is
// known but what it can write to.
Value Interp::libraryCall(const CallExpr *E, const FunctionDecl *Fn,
                          CellId Base, const Expr *BaseE,
                          ArrayRef<const Expr *> Args) {
  if (!Base && Fn->getDeclName().isIdentifier() &&
      touches(E, Fn->getName(), Args))
    return {};
  bool Known = false;
  Value V = stdCall(E, Fn, Base, Args, Known);
  if (!Known && !Dead)
    V = torchCall(E, Fn, Base, BaseE, Args, Known);
  if (Known || Dead)
    return V;
  // `stream >> name`, `std::getline(stream, line)`.
  ArrayRef<const Expr *> Spelled = given(Args);
  for (unsigned I = 0; I < Spelled.size(); ++I) {
    CellId C = cellOf(Spelled[I]);
    QualType T =
        I < Fn->getNumParams() ? Fn->getParamDecl(I)->getType() : QualType();
    QualType Held = Spelled[I]->getType();
    TypeKind K = Ty.kindOf(Held);
    if (!Dead && !T.isNull() && T->isLValueReferenceType() &&
        !T->getPointeeType().isConstQualified() &&
        (K == TypeKind::Number || K == TypeKind::String))
      assign(C, fresh(Held, Ty.text(Spelled[I]), SourceLocation(), ""));
  }
  Dead |= Fn->isNoReturn();
  return Dead ? Value()
              : fresh(E->getType(), "", E->getBeginLoc(),
                      "no model for '" + Ty.qualified(Fn).str() + "'");
}

// The function that a call of a virtual one comes to.
const FunctionDecl *Interp::overrider(const CallExpr *E, const FunctionDecl *Fn,
                                      CellId Base) {
  auto *M = dyn_cast<CXXMethodDecl>(Fn);
  // `Base::forward(x)` names the function that it calls.
  auto *Callee = dyn_cast<MemberExpr>(E->getCallee()->IgnoreParens());
  if (!M || !Base || !M->isVirtual() || (Callee && Callee->hasQualifier()))
    return Fn;
  const Value &V = S->Cells[S->target(Base)];
  const CXXRecordDecl *R =
      V.K == Value::Object ? S->Objects[V.Id].Rec : nullptr;
  if (!R || !R->hasDefinition())
    return Fn;
  const CXXMethodDecl *Over =
      M->getCorrespondingMethodInClass(R->getDefinition());
  return Over ? Over : Fn;
}

} // namespace torch_tidy
