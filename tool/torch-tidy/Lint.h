//===- Lint.h - the `torch-tidy lint` sub-command, and the default --------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_LINT_H
#define TORCH_TIDY_TOOL_TORCHTIDY_LINT_H

#include "clang-tidy/ClangTidyOptions.h"
#include "tool/torch-tidy/LintFile.h"

namespace torch_tidy {

class CompileCommands;
struct CommonFlags;
struct TidyConfig;

/// Lints the sources on the command line; `argv[0]` is the program,
/// the options follow. Returns the exit code.
int runLint(int argc, const char **argv);

/// \p File (absolute) with its compile commands. The error says that there are
/// none.
llvm::Expected<LintJob> makeJob(CompileCommands &Commands,
                                const CommonFlags &Flags,
                                clang::tidy::ClangTidyOptionsProvider &Provider,
                                const std::string &File);

/// The same for several. The error names the first file that has none.
llvm::Expected<std::vector<LintJob>>
makeJobs(CompileCommands &Commands, const CommonFlags &Flags,
         const TidyConfig &Config, llvm::ArrayRef<std::string> Files);

} // namespace torch_tidy

#endif
