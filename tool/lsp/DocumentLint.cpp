#include "tool/lsp/DocumentLint.h"
#include "tool/report/SourceText.h"
#include "tool/torch-tidy/Lint.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using clang::tidy::ClangTidyError;
namespace lsp = llvm::lsp;
namespace vfs = llvm::vfs;

namespace torch_tidy {
namespace {

/// The page of a check: beside the installed program, else in the sources.
std::string pageOf(llvm::StringRef Check) {
  static int Anchor;
  const std::string Program =
      llvm::sys::fs::getMainExecutable(nullptr, &Anchor);
  llvm::SmallString<256> Installed(llvm::sys::path::parent_path(Program));
  llvm::sys::path::append(Installed, "../share/doc/torch-tidy");
  llvm::sys::path::remove_dots(Installed, /*remove_dot_dot=*/true);
  for (llvm::StringRef Folder :
       {Installed.str(), llvm::StringRef(TORCH_TIDY_SOURCE_DOCS)}) {
    llvm::SmallString<256> Page(Folder);
    llvm::sys::path::append(Page, "checks", Check + ".md");
    if (!llvm::sys::fs::exists(Page))
      continue;
    if (auto URI = lsp::URIForFile::fromFile(Page))
      return URI->uri().str();
    else
      llvm::consumeError(URI.takeError());
  }
  return "";
}

/// From the tool's terms to the protocol's.
class Converter {
public:
  Converter(const Snapshot &Documents, bool RelatedInformation)
      : RelatedInformation(RelatedInformation) {
    for (const auto &[File, Document] : Documents.Open)
      Texts.set(File, Document.Text);
  }

  DocumentDiagnostic finding(const ClangTidyError &Error,
                             const FindingDetails *Known) {
    DocumentDiagnostic Result;
    Place At{Error.Message.FilePath, Error.Message.FileOffset, 0};
    if (Known)
      At = Known->At;
    Result.File = At.File;
    LspDiagnostic &D = Result.Shown;
    D.range = range(At);
    D.severity = Error.IsWarningAsError ? lsp::DiagnosticSeverity::Error
                                        : lsp::DiagnosticSeverity::Warning;
    D.source = "torch-tidy";
    D.message = text(Error.Message.Message);
    D.Code = Error.DiagnosticName;
    D.Page = pageOf(D.Code);
    if (!Known)
      return Result;
    for (const StepDetails &Step : Known->History)
      addNote(D, Step.At, Step.Text);
    if (!Known->Predicted.empty())
      addNote(D, At, "the program would stop with: " + Known->Predicted);
    for (const FixDetails &Fix : Known->Fixes) {
      QuickFix &Shown = Result.Fixes.emplace_back();
      Shown.Title = text(Fix.Title);
      Shown.Preferred = &Fix == &Known->Fixes.front();
      for (const clang::tooling::Replacement &Edit : Fix.Edits)
        if (std::optional<lsp::URIForFile> URI = uri(Edit.getFilePath().str()))
          Shown.Edit.changes[URI->uri().str()].push_back(
              {range({Edit.getFilePath().str(), Edit.getOffset(),
                      Edit.getLength()}),
               text(Edit.getReplacementText())});
    }
    return Result;
  }

  /// Why a document was not analysed, at what the compiler said of it.
  DocumentDiagnostic notAnalysed(const std::string &File,
                                 const ClangTidyError &Error) {
    const Place At{Error.Message.FilePath, Error.Message.FileOffset, 0};
    DocumentDiagnostic Result =
        trouble(File, "not analysed: " + text(Error.Message.Message));
    if (At.File == File)
      Result.Shown.range = range(At);
    else
      addNote(Result.Shown, At, Error.Message.Message);
    for (const auto &Note : Error.Notes)
      addNote(Result.Shown, {Note.FilePath, Note.FileOffset, 0}, Note.Message);
    return Result;
  }

  /// On the first line.
  DocumentDiagnostic trouble(const std::string &File, std::string Why) {
    DocumentDiagnostic Result;
    Result.File = File;
    Result.Shown.severity = lsp::DiagnosticSeverity::Error;
    Result.Shown.source = "torch-tidy";
    Result.Shown.message = std::move(Why);
    return Result;
  }

private:
  SourceTexts Texts;
  bool RelatedInformation;

  static std::string text(llvm::StringRef Text) {
    return llvm::json::isUTF8(Text) ? Text.str() : llvm::json::fixUTF8(Text);
  }

  static std::optional<lsp::URIForFile> uri(const std::string &File) {
    auto URI = lsp::URIForFile::fromFile(File);
    if (URI)
      return *URI;
    llvm::consumeError(URI.takeError());
    return std::nullopt;
  }

  lsp::Range range(const Place &At) {
    const SourceText &Text = Texts[At.File];
    auto Convert = [&](unsigned Offset) {
      Position P = Text.utf16Position(Offset);
      return lsp::Position(P.Line - 1, P.Column - 1);
    };
    return {Convert(At.Offset), Convert(At.Offset + At.Length)};
  }

  void addNote(LspDiagnostic &D, const Place &At, llvm::StringRef Note) {
    std::optional<lsp::URIForFile> File = uri(At.File);
    if (!RelatedInformation || !File) {
      D.message += "\n";
      if (File)
        D.message += llvm::sys::path::filename(At.File).str() + ":" +
                     std::to_string(range(At).start.line + 1) + ": ";
      D.message += text(Note);
      return;
    }
    if (!D.relatedInformation)
      D.relatedInformation.emplace();
    D.relatedInformation->emplace_back(lsp::Location(*File, range(At)),
                                       text(Note));
  }
};

/// The disk below the documents that differ from it. (Those that do not keep
/// the disk's time stamps, which caches go by.)
llvm::IntrusiveRefCntPtr<vfs::FileSystem> filesOf(const Snapshot &Documents) {
  auto Unsaved = llvm::makeIntrusiveRefCnt<vfs::InMemoryFileSystem>();
  for (const auto &[File, Document] : Documents.Open) {
    auto Saved = llvm::MemoryBuffer::getFile(File);
    if (!Saved || (*Saved)->getBuffer() != Document.Text)
      Unsaved->addFile(
          File, /*ModificationTime=*/Document.Edit,
          llvm::MemoryBuffer::getMemBufferCopy(Document.Text, File));
  }
  auto All = llvm::makeIntrusiveRefCnt<vfs::OverlayFileSystem>(
      vfs::createPhysicalFileSystem());
  All->pushOverlay(Unsaved);
  return All;
}

} // namespace

/// Those whose content a result depends on, besides library headers; nothing
/// where that is not known.
static std::optional<std::set<std::string>>
filesRead(const LintResult &Result) {
  std::set<std::string> Files;
  for (const ParseRecord &Parse : Result.Parses) {
    if (!Parse.Read)
      return std::nullopt;
    for (const Dependency &D : Parse.Read->All) {
      if (D.What != Dependency::Content)
        continue;
      // As an editor names them.
      llvm::SmallString<256> File(D.Path);
      llvm::sys::path::remove_dots(File, /*remove_dot_dot=*/true);
      Files.insert(File.str().str());
    }
  }
  if (Files.empty())
    return std::nullopt;
  return Files;
}

DocumentLinter::DocumentLinter(CommonFlags &Flags, TidyConfig Config,
                               std::string ResourceDir)
    : Flags(Flags), Config(std::move(Config)),
      ResourceDir(std::move(ResourceDir)), Cache(Flags.cache()) {
  if (Flags.hasFixedCommand())
    Fixed = Flags.compileCommands();
}

DocumentFindings DocumentLinter::lint(const std::string &File,
                                      const Snapshot &Documents,
                                      const std::function<bool()> &Cancelled) {
  DocumentFindings Result;
  Converter Convert(Documents, ShowsRelatedInformation);
  auto Provider = Config.provider();
  std::optional<CompileCommands> Searched;
  if (!Fixed)
    Searched = Flags.compileCommands();
  auto Job = makeJob(Fixed ? *Fixed : *Searched, Flags, *Provider, File);
  if (!Job) {
    Result.Trouble = llvm::toString(Job.takeError());
    Result.Diagnostics.push_back(Convert.trouble(File, Result.Trouble));
    Result.Read = {File};
    return Result;
  }

  LintHooks Hooks;
  Hooks.Files = filesOf(Documents);
  Hooks.Cancelled = Cancelled;
  // What they know of the disk is known once: new ones for each lint.
  FileStates Disk;
  std::optional<Preambles> Library;
  if (Cache)
    Hooks.Library = &Library.emplace(*Cache, Disk);
  LintResult Linted = lintFile(*Job, Config, ResourceDir, Hooks);
  Result.Read = filesRead(Linted);
  const ClangTidyError *FirstError = nullptr;
  for (const ClangTidyError &Error : Linted.Errors) {
    if (isFinding(Error))
      Result.Diagnostics.push_back(
          Convert.finding(Error, findDetails(Linted.Details, Error)));
    else if (Error.DiagLevel == ClangTidyError::Error && !FirstError)
      FirstError = &Error;
  }
  if (Linted.Crashed) {
    Result.Trouble = "the analysis of '" + File + "' crashed; please report it";
    Result.Diagnostics.push_back(Convert.trouble(File, Result.Trouble));
  } else if (FirstError) {
    Result.Diagnostics.push_back(Convert.notAnalysed(File, *FirstError));
  } else if (Linted.Failed) {
    Result.Diagnostics.push_back(
        Convert.trouble(File, "not analysed: it could not be compiled"));
  }
  return Result;
}

} // namespace torch_tidy
