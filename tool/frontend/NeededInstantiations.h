//===- NeededInstantiations.h - which library bodies clang instantiates ---===//
//
// At the end of a file clang instantiates the body of every function template
// that the file uses: of `std::vector<at::Tensor>::~vector`, of
// `std::make_shared<Net>`, and of all that those use. Nothing of it is looked
// at: no finding is in a library body. What matters are bodies that may
// instantiate the user's code in turn, such as the one of `std::for_each` with
// a generic lambda. The others are left out: half of the time that a small file
// takes.
//
// A body may do so where a template argument names something of the user's that
// is *open*: a template, an instance of one, a class with a template or
// inherited constructors among its members, in its bases or in the types of its
// fields, or one whose namespace has function templates of the user's, which
// its operands would find. A plain class, or a lambda without `auto`, is not.
//
// Constexpr functions and those with a deduced return type are not asked about:
// clang instantiates them where they are used.
//
// Limits: function templates that the user declares after the first use of the
// class, or in the library's own namespace for library types alone.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_NEEDEDINSTANTIATIONS_H
#define TORCH_TIDY_TOOL_FRONTEND_NEEDEDINSTANTIATIONS_H

#include "tool/frontend/LibraryCode.h"

namespace clang {
class CXXRecordDecl;
class Decl;
class DeclContext;
class FunctionDecl;
class QualType;
class TemplateArgument;
} // namespace clang

namespace torch_tidy {

/// Tells the instantiations that may reach the user's code from the others.
class NeededInstantiations {
public:
  explicit NeededInstantiations(OwnerMap &OwnerOf) : OwnerOf(OwnerOf) {}

  /// \p Fn is an implicit instantiation.
  bool operator()(const clang::FunctionDecl *Fn);

private:
  OwnerMap &OwnerOf;
  /// By declaration: whether it, or what it is made of, is open.
  llvm::DenseMap<const clang::Decl *, bool> Known;

  bool isUsers(const clang::Decl *D);
  bool isOpen(const clang::Decl *D);
  bool isOpen(clang::QualType T);
  bool isOpen(const clang::TemplateArgument &Argument);
  bool isOpenClass(const clang::CXXRecordDecl *R);
  bool hasOpenArguments(const clang::Decl *D);
  bool hasTemplates(const clang::DeclContext *Namespace);
};

} // namespace torch_tidy

#endif
