// What a loop does once in many rounds: `if (batch % 100 == 0)`.
#include "checks/flow/Interp.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;

namespace torch_tidy {

namespace {

/// Collects what a loop asks of the remainders of its counters.
class Remainders : public RecursiveASTVisitor<Remainders> {
public:
  explicit Remainders(const ASTContext &Ctx) : Ctx(Ctx) {}

  struct Asked {
    std::set<int64_t> Divisors, Compared;
    unsigned Taken = 0, Understood = 0;
  };
  std::map<const VarDecl *, Asked> Of;
  std::set<const VarDecl *> Counted;

  bool VisitUnaryOperator(const UnaryOperator *E) {
    if (E->isIncrementDecrementOp())
      Counted.insert(variable(E->getSubExpr()));
    if (E->getOpcode() == UO_LNot)
      compared(E->getSubExpr(), 0);
    return true;
  }
  bool VisitImplicitCastExpr(const ImplicitCastExpr *E) {
    if (E->getCastKind() == CK_IntegralToBoolean)
      compared(E->getSubExpr(), 0);
    return true;
  }
  bool VisitBinaryOperator(const BinaryOperator *E) {
    if (E->getOpcode() == BO_AddAssign || E->getOpcode() == BO_SubAssign)
      Counted.insert(variable(E->getLHS()));
    if (const VarDecl *V = dividend(E)) {
      ++Of[V].Taken;
      Of[V].Divisors.insert(constant(E->getRHS()).value_or(0));
    }
    if (E->isEqualityOp())
      if (std::optional<int64_t> N = constant(E->getRHS()))
        compared(E->getLHS(), *N);
    return true;
  }

private:
  const ASTContext &Ctx;

  static const VarDecl *variable(const Expr *E) {
    auto *Ref = dyn_cast<DeclRefExpr>(E->IgnoreParenImpCasts());
    return Ref ? dyn_cast<VarDecl>(Ref->getDecl()) : nullptr;
  }
  /// The one variable in an expression; null for none and for several.
  static const VarDecl *onlyVariable(const Stmt *E) {
    if (auto *X = dyn_cast<Expr>(E))
      if (const VarDecl *V = variable(X))
        return V;
    const VarDecl *Only = nullptr;
    for (const Stmt *Child : E->children())
      if (const VarDecl *V = Child ? onlyVariable(Child) : nullptr) {
        if (Only && Only != V)
          return nullptr;
        Only = V;
      }
    return Only;
  }
  static const VarDecl *dividend(const Expr *E) {
    auto *B = dyn_cast<BinaryOperator>(E->IgnoreParenImpCasts());
    return B && B->getOpcode() == BO_Rem ? onlyVariable(B->getLHS()) : nullptr;
  }
  std::optional<int64_t> constant(const Expr *E) const {
    Expr::EvalResult Result;
    if (E->isValueDependent() || !E->EvaluateAsInt(Result, Ctx))
      return std::nullopt;
    return Result.Val.getInt().getExtValue();
  }
  void compared(const Expr *E, int64_t N) {
    if (const VarDecl *V = dividend(E)) {
      ++Of[V].Understood;
      Of[V].Compared.insert(N);
    }
  }
};

} // namespace

// The counters that a loop asks one thing: whether this is the round, of more
// than are looked at one by one, in which something is done. Two such rounds
// are never next to one another, so what the round before has left is what
// the others leave.
const std::vector<const VarDecl *> &Interp::countersOf(const Stmt *Loop) {
  auto [It, First] = Counters.try_emplace(Loop);
  if (!First)
    return It->second;
  Remainders R(Ctx);
  R.TraverseStmt(const_cast<Stmt *>(Loop));
  for (const auto &[V, Asked] : R.Of)
    if (R.Counted.count(V) && Asked.Taken == Asked.Understood &&
        Asked.Divisors.size() == 1 && *Asked.Divisors.begin() > 3 &&
        Asked.Compared.size() == 1)
      It->second.push_back(V);
  return It->second;
}

// The last round that is looked at stands for all that follow.
void Interp::laterRound(const Stmt *Loop, State &In) {
  for (const VarDecl *V : countersOf(Loop))
    if (CellId C = In.top().Vars.lookup(V))
      In.Cells.mut(In.target(C)) = Value::of(Value::Sym, symbol("", false));
}

} // namespace torch_tidy
