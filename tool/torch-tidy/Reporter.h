//===- Reporter.h - from findings to what the user reads ------------------===//
//
// Lint and verify hand their findings to one of these, file by file. It drops
// what `--changed-since` and `--baseline` leave out, prints the rest as text or
// keeps it for the report that is written at the end, and counts.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_REPORTER_H
#define TORCH_TIDY_TOOL_TORCHTIDY_REPORTER_H

#include "tool/report/Baseline.h"
#include "tool/report/ChangedLines.h"
#include "tool/torch-tidy/LintFile.h"
#include "tool/torch-tidy/NamedValues.h"
#include <map>

namespace torch_tidy {

struct TidyConfig;

struct ReportFlags {
  ReportFlags(llvm::cl::SubCommand &Command, llvm::cl::OptionCategory &Category)
      : Format("format", llvm::cl::desc("How findings are written:"),
               llvm::cl::values(
                   clEnumValN(ReportFormat::Text, "text",
                              "as clang prints them (default)"),
                   clEnumValN(ReportFormat::Sarif, "sarif", "SARIF 2.1.0"),
                   clEnumValN(ReportFormat::GitLab, "gitlab",
                              "GitLab Code Quality"),
                   clEnumValN(ReportFormat::GitHub, "github",
                              "GitHub workflow commands"),
                   clEnumValN(ReportFormat::Json, "json",
                              "everything; see docs/report.schema.json"),
                   clEnumValN(ReportFormat::Html, "html",
                              "one page to look at, with a device timeline")),
               llvm::cl::init(ReportFormat::Text), llvm::cl::sub(Command),
               llvm::cl::cat(Category)),
        Output("output", llvm::cl::value_desc("file"),
               llvm::cl::desc("Write --format's report there, and text to "
                              "standard output"),
               llvm::cl::sub(Command), llvm::cl::cat(Category)),
        Baseline("baseline", llvm::cl::value_desc("file"),
                 llvm::cl::desc("An earlier report, sarif or json: only "
                                "findings that it lacks count"),
                 llvm::cl::sub(Command), llvm::cl::cat(Category)),
        ChangedSince("changed-since", llvm::cl::value_desc("revision"),
                     llvm::cl::desc("Keep findings with a step on a line that "
                                    "changed since this git revision"),
                     llvm::cl::sub(Command), llvm::cl::cat(Category)) {}

  llvm::cl::opt<ReportFormat, false, NamedValues<ReportFormat>> Format;
  llvm::cl::opt<std::string> Output, Baseline, ChangedSince;
};

class Reporter {
public:
  /// The error names the option that cannot be followed.
  static llvm::Expected<std::unique_ptr<Reporter>>
  create(const ReportFlags &Flags, const TidyConfig &Config);

  /// Takes what was found through \p Source, in its final form. What counts
  /// stays in \p Errors: all of it is printed or kept.
  void add(llvm::StringRef Source,
           std::vector<clang::tidy::ClangTidyError> &Errors,
           std::vector<FindingDetails> Details);
  /// Notes that \p Source, added before, was not analysed; \p Why is empty
  /// where the compiler could not read it.
  void addFailure(llvm::StringRef Source, llvm::StringRef Why);

  /// Writes the report, where one is asked for. After this nothing is added.
  llvm::Error finish();

  unsigned findings() const { return Findings; }
  const std::map<std::string, unsigned> &findingsByCheck() const {
    return ByCheck;
  }
  /// ", 2 pre-existing, 1 fixed": what was left out or is gone; empty for none.
  std::string leftOut() const;
  /// True where every file was analysed.
  bool complete() const { return All.NotAnalysed.empty(); }
  /// ", 1 file not analysed"; empty for none.
  std::string notAnalysed() const;
  /// False where standard output is for the report alone.
  bool printsText() const {
    return Format == ReportFormat::Text || Output != "-";
  }

private:
  explicit Reporter(const TidyConfig &Config);

  /// False for a finding that does not count.
  bool judge(ReportedFinding &F);

  ReportFormat Format = ReportFormat::Text;
  std::string Output;
  std::optional<Baseline> Before;
  std::optional<ChangedLines> Changed;
  clang::tidy::ClangTidyContext PrintContext;
  Report All;
  SourceTexts Texts;
  FingerprintMaker Fingerprints;
  llvm::StringSet<> Seen; ///< The fingerprints of this run.
  std::map<std::string, unsigned> ByCheck;
  bool IsExplained = false; ///< The source added last has a problem noted.
  unsigned Findings = 0, PreExisting = 0, Untouched = 0;
};

} // namespace torch_tidy

#endif
