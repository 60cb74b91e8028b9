//===- EventLog.h - the events file, as the driver writes and reads it ----===//
//
// One line of JSON an event. The probes in the children append to the same
// file, so a crash loses nothing; the driver reads their lines back to know
// what to try next. It reads what the probes write and no other JSON.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_DRIVER_EVENTLOG_H
#define TORCH_TIDY_RUNTIME_DRIVER_EVENTLOG_H

#include <ios>
#include <string>
#include <vector>

namespace torch_tidy::driver {

/// \p Text as a JSON string.
std::string json(const std::string &Text);

class EventLog {
public:
  explicit EventLog(const std::string &Path);
  bool ok() const { return Fd >= 0; }
  void write(const std::string &Line);
  /// Lines that were added since the last call.
  std::vector<std::string> fresh();

private:
  std::string Path;
  int Fd;
  std::streamoff Seen = 0;
};

/// A "threw" event, as far as the search needs it.
struct Thrown {
  int Id;
  std::string What;
};
/// False where \p Line is another event, or the exception came out of another
/// probed call.
bool parseThrown(const std::string &Line, Thrown &T);

/// An "operand" event, as far as expectations need it.
struct SeenOperand {
  int Id = 0;
  std::string Role;
  bool IsModule = false, OnCpu = false, OnCuda = false;
};
bool parseOperand(const std::string &Line, SeenOperand &S);

} // namespace torch_tidy::driver

#endif
