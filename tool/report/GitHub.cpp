//===- GitHub.cpp - --format=github: workflow commands --------------------===//
//
// Lines that GitHub Actions turns into annotations of a pull request:
// "::warning file=a.cpp,line=1,...::text".
//
//===----------------------------------------------------------------------===//
#include "tool/report/Report.h"
#include "llvm/Support/raw_ostream.h"

namespace torch_tidy {

static std::string escape(llvm::StringRef Text, bool IsProperty) {
  std::string Result;
  for (char C : Text)
    switch (C) {
    case '%':
      Result += "%25";
      break;
    case '\r':
      Result += "%0D";
      break;
    case '\n':
      Result += "%0A";
      break;
    case ':':
      Result += IsProperty ? "%3A" : ":";
      break;
    case ',':
      Result += IsProperty ? "%2C" : ",";
      break;
    default:
      Result += C;
    }
  return Result;
}

static void writePlace(const Report &R, SourceTexts &Texts, const Place &At,
                       llvm::raw_ostream &OS) {
  const SourceText &Text = Texts[At.File];
  Position First = Text.position(At.Offset);
  Position Last = Text.position(At.Offset + At.Length);
  OS << "file=" << escape(R.relative(At.File), true) << ",line=" << First.Line
     << ",endLine=" << Last.Line;
  // GitHub refuses columns that span lines.
  if (First.Line == Last.Line)
    OS << ",col=" << First.Column << ",endColumn=" << Last.Column;
}

void writeGitHub(const Report &R, SourceTexts &Texts, llvm::raw_ostream &OS) {
  for (const Problem &P : R.Problems) {
    OS << "::error ";
    if (!P.At.File.empty()) {
      writePlace(R, Texts, P.At, OS);
      OS << ",";
    }
    OS << "title=torch-tidy::" << escape(P.Text, false) << '\n';
  }
  for (const ReportedFinding &F : R.Findings) {
    if (F.State == FindingState::PreExisting)
      continue;
    OS << (F.IsError ? "::error " : "::warning ");
    writePlace(R, Texts, F.At, OS);
    OS << ",title=" << escape(F.Check, true) << "::";
    std::string Text = F.Message;
    for (const StepDetails &S : F.History)
      Text += "\n" + R.relative(S.At.File) + ":" +
              std::to_string(Texts[S.At.File].position(S.At.Offset).Line) +
              ": " + S.Text;
    if (!F.Predicted.empty())
      Text += "\nthe program would stop with: " + F.Predicted;
    if (F.Verdict)
      Text += "\n" + F.Verdict->summary() + ": " + F.Verdict->Evidence;
    OS << escape(Text, false) << '\n';
  }
}

} // namespace torch_tidy
