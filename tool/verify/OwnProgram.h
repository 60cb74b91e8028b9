//===- OwnProgram.h - findings verified in the user's own program ---------===//
//
// `--run='ctest -R training'`: the flagged files are compiled with probes by
// the user's own build, through torch-tidy-launcher, and the command runs what
// comes of it. Only the flagged objects are built: they are removed, the build
// makes them again from the probed copies, and they are removed once more at
// the end, so that the next build is the user's own.
//
// A file whose headers hold probes is compiled by clang++, which can be shown
// other contents under the same names; any other by the user's compiler.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_OWNPROGRAM_H
#define TORCH_TIDY_TOOL_VERIFY_OWNPROGRAM_H

#include "tool/verify/Probed.h"
#include "tool/verify/Toolchain.h"

namespace torch_tidy::verify {

/// A flagged file, and what it and its headers are to be read as.
struct ProbedSource {
  std::string File; ///< Absolute.
  std::map<std::string, std::string> Texts;
};

/// The files of a program that hold probes. What stands in a source that others
/// were linted with gets the probes of all of them.
std::vector<ProbedSource> flaggedSources(llvm::ArrayRef<Probed> All);

struct OwnProgram {
  std::string BuildDir;
  std::string Command;
  std::string WorkDir;
  std::string Clang;
  Runtime RT;
  Backend Where;
  unsigned Seconds, MemoryMiB;
};

/// All files of the compile database in \p BuildDir.
llvm::Expected<std::vector<std::string>>
databaseFiles(llvm::StringRef BuildDir);

/// The objects of that project's other files that a program of \p File alone
/// can borrow from; none where there is no database or nothing was built.
std::vector<std::string> lentObjects(llvm::StringRef BuildDir,
                                     llvm::StringRef File);

/// Builds with probes in \p Sources, runs the command, and again with the
/// confirmed ids' operands repaired while that brings new failures to light.
/// \p Confirmed says which ids the events so far confirm, as TORCH_TIDY_REPAIR
/// spells them: "7", "9t" for an element type.
llvm::Expected<Events> runOwnProgram(
    const OwnProgram &P, llvm::ArrayRef<ProbedSource> Sources,
    llvm::function_ref<std::vector<std::string>(const Events &)> Confirmed);

} // namespace torch_tidy::verify

#endif
