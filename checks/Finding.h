//===- Finding.h - what the analysis says, as plain data ------------------===//
//
// A finding is one cause of one failure: the call that would throw, what each
// operand is and how it came to be so, what the program would die with, and
// how to mend it. Wording is final here; front ends only lay it out.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FINDING_H
#define TORCH_TIDY_CHECKS_FINDING_H

#include "checks/flow/Placement.h"
#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/SourceLocation.h"
#include <map>
#include <string>
#include <vector>

namespace clang {
class ASTContext;
class Expr;
class FunctionDecl;
} // namespace clang

namespace torch_tidy {

/// Which check a finding belongs to; the names are those of the checks.
enum class FindingCode : uint8_t {
  DeviceMismatch,      ///< torch-device-mismatch
  DtypeMismatch,       ///< torch-dtype-mismatch
  UnusedMove,          ///< torch-unused-move
  UnregisteredMember,  ///< torch-unregistered-member
  OptimizerBeforeMove, ///< torch-optimizer-before-move
  HostAccess,          ///< torch-host-access
  UnguardedCuda,       ///< torch-unguarded-cuda
  TransferInLoop,      ///< torch-transfer-in-loop
};
/// The clang-tidy name of the check, e.g. "torch-device-mismatch".
llvm::StringRef checkName(FindingCode Code);

/// One step of the way that led to the finding, in program order.
struct Step {
  clang::SourceLocation Loc;
  /// "'model' moved to CUDA here". No trailing period.
  std::string Text;
  /// The device after this step; Unknown for a step that says something else.
  Device Dev;
  /// What moved ("model"); empty where the step is not about one value.
  std::string Subject;
};

/// One operand of the flagged call: the module's own state counts as one.
struct Operand {
  /// The operator's or module's name for it: "input", "weight", "self".
  std::string Role;
  /// As the source spells it: "input", "batch.data"; shortened when long.
  std::string Spelling;
  /// The argument's expression; null for a module's state and for operands
  /// that only exist in a callee.
  const clang::Expr *E = nullptr;
  /// True for the parameters and buffers of the module that is called.
  bool IsModuleState = false;
  /// True for the operand that the message calls wrong.
  bool Wrong = false;
  TensorFact Fact;
};

/// One way to mend a finding. Alternatives are never applied together.
struct Fix {
  /// "move the input to the module's device".
  std::string Title;
  std::vector<clang::FixItHint> Hints;
};

struct Finding {
  FindingCode Code = FindingCode::DeviceMismatch;
  /// Where the warning stands: the outermost call in the user's code.
  clang::SourceLocation Loc;
  clang::SourceRange Range;
  /// "'input' is on the CPU but 'model' was moved to CUDA".
  std::string Message;
  /// What the program would die with, as LibTorch words it; may be empty.
  std::string Predicted;
  /// For a finding that needs a condition: "when 'use_cuda' is true"; else
  /// empty.
  std::string Condition;
  std::vector<Operand> Operands;
  std::vector<Step> History;
  /// The first is the one `--fix` applies; may be empty.
  std::vector<Fix> Fixes;
  /// The throwing call (a CallExpr, CXXConstructExpr or operator call) in the
  /// function that `Function` names; valid while the AST lives.
  const clang::Expr *Call = nullptr;
  /// The function the finding is in: what a verifier has to run.
  const clang::FunctionDecl *Function = nullptr;
};

/// What the analysis did not know, and how hard it worked.
struct Unknown {
  clang::SourceLocation Loc;
  std::string Reason; ///< "no model for 'foo::bar'".
};
struct AnalysisStats {
  unsigned Functions = 0; ///< Functions analysed as entry points.
  unsigned GaveUp = 0;    ///< Of those, out of budget.
  uint64_t Visits = 0;    ///< Statements and expressions interpreted.
  double Seconds = 0;     ///< Wall time in the engine.
  std::vector<clang::SourceLocation> GaveUpAt;
};

struct AnalysisOptions {
  /// Visits one entry function may cost before it is given up.
  uint64_t Budget = 400000;
  /// Call depth that is followed before a callee is taken as unknown.
  unsigned Depth = 16;
  /// Paths (distinct states) that are kept apart at one point.
  unsigned Paths = 16;
  /// Sources that the translation unit includes for what they define: their
  /// functions are followed where they are called, and are no entries.
  std::vector<std::string> Behind = {};
};

struct AnalysisResult {
  std::vector<Finding> Findings; ///< In source order, no duplicates.
  std::vector<Unknown> Unknowns; ///< In source order, one per place and reason.
  AnalysisStats Stats;
  /// The functions that other sources can call, and those that are called here
  /// and defined in another source: their symbols, and their names as they are
  /// spelled there, "f" or "C::f".
  std::map<std::string, std::string> Defined, Unseen;
};

/// Analyses every function that the user wrote in this translation unit
/// (not those of system headers or LibTorch). Prints nothing, never throws.
AnalysisResult analyze(clang::ASTContext &Context,
                       const AnalysisOptions &Options = {});

} // namespace torch_tidy

#endif
