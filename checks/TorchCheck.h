//===- TorchCheck.h - the analysis as a clang-tidy check ------------------===//
//
// A thin adapter: it asks for the analysis of the translation unit and emits
// the findings of its own kind. The analysis runs once a translation unit,
// however many checks are on; its result lives as long as those checks do.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_TORCHCHECK_H
#define TORCH_TIDY_CHECKS_TORCHCHECK_H

#include "checks/Manifest.h"
#include "clang-tidy/ClangTidyCheck.h"
#include <memory>
#include <optional>

namespace torch_tidy {

/// The analysis of one translation unit, shared by the checks on it.
class SharedAnalysis {
public:
  /// Every check may ask for its own effort; the largest is what is done.
  void require(const AnalysisOptions &Options);
  const AnalysisResult &get(clang::ASTContext &Context);

private:
  std::optional<AnalysisOptions> Options;
  std::optional<AnalysisResult> Result;
};

/// Reads `TorchBudget`, `TorchDepth` and `TorchPaths`, each local to the check
/// ("torch-device-mismatch.TorchBudget") or global ("TorchBudget").
AnalysisOptions
readAnalysisOptions(const clang::tidy::ClangTidyCheck::OptionsView &Options);

class TorchCheck : public clang::tidy::ClangTidyCheck {
public:
  TorchCheck(const CheckInfo &Info, llvm::StringRef Name,
             clang::tidy::ClangTidyContext *Context,
             std::shared_ptr<SharedAnalysis> Analysis);

  bool isLanguageVersionSupported(
      const clang::LangOptions &LangOpts) const override {
    return LangOpts.CPlusPlus;
  }
  void registerMatchers(clang::ast_matchers::MatchFinder *Finder) override;
  void
  check(const clang::ast_matchers::MatchFinder::MatchResult &Result) override;
  void storeOptions(clang::tidy::ClangTidyOptions::OptionMap &Map) override;

private:
  const CheckInfo &Info;
  AnalysisOptions Effort;
  std::shared_ptr<SharedAnalysis> Analysis;
};

} // namespace torch_tidy

#endif
