//===- Explain.h - the `torch-tidy explain` sub-command -------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_EXPLAIN_H
#define TORCH_TIDY_TOOL_TORCHTIDY_EXPLAIN_H

namespace torch_tidy {

/// Prints the page of a check, or the sections of docs/errors.md whose error
/// messages stand in a text or in a file. Returns the exit code: 1 where
/// nothing is known of what was asked.
int runExplain(int argc, const char **argv);

} // namespace torch_tidy

#endif
