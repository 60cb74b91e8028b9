#include "tool/frontend/Preamble.h"
#include "tool/frontend/Parse.h"
#include "tool/frontend/PrecompiledPrefix.h"
#include "tool/frontend/Prefix.h"
#include "tool/frontend/TypicalUse.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LockFileManager.h"

using namespace clang;
namespace vfs = llvm::vfs;

namespace torch_tidy {
namespace {

constexpr unsigned FormatVersion = 4;
/// The room that one takes; clang's memory for it is on top.
constexpr uint64_t EnoughRoom = 256 << 20;
constexpr llvm::StringLiteral AllOfTorch = "#include <torch/torch.h>\n";

/// Everything that decides what a header means, as clang itself writes it down.
std::string meaningOf(const CompilerInvocation &Invocation,
                      bool WithFolders = true) {
  CompilerInvocation Copy(Invocation);
  if (!WithFolders)
    Copy.getHeaderSearchOpts().UserEntries.clear();
  Copy.getFrontendOpts().Inputs.clear();
  Copy.getFrontendOpts().OutputFile.clear();
  // Clang 22 leaves this one uninitialised: without it, a file asks for one of
  // two keys by chance, and half of the time makes a preamble that is there.
  Copy.getCodeGenOpts().SanitizeKcfiHash = llvm::KCFIHashAlgorithm::xxHash64;
  return llvm::join(Copy.getCC1CommandLine(), "\n");
}

bool canHavePreamble(const CompilerInvocation &Invocation) {
  const LangOptions &Lang = Invocation.getLangOpts();
  const PreprocessorOptions &PP = Invocation.getPreprocessorOpts();
  return Lang.CPlusPlus && !Lang.CUDA && !Lang.ObjC && !Lang.OpenCL &&
         !Lang.Modules && PP.ImplicitPCHInclude.empty() &&
         PP.MacroIncludes.empty() && PP.ChainedIncludes.empty() &&
         PP.RemappedFiles.empty() && PP.RemappedFileBuffers.empty() &&
         Invocation.getFrontendOpts().Inputs.size() == 1 &&
         Invocation.getFrontendOpts().Inputs[0].isFile();
}

using Includes = std::vector<PrefixInclude>;

bool isOfTorch(const PrefixInclude &I) {
  return I.What == PrefixInclude::Torch;
}

/// How many of \p All must be read for the base, from the front; and which
/// make it: \p Base. \p TorchFirst: as if no other library stood in front.
size_t chooseBase(const Includes &All, bool TorchFirst, Includes &Base) {
  size_t Best = 0;
  for (size_t I = 0; I < All.size(); ++I) {
    if ((All[I].What == PrefixInclude::Other && !TorchFirst) ||
        All[I].What == PrefixInclude::Define)
      break;
    if (!isOfTorch(All[I]))
      continue;
    bool IsAll = All[I].Spelling == "<torch/torch.h>";
    if (Base.empty() || IsAll) {
      Base = {All[I]};
      Best = I + 1;
    }
    if (IsAll)
      return Best;
  }
  if (!Base.empty())
    return Best;
  // Another library comes first, or a macro: then all of them, in their order.
  // So where LibTorch is not among them: a project has such files.
  size_t Last = All.size();
  while (Last && !isOfTorch(All[Last - 1]))
    --Last;
  if (!Last)
    Last = All.size();
  const llvm::ArrayRef Front = llvm::ArrayRef(All).take_front(Last);
  auto Has = [&](PrefixInclude::Kind What) {
    return llvm::any_of(Front, [&](const auto &I) { return I.What == What; });
  };
  if (!Has(PrefixInclude::Torch) && !Has(PrefixInclude::Other))
    return 0;
  // A macro may stand behind one of the standard's for a reason.
  const bool InOrder = Has(PrefixInclude::Define);
  for (const PrefixInclude &I : Front)
    if (InOrder || I.What != PrefixInclude::Standard)
      Base.push_back(I);
  return Last;
}

} // namespace

struct Preambles::Request {
  const CompilerInvocation &Invocation;
  std::string Directory; ///< The command's folder.
  std::string Key, Text;
  /// Of a base: what all who may share it ask for.
  std::string SharedKey;
  bool IsForAll = false; ///< It is that request itself.
  /// Made when it is asked for the second time.
  bool IsSpecial = false;
  /// Null for a base.
  std::shared_ptr<Record> Base = nullptr;
  std::string BaseKey, BaseFile;
};

/// Parses and writes; nothing is kept where the run ends before the end.
std::shared_ptr<Preambles::Record> Preambles::make(const Request &Of) {
  auto Precompile = [&](const std::string &Text) {
    return precompilePrefix(
        {Of.Invocation, Text, Of.BaseFile, Of.Directory, Cache.folder()});
  };
  PrecompiledPrefix Made;
  if (llvm::StringRef(Of.Text).ends_with(AllOfTorch))
    Made = Precompile(Of.Text + typicalUse().str());
  if (Made.bytes().empty())
    Made = Precompile(Of.Text);
  ++HowManyMade;
  if (!Made.Read)
    return nullptr;
  auto R = std::make_shared<Record>();
  R->Read = std::move(*Made.Read);
  R->Exports = std::move(Made.Exports);
  if (Of.IsForAll && !Made.bytes().empty()) {
    const HeaderSearchOptions &Options = Of.Invocation.getHeaderSearchOpts();
    R->Used = usedFolders(Options, R->Read);
    R->Read = withoutUnused(Options, std::move(R->Read), R->Used);
  }
  ByteWriter Identity;
  if (Of.Base) {
    R->BaseKey = Of.BaseKey;
    R->BaseId = Of.Base->Id;
    Identity.hash(R->BaseId);
  }
  for (const Dependency &D : R->Read.All) {
    Identity.text(D.Path);
    Identity.number(D.What);
    Identity.hash(D.Hash);
  }
  R->Id = ContentHash::of(Identity.Bytes);
  if (!Made.bytes().empty()) {
    R->FileHash = ContentHash::of(Made.bytes());
    R->File = "preamble-" + Of.Key + "-" + R->Id.str() + ".pch";
    if (!Cache.writeRaw(R->File, Made.bytes()))
      return nullptr;
    std::optional<FileStamp> Stamp = stampOf(Cache.path(R->File));
    if (!Stamp)
      return nullptr;
    R->FileStamp = *Stamp;
    R->IsUsable = true;
  }
  return save(Of.Key, *R) ? R : nullptr;
}

/// The base that another command had made, or would have.
std::shared_ptr<Preambles::Record> Preambles::share(const Request &Of) {
  Request ForAll = Of;
  ForAll.Key = Of.SharedKey;
  ForAll.SharedKey.clear();
  ForAll.IsForAll = true;
  std::shared_ptr<Record> Theirs = get(ForAll);
  if (!Theirs)
    return nullptr;
  std::optional<Dependencies> Absent = findsTheSame(
      Of.Invocation.getHeaderSearchOpts(), Theirs->Read, Theirs->Used);
  if (!Absent)
    return nullptr;
  auto R = std::make_shared<Record>();
  R->IsUsable = true;
  R->BaseKey = ForAll.Key;
  R->BaseId = R->Id = Theirs->Id;
  R->Exports = Theirs->Exports;
  R->Read = std::move(*Absent);
  return save(Of.Key, *R) ? R : nullptr;
}

/// One process makes it, the others wait.
std::shared_ptr<Preambles::Record> Preambles::makeOnce(const Request &R) {
  if (!Cache.hasRoomFor(EnoughRoom))
    return nullptr;
  for (int Try = 0; Try < 3; ++Try) {
    llvm::LockFileManager Lock(Cache.path("preamble-" + R.Key));
    llvm::Expected<bool> IsOurs = Lock.tryLock();
    if (!IsOurs) {
      llvm::consumeError(IsOurs.takeError());
      return nullptr;
    }
    if (*IsOurs) {
      // Somebody may just have finished.
      if (std::shared_ptr<Record> Known = load(R.Key))
        return Known;
      std::shared_ptr<Record> Result;
      llvm::CrashRecoveryContext Recovery;
      if (!R.SharedKey.empty() && (Result = share(R)))
        return Result;
      if (!Recovery.RunSafely([&] { Result = make(R); }))
        return nullptr;
      Cache.keepLimit();
      return Result;
    }
    if (Lock.waitForUnlockFor(std::chrono::seconds(120)) ==
        llvm::WaitForUnlockResult::Timeout)
      return nullptr;
    if (std::shared_ptr<Record> Known = load(R.Key))
      return Known;
  }
  return nullptr;
}

std::shared_ptr<Preambles::Record> Preambles::get(const Request &R) {
  std::shared_ptr<Slot> S = slot(R.Key);
  std::lock_guard<std::mutex> Guard(S->Lock);
  if (!S->IsKnown) {
    S->IsKnown = true;
    S->Known = load(R.Key);
    if (!S->Known && (!R.IsSpecial || isWanted(R)))
      S->Known = makeOnce(R);
  }
  return S->Known && S->Known->IsUsable ? S->Known : nullptr;
}

/// True when it was asked for before, in this run or an earlier one.
bool Preambles::isWanted(const Request &R) {
  const std::string Name = "preamble-" + R.Key + ".want";
  if (Cache.read(Name))
    return true;
  Cache.write(Name, "");
  // The next file of this run asks again.
  slot(R.Key)->IsKnown = false;
  return false;
}

std::optional<Preamble>
Preambles::find(const CompilerInvocation &Of,
                llvm::IntrusiveRefCntPtr<vfs::FileSystem> Source,
                bool WithExports, bool TorchFirst) {
  if (!canHavePreamble(Of))
    return std::nullopt;
  Prefix Found = findPrefix(Of, Source);
  // What the command includes is part of the prefix, where it is library code.
  CompilerInvocation Invocation(Of);
  PreprocessorOptions &PP = Invocation.getPreprocessorOpts();
  PP.Includes.clear();
  // The shared libraries of a project share it, unless it asks for their
  // macros.
  std::vector<std::string> Left;
  if (!WithExports)
    llvm::erase_if(PP.Macros, [&](const auto &Macro) {
      llvm::StringRef Name = llvm::StringRef(Macro.first).split('=').first;
      if (Macro.second || !isExportMacro(Name))
        return false;
      Left.push_back(Name.str());
      return true;
    });
  auto AsksFor = [&](const Record &R) {
    return llvm::any_of(Left, [&](const std::string &Name) {
      return llvm::is_contained(R.Exports, Name);
    });
  };
  Includes Base;
  size_t Read = chooseBase(Found.Includes, TorchFirst, Base);
  if (Base.empty())
    return std::nullopt;

  auto KeyFor = [&](const std::string &Text, llvm::StringRef Below,
                    const std::string &Meaning) {
    ByteWriter Out;
    Out.number(FormatVersion);
    Out.text(toolIdentity());
    Out.text(Meaning);
    Out.text(Text);
    Out.text(Below);
    return ContentHash::of(Out.Bytes).str();
  };
  const std::string Meaning = meaningOf(Invocation);
  auto Directory = Source->getCurrentWorkingDirectory();
  Request R{Invocation, Directory ? *Directory : ""};
  R.Text = textOf(Base);
  R.Key = KeyFor(R.Text, "", Meaning);
  // Of the same LibTorch, wherever the command finds it.
  auto Torch = llvm::find_if(Base, isOfTorch);
  R.IsSpecial = Torch == Base.end();
  if (!R.IsSpecial)
    R.SharedKey = KeyFor(R.Text, Torch->Path,
                         meaningOf(Invocation, /*WithFolders=*/false));
  std::shared_ptr<Record> First = get(R);
  // What stands in front of LibTorch and does not go with it is followed by a
  // directive that mends that: `#undef slots`, behind Qt.
  if (!First)
    return TorchFirst || R.IsSpecial || !Torch->IsAfterUndef
               ? std::nullopt
               : find(Of, std::move(Source), WithExports, /*TorchFirst=*/true);
  if (AsksFor(*First))
    return find(Of, std::move(Source), /*WithExports=*/true, TorchFirst);
  // Whose it is, where it is shared.
  std::shared_ptr<Record> Made =
      First->File.empty() ? known(First->BaseKey) : First;
  if (!Made)
    return std::nullopt;
  auto StandsBefore = [&](Preamble P, const PrefixInclude &Last,
                          const PrefixInclude &LastOfTorch) {
    P.Names.assign(Found.Names.begin(), Found.Names.begin() + Last.NamesBefore);
    P.Code.assign(Found.Code.begin(),
                  Found.Code.begin() + LastOfTorch.CodeBefore);
    P.IsReordered = Last.CodeBefore > 0;
    return P;
  };
  const PrefixInclude &LastOfBase = Found.Includes[Read - 1];
  Preamble Result = StandsBefore({R.Key, First->Id, Cache.path(Made->File)},
                                 LastOfBase, LastOfBase);

  // What the base has read is there. A header of another library may mean
  // something each time it is included.
  auto IsInBase = [&](const PrefixInclude &I) {
    return llvm::any_of(Base,
                        [&](const PrefixInclude &B) {
                          return B.Spelling == I.Spelling;
                        }) ||
           (I.What != PrefixInclude::Other && Made->Read.didRead(I.Path));
  };
  Includes Own;
  llvm::copy_if(Found.Includes, std::back_inserter(Own),
                [&](const PrefixInclude &I) { return !IsInBase(I); });
  if (!Own.empty()) {
    R.Text = textOf(Own);
    R.Base = First;
    R.IsSpecial = true;
    R.BaseKey = R.Key;
    R.BaseFile = Result.File;
    R.SharedKey.clear();
    // The file names its base by where that is.
    R.Key = KeyFor(R.Text, Result.File, Meaning);
    std::shared_ptr<Record> Second = get(R);
    if (Second && AsksFor(*Second))
      return find(Of, std::move(Source), /*WithExports=*/true, TorchFirst);
    if (Second) {
      auto OfTorch = llvm::find_if(llvm::reverse(Own), isOfTorch);
      Preamble Both{R.Key, Second->Id, Cache.path(Second->File)};
      Both.Base = std::make_shared<Preamble>(std::move(Result));
      Result = StandsBefore(std::move(Both), Found.Includes.back(),
                            OfTorch == Own.rend() ? LastOfBase : *OfTorch);
    }
  }
  return Result;
}

} // namespace torch_tidy
