#include "tool/frontend/ResourceDir.h"
#include "clang/Basic/Version.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <dlfcn.h>

namespace path = llvm::sys::path;

namespace torch_tidy {

/// The folder of the loaded file that defines `Symbol`, with links resolved.
static std::string folderOf(const void *Symbol) {
  Dl_info Info;
  if (!::dladdr(Symbol, &Info) || !Info.dli_fname)
    return "";
  llvm::SmallString<256> Real;
  if (llvm::sys::fs::real_path(Info.dli_fname, Real))
    Real = Info.dli_fname;
  return path::parent_path(Real).str();
}

llvm::Expected<std::string> findResourceDir() {
  const std::string Program =
      folderOf(reinterpret_cast<const void *>(&findResourceDir));
  const std::string ClangCpp =
      folderOf(reinterpret_cast<const void *>(&clang::getClangFullVersion));
  const std::string Major = CLANG_VERSION_MAJOR_STRING;

  // libclang-cpp lies in PREFIX/lib, or (Debian) in /usr/lib/TRIPLET with LLVM
  // itself in /usr/lib/llvm-N.
  const std::string Candidates[] = {
      Program + "/../lib/clang/" + Major,
      ClangCpp + "/clang/" + Major,
      ClangCpp + "/../lib/clang/" + Major,
      ClangCpp + "/../llvm-" + Major + "/lib/clang/" + Major,
      std::string(TORCH_TIDY_BUILT_WITH_LLVM_LIBS) + "/clang/" + Major,
  };
  for (llvm::StringRef Candidate : Candidates) {
    llvm::SmallString<256> Dir(Candidate);
    path::remove_dots(Dir, /*remove_dot_dot=*/true);
    if (llvm::sys::fs::exists(Dir + "/include/stddef.h"))
      return Dir.str().str();
  }
  return llvm::createStringError(
      "clang's own headers (include/stddef.h) were not found; install "
      "libclang-common-" +
      Major + "-dev, or pass --extra-arg=-resource-dir=DIR; looked in " +
      llvm::join(std::begin(Candidates), std::end(Candidates), ", "));
}

} // namespace torch_tidy
