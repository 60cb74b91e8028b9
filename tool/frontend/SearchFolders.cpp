#include "tool/frontend/SearchFolders.h"
#include "clang/Lex/HeaderSearchOptions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace clang;
namespace path = llvm::sys::path;

namespace torch_tidy {

/// The part of \p Path below the folder; empty where it is not there.
static llvm::StringRef below(llvm::StringRef Folder, llvm::StringRef Path) {
  Folder = Folder.rtrim('/');
  return Path.consume_front(Folder) && Path.starts_with("/")
             ? Path.ltrim('/')
             : llvm::StringRef();
}

static bool isBelow(const SearchFolder &Folder, llvm::StringRef Path) {
  return !below(Folder.Path, Path).empty();
}

/// Each once, as clang searches it.
static std::vector<SearchFolder> foldersOf(const HeaderSearchOptions &Options) {
  std::vector<SearchFolder> Result;
  for (const HeaderSearchOptions::Entry &Entry : Options.UserEntries) {
    SearchFolder Folder{Entry.Path, unsigned(Entry.Group)};
    if (!llvm::is_contained(Result, Folder))
      Result.push_back(std::move(Folder));
  }
  return Result;
}

std::vector<SearchFolder> usedFolders(const HeaderSearchOptions &Options,
                                      const Dependencies &Read) {
  std::vector<SearchFolder> Result = foldersOf(Options);
  llvm::erase_if(Result, [&](const SearchFolder &Folder) {
    return llvm::none_of(Read.All, [&](const Dependency &D) {
      return D.What == Dependency::Content && isBelow(Folder, D.Path);
    });
  });
  return Result;
}

Dependencies withoutUnused(const HeaderSearchOptions &Options,
                           Dependencies Read,
                           llvm::ArrayRef<SearchFolder> Used) {
  std::vector<SearchFolder> Unused = foldersOf(Options);
  llvm::erase_if(Unused, [&](const SearchFolder &Folder) {
    return llvm::is_contained(Used, Folder);
  });
  auto Holds = [](llvm::ArrayRef<SearchFolder> Folders, llvm::StringRef Path) {
    return llvm::any_of(Folders, [&](const SearchFolder &Folder) {
      return isBelow(Folder, Path);
    });
  };
  llvm::erase_if(Read.All, [&](const Dependency &D) {
    bool IsUnused = llvm::any_of(Unused, [&](const SearchFolder &Folder) {
      return Folder.Path == D.Path;
    });
    return IsUnused || (Holds(Unused, D.Path) && !Holds(Used, D.Path));
  });
  return Read;
}

std::optional<Dependencies> findsTheSame(const HeaderSearchOptions &Options,
                                         const Dependencies &Read,
                                         llvm::ArrayRef<SearchFolder> Used) {
  // Frameworks and folders that move with the system root are found otherwise.
  for (const HeaderSearchOptions::Entry &Entry : Options.UserEntries)
    if (Entry.IsFramework || !Entry.IgnoreSysRoot)
      return std::nullopt;
  std::vector<SearchFolder> Shared, Others;
  for (SearchFolder &Folder : foldersOf(Options))
    (llvm::is_contained(Used, Folder) ? Shared : Others)
        .push_back(std::move(Folder));
  if (!llvm::equal(Shared, Used))
    return std::nullopt;

  llvm::StringSet<> Names;
  for (const Dependency &D : Read.All)
    for (const SearchFolder &Folder : Used)
      if (llvm::StringRef Name = below(Folder.Path, D.Path); !Name.empty())
        Names.insert(Name.take_until([](char C) { return C == '/'; }));

  Dependencies Absent;
  auto Expect = [&](std::string Path) {
    if (stampOf(Path))
      return false;
    Dependency &D = Absent.All.emplace_back();
    D.Path = std::move(Path);
    D.What = Dependency::Missing;
    return true;
  };
  for (const SearchFolder &Folder : Others) {
    // One that is not there holds nothing.
    if (Expect(Folder.Path))
      continue;
    // A file is a map of headers.
    if (!llvm::sys::fs::is_directory(Folder.Path))
      return std::nullopt;
    for (const auto &Name : Names)
      if (!Expect(Folder.Path + "/" + Name.first().str()))
        return std::nullopt;
  }
  llvm::sort(Absent.All, [](const Dependency &A, const Dependency &B) {
    return A.Path < B.Path;
  });
  return Absent;
}

} // namespace torch_tidy
