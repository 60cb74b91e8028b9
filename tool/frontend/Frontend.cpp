#include "tool/frontend/Frontend.h"
#include "tool/frontend/Parse.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Frontend/Utils.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include <chrono>

using namespace clang;

namespace torch_tidy {
namespace {

/// How far a parse came.
enum class Stage {
  BeforePreamble, ///< The preamble was not read.
  Unsuitable,     ///< It was, and defines a macro of the user's.
  Parsing,        ///< Past all that a preamble can do wrong.
};

class ParseAction : public ASTFrontendAction {
public:
  ParseAction(MakeConsumer Make, const std::optional<Preamble> &Begin,
              Stage &Reached)
      : Make(Make), Begin(Begin), Reached(Reached) {}

  std::unique_ptr<ASTConsumer>
  CreateASTConsumer(CompilerInstance &Compiler, llvm::StringRef File) override {
    return skippingBodies(Compiler, Make(Compiler, File));
  }

  void ExecuteAction() override {
    Preprocessor &PP = getCompilerInstance().getPreprocessor();
    if (Begin)
      for (const std::string &Name : Begin->Names)
        if (PP.isMacroDefined(Name)) {
          Reached = Stage::Unsuitable;
          return;
        }
    Reached = Stage::Parsing;
    ASTFrontendAction::ExecuteAction();
  }

private:
  MakeConsumer Make;
  const std::optional<Preamble> &Begin;
  Stage &Reached;
};

class PrecompileAction : public GeneratePCHAction {
public:
  std::unique_ptr<ASTConsumer>
  CreateASTConsumer(CompilerInstance &Compiler, llvm::StringRef File) override {
    return skippingBodies(Compiler,
                          GeneratePCHAction::CreateASTConsumer(Compiler, File));
  }
};

/// What is wrong with a preamble is not the user's to hear.
class FromParsingOn : public ForwardingDiagnosticConsumer {
public:
  FromParsingOn(DiagnosticConsumer &Target, const Stage &Reached)
      : ForwardingDiagnosticConsumer(Target), Target(Target),
        Reached(Reached) {}

  void BeginSourceFile(const LangOptions &Lang,
                       const Preprocessor *PP) override {
    Target.BeginSourceFile(Lang, PP);
  }
  void EndSourceFile() override { Target.EndSourceFile(); }
  void HandleDiagnostic(DiagnosticsEngine::Level Level,
                        const Diagnostic &Info) override {
    if (Reached == Stage::Parsing)
      ForwardingDiagnosticConsumer::HandleDiagnostic(Level, Info);
  }

private:
  DiagnosticConsumer &Target;
  const Stage &Reached;
};

class Stopwatch {
public:
  double seconds() const {
    return std::chrono::duration<double>(Clock::now() - Begin).count();
  }

private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point Begin = Clock::now();
};

/// The file system of a job: its working directory is the command's.
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> filesOf(const ParseJob &Job) {
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> FS = Job.Files;
  if (!FS)
    FS = llvm::vfs::createPhysicalFileSystem();
  FS->setCurrentWorkingDirectory(Job.Command.Directory);
  return FS;
}

bool succeeded(bool Executed, const CompilerInstance &Compiler) {
  return Executed && !Compiler.getDiagnostics().hasUncompilableErrorOccurred();
}

} // namespace

bool runFrontend(const ParseJob &Job, MakeConsumer Make) {
  auto Files = llvm::makeIntrusiveRefCnt<RecordingFileSystem>(
      filesOf(Job), Job.Library ? Job.Library->cache().folder().str() : "");
  std::shared_ptr<CompilerInvocation> Invocation = makeInvocation(Job, Files);
  if (!Invocation)
    return false;

  Stopwatch Watch;
  std::optional<Preamble> Begin;
  if (Job.Library)
    Begin = Job.Library->find(*Invocation, Files);
  const double SecondsForPreamble = Watch.seconds();

  while (true) {
    auto Copy = std::make_shared<CompilerInvocation>(*Invocation);
    if (Begin) {
      PreprocessorOptions &PP = Copy->getPreprocessorOpts();
      PP.ImplicitPCHInclude = Begin->File;
      // It was validated by content before; clang would go by times.
      PP.DisablePCHOrModuleValidation = DisableValidationForModuleKind::All;
    }
    Stage Reached = Begin ? Stage::BeforePreamble : Stage::Parsing;
    FromParsingOn Diagnostics(Job.Diagnostics, Reached);
    CompilerInstance Compiler(std::move(Copy));
    prepare(Compiler, Files, Diagnostics);
    ParseAction Action(Make, Begin, Reached);
    bool Executed = Compiler.ExecuteAction(Action);
    if (Reached != Stage::Parsing) {
      if (Reached == Stage::BeforePreamble)
        Job.Library->reject(*Begin);
      Begin.reset();
      continue;
    }
    if (Job.Record) {
      Job.Record->Read = Files->take();
      Job.Record->Began = Begin;
      Job.Record->SecondsForPreamble = SecondsForPreamble;
      Job.Record->SecondsToParse = Watch.seconds() - SecondsForPreamble;
    }
    return succeeded(Executed, Compiler);
  }
}

bool precompile(const ParseJob &Job, llvm::StringRef Output) {
  auto Files = filesOf(Job);
  std::shared_ptr<CompilerInvocation> Invocation = 
      makeInvocation(Job, Files, /*ForUs=*/false);
  if (!Invocation)
    return false;
  Invocation->getFrontendOpts().OutputFile = Output.str();
  CompilerInstance Compiler(std::move(Invocation));
  prepare(Compiler, std::move(Files), Job.Diagnostics);
  PrecompileAction Action;
  return succeeded(Compiler.ExecuteAction(Action), Compiler);
}

} // namespace torch_tidy
