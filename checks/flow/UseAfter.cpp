#include "checks/flow/UseAfter.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;

namespace torch_tidy {

namespace {
class UseAfter : public RecursiveASTVisitor<UseAfter> {
  const SourceManager &SM;
  const ValueDecl *D;
  SourceLocation After;

public:
  bool Found = false;
  UseAfter(const SourceManager &SM, const ValueDecl *D, SourceLocation After)
      : SM(SM), D(D), After(After) {}
  bool VisitDeclRefExpr(DeclRefExpr *E) {
    Found |= E->getDecl() == D &&
             SM.isBeforeInTranslationUnit(After, E->getBeginLoc());
    return !Found;
  }
};
} // namespace

bool usedAfter(const ASTContext &Ctx, const FunctionDecl *Fn,
               const ValueDecl *D, SourceLocation After) {
  if (!Fn || !Fn->hasBody())
    return false;
  UseAfter Visitor(Ctx.getSourceManager(), D, After);
  Visitor.TraverseStmt(Fn->getBody());
  return Visitor.Found;
}

} // namespace torch_tidy
