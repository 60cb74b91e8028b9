//===- Protocol.h - what LLVM's LSP library lacks -------------------------===//
//
// LLVM's diagnostics have no `code` and no `codeDescription`, and its
// initialize request does not say whether a client shows related information.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_LSP_PROTOCOL_H
#define TORCH_TIDY_TOOL_LSP_PROTOCOL_H

#include "llvm/Support/LSP/Protocol.h"

namespace torch_tidy {

struct LspDiagnostic : llvm::lsp::Diagnostic {
  std::string Code;
  std::string Page; ///< A URI; empty for none.
};
bool operator==(const LspDiagnostic &A, const LspDiagnostic &B);
llvm::json::Value toJSON(const LspDiagnostic &D);

struct PublishDiagnostics {
  llvm::lsp::URIForFile File;
  /// Of the document that is open in the editor, where it is.
  std::optional<int64_t> Version;
  std::vector<LspDiagnostic> Diagnostics;
};
llvm::json::Value toJSON(const PublishDiagnostics &P);

/// One way to mend one diagnostic.
struct QuickFix {
  std::string Title;
  /// The first of several; an editor's "fix all" takes it.
  bool Preferred = false;
  llvm::lsp::WorkspaceEdit Edit;
};
llvm::json::Value toJSON(const QuickFix &F, const LspDiagnostic &Mends);

struct InitializeRequest {
  bool ShowsRelatedInformation = false;
};
bool fromJSON(const llvm::json::Value &V, InitializeRequest &Result,
              llvm::json::Path Path);

} // namespace torch_tidy

#endif
