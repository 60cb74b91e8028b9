//===- LibraryCode.h - whose code a file is -------------------------------===//
//
// Two thirds of the time clang needs for <torch/torch.h> goes into function
// bodies that no finding is ever in. They are skipped, by file:
//
//   user      the project's own files: kept
//   standard  the C++ standard library: kept, because a user's generic lambda
//             that only `std::for_each` or `std::thread` instantiates would
//             vanish with the body that does so; costs 0.03 s
//   library   LibTorch, other system headers, and vendored third-party code
//
// A vendored library is told by the name of a folder (third_party, external,
// ...) between it and the main file; one that lies among the project's own
// headers counts as the user's.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_LIBRARYCODE_H
#define TORCH_TIDY_TOOL_FRONTEND_LIBRARYCODE_H

#include "clang/Basic/SourceLocation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace clang {
class SourceManager;
}

namespace torch_tidy {

enum class Owner : uint8_t {
  User,     ///< The main file and the project's headers.
  Standard, ///< libstdc++ or libc++.
  Library,  ///< Everything else.
};

/// By path alone. `IsSystem` says that it was found through -isystem;
/// `MainFile` is the file that is analysed.
Owner ownerOfPath(llvm::StringRef Path, bool IsSystem,
                  llvm::StringRef MainFile);

/// True for LibTorch's own folders below an include path.
bool isTorchPath(llvm::StringRef Path);
/// True for code that is not the user's whatever the main file is: what may
/// stand in a precompiled header that several files share.
bool isLibraryForAll(llvm::StringRef Path, bool IsSystem);

/// Remembers the answer per file of one translation unit.
class OwnerMap {
public:
  /// \p MainFile takes the place of the main file where that stands for
  /// another one.
  explicit OwnerMap(const clang::SourceManager &SM, std::string MainFile = "");
  Owner operator()(clang::SourceLocation Loc);

private:
  const clang::SourceManager &SM;
  std::string MainFile;
  llvm::DenseMap<clang::FileID, Owner> Known;
};

} // namespace torch_tidy

#endif
