//===- Repairs.h - fix-its for a mismatch ---------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_REPAIRS_H
#define TORCH_TIDY_CHECKS_FLOW_REPAIRS_H

#include "checks/flow/Judged.h"
#include "checks/flow/Types.h"

namespace torch_tidy {

/// Repairs that are written into one activation of the state that came to a
/// call, with the names that are in reach there.
class Repairs {
public:
  /// \p Level: the depth of the activation; 1 is the entry.
  Repairs(clang::ASTContext &Ctx, Types &Ty, const State &S, unsigned Level)
      : Ctx(Ctx), Ty(Ty), S(S), Level(Level), Here(S.Frames[Level - 1]) {}
  /// Adds those that mend \p F, the best first.
  void offer(Finding &F, const Used &Wrong, const Used &Against,
             llvm::ArrayRef<Used> Ops);

private:
  std::optional<Fix> moveOperand(const Used &Wrong, const Used &Against,
                                 llvm::ArrayRef<Used> Ops);
  std::optional<Fix> moveParts(const Used &Wrong, const Used &Against,
                               llvm::ArrayRef<Used> Ops);
  std::optional<clang::FixItHint>
  movePart(const Used &Part, const clang::Expr *List, llvm::StringRef Move);
  bool elsewhere(const Used &U, const Used &Against) const;
  std::optional<Fix> moveBack(const Finding &F, const Used &Against);
  std::optional<Fix> castOperand(const Used &Wrong, const Used &Against);
  std::string moveTo(const Used &Wrong, const Used &Against,
                     llvm::ArrayRef<Used> Ops);
  std::string deviceInReach(Device D, const clang::Expr *At);
  const clang::Expr *variableIn(const clang::Expr *E, HandleId H);
  std::optional<clang::FixItHint> appended(const clang::Expr *E,
                                           llvm::StringRef Suffix);

  clang::ASTContext &Ctx;
  Types &Ty;
  const State &S;
  unsigned Level;
  const Frame &Here;
};

/// The device that a function was given to make its tensors on, where it made
/// one without; null where there is none.
const clang::ParmVarDecl *ignoredDevice(Types &Ty, const Origin &O);

} // namespace torch_tidy

#endif
