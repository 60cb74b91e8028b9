// What a loop does once in many rounds: `if (batch % 100 == 0)`.
#include "checks/flow/Interp.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include <numeric>

using namespace clang;

namespace torch_tidy {

namespace {

/// Collects what a loop asks of the remainders of its counters.
class Remainders : public RecursiveASTVisitor<Remainders> {
public:
  explicit Remainders(const ASTContext &Ctx) : Ctx(Ctx) {}

  struct Asked {
    std::set<int64_t> Divisors, Compared;
  };
  std::map<const VarDecl *, Asked> Of;
  std::set<const VarDecl *> Counted;

  bool VisitUnaryOperator(const UnaryOperator *E) {
    if (E->isIncrementOp())
      Counted.insert(variable(E->getSubExpr()));
    return true;
  }
  bool VisitBinaryOperator(const BinaryOperator *E) {
    if (E->getOpcode() == BO_AddAssign)
      Counted.insert(variable(E->getLHS()));
    if (const VarDecl *V = dividend(E))
      Of[V].Divisors.insert(constant(E->getRHS()).value_or(0));
    if (E->isEqualityOp())
      if (const VarDecl *V = dividend(E->getLHS()))
        Of[V].Compared.insert(constant(E->getRHS()).value_or(0));
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
};

} // namespace

// Where to go on counting, for the rounds that come to what is done once in
// many. None where something is done every second or third round: what these
// leave is not what the round before the later one leaves.
const std::vector<Interp::LaterRound> &Interp::laterRounds(const Stmt *Loop) {
  constexpr int64_t Most = 1 << 30;
  constexpr size_t MostJumps = 3;
  auto [It, First] = RoundsLater.try_emplace(Loop);
  if (!First)
    return It->second;
  Remainders R(Ctx);
  R.TraverseStmt(const_cast<Stmt *>(Loop));
  for (const auto &[V, Asked] : R.Of) {
    int64_t All = *Asked.Divisors.begin() > FewRounds && R.Counted.count(V);
    for (int64_t Divisor : Asked.Divisors)
      if (All && (All = std::lcm(All, Divisor)) > Most)
        All = 0;
    std::set<int64_t> Starts{All - int64_t(FewRounds) + 1};
    for (int64_t N : Asked.Compared)
      if (N > 0 && N < All)
        Starts.insert(All + N - int64_t(FewRounds) + 1);
    for (int64_t Start : Starts)
      if (All && It->second.size() < MostJumps)
        It->second.push_back({V, Start});
  }
  return It->second;
}

void Interp::goOnAt(const LaterRound &Round, State &In) {
  if (CellId C = In.top().Vars.lookup(Round.Counter))
    In.Cells.mut(In.target(C)) = Value::integer(Round.Start);
}

} // namespace torch_tidy
