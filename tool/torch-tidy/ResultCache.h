//===- ResultCache.h - unchanged files keep their findings ----------------===//
//
// What lintFile() gave is stored by what it was asked (the file, its commands,
// the configuration, what it was told of other sources, the tool), and is valid
// while all that was read or looked for on the way is as it was
// (Dependencies.h). A hit costs no clang: 0.05 s for one file, most of it to
// start the program.
//
// Only complete results are kept: not those of a file that did not parse.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_RESULTCACHE_H
#define TORCH_TIDY_TOOL_TORCHTIDY_RESULTCACHE_H

#include "tool/torch-tidy/LintFile.h"

namespace torch_tidy {

class ResultCache {
public:
  /// \p Files and \p Library are those of the run.
  ResultCache(CacheDir &Cache, FileStates &Files, Preambles &Library,
              const TidyConfig &Config, llvm::StringRef ResourceDir);

  /// The result of an earlier run, where it still holds. Safe to call from
  /// several threads, as is store().
  std::optional<LintResult> find(const LintJob &Job);
  /// Keeps a result that lintFile() has just given.
  void store(const LintJob &Job, const LintResult &Result);

private:
  CacheDir &Cache;
  FileStates &Files;
  Preambles &Library;
  /// What all jobs have in common.
  std::string Common;

  std::string name(const LintJob &Job) const;
};

} // namespace torch_tidy

#endif
