#include "tool/lsp/Protocol.h"

namespace json = llvm::json;
namespace lsp = llvm::lsp;

namespace torch_tidy {

bool operator==(const LspDiagnostic &A, const LspDiagnostic &B) {
  return A.range == B.range && A.Code == B.Code && A.message == B.message;
}

json::Value toJSON(const LspDiagnostic &D) {
  json::Value Result = lsp::toJSON(static_cast<const lsp::Diagnostic &>(D));
  json::Object &Object = *Result.getAsObject();
  if (!D.Code.empty())
    Object["code"] = D.Code;
  if (!D.Page.empty())
    Object["codeDescription"] = json::Object{{"href", D.Page}};
  return Result;
}

json::Value toJSON(const PublishDiagnostics &P) {
  json::Object Result{{"uri", P.File}, {"diagnostics", P.Diagnostics}};
  if (P.Version)
    Result["version"] = *P.Version;
  return Result;
}

json::Value toJSON(const QuickFix &F, const LspDiagnostic &Mends) {
  json::Object Result{{"title", F.Title},
                      {"kind", lsp::CodeAction::kQuickFix},
                      {"diagnostics", json::Array{Mends}},
                      {"edit", F.Edit}};
  if (F.Preferred)
    Result["isPreferred"] = true;
  return Result;
}

bool fromJSON(const json::Value &V, InitializeRequest &Result, json::Path P) {
  const json::Object *Node = V.getAsObject();
  for (llvm::StringRef Key :
       {"capabilities", "textDocument", "publishDiagnostics"})
    if (Node)
      Node = Node->getObject(Key);
  Result.ShowsRelatedInformation =
      Node && Node->getBoolean("relatedInformation").value_or(false);
  return true;
}

} // namespace torch_tidy
