//===- Missing.h - what other files of the program define -----------------===//
//
// A flagged file is run alone, without the rest of its program. What it calls
// there is looked for in two places:
//   - objects that the user's own build left behind, of the same target or of
//     targets that are no programs themselves;
//   - failing that, a *stand-in* that throws "'load(int)' is defined in another
//     file of the program", so that whatever does not need it still runs, and
//     the verdict says what was missing.
//
// Limits: a missing variable is zeros; a missing class (its virtual table) has
// stand-ins for virtual functions, and no type information.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_MISSING_H
#define TORCH_TIDY_TOOL_VERIFY_MISSING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace torch_tidy::verify {

/// Mangled names that a linker (GNU ld, gold, lld, mold, run with
/// --no-demangle) says are undefined; none where it fails for another reason.
std::vector<std::string> undefinedSymbols(llvm::StringRef LinkerWords);

/// C++ that defines \p Mangled. Names that do not tell variables from functions
/// (those without a namespace) are what \p Object uses them as.
std::string standIns(llvm::ArrayRef<std::string> Mangled,
                     llvm::StringRef Object);

/// Objects to link with the object that is made of \p File: those in \p All
/// that exist, without its own (\p Own) and without those of other programs.
std::vector<std::string> usableObjects(llvm::ArrayRef<std::string> All,
                                       llvm::ArrayRef<std::string> Own);

/// Archives of \p Objects, of which a linker takes what it needs, in order; at
/// most one, below \p Dir. Empty where there are none.
std::vector<std::string> archivesOf(llvm::ArrayRef<std::string> Objects,
                                    llvm::StringRef Dir);

} // namespace torch_tidy::verify

#endif
