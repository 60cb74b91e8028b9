//===- Sarif.cpp - --format=sarif: SARIF 2.1.0 ----------------------------===//
//
// What GitHub, GitLab, Azure DevOps and editors read. The history is a code
// flow, with the devices as its states, and related locations for readers that
// show no flows. Paths are relative to %SRCROOT%, which stays unsaid: the same
// source gives the same bytes on every machine.
//
//===----------------------------------------------------------------------===//
#include "checks/Manifest.h"
#include "tool/report/Docs.h"
#include "tool/report/Json.h"

using namespace llvm;

namespace torch_tidy {
namespace {

class SarifWriter {
public:
  SarifWriter(const Report &R, SourceTexts &Texts, raw_ostream &OS)
      : R(R), Texts(Texts), J(OS, /*IndentSize=*/2) {}

  void write() {
    J.object([&] {
      J.attribute("$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/"
                             "errata01/os/schemas/sarif-schema-2.1.0.json");
      J.attribute("version", "2.1.0");
      J.attributeArray("runs", [&] { J.object([&] { run(); }); });
    });
    J.flush();
  }

private:
  const Report &R;
  SourceTexts &Texts;
  json::OStream J;

  void message(StringRef Key, StringRef Text) {
    J.attributeObject(Key, [&] { J.attribute("text", utf8(Text)); });
  }

  void run() {
    J.attributeObject("tool", [&] {
      J.attributeObject("driver", [&] {
        J.attribute("name", "torch-tidy");
        J.attribute("semanticVersion", TORCH_TIDY_VERSION);
        J.attributeArray("rules", [&] {
          for (const CheckInfo &Check : allChecks())
            J.object([&] { rule(Check); });
        });
      });
    });
    J.attribute("columnKind", "unicodeCodePoints");
    J.attributeObject("originalUriBaseIds", [&] {
      J.attributeObject("SRCROOT", [&] {
        message("description", "The root of the source tree.");
      });
    });
    J.attributeArray("invocations", [&] {
      J.object([&] {
        J.attribute("executionSuccessful", R.NotAnalysed.empty());
        if (!R.Problems.empty())
          J.attributeArray("toolExecutionNotifications", [&] {
            for (const Problem &P : R.Problems)
              J.object([&] {
                J.attribute("level", "error");
                message("message", P.Text);
                if (!P.At.File.empty())
                  J.attributeArray("locations",
                                   [&] { J.object([&] { location(P.At); }); });
              });
          });
      });
    });
    J.attributeArray("results", [&] {
      // Most readers show results and nothing else, and no result would pass
      // for no finding.
      for (const Problem &P : R.Problems)
        J.object([&] { problemResult(P); });
      for (const ReportedFinding &F : R.Findings)
        J.object([&] { result(F); });
      for (const BaselineFinding &F : R.Fixed)
        J.object([&] { fixedResult(F); });
    });
  }

  void rule(const CheckInfo &Check) {
    J.attribute("id", Check.name());
    message("shortDescription", (Check.Help + ".").str());
    J.attributeObject("help", [&] {
      StringRef Page = checkPage(Check.name());
      J.attribute("text", Page.empty() ? StringRef(Check.Help) : Page);
      if (!Page.empty())
        J.attribute("markdown", Page);
    });
    J.attributeObject("defaultConfiguration", [&] {
      J.attribute("enabled", Check.OnByDefault);
      J.attribute("level", "warning");
    });
    J.attributeObject("properties", [&] {
      J.attributeArray("tags", [&] { J.value("correctness"); });
    });
  }

  void artifact(StringRef File) {
    J.attributeObject("artifactLocation", [&] {
      std::string Name = R.relative(File);
      if (sys::path::is_absolute(Name)) {
        J.attribute("uri", "file://" + percentEncoded(Name));
        return;
      }
      J.attribute("uri", percentEncoded(Name));
      J.attribute("uriBaseId", "SRCROOT");
    });
  }

  static std::string percentEncoded(StringRef Name) {
    std::string Result;
    for (char C : Name)
      if (isAlnum(C) || StringRef("/-._~+").contains(C))
        Result += C;
      else
        (Result += '%') += toHex(StringRef(&C, 1));
    return Result;
  }

  void region(StringRef Key, const Place &At) {
    J.attributeObject(Key, [&] {
      Span S = spanOf(At, Texts);
      J.attribute("startLine", S.First.Line);
      J.attribute("startColumn", S.First.Column);
      J.attribute("endLine", S.Last.Line);
      J.attribute("endColumn", S.Last.Column);
    });
  }

  void location(const Place &At) {
    J.attributeObject("physicalLocation", [&] {
      artifact(At.File);
      region("region", At);
    });
  }

  void result(const ReportedFinding &F) {
    J.attribute("ruleId", F.Check);
    J.attribute("level", F.IsError ? "error" : "warning");
    message("message", F.Message);
    J.attributeArray("locations", [&] {
      J.object([&] {
        location(F.At);
        if (!F.Function.empty())
          J.attributeArray("logicalLocations", [&] {
            J.object([&] {
              J.attribute("fullyQualifiedName", utf8(F.Function));
              J.attribute("kind", "function");
            });
          });
      });
    });
    fingerprint(F.Fingerprint);
    if (F.State != FindingState::NoBaseline)
      J.attribute("baselineState",
                  F.State == FindingState::Introduced ? "new" : "unchanged");
    if (!F.History.empty()) {
      J.attributeArray("relatedLocations", [&] { related(F); });
      J.attributeArray("codeFlows", [&] {
        J.object([&] {
          J.attributeArray("threadFlows", [&] { J.object([&] { flow(F); }); });
        });
      });
    }
    if (!F.Fixes.empty())
      J.attributeArray("fixes", [&] {
        for (const FixDetails &Repair : F.Fixes)
          J.object([&] { fix(Repair); });
      });
    J.attributeObject("properties", [&] {
      J.attribute("source", utf8(R.relative(F.Source)));
      if (!F.Predicted.empty())
        J.attribute("predictedError", utf8(F.Predicted));
      if (!F.Condition.empty())
        J.attribute("condition", utf8(F.Condition));
      if (!F.Verdict)
        return;
      J.attribute("verdict", F.Verdict->Kind);
      J.attribute("verdictOn", utf8(F.Verdict->On));
      J.attribute("verdictEvidence", utf8(F.Verdict->Evidence));
    });
  }

  void problemResult(const Problem &P) {
    J.attribute("ruleId", "clang-diagnostic-error");
    J.attribute("level", "error");
    message("message", "not analysed: " + P.Text);
    if (!P.At.File.empty())
      J.attributeArray("locations", [&] { J.object([&] { location(P.At); }); });
  }

  void fixedResult(const BaselineFinding &F) {
    J.attribute("ruleId", utf8(F.Check));
    J.attribute("kind", "pass");
    J.attribute("level", "none");
    J.attribute("baselineState", "absent");
    message("message", F.Message);
    fingerprint(F.Fingerprint);
    J.attributeObject("properties",
                      [&] { J.attribute("source", utf8(F.Source)); });
    J.attributeArray("locations", [&] {
      J.object([&] {
        J.attributeObject("physicalLocation",
                          [&] { artifact((R.Root + "/" + F.File)); });
      });
    });
  }

  void fingerprint(StringRef Text) {
    J.attributeObject("partialFingerprints",
                      [&] { J.attribute("torchTidy/v1", utf8(Text)); });
  }

  void related(const ReportedFinding &F) {
    unsigned Id = 0;
    for (const StepDetails &S : F.History)
      J.object([&] {
        J.attribute("id", ++Id);
        location(S.At);
        message("message", S.Text);
      });
  }

  void flow(const ReportedFinding &F) {
    J.attributeArray("locations", [&] {
      unsigned Order = 0;
      auto Step = [&](const Place &At, StringRef Text, StringRef Importance,
                      StringRef Subject, StringRef Device) {
        J.object([&] {
          J.attribute("executionOrder", ++Order);
          J.attribute("importance", Importance);
          J.attributeObject("location", [&] {
            location(At);
            message("message", Text);
          });
          if (!Subject.empty() && !Device.empty())
            J.attributeObject("state", [&] { message(utf8(Subject), Device); });
        });
      };
      for (const StepDetails &S : F.History)
        Step(S.At, S.Text, "important", S.Subject, S.Device);
      Step(F.At,
           F.Predicted.empty() ? F.Message
                               : "the program would stop with: " + F.Predicted,
           "essential", "", "");
    });
  }

  void fix(const FixDetails &Repair) {
    message("description", Repair.Title);
    J.attributeArray("artifactChanges", [&] {
      // One change a file, with all edits in it.
      std::vector<StringRef> Files;
      for (const auto &Edit : Repair.Edits)
        if (!is_contained(Files, Edit.getFilePath()))
          Files.push_back(Edit.getFilePath());
      for (StringRef File : Files)
        J.object([&] {
          artifact(File);
          J.attributeArray("replacements", [&] {
            for (const auto &Edit : Repair.Edits)
              if (Edit.getFilePath() == File)
                J.object([&] { replacement(Edit); });
          });
        });
    });
  }

  void replacement(const clang::tooling::Replacement &Edit) {
    region("deletedRegion",
           {Edit.getFilePath().str(), Edit.getOffset(), Edit.getLength()});
    message("insertedContent", Edit.getReplacementText());
  }
};

} // namespace

void writeSarif(const Report &R, SourceTexts &Texts, raw_ostream &OS) {
  SarifWriter(R, Texts, OS).write();
  OS << '\n';
}

} // namespace torch_tidy
