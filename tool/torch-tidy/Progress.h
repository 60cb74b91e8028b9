//===- Progress.h - one line that says how far a run is -------------------===//
//
// On a terminal, and only where the run has lasted long enough to be waited
// for; it is gone before anything else is printed. A log has none.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_PROGRESS_H
#define TORCH_TIDY_TOOL_TORCHTIDY_PROGRESS_H

#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <mutex>
#include <string>

namespace torch_tidy {

enum class ProgressMode { Auto, Always, Never };

class Progress {
public:
  Progress(ProgressMode Mode, size_t Total);
  ~Progress() { hide(); }

  /// A file is done; from any thread.
  void step(llvm::StringRef File);
  /// Takes the line away; the next step() brings it back.
  void hide();

private:
  using Clock = std::chrono::steady_clock;
  const bool IsOn;
  const bool Waits; ///< Nothing is shown of a short run.
  const size_t Total;
  size_t Done = 0;
  bool IsShown = false;
  Clock::time_point Begin = Clock::now(), Last;
  std::mutex Lock;
};

} // namespace torch_tidy

#endif
