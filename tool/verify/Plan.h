//===- Plan.h - who calls the flagged functions ---------------------------===//
//
// Writes the text that is appended to the probed copy of a file and turns it
// into a program: one entry per flagged function, with code that makes its
// arguments, and a table for runtime/driver. It is compiled without access
// control, so private methods are called like any other.
//
// An entry is *direct* (it runs the flagged function itself) or a *fallback*:
// a function of the file that calls a flagged one, and `main`. Fallbacks run
// only for findings that the direct entries left open.
//
// Arguments that can be made: tensors, devices, dtypes and options, numbers,
// strings, enums, standard containers, smart pointers and functions of no use;
// modules and other classes by their default or their shortest makeable
// constructor; optimizers over the parameters of the modules made before;
// data sets; data loaders over those or random examples. Limits: functions
// inside function-local classes are reached through the function around them;
// types without a name cannot be made.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_PLAN_H
#define TORCH_TIDY_TOOL_VERIFY_PLAN_H

#include "checks/Finding.h"
#include "tool/verify/SourceEdits.h"
#include "llvm/ADT/ArrayRef.h"
#include <map>
#include <string>
#include <vector>

namespace torch_tidy::verify {

struct DriverPlan {
  /// Why a finding has no entry of its own, by id: "parameter 'f' of type
  /// 'std::function<...>' cannot be made". It may still be reached by others.
  std::map<unsigned, std::string> Undriven;
  struct Entry {
    std::string Name;
    std::vector<unsigned> Ids; ///< The findings it is run for.
    /// Those in functions that it calls, which have entries of their own.
    std::vector<unsigned> Behind;
    bool Fallback = false;
    std::string Body; ///< Statements, on one line.
    /// Why it was taken out; empty while it is in.
    std::string Dropped;
  };
  std::vector<Entry> Entries; ///< In the order they run.
  bool Loader = false;        ///< Some entry needs MakeLoader.h.
  /// Table rows: where findings say that their operands are.
  std::string Expected;
  bool Mnist = false; ///< Needs MakeMnist.h.
  std::string Sizes;  ///< Integers that the source speaks of.

  /// What to append to the main file; empty where nothing can be run.
  std::string text() const;
  /// Takes out the entries that the compiler complains of in \p Words; false
  /// where it complains of none.
  bool dropFailing(llvm::StringRef Words);
  /// How many entries are in.
  unsigned size() const;
};

/// Plans the entries for \p Findings (ids from \p FirstId). \p MainFile takes
/// the edits that rename the file's `main`.
DriverPlan planDriver(clang::ASTContext &Context,
                      llvm::ArrayRef<Finding> Findings, unsigned FirstId,
                      SourceEdits &MainFile);

} // namespace torch_tidy::verify

#endif
