#include "checks/TorchCheck.h"
#include "checks/Diagnose.h"
#include <algorithm>

using namespace clang;
using namespace clang::ast_matchers;

namespace torch_tidy {

void SharedAnalysis::require(const AnalysisOptions &Wanted) {
  if (!Options)
    Options = Wanted;
  Options->Budget = std::max(Options->Budget, Wanted.Budget);
  Options->Depth = std::max(Options->Depth, Wanted.Depth);
  Options->Paths = std::max(Options->Paths, Wanted.Paths);
  if (!Wanted.Behind.empty())
    Options->Behind = Wanted.Behind;
}

const AnalysisResult &SharedAnalysis::get(ASTContext &Context) {
  if (!Result)
    Result = analyze(Context, Options.value_or(AnalysisOptions()));
  return *Result;
}

AnalysisOptions
readAnalysisOptions(const tidy::ClangTidyCheck::OptionsView &Options) {
  AnalysisOptions Result;
  Result.Budget = Options.getLocalOrGlobal("TorchBudget", Result.Budget);
  Result.Depth = Options.getLocalOrGlobal("TorchDepth", Result.Depth);
  Result.Paths = Options.getLocalOrGlobal("TorchPaths", Result.Paths);
  return Result;
}

TorchCheck::TorchCheck(const CheckInfo &Info, llvm::StringRef Name,
                       tidy::ClangTidyContext *Context,
                       std::shared_ptr<SharedAnalysis> Analysis)
    : ClangTidyCheck(Name, Context), Info(Info),
      Effort(readAnalysisOptions(Options)), Analysis(std::move(Analysis)) {
  this->Analysis->require(Effort);
}

void TorchCheck::storeOptions(tidy::ClangTidyOptions::OptionMap &Map) {
  Options.store(Map, "TorchBudget", Effort.Budget);
  Options.store(Map, "TorchDepth", Effort.Depth);
  Options.store(Map, "TorchPaths", Effort.Paths);
}

void TorchCheck::registerMatchers(MatchFinder *Finder) {
  Finder->addMatcher(translationUnitDecl(), this);
}

void TorchCheck::check(const MatchFinder::MatchResult &Result) {
  // After an error the tree has holes, and what stands beside a hole is not
  // what the user wrote: better silent than wrong.
  if (Result.Context->getDiagnostics().hasUncompilableErrorOccurred())
    return;
  for (const Finding &F : Analysis->get(*Result.Context).Findings)
    if (F.Code == Info.Code)
      diagnose(F, [this](SourceLocation Loc, llvm::StringRef Format,
                         DiagnosticIDs::Level Level) {
        return diag(Loc, Format, Level);
      });
}

} // namespace torch_tidy
