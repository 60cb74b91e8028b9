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
  FileVerifier(const Task &Of, const AloneOptions &Options,
               const std::string &WorkDir,
               std::function<void(const Twine &)> Progress)
      : Of(Of), Job(Of.Job), Options(Options), Flags(Options.Flags),
        WorkDir(WorkDir), Progress(std::move(Progress)) {}

  Error run() {
    const auto &Command = Job.Commands.front();
    Expected<Setup> S = setUp(Flags, Command.CommandLine);
    if (!S)
      return S.takeError();
    Out.BackendText = backendName(S->Where, S->Torch);
    Out.RT = S->RT;
    if (std::error_code EC = sys::fs::create_directory(WorkDir))
      return createStringError(EC, "cannot make '%s'", WorkDir.c_str());
    Build B({Job.File,
             Command.Directory,
             Command.CommandLine,
             lentObjects(Command.Directory, Job.File),
             {Flags.LinkArgs.begin(), Flags.LinkArgs.end()}},
            S->Torch, S->RT, S->Clang, S->Where, WorkDir, Options.Headers);
    Progress("linting " + Job.File);
    if (Flags.Collect.empty())
      B.startPreamble();
    Out.File = probeFile(Of, Options.Config, Options.ResourceDir, Options.Lint,
                         {0, true, Options.Library});
    Probed &P = Out.File;
    Out.Runnable = !P.Failed && !P.Findings.empty() && P.Driver.size();
    if (!Out.Runnable || !Flags.Collect.empty())
      return Error::success();
    Expected<std::string> Program = build(B);
    Out.Missing = B.missing();
    Out.StandIns = B.standInText().str();
    if (!Flags.Emit.empty()) {
      // What does not build here need not be tried elsewhere.
      if (!Program)
        return Program.takeError();
      return takeHeaders(B);
    }
    if (!Program) {
      Out.Seen.EarlyEnd = firstError(toString(Program.takeError()));
      return Error::success();
    }
    Progress("running it");
    Expected<Events> Ran = runDriver(
        *Program, WorkDir, {Flags.Timeout, Flags.Memory, P.Driver.size()});
    if (!Ran)
      return Ran.takeError();
    Out.Seen = std::move(*Ran);
    return Error::success();
  }

  AloneResult Out;

private:
  const Task &Of;
  const LintJob &Job;
  const AloneOptions &Options;
  const VerifyFlags &Flags;
  const std::string &WorkDir;
  std::function<void(const Twine &)> Progress;

  Error takeHeaders(Build &B) {
    auto Headers = B.headers(Out.File.Behind);
    if (!Headers)
      return Headers.takeError();
    Out.Headers = std::move(*Headers);
    return Error::success();
  }

  /// Builds the program; entries whose calls do not compile are left out.
  Expected<std::string> build(Build &B) {
    Probed &P = Out.File;
    for (;;) {
      Progress("building a program of " + Twine(P.Driver.size()) +
               (P.Driver.size() == 1 ? " function" : " functions"));
      std::map<std::string, std::string> Texts = P.texts();
      bool InHeaders = false;
      for (auto &[Path, Text] : Texts) {
        const ProbedText &File = P.Files[Path];
        InHeaders |= File.IsHeader;
        if (!File.IsHeader && File.Source == Job.File)
          Text += includesBehind(P.Behind) + P.Driver.text();
      }
      Expected<std::string> Program = B.program(Texts, InHeaders);
      if (Program)
        return Program;
      std::string Words = toString(Program.takeError());
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

AloneResult verify::verifyAlone(const Task &Of, const AloneOptions &Options,
                                const std::string &WorkDir,
                                std::function<void(const Twine &)> Progress) {
  FileVerifier V(Of, Options, WorkDir, std::move(Progress));
  if (Error E = V.run())
    V.Out.Trouble = toString(std::move(E));
  return std::move(V.Out);
}
