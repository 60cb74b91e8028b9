#include "tool/torch-tidy/LintFile.h"
#include "checks/Diagnose.h"
#include "checks/Manifest.h"
#include "checks/TorchCheck.h"
#include "tool/frontend/Frontend.h"
#include "tool/frontend/LibraryCode.h"
#include "tool/torch-tidy/StaleNolint.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "clang/AST/ASTContext.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/TimeProfiler.h"
#include <mutex>

using namespace clang;
using namespace clang::tidy;

namespace torch_tidy {
namespace {

std::string absolute(llvm::StringRef File, llvm::StringRef Directory) {
  llvm::SmallString<256> Absolute(File);
  llvm::sys::path::make_absolute(Directory, Absolute);
  llvm::sys::path::remove_dots(Absolute, /*remove_dot_dot=*/true);
  return std::string(Absolute);
}

std::string placeOf(llvm::StringRef Check, llvm::StringRef File,
                    unsigned Offset) {
  return (Check + " " + File + ":" + llvm::Twine(Offset)).str();
}

/// Analyses the tree and reports through clang-tidy's context. The checks as
/// clang-tidy knows them (TorchCheck.h) are for clang-tidy as the host: its
/// matchers would walk the whole of LibTorch to call them.
class LintConsumer : public ASTConsumer {
public:
  LintConsumer(const LintJob &Job, ClangTidyContext &Context,
               LintResult &Result, const LintHooks &Hooks,
               llvm::StringRef Directory)
      : Job(Job), Context(Context), Result(Result), Hooks(Hooks),
        Directory(Directory) {}

  bool HandleTopLevelDecl(DeclGroupRef) override {
    return !Hooks.Cancelled || !Hooks.Cancelled();
  }

  void HandleTranslationUnit(ASTContext &AST) override {
    if (AST.getDiagnostics().hasUncompilableErrorOccurred() ||
        !AST.getLangOpts().CPlusPlus)
      return;
    SharedAnalysis Analysis;
    for (const CheckInfo &Check : allChecks())
      if (Context.isCheckEnabled(Check.name())) {
        AnalysisOptions Wanted =
            readAnalysisOptions(ClangTidyCheck::OptionsView(
                Check.name(), Context.getOptions().CheckOptions, &Context));
        Wanted.Behind = Job.Behind;
        Analysis.require(Wanted);
      }
    // Who asks for a node's parent has the whole scope walked: LibTorch, and
    // all of a preamble, unless it is left out.
    OwnerMap OwnerOf(AST.getSourceManager());
    std::vector<Decl *> Own;
    for (Decl *D : AST.getTranslationUnitDecl()->noload_decls())
      if (D->getLocation().isValid() &&
          OwnerOf(D->getLocation()) == Owner::User)
        Own.push_back(D);
    AST.setTraversalScope(Own);

    AnalysisResult Given;
    if (Hooks.Analyze)
      Given = Hooks.Analyze(AST);
    const AnalysisResult &Found = Hooks.Analyze ? Given : Analysis.get(AST);

    std::vector<const Finding *> Enabled;
    for (const Finding &F : Found.Findings) {
      llvm::StringRef Name = checkName(F.Code);
      if (!Context.isCheckEnabled(Name) || isTold(F, AST.getSourceManager()))
        continue;
      Enabled.push_back(&F);
      Result.Details.push_back(detailsOf(F, AST, Directory));
      diagnose(F, [&](SourceLocation Loc, llvm::StringRef Format,
                      DiagnosticIDs::Level Level) {
        return Context.diag(Name, Loc, Format, Level);
      });
    }
    if (Hooks.OnFindings)
      Hooks.OnFindings(AST, Enabled);

    const SourceManager &SM = AST.getSourceManager();
    for (const Unknown &U : Found.Unknowns)
      Result.Unknowns.push_back(U.Loc.printToString(SM) + ": " + U.Reason);
    for (SourceLocation Loc : Found.Stats.GaveUpAt)
      Result.GaveUp.push_back(Loc.printToString(SM));
    Result.Defined.insert(Found.Defined.begin(), Found.Defined.end());
    Result.Unseen.insert(Found.Unseen.begin(), Found.Unseen.end());
    Result.Stats.Functions += Found.Stats.Functions;
    Result.Stats.GaveUp += Found.Stats.GaveUp;
    Result.Stats.Visits += Found.Stats.Visits;
    Result.Stats.Seconds += Found.Stats.Seconds;
  }

private:
  /// True for what a source behind this one says by itself.
  bool isTold(const Finding &F, const SourceManager &SM) const {
    if (Job.Told.empty())
      return false;
    const auto [File, Offset] = SM.getDecomposedLoc(SM.getFileLoc(F.Loc));
    OptionalFileEntryRef Entry = SM.getFileEntryRefForID(File);
    return Entry && Job.Told.count(
                        placeOf(checkName(F.Code),
                                absolute(Entry->getName(), Directory), Offset));
  }

  const LintJob &Job;
  ClangTidyContext &Context;
  LintResult &Result;
  const LintHooks &Hooks;
  llvm::StringRef Directory;
};

/// What to do where clang could not find a header that others have to bring.
struct MissingHeader {
  llvm::StringLiteral Error; ///< A regular expression.
  llvm::StringLiteral Hint;
};
constexpr MissingHeader MissingHeaders[] = {
    {"^'(torch|ATen|c10|caffe2)/.*' file not found",
     "LibTorch was not found: pass its include folders after '--', or "
     "configure with -DCMAKE_PREFIX_PATH=\"$(python3 -c 'import torch; "
     "print(torch.utils.cmake_prefix_path)')\" (or the folder of an unpacked "
     "LibTorch) and -DCMAKE_EXPORT_COMPILE_COMMANDS=ON"},
    {"^'(curand.*|cuda_runtime)\\.h' file not found|^cannot find CUDA "
     "installation",
     "clang parses CUDA sources with the headers of a whole CUDA toolkit, "
     "cuRAND's among them: install what is missing, or name another toolkit "
     "with --extra-arg=--cuda-path=<dir>"},
};

void explainMissingHeader(ClangTidyError &Error) {
  for (const MissingHeader &Known : MissingHeaders) {
    if (!llvm::Regex(Known.Error).match(Error.Message.Message))
      continue;
    tooling::DiagnosticMessage &Note = Error.Notes.emplace_back(Known.Hint);
    Note.FilePath = Error.Message.FilePath;
    Note.FileOffset = Error.Message.FileOffset;
  }
}

void makeAbsolute(tooling::DiagnosticMessage &Message,
                  llvm::StringRef BuildDirectory) {
  auto Extend = [&](std::string &File) {
    if (!File.empty())
      File = absolute(File, BuildDirectory);
  };
  Extend(Message.FilePath);
  for (tooling::FileByteRange &Range : Message.Ranges)
    Extend(Range.FilePath);
}

void addStaleNolints(llvm::StringRef File, const ClangTidyContext &Context,
                     LintResult &Result) {
  auto Buffer = llvm::MemoryBuffer::getFile(File);
  if (!Buffer)
    return;
  std::vector<llvm::StringRef> Enabled;
  for (const CheckInfo &Check : allChecks())
    if (Context.isCheckEnabled(Check.name()))
      Enabled.push_back(Check.name());
  llvm::move(
      staleNolints(File, (*Buffer)->getBuffer(), Result.Details, Enabled),
      std::back_inserter(Result.Errors));
}

/// The configuration with which a filter for headers lets other sources pass.
TidyConfig withSources(TidyConfig Config, const LintJob &Job) {
  if (Job.Behind.empty())
    return Config;
  std::string Filter =
      Config.provider()->getOptions(Job.File).HeaderFilterRegex.value_or("");
  for (const std::string &Source : Job.Behind)
    Filter += (Filter.empty() ? "^" : "|^") + llvm::Regex::escape(Source) + "$";
  Config.Overrides.HeaderFilterRegex = Filter;
  return Config;
}

void lint(const LintJob &Job, const TidyConfig &Config,
          llvm::StringRef ResourceDir, const LintHooks &Hooks,
          LintResult &Result) {
  ClangTidyContext Context(withSources(Config, Job).provider());
  ClangTidyDiagnosticConsumer Diagnostics(Context);
  auto Options = std::make_unique<DiagnosticOptions>();
  DiagnosticsEngine Engine(DiagnosticIDs::create(), *Options, &Diagnostics,
                           /*ShouldOwnClient=*/false);
  Context.setDiagnosticsEngine(std::move(Options), &Engine);

  for (const tooling::CompileCommand &Command : Job.Commands) {
    auto Make = [&](CompilerInstance &Compiler, llvm::StringRef) {
      Context.setSourceManager(&Compiler.getSourceManager());
      Context.setCurrentFile(Job.File);
      Context.setASTContext(&Compiler.getASTContext());
      Context.setCurrentBuildDirectory(Command.Directory);
      return std::make_unique<LintConsumer>(Job, Context, Result, Hooks,
                                            Command.Directory);
    };
    if (!runFrontend({Command, ResourceDir, Diagnostics, Hooks.Files,
                      Job.Behind, Hooks.Library, &Result.Parses.emplace_back()},
                     Make))
      Result.Failed = true;
  }
  Result.Errors = Diagnostics.take();
  if (Config.StaleNolint && !Result.Failed && !Result.Stats.GaveUp)
    addStaleNolints(Job.File, Context, Result);
  Result.Suppressed = Context.getStats();
  for (ClangTidyError &Error : Result.Errors) {
    explainMissingHeader(Error);
    makeAbsolute(Error.Message, Error.BuildDirectory);
    for (tooling::DiagnosticMessage &Note : Error.Notes)
      makeAbsolute(Note, Error.BuildDirectory);
  }
}

} // namespace

LintResult lintFile(const LintJob &Job, const TidyConfig &Config,
                    llvm::StringRef ResourceDir, const LintHooks &Hooks) {
  // Deep trees need the stack that clang gives itself.
  constexpr unsigned StackSize = 64 << 20;
  auto Try = [&](const LintHooks &Hooks) {
    LintResult Result;
    llvm::CrashRecoveryContext Recovery;
    if (!Recovery.RunSafelyOnThread(
            [&] {
              if (Hooks.Trace)
                llvm::timeTraceProfilerInitialize(500, "torch-tidy");
              lint(Job, Config, ResourceDir, Hooks, Result);
              if (Hooks.Trace)
                llvm::timeTraceProfilerFinishThread();
            },
            StackSize)) {
      Result = LintResult();
      Result.Crashed = true;
    }
    return Result;
  };
  LintResult Result = Try(Hooks);
  if (!Result.Crashed || !Hooks.Library)
    return Result;
  // It may have been a preamble that clang took and should not have.
  LintHooks Without = Hooks;
  Without.Library = nullptr;
  return Try(Without);
}

std::string placeOf(const ClangTidyError &Finding) {
  return placeOf(Finding.DiagnosticName, Finding.Message.FilePath,
                 Finding.Message.FileOffset);
}

bool isFinding(const ClangTidyError &Error) {
  llvm::StringRef Name = Error.DiagnosticName;
  return !Name.starts_with("clang-diagnostic-") && Name != "clang-tidy-config";
}

} // namespace torch_tidy
