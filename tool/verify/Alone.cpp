//===- Alone.cpp ----------------------------------------------------------===//
#include "tool/verify/Alone.h"
#include "tool/verify/Build.h"
#include "tool/verify/Execute.h"
#include "tool/verify/OwnProgram.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

/// Why a probed copy does not build, in a line.
std::string firstError(StringRef Words) {
  StringRef Head = Words.split('\n').first, Line = Words;
  if (size_t At = Words.find("error: "); At != StringRef::npos)
    Line = Words.substr(At).split('\n').first;
  return (Head.rtrim(":") + ": " + Line).str();
}

class FileVerifier {
public:
  FileVerifier(const LintJob &Job, const AloneOptions &Options,
               const std::string &WorkDir,
               std::function<void(const Twine &)> Progress)
      : Options(Options), Flags(Options.Flags), WorkDir(WorkDir),
        Progress(std::move(Progress)) {
    Out.Of = {Job};
  }

  /// Begins with the precompiled header, which only the job's first command
  /// makes different.
  Error start() {
    const LintJob &Job = Out.Of.Job;
    const auto &Command = Job.Commands.front();
    Expected<Setup> S = setUp(Flags, Command.CommandLine);
    if (!S)
      return S.takeError();
    Out.BackendText = backendName(S->Where, S->Torch);
    Out.RT = S->RT;
    if (std::error_code EC = sys::fs::create_directory(WorkDir))
      return createStringError(EC, "cannot make '%s'", WorkDir.c_str());
    Program.emplace(verify::Job{Job.File,
                                Command.Directory,
                                Command.CommandLine,
                                lentObjects(Command.Directory, Job.File),
                                {Flags.LinkArgs.begin(), Flags.LinkArgs.end()}},
                    S->Torch, S->RT, S->Clang, S->Where, WorkDir,
                    Options.Headers);
    Progress("linting " + Job.File);
    if (Flags.Collect.empty()) {
      clang::IgnoringDiagConsumer Quiet;
      Program->startPreamble(findPrefix({Command, Options.ResourceDir, Quiet}));
    }
    return Error::success();
  }

  /// \p Of is about the same job as start().
  Error run(Task Of) {
    Out.Of = std::move(Of);
    Out.File = probeFile(Out.Of, Options.Config, Options.ResourceDir,
                         Options.Lint, {0, true, Options.Library});
    Probed &P = Out.File;
    Out.Runnable = !P.Failed && !P.Findings.empty() && P.Driver.size();
    if (!Out.Runnable || !Flags.Collect.empty())
      return Error::success();
    Expected<std::string> Built = build();
    Out.Missing = Program->missing();
    Out.StandIns = Program->standInText().str();
    if (!Flags.Emit.empty()) {
      // What does not build here need not be tried elsewhere.
      if (!Built)
        return Built.takeError();
      return takeHeaders();
    }
    if (!Built) {
      Out.Seen.EarlyEnd = firstError(toString(Built.takeError()));
      return Error::success();
    }
    Progress("running it");
    Expected<Events> Ran = runDriver(
        *Built, WorkDir, {Flags.Timeout, Flags.Memory, P.Driver.size()});
    if (!Ran)
      return Ran.takeError();
    Out.Seen = std::move(*Ran);
    return Error::success();
  }

  AloneResult Out;

private:
  const AloneOptions &Options;
  const VerifyFlags &Flags;
  const std::string WorkDir;
  std::function<void(const Twine &)> Progress;
  std::optional<Build> Program;

  Error takeHeaders() {
    auto Headers = Program->headers(Out.File.Behind);
    if (!Headers)
      return Headers.takeError();
    Out.Headers = std::move(*Headers);
    return Error::success();
  }

  /// Builds the program; entries whose calls do not compile are left out.
  Expected<std::string> build() {
    Probed &P = Out.File;
    for (;;) {
      Progress("building a program of " + Twine(P.Driver.size()) +
               (P.Driver.size() == 1 ? " function" : " functions"));
      std::map<std::string, std::string> Texts = P.texts();
      for (auto &[Path, Text] : Texts)
        if (const ProbedText &File = P.Files[Path];
            !File.IsHeader && File.Source == Out.Of.Job.File)
          Text += includesBehind(P.Behind) + P.Driver.text();
      Expected<std::string> Built = Program->program(Texts);
      if (Built)
        return Built;
      std::string Words = toString(Built.takeError());
      // Both at once: a build is slow.
      bool Probes = P.dropFailingProbes(Words);
      if (!P.Driver.dropFailing(Words) && !Probes && !P.dropBehind(Words))
        return createStringError(Words);
      P.noteDropped();
      if (!P.Driver.size())
        return createStringError(Words);
    }
  }
};

} // namespace

std::vector<AloneResult>
verify::verifyAlone(const LintJob &Job, const AloneOptions &Options,
                    const std::string &WorkDir,
                    std::function<void(const Twine &)> Progress) {
  std::vector<AloneResult> Results;
  auto Take = [&](FileVerifier &V, Error E) {
    if (E)
      V.Out.Trouble = toString(std::move(E));
    Results.push_back(std::move(V.Out));
    return Results.back().Trouble.empty();
  };
  FileVerifier Own(Job, Options, WorkDir, Progress);
  if (Error E = Own.start()) {
    Take(Own, std::move(E));
    return Results;
  }
  std::vector<Task> Tasks = Options.Tasks(Job);
  if (!Take(Own, Own.run(std::move(Tasks.front()))))
    return Results;
  for (size_t I = 1; I < Tasks.size(); ++I) {
    FileVerifier Caller(Tasks[I].Job, Options,
                        WorkDir + "-" + std::to_string(I), Progress);
    Error E = Caller.start();
    if (!Take(Caller, E ? std::move(E) : Caller.run(std::move(Tasks[I]))))
      break;
  }
  return Results;
}
