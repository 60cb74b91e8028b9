//===- Judged.h - the operands of a judged call, and what is said of them -===//
//
// A judgement sets one operand of a call against another: the one that is
// called wrong, and the one that it does not go with. What a report says of the
// two depends on nothing else, so it is worded here, apart from the paths.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_JUDGED_H
#define TORCH_TIDY_CHECKS_FLOW_JUDGED_H

#include "checks/Finding.h"
#include "checks/api/Operators.h"
#include "checks/flow/State.h"
#include <optional>

namespace torch_tidy {

/// An operand of a call that is judged.
struct Used {
  std::string Role;
  HandleId H = 0;
  const clang::Expr *E = nullptr;
  bool IsState = false;
  std::string Spelling;
  /// For a module's state: the expression that names the module.
  const clang::Expr *Base = nullptr;
};

/// The operands that a judgement sets against each other; the same twice where
/// the call does not take that one at all, none where nothing throws.
struct Blame {
  const Used *Wrong = nullptr, *Against = nullptr;
  explicit operator bool() const { return Wrong && Against; }
  bool alone() const { return Wrong == Against; }
};

/// The operand that is called wrong, and the one that it does not go with.
Blame blame(const State &S, const api::Judgement &J, FindingCode Code,
            llvm::ArrayRef<Used> Ops);

/// The call of the activation at \p Level that leads to a judged one; null for
/// an entry that nobody is seen to call.
const clang::Expr *siteAt(const State &S, unsigned Level,
                          const clang::Expr *Site);

/// One of the two as a report speaks of it.
struct Party {
  std::string Name; ///< "model"; may be empty.
  const Handle &H;
  bool IsState = false;
};

/// "'input' is on the CPU but 'model' was moved to CUDA". \p Alone: both are
/// the same operand.
std::string wording(FindingCode Code, const Party &Wrong, const Party &Against,
                    bool Alone);

/// How an operand came to be what it is: "'model' moved to CUDA here". None
/// where that is not known, or goes without saying.
std::optional<Step> provenance(FindingCode Code, const Party &P);

} // namespace torch_tidy

#endif
