//===- NeededInstantiations.h - which library bodies clang instantiates ---===//
//
// At the end of a file clang instantiates the body of every function template
// that the file uses: of `std::vector<at::Tensor>::~vector`, of
// `std::shared_ptr<torch::nn::LinearImpl>::operator=`, and of all that those
// use. Nothing of it is looked at: no finding is in a library body. What
// matters are bodies that may instantiate the user's code in turn, such as the
// one of `std::for_each` with a generic lambda. They can only where a template
// argument names something of the user's, so the others are left out: a third
// of the time that a small file takes.
//
// Constexpr functions and those with a deduced return type are not asked about:
// clang instantiates them where they are used.
//
// Limit: a library body that finds a user's function template for library types
// alone, which needs one declared in the library's own namespace.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_NEEDEDINSTANTIATIONS_H
#define TORCH_TIDY_TOOL_FRONTEND_NEEDEDINSTANTIATIONS_H

#include "tool/frontend/LibraryCode.h"

namespace clang {
class Decl;
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
  /// By declaration: whether it, or what it is made of, is the user's.
  llvm::DenseMap<const clang::Decl *, bool> Known;

  bool isUsers(const clang::Decl *D);
  bool isUsers(clang::QualType T);
  bool isUsers(const clang::TemplateArgument &Argument);
};

} // namespace torch_tidy

#endif
