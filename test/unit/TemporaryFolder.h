//===- TemporaryFolder.h - files for one test -----------------------------===//
#ifndef TORCH_TIDY_TEST_UNIT_TEMPORARYFOLDER_H
#define TORCH_TIDY_TEST_UNIT_TEMPORARYFOLDER_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace torch_tidy {

/// A folder that goes away with the test.
class TemporaryFolder {
public:
  TemporaryFolder() {
    llvm::sys::fs::createUniqueDirectory("torch-tidy-test", Path);
    llvm::sys::fs::real_path(Path, Path);
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(Path); }

  /// Writes a file and returns its absolute path.
  std::string write(llvm::StringRef Name, llvm::StringRef Text = "") const {
    llvm::SmallString<256> File(Path);
    llvm::sys::path::append(File, Name);
    llvm::sys::fs::create_directories(llvm::sys::path::parent_path(File));
    std::error_code EC;
    llvm::raw_fd_ostream(File, EC) << Text;
    return File.str().str();
  }
  static std::string read(llvm::StringRef File) {
    auto Buffer = llvm::MemoryBuffer::getFile(File);
    return Buffer ? (*Buffer)->getBuffer().str() : "<no such file>";
  }

  llvm::SmallString<256> Path;
};

} // namespace torch_tidy

#endif
