//===- LintFile.h - one source file, from compile command to findings -----===//
//
// Parses, analyses, and puts what was found through clang-tidy's filters:
// enabled checks, header and line filters, NOLINT. Everything that a report
// needs comes back as data that outlives the parse.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_LINTFILE_H
#define TORCH_TIDY_TOOL_TORCHTIDY_LINTFILE_H

#include "checks/Finding.h"
#include "tool/frontend/Frontend.h"
#include "tool/report/Details.h"
#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace torch_tidy {

struct TidyConfig;

/// One file and every distinct way it is compiled.
struct LintJob {
  std::string File; ///< Absolute.
  std::vector<clang::tooling::CompileCommand> Commands;
  /// The configuration of the file, as text: what a stored result is known by.
  std::string Options = "";
  /// Sources that define what it calls, absolute: read behind it.
  std::vector<std::string> Behind = {};
  /// Findings in those that are told without this one, as placeOf() names them.
  std::set<std::string> Told = {};
};

struct LintResult {
  /// Findings and compile errors, in source order, with notes and fixes; all
  /// paths absolute.
  std::vector<clang::tidy::ClangTidyError> Errors;
  /// Of each finding, before the filters (findDetails() tells which is whose).
  std::vector<FindingDetails> Details;
  /// What the filters took out.
  clang::tidy::ClangTidyStats Suppressed;
  AnalysisStats Stats;
  /// "file:line:col: reason", for --explain-unknown; and the places of the
  /// functions that ran out of budget.
  std::vector<std::string> Unknowns;
  std::vector<std::string> GaveUp;
  /// As in AnalysisResult; of all commands of the file.
  std::map<std::string, std::string> Defined, Unseen;
  /// Some command of the file did not parse; nothing is known of it then.
  bool Failed = false;
  /// The analysis died on this file, and the others went on.
  bool Crashed = false;
  /// What was read for it and how long that took, one per command. Nothing
  /// where the result came from a cache.
  std::vector<ParseRecord> Parses;
};

/// For those who do more with findings than report them, or whose files are
/// not those on disk.
struct LintHooks {
  /// In place of torch_tidy::analyze(), where set.
  std::function<AnalysisResult(clang::ASTContext &)> Analyze;
  /// The findings of enabled checks, while their tree lives. NOLINT and the
  /// filters come later.
  std::function<void(clang::ASTContext &, const std::vector<const Finding *> &)>
      OnFindings;
  /// As ParseJob::Files.
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files = nullptr;
  /// As ParseJob::Library.
  Preambles *Library = nullptr;
  /// Adds to LLVM's time profile, which the caller has begun.
  bool Trace = false;
  /// Asked between declarations; after a yes the parse ends and nothing is
  /// found.
  std::function<bool()> Cancelled = nullptr;
};

/// Safe to call from several threads at once.
LintResult lintFile(const LintJob &Job, const TidyConfig &Config,
                    llvm::StringRef ResourceDir, const LintHooks &Hooks = {});

/// A finding's check and place, as text.
std::string placeOf(const clang::tidy::ClangTidyError &Finding);

/// True for a finding of a torch check, or for a NOLINT that clang-tidy finds
/// wrong; false for what the compiler said.
bool isFinding(const clang::tidy::ClangTidyError &Error);

} // namespace torch_tidy

#endif
