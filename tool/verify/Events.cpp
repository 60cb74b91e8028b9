//===- Events.cpp - the events file, read back ----------------------------===//
#include "tool/verify/Verdict.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace torch_tidy::verify;

namespace {

std::vector<SeenTensor> tensorsOf(const json::Object &O) {
  std::vector<SeenTensor> List;
  if (const json::Array *A = O.getArray("tensors"))
    for (const json::Value &V : *A)
      if (const json::Object *T = V.getAsObject())
        List.push_back({T->getString("name").value_or("").str(),
                        T->getString("device").value_or("undefined").str(),
                        T->getString("dtype").value_or("").str()});
  return List;
}

class Reader {
public:
  Events Out;

  void line(const json::Object &O) {
    StringRef Event = O.getString("event").value_or("");
    unsigned Id = O.getInteger("id").value_or(0);
    Thread T{O.getInteger("pid").value_or(0), O.getInteger("tid").value_or(0)};
    if (Event == "attempt") {
      Entry = O.getString("entry").value_or("").str();
      Repaired.clear();
      SmallVector<StringRef> Ids;
      StringRef List = O.getString("repaired").value_or("");
      Changed = !List.empty();
      List.split(Ids, ',', -1, false);
      for (StringRef Text : Ids)
        if (unsigned N; !Text.consumeInteger(10, N))
          Repaired.insert(N);
      AttemptBegin = Out.Observations.size();
      Stacks.clear();
    } else if (Event == "end") {
      end(O);
    } else if (Event == "crash") {
      crash(O);
    } else if (Event == "enter") {
      Observation N;
      N.Id = Id;
      N.Entry = Entry;
      N.Repaired = Repaired.count(Id);
      N.Changed = Changed;
      N.Process = T.first;
      Stacks[T].push_back(Out.Observations.size());
      Out.Observations.push_back(std::move(N));
    } else if (Event == "operand") {
      if (Observation *At = open(T, Id, /*Close=*/false))
        At->Operands.push_back({O.getString("role").value_or("").str(),
                                O.getBoolean("module").value_or(false),
                                tensorsOf(O)});
    } else if (Event == "returned" || Event == "threw") {
      if (Observation *At = open(T, Id, /*Close=*/true)) {
        At->End = Event == "threw" ? Observation::Threw : Observation::Returned;
        At->Result = tensorsOf(O);
        At->What = O.getString("what").value_or("").str();
        At->From = O.getInteger("from").value_or(Id);
        At->Evaluated = O.getInteger("operands").value_or(At->Operands.size());
      }
    } else if (Event == "count") {
      for (size_t I = Out.Observations.size(); I-- > 0;)
        if (Out.Observations[I].Id == Id) {
          Out.Observations[I].Times = std::max<unsigned long>(
              Out.Observations[I].Times, O.getInteger("times").value_or(1));
          break;
        }
    }
  }

private:
  using Thread = std::pair<int64_t, int64_t>;
  std::map<Thread, std::vector<size_t>> Stacks;
  std::string Entry;
  std::set<unsigned> Repaired;
  bool Changed = false; ///< Something is repaired in this attempt.
  size_t AttemptBegin = 0;

  /// The innermost passage of \p Id that this thread is in.
  Observation *open(Thread T, unsigned Id, bool Close) {
    std::vector<size_t> &Stack = Stacks[T];
    for (size_t I = Stack.size(); I-- > 0;)
      if (Out.Observations[Stack[I]].Id == Id) {
        Observation *At = &Out.Observations[Stack[I]];
        if (Close)
          Stack.resize(I);
        return At;
      }
    return nullptr;
  }

  /// The emulated device's word for a segmentation fault on its memory.
  void crash(const json::Object &O) {
    std::string Where = O.getString("device").value_or("freed memory").str();
    if (auto Offset = O.getInteger("offset"))
      Where += ", byte " + std::to_string(*Offset) + " of a block of " +
               std::to_string(O.getInteger("size").value_or(0));
    if (auto File = O.getString("file"))
      Where += (", at " + *File + ":").str() +
               std::to_string(O.getInteger("line").value_or(0));
    for (size_t I = AttemptBegin; I < Out.Observations.size(); ++I) {
      Observation &At = Out.Observations[I];
      if (At.Process != O.getInteger("pid").value_or(0))
        continue;
      At.Crash = Where;
      At.RunEnd = "signal";
      At.RunCode = 11;
    }
  }

  void end(const json::Object &O) {
    std::string How = O.getString("how").value_or("").str();
    std::string What = O.getString("what").value_or("").str();
    int Code = static_cast<int>(O.getInteger("code").value_or(0));
    for (size_t I = AttemptBegin; I < Out.Observations.size(); ++I) {
      Out.Observations[I].RunEnd = How;
      Out.Observations[I].RunWhat = What;
      Out.Observations[I].RunCode = Code;
      Out.Observations[I].Draws = O.getString("draws").value_or("").str();
    }
    // The first attempt is the plainest: nothing was guessed or repaired yet.
    Out.EntryEnds.try_emplace(Entry, describeEnd(How, Code, What));
    Stacks.clear();
  }
};

} // namespace

std::string torch_tidy::verify::describeEnd(StringRef How, int Code,
                                            StringRef What) {
  if (How.empty())
    return "did not come back";
  if (How == "threw")
    return ("threw: " + What).str();
  if (How == "exited")
    return "exited with status " + std::to_string(Code);
  if (How == "timeout")
    return "was still running at the time limit";
  if (How == "signal") {
    switch (Code) {
    case 11:
      return "crashed (SIGSEGV)";
    case 7:
      return "crashed (SIGBUS)";
    case 6:
      return "aborted (SIGABRT)";
    case 8:
      return "crashed (SIGFPE)";
    case 4:
      return "crashed (SIGILL)";
    case 25:
      return "wrote too large a file (SIGXFSZ)";
    case 9:
      return "was killed (SIGKILL)";
    default:
      return "was ended by signal " + std::to_string(Code);
    }
  }
  return "returned";
}

Expected<Events> torch_tidy::verify::parseEvents(StringRef Text) {
  Reader R;
  unsigned Number = 0;
  while (!Text.empty()) {
    bool Whole = Text.contains('\n');
    auto [Line, Rest] = Text.split('\n');
    Text = Rest;
    ++Number;
    if (Line.trim().empty())
      continue;
    Expected<json::Value> V = json::parse(Line);
    const json::Object *O = V ? V->getAsObject() : nullptr;
    if (!O) {
      std::string Why = V ? "not an object" : toString(V.takeError());
      if (!Whole)
        break; // Cut by a crash.
      return createStringError("line %u is no event: %s", Number, Why.c_str());
    }
    R.line(*O);
  }
  return std::move(R.Out);
}
