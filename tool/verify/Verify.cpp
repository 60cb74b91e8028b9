//===- Verify.cpp - lint, probe, build, run, judge, print -----------------===//
#include "tool/verify/Verify.h"
#include "tool/frontend/CompileCommands.h"
#include "tool/verify/Build.h"
#include "tool/verify/Options.h"
#include "tool/verify/Print.h"
#include "tool/verify/Probed.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include <cstdlib>

using namespace llvm;
using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

/// The exit codes of torch-tidy.
enum ExitCode { NoFinding = 0, CannotRun = 1, Findings = 2, ParseFailed = 3 };

class Session {
public:
  Session(const Options &O, const Analyze &Lint)
      : O(O), Lint(Lint),
        Commands(O.Fixed ? CompileCommands::fixed(nullptr)
                         : CompileCommands::search(O.BuildPath)) {}

  int run(Options &Mutable) {
    if (Mutable.Fixed)
      Commands = CompileCommands::fixed(std::move(Mutable.Fixed));
    SmallString<128> Dir;
    if (std::error_code EC =
            sys::fs::createUniqueDirectory("torch-tidy-verify", Dir))
      return fail(createStringError(EC, "no temporary directory"));
    WorkDir = std::string(Dir);
    auto CleanUp = make_scope_exit([&] {
      if (O.Keep)
        errs() << "torch-tidy verify: kept " << WorkDir << "\n";
      else
        sys::fs::remove_directories(WorkDir);
    });
    int Code = NoFinding;
    for (const std::string &Source : O.Sources) {
      int One = verifyFile(Source);
      // The gravest wins: could not run, then could not parse.
      if (One == CannotRun)
        return One;
      Code = std::max(Code, One);
    }
    if (Total.total() || !O.Quiet)
      outs() << Total.str() << (Backend.empty() ? "" : " on " + Backend)
             << "\n";
    return Code;
  }

private:
  const Options &O;
  const Analyze &Lint;
  CompileCommands Commands;
  std::string WorkDir, Backend;
  Tally Total;
  unsigned NextId = 0, NextBuild = 0;

  static int fail(Error E) {
    errs() << "torch-tidy verify: error: " << toString(std::move(E)) << "\n";
    return CannotRun;
  }

  void progress(const Twine &Text) const {
    if (!O.Quiet && sys::Process::StandardErrIsDisplayed())
      errs() << "torch-tidy verify: " << Text << "\n";
  }

  int verifyFile(const std::string &Source) {
    SmallString<256> File(Source);
    sys::fs::make_absolute(File);
    sys::path::remove_dots(File, /*remove_dot_dot=*/true);
    if (!sys::fs::exists(File))
      return fail(createStringError("no such file: '%s'", Source.c_str()));
    ExtraFlags Extra{O.ExtraArgsBefore, O.ExtraArgs};
    // LibTorch named by hand is also where the headers come from.
    Expected<LibTorch> Torch =
        O.LibTorch.empty() ? LibTorch() : libTorchAt(O.LibTorch);
    if (!Torch)
      return fail(Torch.takeError());
    for (const std::string &Dir : Torch->Includes)
      Extra.After.push_back("-isystem" + Dir);
    auto Found = Commands.get(File, Extra);
    if (!Found)
      return fail(Found.takeError());
    const auto &Command = Found->front();
    if (O.LibTorch.empty()) {
      Torch = libTorchFor(Command.CommandLine);
      if (!Torch)
        return fail(Torch.takeError());
    }
    return lintAndRun(std::string(File), Command, *Torch);
  }

  int lintAndRun(const std::string &File,
                 const clang::tooling::CompileCommand &Command,
                 LibTorch Torch) {
    Expected<Runtime> RT = findRuntime("torch-tidy");
    if (!RT)
      return fail(RT.takeError());
    Expected<std::string> Clang = findClang();
    if (!Clang)
      return fail(Clang.takeError());
    Torch.Includes.clear(); // They are in the command by now.
    verify::Backend Where = O.Device == DeviceChoice::Auto ? pickBackend(Torch)
                            : O.Device == DeviceChoice::Cuda
                                ? verify::Backend::Cuda
                                : verify::Backend::Emulated;
    if (Where == verify::Backend::Cuda && !Torch.HasCuda)
      return fail(createStringError(
          "--device=cuda: the LibTorch in '%s' was built without CUDA; name "
          "one that was with --libtorch=DIR, or use --device=emulated",
          Torch.LibDir.c_str()));
    if (Where == verify::Backend::Emulated && Torch.HasCuda)
      return fail(createStringError(
          "--device=emulated: the emulated device needs a LibTorch without "
          "CUDA, and the one in '%s' has it; use --device=cuda",
          Torch.LibDir.c_str()));
    Backend = backendName(Where, Torch);

    std::string Dir = WorkDir + "/" + std::to_string(NextBuild++);
    if (std::error_code EC = sys::fs::create_directory(Dir))
      return fail(createStringError(EC, "cannot make '%s'", Dir.c_str()));
    Build B({File, Command.Directory, Command.CommandLine}, Torch, *RT, *Clang,
            Where, Dir, O.CacheDir);
    progress("linting " + File);
    B.startPreamble();
    Expected<Probed> P =
        probeFile(Command, Lint, O.Checks, NextId, /*WithDriver=*/true);
    if (!P)
      return fail(P.takeError());
    NextId += P->Findings.size();
    if (!P->Parsed) {
      errs() << P->Errors << "torch-tidy verify: error: '" << File
             << "' does not parse\n";
      return ParseFailed;
    }
    if (P->Findings.empty())
      return NoFinding;
    Events Seen;
    if (!P->DriverText.empty()) {
      progress("building " + Twine(P->Entries) + " entries");
      // The real path is what the overlay replaces.
      for (auto &[Path, Text] : P->Texts)
        if (sys::fs::equivalent(Path, File))
          Text += P->DriverText;
      Expected<std::string> Program = B.program(P->Texts);
      if (!Program)
        return fail(Program.takeError());
      Expected<Events> Ran = runProgram(*Program, Dir, P->Entries);
      if (!Ran)
        return fail(Ran.takeError());
      Seen = std::move(*Ran);
    }
    return report(*P, Seen, B.undefined());
  }

  Expected<Events> runProgram(const std::string &Program,
                              const std::string &Dir, unsigned Entries) {
    progress("running");
    std::string EventsFile = Dir + "/events.jsonl", Log = Dir + "/run.log";
    std::string Args[] = {Program, "--events=" + EventsFile,
                          "--timeout=" + std::to_string(O.Timeout),
                          "--memory=" + std::to_string(O.MemoryMiB)};
    SmallVector<StringRef, 4> Refs(std::begin(Args), std::end(Args));
    std::optional<StringRef> Redirects[] = {StringRef(""), StringRef(Log),
                                            StringRef(Log)};
    // Small tensors gain nothing from threads.
    ::setenv("OMP_NUM_THREADS", "1", /*overwrite=*/0);
    // Initialisers of globals run before the driver does.
    ::setenv("TORCH_TIDY_EVENTS", EventsFile.c_str(), 1);
    std::string Message;
    int RC = sys::ExecuteAndWait(Program, Refs, std::nullopt, Redirects,
                                 O.Timeout * (Entries + 1) + 60, 0, &Message);
    auto Buffer = MemoryBuffer::getFile(EventsFile);
    StringRef Text = Buffer ? (*Buffer)->getBuffer() : "";
    Expected<Events> E = parseEvents(Text);
    if (E && RC != 0 && !Text.contains("\"event\":\"done\"")) {
      auto Words = MemoryBuffer::getFile(Log);
      E->EntryEnds["the program"] =
          "ended before any function ran: " +
          (Message.empty() ? "exit status " + std::to_string(RC) : Message) +
          (Words ? ": " + (*Words)->getBuffer().take_back(300).str() : "");
    }
    return E;
  }

  int report(const Probed &P, const Events &Seen,
             ArrayRef<std::string> Undefined) {
    int Code = NoFinding;
    for (const ProbedFinding &F : P.Findings) {
      Verdict V = judge(F.What, Seen);
      if (V.Kind != VerdictKind::Confirmed && !Undefined.empty()) {
        if (V.Kind == VerdictKind::Unreached)
          V.Kind = VerdictKind::Inconclusive;
        V.Evidence += "; the file needs '" + Undefined.front() +
                      "', which another file defines: use --run";
      }
      Total.add(V.Kind);
      if (O.OnlyConfirmed && V.Kind != VerdictKind::Confirmed)
        continue;
      print(outs(), F, V, Backend);
      Code = Findings;
    }
    outs().flush();
    return Code;
  }
};

} // namespace

int torch_tidy::runVerify(
    int argc, const char **argv,
    const std::function<AnalysisResult(clang::ASTContext &)> &Lint) {
  int Code = CannotRun;
  std::optional<Options> O = parseOptions(argc, argv, Code);
  if (!O)
    return Code;
  return Session(*O, Lint).run(*O);
}

int torch_tidy::runVerify(int argc, const char **argv) {
  return runVerify(argc, argv,
                   [](clang::ASTContext &Context) { return analyze(Context); });
}
