//===- Probed.h - a file, linted and probed -------------------------------===//
//
// The step that needs the syntax tree: lint one file and take from the tree all
// that the later steps need, as plain data.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_PROBED_H
#define TORCH_TIDY_TOOL_VERIFY_PROBED_H

#include "checks/Finding.h"
#include "tool/verify/Verdict.h"
#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace torch_tidy::verify {

/// Where findings come from: torch_tidy::analyze, or a test's marks.
using Analyze = std::function<AnalysisResult(clang::ASTContext &)>;

/// One note of a finding's report.
struct Note {
  std::string Where; ///< "file:line:col".
  std::string Text;
};

struct ProbedFinding {
  Claim What;
  std::string Where;   ///< "file:line:col" as clang prints it.
  std::string Message; ///< With the condition, without the check's name.
  std::string Check;
  std::string Line;    ///< The source line that it is about.
  unsigned Column = 0; ///< 1-based, into Line.
  std::vector<Note> Notes;
};

struct Probed {
  bool Parsed = true; ///< False where the file has errors.
  std::string Errors; ///< clang's words about them.
  std::vector<ProbedFinding> Findings;
  /// Probed text by real path; the main file is always among them.
  std::map<std::string, std::string> Texts;
  /// What to append to the main file to run it alone.
  std::string DriverText;
  unsigned Entries = 0; ///< How many functions that runs.
};

/// Lints the file of \p Command with \p Lint and probes what is found. Ids
/// start at
/// \p FirstId. \p WithDriver also renames `main` and plans entries.
llvm::Expected<Probed> probeFile(const clang::tooling::CompileCommand &Command,
                                 const Analyze &Lint, llvm::StringRef Checks,
                                 unsigned FirstId, bool WithDriver);

} // namespace torch_tidy::verify

#endif
