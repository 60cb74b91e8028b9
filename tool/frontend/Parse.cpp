#include "tool/frontend/Parse.h"
#include "tool/frontend/Frontend.h"
#include "tool/frontend/LibraryCode.h"
#include "tool/frontend/NeededInstantiations.h"
#include "clang/Driver/CreateInvocationFromArgs.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/MultiplexConsumer.h"
#include "clang/Lex/HeaderSearchOptions.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "clang/Sema/Sema.h"
#include "clang/Sema/SemaConsumer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/TargetSelect.h"
#include <mutex>

using namespace clang;

namespace torch_tidy {
namespace {

class SkipLibraryBodies : public SemaConsumer {
public:
  SkipLibraryBodies(const SourceManager &SM, std::string MainFile, Bodies Which)
      : OwnerOf(SM, std::move(MainFile)), IsNeeded(OwnerOf), Which(Which) {}

  void InitializeSema(Sema &S) override { TheSema = &S; }
  void ForgetSema() override { TheSema = nullptr; }

  bool shouldSkipFunctionBody(Decl *D) override {
    const Owner Of = OwnerOf(D->getLocation());
    return Of == Owner::Standard ? Which == Bodies::Users
                                 : Of == Owner::Library && !isOfHolder(D);
  }

  /// Clang has just put it on the list of what it will do.
  void HandleCXXImplicitFunctionInstantiation(FunctionDecl *Fn) override {
    if (!TheSema || TheSema->PendingInstantiations.empty() ||
        TheSema->PendingInstantiations.back().first != Fn || IsNeeded(Fn))
      return;
    TheSema->PendingInstantiations.pop_back();
    Fn->setInstantiationIsPending(false);
    // As a function of a library: it has one, which nobody asks for.
    Fn->setHasSkippedBody();
  }

private:
  OwnerMap OwnerOf;
  NeededInstantiations IsNeeded;
  Bodies Which;
  Sema *TheSema = nullptr;

  /// A ModuleHolder instantiates the constructor of the user's class.
  static bool isOfHolder(const Decl *D) {
    auto *R = dyn_cast<CXXRecordDecl>(D->getDeclContext());
    return R && R->getIdentifier() && R->getName() == "ModuleHolder";
  }
};

/// What does not change what the code means. Two files that differ in it alone
/// share a precompiled header.
void normalise(CompilerInvocation &Invocation, llvm::StringRef Directory) {
  LangOptions &Lang = Invocation.getLangOpts();
  // Qt's headers ask for position-independent code, and nobody for another.
  Lang.PICLevel = 2;
  Lang.PIE = 0;
  Lang.SemanticInterposition = Lang.HalfNoSemanticInterposition = false;
  Invocation.getCodeGenOpts() = CodeGenOptions();
  Invocation.getCodeGenOpts().DisableFree = false;
  Invocation.getDependencyOutputOpts() = DependencyOutputOptions();
  // What remains turns something off that clang calls an error by default.
  llvm::erase_if(Invocation.getDiagnosticOpts().Warnings,
                 [](llvm::StringRef Flag) { return !Flag.starts_with("no-"); });
  Invocation.getDiagnosticOpts().Remarks.clear();
  for (HeaderSearchOptions::Entry &Entry :
       Invocation.getHeaderSearchOpts().UserEntries) {
    if (llvm::sys::path::is_absolute(Entry.Path) ||
        llvm::StringRef(Entry.Path).starts_with("="))
      continue;
    llvm::SmallString<256> Path(Entry.Path);
    llvm::sys::path::make_absolute(Directory, Path);
    Entry.Path = Path.str().str();
  }
}

} // namespace

llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> filesOf(const ParseJob &Job) {
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> FS = Job.Files;
  if (!FS)
    FS = llvm::vfs::createPhysicalFileSystem();
  FS->setCurrentWorkingDirectory(Job.Command.Directory);
  return FS;
}

std::shared_ptr<CompilerInvocation>
makeInvocation(const ParseJob &Job,
               llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files,
               bool ForUs) {
  static std::once_flag TargetsKnown;
  std::call_once(TargetsKnown, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmParsers();
  });
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
  Options.VFS = Files;
  Options.Diags = CompilerInstance::createDiagnostics(
      *Files, DiagOpts, &Job.Diagnostics, /*ShouldOwnClient=*/false);
  std::shared_ptr<CompilerInvocation> Invocation =
      createInvocation(RawArgs, Options);
  // The driver goes on without a flag that it refuses; the compiler that the
  // command is for would not.
  if (!Invocation || Options.Diags->hasErrorOccurred())
    return nullptr;
  Invocation->getFrontendOpts().SkipFunctionBodies = true;
  Invocation->getFrontendOpts().DisableFree = false;
  Invocation->getPreprocessorOpts().SetUpStaticAnalyzer = true;
  Invocation->getCodeGenOpts().DisableFree = false;
  // "1 warning generated." is for those who see the warning.
  Invocation->getDiagnosticOpts().ShowCarets = false;
  if (ForUs && Invocation->getPreprocessorOpts().ImplicitPCHInclude.empty())
    normalise(*Invocation, Job.Command.Directory);
  return Invocation;
}

void prepare(CompilerInstance &Compiler,
             llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files,
             DiagnosticConsumer &Diagnostics) {
  Compiler.setVirtualFileSystem(std::move(Files));
  Compiler.createDiagnostics(&Diagnostics, /*ShouldOwnClient=*/false);
  Compiler.createFileManager();
  Compiler.createSourceManager();
}

std::unique_ptr<ASTConsumer> skippingBodies(const CompilerInstance &Compiler,
                                            std::unique_ptr<ASTConsumer> Then,
                                            std::string MainFile,
                                            Bodies Which) {
  // A body is skipped where all consumers agree, which is what those who do
  // not care do by default.
  std::vector<std::unique_ptr<ASTConsumer>> Both;
  Both.push_back(std::make_unique<SkipLibraryBodies>(
      Compiler.getSourceManager(), std::move(MainFile), Which));
  Both.push_back(std::move(Then));
  return std::make_unique<MultiplexConsumer>(std::move(Both));
}

} // namespace torch_tidy
