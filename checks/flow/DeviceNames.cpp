// What a function has to name a device by.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// The device that a function was given to make its tensors on, where it makes
// them without.
const ParmVarDecl *Interp::ignoredDevice(const Origin &O) {
  if (O.K != Origin::Created || !O.In || !isUserCode(O.In))
    return nullptr;
  for (const ParmVarDecl *P : O.In->parameters())
    if (TypeKind K = kindOf(P->getType());
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
std::string Interp::deviceInReach(const Frame &In, Device D, const Expr *At) {
  if (!In.Fn || !In.Fn->getBody() || !At)
    return "";
  auto Holds = [&](CellId C) {
    const Value &V = S->Cells[target(C)];
    return V.K == Value::Dev && V.D.sameAs(D);
  };
  SmallVector<const VarDecl *, 16> Variables(In.Fn->param_begin(),
                                             In.Fn->param_end());
  declaredBefore(In.Fn->getBody(), At->getBeginLoc(), Ctx.getSourceManager(),
                 Variables);
  for (const VarDecl *V : llvm::reverse(Variables))
    if (auto It = In.Vars.find(V);
        It != In.Vars.end() && It->second &&
        kindOf(V->getType()) == TypeKind::Device && Holds(It->second))
      return V->getNameAsString();
  const Value Me = In.This ? S->Cells[target(In.This)] : Value();
  if (Me.K == Value::Object)
    for (auto &[Key, C] : S->Objects[Me.Id].Fields)
      if (const CXXRecordDecl *R = S->Objects[Me.Id].Rec;
          R && R->hasDefinition())
        for (const FieldDecl *Field : R->getDefinition()->fields())
          if (Key == Field->getCanonicalDecl() &&
              kindOf(Field->getType()) == TypeKind::Device && Holds(C))
            return Field->getNameAsString();
  return "";
}

} // namespace torch_tidy
