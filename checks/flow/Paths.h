//===- Paths.h - what is kept of the paths through a function -------------===//
//
// Sets of states and where control takes them, and the numbers and names that
// are not known and what a path assumes of them.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_PATHS_H
#define TORCH_TIDY_CHECKS_FLOW_PATHS_H

#include "checks/Finding.h"
#include "checks/flow/State.h"
#include <map>

namespace torch_tidy {

using States = std::vector<State>;

/// What an entry function may cost, in visits. One that runs low looks less
/// closely: better little known of a function's end than nothing.
struct Budget {
  uint64_t Whole = 0, Left = 0;

  explicit operator bool() const { return Left != 0; }
  /// \p Full for a sixteenth of it, a quarter of that for another one, then 1:
  /// few functions need more, and those that do are not worth a second.
  unsigned share(unsigned Full) const {
    const uint64_t Spent = Whole - Left;
    return Spent < Whole / 16  ? Full
           : Spent < Whole / 8 ? std::max(1u, Full / 4)
                               : 1;
  }
};

inline void append(States &To, States From) {
  for (State &S : From)
    To.push_back(std::move(S));
}

/// Where control goes after a statement.
struct Flow {
  States Next, Break, Continue, Return;
  std::map<const clang::LabelDecl *, States> Goto;

  /// Takes over where another statement leaves to, except `Next`.
  void leave(Flow &F) {
    append(Break, std::move(F.Break));
    append(Continue, std::move(F.Continue));
    returnFrom(F);
  }
  /// The same for a statement that keeps its own `break` and `continue`.
  void returnFrom(Flow &F) {
    append(Return, std::move(F.Return));
    for (auto &[Label, Waiting] : F.Goto)
      append(Goto[Label], std::move(Waiting));
  }
};

/// A number, string or condition whose value is not known.
struct SymbolInfo {
  std::string Name;
  bool Strong =
      false;         ///< Either value is possible, so a report may rest on it.
  bool Bool = false; ///< Zero or one.
  bool Text = false; ///< A string; `R` of its comparisons is interned text.
  /// What a string that is not known begins with.
  std::string Prefix;
  ObjectId NameIn = 0; ///< The module whose parameter has this name.
  enum { Plain, IsCuda, Compare } K = Plain;
  uint32_t DeviceSym = 0;
  SymbolId L = 0;
  int64_t R = 0;
  clang::BinaryOperatorKind Op = clang::BO_EQ;
};
/// One exit of a callee.
struct Outcome {
  State S;
  Value V;
};
/// One of the ways that an evaluation can go, to be tried in turn.
struct Choice {
  unsigned Taken = 0, Count = 0;
  std::shared_ptr<std::vector<Outcome>> Memo;
};

} // namespace torch_tidy

#endif
