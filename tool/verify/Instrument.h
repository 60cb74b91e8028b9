//===- Instrument.h - probes around flagged calls -------------------------===//
//
// Writes, for every flagged call, a copy of its source file in which the call
// announces itself:
//
//     y = model->forward(x)
//     y = (::torch_tidy::probe::Scope(3),
//          ::torch_tidy::probe::operand(3, "weight", model)->forward(
//              ::torch_tidy::probe::operand(3, "input", x)))
//
// all on the line it stood on. The comma keeps the call's type, value category
// and the life of its temporaries; `operand` gives back the reference it was
// given. A prvalue that is an argument becomes an xvalue, which only costs a
// move where a copy was elided.
//
// Words: a *site* is one probed call; its *id* is the index of the finding.
// The *form* of a site is how it could be written:
//   - Expression: as above;
//   - Statement: the call comes out of a macro's body, so the statement around
//     it is probed: `{ Scope s(3); MACRO(model, x); }`;
//   - None: it could not be probed, and `Why` says what stood in the way.
//
// Limits: calls in a class's default member initialisers and in
// initialisers of globals are probed without evidence of their return; a
// declaration that calls a constructor is probed as a statement.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_INSTRUMENT_H
#define TORCH_TIDY_TOOL_VERIFY_INSTRUMENT_H

#include "checks/Finding.h"
#include "tool/verify/SourceEdits.h"
#include "llvm/ADT/ArrayRef.h"
#include <map>
#include <string>
#include <vector>

namespace torch_tidy::verify {

struct Site {
  enum FormKind { Expression, Statement, None };
  unsigned Id = 0;
  FormKind Form = None;
  /// How many operands are probed in place: they are evaluated before the call.
  unsigned Operands = 0;
  std::string Why; ///< For None: "the call is in a macro's body outside ...".
};

/// Edits per file, by the real path that the file manager knows it under.
struct Instrumentation {
  std::vector<Site> Sites; ///< One per finding, in the findings' order.
  std::map<std::string, SourceEdits> Files;
};

/// Plans the probes for \p Findings, which belong to \p Context. Finding I gets
/// the id FirstId + I.
Instrumentation instrument(clang::ASTContext &Context,
                           llvm::ArrayRef<Finding> Findings,
                           unsigned FirstId = 0);

} // namespace torch_tidy::verify

#endif
