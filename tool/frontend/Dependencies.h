//===- Dependencies.h - what a parse read, and whether it is still so -----===//
//
// Everything that clang asks of the file system while it works on a file is
// recorded: what it read, what it only looked for, what it looked for in vain.
// A result holds as long as all of these answers do. So a header that appears
// in an earlier include folder counts as much as one that changes, and so does
// another GCC beside the one whose library was found.
//
// A file's *stamp* is its size, times and inode. A file with the stamp it had
// has the content it had; one with another is read and hashed, so a touched
// file costs a read and nothing else. A stamp is not trusted when the file
// changed within two seconds of it: it could change again unseen.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_DEPENDENCIES_H
#define TORCH_TIDY_TOOL_FRONTEND_DEPENDENCIES_H

#include "tool/frontend/Bytes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace torch_tidy {

struct FileStamp {
  uint64_t Size = 0, Inode = 0;
  /// Nanoseconds since 1970. A `Changed` of 0 is a stamp nobody may trust.
  int64_t Modified = 0, Changed = 0;

  bool isTrusted() const { return Changed != 0; }
  bool operator==(const FileStamp &O) const {
    return Size == O.Size && Inode == O.Inode && Modified == O.Modified &&
           Changed == O.Changed;
  }
  void write(ByteWriter &Out) const;
  static FileStamp read(ByteReader &In);
};

/// Of what is there now; nothing where there is nothing.
std::optional<FileStamp> stampOf(const std::string &Path);
/// Nanoseconds since 1970.
int64_t now();
/// \p Stamp, without trust where the file changed shortly before \p Time or
/// later.
FileStamp trustedBefore(FileStamp Stamp, int64_t Time);

struct Dependency {
  enum Kind : uint8_t {
    Content, ///< Was read.
    Listing, ///< A folder whose names were read.
    Exists,  ///< Was looked for, and there.
    Missing, ///< Was looked for, and not there.
  };
  std::string Path; ///< Absolute.
  Kind What = Exists;
  ContentHash Hash; ///< Of the content or the names.
  FileStamp Stamp;  ///< Only of files with content.
};

/// What the files of this run are now; asked once each, by all threads.
class FileStates {
public:
  /// True where the file system would answer as it did. A changed stamp over
  /// the same content is brought up to date in \p D and told in \p Restamped.
  bool holds(Dependency &D, bool &Restamped);

private:
  struct State {
    std::optional<FileStamp> Stamp;
    std::optional<ContentHash> Hash;
  };
  struct Shard {
    std::mutex Lock;
    llvm::StringMap<State> Known;
  };
  Shard Shards[16];
};

struct Dependencies {
  std::vector<Dependency> All;

  /// True where the content of this file is among them, which are those of one
  /// parse.
  bool didRead(llvm::StringRef Path) const;
  /// True while all hold.
  bool hold(FileStates &Files, bool &Restamped);
  void write(ByteWriter &Out) const;
  static Dependencies read(ByteReader &In);
};

/// Passes everything on, and remembers it. For one thread.
class RecordingFileSystem : public llvm::vfs::ProxyFileSystem {
public:
  /// What lies below \p Own is the cache's own and not recorded; may be empty.
  RecordingFileSystem(llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Below,
                      std::string Own);

  llvm::ErrorOr<llvm::vfs::Status> status(const llvm::Twine &Path) override;
  bool exists(const llvm::Twine &Path) override;
  llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>>
  openFileForRead(const llvm::Twine &Path) override;
  llvm::vfs::directory_iterator dir_begin(const llvm::Twine &Dir,
                                          std::error_code &EC) override;

  /// Everything until now, stamped, in the order of the paths. Nothing where
  /// the files changed meanwhile.
  std::optional<Dependencies> take();
  /// Forgets what was recorded.
  void forget();

private:
  friend class RecordedFile;
  struct Seen {
    Dependency::Kind What;
    ContentHash Hash;
  };
  llvm::StringMap<Seen> Known;
  std::string Own;
  int64_t Begin;
  bool Contradiction = false;

  std::string absolute(const llvm::Twine &Path) const;
  bool isOwn(llvm::StringRef Path) const {
    return !Own.empty() && Path.starts_with(Own);
  }
  void note(const std::string &Path, Dependency::Kind What,
            ContentHash Hash = {});
};

} // namespace torch_tidy

#endif
