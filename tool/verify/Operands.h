//===- Operands.h - what a flagged call is given, as written --------------===//
//
// The object and the arguments of a call with the names that probes report
// them by: the finding's word where it speaks of the operand ("weight"), else
// the parameter's name.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_OPERANDS_H
#define TORCH_TIDY_TOOL_VERIFY_OPERANDS_H

#include "checks/Finding.h"
#include "clang/AST/ExprCXX.h"
#include "llvm/ADT/SmallVector.h"
#include <string>
#include <utility>

namespace torch_tidy::verify {

using OperandList =
    llvm::SmallVector<std::pair<const clang::Expr *, std::string>, 6>;

/// The operands of \p F's call, then those that stand inside an argument:
/// `std::make_tuple(h, c)`.
OperandList operandsOf(const Finding &F);

/// False for an operand that only exists in a callee of \p F's call: what the
/// call is given says nothing of it.
bool isAtCall(const Operand &O, const Finding &F);

/// \p E without what wraps it and means nothing in the source; of
/// `model->forward(x)` on a holder, the holder: the arrow has no text.
const clang::Expr *writtenOperand(const clang::Expr *E);

/// An expression that can be evaluated a second time for its address only:
/// names, members of names, `this`, dereferenced names.
bool isPlainLvalue(const clang::Expr *E);

/// Types that a probe can say something of: classes, and pointers to them.
/// Closures, strings and streams are classes too; the probe ignores them, but
/// wrapping a prvalue of an unmovable class would not compile.
bool worthProbing(clang::QualType T);
bool isMovable(clang::QualType T);

/// The list in braces that \p E is converted from, or null.
const clang::InitListExpr *bracedList(const clang::Expr *E);

} // namespace torch_tidy::verify

#endif
