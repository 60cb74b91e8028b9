//===- Diagnose.h - a finding as clang diagnostics ------------------------===//
//
// The one layout of a finding, for the tool and for the plugin: a warning with
// the first fix attached (what `--fix` applies), a note for each step of the
// history, a note with the error the program would die with, and a note with
// its own fix for each alternative repair.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_DIAGNOSE_H
#define TORCH_TIDY_CHECKS_DIAGNOSE_H

#include "checks/Finding.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace torch_tidy {

/// Starts a diagnostic of the given format string.
using StartDiagnostic = llvm::function_ref<clang::DiagnosticBuilder(
    clang::SourceLocation, llvm::StringRef Format,
    clang::DiagnosticIDs::Level)>;

/// False for a repair that would edit a macro's body: the text that it would
/// change is not where the reader looks.
bool isApplicable(const Fix &Repair);

/// Emits one warning and its notes; repairs that are not applicable are left
/// out.
void diagnose(const Finding &F, StartDiagnostic Start);

} // namespace torch_tidy

#endif
