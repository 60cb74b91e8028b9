//===- Verify.cpp - lint, probe, build, run, judge, print -----------------===//
#include "tool/verify/Verify.h"
#include "clang-tidy/ClangTidy.h"
#include "runtime/driver/ErrorFamily.h"
#include "tool/frontend/ResourceDir.h"
#include "tool/torch-tidy/OtherSources.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "tool/verify/Alone.h"
#include "tool/verify/Emit.h"
#include "tool/verify/Options.h"
#include "tool/verify/OwnProgram.h"
#include "tool/verify/Report.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/raw_ostream.h"
#include <atomic>
#include <future>
#include <mutex>

using namespace llvm;
using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

constexpr StringLiteral Overview =
    R"(torch-tidy verify: runs what torch-tidy finds

Each finding gets a verdict: confirmed (it failed as predicted), refuted (it did
not), unreached (no run came there) or inconclusive (something else happened).
Runs the flagged functions by themselves, or with --run your own program. Your
files are not changed; what runs is a copy, in child processes with limits.

Exit codes: 0 nothing found, 1 could not run, 2 findings, 3 some file did not
parse.
)";

class Session {
public:
  Session(const VerifyFlags &Flags, const TidyConfig &Config,
          const Analyze &Lint, std::string ResourceDir, std::string WorkDir,
          Reporter &Out)
      : Flags(Flags), Config(Config), Lint(Lint),
        ResourceDir(std::move(ResourceDir)), WorkDir(std::move(WorkDir)),
        Out(Out) {}

  int run(llvm::ArrayRef<LintJob> Jobs, CompileCommands &Commands) {
    Files = Jobs.size();
    auto Once = [&, Library = library()](const LintJob &Job) {
      LintHooks Hooks;
      Hooks.Library = Library;
      return lintFile(Job, Config, ResourceDir, Hooks);
    };
    OtherSources Others(Jobs, Commands, Flags, Config, Once);
    const TasksOf Tasks = [&](const LintJob &Job) -> std::vector<Task> {
      if (Lint)
        return {{Job}};
      std::vector<Task> Of{{Others.informed(Job)}};
      for (LintJob &Caller : Others.callers(Job))
        Of.push_back({std::move(Caller), Job.File});
      return Of;
    };
    // With all of them left out there is nothing to run.
    if (Error E = Flags.Run.empty() || Jobs.empty()
                      ? verifyFiles(Jobs, Tasks)
                      : verifyProgram(all(Jobs, Tasks)))
      return fail(toString(std::move(E)));
    if (Error E = Out.finish())
      return fail(toString(std::move(E)));
    if (!Flags.Emit.empty())
      outs() << Reported << (Reported == 1 ? " finding, " : " findings, ")
             << Emitted << (Emitted == 1 ? " program in " : " programs in ")
             << Flags.Emit
             << ": run run.sh there, then verify with --collect=" << Flags.Emit
             << "\n";
    else if (!Flags.Quiet)
      (Out.printsText() ? outs() : errs())
          << Total.str() << (BackendText.empty() ? "" : " on " + BackendText)
          << Out.leftOut() << Out.notAnalysed() << "\n";
    if (Incomplete)
      return ExitIncomplete;
    return Out.findings() || Reported ? ExitFindings : ExitClean;
  }

private:
  const VerifyFlags &Flags;
  const TidyConfig &Config;
  const Analyze &Lint;
  std::string ResourceDir, WorkDir, BackendText;
  Reporter &Out;
  Tally Total;
  unsigned Reported = 0, Emitted = 0;
  bool Incomplete = false;
  std::unique_ptr<CacheDir> Cache = Flags.cache();
  FileStates FilesNow;
  PchFolder Headers{Cache ? Cache->folder().str() : WorkDir};
  std::optional<Preambles> Preambled;

  /// Where linting takes library headers from; null for nowhere.
  Preambles *library() {
    if (Cache && !Preambled)
      Preambled.emplace(*Cache, FilesNow);
    return Preambled ? &*Preambled : nullptr;
  }

  std::vector<Task> all(llvm::ArrayRef<LintJob> Jobs, const TasksOf &Tasks) {
    DefaultThreadPool Pool(hardware_concurrency(Flags.Jobs));
    std::vector<std::vector<Task>> Each(Jobs.size());
    for (size_t I = 0; I < Jobs.size(); ++I)
      Pool.async([&, I] { Each[I] = Tasks(Jobs[I]); });
    Pool.wait();
    std::vector<Task> All;
    for (std::vector<Task> &Own : Each)
      llvm::move(Own, std::back_inserter(All));
    Files = All.size();
    return All;
  }

  size_t Files = 0; ///< How many there are.
  std::mutex ProgressLock;
  void progress(size_t Index, const Twine &Text) {
    if (Flags.Quiet || !sys::Process::StandardErrIsDisplayed())
      return;
    std::lock_guard<std::mutex> Guard(ProgressLock);
    errs() << "torch-tidy verify: [" << Index + 1 << "/" << Files << "] "
           << Text << "\n";
  }

  Expected<Setup> setUpFor(const LintJob &Job) {
    Expected<Setup> S = setUp(Flags, Job.Commands.front().CommandLine);
    if (S)
      BackendText = backendName(S->Where, S->Torch);
    return S;
  }

  /// `--run`: all files are probed first, then the user's program runs.
  Error verifyProgram(llvm::ArrayRef<Task> Tasks) {
    // Some files of a program know nothing of LibTorch.
    Expected<Setup> S = setUpFor(Tasks.front().Job);
    for (size_t I = 1; !S && I < Tasks.size(); ++I)
      if (Expected<Setup> Other = setUpFor(Tasks[I].Job)) {
        consumeError(S.takeError());
        S = std::move(Other);
      } else {
        consumeError(Other.takeError());
      }
    if (!S)
      return S.takeError();
    std::vector<Probed> All;
    // One file of events for all: each file has ids of its own.
    constexpr unsigned IdsOfAFile = 1 << 16;
    std::vector<std::shared_future<Probed>> Results;
    DefaultThreadPool Pool(hardware_concurrency(Flags.Jobs));
    for (size_t I = 0; I < Tasks.size(); ++I)
      Results.push_back(Pool.async([this, Tasks, Library = library(), I] {
        progress(I, "linting " + Tasks[I].Job.File);
        return probeFile(Tasks[I], Config, ResourceDir, Lint,
                         {unsigned(I) * IdsOfAFile, false, Library});
      }));
    for (std::shared_future<Probed> &Result : Results) {
      All.push_back(Result.get());
      Result = {};
      Incomplete |= All.back().Failed;
    }
    std::vector<ProbedSource> Flagged = flaggedSources(All);
    Events Seen;
    if (!Flagged.empty()) {
      progress(Tasks.size() - 1,
               "building with probes in " + Twine(Flagged.size()) +
                   (Flagged.size() == 1 ? " file" : " files") +
                   ", then: " + Flags.Run);
      OwnProgram Own{absolute(Flags.BuildPath),
                     Flags.Run,
                     WorkDir,
                     S->Clang,
                     S->RT,
                     S->Where,
                     Flags.Timeout,
                     Flags.Memory};
      Expected<Events> Ran =
          runOwnProgram(Own, Flagged, [&](const Events &Now) {
            std::vector<std::string> Ids;
            for (const Probed &P : All)
              for (const ProbedFinding &F : P.Findings)
                for (const Claim &C : F.Claims)
                  if (judge(C, Now).Kind == VerdictKind::Confirmed)
                    Ids.push_back(
                        std::to_string(C.Id) +
                        (C.Code == FindingCode::DtypeMismatch ? "t" : ""));
            return Ids;
          });
      if (!Ran)
        return Ran.takeError();
      Seen = std::move(*Ran);
    }
    merge(All);
    for (size_t I = 0; I < Tasks.size(); ++I)
      report(Tasks[I], All[I], Seen, {});
    return Error::success();
  }

  static std::string absolute(StringRef Path) {
    SmallString<256> Result(Path);
    sys::fs::make_absolute(Result);
    if (!sys::fs::is_directory(Result))
      sys::path::remove_filename(Result);
    return std::string(Result);
  }

  /// A finding in a header comes with each file that includes it: the first
  /// one gets the claims of all.
  static void merge(std::vector<Probed> &All) {
    std::map<std::string, ProbedFinding *> Seen;
    for (Probed &P : All) {
      std::vector<ProbedFinding> Kept;
      Kept.reserve(P.Findings.size());
      for (ProbedFinding &F : P.Findings) {
        const auto &M = F.Report.Message;
        std::string Key = F.Report.DiagnosticName + "\n" + M.FilePath + "\n" +
                          std::to_string(M.FileOffset) + "\n" + M.Message;
        if (auto At = Seen.find(Key); At != Seen.end()) {
          llvm::append_range(At->second->Claims, F.Claims);
          continue;
        }
        Kept.push_back(std::move(F));
        Seen[Key] = &Kept.back();
      }
      P.Findings = std::move(Kept);
    }
  }

  /// All files, several at a time, reported in the order of the command line.
  Error verifyFiles(llvm::ArrayRef<LintJob> Jobs, const TasksOf &Tasks) {
    const AloneOptions Options{Flags,       Config,    Lint,   Tasks,
                               ResourceDir, library(), Headers};
    std::atomic<bool> Stop{false};
    std::vector<std::shared_future<std::vector<AloneResult>>> Results;
    DefaultThreadPool Pool(hardware_concurrency(Flags.Jobs));
    for (size_t I = 0; I < Jobs.size(); ++I)
      Results.push_back(Pool.async([this, Jobs, &Options, &Stop, I] {
        if (Stop)
          return std::vector<AloneResult>();
        return verifyAlone(Jobs[I], Options, WorkDir + "/" + std::to_string(I),
                           [=](const Twine &Text) { progress(I, Text); });
      }));
    for (auto &File : Results) {
      std::vector<AloneResult> Own = File.get();
      File = {};
      for (AloneResult &Result : Own) {
        Error E = Result.Trouble.empty() ? take(Result)
                                         : createStringError(Result.Trouble);
        if (E) {
          Stop = true;
          Pool.wait();
          return E;
        }
      }
    }
    return Error::success();
  }

  Error take(AloneResult &Result) {
    const LintJob &Job = Result.Of.Job;
    BackendText = Result.BackendText;
    Incomplete |= Result.File.Failed;
    if (!Flags.Collect.empty() && Result.Runnable) {
      // The program was built and run by hand.
      Expected<Events> Collected =
          collectFile(Flags.Collect, Emitted++, Job, Result.File);
      if (!Collected)
        return Collected.takeError();
      Result.Seen = std::move(*Collected);
      BackendText = collectedBackend(Flags.Collect);
    }
    if (Flags.Emit.empty()) {
      report(Result.Of, Result.File, Result.Seen, Result.Missing);
      return Error::success();
    }
    if (Result.Runnable)
      if (Error E = emitFile(Flags.Emit, Emitted++, Job, Result.File,
                             Result.StandIns, Result.Headers))
        return E;
    Reported += Result.File.Findings.size();
    return emitCommon(Flags.Emit, Result.RT, Emitted);
  }

  /// A call that needs what another file defines was not seen as it is.
  static void blameMissing(Verdict &V, ArrayRef<std::string> Missing) {
    if (V.Kind == VerdictKind::Confirmed || V.Kind == VerdictKind::Refuted)
      return;
    StringRef Text = V.Evidence;
    bool Named = Text.contains(torch_tidy::driver::DefinedElsewhere);
    if (!Named && (Missing.empty() || !Text.contains("crashed")))
      return;
    V.Kind = VerdictKind::Inconclusive;
    if (!Named)
      V.Evidence += "; '" + demangle(Missing.front()) + "' " +
                    torch_tidy::driver::DefinedElsewhere;
    V.Evidence += "; build the project first, or run the program with --run";
  }

  void report(const Task &Of, Probed &P, const Events &Seen,
              ArrayRef<std::string> Missing) {
    std::vector<clang::tidy::ClangTidyError> Errors = std::move(P.Others);
    for (ProbedFinding &F : P.Findings) {
      Verdict V = judge(F, Seen);
      blameMissing(V, Missing);
      Total.add(V.Kind);
      if (Flags.OnlyConfirmed && V.Kind != VerdictKind::Confirmed)
        continue;
      addVerdict(F, V, BackendText);
      if (FindingDetails *Details = findDetails(P.Details, F.Report))
        Details->Verdict = {verdictName(V.Kind).str(), BackendText, V.Evidence};
      Errors.push_back(std::move(F.Report));
    }
    const std::string &File = Of.Only.empty() ? Of.Job.File : Of.Only;
    Out.add(File, Errors, std::move(P.Details));
    if (P.Failed)
      Out.addFailure(File, "");
  }
};

} // namespace

int torch_tidy::runVerify(
    int argc, const char **argv,
    const std::function<AnalysisResult(clang::ASTContext &)> &Lint) {
  VerifyFlags Flags;
  if (std::optional<int> Code = Flags.parse(argc, argv, Overview))
    return *Code;
  if (Flags.Timeout == 0)
    return fail("--timeout=0: at least one second is needed");
  // LibTorch named by hand is also where the headers come from.
  if (!Flags.LibTorch.empty()) {
    Expected<LibTorch> Torch = libTorchAt(Flags.LibTorch);
    if (!Torch)
      return fail(toString(Torch.takeError()));
    for (const std::string &Dir : Torch->Includes)
      Flags.ExtraArgs.push_back("-isystem" + Dir);
  }
  Expected<TidyConfig> Config = TidyConfig::fromFlags(Flags);
  if (!Config)
    return fail(toString(Config.takeError()));
  // With a program to run, the sources are those that it is built of.
  bool AllFiles = !Flags.Run.empty() && Flags.Sources.empty();
  Expected<std::vector<std::string>> Files =
      AllFiles ? databaseFiles(Flags.BuildPath) : Flags.sourceFiles();
  if (!Files)
    return fail(toString(Files.takeError()));
  if (Files->empty())
    return fail("no source files; see torch-tidy verify --help");
  CompileCommands Commands = Flags.compileCommands();
  Expected<std::vector<LintJob>> Jobs =
      makeJobs(Commands, Flags, *Config, *Files);
  if (!Jobs)
    return fail(toString(Jobs.takeError()));
  Expected<std::string> ResourceDir = findResourceDir();
  if (!ResourceDir)
    return fail(toString(ResourceDir.takeError()));
  auto Out = Reporter::create(Flags.Report, *Config);
  if (!Out)
    return fail(toString(Out.takeError()));
  CrashRecoveryContext::Enable();

  SmallString<128> Dir;
  if (std::error_code EC =
          sys::fs::createUniqueDirectory("torch-tidy-verify", Dir))
    return fail("no temporary folder: " + EC.message());
  auto CleanUp = make_scope_exit([&] {
    if (Flags.SaveTemps)
      errs() << "torch-tidy verify: kept " << Dir << "\n";
    else
      sys::fs::remove_directories(Dir);
  });
  return Session(Flags, *Config, Lint, *ResourceDir, std::string(Dir), **Out)
      .run(*Jobs, Commands);
}

int torch_tidy::runVerify(int argc, const char **argv) {
  return runVerify(argc, argv, nullptr);
}
