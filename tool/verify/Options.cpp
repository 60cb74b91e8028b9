//===- Options.cpp --------------------------------------------------------===//
#include "tool/verify/Options.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

std::string torch_tidy::verify::VerifyFlags::cacheDir() const {
  if (!CacheDir.empty())
    return CacheDir;
  llvm::SmallString<128> Dir;
  if (!llvm::sys::path::cache_directory(Dir))
    Dir = "/tmp";
  llvm::sys::path::append(Dir, "torch-tidy");
  return std::string(Dir);
}
