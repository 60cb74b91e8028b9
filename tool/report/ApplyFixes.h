//===- ApplyFixes.h - what --fix does -------------------------------------===//
//
// The first fix of each finding is applied whole or not at all: of two whose
// edits overlap, the later one is refused, since half of a repair or a merge
// of two is code that nobody wrote. A link stays one, and a file keeps its mode.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_APPLYFIXES_H
#define TORCH_TIDY_TOOL_REPORT_APPLYFIXES_H

#include "clang-tidy/ClangTidyDiagnosticConsumer.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace torch_tidy {

struct FixCounts {
  unsigned Applied = 0; ///< Findings that were mended.
  unsigned Refused = 0; ///< Findings whose fix overlaps another's.
};

/// Edits the files. `Format` is clang-format's style for the edited lines, as
/// `FormatStyle` in .clang-tidy; "none" leaves them. An error names the
/// files that could not be written; all others have been.
llvm::Expected<FixCounts>
applyFixes(const std::vector<clang::tidy::ClangTidyError> &Errors,
           llvm::StringRef Format);

} // namespace torch_tidy

#endif
