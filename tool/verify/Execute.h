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

/// A shell command, in a process group of its own that is killed at the end.
/// Its output goes to standard error; it gets no input.
struct ShellRun {
  std::string Command, Directory;
  std::vector<std::pair<std::string, std::string>> Environment;
  unsigned Seconds = 60;
  unsigned MemoryMiB = 0; ///< 0: no limit.
};
/// How it ended, in the words of describeEnd(): "returned" for status 0.
std::string runShell(const ShellRun &Run);

} // namespace torch_tidy::verify

#endif
