// What of the visits of all entries is told.
#include "checks/flow/Reports.h"
#include "checks/flow/UseAfter.h"
#include "clang/AST/ExprCXX.h"

using namespace clang;

namespace torch_tidy {

Finding findingAt(FindingCode Code, const Expr *Call, const FunctionDecl *In) {
  Finding F;
  F.Code = Code;
  F.Call = Call;
  F.Function = In;
  F.Loc = Call->getExprLoc();
  F.Range = Call->getSourceRange();
  return F;
}

Visits &Reports::visits(FindingCode Code, const Expr *Call, const Way &By) {
  Visits &V = Sites[{{Call, unsigned(Code)}, By.Hash}];
  V.Entry = By.Entry;
  return V;
}

void Reports::needsCuda(const Expr *E, const FunctionDecl *In, bool Guarded) {
  Ask &A = Asks[E];
  A.In = In;
  A.Guarded |= Guarded;
}

// A repair is for every run of a call: what mends one breaks another that is
// known to run as it is, or that needs another repair.
std::set<Reports::SiteKey> Reports::unmendable() const {
  std::set<SiteKey> Calls;
  std::map<SiteKey, std::string> Repairs;
  for (auto &[Key, V] : Sites) {
    if (V.Runs)
      Calls.insert(Key.first);
    for (const Visits::Bad &B : V.Bads) {
      std::string Text;
      if (!B.F.Fixes.empty())
        for (const FixItHint &Hint : B.F.Fixes[0].Hints)
          Text += Hint.CodeToInsert + "\n";
      if (Repairs.try_emplace(Key.first, Text).first->second != Text)
        Calls.insert(Key.first);
    }
  }
  return Calls;
}

// Whether a mismatch is certain enough to be told: every path that came this
// way shows it, or every one on which the operands were placed so. Those
// conditions are then named.
static bool certain(const Visits &V, Visits::Bad &B,
                    const std::deque<SymbolInfo> &Symbols) {
  bool Tell = true;
  for (auto &Known : V.Fine) {
    bool Excluded = false;
    for (auto &[Sym, Val] : B.Under) {
      auto It = Known.find(Sym);
      Excluded |= It != Known.end() && It->second != Val;
    }
    // A branch that is not taken leaves its condition on the path only.
    for (auto It = B.Known.begin(); !Excluded && It != B.Known.end(); ++It) {
      auto Other = Known.find(It->first);
      const SymbolInfo &I = Symbols[It->first];
      if (Other != Known.end() && Other->second != It->second && I.Strong &&
          !I.Name.empty()) {
        B.Under.insert(*It);
        Excluded = true;
      }
    }
    Tell &= Excluded;
  }
  if (V.Fine.empty())
    return true;
  std::string When;
  for (auto &[Sym, Val] : B.Under) {
    const SymbolInfo &I = Symbols[Sym];
    if (!I.Strong || I.Name.empty())
      return false;
    When += (When.empty() ? "when '" : " and '") + I.Name + "' is " +
            (Val == 0   ? "false"
             : Val == 1 ? "true"
                        : std::to_string(Val));
  }
  B.F.Condition = When;
  return Tell && !B.Under.empty();
}

// The findings among the visits; returns the dropped moves that are their
// causes.
std::set<const Expr *>
Reports::tellMismatches(const std::deque<SymbolInfo> &Symbols) {
  std::set<const Expr *> Causes;
  std::set<SiteKey> Done, Unmendable = unmendable();
  std::set<std::pair<const FieldDecl *, const FunctionDecl *>> LeftIn;
  for (auto &[Key, V] : Sites) {
    const SiteKey &Call = Key.first;
    for (Visits::Bad &B : V.Bads) {
      if (Done.count(Call))
        break;
      if (!certain(V, B, Symbols))
        continue;
      if (B.Dropped)
        Causes.insert(B.Dropped);
      // One member left behind is one cause for all of an entry's calls.
      if (B.Left) {
        LeftTold.insert(B.Left);
        if (!LeftIn.insert({B.Left, V.Entry}).second)
          continue;
      }
      if (Unmendable.count(Call))
        B.F.Fixes.clear();
      Done.insert(Call);
      Findings.push_back(std::move(B.F));
      break;
    }
  }
  return Causes;
}

// A move whose result is dropped and whose operand is used later, where no
// other finding has it as its cause.
void Reports::tellUnusedMoves(const std::set<const Expr *> &Causes) {
  for (auto &[E, Fn] : IdleMoves) {
    auto *C = cast<CXXMemberCallExpr>(E);
    auto *Ref =
        dyn_cast<DeclRefExpr>(C->getImplicitObjectArgument()->IgnoreImplicit());
    if (Causes.count(E) || HarmlessMoves.count(E) || !Ref ||
        E->getBeginLoc().isMacroID() ||
        !usedAfter(Ctx, Fn, Ref->getDecl(), E->getEndLoc()))
      continue;
    std::string Name = Ref->getDecl()->getNameAsString();
    Finding F = findingAt(FindingCode::UnusedMove, E, Fn);
    F.Message = "the result of '" + Ty.text(E) +
                "' is dropped: it does not move '" + Name + "' in place";
    F.Fixes.push_back(
        {"assign the result of the move",
         {FixItHint::CreateInsertion(E->getBeginLoc(), Name + " = ")}});
    Findings.push_back(std::move(F));
  }
}

void Reports::tellUnguarded() {
  for (auto &[E, A] : Asks) {
    if (A.Guarded || E->getBeginLoc().isMacroID())
      continue;
    Finding F = findingAt(FindingCode::UnguardedCuda, E, A.In);
    F.Message = "CUDA is needed here, but 'torch::cuda::is_available()' is not "
                "asked on the way";
    Findings.push_back(std::move(F));
  }
}

void Reports::settle(const std::deque<SymbolInfo> &Symbols) {
  tellUnusedMoves(tellMismatches(Symbols));
  tellUnguarded();
}

std::vector<Finding> Reports::take() {
  // Members of several classes may meet what has moved in one call.
  std::set<std::pair<SiteKey, SourceLocation>> Once;
  std::vector<Finding> Few;
  for (Finding &F : Findings)
    if (Once.insert({{F.Call, unsigned(F.Code)}, F.Loc}).second)
      Few.push_back(std::move(F));
  return Few;
}

} // namespace torch_tidy
