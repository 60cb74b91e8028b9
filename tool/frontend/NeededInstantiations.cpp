#include "tool/frontend/NeededInstantiations.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;

namespace torch_tidy {

bool NeededInstantiations::operator()(const FunctionDecl *Fn) {
  return isUsers(Fn) || isOpen(Fn);
}

bool NeededInstantiations::isUsers(const Decl *D) {
  return OwnerOf(D->getLocation()) == Owner::User;
}

bool NeededInstantiations::isOpen(const Decl *D) {
  auto [Entry, New] = Known.try_emplace(D, false);
  // One that is being looked at is told by the rest of it.
  if (!New)
    return Entry->second;
  bool Result = false;
  if (!isUsers(D))
    Result = hasOpenArguments(D);
  else if (const auto *R = dyn_cast<CXXRecordDecl>(D))
    Result = isOpenClass(R);
  else
    Result = !isa<EnumDecl>(D);
  // A member, a class that is local to a function; a friend stands in a class
  // without being its member.
  for (const DeclContext *In :
       {D->getDeclContext(), D->getLexicalDeclContext()}) {
    if (Result)
      break;
    if (const auto *Fn = dyn_cast<FunctionDecl>(In); Fn && isUsers(Fn))
      Result = Fn->getTemplatedKind() != FunctionDecl::TK_NonTemplate;
    else if (In->isRecord() || In->isFunctionOrMethod())
      Result = isOpen(cast<Decl>(In));
  }
  return Known[D] = Result;
}

/// Of an instance of a library's template.
bool NeededInstantiations::hasOpenArguments(const Decl *D) {
  const TemplateArgumentList *List = nullptr;
  if (const auto *Fn = dyn_cast<FunctionDecl>(D))
    List = Fn->getTemplateSpecializationArgs();
  else if (const auto *Class = dyn_cast<ClassTemplateSpecializationDecl>(D))
    List = &Class->getTemplateArgs();
  return List &&
         llvm::any_of(List->asArray(),
                      [this](const TemplateArgument &A) { return isOpen(A); });
}

/// Of the user's.
bool NeededInstantiations::isOpenClass(const CXXRecordDecl *R) {
  if (!R->hasDefinition() || isa<ClassTemplateSpecializationDecl>(R))
    return true;
  R = R->getDefinition();
  for (const Decl *Member : R->decls()) {
    if (const auto *Friend = dyn_cast<FriendDecl>(Member))
      Member = Friend->getFriendDecl();
    if (isa_and_nonnull<TemplateDecl, ConstructorUsingShadowDecl>(Member))
      return true;
  }
  for (const CXXBaseSpecifier &Base : R->bases())
    if (isOpen(Base.getType()))
      return true;
  for (const FieldDecl *Field : R->fields())
    if (isOpen(Field->getType()))
      return true;
  return hasTemplates(R->getEnclosingNamespaceContext());
}

/// Function templates that a call with an operand of a class in it would find.
bool NeededInstantiations::hasTemplates(const DeclContext *Namespace) {
  auto IsOne = [this](const Decl *D) {
    return isa<FunctionTemplateDecl>(D) && isUsers(D);
  };
  const auto *First = dyn_cast<NamespaceDecl>(Namespace);
  if (!First)
    return llvm::any_of(Namespace->noload_decls(), IsOne);
  for (const NamespaceDecl *Part : First->redecls())
    if (llvm::any_of(Part->noload_decls(), IsOne))
      return true;
  return false;
}

bool NeededInstantiations::isOpen(const TemplateArgument &Argument) {
  switch (Argument.getKind()) {
  case TemplateArgument::Null:
  case TemplateArgument::NullPtr:
  case TemplateArgument::Integral:
    return false;
  case TemplateArgument::Type:
    return isOpen(Argument.getAsType());
  case TemplateArgument::Declaration:
    return isOpen(Argument.getAsDecl());
  case TemplateArgument::Template:
    return isOpen(Argument.getAsTemplate().getAsTemplateDecl());
  case TemplateArgument::Pack:
    return llvm::any_of(
        Argument.pack_elements(),
        [this](const TemplateArgument &A) { return isOpen(A); });
  default:
    return true;
  }
}

namespace {
/// Finds what a type is made of.
template <class Fn> class Parts : public RecursiveASTVisitor<Parts<Fn>> {
public:
  explicit Parts(Fn Each) : Each(Each) {}
  /// Ends where `Each` says so.
  bool VisitTagType(TagType *T) { return !Each(T->getDecl()); }

private:
  Fn Each;
};
} // namespace

bool NeededInstantiations::isOpen(QualType T) {
  bool Result = false;
  auto Look = [&](const Decl *D) { return Result |= isOpen(D); };
  Parts<decltype(Look)>(Look).TraverseType(T.getCanonicalType());
  return Result;
}

} // namespace torch_tidy
