//===- Manifest.h - the one table of checks -------------------------------===//
//
// Registration with clang-tidy, the default of `--checks`, `--list-checks` and
// the rule metadata of the reports all come from here. A check gets its row
// when the analysis finds what it is about, not before.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_MANIFEST_H
#define TORCH_TIDY_CHECKS_MANIFEST_H

#include "checks/Finding.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace torch_tidy {

struct CheckInfo {
  FindingCode Code;
  /// False for checks that a project has to ask for.
  bool OnByDefault;
  /// One line, no trailing period.
  llvm::StringLiteral Help;

  llvm::StringRef name() const { return checkName(Code); }
};

/// Every check there is, in the order that lists print them.
llvm::ArrayRef<CheckInfo> allChecks();

/// The checks that are on by default, as a clang-tidy glob list.
std::string defaultChecks();

} // namespace torch_tidy

#endif
