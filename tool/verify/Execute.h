//===- Execute.h - runs a verifying program -------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_EXECUTE_H
#define TORCH_TIDY_TOOL_VERIFY_EXECUTE_H

#include "tool/verify/Verdict.h"

namespace torch_tidy::verify {

struct RunLimits {
  unsigned Seconds;   ///< For each entry.
  unsigned MemoryMiB; ///< For each run.
  unsigned Entries;
};

/// Runs a program that Build::program() made and reads what its probes wrote.
/// What became of the program is in the events; an error means that they
/// cannot be read.
llvm::Expected<Events> runDriver(const std::string &Program,
                                 const std::string &Dir,
                                 const RunLimits &Limits);

} // namespace torch_tidy::verify

#endif
