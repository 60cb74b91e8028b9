//===- Alone.h - one file, verified without a program of the user's -------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_ALONE_H
#define TORCH_TIDY_TOOL_VERIFY_ALONE_H

#include "tool/verify/Pch.h"
#include "tool/verify/Probed.h"
#include "tool/verify/Setup.h"
#include <functional>

namespace torch_tidy::verify {

/// What there is to verify about a source, which may mean linting it first.
using TasksOf = std::function<std::vector<Task>(const LintJob &)>;

/// What all files of a run have in common.
struct AloneOptions {
  const VerifyFlags &Flags;
  const TidyConfig &Config;
  const Analyze &Lint;
  const TasksOf &Tasks;
  llvm::StringRef ResourceDir;
  Preambles *Library; ///< Null for none.
  PchFolder &Headers;
};

struct AloneResult {
  Task Of;
  /// Why the whole run cannot go on; the rest is empty then.
  std::string Trouble;
  Probed File;
  /// Not for --emit and --collect, which do not run anything here.
  Events Seen;
  std::string BackendText;
  Runtime RT;
  /// Mangled names that only another file defines; C++ of their stand-ins.
  std::vector<std::string> Missing;
  std::string StandIns;
  /// For --emit: the project's headers that it includes.
  std::vector<std::string> Headers;
  /// There is something to run.
  bool Runnable = false;
};

/// Lints and probes what there is to verify about \p Job, a task after another,
/// and builds and runs a program for each below \p WorkDir, which must not
/// exist. Ends with the first one that has trouble. \p Progress is told of each
/// step. Safe to call from several threads; at most one child process runs at a
/// time for each, beside the precompiled header that is made while the file is
/// linted.
std::vector<AloneResult>
verifyAlone(const LintJob &Job, const AloneOptions &Options,
            const std::string &WorkDir,
            std::function<void(const llvm::Twine &)> Progress);

} // namespace torch_tidy::verify

#endif
