#include "tool/frontend/Frontend.h"
#include "tool/frontend/LibraryCode.h"
#include "clang/Driver/CreateInvocationFromArgs.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Frontend/MultiplexConsumer.h"
#include "clang/Lex/PreprocessorOptions.h"
#include <optional>

using namespace clang;

namespace torch_tidy {
namespace {

class SkipLibraryBodies : public ASTConsumer {
public:
  explicit SkipLibraryBodies(const SourceManager &SM) : OwnerOf(SM) {}

  bool shouldSkipFunctionBody(Decl *D) override {
    return OwnerOf(D->getLocation()) == Owner::Library;
  }

private:
  OwnerMap OwnerOf;
};

std::unique_ptr<ASTConsumer> skippingBodies(const CompilerInstance &Compiler,
                                            std::unique_ptr<ASTConsumer> Then) {
  // A body is skipped where all consumers agree, which is what those who do
  // not care do by default.
  std::vector<std::unique_ptr<ASTConsumer>> Both;
  Both.push_back(
      std::make_unique<SkipLibraryBodies>(Compiler.getSourceManager()));
  Both.push_back(std::move(Then));
  return std::make_unique<MultiplexConsumer>(std::move(Both));
}

class ParseAction : public ASTFrontendAction {
public:
  explicit ParseAction(MakeConsumer Make) : Make(Make) {}

  std::unique_ptr<ASTConsumer>
  CreateASTConsumer(CompilerInstance &Compiler, llvm::StringRef File) override {
    return skippingBodies(Compiler, Make(Compiler, File));
  }

private:
  MakeConsumer Make;
};

class PrecompileAction : public GeneratePCHAction {
public:
  std::unique_ptr<ASTConsumer>
  CreateASTConsumer(CompilerInstance &Compiler, llvm::StringRef File) override {
    return skippingBodies(Compiler,
                          GeneratePCHAction::CreateASTConsumer(Compiler, File));
  }
};

bool run(const ParseJob &Job, FrontendAction &Action,
         std::optional<llvm::StringRef> Output) {
  // A file system of its own: its working directory is the command's.
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> FS = Job.Files;
  if (!FS)
    FS = llvm::vfs::createPhysicalFileSystem();
  FS->setCurrentWorkingDirectory(Job.Command.Directory);

  std::vector<std::string> Args = Job.Command.CommandLine;
  if (llvm::none_of(Args, [](llvm::StringRef Arg) {
        return Arg.starts_with("-resource-dir");
      }))
    Args.insert(Args.begin() + 1, ("-resource-dir=" + Job.ResourceDir).str());
  std::vector<const char *> RawArgs;
  for (const std::string &Arg : Args)
    RawArgs.push_back(Arg.c_str());

  DiagnosticOptions DiagOpts;
  CreateInvocationOptions Options;
  Options.VFS = FS;
  Options.Diags = CompilerInstance::createDiagnostics(
      *FS, DiagOpts, &Job.Diagnostics, /*ShouldOwnClient=*/false);
  std::shared_ptr<CompilerInvocation> Invocation =
      createInvocation(RawArgs, Options);
  if (!Invocation)
    return false;
  FrontendOptions &Frontend = Invocation->getFrontendOpts();
  Frontend.SkipFunctionBodies = true;
  Frontend.DisableFree = false;
  if (Output)
    Frontend.OutputFile = Output->str();
  Invocation->getCodeGenOpts().DisableFree = false;
  // "1 warning generated." is for those who see the warning.
  Invocation->getDiagnosticOpts().ShowCarets = false;
  Invocation->getPreprocessorOpts().SetUpStaticAnalyzer = true;

  CompilerInstance Compiler(std::move(Invocation));
  Compiler.setVirtualFileSystem(FS);
  Compiler.createDiagnostics(&Job.Diagnostics, /*ShouldOwnClient=*/false);
  Compiler.createFileManager();
  Compiler.createSourceManager();
  bool Success = Compiler.ExecuteAction(Action);
  return Success && !Compiler.getDiagnostics().hasUncompilableErrorOccurred();
}

} // namespace

bool runFrontend(const ParseJob &Job, MakeConsumer Make) {
  ParseAction Action(Make);
  return run(Job, Action, std::nullopt);
}

bool precompile(const ParseJob &Job, llvm::StringRef Output) {
  PrecompileAction Action;
  return run(Job, Action, Output);
}

} // namespace torch_tidy
