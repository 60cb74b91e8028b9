#include "tool/frontend/PrecompiledPrefix.h"
#include "tool/frontend/LibraryCode.h"
#include "tool/frontend/Parse.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "clang/Serialization/ASTWriter.h"
#include "clang/Serialization/PCHContainerOperations.h"

using namespace clang;
namespace vfs = llvm::vfs;

namespace torch_tidy {
namespace {

/// The main file of a preamble. It is nowhere on disk, and includes what it
/// includes from nowhere.
constexpr llvm::StringLiteral HeaderName = "/torch-tidy-preamble/prefix.h";

class PrecompileAction : public ASTFrontendAction {
public:
  PrecompileAction(std::string MainFile) : MainFile(std::move(MainFile)) {}

  std::shared_ptr<PCHBuffer> Buffer = std::make_shared<PCHBuffer>();
  /// All that was read is library code for every file that may share it.
  bool IsPure = true;
  std::vector<std::string> Exports; ///< As PrecompiledPrefix::Exports.

  TranslationUnitKind getTranslationUnitKind() override { return TU_Prefix; }
  bool BeginSourceFileAction(CompilerInstance &Compiler) override {
    Compiler.getLangOpts().CompilingPCH = true;
    return true;
  }
  std::unique_ptr<ASTConsumer> CreateASTConsumer(CompilerInstance &Compiler,
                                                 llvm::StringRef) override {
    // Without times: a touched header is the same header.
    return skippingBodies(
        Compiler,
        std::make_unique<PCHGenerator>(
            Compiler.getPreprocessor(), Compiler.getModuleCache(),
            /*OutputFile=*/"", /*isysroot=*/"", Buffer,
            Compiler.getCodeGenOpts(),
            llvm::ArrayRef<std::shared_ptr<ModuleFileExtension>>(),
            /*AllowASTWithErrors=*/false, /*IncludeTimestamps=*/false),
        MainFile);
  }
  void EndSourceFileAction() override {
    // A name in a condition is known, whether it is a macro or not.
    for (const auto &Entry :
         getCompilerInstance().getPreprocessor().getIdentifierTable())
      if (isExportMacro(Entry.getKey()))
        Exports.push_back(Entry.getKey().str());
    llvm::sort(Exports);
    const SourceManager &SM = getCompilerInstance().getSourceManager();
    for (unsigned I = 0, E = SM.local_sloc_entry_size(); I != E; ++I) {
      const SrcMgr::SLocEntry &Entry = SM.getLocalSLocEntry(I);
      if (!Entry.isFile() || !Entry.getFile().getContentCache().OrigEntry)
        continue;
      llvm::StringRef Path =
          Entry.getFile().getContentCache().OrigEntry->getName();
      IsPure &=
          Path == HeaderName ||
          isLibraryForAll(
              Path, SrcMgr::isSystem(Entry.getFile().getFileCharacteristic()));
    }
  }

private:
  std::string MainFile;
};

} // namespace

bool isExportMacro(llvm::StringRef Name) { return Name.ends_with("_EXPORTS"); }

llvm::StringRef PrecompiledPrefix::bytes() const {
  return Buffer ? llvm::StringRef(Buffer->Data.data(), Buffer->Data.size())
                : "";
}

PrecompiledPrefix precompilePrefix(const PrefixJob &Job) {
  auto Invocation = std::make_shared<CompilerInvocation>(Job.Invocation);
  FrontendOptions &Frontend = Invocation->getFrontendOpts();
  PrecompileAction Action(Frontend.Inputs[0].getFile().str());
  Frontend.Inputs = {
      FrontendInputFile(HeaderName, Frontend.Inputs[0].getKind())};
  Frontend.ProgramAction = frontend::GeneratePCH;
  Invocation->getLangOpts().PCHInstantiateTemplates = true;
  PreprocessorOptions &PP = Invocation->getPreprocessorOpts();
  PP.addRemappedFile(
      HeaderName,
      llvm::MemoryBuffer::getMemBufferCopy(Job.Text, HeaderName).release());
  if (!Job.BaseFile.empty()) {
    PP.ImplicitPCHInclude = Job.BaseFile.str();
    // It was validated by content before; clang would go by times.
    PP.DisablePCHOrModuleValidation = DisableValidationForModuleKind::All;
  }

  llvm::IntrusiveRefCntPtr<vfs::FileSystem> Disk =
      vfs::createPhysicalFileSystem();
  Disk->setCurrentWorkingDirectory(Job.Directory);
  auto Recorder = llvm::makeIntrusiveRefCnt<RecordingFileSystem>(
      std::move(Disk), Job.OwnFolder.str());
  IgnoringDiagConsumer Quiet;
  PrecompiledPrefix Result;
  {
    CompilerInstance Compiler(std::move(Invocation));
    prepare(Compiler, Recorder, Quiet);
    if (Compiler.ExecuteAction(Action) &&
        !Compiler.getDiagnostics().hasUncompilableErrorOccurred() &&
        Action.Buffer->IsComplete && Action.IsPure)
      Result.Buffer = Action.Buffer;
  }
  Result.Exports = std::move(Action.Exports);
  Result.Read = Recorder->take();
  return Result;
}

} // namespace torch_tidy
