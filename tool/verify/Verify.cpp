//===- Verify.cpp - lint, probe, build, run, judge, print -----------------===//
#include "tool/verify/Verify.h"
#include "clang-tidy/ClangTidy.h"
#include "runtime/driver/ErrorFamily.h"
#include "tool/frontend/ResourceDir.h"
#include "tool/torch-tidy/Lint.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "tool/verify/Build.h"
#include "tool/verify/Emit.h"
#include "tool/verify/Execute.h"
#include "tool/verify/Options.h"
#include "tool/verify/OwnProgram.h"
#include "tool/verify/Report.h"
#include "tool/verify/Setup.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

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

  int run(const std::vector<LintJob> &Jobs) {
    Files = Jobs.size();
    if (!Flags.Run.empty()) {
      if (Error E = verifyProgram(Jobs))
        return fail(toString(std::move(E)));
    } else {
      for (const LintJob &Job : Jobs) {
        ++Number;
        if (Error E = verifyFile(Job))
          return fail(toString(std::move(E)));
      }
    }
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
          << Out.leftOut() << "\n";
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
  unsigned Reported = 0, NextId = 0, NextBuild = 0, Emitted = 0;
  bool Incomplete = false;
  std::unique_ptr<CacheDir> Cache = Flags.cache();
  FileStates FilesNow;
  std::optional<Preambles> Preambled;

  /// Where linting takes library headers from; null for nowhere.
  Preambles *library() {
    if (Cache && !Preambled)
      Preambled.emplace(*Cache, FilesNow);
    return Preambled ? &*Preambled : nullptr;
  }

  unsigned Number = 0, Files = 0; ///< Of the file that is worked on, of all.
  void progress(const Twine &Text) const {
    if (!Flags.Quiet && sys::Process::StandardErrIsDisplayed())
      errs() << "torch-tidy verify: [" << Number << "/" << Files << "] " << Text
             << "\n";
  }

  Expected<Setup> setUpFor(const LintJob &Job) {
    Expected<Setup> S = setUp(Flags, Job.Commands.front().CommandLine);
    if (S)
      BackendText = backendName(S->Where, S->Torch);
    return S;
  }

  /// `--run`: all files are probed first, then the user's program runs.
  Error verifyProgram(const std::vector<LintJob> &Jobs) {
    // Some files of a program know nothing of LibTorch.
    Expected<Setup> S = setUpFor(Jobs.front());
    for (size_t I = 1; !S && I < Jobs.size(); ++I)
      if (Expected<Setup> Other = setUpFor(Jobs[I])) {
        consumeError(S.takeError());
        S = std::move(Other);
      } else {
        consumeError(Other.takeError());
      }
    if (!S)
      return S.takeError();
    std::vector<Probed> All;
    std::vector<ProbedSource> Flagged;
    for (const LintJob &Job : Jobs) {
      ++Number;
      progress("linting " + Job.File);
      All.push_back(probeFile(Job, Config, ResourceDir, Lint,
                              {NextId, false, library()}));
      Probed &P = All.back();
      NextId = P.NextId;
      Incomplete |= P.Failed;
      if (!P.Failed && !P.Findings.empty())
        Flagged.push_back({Job.File, P.Texts});
    }
    Events Seen;
    if (!Flagged.empty()) {
      progress("building with probes in " + Twine(Flagged.size()) + " of " +
               Twine(Jobs.size()) + " files, then: " + Flags.Run);
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
    for (size_t I = 0; I < Jobs.size(); ++I)
      report(Jobs[I], All[I], Seen, {});
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

  Error verifyFile(const LintJob &Job) {
    const auto &Command = Job.Commands.front();
    Expected<Setup> S = setUpFor(Job);
    if (!S)
      return S.takeError();
    std::string Dir = WorkDir + "/" + std::to_string(NextBuild++);
    if (std::error_code EC = sys::fs::create_directory(Dir))
      return createStringError(EC, "cannot make '%s'", Dir.c_str());
    Build B({Job.File, Command.Directory, Command.CommandLine,
             lentObjects(Command.Directory, Job.File)},
            S->Torch, S->RT, S->Clang, S->Where, Dir, Flags.cacheDir());
    progress("linting " + Job.File);
    if (Flags.Collect.empty())
      B.startPreamble();
    Probed P =
        probeFile(Job, Config, ResourceDir, Lint, {NextId, true, library()});
    NextId = P.NextId;
    Incomplete |= P.Failed;
    bool Runnable = !P.Failed && !P.Findings.empty() && P.Driver.size();
    if (!Flags.Collect.empty())
      return collect(Job, P, Runnable);
    Events Seen;
    if (Runnable) {
      Expected<std::string> Program = build(B, Job, P);
      if (!Flags.Emit.empty()) {
        // What does not build here need not be tried elsewhere.
        if (!Program)
          return Program.takeError();
        auto Headers = B.headers();
        if (!Headers)
          return Headers.takeError();
        if (Error E = emitFile(Flags.Emit, Emitted++, Job, P, B.standInText(),
                               *Headers))
          return E;
      } else if (!Program) {
        Seen.EarlyEnd = firstError(toString(Program.takeError()));
      } else {
        progress("running it");
        Expected<Events> Ran = runDriver(
            *Program, Dir, {Flags.Timeout, Flags.Memory, P.Driver.size()});
        if (!Ran)
          return Ran.takeError();
        Seen = std::move(*Ran);
      }
    }
    if (!Flags.Emit.empty()) {
      Reported += P.Findings.size();
      return emitCommon(Flags.Emit, S->RT, Emitted);
    }
    report(Job, P, Seen, B.missing());
    return Error::success();
  }

  /// `--collect`: the program was built and run by hand.
  Error collect(const LintJob &Job, Probed &P, bool Runnable) {
    Events Seen;
    if (Runnable) {
      Expected<Events> Collected =
          collectFile(Flags.Collect, Emitted++, Job, P);
      if (!Collected)
        return Collected.takeError();
      Seen = std::move(*Collected);
      BackendText = collectedBackend(Flags.Collect);
    }
    report(Job, P, Seen, {});
    return Error::success();
  }

  /// Why a probed copy does not build, in a line.
  static std::string firstError(StringRef Words) {
    StringRef Head = Words.split('\n').first, Line = Words;
    if (size_t At = Words.find("error: "); At != StringRef::npos)
      Line = Words.substr(At).split('\n').first;
    return (Head.rtrim(":") + ": " + Line).str();
  }

  /// Builds the program; entries whose calls do not compile are left out.
  Expected<std::string> build(Build &B, const LintJob &Job, Probed &P) {
    for (;;) {
      progress("building a program of " + Twine(P.Driver.size()) +
               (P.Driver.size() == 1 ? " function" : " functions"));
      std::map<std::string, std::string> Texts = P.Texts;
      for (auto &[Path, Text] : Texts)
        if (sys::fs::equivalent(Path, Job.File))
          Text += P.Driver.text();
      Expected<std::string> Program = B.program(Texts);
      if (Program)
        return Program;
      std::string Words = toString(Program.takeError());
      // Both at once: a build is slow.
      bool Probes = P.dropFailingProbes(Words);
      if (!P.Driver.dropFailing(Words) && !Probes)
        return createStringError(Words);
      P.noteDropped();
      if (!P.Driver.size())
        return createStringError(Words);
    }
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

  void report(const LintJob &Job, Probed &P, const Events &Seen,
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
    Out.add(Job.File, Errors, std::move(P.Details));
    if (P.Failed)
      Out.addFailure(Job.File, "");
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
  Expected<std::vector<LintJob>> Jobs = makeJobs(Flags, *Config, *Files);
  if (!Jobs)
    return fail(toString(Jobs.takeError()));
  if (Jobs->empty())
    return ExitClean;
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
      .run(*Jobs);
}

int torch_tidy::runVerify(int argc, const char **argv) {
  return runVerify(argc, argv, nullptr);
}
