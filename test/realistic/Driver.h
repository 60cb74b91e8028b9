//===- Driver.h - runs the cases of a realistic program -------------------===//
//
// Included behind the cases by the main file that judge.py writes. Each case
// runs in a process of its own, which prints one line to the real standard
// output: @@, the case, ok | throws | crash, the message, and the return
// addresses in this program when the error that ended the case was thrown.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TEST_REALISTIC_DRIVER_H
#define TORCH_TIDY_TEST_REALISTIC_DRIVER_H

#include <cstdio>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <string>
#include <sys/wait.h>
#include <torch/torch.h>
#include <typeinfo>
#include <unistd.h>

struct Case {
  const char *Name;
  void (*Run)();
};

namespace driver {

/// The return addresses of the latest throw that came out of this program.
inline void *Stack[256];
inline int Depth = 0;
extern "C" char __executable_start, etext;

/// An error that another thread threw goes on here: \p GoesOn adds to what was
/// remembered, from the line that threw outwards.
inline void remember(bool GoesOn = false) {
  void *Now[256];
  int N = ::backtrace(Now, 256), Own = 0;
  for (int I = 0; I < N; ++I)
    if (Now[I] >= &__executable_start && Now[I] < &etext)
      ++Own;
  if (Own < 3) // this function, its caller, and no case
    return;
  const int Kept = GoesOn && Depth + N <= 256 ? Depth : 0;
  std::memcpy(Stack + Kept, Now, size_t(N) * sizeof(void *));
  Depth = Kept + N;
}

inline std::string oneLine(std::string Text) {
  Text = Text.substr(0, Text.find("\nException raised"));
  for (char &C : Text)
    if (C == '\n' || C == '\t')
      C = ' ';
  return Text;
}

inline void runOne(const Case &C, int Result) {
  torch::manual_seed(1);
  torch::set_num_threads(1);
  std::string State = "ok", Message;
  try {
    C.Run();
  } catch (const c10::Error &E) {
    State = "throws";
    Message = E.what_without_backtrace();
  } catch (const std::exception &E) {
    State = "throws";
    Message = E.what();
  }
  std::string Line = std::string("@@\t") + C.Name + "\t" + State + "\t" +
                     oneLine(Message) + "\t";
  if (State != "ok")
    for (int I = 0; I < Depth; ++I)
      if (Stack[I] >= &__executable_start && Stack[I] < &etext) {
        char Address[32];
        std::snprintf(Address, sizeof(Address), "%p ", Stack[I]);
        Line += Address;
      }
  Line += "\n";
  (void)!::write(Result, Line.data(), Line.size());
  ::_exit(0);
}

} // namespace driver

extern "C" void throwing(void *Object, std::type_info *Type,
                         void (*Destroy)(void *)) __asm__("__cxa_throw");
extern "C" void throwing(void *Object, std::type_info *Type,
                         void (*Destroy)(void *)) {
  driver::remember();
  using Throw = void (*)(void *, std::type_info *, void (*)(void *));
  reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"))(Object, Type,
                                                              Destroy);
  std::abort();
}

/// How an error of the backward pass's thread reaches the thread that waits.
extern "C" void rethrowing(std::exception_ptr E) __asm__(
    "_ZSt17rethrow_exceptionNSt15__exception_ptr13exception_ptrE");
extern "C" void rethrowing(std::exception_ptr E) {
  driver::remember(/*GoesOn=*/true);
  using Rethrow = void (*)(std::exception_ptr);
  reinterpret_cast<Rethrow>(::dlsym(
      RTLD_NEXT,
      "_ZSt17rethrow_exceptionNSt15__exception_ptr13exception_ptrE"))(E);
  std::abort();
}

inline int runCases(const Case *Cases, size_t Number) {
  int Result = ::dup(1), Null = ::open("/dev/null", O_WRONLY);
  ::dup2(Null, 1);
  for (size_t I = 0; I < Number; ++I) {
    int Error[2];
    if (::pipe(Error))
      return 1;
    pid_t Child = ::fork();
    if (Child == 0) {
      ::close(Error[0]);
      ::dup2(Error[1], 2);
      ::alarm(120);
      driver::runOne(Cases[I], Result);
    }
    ::close(Error[1]);
    std::string Text;
    char Buffer[4096];
    for (ssize_t N; (N = ::read(Error[0], Buffer, sizeof(Buffer))) > 0;)
      Text.append(Buffer, size_t(N));
    ::close(Error[0]);
    int Status = 0;
    ::waitpid(Child, &Status, 0);
    if (!WIFEXITED(Status) || WEXITSTATUS(Status))
      ::dprintf(Result, "@@\t%s\tcrash\t%s\t\n", Cases[I].Name,
                driver::oneLine(Text).c_str());
  }
  return 0;
}

#endif
