//===- OtherSources.h - what the sources of a program tell one another ----===//
//
// A function that one source calls and another defines is followed as if the
// two were one: the source is parsed with those behind it that define what it
// calls, and what those call in turn. Each source is linted by itself first;
// that tells what it defines and what it calls and does not see, and the cache
// keeps it like any other result.
//
// Where a function may be defined is looked for in the texts: its name and a
// parenthesis. Several sources may define one symbol, as the programs of one
// database do: the nearest in the tree of folders counts, and where two are
// equally near and differ, none. Nor does one that is compiled with other
// macros, or that does not parse behind the other.
//
// What is found in the other source is told once: there, where it is found
// without its callers too. What only a caller makes wrong is told with the
// caller, and with the source itself where the run leaves the caller out.
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

  /// Lints a job with all that other sources have to do with it. This and the
  /// next are safe to call from several threads.
  LintResult lint(const LintJob &Job);
  /// The job with those sources behind it that it is linted with.
  LintJob informed(const LintJob &Job) {
    return Files.size() < 2 ? Job : withOthers(Job).Of;
  }

  /// The jobs of sources that the run leaves out and that call what this one
  /// defines, each with this one behind it: what they make wrong here is to be
  /// told.
  std::vector<LintJob> callers(const LintJob &Job);

private:
  struct Linted {
    LintJob Of;
    LintResult Result;
  };

  llvm::ArrayRef<LintJob> Jobs;
  std::vector<std::string> Files;
  CompileCommands &Commands;
  const CommonFlags &Flags;
  std::unique_ptr<clang::tidy::ClangTidyOptionsProvider> Provider;
  LintAlone Lint;

  /// By the name of a function, or of a header ("#net.h"): the files that may
  /// define or call the one, or include the other.
  llvm::StringMap<std::vector<const std::string *>> Mentions;
  std::once_flag Read;
  std::mutex Lock;
  llvm::StringMap<std::shared_future<Linted>> Known;

  void readAll();
  const Linted &alone(const std::string &File);
  std::vector<std::string> mentioning(const std::string &Name,
                                      const std::string &Near);
  std::string definerOf(const std::string &Symbol, const std::string &Name,
                        const LintJob &For);
  std::vector<std::string> behind(const LintJob &Job, const LintResult &Alone);
  std::vector<std::string> callersOf(const LintJob &Job,
                                     const LintResult &Alone);
  Linted withOthers(const LintJob &Job);
  std::vector<Linted> callersWithOthers(const LintJob &Job);
};

} // namespace torch_tidy

#endif
