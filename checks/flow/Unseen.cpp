// Functions whose body is not there.
#include "checks/flow/Interp.h"
#include "clang/AST/Mangle.h"

using namespace clang;

namespace torch_tidy {

// Writes down a function that another source may call, or define.
void Interp::name(const FunctionDecl *Fn,
                  std::map<std::string, std::string> &In) {
  if (!Fn->isExternallyVisible() || Fn->isDependentContext() || Fn->isMain())
    return;
  // As it is spelled where it is defined.
  std::string Name;
  auto *Method = dyn_cast<CXXMethodDecl>(Fn);
  if (isa<CXXConstructorDecl>(Fn))
    Name = Method->getParent()->getNameAsString();
  else if (Fn->getDeclName().isIdentifier())
    Name = Fn->getNameAsString();
  else
    return;
  if (Method)
    Name = Method->getParent()->getNameAsString() + "::" + Name;
  In.emplace(ASTNameGenerator(Ctx).getName(Fn), std::move(Name));
}

// What an unseen function may have done to what it was given by reference.
void Interp::havoc(const CallExpr *E, ArrayRef<const Expr *> Args) {
  const FunctionDecl *Fn = E->getDirectCallee();
  for (unsigned I = 0; I < Args.size(); ++I) {
    const Expr *A = Args[I];
    QualType PT = Fn && I < Fn->getNumParams() ? Fn->getParamDecl(I)->getType()
                                               : A->getType();
    TypeKind K = Ty.kindOf(A->getType());
    bool Module = K == TypeKind::Holder || K == TypeKind::Module ||
                  (K == TypeKind::Pointer && Ty.heldModule(A->getType()));
    bool Writes =
        (PT->isReferenceType() && !PT->getPointeeType().isConstQualified()) ||
        PT->isPointerType();
    if (!A->isGLValue() && !Module)
      continue;
    if (Module) {
      displace(S->target(cellOf(A)), Device::symbol(++DeviceSymbols));
    } else if (Writes && A->isGLValue()) {
      S->Cells.mut(loc(A)) = fresh(A->getType(), Ty.text(A), E->getBeginLoc(),
                                   "written by an unseen function");
    }
  }
}

Value Interp::unseenCall(const CallExpr *E, const FunctionDecl *Fn, CellId Base,
                         const Expr *BaseE, ArrayRef<const Expr *> Args) {
  std::vector<CellId> Cells = cellsOf(given(Args));
  if (Dead)
    return {};
  if (Fn->isNoReturn()) {
    Dead = true;
    return {};
  }
  name(Fn, Result.Unseen);
  auto *Method = dyn_cast<CXXMethodDecl>(Fn);
  const Value Of = Base ? S->Cells[S->target(Base)] : Value();
  const bool OfModule =
      Of.K == Value::Object && S->Objects[Of.Id].K == Object::Module;
  Value V;
  if (const CXXRecordDecl *R = OfModule ? S->Objects[Of.Id].Rec : nullptr;
      R && Ty.isUserCode(R) && R->hasDefinition() &&
      Fn->getDeclName().isIdentifier() && Fn->getName() == "forward" &&
      unseenForward(E, S->target(Base), BaseE, Cells, Args, E->getType(), V))
    return V;
  havoc(E, Args);
  // `load`, `setup` and the like may move the module that they are called on.
  if (OfModule && Method && !Method->isConst())
    displace(S->target(Base), Device::symbol(++DeviceSymbols));
  unknown(E->getBeginLoc(),
          "'" + Fn->getNameAsString() + "' is defined elsewhere");
  return fresh(E->getType(), Fn->getNameAsString() + "()", E->getBeginLoc(),
               "returned by an unseen function");
}

} // namespace torch_tidy
