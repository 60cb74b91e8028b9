//===- Lint.h - the `torch-tidy lint` sub-command, and the default --------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_LINT_H
#define TORCH_TIDY_TOOL_TORCHTIDY_LINT_H

namespace torch_tidy {

/// Lints the sources on the command line; `argv[0]` is the program,
/// the options follow. Returns the exit code.
int runLint(int argc, const char **argv);

} // namespace torch_tidy

#endif
