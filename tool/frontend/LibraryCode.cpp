#include "tool/frontend/LibraryCode.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

using namespace clang;

namespace torch_tidy {

/// Folders that hold other people's code, by the names in use.
static bool isVendorFolder(llvm::StringRef Name) {
  return llvm::StringSwitch<bool>(Name)
      .CasesLower({"third_party", "third-party", "thirdparty", "3rdparty"},
                  true)
      .CasesLower({"3rd_party", "3rd-party", "external", "externals"}, true)
      .CasesLower({"extern", "vendor", "vendored", "_deps"}, true)
      .Default(false);
}

bool isTorchPath(llvm::StringRef Path) {
  return Path.contains("/include/torch/") || Path.contains("/include/ATen/") ||
         Path.contains("/include/c10/") || Path.contains("/include/caffe2/");
}

bool isLibraryForAll(llvm::StringRef Path, bool IsSystem) {
  return IsSystem || isTorchPath(Path) || Path.contains("/include/c++/");
}

Owner ownerOfPath(llvm::StringRef Path, bool IsSystem,
                  llvm::StringRef MainFile) {
  if (isLibraryForAll(Path, IsSystem))
    return Path.contains("/include/c++/") ? Owner::Standard : Owner::Library;
  // A project may itself lie below a folder called "external": only the part
  // of the path that it does not share with the main file counts.
  namespace path = llvm::sys::path;
  auto I = path::begin(Path), E = path::end(Path);
  for (auto J = path::begin(MainFile), F = path::end(MainFile);
       I != E && J != F && *I == *J; ++I)
    ++J;
  return llvm::any_of(llvm::make_range(I, E), isVendorFolder) ? Owner::Library
                                                              : Owner::User;
}

OwnerMap::OwnerMap(const SourceManager &SM, std::string Main)
    : SM(SM), MainFile(std::move(Main)) {
  if (!MainFile.empty())
    return;
  if (OptionalFileEntryRef Entry = SM.getFileEntryRefForID(SM.getMainFileID()))
    MainFile = Entry->getName().str();
}

Owner OwnerMap::operator()(SourceLocation Loc) {
  Loc = SM.getExpansionLoc(Loc);
  FileID File = SM.getFileID(Loc);
  auto [Entry, New] = Known.try_emplace(File, Owner::User);
  if (New && File != SM.getMainFileID())
    Entry->second =
        ownerOfPath(SM.getFilename(Loc), SM.isInSystemHeader(Loc), MainFile);
  return Entry->second;
}

} // namespace torch_tidy
