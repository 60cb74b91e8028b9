//===- Attempt.h - one run of an entry in a child process -----------------===//
//
// Forks, runs, waits, cleans up. The child reports its draws and its end over
// a pipe as they happen, so a crash loses nothing of what came before it.
//
// Limits on the child: wall time; RLIMIT_DATA for memory (RLIMIT_AS would
// count the address space that CUDA, emulated or real, reserves and never
// touches); 1 GiB a file; no core dump. Its process group is killed at the end,
// and so is what left the group: this process adopts orphans
// (PR_SET_CHILD_SUBREAPER).
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_DRIVER_ATTEMPT_H
#define TORCH_TIDY_RUNTIME_DRIVER_ATTEMPT_H

#include "Search.h"

namespace torch_tidy::driver {

/// Which values the caller's side gets where nothing else was chosen.
struct World {
  bool CudaTensors = false;
  bool CudaModules = false;
  bool CudaDevices = true;
};

struct Outcome {
  enum HowKind : char {
    Returned, ///< The function came back.
    Threw,    ///< An exception left it; `What` is its text.
    Exited,   ///< exit() or the like was called; `Code` is the status.
    Signaled, ///< Killed by signal `Code`.
    TimedOut, ///< Still running at the limit.
  };
  HowKind How = Returned;
  int Code = 0;
  std::string What;
  Choices Made;       ///< Every draw, with what it got.
  std::string Output; ///< The last 4 KiB of stdout and stderr.
};

struct Limits {
  double Seconds = 60;
  uint64_t MemoryMiB = 8192;
  /// Ids whose operands the probes put on one device (TORCH_TIDY_REPAIR).
  std::string Repair;
};

Outcome attempt(const Entry &E, const Choices &Given, const World &W,
                const Limits &L);

} // namespace torch_tidy::driver

#endif
