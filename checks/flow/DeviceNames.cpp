// What a function has to name a device by.
#include "checks/flow/Repairs.h"

using namespace clang;

namespace torch_tidy {

const ParmVarDecl *ignoredDevice(Types &Ty, const Origin &O) {
  if (O.K != Origin::Created || !O.In || !Ty.isUserCode(O.In))
    return nullptr;
  for (const ParmVarDecl *P : O.In->parameters())
    if (TypeKind K = Ty.kindOf(P->getType());
        (K == TypeKind::Device || K == TypeKind::Options) &&
        !P->getName().empty() && !P->isReferenced())
      return P;
  return nullptr;
}

// The variables that are declared in the blocks around a place, in front of it.
static void declaredBefore(const Stmt *Block, SourceLocation At,
                           const SourceManager &SM,
                           SmallVectorImpl<const VarDecl *> &Out) {
  for (const Stmt *Child : Block->children()) {
    if (!Child || SM.isBeforeInTranslationUnit(At, Child->getBeginLoc()))
      continue;
    if (!SM.isBeforeInTranslationUnit(Child->getEndLoc(), At)) {
      declaredBefore(Child, At, SM, Out);
      continue;
    }
    if (auto *Declared = dyn_cast<DeclStmt>(Child))
      for (const Decl *D : Declared->decls())
        if (auto *V = dyn_cast<VarDecl>(D))
          Out.push_back(V);
  }
}

// A name that stands for this device at a place in a function: of a variable, a
// parameter, a member. Empty where there is none.
std::string Repairs::deviceInReach(Device D, const Expr *At) {
  if (!Here.Fn || !Here.Fn->getBody() || !At)
    return "";
  auto Holds = [&](CellId C) {
    const Value &V = S.Cells[S.target(C)];
    return V.K == Value::Dev && V.D.sameAs(D);
  };
  SmallVector<const VarDecl *, 16> Variables(Here.Fn->param_begin(),
                                             Here.Fn->param_end());
  declaredBefore(Here.Fn->getBody(), At->getBeginLoc(), Ctx.getSourceManager(),
                 Variables);
  for (const VarDecl *V : llvm::reverse(Variables))
    if (auto It = Here.Vars.find(V);
        It != Here.Vars.end() && It->second &&
        Ty.kindOf(V->getType()) == TypeKind::Device && Holds(It->second))
      return V->getNameAsString();
  const Value Me = Here.This ? S.Cells[S.target(Here.This)] : Value();
  if (Me.K == Value::Object)
    for (auto &[Key, C] : S.Objects[Me.Id].Fields)
      if (const CXXRecordDecl *R = S.Objects[Me.Id].Rec;
          R && R->hasDefinition())
        for (const FieldDecl *Field : R->getDefinition()->fields())
          if (Key == Field->getCanonicalDecl() &&
              Ty.kindOf(Field->getType()) == TypeKind::Device && Holds(C))
            return Field->getNameAsString();
  return "";
}

} // namespace torch_tidy
