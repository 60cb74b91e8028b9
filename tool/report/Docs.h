//===- Docs.h - pages of docs/ that the program carries -------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_DOCS_H
#define TORCH_TIDY_TOOL_REPORT_DOCS_H

#include "llvm/ADT/StringRef.h"

namespace torch_tidy {

/// docs/checks/NAME.md; empty for a check without a page.
llvm::StringRef checkPage(llvm::StringRef Check);
/// docs/errors.md: a section for each error message.
llvm::StringRef errorsPage();

} // namespace torch_tidy

#endif
