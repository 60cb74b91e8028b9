//===- Execute.cpp --------------------------------------------------------===//
#include "tool/verify/Execute.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include <cstdlib>

using namespace llvm;
using namespace torch_tidy::verify;

Expected<Events> torch_tidy::verify::runDriver(const std::string &Program,
                                               const std::string &Dir,
                                               const RunLimits &Limits) {
  std::string EventsFile = Dir + "/events.jsonl", Log = Dir + "/run.log";
  std::string Args[] = {Program, "--events=" + EventsFile,
                        "--timeout=" + std::to_string(Limits.Seconds),
                        "--memory=" + std::to_string(Limits.MemoryMiB)};
  SmallVector<StringRef, 4> Refs(std::begin(Args), std::end(Args));
  std::optional<StringRef> Redirects[] = {StringRef(""), StringRef(Log),
                                          StringRef(Log)};
  // Small tensors gain nothing from threads.
  ::setenv("OMP_NUM_THREADS", "1", /*overwrite=*/0);
  // Initialisers of globals run before the driver does.
  ::setenv("TORCH_TIDY_EVENTS", EventsFile.c_str(), /*overwrite=*/1);
  std::string Message;
  // The program keeps its own limits; this is for when it cannot.
  unsigned Longest = Limits.Seconds * (Limits.Entries + 1) + 60;
  int RC = sys::ExecuteAndWait(Program, Refs, std::nullopt, Redirects, Longest,
                               0, &Message);
  auto Buffer = MemoryBuffer::getFile(EventsFile);
  StringRef Text = Buffer ? (*Buffer)->getBuffer() : "";
  Expected<Events> E = parseEvents(Text);
  if (E && !Text.contains("\"event\":\"done\"")) {
    auto Words = MemoryBuffer::getFile(Log);
    E->EarlyEnd =
        "the program ended before its functions were run: " +
        (Message.empty() ? "exit status " + std::to_string(RC) : Message) +
        (Words ? ": " + (*Words)->getBuffer().take_back(300).trim().str() : "");
  }
  return E;
}
