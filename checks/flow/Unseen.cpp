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

// What a function that is not followed may have done to what it was given as
// a parameter of type \p T: moved a module that it leads to, set the rest.
void Interp::mayChange(CellId Given, QualType T, StringRef Name,
                       SourceLocation At, const std::string &Why) {
  const CellId C = S->target(Given);
  const Value V = S->Cells[C];
  const bool Leads = T->isReferenceType() || T->isPointerType();
  if (V.K == Value::Object && S->Objects[V.Id].K == Object::Module) {
    if (Leads || Ty.kindOf(T) != TypeKind::Module)
      displace(C, Device::symbol(++DeviceSymbols));
  } else if (Leads && !T->getPointeeType().isConstQualified()) {
    // An array, or a pointer to what is not known.
    const bool Decayed = T->isPointerType() && C == Given;
    const Value Other =
        Decayed ? Value() : fresh(T->getPointeeType(), Name, At, Why);
    S->Cells.mut(C) = Other;
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
  for (unsigned I = 0; I < Cells.size() && I < Fn->getNumParams(); ++I)
    mayChange(Cells[I], Fn->getParamDecl(I)->getType(), Ty.text(Args[I]),
              E->getBeginLoc(), "written by an unseen function");
  // `load`, `setup` and the like may move the module that they are called on.
  if (OfModule && Method && !Method->isConst())
    displace(S->target(Base), Device::symbol(++DeviceSymbols));
  unknown(E->getBeginLoc(),
          "'" + Fn->getNameAsString() + "' is defined elsewhere");
  return fresh(E->getType(), Fn->getNameAsString() + "()", E->getBeginLoc(),
               "returned by an unseen function");
}

} // namespace torch_tidy
