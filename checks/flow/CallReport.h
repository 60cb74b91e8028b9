//===- CallReport.h - what is said of one call that throws ----------------===//
//
// Read off the state that came to the call. A report stands at the call in the
// activation that chose where the wrong operand is, so that one cause is told
// once, whoever is called with it.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_CALLREPORT_H
#define TORCH_TIDY_CHECKS_FLOW_CALLREPORT_H

#include "checks/flow/Judged.h"
#include "checks/flow/Reports.h"

namespace torch_tidy {

/// The call that throws.
struct Mismatch {
  FindingCode Code;
  const clang::Expr *Site;
  llvm::ArrayRef<Used> Ops;
  const Blame &B;
};

class CallReport {
public:
  CallReport(clang::ASTContext &Ctx, Types &Ty, const State &S,
             const Mismatch &M);
  /// The call that the report stands at.
  const clang::Expr *call() const { return siteAt(S, Level, M.Site); }
  /// What would be told if the call throws on every path that comes here so.
  Visits::Bad describe(const std::string &Predicted);

private:
  bool here() const { return Level == S.Frames.size(); }
  Party party(const Used &U) const;
  const clang::Expr *argumentFor(HandleId H) const;
  std::string nameThere(const Party &P, const Used &U);
  std::vector<Step> historyOf(const Party &Wrong, const Party &Against);
  void repair(Finding &F);
  void tellLeftBehind(Finding &F, const clang::FieldDecl *Field);

  clang::ASTContext &Ctx;
  Types &Ty;
  const State &S;
  const Mismatch M;
  unsigned Level; ///< The depth of the activation that the report is in.
};

} // namespace torch_tidy

#endif
