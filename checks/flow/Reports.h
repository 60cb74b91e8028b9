//===- Reports.h - from what the paths have come to to findings -----------===//
//
// The entries of a translation unit run one after another; what they come
// across is collected here, and what of it is told is decided at the end: a
// mismatch is told where every state that came to the call that way shows it,
// or every one that shares the conditions under which the operands were placed.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_REPORTS_H
#define TORCH_TIDY_CHECKS_FLOW_REPORTS_H

#include "checks/Finding.h"
#include "checks/flow/Paths.h"
#include "checks/flow/Types.h"
#include "llvm/ADT/MapVector.h"
#include <deque>
#include <map>
#include <set>

namespace torch_tidy {

/// How control comes to a call.
struct Way {
  uint64_t Hash = 0; ///< Of the rounds and calls that lead there.
  const clang::FunctionDecl *Entry = nullptr;
};

/// The states that came to one place with one history of calls and rounds.
struct Visits {
  struct Bad {
    Finding F;
    Conditions Under; ///< When the operands were placed.
    Conditions Known; ///< On the whole path.
    const clang::Expr *Dropped = nullptr;
    const clang::FieldDecl *Left = nullptr;
  };
  const clang::FunctionDecl *Entry = nullptr;
  std::vector<Bad> Bads;
  std::vector<Conditions> Fine;
  bool Runs = false; ///< One of those is known to run.
};

/// A finding that stands at the call that it is about; what it says is open.
Finding findingAt(FindingCode Code, const clang::Expr *Call,
                  const clang::FunctionDecl *In);

class Reports {
public:
  Reports(clang::ASTContext &Ctx, Types &Ty) : Ctx(Ctx), Ty(Ty) {}

  /// The visits of a call that come the same way.
  Visits &visits(FindingCode Code, const clang::Expr *Call, const Way &By);
  /// Whether this is the first report that has an unregistered member as its
  /// cause.
  bool firstOf(const clang::FieldDecl *Left) {
    return LeftTold.insert(Left).second;
  }

  /// A move as a statement of its own.
  void dropped(const clang::Expr *Move) { Drops.insert(Move); }
  bool isDropped(const clang::Expr *Move) const { return Drops.count(Move); }
  /// One that would have moved something, and one that had nothing to move.
  void idle(const clang::Expr *Move, const clang::FunctionDecl *In) {
    IdleMoves[Move] = In;
  }
  void harmless(const clang::Expr *Move) { HarmlessMoves.insert(Move); }

  /// A call that needs a GPU. \p Guarded: the path to it has asked for one.
  void needsCuda(const clang::Expr *E, const clang::FunctionDecl *In,
                 bool Guarded);
  bool firstTransfer(const clang::Expr *E) {
    return TransfersTold.insert(E).second;
  }
  void add(Finding F) { Findings.push_back(std::move(F)); }

  /// Decides what is told of the visits, the idle moves and the calls that
  /// need a GPU.
  void settle(const std::deque<SymbolInfo> &Symbols);
  /// All findings; a call is told of once, however many entries lead to it.
  std::vector<Finding> take();

private:
  using SiteKey = std::pair<const clang::Expr *, unsigned>;
  std::set<SiteKey> unmendable() const;
  std::set<const clang::Expr *>
  tellMismatches(const std::deque<SymbolInfo> &Symbols);
  void tellUnusedMoves(const std::set<const clang::Expr *> &Causes);
  void tellUnguarded();

  clang::ASTContext &Ctx;
  Types &Ty;
  std::vector<Finding> Findings;
  /// In the order in which they were first made: the keys are addresses, and
  /// what is told may not depend on those.
  llvm::MapVector<std::pair<SiteKey, uint64_t>, Visits> Sites;
  struct Ask {
    const clang::FunctionDecl *In = nullptr;
    bool Guarded = false;
  };
  std::map<const clang::Expr *, Ask> Asks;
  std::set<const clang::Expr *> TransfersTold, Drops, HarmlessMoves;
  std::map<const clang::Expr *, const clang::FunctionDecl *> IdleMoves;
  std::set<const clang::FieldDecl *> LeftTold;
};

} // namespace torch_tidy

#endif
