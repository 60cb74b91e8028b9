//===- Crash.cpp - host code that reads or writes device memory -----------===//
//
// Such an access ends in a segmentation fault, as on a GPU. Here it is known
// what was touched and from where, so it is said before the program dies: on
// stderr, and as an event in the file that TORCH_TIDY_EVENTS names,
//
//     {"event":"crash","pid":12,"signal":"SIGSEGV","device":"cuda:0",
//      "offset":4,"size":24,"file":"train.cpp","line":12}
//
// A file and a line are there where the program has debug information and
// addr2line (binutils or LLVM) is on the PATH. Other faults go by untouched,
// and so does this one once it is reported: whatever handled SIGSEGV before
// handles it next.
//
//===----------------------------------------------------------------------===//
#include "Crash.h"
#include "Memory.h"
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

using namespace torch_tidy::emulator;

namespace {

struct sigaction Before;

/// One line of a report, in a buffer of its own: a handler must not allocate.
class Line {
public:
  __attribute__((format(printf, 2, 3))) void add(const char *Format, ...) {
    va_list Arguments;
    va_start(Arguments, Format);
    int Written =
        std::vsnprintf(Text + Size, sizeof Text - Size, Format, Arguments);
    va_end(Arguments);
    if (Written > 0)
      Size = std::min(Size + static_cast<size_t>(Written), sizeof Text - 1);
  }
  void addQuoted(const char *Word) {
    for (; *Word; ++Word)
      add(*Word == '"' || *Word == '\\' ? "\\%c" : "%c", *Word);
  }
  void write(int Fd) {
    if (Size + 1 < sizeof Text)
      Text[Size++] = '\n';
    (void)!::write(Fd, Text, Size);
  }

private:
  char Text[2048];
  size_t Size = 0;
};

struct Place {
  char File[1024] = "";
  int Line = 0;
};

void *programCounter(void *Context) {
  auto *C = static_cast<ucontext_t *>(Context);
#if defined(__x86_64__)
  return reinterpret_cast<void *>(C->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<void *>(C->uc_mcontext.pc);
#else
  return nullptr;
#endif
}

/// Runs "addr2line -i -e Module Address" and calls \p Visit with the lines.
template <class Function>
void askSymbolizer(const char *Tool, const char *Module, uintptr_t Address,
                   Function Visit) {
  int Pipe[2];
  if (::pipe(Pipe))
    return;
  pid_t Child = ::fork();
  if (Child == 0) {
    ::signal(SIGSEGV, SIG_DFL);
    ::dup2(Pipe[1], 1);
    ::close(2);
    ::unsetenv("LD_PRELOAD");
    char Number[32];
    std::snprintf(Number, sizeof Number, "0x%zx", static_cast<size_t>(Address));
    ::execlp(Tool, Tool, "-i", "-e", Module, Number, nullptr);
    ::_exit(127);
  }
  ::close(Pipe[1]);
  char Text[4096];
  size_t Size = 0;
  ssize_t Got;
  while (Size < sizeof Text - 1 &&
         (Got = ::read(Pipe[0], Text + Size, sizeof Text - 1 - Size)) > 0)
    Size += static_cast<size_t>(Got);
  ::close(Pipe[0]);
  if (Child > 0)
    ::waitpid(Child, nullptr, 0);
  Text[Size] = 0;
  for (char *Rest = Text, *One; (One = ::strtok_r(Rest, "\n", &Rest));)
    Visit(One);
}

bool isLibrary(const char *File) {
  for (const char *Part : {"/ATen/", "/c10/", "/torch/", "/bits/", "/c++/"})
    if (std::strstr(File, Part))
      return true;
  return File[0] == '?';
}

/// The source line behind a code address, in code that is not a library's.
bool placeOf(void *Code, Place &Found) {
  Dl_info Info;
  if (!::dladdr(Code, &Info) || !Info.dli_fname)
    return false;
  auto Address = reinterpret_cast<uintptr_t>(Code);
  auto *Header = static_cast<const ElfW(Ehdr) *>(Info.dli_fbase);
  if (Header->e_type != ET_EXEC)
    Address -= reinterpret_cast<uintptr_t>(Info.dli_fbase);
  // The program's own name may be relative to where it was started.
  char Module[1024];
  std::snprintf(Module, sizeof Module, "%s", Info.dli_fname);
  if (::access(Module, R_OK) != 0)
    std::snprintf(Module, sizeof Module, "/proc/%d/exe", ::getpid());
  for (const char *Tool : {"addr2line", "llvm-addr2line"}) {
    askSymbolizer(Tool, Module, Address, [&](char *Text) {
      char *Colon = std::strrchr(Text, ':');
      if (Found.Line || !Colon || isLibrary(Text) || std::atoi(Colon + 1) <= 0)
        return;
      *Colon = 0;
      Found.Line = std::atoi(Colon + 1);
      std::snprintf(Found.File, sizeof Found.File, "%s", Text);
    });
    if (Found.Line)
      return true;
  }
  return false;
}

/// The innermost frame of the user's that has debug information.
Place findPlace(void *Context) {
  Place Found;
  void *Access = programCounter(Context);
  if (placeOf(Access, Found))
    return Found;
  void *Frames[32];
  int Count = ::backtrace(Frames, 32);
  bool Inside = false;
  for (int I = 0; I < Count; ++I) {
    // A return address points behind its call.
    if (Inside && placeOf(static_cast<char *>(Frames[I]) - 1, Found))
      return Found;
    Inside |= Frames[I] == Access;
  }
  return Found;
}

void report(const AddressInfo &Info, const void *Address, const Place &Where) {
  Line Text;
  Text.add("torch-tidy emulator: error: host code accesses device memory: ");
  if (Info.IsLive)
    Text.add("cuda:%d, byte %zu of a block of %zu", Info.Device, Info.Offset,
             Info.Size);
  else
    Text.add("an address that is not allocated any more (%p)", Address);
  if (Where.Line)
    Text.add(", at %s:%d", Where.File, Where.Line);
  Text.write(2);

  const char *Path = std::getenv("TORCH_TIDY_EVENTS");
  int Fd =
      Path ? ::open(Path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
  if (Fd < 0)
    return;
  Line Event;
  Event.add("{\"event\":\"crash\",\"pid\":%d,\"signal\":\"SIGSEGV\"",
            ::getpid());
  if (Info.IsLive)
    Event.add(",\"device\":\"cuda:%d\",\"offset\":%zu,\"size\":%zu",
              Info.Device, Info.Offset, Info.Size);
  if (Where.Line) {
    Event.add(",\"file\":\"");
    Event.addQuoted(Where.File);
    Event.add("\",\"line\":%d", Where.Line);
  }
  Event.add("}");
  Event.write(Fd);
  ::close(Fd);
}

void onFault(int Signal, siginfo_t *Info, void *Context) {
  ::sigaction(SIGSEGV, &Before, nullptr);
  AddressInfo Address = describeAddress(Info->si_addr);
  if (Info->si_code > 0 && Address.IsDevice)
    report(Address, Info->si_addr, findPlace(Context));
  if (Info->si_code <= 0)
    ::raise(Signal); // Sent by kill(): it does not come again by itself.
}

} // namespace

void torch_tidy::emulator::reportCrashes() {
  void *Frame;
  (void)::backtrace(&Frame, 1); // Loads what it needs, now and not later.
  struct sigaction Action = {};
  Action.sa_sigaction = onFault;
  Action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGSEGV, &Action, &Before);
}
