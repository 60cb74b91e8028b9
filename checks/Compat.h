//===- Compat.h - where older releases of clang differ --------------------===//
//
// The plugin is also built for the clang-tidy of LLVM 19; all that such a
// release names otherwise is here.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_COMPAT_H
#define TORCH_TIDY_CHECKS_COMPAT_H

#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/Basic/Version.h"

namespace torch_tidy {

/// The type that a class or an enumeration is.
inline clang::QualType typeOf(const clang::ASTContext &Context,
                              const clang::TagDecl *D) {
#if CLANG_VERSION_MAJOR >= 22
  return Context.getCanonicalTagType(D);
#else
  return Context.getCanonicalType(Context.getTagDeclType(D));
#endif
}

} // namespace torch_tidy

#endif
