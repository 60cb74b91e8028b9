//===- CacheDir.h - the folder that outlives the process ------------------===//
//
// Files by name, for many processes at once: a file is written beside its
// place and renamed, so a reader sees all of it or nothing, and whoever is
// killed leaves a temporary file that a later prune removes. Small files carry
// a checksum. Nothing in here is needed: what cannot be read is made anew, what
// cannot be written is not kept, and the reason is told once by `trouble()`.
//
// The folder stays below its limit: when what was written may have taken it
// over, the files that were not used for longest go.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_CACHEDIR_H
#define TORCH_TIDY_TOOL_FRONTEND_CACHEDIR_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace torch_tidy {

/// What the folder holds, in files and bytes.
struct CacheUsage {
  struct Part {
    unsigned Files = 0;
    uint64_t Bytes = 0;
  };
  Part Preambles, Results, Others;

  uint64_t bytes() const {
    return Preambles.Bytes + Results.Bytes + Others.Bytes;
  }
};

class CacheDir {
public:
  static constexpr uint64_t DefaultLimit = 2ull << 30;

  /// $TORCH_TIDY_CACHE_DIR, else `torch-tidy` in the platform's cache folder;
  /// empty where there is none.
  static std::string defaultFolder();

  /// \p Folder is absolute; it is made when the first file is written.
  explicit CacheDir(std::string Folder, uint64_t Limit = DefaultLimit);

  llvm::StringRef folder() const { return Folder; }
  std::string path(const llvm::Twine &Name) const;

  /// The content that write() was given; null where there is none or where it
  /// is damaged. Marks the file as used.
  std::unique_ptr<llvm::MemoryBuffer> read(const llvm::Twine &Name) const;
  /// With a checksum in front. False where it could not be written.
  bool write(const llvm::Twine &Name, llvm::StringRef Content);
  /// As it is.
  bool writeRaw(const llvm::Twine &Name, llvm::StringRef Content);
  void remove(const llvm::Twine &Name) const;
  /// Says that a file is in use; the longest unused go first.
  void markUsed(const llvm::Twine &Name) const;
  /// False where another file of \p Size is not worth trying to write.
  bool hasRoomFor(uint64_t Size);

  CacheUsage usage() const;
  /// Removes the longest unused until at most \p Limit bytes are left, and
  /// what killed processes left behind. Returns the bytes removed.
  uint64_t prune(uint64_t Limit) const;
  /// prune(), where this process wrote enough for it to matter.
  void keepLimit();
  /// Removes what is this tool's; the error names a file that stays.
  llvm::Error clear() const;

  /// Why something could not be written; empty for no trouble.
  std::string trouble() const;

private:
  std::string Folder;
  uint64_t Limit;
  std::atomic<uint64_t> Written{0};
  mutable std::mutex Lock;
  std::string Why;

  bool store(const llvm::Twine &Name, llvm::ArrayRef<llvm::StringRef> Parts);
  bool fail(const llvm::Twine &Name, std::error_code EC);
};

} // namespace torch_tidy

#endif
