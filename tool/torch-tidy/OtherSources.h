//===- OtherSources.h - what the sources of a program tell one another ----===//
//
// A function that one source calls and another defines is known by its summary
// (checks/Summary.h). Each source is linted by itself first; that tells what it
// defines and what it calls and does not see. Where another source defines
// that, the lint is done again with what is known of it. So a source is parsed
// twice where it helps, and its result alone, which the cache keeps like any
// other, tells both whether to and what the others may know.
//
// Where a function may be defined is looked for in the texts: its name and a
// parenthesis. Several definitions of one symbol, as programs of one database
// have them, count as far as they agree.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_OTHERSOURCES_H
#define TORCH_TIDY_TOOL_TORCHTIDY_OTHERSOURCES_H

#include "tool/torch-tidy/Lint.h"
#include "llvm/ADT/StringMap.h"
#include <future>
#include <mutex>

namespace torch_tidy {

class OtherSources {
public:
  using LintAlone = std::function<LintResult(const LintJob &)>;

  /// Functions are looked for in the sources of \p Jobs, and in all of the
  /// databases that those come from. \p Lint is called by several threads.
  OtherSources(llvm::ArrayRef<LintJob> Jobs, CompileCommands &Commands,
               const CommonFlags &Flags, const TidyConfig &Config,
               LintAlone Lint);

  /// True where there is one source only.
  bool none() const { return Files.size() < 2; }
  /// The job as it is, or with what other sources define of that which
  /// \p Alone, its result, has not seen. Safe to call from several threads.
  LintJob informed(const LintJob &Job, const LintResult &Alone);

private:
  std::vector<std::string> Files;
  CompileCommands &Commands;
  const CommonFlags &Flags;
  std::unique_ptr<clang::tidy::ClangTidyOptionsProvider> Provider;
  LintAlone Lint;

  /// By the name of a function: the files that may define it.
  llvm::StringMap<std::vector<const std::string *>> Mentions;
  std::once_flag Read;
  std::mutex Lock;
  llvm::StringMap<std::shared_future<Summaries>> Known;

  void readAll();
  Summaries definedIn(const std::string &File);
};

} // namespace torch_tidy

#endif
