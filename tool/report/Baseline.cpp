#include "tool/report/Baseline.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace torch_tidy {
namespace {

std::string textAt(const json::Object &O, StringRef Key) {
  return O.getString(Key).value_or("").str();
}

/// The inverse of SARIF's percent-encoded URIs.
std::string percentDecoded(StringRef Uri) {
  std::string Result;
  for (size_t I = 0; I < Uri.size(); ++I) {
    uint8_t Code;
    if (Uri[I] == '%' && I + 2 < Uri.size() &&
        !Uri.substr(I + 1, 2).getAsInteger(16, Code)) {
      Result += static_cast<char>(Code);
      I += 2;
    } else {
      Result += Uri[I];
    }
  }
  return Result;
}

std::string sarifFile(const json::Object &Result) {
  const json::Array *Locations = Result.getArray("locations");
  if (!Locations || Locations->empty())
    return "";
  const json::Object *At = Locations->front().getAsObject();
  At = At ? At->getObject("physicalLocation") : nullptr;
  At = At ? At->getObject("artifactLocation") : nullptr;
  return At ? percentDecoded(textAt(*At, "uri")) : "";
}

void readSarif(const json::Array &Runs, std::vector<BaselineFinding> &Out) {
  for (const json::Value &Run : Runs) {
    const json::Object *RunObject = Run.getAsObject();
    const json::Array *Results =
        RunObject ? RunObject->getArray("results") : nullptr;
    for (const json::Value &Value : Results ? *Results : json::Array()) {
      const json::Object *Result = Value.getAsObject();
      const json::Object *Prints =
          Result ? Result->getObject("partialFingerprints") : nullptr;
      // What had been fixed by then is not in the baseline.
      if (!Prints || Result->getString("baselineState") == "absent")
        continue;
      const json::Object *Message = Result->getObject("message");
      const json::Object *Properties = Result->getObject("properties");
      Out.push_back({textAt(*Result, "ruleId"), sarifFile(*Result),
                     Properties ? textAt(*Properties, "source") : "",
                     textAt(*Prints, "torchTidy/v1"),
                     Message ? textAt(*Message, "text") : ""});
    }
  }
}

void readJson(const json::Array &Findings, std::vector<BaselineFinding> &Out) {
  for (const json::Value &Value : Findings)
    if (const json::Object *F = Value.getAsObject())
      Out.push_back({textAt(*F, "check"), textAt(*F, "file"),
                     textAt(*F, "source"), textAt(*F, "fingerprint"),
                     textAt(*F, "message")});
}

} // namespace

Expected<Baseline> Baseline::read(StringRef File) {
  auto Buffer = MemoryBuffer::getFile(File);
  if (!Buffer)
    return createStringError("cannot read baseline '" + File +
                             "': " + Buffer.getError().message());
  Expected<json::Value> Value = json::parse((*Buffer)->getBuffer());
  if (!Value)
    return createStringError("baseline '" + File +
                             "' is not JSON: " + toString(Value.takeError()));
  Baseline Result;
  const json::Object *Top = Value->getAsObject();
  if (const json::Array *Runs = Top ? Top->getArray("runs") : nullptr)
    readSarif(*Runs, Result.Findings);
  else if (const json::Array *All = Top ? Top->getArray("findings") : nullptr)
    readJson(*All, Result.Findings);
  else
    return createStringError(
        "baseline '" + File +
        "' is not a report of torch-tidy; make one with --format=sarif or "
        "--format=json and --output=FILE");
  for (const BaselineFinding &F : Result.Findings) {
    if (F.Fingerprint.empty())
      return createStringError("baseline '" + File +
                               "' has a finding without torch-tidy's "
                               "fingerprint; was another tool's report given?");
    Result.Fingerprints.insert(F.Fingerprint);
  }
  return Result;
}

std::vector<BaselineFinding> Baseline::fixed(const Report &R,
                                             const StringSet<> &Now) const {
  StringSet<> Linted;
  for (const std::string &File : R.Files)
    Linted.insert(R.relative(File));
  // What nobody could look at may still be there.
  for (const std::string &File : R.NotAnalysed)
    Linted.erase(R.relative(File));
  std::vector<BaselineFinding> Result;
  copy_if(Findings, std::back_inserter(Result), [&](const BaselineFinding &F) {
    return !Now.contains(F.Fingerprint) && Linted.contains(F.Source);
  });
  return Result;
}

} // namespace torch_tidy
