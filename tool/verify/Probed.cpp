//===- Probed.cpp ---------------------------------------------------------===//
#include "tool/verify/Probed.h"
#include "tool/verify/Instrument.h"
#include "tool/verify/Plan.h"
#include "clang/AST/ASTContext.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"

using namespace clang;
using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

/// What a finding is called in a report, to find it there again.
struct Key {
  std::string Check, Message;
  unsigned Offset;
};

class Prober {
public:
  Prober(const Task &Of, const ProbeOptions &Options, Probed &Out)
      : Of(Of), Options(Options), Out(Out) {}

  std::vector<Key> Keys;
  std::vector<Claim> Claims;

  void operator()(ASTContext &Context,
                  const std::vector<const Finding *> &Enabled) {
    SourceManager &SM = Context.getSourceManager();
    std::vector<Finding> Findings;
    for (const Finding *F : Enabled)
      if (Of.Only.empty() || sourceAt(pathOf(SM, fileOf(SM, *F))) == Of.Only)
        Findings.push_back(*F);
    if (Findings.empty())
      return;
    Instrumentation I = instrument(Context, Findings, Options.FirstId);
    DriverPlan Plan;
    SourceEdits &Main = I.Files[pathOf(SM, SM.getMainFileID())];
    if (Options.WithDriver)
      Plan = planDriver(Context, Findings, Options.FirstId, Main);
    for (unsigned N = 0; N < Findings.size(); ++N) {
      const Finding &F = Findings[N];
      Keys.push_back(keyOf(SM, F));
      Claims.push_back(claim(F, I.Sites[N], Plan));
      if (std::string Source = sourceOf(SM, fileOf(SM, F));
          Source != Of.Job.File)
        Out.InBehind[I.Sites[N].Id] = Source;
    }
    if (!Out.InBehind.empty())
      Out.Behind = Of.Job.Behind;
    innerCalls(Findings);
    for (auto &[Path, Edits] : I.Files)
      if (OptionalFileEntryRef File =
              SM.getFileManager().getOptionalFileRef(Path))
        if (std::optional<llvm::MemoryBufferRef> Buffer =
                SM.getMemoryBufferForFileOrNone(*File))
          Out.Files[Path] = {ownText(Buffer->getBuffer()).str(), Edits,
                             sourceOf(SM, SM.translateFile(*File)),
                             sourceAt(Path).empty()};
    Out.Driver = std::move(Plan);
  }

private:
  const Task &Of;
  const ProbeOptions &Options;
  Probed &Out;
  llvm::StringMap<std::string> Sources; ///< What sourceAt() has said.

  /// The source at \p Path: the main file, or one that was read behind it to
  /// lint it; empty for a header.
  const std::string &sourceAt(llvm::StringRef Path) {
    auto [Known, New] = Sources.try_emplace(Path);
    if (New) {
      std::vector<std::string> All = Of.Job.Behind;
      All.insert(All.begin(), Of.Job.File);
      auto Same = llvm::find_if(All, [&](const std::string &Source) {
        return llvm::sys::fs::equivalent(Path, Source);
      });
      if (Same != All.end())
        Known->second = *Same;
    }
    return Known->second;
  }
  /// The one that a file is, or whose header it is.
  std::string sourceOf(SourceManager &SM, FileID File) {
    for (; File.isValid(); File = SM.getFileID(SM.getIncludeLoc(File)))
      if (std::string Source = sourceAt(pathOf(SM, File)); !Source.empty())
        return Source;
    return Of.Job.File;
  }
  static FileID fileOf(const SourceManager &SM, const Finding &F) {
    return SM.getFileID(SM.getFileLoc(F.Loc));
  }
  llvm::StringRef ownText(llvm::StringRef Text) const {
    return Of.Job.Behind.empty()
               ? Text
               : Text.take_front(Text.rfind(includesBehind(Of.Job.Behind)));
  }

  static Key keyOf(const SourceManager &SM, const Finding &F) {
    return {checkName(F.Code).str(),
            F.Message + (F.Condition.empty() ? "" : " ") + F.Condition,
            SM.getFileOffset(SM.getFileLoc(F.Loc))};
  }

  static std::string pathOf(const SourceManager &SM, FileID File) {
    OptionalFileEntryRef Entry = SM.getFileEntryRefForID(File);
    if (!Entry)
      return "";
    llvm::StringRef Real = Entry->getFileEntry().tryGetRealPathName();
    return (Real.empty() ? Entry->getName() : Real).str();
  }

  static Claim claim(const Finding &F, const Site &S, const DriverPlan &Plan) {
    Claim C = claimOf(F, S.Id);
    C.Operands = S.Operands;
    if (S.Form == Site::None)
      C.Obstacle = "not probed: " + S.Why;
    else if (auto Why = Plan.Undriven.find(S.Id); Why != Plan.Undriven.end())
      C.Obstacle = "could not be driven: " + Why->second;
    for (const DriverPlan::Entry &E : Plan.Entries)
      if (llvm::is_contained(E.Ids, S.Id) || llvm::is_contained(E.Behind, S.Id))
        C.Entries.push_back(E.Name);
    return C;
  }

  /// Which findings' calls are written inside another one's call.
  void innerCalls(llvm::ArrayRef<Finding> Findings) {
    for (unsigned Outer = 0; Outer < Findings.size(); ++Outer)
      for (unsigned Inner = 0; Inner < Findings.size(); ++Inner)
        if (Outer != Inner && Findings[Outer].Call && Findings[Inner].Call &&
            contains(Findings[Outer].Call, Findings[Inner].Call))
          Claims[Outer].Inner.insert(Options.FirstId + Inner);
  }
  static bool contains(const Stmt *Outer, const Stmt *Inner) {
    return llvm::any_of(Outer->children(), [&](const Stmt *Child) {
      return Child && (Child == Inner || contains(Child, Inner));
    });
  }
};

} // namespace

std::map<std::string, std::string> Probed::texts() const {
  std::map<std::string, std::string> Texts;
  for (const auto &[Path, File] : Files)
    Texts[Path] = File.Probes.apply(File.Before, Unprobed);
  return Texts;
}

void Probed::obstruct(unsigned Id, const std::string &Why) {
  for (ProbedFinding &F : Findings)
    for (Claim &C : F.Claims)
      if (C.Id == Id)
        C.Obstacle = Why;
}

bool Probed::dropFailingProbes(llvm::StringRef Words) {
  const std::map<std::string, std::string> Texts = texts();
  std::map<unsigned, std::string> Failing;
  llvm::SmallVector<llvm::StringRef> Lines;
  Words.split(Lines, '\n');
  for (llvm::StringRef Line : Lines)
    for (const auto &[Path, Text] : Texts) {
      // "path:12:3: error: ...".
      llvm::StringRef Rest = Line;
      unsigned Number = 0;
      if (!Line.contains(": error: ") || !Rest.consume_front(Path) ||
          !Rest.consume_front(":") || Rest.consumeInteger(10, Number))
        continue;
      llvm::StringRef At = Text;
      while (--Number && !At.empty())
        At = At.split('\n').second;
      At = At.split('\n').first;
      std::string Why = Rest.split(": error: ").second.str();
      for (llvm::StringRef Mark : {"probe::Scope(", "probe::operand("})
        for (llvm::StringRef Found = At; Found.contains(Mark);) {
          Found = Found.split(Mark).second;
          unsigned Id;
          if (!Found.consumeInteger(10, Id) && !Unprobed.count(Id))
            Failing.try_emplace(Id, Why);
        }
    }
  for (const auto &[Id, Why] : Failing) {
    Unprobed.insert(Id);
    obstruct(Id, "not probed: the probe does not compile: " + Why);
  }
  return !Failing.empty();
}

bool Probed::dropBehind(llvm::StringRef Words) {
  if (Behind.empty())
    return false;
  Behind.clear();
  for (const auto &[Id, Source] : InBehind) {
    Unprobed.insert(Id);
    obstruct(Id, "not probed: it stands in another source, '" + Source +
                     "', which does not compile behind this one (" +
                     Words.split("error: ").second.split('\n').first.str() +
                     "); run the program with --run");
  }
  return true;
}

void Probed::noteDropped() {
  for (ProbedFinding &F : Findings)
    for (Claim &C : F.Claims) {
      std::string Why;
      bool Driven = false;
      for (const DriverPlan::Entry &E : Driver.Entries)
        if (!E.Fallback && llvm::is_contained(E.Ids, C.Id)) {
          Driven |= E.Dropped.empty();
          Why = Why.empty() ? E.Dropped : Why;
        }
      if (!Driven && !Why.empty())
        C.Obstacle = "could not be driven: " + Why;
    }
}

Probed verify::probeFile(const Task &Of, const TidyConfig &Config,
                         llvm::StringRef ResourceDir, const Analyze &Lint,
                         const ProbeOptions &Options) {
  Probed Out;
  Prober Probe(Of, Options, Out);
  LintHooks Hooks{Lint, std::ref(Probe)};
  Hooks.Library = Options.Library;
  // One command is enough: the program is built once.
  LintJob One = Of.Job;
  One.Commands.resize(1);
  LintResult Result = lintFile(One, Config, ResourceDir, Hooks);
  Out.Failed = Result.Failed || Result.Crashed;
  Out.Details = std::move(Result.Details);
  for (tidy::ClangTidyError &Error : Result.Errors) {
    if (!isFinding(Error)) {
      Out.Others.push_back(std::move(Error));
      continue;
    }
    std::vector<Claim> Claims;
    for (size_t I = 0; I < Probe.Keys.size(); ++I)
      if (Probe.Keys[I].Check == Error.DiagnosticName &&
          Probe.Keys[I].Offset == Error.Message.FileOffset &&
          Probe.Keys[I].Message == Error.Message.Message)
        Claims.push_back(Probe.Claims[I]);
    if (Claims.empty() && Of.Only.empty())
      Out.Others.push_back(std::move(Error));
    else if (!Claims.empty())
      Out.Findings.push_back({std::move(Error), std::move(Claims)});
  }
  return Out;
}
