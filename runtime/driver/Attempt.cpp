//===- Attempt.cpp --------------------------------------------------------===//
#include "Attempt.h"
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace torch_tidy::driver;

namespace {

/// Where the child reports to; -1 in the parent.
int ReportFd = -1;
/// Of the child's entry.
Args *Running = nullptr;

void writeAll(int Fd, const std::string &Text) {
  size_t Done = 0;
  while (Done < Text.size()) {
    ssize_t N = ::write(Fd, Text.data() + Done, Text.size() - Done);
    if (N < 0 && errno == EINTR)
      continue;
    if (N <= 0)
      return;
    Done += static_cast<size_t>(N);
  }
}

/// One draw as a line: kind, cuda, type, grad, number, rank, sizes, name.
std::string encode(const Choice &C) {
  std::ostringstream OS;
  OS << "D " << static_cast<char>(C.K) << ' ' << C.Cuda << ' ' << C.Type << ' '
     << C.Grad << ' ' << C.Number << ' ' << C.Shape.size();
  for (int64_t Size : C.Shape)
    OS << ' ' << Size;
  OS << ' ' << C.Name << '\n';
  return OS.str();
}

bool decode(const std::string &Line, Choice &C) {
  std::istringstream IS(Line);
  char Tag, Kind;
  size_t Rank;
  if (!(IS >> Tag >> Kind >> C.Cuda >> C.Type >> C.Grad >> C.Number >> Rank))
    return false;
  C.K = static_cast<Choice::Kind>(Kind);
  C.Shape.resize(Rank);
  for (int64_t &Size : C.Shape)
    IS >> Size;
  IS.get();
  std::getline(IS, C.Name);
  return true;
}

void setLimit(__rlimit_resource Resource, rlim_t Value) {
  struct rlimit Limit = {Value, Value};
  ::setrlimit(Resource, &Limit);
}

[[noreturn]] void runChild(const Entry &E, const Choices &Given, const World &W,
                           const Limits &L, const std::string &Dir, int Report,
                           int Output) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  int Null = ::open("/dev/null", O_RDONLY);
  ::dup2(Null, 0);
  ::dup2(Output, 1);
  ::dup2(Output, 2);
  ReportFd = Report;
  setLimit(RLIMIT_CORE, 0);
  setLimit(RLIMIT_DATA, L.MemoryMiB << 20);
  setLimit(RLIMIT_FSIZE, rlim_t(1) << 30);
  ::setenv("TORCH_TIDY_REPAIR", L.Repair.c_str(), 1);
  if (::chdir(Dir.c_str()) != 0)
    std::perror(Dir.c_str());
  std::string End = "E returned\n";
  Args A(Given, W.CudaTensors, W.CudaModules, W.CudaDevices);
  Running = &A;
  try {
    E.Run(A);
  } catch (const std::exception &X) {
    std::string What = X.what();
    End = "E threw " + What.substr(0, What.find('\n')) + "\n";
  } catch (...) {
    End = "E threw something that is no std::exception\n";
  }
  std::fflush(nullptr);
  writeAll(Report, End);
  // Destructors of globals are not what is asked about.
  ::_exit(0);
}

/// Kills what the child started and moved out of its group: as a subreaper
/// this process is the parent of it now.
void killOrphans() {
  std::ifstream In("/proc/self/task/" + std::to_string(::getpid()) +
                   "/children");
  pid_t Pid;
  while (In >> Pid)
    ::kill(Pid, SIGKILL);
  while (::waitpid(-1, nullptr, WNOHANG) > 0)
    ;
}

double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// Reads what is there; false at the end of the stream.
bool drain(int Fd, std::string &Into) {
  char Buffer[4096];
  ssize_t N = ::read(Fd, Buffer, sizeof Buffer);
  if (N > 0)
    Into.append(Buffer, static_cast<size_t>(N));
  return N > 0 || (N < 0 && (errno == EINTR || errno == EAGAIN));
}

} // namespace

const Choice &Args::draw(Choice::Kind K, const char *Name) {
  Current = Choice();
  if (Next < Given.size() && Given[Next].K == K) {
    Current = Given[Next];
  } else {
    Current.K = K;
    if (K == Choice::Tensor)
      Current.Shape = initialShape(TensorsDrawn);
    Current.Number = K == Choice::Boolean ? CudaDevices : 2;
  }
  // Placement is the world's to say, shapes are the search's.
  if (K == Choice::Tensor)
    Current.Cuda = CudaTensors;
  else if (K == Choice::Module)
    Current.Cuda = CudaModules;
  else if (K == Choice::Device)
    Current.Cuda = CudaDevices;
  else if (K == Choice::Boolean)
    Current.Number = CudaDevices;
  Current.Name = Name;
  TensorsDrawn += K == Choice::Tensor;
  ++Next;
  if (ReportFd >= 0)
    writeAll(ReportFd, encode(Current));
  return Current;
}

void torch_tidy::driver::noteMadeUp(const char *Name) {
  // Globals of the user's are initialised before any entry runs.
  if (Running)
    Running->draw(Choice::Data, Name);
}

Outcome torch_tidy::driver::attempt(const Entry &E, const Choices &Given,
                                    const World &W, const Limits &L) {
  Outcome Result;
  char Template[] = "/tmp/torch-tidy-run-XXXXXX";
  const char *Dir = ::mkdtemp(Template);
  int Report[2], Output[2];
  if (!Dir || ::pipe2(Report, O_CLOEXEC) || ::pipe2(Output, O_CLOEXEC)) {
    Result.How = Outcome::Exited;
    Result.Code = -1;
    Result.What = std::string("cannot start a run: ") + std::strerror(errno);
    return Result;
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::fflush(nullptr);
  pid_t Pid = ::fork();
  if (Pid == 0)
    runChild(E, Given, W, L, Dir, Report[1], Output[1]);
  // Both sides do it: whoever comes first.
  ::setpgid(Pid, Pid);
  ::close(Report[1]);
  ::close(Output[1]);

  std::string Lines;
  double Deadline = now() + L.Seconds;
  bool ReportOpen = true, OutputOpen = true, Late = false;
  // The report pipe closes with the child; whoever inherited its output does
  // not hold this up.
  while (ReportOpen) {
    double Left = Deadline - now();
    if (Left <= 0) {
      Late = true;
      break;
    }
    pollfd Fds[] = {{Report[0], POLLIN, 0},
                    {OutputOpen ? Output[0] : -1, POLLIN, 0}};
    if (::poll(Fds, 2, static_cast<int>(Left * 1000) + 1) < 0 && errno != EINTR)
      break;
    if (Fds[1].revents) {
      OutputOpen = drain(Output[0], Result.Output);
      if (Result.Output.size() > 8192)
        Result.Output.erase(0, Result.Output.size() - 4096);
    }
    if (Fds[0].revents)
      ReportOpen = drain(Report[0], Lines);
    if (Lines.find("\nE ") != std::string::npos || Lines.rfind("E ", 0) == 0)
      break;
  }
  int Status = 0;
  bool Ended =
      Lines.find("\nE ") != std::string::npos || Lines.rfind("E ", 0) == 0;
  if (Late || Ended)
    ::kill(-Pid, SIGKILL);
  while (::waitpid(Pid, &Status, 0) < 0 && errno == EINTR)
    ;
  ::kill(-Pid, SIGKILL);
  killOrphans();
  ::fcntl(Output[0], F_SETFL, O_NONBLOCK);
  for (int I = 0; I < 64 && OutputOpen; ++I)
    if (size_t Before = Result.Output.size();
        !drain(Output[0], Result.Output) || Result.Output.size() == Before)
      break;
  ::close(Report[0]);
  ::close(Output[0]);
  std::error_code Ignored;
  std::filesystem::remove_all(Dir, Ignored);

  std::istringstream IS(Lines);
  for (std::string Line; std::getline(IS, Line);) {
    Choice C;
    if (Line.rfind("D ", 0) == 0 && decode(Line, C))
      Result.Made.push_back(C);
    else if (Line.rfind("E threw ", 0) == 0)
      Result.What = Line.substr(8);
  }
  if (Ended) {
    Result.How = Lines.find("E threw ") == std::string::npos ? Outcome::Returned
                                                             : Outcome::Threw;
  } else if (Late) {
    Result.How = Outcome::TimedOut;
  } else if (WIFSIGNALED(Status)) {
    Result.How = Outcome::Signaled;
    Result.Code = WTERMSIG(Status);
  } else {
    Result.How = Outcome::Exited;
    Result.Code = WEXITSTATUS(Status);
  }
  return Result;
}
