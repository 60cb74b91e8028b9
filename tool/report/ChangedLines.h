//===- ChangedLines.h - what a working tree changed since a revision ------===//
//
// The lines that `git diff REV` shows as new, of staged and unstaged edits
// alike, and every line of a file that git does not know. A finding is the
// work of the change where any step of its history, or the call itself, is on
// such a line; or where a line went away between its first and last step that
// named one of its values: `input = input.to(device);` deleted.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_CHANGEDLINES_H
#define TORCH_TIDY_TOOL_REPORT_CHANGEDLINES_H

#include "tool/report/Report.h"

namespace torch_tidy {

class ChangedLines {
public:
  /// Asks git in the current folder; the error repeats what git said.
  static llvm::Expected<ChangedLines> since(llvm::StringRef Revision);
  /// Of a `git diff -U0`; \p Root is what its paths are relative to.
  static ChangedLines parse(llvm::StringRef Diff, llvm::StringRef Root);

  bool concern(const FindingDetails &F, SourceTexts &Texts) const;

private:
  struct Hunk {
    /// New lines, inclusive; First = Last + 1 where lines only went away, and
    /// they stood before First.
    unsigned First, Last;
    std::string Removed;
  };
  llvm::StringMap<std::vector<Hunk>> Files;
  llvm::StringSet<> Untracked;
};

} // namespace torch_tidy

#endif
