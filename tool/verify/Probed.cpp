//===- Probed.cpp ---------------------------------------------------------===//
#include "tool/verify/Probed.h"
#include "tool/frontend/Frontend.h"
#include "tool/frontend/ResourceDir.h"
#include "tool/verify/Instrument.h"
#include "tool/verify/Plan.h"
#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ASTContext.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/TextDiagnosticPrinter.h"
#include "clang/Lex/Lexer.h"
#include "llvm/Support/Regex.h"

using namespace clang;
using namespace torch_tidy;
using namespace torch_tidy::verify;

namespace {

/// clang-tidy's glob list: "-*,torch-device-*"; the last that matches decides.
bool enabled(llvm::StringRef Globs, FindingCode Code) {
  llvm::StringRef Name = checkName(Code);
  bool On =
      Code != FindingCode::UnguardedCuda && Code != FindingCode::TransferInLoop;
  llvm::SmallVector<llvm::StringRef> Parts;
  Globs.split(Parts, ',', -1, false);
  for (llvm::StringRef Part : Parts) {
    Part = Part.trim();
    bool Off = Part.consume_front("-");
    std::string Pattern = "^";
    for (char C : Part)
      Pattern += C == '*' ? std::string(".*") : llvm::Regex::escape({&C, 1});
    if (llvm::Regex(Pattern + "$").match(Name))
      On = !Off;
  }
  return On;
}

class ProbeConsumer : public ASTConsumer {
public:
  ProbeConsumer(const Analyze &Lint, llvm::StringRef Checks, unsigned FirstId,
                bool WithDriver, Probed &Out)
      : Lint(Lint), Checks(Checks), FirstId(FirstId), WithDriver(WithDriver),
        Out(Out) {}

  void HandleTranslationUnit(ASTContext &Context) override {
    if (Context.getDiagnostics().hasUncompilableErrorOccurred())
      return;
    SourceManager &SM = Context.getSourceManager();
    AnalysisResult Result = Lint(Context);
    llvm::erase_if(Result.Findings,
                   [&](const Finding &F) { return !enabled(Checks, F.Code); });
    if (Result.Findings.empty())
      return;
    Instrumentation I = instrument(Context, Result.Findings, FirstId);
    std::string Main = pathOf(SM, SM.getMainFileID());
    DriverPlan Plan;
    if (WithDriver)
      Plan = planDriver(Context, Result.Findings, FirstId, I.Files[Main]);
    for (unsigned N = 0; N < Result.Findings.size(); ++N)
      Out.Findings.push_back(describe(Result.Findings[N], I.Sites[N], Plan, SM,
                                      Context.getLangOpts()));
    innerCalls(Result.Findings);
    for (auto &[Path, Edits] : I.Files)
      if (OptionalFileEntryRef File =
              SM.getFileManager().getOptionalFileRef(Path))
        if (std::optional<llvm::MemoryBufferRef> Buffer =
                SM.getMemoryBufferForFileOrNone(*File))
          Out.Texts[Path] = Edits.apply(Buffer->getBuffer());
    Out.DriverText = Plan.Text;
    Out.Entries = Plan.Entries.size();
  }

private:
  const Analyze &Lint;
  llvm::StringRef Checks;
  unsigned FirstId;
  bool WithDriver;
  Probed &Out;

  static std::string pathOf(const SourceManager &SM, FileID File) {
    OptionalFileEntryRef Entry = SM.getFileEntryRefForID(File);
    if (!Entry)
      return "";
    llvm::StringRef Real = Entry->getFileEntry().tryGetRealPathName();
    return (Real.empty() ? Entry->getName() : Real).str();
  }

  static std::string where(const SourceManager &SM, SourceLocation Loc) {
    PresumedLoc P = SM.getPresumedLoc(SM.getExpansionLoc(Loc));
    if (P.isInvalid())
      return "<unknown>";
    return (llvm::Twine(P.getFilename()) + ":" + llvm::Twine(P.getLine()) +
            ":" + llvm::Twine(P.getColumn()))
        .str();
  }

  ProbedFinding describe(const Finding &F, const Site &S,
                         const DriverPlan &Plan, const SourceManager &SM,
                         const LangOptions &LO) {
    ProbedFinding P;
    P.What = claimOf(F, S.Id);
    if (S.Form == Site::None)
      P.What.Obstacle = "not probed: " + S.Why;
    else if (auto Why = Plan.Undriven.find(S.Id); Why != Plan.Undriven.end())
      P.What.Obstacle = "could not be driven: " + Why->second;
    for (const DriverPlan::Entry &E : Plan.Entries)
      if (llvm::is_contained(E.Ids, S.Id))
        P.What.Entries.push_back(E.Name);
    P.Where = where(SM, F.Loc);
    P.Message = F.Message + (F.Condition.empty() ? "" : " " + F.Condition);
    P.Check = checkName(F.Code).str();
    SourceLocation Loc = SM.getExpansionLoc(F.Loc);
    P.Column = SM.getSpellingColumnNumber(Loc);
    llvm::StringRef Text = SM.getBufferData(SM.getFileID(Loc));
    unsigned Begin = SM.getFileOffset(Loc) - (P.Column - 1);
    P.Line = Text.substr(Begin)
                 .take_until([](char C) { return C == '\n' || C == '\r'; })
                 .str();
    for (const Step &At : F.History)
      P.Notes.push_back({where(SM, At.Loc), At.Text});
    if (!F.Predicted.empty())
      P.Notes.push_back({P.Where, "this dies with: " + F.Predicted});
    (void)LO;
    return P;
  }

  /// Which findings' calls are written inside another one's call.
  void innerCalls(llvm::ArrayRef<Finding> Findings) {
    for (unsigned Outer = 0; Outer < Findings.size(); ++Outer)
      for (unsigned Inner = 0; Inner < Findings.size(); ++Inner)
        if (Outer != Inner && Findings[Outer].Call && Findings[Inner].Call &&
            contains(Findings[Outer].Call, Findings[Inner].Call))
          Out.Findings[Outer].What.Inner.insert(FirstId + Inner);
  }
  static bool contains(const Stmt *Outer, const Stmt *Inner) {
    for (const Stmt *Child : Outer->children())
      if (Child && (Child == Inner || contains(Child, Inner)))
        return true;
    return false;
  }
};

} // namespace

llvm::Expected<Probed> verify::probeFile(const tooling::CompileCommand &Command,
                                         const Analyze &Lint,
                                         llvm::StringRef Checks,
                                         unsigned FirstId, bool WithDriver) {
  llvm::Expected<std::string> ResourceDir = findResourceDir();
  if (!ResourceDir)
    return ResourceDir.takeError();
  Probed Out;
  llvm::raw_string_ostream OS(Out.Errors);
  DiagnosticOptions DiagOpts;
  DiagOpts.ShowColors = false;
  TextDiagnosticPrinter Printer(OS, DiagOpts);
  ParseJob Job{Command, *ResourceDir, Printer};
  Out.Parsed = runFrontend(Job, [&](CompilerInstance &, llvm::StringRef) {
    return std::make_unique<ProbeConsumer>(Lint, Checks, FirstId, WithDriver,
                                           Out);
  });
  return std::move(Out);
}
