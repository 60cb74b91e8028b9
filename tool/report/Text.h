//===- Text.h - findings as clang prints them -----------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_TEXT_H
#define TORCH_TIDY_TOOL_REPORT_TEXT_H

#include "clang-tidy/ClangTidyDiagnosticConsumer.h"
#include <vector>

namespace torch_tidy {

/// Names files below the current folder relative to it, as a user spells them;
/// others by their absolute path.
void relativizePaths(std::vector<clang::tidy::ClangTidyError> &Errors);

/// Prints to standard output: `file:line:col: warning: … [check]`, the source
/// line, notes and fix-its. The context says whether in colour. Returns how
/// many of them `--warnings-as-errors` made errors.
unsigned printText(const std::vector<clang::tidy::ClangTidyError> &Errors,
                   clang::tidy::ClangTidyContext &Context);

} // namespace torch_tidy

#endif
