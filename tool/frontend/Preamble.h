//===- Preamble.h - library headers that are parsed once for many runs ----===//
//
// Parsing <torch/torch.h> is 4.4 of the 4.5 s that a small file costs. A
// *preamble* is the precompiled form of the library headers that files begin
// with (Prefix.h), made with library bodies skipped as in any parse here, kept
// in the cache folder, and shared by all files that are compiled alike:
//
//   base   the first of LibTorch's headers, <torch/torch.h> where it is among
//          them; 8 s to make, 90 MB
//   own    those of a file's library headers that the base did not read, on top
//          of it; 1 to 2 s. Made when the same are asked for the second time.
//          Where none are LibTorch's, they are the base.
//
// It is found by what the file asks for: the tool, the language, target, macros
// and include folders, the headers' names. It is valid while everything that
// was read or looked for when it was made is as it was (Dependencies.h). In
// doubt it is made again; what clang refuses is removed, and the file is parsed
// without one. No parse ever fails because of a preamble.
//
// A base is asked for without the include folders as well, and what answers is
// taken where the file's own folders make no difference (SearchFolders.h): the
// targets of a project share it. So they do whatever macro CMake gives them as
// shared libraries.
//
// Limits: C++ alone, no modules, no CUDA; none for a command with -imacros or
// with a precompiled header of its own.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_PREAMBLE_H
#define TORCH_TIDY_TOOL_FRONTEND_PREAMBLE_H

#include "tool/frontend/CacheDir.h"
#include "tool/frontend/Dependencies.h"
#include "tool/frontend/SearchFolders.h"
#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include <map>
#include <memory>
#include <optional>

namespace clang {
class CompilerInvocation;
}

namespace torch_tidy {

/// What tells this program, with the clang it runs on, from every other.
const std::string &toolIdentity();

struct Preamble {
  std::string Key;  ///< What it was asked for by.
  ContentHash Id;   ///< Of all that it was made from.
  std::string File; ///< The precompiled header.
  /// Macros that it must not define (Prefix::Names).
  std::vector<std::string> Names = {};
  /// What the user's code names that comes before some of LibTorch's headers
  /// (Prefix::Code): nothing of that may be a macro of LibTorch.
  std::vector<std::string> Code = {};
  /// The user's code comes before some of it: then the file has to compile.
  bool IsReordered = false;
  /// What to take instead where this one cannot stand in front.
  std::shared_ptr<const Preamble> Base = nullptr;
};

class Preambles {
public:
  Preambles(CacheDir &Cache, FileStates &Files) : Cache(Cache), Files(Files) {}

  /// The preamble for the file that is compiled so; makes it where that pays.
  /// Nothing where the file has none. \p Source sees the disk, from the
  /// command's folder. Safe to call from several threads: who needs one that is
  /// being made waits for it, also for another process.
  std::optional<Preamble>
  find(const clang::CompilerInvocation &Invocation,
       llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Source) {
    return find(Invocation, std::move(Source), /*WithExports=*/false,
                /*TorchFirst=*/false);
  }
  /// True while the preamble of this key would be made from the same.
  bool holds(llvm::StringRef Key, ContentHash Id);
  /// Removes one that clang would not read.
  void reject(const Preamble &Bad);

  CacheDir &cache() { return Cache; }
  /// How many were made, and the seconds it took.
  unsigned made() const { return HowManyMade; }

private:
  /// What is kept of a preamble beside it.
  struct Record {
    ContentHash Id;
    bool IsUsable = false; ///< False where its headers cannot be precompiled.
    /// A name in the cache; empty where the preamble is the one of `BaseKey`,
    /// which is the same for this command while `Read` holds.
    std::string File;
    ContentHash FileHash;
    FileStamp FileStamp;
    std::string BaseKey; ///< Empty for a base.
    ContentHash BaseId;
    /// Of a base that commands with other folders may share.
    std::vector<SearchFolder> Used;
    /// As in PrecompiledPrefix.
    std::vector<std::string> Exports;
    Dependencies Read;
  };
  /// One per key and run.
  struct Slot {
    std::mutex Lock;
    bool IsKnown = false;
    std::shared_ptr<Record> Known;
  };
  struct Request;

  CacheDir &Cache;
  FileStates &Files;
  std::mutex SlotsLock;
  std::map<std::string, std::shared_ptr<Slot>> Slots;
  std::atomic<unsigned> HowManyMade{0};

  std::optional<Preamble>
  find(const clang::CompilerInvocation &Invocation,
       llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> Source, bool WithExports,
       bool TorchFirst);
  std::shared_ptr<Slot> slot(llvm::StringRef Key);
  std::shared_ptr<Record> get(const Request &R);
  std::shared_ptr<Record> load(llvm::StringRef Key);
  std::shared_ptr<Record> known(llvm::StringRef Key);
  std::shared_ptr<Record> make(const Request &R);
  std::shared_ptr<Record> makeOnce(const Request &R);
  std::shared_ptr<Record> share(const Request &R);
  bool save(llvm::StringRef Key, const Record &R);
  bool isWanted(const Request &R);
};

} // namespace torch_tidy

#endif
