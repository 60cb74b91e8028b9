//===- Types.h - questions about the classes of LibTorch and the library --===//
#ifndef TORCH_TIDY_TOOL_VERIFY_TYPES_H
#define TORCH_TIDY_TOOL_VERIFY_TYPES_H

#include "clang/AST/DeclCXX.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace torch_tidy::verify {

/// "std::vector", "at::Tensor": without inline namespaces.
std::string nameOf(const clang::NamedDecl *D);

/// The type that \p R's template was given at \p Index; null for none.
clang::QualType typeArgument(const clang::CXXRecordDecl *R, unsigned Index);

/// All types of a tuple's or pair's argument list, packs expanded.
llvm::SmallVector<clang::QualType, 4>
typeArguments(const clang::CXXRecordDecl *R);

/// The implementation that a holder (`TORCH_MODULE(Net)`) holds, or null.
const clang::CXXRecordDecl *heldModule(const clang::CXXRecordDecl *R);

bool isLoader(const clang::CXXRecordDecl *R);

/// True where \p R is or derives from the class named \p Qualified.
bool derivesFrom(const clang::CXXRecordDecl *R, llvm::StringRef Qualified);

} // namespace torch_tidy::verify

#endif
