// What a generated file includes. A program that runs says in shared memory
// where it is, so that its parent can tell which line threw or crashed; for
// torch-tidy (no DIFFERENTIAL_RUN) the marks are empty statements.
//
//   L   at the start of each line that may throw
//   F   first in each function and lambda that a case calls
//   K   first in a handler: the exception that was thrown is noted as caught
#ifndef TORCH_TIDY_TEST_DIFFERENTIAL_HARNESS_H
#define TORCH_TIDY_TEST_DIFFERENTIAL_HARNESS_H

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <sstream>
#include <stack>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

struct DifferentialCase {
  const char *name;
  void (*run)(bool);
};

#ifndef DIFFERENTIAL_RUN
#define L
#define F
#define K
#define DIFFERENTIAL_MAIN(...)
#else
#include <exception>
#include <iostream>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace differential {
struct Shared {
  int Here;         // the line that runs
  int Depth;        // how many calls deep
  int Calls[64];    // the lines that called
  int CaughtLine;   // where an exception was thrown that a case caught
  int CaughtDepth;
  char Seen[20000]; // which lines were reached
  char Message[400];
};
inline Shared *Now = nullptr;

inline void at(int Line) {
  Now->Here = Line;
  Now->Seen[Line] = 1;
}

// An exception that leaves a function leaves its entry, so that the calls on
// the way to the throw are there when it arrives.
struct Frame {
  int Before = std::uncaught_exceptions();
  Frame() {
    if (Now->Depth >= 60)
      std::abort();
    Now->Calls[Now->Depth++] = Now->Here;
  }
  ~Frame() {
    if (std::uncaught_exceptions() == Before)
      Now->Here = Now->Calls[--Now->Depth];
  }
};

inline void caught() {
  Now->CaughtLine = Now->Here;
  Now->Depth = 0; // handlers are in the case itself
}

inline void print(const DifferentialCase &Case, bool Flag, const char *Status) {
  std::cout << Case.name << '\t' << Flag << '\t' << Status << '\t' << Now->Here;
  for (int I = 0; I < Now->Depth; ++I)
    std::cout << ',' << Now->Calls[I];
  std::cout << '\t' << Now->CaughtLine << '\t';
  for (int I = 0; I < 20000; ++I)
    if (Now->Seen[I])
      std::cout << I << ',';
  std::string Message = Now->Message;
  std::cout << '\t' << Message.substr(0, Message.find('\n')) << std::endl;
}

inline int main(const std::vector<DifferentialCase> &Cases) {
  Now = static_cast<Shared *>(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  for (const DifferentialCase &Case : Cases)
    for (bool Flag : {false, true}) {
      std::memset(static_cast<void *>(Now), 0, sizeof(Shared));
      pid_t Child = fork();
      if (Child == 0) {
        alarm(60);
        torch::set_num_threads(1);
        try {
          Case.run(Flag);
        } catch (const std::exception &Error) {
          std::strncpy(Now->Message, Error.what(), sizeof(Now->Message) - 1);
          _exit(3);
        }
        _exit(0);
      }
      int Status = 0;
      waitpid(Child, &Status, 0);
      print(Case, Flag, WIFSIGNALED(Status) ? "crash" : WEXITSTATUS(Status) == 3 ? "throw" : WEXITSTATUS(Status) ? "exit" : "ok");
    }
  return 0;
}
} // namespace differential

#define L ::differential::at(__LINE__)
#define F ::differential::Frame DifferentialFrame
#define K ::differential::caught()
#define DIFFERENTIAL_MAIN(...)                                                                                         \
  int main() { return ::differential::main({__VA_ARGS__}); }
#endif

#endif
