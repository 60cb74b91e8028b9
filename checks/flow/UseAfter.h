//===- UseAfter.h - whether a variable is named again after a place -------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_USEAFTER_H
#define TORCH_TIDY_CHECKS_FLOW_USEAFTER_H

#include "clang/AST/Decl.h"

namespace torch_tidy {

/// Whether the body of a function names a variable behind \p After.
bool usedAfter(const clang::ASTContext &Ctx, const clang::FunctionDecl *Fn,
               const clang::ValueDecl *D, clang::SourceLocation After);

} // namespace torch_tidy

#endif
