//===- Json.cpp - --format=json and --format=gitlab -----------------------===//
//
// docs/report.schema.json describes the first. GitLab's is its Code Quality
// report: an array of issues with a path below the root and a fingerprint.
//
//===----------------------------------------------------------------------===//
#include "tool/report/Json.h"

using namespace llvm;

namespace torch_tidy {
namespace {

class JsonWriter {
public:
  JsonWriter(const Report &R, SourceTexts &Texts, raw_ostream &OS)
      : R(R), Texts(Texts), J(OS, /*IndentSize=*/2) {}

  void write() {
    J.object([&] {
      J.attribute("version", 1);
      J.attribute("tool", "torch-tidy " TORCH_TIDY_VERSION);
      J.attribute("complete", R.NotAnalysed.empty());
      J.attributeArray("files", [&] {
        for (const std::string &File : R.Files)
          J.value(utf8(R.relative(File)));
      });
      J.attributeArray("findings", [&] {
        for (const ReportedFinding &F : R.Findings)
          J.object([&] { finding(F); });
      });
      J.attributeArray("fixed", [&] {
        for (const BaselineFinding &F : R.Fixed)
          J.object([&] {
            J.attribute("check", utf8(F.Check));
            J.attribute("file", utf8(F.File));
            J.attribute("source", utf8(F.Source));
            J.attribute("message", utf8(F.Message));
            J.attribute("fingerprint", utf8(F.Fingerprint));
          });
      });
      J.attributeArray("problems", [&] {
        for (const Problem &P : R.Problems)
          J.object([&] {
            if (!P.At.File.empty())
              place(P.At);
            J.attribute("message", utf8(P.Text));
          });
      });
    });
    J.flush();
  }

private:
  const Report &R;
  SourceTexts &Texts;
  json::OStream J;

  void place(const Place &At) {
    Span S = spanOf(At, Texts);
    J.attribute("file", utf8(R.relative(At.File)));
    J.attribute("line", S.First.Line);
    J.attribute("column", S.First.Column);
    J.attribute("endLine", S.Last.Line);
    J.attribute("endColumn", S.Last.Column);
  }
  /// Leaves out what is not known.
  void known(StringRef Key, StringRef Text) {
    if (!Text.empty())
      J.attribute(Key, utf8(Text));
  }

  void finding(const ReportedFinding &F) {
    J.attribute("check", F.Check);
    J.attribute("level", F.IsError ? "error" : "warning");
    J.attribute("message", utf8(F.Message));
    place(F.At);
    J.attribute("source", utf8(R.relative(F.Source)));
    known("function", F.Function);
    known("condition", F.Condition);
    known("predicted", F.Predicted);
    J.attribute("fingerprint", F.Fingerprint);
    known("state", stateName(F.State));
    if (F.Verdict)
      J.attributeObject("verdict", [&] {
        J.attribute("kind", F.Verdict->Kind);
        J.attribute("on", utf8(F.Verdict->On));
        J.attribute("evidence", utf8(F.Verdict->Evidence));
      });
    J.attributeArray("operands", [&] {
      for (const OperandDetails &O : F.Operands)
        J.object([&] {
          known("role", O.Role);
          known("spelling", O.Spelling);
          known("device", O.Device);
          known("dtype", O.Dtype);
          J.attribute("moduleState", O.IsModuleState);
          J.attribute("wrong", O.Wrong);
        });
    });
    J.attributeArray("history", [&] {
      for (const StepDetails &S : F.History)
        J.object([&] {
          place(S.At);
          J.attribute("message", utf8(S.Text));
          known("subject", S.Subject);
          known("device", S.Device);
        });
    });
    J.attributeArray("fixes", [&] {
      for (const FixDetails &Repair : F.Fixes)
        J.object([&] {
          J.attribute("title", utf8(Repair.Title));
          J.attributeArray("edits", [&] {
            for (const auto &Edit : Repair.Edits)
              J.object([&] {
                place({Edit.getFilePath().str(), Edit.getOffset(),
                       Edit.getLength()});
                J.attribute("text", utf8(Edit.getReplacementText()));
              });
          });
        });
    });
  }
};

} // namespace

void writeJson(const Report &R, SourceTexts &Texts, raw_ostream &OS) {
  JsonWriter(R, Texts, OS).write();
  OS << '\n';
}

void writeGitLab(const Report &R, SourceTexts &Texts, raw_ostream &OS) {
  json::OStream J(OS, /*IndentSize=*/2);
  auto Issue = [&](StringRef Text, StringRef Check, StringRef Fingerprint,
                   StringRef Severity, const Place &At) {
    J.object([&] {
      J.attribute("description", utf8(Text));
      J.attribute("check_name", Check);
      J.attribute("fingerprint", Fingerprint);
      J.attribute("severity", Severity);
      J.attributeObject("location", [&] {
        J.attribute("path", utf8(R.relative(At.File)));
        J.attributeObject("lines", [&] {
          J.attribute("begin", spanOf(At, Texts).First.Line);
        });
      });
    });
  };
  J.array([&] {
    // An empty report would pass for no finding.
    for (const Problem &P : R.Problems)
      Issue("not analysed: " + P.Text, "clang-diagnostic-error",
            hashed(R.relative(P.At.File) + "\n" + P.Text), "blocker", P.At);
    for (const ReportedFinding &F : R.Findings) {
      std::string Text = F.Message;
      if (F.Verdict)
        Text += " (" + F.Verdict->summary() + ")";
      Issue(Text, F.Check, F.Fingerprint, F.IsError ? "critical" : "major",
            F.At);
    }
  });
  J.flush();
  OS << '\n';
}

} // namespace torch_tidy
