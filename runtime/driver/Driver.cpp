//===- Driver.cpp - worlds, attempts and repairs of each entry ------------===//
#include "Driver.h"
#include "Attempt.h"
#include "ErrorFamily.h"
#include "EventLog.h"
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <set>
#include <sstream>

using namespace torch_tidy::driver;

std::string Choice::str() const {
  std::ostringstream OS;
  if (K == Data)
    return "random data for " + Name;
  OS << Name << ": ";
  switch (K) {
  case Tensor: {
    OS << (Cuda ? "cuda " : "cpu ")
       << (Type == 'l'   ? "Long"
           : Type == 'd' ? "Double"
           : Type == 'b' ? "Bool"
                         : "Float")
       << '[';
    for (size_t I = 0; I < Shape.size(); ++I)
      OS << (I ? ", " : "") << Shape[I];
    OS << ']';
    break;
  }
  case Device:
    OS << (Cuda ? "cuda" : "cpu");
    break;
  case Module:
    OS << "module on " << (Cuda ? "cuda" : "cpu");
    break;
  case Boolean:
    OS << (Number ? "true" : "false");
    break;
  case Integer:
    OS << Number;
    break;
  case Real:
    OS << "0.5";
    break;
  case Text:
    OS << "\"text\"";
    break;
  case Data:
    break;
  }
  return OS.str();
}

namespace {

struct Options {
  std::string Events;
  double Timeout = 60;
  uint64_t MemoryMiB = 8192;
  bool List = false;
};

const char *howName(Outcome::HowKind How) {
  switch (How) {
  case Outcome::Returned:
    return "returned";
  case Outcome::Threw:
    return "threw";
  case Outcome::Exited:
    return "exited";
  case Outcome::Signaled:
    return "signal";
  case Outcome::TimedOut:
    return "timeout";
  }
  return "";
}

double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

class Runner {
public:
  Runner(const Options &O, EventLog &Log,
         const std::vector<Expectation> &Expected)
      : O(O), Log(Log), Expected(Expected) {}

  void run(const Entry &E) {
    if (E.Fallback && allConfirmed(E))
      return;
    Deadline = now() + O.Timeout;
    Choices Best;
    for (const World &W : worlds(E)) {
      if (now() >= Deadline)
        return;
      inWorld(E, W, Best);
    }
  }

private:
  const Options &O;
  EventLog &Log;
  const std::vector<Expectation> &Expected;
  std::set<int> Confirmed;
  double Deadline = 0;
  unsigned Number = 0;

  bool allConfirmed(const Entry &E) const {
    for (int Id : E.Ids)
      if (!Confirmed.count(Id))
        return false;
    return true;
  }

  /// Were the operands of \p Id where the finding says? Those that were not
  /// seen agree.
  bool agrees(int Id, const std::vector<SeenOperand> &Seen) const {
    for (const Expectation &X : Expected) {
      bool Known = false, Matched = false;
      for (const SeenOperand &S : Seen)
        if (X.Id == Id && S.Id == Id && (S.OnCpu || S.OnCuda) &&
            (S.Role == X.Role || (S.IsModule && X.IsModule))) {
          Known = true;
          Matched |= X.Cuda ? S.OnCuda : S.OnCpu;
        }
      if (Known && !Matched)
        return false;
    }
    return true;
  }

  /// The worlds that differ for this entry, by what its first attempt draws.
  /// A caller's tensors are on the CPU or on CUDA; its modules are moved only
  /// where its tensors are, too: mixing them would be the caller's mistake.
  std::vector<World> worlds(const Entry &E) {
    World First;
    Outcome R = once(E, {}, First, "");
    bool Tensors = false, Modules = false, Devices = false;
    for (const Choice &C : R.Made) {
      Tensors |= C.K == Choice::Tensor;
      Modules |= C.K == Choice::Module;
      Devices |= C.K == Choice::Device || C.K == Choice::Boolean;
    }
    FirstOutcome = std::move(R);
    FirstIsFresh = true;
    std::vector<World> List{First};
    if (Tensors)
      List.push_back({true, false, true});
    if (Modules)
      List.push_back({true, true, true});
    if (Devices)
      List.push_back({false, false, false});
    return List;
  }

  Outcome FirstOutcome;
  bool FirstIsFresh = false;
  std::vector<Thrown> LastThrown; ///< By probed calls, in the last attempt.

  /// Tries shapes until the entry returns, fails for the reason that was
  /// predicted, or the error texts propose nothing new.
  void inWorld(const Entry &E, const World &W, Choices &Best) {
    static constexpr unsigned MaxAttempts = 120;
    std::deque<Choices> Queue{Best};
    std::set<std::string> Tried, Guessed;
    for (unsigned N = 0; N < MaxAttempts && !Queue.empty(); ++N) {
      if (now() >= Deadline)
        return;
      Choices Given = Queue.front();
      Queue.pop_front();
      Outcome R =
          FirstIsFresh ? std::move(FirstOutcome) : once(E, Given, W, "");
      FirstIsFresh = false;
      if (R.How == Outcome::Returned || matched(LastThrown) || isStuck(R)) {
        Best = R.Made;
        repairs(E, W, R);
        return;
      }
      if (R.How != Outcome::Threw && LastThrown.empty())
        return; // A crash, an exit or an endless loop: shapes do not help.
      std::string What = R.What;
      if (What.empty() && !LastThrown.empty())
        What = LastThrown.back().What;
      if (blamesMachine(What) || What.find(DefinedElsewhere) != What.npos)
        return;
      // Depth first: what an error text proposed is likelier than the rest;
      // guesses are made once for each kind of text.
      bool Guess = Guessed.insert(withoutNumbers(What)).second;
      std::vector<Choices> Next = propose(R.Made, What, E.Hints, Guess);
      for (auto I = Next.rbegin(); I != Next.rend(); ++I)
        if (Tried.insert(key(*I)).second)
          Queue.push_front(std::move(*I));
    }
  }

  static std::string key(const Choices &List) {
    std::string Key;
    for (const Choice &C : List)
      Key += C.str() + (C.Grad ? "g;" : ";");
    return Key;
  }

  static std::string withoutNumbers(std::string Text) {
    Text.erase(std::remove_if(Text.begin(), Text.end(),
                              [](unsigned char C) { return std::isdigit(C); }),
               Text.end());
    return Text;
  }

  static bool matched(const std::vector<Thrown> &List) {
    for (const Thrown &T : List)
      if (familyOf(T.What) != Family::None)
        return true;
    return false;
  }

  /// Did an error that no finding speaks of end a run without made-up operands?
  bool isStuck(const Outcome &R) const {
    return LastThrown.empty() && R.How == Outcome::Threw &&
           familyOf(R.What) == Family::Device &&
           std::none_of(R.Made.begin(), R.Made.end(), [](const Choice &C) {
             return C.K == Choice::Tensor || C.K == Choice::Module;
           });
  }

  /// An error hides the calls behind it. Runs again with the operands of the
  /// calls that threw moved to one device, until nothing new throws. What a
  /// later call is given depends on which device that was: findings behind the
  /// error may speak of either. Other calls that throw are repaired, too ("*"):
  /// of them nothing is claimed.
  void repairs(const Entry &E, const World &W, const Outcome &From) {
    if (isStuck(From) && !allConfirmed(E))
      once(E, From.Made, W, "*");
    const std::vector<Thrown> First = LastThrown;
    for (const char *Places : {" vg", "vg", "gc", "cg"}) {
      LastThrown = First;
      repairs(E, W, From, Places);
    }
  }

  /// \p Places and the types are letters of TORCH_TIDY_REPAIR (Probe.h), to be
  /// tried in turn where a call fails although it was repaired.
  void repairs(const Entry &E, const World &W, const Outcome &From,
               const char *Places) {
    std::map<int, const char *> Repaired;
    for (;;) {
      bool Changed = false;
      for (const Thrown &T : LastThrown) {
        if (familyOf(T.What) == Family::None)
          continue;
        auto [At, New] = Repaired.try_emplace(
            T.Id, familyOf(T.What) == Family::Dtype ? "tfl" : Places);
        if (!New && At->second[1])
          ++At->second;
        else if (!New)
          continue;
        Changed = true;
      }
      if (!Changed || allConfirmed(E) || now() >= Deadline)
        return;
      std::string List = "*";
      for (const auto &[Id, Letters] : Repaired) {
        List += "," + std::to_string(Id);
        if (*Letters != ' ')
          List += *Letters;
      }
      once(E, From.Made, W, List);
    }
  }

  Outcome once(const Entry &E, const Choices &Given, const World &W,
               const std::string &Repair) {
    Limits L;
    L.Seconds = std::max(0.1, Deadline - now());
    L.MemoryMiB = O.MemoryMiB;
    L.Repair = Repair;
    ++Number;
    Log.write("{\"event\":\"attempt\",\"entry\":" + json(E.Name) +
              ",\"attempt\":" + std::to_string(Number) +
              ",\"repaired\":" + json(Repair) + "}");
    Log.fresh();
    Outcome R = attempt(E, Given, W, L);
    LastThrown.clear();
    std::vector<SeenOperand> Seen;
    for (const std::string &Line : Log.fresh()) {
      if (SeenOperand S; parseOperand(Line, S))
        Seen.push_back(std::move(S));
      Thrown T;
      if (!parseThrown(Line, T))
        continue;
      if (familyOf(T.What) != Family::None && agrees(T.Id, Seen))
        Confirmed.insert(T.Id);
      LastThrown.push_back(std::move(T));
    }
    std::string Draws;
    for (const Choice &C : R.Made)
      Draws += (Draws.empty() ? "" : "; ") + C.str();
    Log.write("{\"event\":\"end\",\"entry\":" + json(E.Name) +
              ",\"attempt\":" + std::to_string(Number) + ",\"how\":\"" +
              howName(R.How) + "\",\"code\":" + std::to_string(R.Code) +
              ",\"what\":" + json(R.What) + ",\"draws\":" + json(Draws) +
              ",\"output\":" + json(R.Output) + "}");
    return R;
  }
};

bool parse(int Argc, char **Argv, Options &O) {
  for (int I = 1; I < Argc; ++I) {
    const char *A = Argv[I];
    if (!std::strncmp(A, "--events=", 9))
      O.Events = A + 9;
    else if (!std::strncmp(A, "--timeout=", 10))
      O.Timeout = std::atof(A + 10);
    else if (!std::strncmp(A, "--memory=", 9))
      O.MemoryMiB = std::strtoull(A + 9, nullptr, 10);
    else if (!std::strcmp(A, "--list"))
      O.List = true;
    else {
      std::fprintf(stderr, "%s: unknown option '%s'\n", Argv[0], A);
      return false;
    }
  }
  if (!O.List && O.Events.empty())
    std::fprintf(stderr, "%s: --events=FILE is needed\n", Argv[0]);
  return O.List || !O.Events.empty();
}

} // namespace

int torch_tidy::driver::run(int Argc, char **Argv,
                            const std::vector<Entry> &Entries,
                            const std::vector<Expectation> &Expected) {
  Options O;
  if (!parse(Argc, Argv, O))
    return 1;
  if (O.List) {
    for (const Entry &E : Entries)
      std::printf("%s\n", E.Name);
    return 0;
  }
  EventLog Log(O.Events);
  if (!Log.ok()) {
    std::perror(O.Events.c_str());
    return 1;
  }
  // The probes of the children append to the same file.
  ::setenv("TORCH_TIDY_EVENTS", O.Events.c_str(), 1);
  Runner R(O, Log, Expected);
  for (const Entry &E : Entries)
    R.run(E);
  Log.write("{\"event\":\"done\"}");
  return 0;
}
