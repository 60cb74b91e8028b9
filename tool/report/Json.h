//===- Json.h - what the JSON formats share -------------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_JSON_H
#define TORCH_TIDY_TOOL_REPORT_JSON_H

#include "tool/report/Report.h"
#include "llvm/Support/JSON.h"

namespace torch_tidy {

/// JSON is UTF-8; a source file need not be.
inline std::string utf8(llvm::StringRef Text) {
  return llvm::json::isUTF8(Text) ? Text.str() : llvm::json::fixUTF8(Text);
}

/// First and last position of \p At; the last is behind its last character.
struct Span {
  Position First, Last;
};
inline Span spanOf(const Place &At, SourceTexts &Texts) {
  const SourceText &Text = Texts[At.File];
  return {Text.position(At.Offset), Text.position(At.Offset + At.Length)};
}

} // namespace torch_tidy

#endif
