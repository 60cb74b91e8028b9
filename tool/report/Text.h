//===- Text.h - findings as clang prints them -----------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_TEXT_H
#define TORCH_TIDY_TOOL_REPORT_TEXT_H

#include "clang-tidy/ClangTidyDiagnosticConsumer.h"
#include <vector>

namespace torch_tidy {

/// Prints to standard output: `file:line:col: warning: … [check]`, the source
/// line, notes and fix-its; files below the current folder by their relative
/// names, as a user spells them. The context says whether in colour.
void printText(std::vector<clang::tidy::ClangTidyError> Errors,
               clang::tidy::ClangTidyContext &Context);

} // namespace torch_tidy

#endif
