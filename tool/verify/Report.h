//===- Report.h - findings with their verdicts ----------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_REPORT_H
#define TORCH_TIDY_TOOL_VERIFY_REPORT_H

#include "tool/verify/Probed.h"
#include "tool/verify/Toolchain.h"

namespace torch_tidy::verify {

/// How many findings got which verdict.
struct Tally {
  unsigned Count[4] = {};
  void add(VerdictKind K) { ++Count[static_cast<unsigned>(K)]; }
  unsigned operator[](VerdictKind K) const {
    return Count[static_cast<unsigned>(K)];
  }
  unsigned total() const { return Count[0] + Count[1] + Count[2] + Count[3]; }
  /// "3 findings: 2 confirmed, 0 refuted, 1 unreached, 0 inconclusive".
  std::string str() const;
};

/// The verdict on a finding that stands for several calls: one confirmed call
/// confirms it; else the gravest doubt counts.
Verdict judge(const ProbedFinding &F, const Events &E);

/// Adds the verdict to the finding's notes: "confirmed on emulated CUDA
/// (LibTorch 2.13.0): input cpu Float, ...", and for a refuted one a line to
/// report it with.
void addVerdict(ProbedFinding &F, const Verdict &V,
                const std::string &BackendName);

} // namespace torch_tidy::verify

#endif
