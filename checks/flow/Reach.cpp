#include "checks/flow/Reach.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace clang;

namespace torch_tidy {

/// Whether something is declared in one of LibTorch's namespaces.
static bool isLibTorch(const Decl *D) {
  const NamespaceDecl *Outer = nullptr;
  for (const DeclContext *C = D->getDeclContext(); C; C = C->getParent())
    if (auto *N = dyn_cast<NamespaceDecl>(C))
      Outer = N;
  return Outer &&
         llvm::is_contained({"at", "c10", "torch", "caffe2"}, Outer->getName());
}

/// The node that something declared belongs to; null for what has none of its
/// own: local variables, fields of lambdas, namespaces.
static const Decl *nodeOf(const Decl *D) {
  if (auto *V = dyn_cast<VarDecl>(D); V && V->isFileVarDecl())
    return V->getCanonicalDecl();
  auto *R = dyn_cast<CXXRecordDecl>(D);
  auto *F = dyn_cast<FunctionDecl>(D);
  if (isa<CXXMethodDecl>(D) || isa<FieldDecl>(D))
    R = dyn_cast<CXXRecordDecl>(D->getDeclContext());
  // What a lambda does is done by what it is written in.
  while (R && R->isLambda()) {
    const DeclContext *Around = R->getDeclContext();
    F = dyn_cast<FunctionDecl>(Around);
    R = dyn_cast<CXXRecordDecl>(F && isa<CXXMethodDecl>(F) ? F->getParent()
                                                           : Around);
  }
  if (R)
    return R->getCanonicalDecl();
  return F ? F->getCanonicalDecl() : nullptr;
}

namespace {
class Graph : public RecursiveASTVisitor<Graph> {
  using Base = RecursiveASTVisitor<Graph>;
  /// What names a node.
  llvm::DenseMap<const void *, llvm::SmallVector<const void *, 4>> Users;
  llvm::DenseSet<std::pair<const void *, const void *>> Edges;
  /// What names LibTorch itself: no other edge from there is of use.
  llvm::DenseSet<const void *> Direct;
  llvm::DenseSet<const void *> Types; ///< Those that were looked into.
  const void *Node = nullptr;

  void edge(const void *To) {
    if (Node != To && Edges.insert({Node, To}).second)
      Users[To].push_back(Node);
  }
  bool done() const { return !Node || Direct.contains(Node); }

  void mention(const Decl *D) {
    if (!D || done())
      return;
    if (isLibTorch(D))
      Direct.insert(Node);
    else if (const Decl *To = nodeOf(D))
      edge(To);
  }
  void mention(QualType T) {
    if (T.isNull() || done())
      return;
    const Type *C = T.getCanonicalType().getTypePtr();
    edge(C);
    if (!Types.insert(C).second)
      return;
    llvm::SaveAndRestore Saved(Node, static_cast<const void *>(C));
    parts(C);
  }
  void mention(const TemplateArgument &A) {
    if (A.getKind() == TemplateArgument::Type)
      mention(A.getAsType());
    else if (A.getKind() == TemplateArgument::Declaration)
      mention(A.getAsDecl());
    else if (A.getKind() == TemplateArgument::Pack)
      for (const TemplateArgument &Part : A.pack_elements())
        mention(Part);
  }
  void parts(const Type *C) {
    if (QualType Pointee = C->getPointeeType(); !Pointee.isNull())
      return mention(Pointee);
    if (auto *A = dyn_cast<ArrayType>(C))
      return mention(A->getElementType());
    if (auto *F = dyn_cast<FunctionProtoType>(C)) {
      mention(F->getReturnType());
      for (QualType P : F->param_types())
        mention(P);
      return;
    }
    const TagDecl *Tag = C->getAsTagDecl();
    mention(Tag);
    auto *R = dyn_cast_or_null<CXXRecordDecl>(Tag);
    if (!R)
      return;
    // A lambda of namespace scope belongs to nothing that is looked at.
    if (R->isLambda() && !nodeOf(R))
      Direct.insert(Node);
    if (auto *Spec = dyn_cast<ClassTemplateSpecializationDecl>(R))
      for (const TemplateArgument &A : Spec->getTemplateArgs().asArray())
        mention(A);
    bases(R);
  }
  void bases(const CXXRecordDecl *R) {
    if (R->hasDefinition() && !R->isDependentContext())
      for (const CXXBaseSpecifier &B : R->bases())
        mention(B.getType());
  }

public:
  bool shouldVisitTemplateInstantiations() const { return true; }
  bool TraverseTypeLoc(TypeLoc, bool = true) { return true; }
  bool TraverseDecl(Decl *D) {
    const Decl *Own = D ? nodeOf(D) : nullptr;
    if (!Own)
      return Base::TraverseDecl(D);
    if (Node)
      edge(Own);
    llvm::SaveAndRestore Saved(Node, static_cast<const void *>(Own));
    return Base::TraverseDecl(D);
  }
  bool TraverseStmt(Stmt *S) { return done() || Base::TraverseStmt(S); }
  bool VisitValueDecl(ValueDecl *V) {
    mention(V->getType());
    return true;
  }
  bool VisitCXXRecordDecl(CXXRecordDecl *R) {
    bases(R);
    return true;
  }
  bool VisitExpr(Expr *E) {
    mention(E->getType());
    return true;
  }
  bool VisitDeclRefExpr(DeclRefExpr *E) {
    mention(E->getDecl());
    return true;
  }
  bool VisitMemberExpr(MemberExpr *E) {
    mention(E->getMemberDecl());
    return true;
  }
  bool VisitCXXConstructExpr(CXXConstructExpr *E) {
    mention(E->getConstructor());
    return true;
  }
  bool VisitOverloadExpr(OverloadExpr *E) {
    for (const NamedDecl *D : E->decls())
      mention(D->getUnderlyingDecl());
    return true;
  }
  // The bodies that calls have made of `auto` parameters.
  bool VisitLambdaExpr(LambdaExpr *L) {
    if (auto *T = L->getCallOperator()->getDescribedFunctionTemplate())
      for (FunctionDecl *Spec : T->specializations())
        if (Spec->hasBody())
          TraverseStmt(Spec->getBody());
    return true;
  }

  llvm::DenseSet<const void *> close() {
    llvm::SmallVector<const void *> Work(Direct.begin(), Direct.end());
    while (!Work.empty())
      for (const void *User : Users.lookup(Work.pop_back_val()))
        if (Direct.insert(User).second)
          Work.push_back(User);
    return std::move(Direct);
  }
};
} // namespace

Reach::Reach(ArrayRef<Decl *> TopLevel) {
  Graph G;
  for (Decl *D : TopLevel)
    G.TraverseDecl(D);
  Reaching = G.close();
}

bool Reach::operator()(const FunctionDecl *F) const {
  for (const DeclContext *C = F; C; C = C->getParent())
    if (const Decl *Node = nodeOf(cast<Decl>(C));
        Node && Reaching.contains(Node))
      return true;
  return false;
}

} // namespace torch_tidy
