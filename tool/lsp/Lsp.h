//===- Lsp.h - the `torch-tidy lsp` sub-command ---------------------------===//
#ifndef TORCH_TIDY_TOOL_LSP_LSP_H
#define TORCH_TIDY_TOOL_LSP_LSP_H

namespace torch_tidy {

/// Serves an editor on standard input and output until it says `exit`. Returns
/// the exit code: 1 where the editor left without `shutdown`.
int runLsp(int argc, const char **argv);

} // namespace torch_tidy

#endif
