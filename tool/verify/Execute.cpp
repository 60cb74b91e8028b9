//===- Execute.cpp --------------------------------------------------------===//
#include "tool/verify/Execute.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;
using namespace torch_tidy::verify;

/// As sys::ExecuteAndWait(), which has one alarm clock for all threads.
static int waitFor(sys::ProcessInfo Child, unsigned Seconds,
                   std::string &Message) {
  if (Child.Pid == sys::ProcessInfo::InvalidPid)
    return -1;
  for (time_t End = std::time(nullptr) + Seconds;;) {
    sys::ProcessInfo Done = sys::Wait(Child, 0, &Message);
    if (Done.Pid == Child.Pid)
      return Done.ReturnCode;
    if (std::time(nullptr) > End) {
      Message = "it did not end in time";
      ::kill(Child.Pid, SIGKILL);
      return sys::Wait(Child, std::nullopt).ReturnCode;
    }
    ::usleep(5000);
  }
}

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
  // Initialisers of globals run before the driver does.
  std::string Own = "TORCH_TIDY_EVENTS=" + EventsFile;
  std::vector<StringRef> Environment{Own};
  // Small tensors gain nothing from threads.
  if (!std::getenv("OMP_NUM_THREADS"))
    Environment.push_back("OMP_NUM_THREADS=1");
  for (char **Word = environ; *Word; ++Word)
    if (!StringRef(*Word).starts_with("TORCH_TIDY_EVENTS="))
      Environment.push_back(*Word);
  // The program keeps its own limits; this is for when it cannot.
  unsigned Longest = Limits.Seconds * (Limits.Entries + 1) + 60;
  std::string Message;
  int RC = waitFor(sys::ExecuteNoWait(Program, Refs,
                                      ArrayRef<StringRef>(Environment),
                                      Redirects, 0, &Message),
                   Longest, Message);
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

std::string torch_tidy::verify::runShell(const ShellRun &Run) {
  pid_t Pid = ::fork();
  if (Pid < 0)
    return "could not be started";
  if (Pid == 0) {
    ::setpgid(0, 0);
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    ::dup2(2, 1);
    if (Run.MemoryMiB) {
      // Not RLIMIT_AS: CUDA reserves far more than it uses.
      rlimit Limit = {rlim_t(Run.MemoryMiB) << 20, rlim_t(Run.MemoryMiB) << 20};
      ::setrlimit(RLIMIT_DATA, &Limit);
    }
    rlimit NoCore = {0, 0};
    ::setrlimit(RLIMIT_CORE, &NoCore);
    for (const auto &[Name, Value] : Run.Environment)
      ::setenv(Name.c_str(), Value.c_str(), 1);
    if (!Run.Directory.empty() && ::chdir(Run.Directory.c_str()) != 0)
      ::_exit(127);
    ::execl("/bin/sh", "sh", "-c", Run.Command.c_str(), nullptr);
    ::_exit(127);
  }
  ::setpgid(Pid, Pid);
  int Status = 0;
  bool Late = false;
  for (time_t End = std::time(nullptr) + Run.Seconds;;) {
    pid_t Done = ::waitpid(Pid, &Status, WNOHANG);
    if (Done == Pid || (Done < 0 && errno != EINTR))
      break;
    if (std::time(nullptr) > End) {
      Late = true;
      ::kill(-Pid, SIGKILL);
      ::waitpid(Pid, &Status, 0);
      break;
    }
    ::usleep(20000);
  }
  ::kill(-Pid, SIGKILL);
  if (Late)
    return describeEnd("timeout", 0, "");
  if (WIFSIGNALED(Status))
    return describeEnd("signal", WTERMSIG(Status), "");
  return WEXITSTATUS(Status) ? describeEnd("exited", WEXITSTATUS(Status), "")
                             : "returned";
}
