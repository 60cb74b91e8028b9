//===- Types.cpp ----------------------------------------------------------===//
#include "tool/verify/Types.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;
using namespace torch_tidy;
using namespace torch_tidy::verify;

std::string verify::nameOf(const NamedDecl *D) {
  std::string Name = D->getQualifiedNameAsString();
  for (const char *Inline : {"__cxx11::", "__1::"})
    if (size_t At = Name.find(Inline); At != std::string::npos)
      Name.erase(At, strlen(Inline));
  return Name;
}

QualType verify::typeArgument(const CXXRecordDecl *R, unsigned Index) {
  const auto *S = dyn_cast<ClassTemplateSpecializationDecl>(R);
  if (!S || Index >= S->getTemplateArgs().size())
    return {};
  const TemplateArgument &A = S->getTemplateArgs()[Index];
  return A.getKind() == TemplateArgument::Type ? A.getAsType() : QualType();
}

llvm::SmallVector<QualType, 4> verify::typeArguments(const CXXRecordDecl *R) {
  llvm::SmallVector<QualType, 4> Types;
  const auto *S = dyn_cast<ClassTemplateSpecializationDecl>(R);
  for (const TemplateArgument &A : S->getTemplateArgs().asArray()) {
    if (A.getKind() == TemplateArgument::Type)
      Types.push_back(A.getAsType());
    if (A.getKind() == TemplateArgument::Pack)
      for (const TemplateArgument &P : A.pack_elements())
        if (P.getKind() == TemplateArgument::Type)
          Types.push_back(P.getAsType());
  }
  return Types;
}

const CXXRecordDecl *verify::heldModule(const CXXRecordDecl *R) {
  if (nameOf(R) == "torch::nn::ModuleHolder") {
    QualType Held = typeArgument(R, 0);
    const CXXRecordDecl *Impl =
        Held.isNull() ? nullptr : Held->getAsCXXRecordDecl();
    return Impl ? Impl->getDefinition() : nullptr;
  }
  for (const CXXBaseSpecifier &B : R->bases())
    if (const CXXRecordDecl *Base = B.getType()->getAsCXXRecordDecl())
      if (Base->getDefinition())
        if (const CXXRecordDecl *Impl = heldModule(Base->getDefinition()))
          return Impl;
  return nullptr;
}

bool verify::isLoader(const CXXRecordDecl *R) {
  if (!R)
    return false;
  std::string Name = nameOf(R);
  return StringRef(Name).starts_with("torch::data::") &&
         (StringRef(Name).ends_with("DataLoader") ||
          StringRef(Name).ends_with("DataLoaderBase"));
}

bool verify::derivesFrom(const CXXRecordDecl *R, StringRef Qualified) {
  if (!R)
    return false;
  if (nameOf(R) == Qualified)
    return true;
  R = R->getDefinition();
  if (!R)
    return false;
  return llvm::any_of(R->bases(), [&](const CXXBaseSpecifier &B) {
    return derivesFrom(B.getType()->getAsCXXRecordDecl(), Qualified);
  });
}
