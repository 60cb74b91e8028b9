//===- Verdict.h - what the runs say of each finding ----------------------===//
//
// Joins the events of the runs (runtime/probe, runtime/driver) to findings.
//
// An *observation* is one passage of one probed call: who was running, what the
// operands were, and how it ended. The verdict of a finding is drawn from all
// of its observations:
//   - confirmed: the call failed in the predicted way on operands that were
//     where the finding says they are;
//   - refuted: the call returned although its operands were all seen to be so,
//     or a run that made no choices of its own had them elsewhere: an error of
//     the analysis;
//   - unreached: no run came to the call, or none with its operands where the
//     finding says they are: a caller that was made up, or repaired, had them
//     elsewhere;
//   - inconclusive: it was reached, but failed for another reason, crashed,
//     took too long, or could not be probed or driven at all.
// Observations in runs that had moved the call's operands (repairs) do not
// count.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_VERDICT_H
#define TORCH_TIDY_TOOL_VERIFY_VERDICT_H

#include "checks/Finding.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <map>
#include <set>
#include <string>
#include <vector>

namespace torch_tidy::verify {

enum class VerdictKind : uint8_t {
  Confirmed,
  Refuted,
  Unreached,
  Inconclusive
};
llvm::StringRef verdictName(VerdictKind K); ///< "confirmed", ...

struct Verdict {
  VerdictKind Kind = VerdictKind::Unreached;
  /// "input cpu Float, weight cuda:0 Float; threw: Expected all ...".
  std::string Evidence;
};

/// What a judge must know of a finding: plain data that outlives the AST.
struct Claim {
  unsigned Id = 0;
  FindingCode Code = FindingCode::DeviceMismatch;
  struct Side {
    std::string Role;
    bool IsModule = false;
    TensorFact Fact;
    /// False where the operand only exists in a callee: no probe sees it.
    bool AtCall = true;
  };
  std::vector<Side> Sides;
  bool Conditional = false;
  /// How many operands the probe sees before the call is made.
  unsigned Operands = 0;
  /// Findings whose calls are written inside this one's arguments.
  std::set<unsigned> Inner;
  /// The entries that were run for it.
  std::vector<std::string> Entries;
  /// Why no run can say anything: not probed, not driven; empty otherwise.
  std::string Obstacle;
};
Claim claimOf(const Finding &F, unsigned Id);

struct SeenTensor {
  std::string Name, Device, Dtype;
};
struct SeenOperand {
  std::string Role;
  bool IsModule = false;
  std::vector<SeenTensor> Tensors;
};

struct Observation {
  enum EndKind { Open, Returned, Threw };
  unsigned Id = 0;
  std::string Entry;     ///< Empty where a whole program ran.
  std::string Draws;     ///< What the entry's arguments were; empty for none.
  bool Repaired = false; ///< Its own operands were moved.
  bool Changed = false;  ///< Some call's were: the run is not the program's.
  std::vector<SeenOperand> Operands;
  EndKind End = Open;
  std::vector<SeenTensor> Result;
  std::string What;
  unsigned From = 0;      ///< Threw: the probed call that it came out of.
  unsigned Evaluated = 0; ///< Threw: how many operands had been evaluated.
  unsigned long Times = 1;
  int64_t Process = 0;
  /// Where host code touched device memory later in that process, which ended
  /// it: "cuda:0, byte 8 of a block of 24, at train.cpp:12"; empty for nowhere.
  std::string Crash;
  /// How the attempt ended: "returned", "threw", "exited", "signal", "timeout";
  /// empty while unknown.
  std::string RunEnd, RunWhat;
  int RunCode = 0;
};

/// Everything the events file tells.
struct Events {
  std::vector<Observation> Observations;
  /// How each entry's first attempt ended, for what was not reached.
  std::map<std::string, std::string> EntryEnds;
  /// Why not all entries were run; empty where they were.
  std::string EarlyEnd;
};

/// "crashed (SIGSEGV)", "threw: ...", "was still running at the time limit".
std::string describeEnd(llvm::StringRef How, int Code, llvm::StringRef What);

/// Parses the lines of an events file. A last line that was cut by a crash is
/// ignored; any other line that is no event is an error that names it.
llvm::Expected<Events> parseEvents(llvm::StringRef Text);

Verdict judge(const Claim &C, const Events &E);

} // namespace torch_tidy::verify

#endif
