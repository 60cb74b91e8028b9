//===- Files.h - paths and small files of a verification ------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_FILES_H
#define TORCH_TIDY_TOOL_VERIFY_FILES_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace torch_tidy::verify {

/// \p Tail below \p Dir, without "." and "..".
std::string under(llvm::StringRef Dir, const llvm::Twine &Tail);

/// The contents of \p File; empty where it cannot be read.
std::string readFile(const std::string &File);
llvm::Error writeFile(const std::string &File, llvm::StringRef Text);
llvm::Error appendFile(const std::string &File, llvm::StringRef Text);

/// Writes \p Texts below \p Dir and a clang file system overlay that shows each
/// under the path it is keyed by; the text of \p MainFile is at `main.cpp`.
/// Gives the overlay's path.
llvm::Expected<std::string>
writeOverlay(llvm::StringRef Dir,
             const std::map<std::string, std::string> &Texts,
             llvm::StringRef MainFile);

} // namespace torch_tidy::verify

#endif
