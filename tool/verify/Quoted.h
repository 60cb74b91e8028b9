//===- Quoted.h - text as a C++ string literal ----------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_QUOTED_H
#define TORCH_TIDY_TOOL_VERIFY_QUOTED_H

#include "llvm/Support/raw_ostream.h"
#include <string>

namespace torch_tidy::verify {

inline std::string quoted(llvm::StringRef Text) {
  std::string Out = "\"";
  llvm::raw_string_ostream OS(Out);
  OS.write_escaped(Text);
  OS << '"';
  return Out;
}

} // namespace torch_tidy::verify

#endif
