#include "tool/torch-tidy/Lint.h"
#include "clang-tidy/ClangTidy.h"
#include "tool/frontend/ResourceDir.h"
#include "tool/report/ApplyFixes.h"
#include "tool/torch-tidy/CommonFlags.h"
#include "tool/torch-tidy/LintFile.h"
#include "tool/torch-tidy/OtherSources.h"
#include "tool/torch-tidy/Progress.h"
#include "tool/torch-tidy/Reporter.h"
#include "tool/torch-tidy/ResultCache.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/TimeProfiler.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

using namespace clang::tidy;
namespace cl = llvm::cl;

namespace torch_tidy {
namespace {

constexpr llvm::StringLiteral Overview =
    R"(torch-tidy: finds device mistakes in C++ written against LibTorch

Without a sub-command it lints; 'torch-tidy verify' runs what it finds (see its
--help), 'torch-tidy explain' tells of a check or of an error's text,
'torch-tidy lsp' serves an editor, 'torch-tidy cache' tells what is kept between
runs.
Flags after '--' compile every source; else a compile_commands.json is looked
for. Configuration comes from .clang-tidy files, as clang-tidy reads them.

Exit codes: 0 nothing found, 1 could not run, 2 findings, 3 some file did not
parse.
)";

struct LintFlags : CommonFlags {
  LintFlags() : CommonFlags("lint"), Report(Command, Category) {}

  ReportFlags Report;

  cl::opt<bool> Fix{"fix", cl::sub(Command), cl::cat(Category),
                    cl::desc("Apply the first fix of each finding")};
  cl::opt<std::string> ExportFixes{
      "export-fixes", cl::value_desc("file"), cl::sub(Command),
      cl::cat(Category),
      cl::desc("Write the fixes for clang-apply-replacements")};
  cl::opt<std::string> WarningsAsErrors{
      "warnings-as-errors", cl::value_desc("globs"), cl::sub(Command),
      cl::cat(Category), cl::desc("Checks whose findings are called errors")};
  cl::opt<std::string> FormatStyle{
      "format-style", cl::value_desc("style"), cl::sub(Command),
      cl::cat(Category),
      cl::desc("clang-format style for the lines that --fix edits: none "
               "(default), file, llvm, ...")};
  cl::opt<bool> ListChecks{"list-checks", cl::sub(Command), cl::cat(Category),
                           cl::desc("List the enabled checks")};
  cl::opt<bool> DumpConfig{"dump-config", cl::sub(Command), cl::cat(Category),
                           cl::desc("Print the effective configuration")};
  cl::opt<bool> VerifyConfig{
      "verify-config", cl::sub(Command), cl::cat(Category),
      cl::desc("Check the names of torch checks and options in the "
               "configuration")};
  cl::opt<bool> ExplainUnknown{
      "explain-unknown", cl::sub(Command), cl::cat(Category),
      cl::desc("Print what the analysis could not know, and why")};
  cl::opt<bool> Stats{"stats", cl::sub(Command), cl::cat(Category),
                      cl::desc("Print how much was analysed")};
  cl::opt<bool> StaleNolint{
      "stale-nolint", cl::sub(Command), cl::cat(Category),
      cl::desc("Report NOLINT comments that name a torch check and suppress "
               "nothing")};
  cl::opt<ProgressMode, false, NamedValues<ProgressMode>> Progress{
      "progress",
      cl::desc("A line that says how far the run is:"),
      cl::values(clEnumValN(ProgressMode::Auto, "auto",
                            "on a terminal, with several files (default)"),
                 clEnumValN(ProgressMode::Always, "always", ""),
                 clEnumValN(ProgressMode::Never, "never", "")),
      cl::init(ProgressMode::Auto),
      cl::sub(Command),
      cl::cat(Category)};
  cl::opt<std::string> TimeTrace{
      "time-trace", cl::value_desc("file"), cl::sub(Command), cl::cat(Category),
      cl::desc("Write where the time goes, as clang's -ftime-trace does")};
  cl::opt<bool> Strict{
      "strict", cl::sub(Command), cl::cat(Category),
      cl::desc("Exit with 3 where a function ran out of budget")};
};

/// What is known after all files, for the closing lines and the exit code.
struct Totals {
  unsigned Files = 0, Nolint = 0, Filtered = 0;
  /// Not parsed, because nothing changed; parsed on a preamble.
  unsigned Unchanged = 0, OnPreamble = 0;
  double SecondsForPreambles = 0, SecondsToParse = 0;
  AnalysisStats Stats;
  /// Each place once, however many files include it.
  llvm::StringSet<> Unknowns;
  std::chrono::steady_clock::time_point Begin =
      std::chrono::steady_clock::now();

  void add(const LintResult &Result) {
    ++Files;
    Nolint += Result.Suppressed.ErrorsIgnoredNOLINT;
    Filtered += Result.Suppressed.ErrorsIgnoredLineFilter +
                Result.Suppressed.ErrorsIgnoredNonUserCode;
    Unchanged += Result.Parses.empty() && !Result.Failed && !Result.Crashed;
    for (const ParseRecord &Parse : Result.Parses) {
      OnPreamble += Parse.Began.has_value();
      SecondsForPreambles += Parse.SecondsForPreamble;
      SecondsToParse += Parse.SecondsToParse;
    }
    // The analysis is part of the parse's time: it runs at its end.
    SecondsToParse -= Result.Stats.Seconds;
    Stats.Functions += Result.Stats.Functions;
    Stats.GaveUp += Result.Stats.GaveUp;
    Stats.Visits += Result.Stats.Visits;
    Stats.Seconds += Result.Stats.Seconds;
    for (const std::string &Unknown : Result.Unknowns)
      Unknowns.insert(Unknown);
  }
};

/// A finding in a header comes once, however many files include it.
class Deduplicate {
public:
  void operator()(std::vector<ClangTidyError> &Errors) {
    llvm::erase_if(Errors, [this](const ClangTidyError &Error) {
      const auto &Message = Error.Message;
      return isFinding(Error) &&
             !Seen.insert(llvm::formatv("{0}:{1}:{2}:{3}", Message.FilePath,
                                        Message.FileOffset,
                                        Error.DiagnosticName, Message.Message)
                              .str())
                  .second;
    });
  }

private:
  llvm::StringSet<> Seen;
};

void printDetails(const LintFlags &Flags, const LintJob &Job,
                  const LintResult &Result) {
  if (Result.Crashed)
    fail("the analysis of '" + Job.File + "' crashed; please report it");
  if (Flags.ExplainUnknown)
    for (const std::string &Unknown : Result.Unknowns)
      (Flags.Report.Format == ReportFormat::Text ? llvm::outs() : llvm::errs())
          << Unknown << '\n';
  if (Flags.Stats || Flags.Strict)
    for (const std::string &Place : Result.GaveUp)
      llvm::errs() << Place << ": function ran out of budget\n";
}

void printTotals(const LintFlags &Flags, const Totals &All,
                 const Reporter &Report, const std::string &Trouble) {
  if (Flags.Stats) {
    llvm::errs() << llvm::formatv(
        "{0} functions analysed in {1:f3} s, {2} steps, {3} out of budget\n",
        All.Stats.Functions, All.Stats.Seconds, All.Stats.Visits,
        All.Stats.GaveUp);
    llvm::errs() << llvm::formatv(
        "{0} of {1} files unchanged, {2} on a preamble; {3:f3} s for "
        "preambles, {4:f3} s to parse\n",
        All.Unchanged, All.Files, All.OnPreamble, All.SecondsForPreambles,
        All.SecondsToParse);
    if (!Trouble.empty())
      llvm::errs() << "cache: " << Trouble << '\n';
  }
  if (Flags.Quiet)
    return;
  unsigned Findings = Report.findings();
  llvm::errs() << llvm::formatv("{0} finding{1} in {2} file{3}", Findings,
                                Findings == 1 ? "" : "s", All.Files,
                                All.Files == 1 ? "" : "s")
               << Report.leftOut();
  if (All.Nolint)
    llvm::errs() << ", " << All.Nolint << " suppressed by NOLINT";
  if (All.Filtered)
    llvm::errs() << ", " << All.Filtered << " filtered out";
  llvm::errs() << Report.notAnalysed() << '\n';
  // By check, what is open, how long.
  for (const auto &[Check, Number] : Report.findingsByCheck())
    llvm::errs() << Number << ' ' << Check << ", ";
  const std::chrono::duration<double> Took =
      std::chrono::steady_clock::now() - All.Begin;
  llvm::errs() << llvm::formatv(
      "{0} unknown{1}, {2:f1} s\n", All.Unknowns.size(),
      All.Unknowns.empty() ? "" : " (--explain-unknown lists them)",
      Took.count());
}

/// `--fix` and `--export-fixes`; returns false after printing why not.
bool useFixes(const LintFlags &Flags, const std::vector<ClangTidyError> &Errors,
              llvm::StringRef Format) {
  if (Flags.ExportFixes.getNumOccurrences()) {
    std::error_code EC;
    llvm::raw_fd_ostream OS(Flags.ExportFixes, EC);
    if (EC) {
      fail("cannot write '" + Flags.ExportFixes + "': " + EC.message());
      return false;
    }
    exportReplacements(Errors.empty() ? "" : Errors[0].Message.FilePath, Errors,
                       OS);
  }
  if (Flags.Fix) {
    llvm::Expected<FixCounts> Counts = applyFixes(Errors, Format);
    if (!Counts) {
      fail(llvm::toString(Counts.takeError()));
      return false;
    }
    if (!Flags.Quiet)
      llvm::errs() << llvm::formatv("applied {0} fix{1}\n", Counts->Applied,
                                    Counts->Applied == 1 ? "" : "es");
    if (Counts->Refused)
      llvm::errs() << llvm::formatv("refused {0} that overlap{1} another; run "
                                    "--fix again\n",
                                    Counts->Refused,
                                    Counts->Refused == 1 ? "s" : "");
  }
  return true;
}

int lintJobs(const LintFlags &Flags, const TidyConfig &Config,
             CompileCommands &Commands, const std::vector<LintJob> &Jobs) {
  llvm::Expected<std::string> ResourceDir = findResourceDir();
  if (!ResourceDir)
    return fail(llvm::toString(ResourceDir.takeError()));
  auto Report = Reporter::create(Flags.Report, Config);
  if (!Report)
    return fail(llvm::toString(Report.takeError()));
  for (const auto *Written : {&Flags.ExportFixes, &Flags.TimeTrace})
    if (Written->getNumOccurrences())
      if (llvm::Error Failed = mayWrite(*Written))
        return fail("--" + Written->ArgStr + ": " +
                    llvm::toString(std::move(Failed)));
  llvm::CrashRecoveryContext::Enable();

  std::unique_ptr<CacheDir> Cache = Flags.cache();
  FileStates Files;
  std::optional<Preambles> Library;
  if (Cache)
    Library.emplace(*Cache, Files);
  std::optional<ResultCache> Unchanged;
  if (Cache)
    Unchanged.emplace(*Cache, Files, *Library, Config, *ResourceDir);
  LintHooks Hooks;
  Hooks.Library = Library ? &*Library : nullptr;
  Progress Bar(Flags.Progress, Jobs.size());
  const bool Tracing = Flags.TimeTrace.getNumOccurrences();
  if (Tracing)
    llvm::timeTraceProfilerInitialize(/*TimeTraceGranularity=*/500,
                                      "torch-tidy");
  Hooks.Trace = Tracing;
  auto Once = [&](const LintJob &Job) {
    std::optional<LintResult> Result;
    if (Unchanged)
      Result = Unchanged->find(Job);
    if (!Result) {
      Result = lintFile(Job, Config, *ResourceDir, Hooks);
      if (Unchanged)
        Unchanged->store(Job, *Result);
    }
    return std::move(*Result);
  };
  OtherSources Others(Jobs, Commands, Flags, Config, Once);
  auto Lint = [&](const LintJob &Job) {
    LintResult Result = Others.lint(Job);
    Bar.step(Job.File);
    return Result;
  };

  llvm::DefaultThreadPool Pool(llvm::hardware_concurrency(Flags.Jobs));
  std::vector<std::shared_future<LintResult>> Results;
  for (const LintJob &Job : Jobs)
    Results.push_back(Pool.async([&] { return Lint(Job); }));

  Totals All;
  Deduplicate Unseen;
  std::vector<ClangTidyError> Fixable;
  // In the order of the command line, each as soon as it and those before it
  // are done.
  for (size_t I = 0; I < Jobs.size(); ++I) {
    LintResult Result = Results[I].get();
    Results[I] = {};
    Bar.hide();
    Unseen(Result.Errors);
    (*Report)->add(Jobs[I].File, Result.Errors, std::move(Result.Details));
    if (Result.Failed || Result.Crashed)
      (*Report)->addFailure(Jobs[I].File,
                            Result.Crashed ? "the analysis crashed" : "");
    printDetails(Flags, Jobs[I], Result);
    All.add(Result);
    if (Flags.Fix || Flags.ExportFixes.getNumOccurrences())
      llvm::move(Result.Errors, std::back_inserter(Fixable));
  }
  if (Cache)
    Cache->keepLimit();

  // Before --fix changes the text that a report quotes.
  if (llvm::Error Failed = (*Report)->finish())
    return fail(llvm::toString(std::move(Failed)));
  if (!Jobs.empty() && !useFixes(Flags, Fixable,
                                 Config.provider()
                                     ->getOptions(Jobs.back().File)
                                     .FormatStyle.value_or("none")))
    return ExitCannotRun;
  printTotals(Flags, All, **Report, Cache ? Cache->trouble() : "");
  if (Tracing)
    if (llvm::Error Failed =
            llvm::timeTraceProfilerWrite(Flags.TimeTrace, "torch-tidy.json"))
      return fail("--time-trace: " + llvm::toString(std::move(Failed)));
  if (!(*Report)->complete() || (Flags.Strict && All.Stats.GaveUp))
    return ExitIncomplete;
  return (*Report)->findings() ? ExitFindings : ExitClean;
}

} // namespace

llvm::Expected<LintJob> makeJob(CompileCommands &Commands,
                                const CommonFlags &Flags,
                                ClangTidyOptionsProvider &Provider,
                                const std::string &File) {
  ClangTidyOptions Options = Provider.getOptions(File);
  ExtraFlags Extra;
  Extra.Before = Options.ExtraArgsBefore.value_or(std::vector<std::string>());
  Extra.After = Options.ExtraArgs.value_or(std::vector<std::string>());
  llvm::append_range(Extra.Before, Flags.ExtraArgsBefore);
  llvm::append_range(Extra.After, Flags.ExtraArgs);
  if (llvm::Error Wrong = checkFilters(Options))
    return std::move(Wrong);
  auto Found = Commands.get(File, Extra);
  if (!Found)
    return Found.takeError();
  return LintJob{File, std::move(*Found), configurationAsText(Options)};
}

llvm::Expected<std::vector<LintJob>>
makeJobs(CompileCommands &Commands, const CommonFlags &Flags,
         const TidyConfig &Config, llvm::ArrayRef<std::string> Files) {
  auto Provider = Config.provider();
  std::vector<LintJob> Jobs;
  for (const std::string &File : Files) {
    if (Flags.IfMissingDatabase == MissingDatabase::Skip &&
        !Commands.hasDatabaseFor(File)) {
      note("'" + File + "' is left out: no compile database");
      continue;
    }
    auto Job = makeJob(Commands, Flags, *Provider, File);
    if (!Job)
      return Job.takeError();
    llvm::StringRef Heuristic = Job->Commands.front().Heuristic;
    if (!Heuristic.empty() && !Flags.Quiet)
      note("'" + File + "' has no compile command; its flags are " + Heuristic);
    Jobs.push_back(std::move(*Job));
  }
  return Jobs;
}

int runLint(int argc, const char **argv) {
  LintFlags Flags;
  if (std::optional<int> Code = Flags.parse(argc, argv, Overview))
    return *Code;
  llvm::Expected<TidyConfig> Config = TidyConfig::fromFlags(Flags);
  if (!Config)
    return fail(llvm::toString(Config.takeError()));
  if (Flags.WarningsAsErrors.getNumOccurrences()) {
    if (llvm::Error Wrong =
            checkGlobs("--warnings-as-errors", Flags.WarningsAsErrors))
      return fail(llvm::toString(std::move(Wrong)));
    Config->Overrides.WarningsAsErrors = Flags.WarningsAsErrors;
  }
  Config->StaleNolint = Flags.StaleNolint;
  if (Flags.FormatStyle.getNumOccurrences())
    Config->Overrides.FormatStyle = Flags.FormatStyle;

  llvm::Expected<std::vector<std::string>> Files = Flags.sourceFiles();
  if (!Files)
    return fail(llvm::toString(Files.takeError()));
  // What is asked about the configuration, is asked of the first source; where
  // none is named, of one in the current folder.
  llvm::SmallString<256> First(Files->empty() ? "source.cpp" : Files->front());
  llvm::sys::fs::make_absolute(First);
  auto Provider = Config->provider();
  if (Flags.VerifyConfig)
    return verifyConfig(*Provider, First);
  ClangTidyOptions Options = Provider->getOptions(First);
  if (Flags.DumpConfig)
    return dumpConfig(Options);
  if (enabledChecks(Options).empty())
    return fail("no checks enabled; 'torch-tidy --list-checks "
                "--checks=torch-*' lists them");
  if (Flags.ListChecks)
    return listChecks(Options);

  if (Files->empty())
    return fail("no source files; see torch-tidy --help");
  CompileCommands Commands = Flags.compileCommands();
  llvm::Expected<std::vector<LintJob>> Jobs =
      makeJobs(Commands, Flags, *Config, *Files);
  if (!Jobs)
    return fail(llvm::toString(Jobs.takeError()));
  // With all of them left out a report says so as well.
  return lintJobs(Flags, *Config, Commands, *Jobs);
}

} // namespace torch_tidy
