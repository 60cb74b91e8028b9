#include "tool/frontend/NeededInstantiations.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;

namespace torch_tidy {

bool NeededInstantiations::operator()(const FunctionDecl *Fn) {
  return isUsers(Fn);
}

/// A declaration is the user's where it stands in the user's code, or where a
/// template argument of it, or of what it is a member of, is.
bool NeededInstantiations::isUsers(const Decl *D) {
  auto [Entry, New] = Known.try_emplace(D, false);
  // One that is being looked at is told by the rest of it.
  if (!New)
    return Entry->second;
  bool Result = OwnerOf(D->getLocation()) == Owner::User;
  auto Among = [this](const TemplateArgumentList &List) {
    return llvm::any_of(List.asArray(), [this](const TemplateArgument &A) {
      return isUsers(A);
    });
  };
  if (const auto *Fn = dyn_cast<FunctionDecl>(D); !Result && Fn)
    if (const TemplateArgumentList *List = Fn->getTemplateSpecializationArgs())
      Result = Among(*List);
  if (const auto *Class = dyn_cast<ClassTemplateSpecializationDecl>(D);
      !Result && Class)
    Result = Among(Class->getTemplateArgs());
  // A member, a class that is local to a function; a friend stands in a class
  // without being its member.
  for (const DeclContext *In :
       {D->getDeclContext(), D->getLexicalDeclContext()})
    if (!Result && (In->isRecord() || In->isFunctionOrMethod()))
      Result = isUsers(cast<Decl>(In));
  return Known[D] = Result;
}

bool NeededInstantiations::isUsers(const TemplateArgument &Argument) {
  switch (Argument.getKind()) {
  case TemplateArgument::Null:
  case TemplateArgument::NullPtr:
  case TemplateArgument::Integral:
    return false;
  case TemplateArgument::Type:
    return isUsers(Argument.getAsType());
  case TemplateArgument::Declaration:
    return isUsers(Argument.getAsDecl());
  case TemplateArgument::Template:
    return isUsers(Argument.getAsTemplate().getAsTemplateDecl());
  case TemplateArgument::Pack:
    return llvm::any_of(
        Argument.pack_elements(),
        [this](const TemplateArgument &A) { return isUsers(A); });
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

bool NeededInstantiations::isUsers(QualType T) {
  bool Result = false;
  auto Look = [&](const Decl *D) { return Result |= isUsers(D); };
  Parts<decltype(Look)>(Look).TraverseType(T.getCanonicalType());
  return Result;
}

} // namespace torch_tidy
