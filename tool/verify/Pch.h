//===- Pch.h - precompiled headers that several builds share --------------===//
//
// Each is kept in the cache folder under a name that says what it was made of,
// and made once, however many files of a run ask for it at the same time: those
// who come later wait for the first. It is made by a compiler that runs beside
// the caller; one that nobody wants any more is ended.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_PCH_H
#define TORCH_TIDY_TOOL_VERIFY_PCH_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Program.h"
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace torch_tidy::verify {

class Pch {
public:
  explicit Pch(std::string File) : File(std::move(File)) {}
  Pch(const Pch &) = delete;
  ~Pch();

  const std::string &file() const { return File; }
  /// Waits until it is made; false where that failed.
  bool wait();

private:
  friend class PchFolder;
  std::string File, Part;
  std::mutex Lock;
  std::optional<llvm::sys::ProcessInfo> Compiler;
  bool Good = true;
};

class PchFolder {
public:
  explicit PchFolder(std::string Dir) : Dir(std::move(Dir)) {}

  /// The precompiled form of \p Header, made by the compiler and the flags in
  /// \p Args unless the folder has it. \p Key is all that it depends on. Null
  /// where nothing can be written. The compiler's words go to \p Log.
  std::shared_ptr<Pch> get(llvm::StringRef Key, const std::string &Header,
                           std::vector<std::string> Args,
                           const std::string &Log);

private:
  std::string Dir;
  std::mutex Lock;
  std::map<std::string, std::weak_ptr<Pch>> Known;

  void prune();
};

} // namespace torch_tidy::verify

#endif
