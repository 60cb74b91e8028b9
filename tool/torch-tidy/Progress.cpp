#include "tool/torch-tidy/Progress.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

namespace torch_tidy {

Progress::Progress(ProgressMode Mode, size_t Total)
    : IsOn(Mode == ProgressMode::Always ||
           (Mode == ProgressMode::Auto && Total > 1 &&
            llvm::sys::Process::StandardErrIsDisplayed())),
      Waits(Mode != ProgressMode::Always), Total(Total) {}

void Progress::step(llvm::StringRef File) {
  std::lock_guard<std::mutex> Guard(Lock);
  ++Done;
  const Clock::time_point Now = Clock::now();
  using std::chrono::milliseconds;
  if (!IsOn || (Waits && (Now - Begin < milliseconds(500) ||
                          Now - Last < milliseconds(50))))
    return;
  Last = Now;
  constexpr size_t Width = 24;
  const size_t Full = Done * Width / std::max<size_t>(Total, 1);
  llvm::errs() << llvm::formatv("\r\033[K[{0}{1}] {2}/{3} {4}",
                                std::string(Full, '='),
                                std::string(Width - Full, ' '), Done, Total,
                                llvm::sys::path::filename(File).take_front(40));
  IsShown = true;
}

void Progress::hide() {
  std::lock_guard<std::mutex> Guard(Lock);
  if (IsShown)
    llvm::errs() << "\r\033[K";
  IsShown = false;
}

} // namespace torch_tidy
