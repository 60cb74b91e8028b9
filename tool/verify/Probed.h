//===- Probed.h - a file, linted and probed -------------------------------===//
//
// The step that needs the syntax tree: lint one file and take from the tree all
// that the later steps need, as plain data.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_PROBED_H
#define TORCH_TIDY_TOOL_VERIFY_PROBED_H

#include "tool/torch-tidy/LintFile.h"
#include "tool/verify/Plan.h"
#include "tool/verify/SourceEdits.h"
#include "tool/verify/Verdict.h"
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace torch_tidy::verify {

/// Where findings come from: torch_tidy::analyze where empty, or a test's
/// marks.
using Analyze = std::function<AnalysisResult(clang::ASTContext &)>;

/// One reported finding. The claims are several where a template or a macro
/// makes one line stand for several calls.
struct ProbedFinding {
  clang::tidy::ClangTidyError Report;
  std::vector<Claim> Claims;
};

/// A source to verify.
struct Task {
  LintJob Job;
  /// Where set, only what is found in that file counts, a source behind this
  /// one: it is what the user asked about.
  std::string Only = "";
};

/// A file that holds probes, or the main file.
struct ProbedText {
  std::string Before; ///< Without probes.
  SourceEdits Probes = {};
  /// The source that it is, or whose header it is.
  std::string Source = "";
  bool IsHeader = false;
};

struct Probed {
  /// Findings that no NOLINT and no filter took out, in source order.
  std::vector<ProbedFinding> Findings;
  /// What the compiler said: errors where the file does not parse.
  std::vector<clang::tidy::ClangTidyError> Others;
  std::vector<FindingDetails> Details; ///< Of the findings, for reports.
  bool Failed = false; ///< The file does not parse, or the analysis died.
  /// By real path; the main file is always among them.
  std::map<std::string, ProbedText> Files;
  /// Sources to compile behind the main file, since findings stand there.
  std::vector<std::string> Behind;
  /// The findings that stand there: their ids, and in which source.
  std::map<unsigned, std::string> InBehind;
  /// What to append to the main file to run it alone.
  DriverPlan Driver;

  std::set<unsigned> Unprobed; ///< Ids whose probes were taken out.

  /// Probed text by path.
  std::map<std::string, std::string> texts() const;

  /// Takes out the probes on lines that the compiler complains of in \p Words;
  /// false where it complains of none.
  bool dropFailingProbes(llvm::StringRef Words);

  /// Does without the sources behind the main file, which does not compile with
  /// them, as \p Words say; false where there are none.
  bool dropBehind(llvm::StringRef Words);

  /// Tells the claims which of their entries the driver had to drop.
  void noteDropped();

private:
  void obstruct(unsigned Id, const std::string &Why);
};

struct ProbeOptions {
  unsigned FirstId = 0;
  /// Rename `main` and plan entries, to run the file alone.
  bool WithDriver = true;
  /// As LintHooks::Library.
  Preambles *Library = nullptr;
};

/// Lints and probes the file of \p Of, by its first command.
Probed probeFile(const Task &Of, const TidyConfig &Config,
                 llvm::StringRef ResourceDir, const Analyze &Lint,
                 const ProbeOptions &Options);

} // namespace torch_tidy::verify

#endif
