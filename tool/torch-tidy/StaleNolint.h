//===- StaleNolint.h - suppressions that suppress nothing -----------------===//
//
// A NOLINT comment that names a torch check and that no finding of this check
// is under: the code was mended and the comment stayed, or it stands on the
// wrong line. Judged are the main file's comments that spell out a list, since
// others are also for other checks, and the names in them that are enabled.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_STALENOLINT_H
#define TORCH_TIDY_TOOL_TORCHTIDY_STALENOLINT_H

#include "tool/report/Details.h"

namespace torch_tidy {

/// The check that these are reported as; not one of the manifest.
inline constexpr llvm::StringLiteral StaleNolintName = "torch-stale-nolint";

/// \p Text is that of \p File, \p Found all findings before suppression, and
/// \p Enabled what was looked for.
std::vector<clang::tidy::ClangTidyError>
staleNolints(llvm::StringRef File, llvm::StringRef Text,
             const std::vector<FindingDetails> &Found,
             const std::vector<llvm::StringRef> &Enabled);

} // namespace torch_tidy

#endif
