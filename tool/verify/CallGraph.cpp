//===- CallGraph.cpp ------------------------------------------------------===//
#include "tool/verify/CallGraph.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"

using namespace clang;
using namespace torch_tidy;
using namespace torch_tidy::verify;

const FunctionDecl *verify::namedFunction(const FunctionDecl *F) {
  while (F) {
    const auto *M = dyn_cast<CXXMethodDecl>(F);
    if (!M)
      return F;
    const CXXRecordDecl *R = M->getParent();
    const DeclContext *Outer = R->getDeclContext();
    if (!R->isLambda() && !R->isLocalClass())
      return F;
    while (Outer && !isa<FunctionDecl>(Outer))
      Outer = Outer->getParent();
    F = Outer ? cast<FunctionDecl>(Outer) : nullptr;
  }
  return nullptr;
}

namespace {

class CallCollector : public RecursiveASTVisitor<CallCollector> {
public:
  using Map = llvm::MapVector<const FunctionDecl *,
                              llvm::SmallPtrSet<const FunctionDecl *, 4>>;
  explicit CallCollector(Map &Callees) : Callees(Callees) {}

  bool shouldVisitTemplateInstantiations() const { return true; }

  bool TraverseDecl(Decl *D) {
    auto *F = dyn_cast_or_null<FunctionDecl>(D);
    if (!F || !F->doesThisDeclarationHaveABody())
      return RecursiveASTVisitor::TraverseDecl(D);
    const FunctionDecl *Saved = Current;
    // A closure's calls are those of the function it is written in.
    if (const FunctionDecl *Named = namedFunction(F)) {
      Current = Named->getCanonicalDecl();
      Callees[Current];
    }
    bool Result = RecursiveASTVisitor::TraverseDecl(D);
    Current = Saved;
    return Result;
  }
  bool VisitCallExpr(CallExpr *E) {
    add(E->getDirectCallee());
    return true;
  }
  bool VisitCXXConstructExpr(CXXConstructExpr *E) {
    add(E->getConstructor());
    return true;
  }

private:
  Map &Callees;
  const FunctionDecl *Current = nullptr;

  void add(const FunctionDecl *Callee) {
    if (Callee && Current)
      Callees[Current].insert(Callee->getCanonicalDecl());
  }
};

} // namespace

CallGraph::CallGraph(ASTContext &Context) {
  SourceManager &SM = Context.getSourceManager();
  CallCollector Collector(Callees);
  for (Decl *D : Context.getTranslationUnitDecl()->noload_decls())
    if (!SM.isInSystemHeader(D->getLocation()) && D->getLocation().isValid())
      Collector.TraverseDecl(D);
}

bool CallGraph::makes(StringRef Class) const {
  return llvm::any_of(Callees, [&](const auto &Entry) {
    return llvm::any_of(Entry.second, [&](const FunctionDecl *F) {
      const auto *C = dyn_cast<CXXConstructorDecl>(F);
      return C && C->getParent()->getQualifiedNameAsString() == Class;
    });
  });
}

llvm::SmallVector<const FunctionDecl *>
CallGraph::reaching(const FunctionDecl *Target) const {
  llvm::SmallPtrSet<const FunctionDecl *, 16> Reach;
  Reach.insert(Target);
  for (bool Changed = true; Changed;) {
    Changed = false;
    for (const auto &[F, Called] : Callees)
      if (!Reach.count(F) &&
          llvm::any_of(Called, [&](auto *C) { return Reach.count(C); }))
        Changed = Reach.insert(F).second;
  }
  llvm::SmallVector<const FunctionDecl *> List;
  for (const auto &[F, Called] : Callees)
    if (Reach.count(F) && F != Target)
      List.push_back(F);
  return List;
}
