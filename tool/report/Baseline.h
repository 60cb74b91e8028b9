//===- Baseline.h - the findings of an earlier run ------------------------===//
//
// A baseline is a report of an earlier run, in SARIF or in this tool's JSON. A
// finding that it has is pre-existing, one that it lacks is introduced, and one
// of its own that is gone although its source was linted again is fixed.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_BASELINE_H
#define TORCH_TIDY_TOOL_REPORT_BASELINE_H

#include "tool/report/Report.h"

namespace torch_tidy {

class Baseline {
public:
  /// The error names the file, and what is wrong with it.
  static llvm::Expected<Baseline> read(llvm::StringRef File);

  bool contains(llvm::StringRef Fingerprint) const {
    return Fingerprints.contains(Fingerprint);
  }
  /// What the baseline found through a source that the report has as well, and
  /// that is not among \p Now, the fingerprints of this run.
  std::vector<BaselineFinding> fixed(const Report &R,
                                     const llvm::StringSet<> &Now) const;

private:
  std::vector<BaselineFinding> Findings;
  llvm::StringSet<> Fingerprints;
};

} // namespace torch_tidy

#endif
