//===- LeftBehind.h - members that `Module::to` does not reach ------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_LEFTBEHIND_H
#define TORCH_TIDY_CHECKS_FLOW_LEFTBEHIND_H

#include "checks/Finding.h"
#include "checks/flow/State.h"
#include "checks/flow/Types.h"
#include <optional>

namespace torch_tidy {

/// Whether a tensor, or the state of a module that it stands for, hangs on this
/// cell; a view is known by where its tensor was made.
bool hangsOn(const State &S, CellId C, HandleId H, unsigned Depth = 0);

/// The member through which a module of an activation reaches an operand that
/// its own moves do not reach; null where there is none.
const clang::FieldDecl *leftBehind(const State &S, Types &Ty, HandleId H);

/// `register_module("fc", fc);` as the last statement of the constructor.
std::optional<Fix> registration(const clang::ASTContext &Ctx, Types &Ty,
                                const clang::FieldDecl *Field);

} // namespace torch_tidy

#endif
