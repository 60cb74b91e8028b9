//===- Print.h - findings with their verdicts, as clang prints ------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_PRINT_H
#define TORCH_TIDY_TOOL_VERIFY_PRINT_H

#include "tool/verify/Probed.h"
#include "llvm/Support/raw_ostream.h"

namespace torch_tidy::verify {

/// One finding, its history, and a note with the verdict:
///   note: confirmed on emulated CUDA (LibTorch 2.13.0): input cpu Float, ...
void print(llvm::raw_ostream &OS, const ProbedFinding &F, const Verdict &V,
           const std::string &BackendName);

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

} // namespace torch_tidy::verify

#endif
