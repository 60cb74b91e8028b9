//===- TidyConfig.h - which checks, from options and .clang-tidy files ----===//
//
// Configuration is clang-tidy's own, read by clang-tidy's own code. Two rules
// are added:
//
// - A `.clang-tidy` that does not mention a torch check says nothing about
//   them: `Checks: '-*,bugprone-*'` is written for clang-tidy and must not turn
//   this tool off.
// - A check that is named on the command line and does not exist is an error,
//   and so is a header filter that is no regular expression, wherever it
//   stands.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_TIDYCONFIG_H
#define TORCH_TIDY_TOOL_TORCHTIDY_TIDYCONFIG_H

#include "checks/Manifest.h"
#include "clang-tidy/ClangTidyOptions.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace torch_tidy {

struct CommonFlags;

/// What is decided on the command line; the same for all files.
struct TidyConfig {
  clang::tidy::ClangTidyGlobalOptions Global;
  clang::tidy::ClangTidyOptions Defaults;
  clang::tidy::ClangTidyOptions Overrides;
  /// From `--config` or `--config-file`; else .clang-tidy files are read.
  std::optional<clang::tidy::ClangTidyOptions> Fixed;
  /// Whether NOLINT comments that suppress nothing are findings.
  bool StaleNolint = false;

  /// The error names the option that is wrong.
  static llvm::Expected<TidyConfig> fromFlags(const CommonFlags &Flags);

  /// A provider of its own for each thread: it keeps a cache.
  std::unique_ptr<clang::tidy::ClangTidyOptionsProvider> provider() const;
};

/// An error that names \p Option where a glob is of no check.
llvm::Error checkGlobs(llvm::StringRef Option, llvm::StringRef Globs);
/// An error where a header filter is no regular expression.
llvm::Error checkFilters(const clang::tidy::ClangTidyOptions &Options);
/// Those that the configuration turns on.
std::vector<CheckInfo>
enabledChecks(const clang::tidy::ClangTidyOptions &Options);
/// Prints the enabled checks with their help; returns the exit code.
int listChecks(const clang::tidy::ClangTidyOptions &Options);
/// Prints the effective configuration as YAML; returns the exit code.
int dumpConfig(const clang::tidy::ClangTidyOptions &Options);
/// Reports torch checks and options that do not exist, each with its source
/// and the nearest name, and values that are of no use; returns the exit code.
int verifyConfig(clang::tidy::ClangTidyOptionsProvider &Provider,
                 llvm::StringRef File);

} // namespace torch_tidy

#endif
