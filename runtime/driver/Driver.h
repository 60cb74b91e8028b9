//===- Driver.h - runs functions that have no caller ----------------------===//
//
// `torch-tidy verify` appends a table of entries to a probed copy of a source
// file: `main`, functions without parameters, and functions whose parameters
// can be made. The program made of it runs every entry in child processes of
// its own and writes what happened to the file that the probes write to.
//
// Words:
//   - an *entry* is one function to run;
//   - a *draw* is a value that an entry's arguments asked for (a tensor, a
//     number, a device); the same entry draws the same things in each run
//     until it takes another branch;
//   - a *choice* is the value that one draw got;
//   - an *attempt* is one run of an entry with one list of choices;
//   - a *world* is a rule for choices: are the caller's tensors on the CPU or
//     on CUDA, are its modules, and which device does it ask for.
//
// How: the process loads LibTorch once and forks for each attempt, so an
// attempt costs milliseconds, and a crash, an `exit()` or an endless loop is
// the child's alone. The child has its own working directory and process
// group, no input, limits on time, memory and file size; its output is drained
// and its tail is kept. Shapes are found by trying: the error text of one
// attempt proposes the choices of the next (Search.h).
//
// Standard C++ and POSIX only; Make.h adds what needs LibTorch.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_DRIVER_DRIVER_H
#define TORCH_TIDY_RUNTIME_DRIVER_DRIVER_H

#include <cstdint>
#include <string>
#include <vector>

namespace torch_tidy::driver {

/// The value of one draw. Which members mean something depends on the kind.
struct Choice {
  enum Kind : char {
    Tensor = 't',
    Integer = 'i',
    Real = 'r',
    Boolean = 'b',
    Device = 'd',
    Module = 'm', ///< Is a module that was made moved to CUDA?
    Text = 's',
    Data = 'x', ///< A data set that was made up; no choice at all.
  };
  Kind K = Integer;
  std::string Name; ///< The parameter, for the record.
  bool Cuda = false;
  char Type = 'f'; ///< Tensor: f float, d double, l int64, b bool.
  bool Grad = false;
  std::vector<int64_t> Shape;
  int64_t Number = 0; ///< Integer and Boolean.

  /// "x: cpu Float[2, 3]", "device: cuda", "n: 4".
  std::string str() const;
};

/// The source of an entry's arguments in one attempt.
class Args {
public:
  explicit Args(std::vector<Choice> Given, bool CudaTensors, bool CudaModules,
                bool CudaDevices)
      : Given(std::move(Given)), CudaTensors(CudaTensors),
        CudaModules(CudaModules), CudaDevices(CudaDevices) {}

  /// The next draw: what was given for it, or the default.
  const Choice &draw(Choice::Kind K, const char *Name);

  bool boolean(const char *Name) { return draw(Choice::Boolean, Name).Number; }
  int64_t integer(const char *Name) {
    return draw(Choice::Integer, Name).Number;
  }
  double real(const char *Name) {
    draw(Choice::Real, Name);
    return 0.5;
  }
  bool onCuda(const char *Name) { return draw(Choice::Device, Name).Cuda; }
  bool movedModule(const char *Name) { return draw(Choice::Module, Name).Cuda; }
  /// A path that does not exist where the name speaks of one, else "text".
  std::string text(const char *Name) {
    draw(Choice::Text, Name);
    return "text";
  }

private:
  std::vector<Choice> Given;
  bool CudaTensors, CudaModules, CudaDevices;
  size_t Next = 0;
  unsigned TensorsDrawn = 0;
  Choice Current;
};

/// Records that the entry that runs uses a made-up \p Name ("MNIST").
void noteMadeUp(const char *Name);

struct Entry {
  const char *Name; ///< As the tool wrote it: "train(Net&, at::Tensor)".
  void (*Run)(Args &);
  /// The probes (ids) that this entry is run for.
  std::vector<int> Ids;
  /// Run only where an id is still without a matching error: callers, `main`.
  bool Fallback;
  /// Sizes seen in the source, tried where an error text proposes none.
  std::vector<int64_t> Hints;
};

/// Where a finding says that an operand of its call is: an error on operands
/// that are elsewhere is another one.
struct Expectation {
  int Id;
  const char *Role; ///< As the probe names it.
  bool IsModule;    ///< A module's state, whatever its role.
  bool Cuda;        ///< Else on the CPU.
};

/// `main` of the verifying program. Options: --events=FILE, --timeout=SECONDS
/// (per entry), --memory=MIB, --list. Returns 0 when every entry was run,
/// whatever came of it; 1 with a line on stderr otherwise.
int run(int Argc, char **Argv, const std::vector<Entry> &Entries,
        const std::vector<Expectation> &Expected = {});

} // namespace torch_tidy::driver

#endif
