#include "tool/frontend/Prefix.h"
#include "tool/frontend/Frontend.h"
#include "tool/frontend/LibraryCode.h"
#include "tool/frontend/Parse.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Lex/HeaderSearch.h"
#include "clang/Lex/Lexer.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace clang;

namespace torch_tidy {
namespace {

/// Headers that the standards say may come in any order, by name alone.
bool isStandardName(llvm::StringRef Name) {
  if (Name.starts_with("sys/"))
    return true;
  return llvm::StringSwitch<bool>(Name)
      .Cases({"assert.h", "complex.h", "ctype.h", "errno.h", "fenv.h"}, true)
      .Cases({"float.h", "inttypes.h", "iso646.h", "limits.h", "locale.h"},
             true)
      .Cases({"math.h", "setjmp.h", "signal.h", "stdalign.h", "stdarg.h"}, true)
      .Cases({"stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h"},
             true)
      .Cases({"stdlib.h", "stdnoreturn.h", "string.h", "tgmath.h", "time.h"},
             true)
      .Cases({"uchar.h", "wchar.h", "wctype.h", "unistd.h", "dirent.h"}, true)
      .Cases({"fcntl.h", "pthread.h", "strings.h", "malloc.h"}, true)
      .Default(false);
}

class Walk {
public:
  explicit Walk(CompilerInstance &Compiler) : Compiler(Compiler) {
    for (const auto &[Macro, IsUndef] : Compiler.getPreprocessorOpts().Macros)
      Given.insert(llvm::StringRef(Macro).split('=').first);
    SourceManager &SM = Compiler.getSourceManager();
    if (OptionalFileEntryRef Main = SM.getFileEntryRefForID(SM.getMainFileID()))
      MainFile = Main->getName().str();
  }

  Prefix Found;

  /// Macros that no header of the prefix gets to see are the file's own.
  Prefix take() {
    while (!Found.Includes.empty() &&
           Found.Includes.back().What == PrefixInclude::Define)
      Found.Includes.pop_back();
    return std::move(Found);
  }

  /// Reads on; false where the prefix ends in this file.
  bool enter(FileEntryRef File);
  /// The same for a file that the command includes.
  bool include(llvm::StringRef Name) {
    if (OptionalFileEntryRef Here =
            Compiler.getFileManager().getOptionalFileRef(Name))
      return enter(*Here);
    return include(Name, /*IsAngled=*/false, std::nullopt);
  }

private:
  CompilerInstance &Compiler;
  std::string MainFile;
  llvm::StringSet<> Given; ///< By -D or -U.
  llvm::StringSet<> Names, Code, Defined;
  bool HasUndef = false;
  llvm::DenseSet<const FileEntry *> Seen; ///< The user's and LibTorch's.

  bool addName(llvm::StringRef Name) {
    if (Name.empty() || Given.contains(Name) || Defined.contains(Name) ||
        !Names.insert(Name).second)
      return false;
    Found.Names.push_back(Name.str());
    return true;
  }

  /// `NAME value`: true for the first that is said of NAME.
  bool define(llvm::StringRef Macro) {
    llvm::StringRef Name = Macro.take_while(
        [](char C) { return llvm::isAlnum(C) || C == '_' || C == '$'; });
    if (Name.empty() || Given.contains(Name) || Names.contains(Name) ||
        Code.contains(Name) || !Defined.insert(Name).second)
      return false;
    PrefixInclude Define;
    Define.Spelling = Macro.str();
    Define.What = PrefixInclude::Define;
    add(std::move(Define));
    return true;
  }
  void add(PrefixInclude Include) {
    Include.NamesBefore = Found.Names.size();
    Include.CodeBefore = Found.Code.size();
    Include.IsAfterUndef = HasUndef;
    Found.Includes.push_back(std::move(Include));
  }

  OptionalFileEntryRef lookUp(llvm::StringRef Name, bool IsAngled,
                              OptionalFileEntryRef Includer) {
    std::pair<OptionalFileEntryRef, DirectoryEntryRef> From[1] = {
        {Includer,
         Includer ? Includer->getDir()
                  : *Compiler.getFileManager().getOptionalDirectoryRef(".")}};
    ConstSearchDirIterator Dir = nullptr;
    HeaderSearch &Search = Compiler.getPreprocessor().getHeaderSearchInfo();
    llvm::ArrayRef Includers(From);
    if (Includer)
      Search.getFileInfo(*Includer); // It takes this for granted.
    OptionalFileEntryRef Result =
        Search.LookupFile(Name, SourceLocation(), IsAngled, nullptr, &Dir,
                          Includer ? Includers : Includers.take_front(0),
                          nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    IsSystem = Result && Dir && SrcMgr::isSystem((*Dir).getDirCharacteristic());
    return Result;
  }
  /// Of the file that lookUp() found.
  bool IsSystem = false;

  bool include(llvm::StringRef Name, bool IsAngled,
               OptionalFileEntryRef Includer);
  bool include(llvm::StringRef Rest, FileEntryRef Includer);
};

bool Walk::include(llvm::StringRef Rest, FileEntryRef Includer) {
  bool IsAngled = Rest.consume_front("<");
  if (!IsAngled && !Rest.consume_front("\""))
    return false;
  auto [Name, After] = Rest.split(IsAngled ? '>' : '"');
  After = After.trim();
  if (!After.empty() && !After.starts_with("//"))
    return false;
  return include(Name, IsAngled, Includer);
}

bool Walk::include(llvm::StringRef Name, bool IsAngled,
                   OptionalFileEntryRef Includer) {
  OptionalFileEntryRef File = lookUp(Name, IsAngled, Includer);
  if (!File)
    return false;
  llvm::StringRef Path = File->getName();
  if (!isLibraryForAll(Path, IsSystem))
    return ownerOfPath(Path, IsSystem, MainFile) == Owner::User && enter(*File);

  // It has to be found from where the precompiled header includes it, too; if
  // it can be, as other files write it.
  PrefixInclude Include;
  for (bool Angled : {true, false}) {
    if (!Angled && IsAngled)
      return false;
    OptionalFileEntryRef Again = lookUp(Name, Angled, std::nullopt);
    if (!Again || &Again->getFileEntry() != &File->getFileEntry())
      continue;
    Include.Spelling =
        ((Angled ? "<" : "\"") + Name + (Angled ? ">" : "\"")).str();
    break;
  }
  if (Include.Spelling.empty())
    return false;
  Include.What = isTorchPath(Path) ? PrefixInclude::Torch
                 : Path.contains("/include/c++/") ||
                         (IsAngled && IsSystem && isStandardName(Name))
                     ? PrefixInclude::Standard
                     : PrefixInclude::Other;
  Include.Path = Path.str();
  // A second time it brings nothing, whatever stands before it by then.
  if (Include.What == PrefixInclude::Torch &&
      !Seen.insert(&File->getFileEntry()).second)
    return true;
  add(std::move(Include));
  return true;
}

bool Walk::enter(FileEntryRef File) {
  if (!Seen.insert(&File.getFileEntry()).second)
    return true;
  std::optional<llvm::MemoryBufferRef> Buffer =
      Compiler.getSourceManager().getMemoryBufferForFileOrNone(File);
  if (!Buffer)
    return false;
  llvm::StringRef Text = Buffer->getBuffer();
  Lexer Lex(SourceLocation(), Compiler.getLangOpts(), Text.begin(),
            Text.begin(), Text.end());
  bool IsMain = File.getName() == MainFile, Once = IsMain;
  std::string Guard; // Open: `#ifndef GUARD` was the first directive.
  bool IsFirst = true, WantsGuard = false;
  int Depth = 0; ///< Of brackets in the user's code.
  Token T;
  while (true) {
    Lex.LexFromRawLexer(T);
    if (T.is(tok::eof))
      return Once && Guard.empty() && Depth == 0;
    if (T.isNot(tok::hash) || !T.isAtStartOfLine()) {
      if (WantsGuard)
        return false;
      IsFirst = false;
      Depth += T.isOneOf(tok::l_brace, tok::l_paren, tok::l_square);
      Depth -= T.isOneOf(tok::r_brace, tok::r_paren, tok::r_square);
      if (T.is(tok::raw_identifier) && Code.insert(T.getRawIdentifier()).second)
        Found.Code.push_back(T.getRawIdentifier().str());
      continue;
    }
    Lex.LexFromRawLexer(T);
    if (T.isNot(tok::raw_identifier) || T.isAtStartOfLine())
      return false;
    llvm::StringRef Directive = T.getRawIdentifier();
    // The rest of the line; comments over several lines are not worth more.
    size_t Start = Lex.getCurrentBufferOffset();
    size_t End = std::min(Text.find('\n', Start), Text.size());
    llvm::StringRef Rest = Text.slice(Start, End).trim();
    if (Rest.ends_with("\\") || Rest.contains("/*"))
      return false;
    Lex.seek(End, /*IsAtStartOfLine=*/false);
    llvm::StringRef Bare = Rest.split("//").first.trim();

    if (WantsGuard) {
      if (Directive != "define" || Bare != Guard)
        return false;
      WantsGuard = false;
    } else if (Directive == "include") {
      if (Depth || !include(Rest, File))
        return false;
    } else if (Directive == "pragma") {
      if (Bare == "once")
        Once = true;
      else if (!Bare.starts_with("GCC diagnostic") &&
               !Bare.starts_with("clang diagnostic") &&
               !Bare.starts_with("region") && !Bare.starts_with("endregion"))
        return false;
    } else if (Directive == "ifndef" && IsFirst) {
      if (!addName(Bare))
        return false;
      Guard = Bare.str();
      WantsGuard = Once = true;
    } else if (Directive == "endif" && !Guard.empty()) {
      Guard.clear();
    } else if (Directive == "undef") {
      HasUndef = true;
      if (!addName(Bare))
        return false;
    } else if (Directive == "define") {
      if (Depth || !define(Rest))
        return false;
    } else {
      return false;
    }
    IsFirst &= Directive == "pragma";
  }
}

} // namespace

Prefix findPrefix(const CompilerInvocation &Invocation,
                  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files) {
  CompilerInstance Compiler(std::make_shared<CompilerInvocation>(Invocation));
  IgnoringDiagConsumer Quiet;
  prepare(Compiler, std::move(Files), Quiet);
  if (!Compiler.createTarget())
    return {};
  Compiler.createPreprocessor(TU_Complete);
  const auto &Inputs = Compiler.getFrontendOpts().Inputs;
  if (Inputs.size() != 1 || !Inputs[0].isFile() ||
      !Compiler.InitializeSourceManager(Inputs[0]))
    return {};
  SourceManager &SM = Compiler.getSourceManager();
  OptionalFileEntryRef Main = SM.getFileEntryRefForID(SM.getMainFileID());
  if (!Main)
    return {};
  Walk W(Compiler);
  for (const std::string &Name : Compiler.getPreprocessorOpts().Includes)
    if (!W.include(Name))
      return W.take();
  W.enter(*Main);
  return W.take();
}

Prefix findPrefix(const ParseJob &Job) {
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Files = filesOf(Job);
  std::shared_ptr<CompilerInvocation> Invocation = makeInvocation(Job, Files);
  return Invocation ? findPrefix(*Invocation, std::move(Files)) : Prefix();
}

std::string textOf(llvm::ArrayRef<PrefixInclude> Includes) {
  std::string Text;
  for (const PrefixInclude &I : Includes)
    Text += (I.What == PrefixInclude::Define ? "#define " : "#include ") +
            I.Spelling + "\n";
  return Text;
}

} // namespace torch_tidy
