#include "tool/frontend/Frontend.h"
#include "tool/frontend/LibTorchUse.h"
#include "tool/frontend/LibraryCode.h"
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
  Unsuitable,     ///< It was, and the file means something else behind it.
  Parsing,        ///< Past all that a preamble can do wrong.
};

/// A source that is read behind the main file includes headers that are there
/// already; not all of them have a guard.
class HeadersOnce : public PPCallbacks {
public:
  HeadersOnce(Preprocessor &PP, llvm::ArrayRef<std::string> Behind)
      : PP(PP), Behind(Behind) {}

  void FileChanged(SourceLocation Loc, FileChangeReason Reason,
                   SrcMgr::CharacteristicKind Kind, FileID) override {
    SourceManager &SM = PP.getSourceManager();
    FileID ID = SM.getFileID(Loc);
    OptionalFileEntryRef File = SM.getFileEntryRefForID(ID);
    if (Reason != EnterFile || SrcMgr::isSystem(Kind) || !File ||
        ID == SM.getMainFileID())
      return;
    IsBehind |= llvm::is_contained(Behind, File->getName());
    Entered.push_back(*File);
    if (!IsBehind)
      return;
    for (FileEntryRef Header : Entered)
      PP.getHeaderSearchInfo().MarkFileIncludeOnce(Header);
    Entered.clear();
  }

private:
  Preprocessor &PP;
  llvm::ArrayRef<std::string> Behind;
  std::vector<FileEntryRef> Entered;
  bool IsBehind = false;
};

class ParseAction : public ASTFrontendAction {
public:
  ParseAction(MakeConsumer Make, llvm::ArrayRef<std::string> Behind,
              const std::optional<Preamble> &Begin, Bodies Which,
              Stage &Reached)
      : Make(Make), Behind(Behind), Begin(Begin), Which(Which),
        Reached(Reached) {}

  std::unique_ptr<ASTConsumer>
  CreateASTConsumer(CompilerInstance &Compiler, llvm::StringRef File) override {
    return skippingBodies(Compiler, Make(Compiler, File), "", Which);
  }

  void ExecuteAction() override {
    Preprocessor &PP = getCompilerInstance().getPreprocessor();
    if (Begin && definesTheirs(PP)) {
      Reached = Stage::Unsuitable;
      return;
    }
    Reached = Stage::Parsing;
    if (!Behind.empty())
      PP.addPPCallbacks(std::make_unique<HeadersOnce>(PP, Behind));
    ASTFrontendAction::ExecuteAction();
  }

private:
  MakeConsumer Make;
  llvm::ArrayRef<std::string> Behind;
  const std::optional<Preamble> &Begin;
  Bodies Which;
  Stage &Reached;

  /// True where the preamble has made a macro of what is the user's.
  bool definesTheirs(Preprocessor &PP) const {
    return llvm::any_of(Begin->Names,
                        [&](const std::string &Name) {
                          return PP.isMacroDefined(Name);
                        }) ||
           llvm::any_of(Begin->Code, [&](const std::string &Name) {
             const MacroInfo *M = PP.getMacroInfo(PP.getIdentifierInfo(Name));
             // Code that names those of another library has included it.
             return M && isTorchPath(PP.getSourceManager().getFilename(
                             M->getDefinitionLoc()));
           });
  }
};

class PrecompileAction : public GeneratePCHAction {
public:
  std::unique_ptr<ASTConsumer>
  CreateASTConsumer(CompilerInstance &Compiler, llvm::StringRef File) override {
    return skippingBodies(Compiler,
                          GeneratePCHAction::CreateASTConsumer(Compiler, File));
  }
};

/// What is wrong with a preamble is not the user's to hear. Nor is what is
/// wrong with code that a preamble stands before and should not, if \p
/// Reordered.
class FromParsingOn : public ForwardingDiagnosticConsumer {
public:
  FromParsingOn(DiagnosticConsumer &Target, Stage &Reached, bool Reordered)
      : ForwardingDiagnosticConsumer(Target), Target(Target), Reached(Reached),
        Reordered(Reordered) {}

  void BeginSourceFile(const LangOptions &Lang,
                       const Preprocessor *PP) override {
    Target.BeginSourceFile(Lang, PP);
  }
  void EndSourceFile() override { Target.EndSourceFile(); }
  void HandleDiagnostic(DiagnosticsEngine::Level Level,
                        const Diagnostic &Info) override {
    if (Reordered && Level >= DiagnosticsEngine::Error &&
        Reached == Stage::Parsing)
      Reached = Stage::Unsuitable;
    if (Reached == Stage::Parsing)
      ForwardingDiagnosticConsumer::HandleDiagnostic(Level, Info);
  }

private:
  DiagnosticConsumer &Target;
  Stage &Reached;
  bool Reordered;
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

/// The text of the main file with others behind it; null where it cannot be
/// read. Offsets into the file itself are what they were.
std::unique_ptr<llvm::MemoryBuffer>
withBehind(const CompilerInvocation &Main, llvm::ArrayRef<std::string> Behind,
           llvm::vfs::FileSystem &Files) {
  const auto &Inputs = Main.getFrontendOpts().Inputs;
  if (Inputs.size() != 1 || !Inputs[0].isFile())
    return nullptr;
  auto Own = Files.getBufferForFile(Inputs[0].getFile());
  if (!Own)
    return nullptr;
  return llvm::MemoryBuffer::getMemBufferCopy(
      (*Own)->getBuffer().str() + includesBehind(Behind), Inputs[0].getFile());
}

bool succeeded(bool Executed, const CompilerInstance &Compiler) {
  return Executed && !Compiler.getDiagnostics().hasUncompilableErrorOccurred();
}

} // namespace

std::string includesBehind(llvm::ArrayRef<std::string> Sources) {
  std::string Text;
  for (const std::string &Source : Sources)
    Text += "\n#include \"" + Source + "\"\n";
  return Text;
}

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
  // A preamble has parsed the bodies that there are.
  const Bodies Which =
      Begin || !Job.Behind.empty() || mayUseLibTorch(*Invocation, Files)
          ? Bodies::UsersAndStandard
          : Bodies::Users;

  while (true) {
    auto Copy = std::make_shared<CompilerInvocation>(*Invocation);
    if (Begin) {
      PreprocessorOptions &PP = Copy->getPreprocessorOpts();
      PP.ImplicitPCHInclude = Begin->File;
      // It was validated by content before; clang would go by times.
      PP.DisablePCHOrModuleValidation = DisableValidationForModuleKind::All;
    }
    if (!Job.Behind.empty())
      if (auto Text = withBehind(*Copy, Job.Behind, *Files))
        Copy->getPreprocessorOpts().addRemappedFile(
            Copy->getFrontendOpts().Inputs[0].getFile(), Text.release());
    Stage Reached = Begin ? Stage::BeforePreamble : Stage::Parsing;
    FromParsingOn Diagnostics(Job.Diagnostics, Reached,
                              Begin && Begin->IsReordered);
    CompilerInstance Compiler(std::move(Copy));
    prepare(Compiler, Files, Diagnostics);
    ParseAction Action(Make, Job.Behind, Begin, Which, Reached);
    bool Executed = Compiler.ExecuteAction(Action);
    if (Reached != Stage::Parsing) {
      if (Reached == Stage::BeforePreamble)
        Job.Library->reject(*Begin);
      std::shared_ptr<const Preamble> Base = Begin->Base;
      Begin = Base ? std::optional(*Base) : std::nullopt;
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
