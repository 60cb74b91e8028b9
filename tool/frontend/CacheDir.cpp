#include "tool/frontend/CacheDir.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include <chrono>

namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace torch_tidy {

static constexpr llvm::StringLiteral Magic = "torch-tidy cache 1\n";
static constexpr llvm::StringLiteral TagName = "CACHEDIR.TAG";
/// What backup programs look for (bford.info/cachedir).
static constexpr llvm::StringLiteral Tag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Made by torch-tidy; can be removed at any time.\n";

std::string CacheDir::defaultFolder() {
  if (auto Own = llvm::sys::Process::GetEnv("TORCH_TIDY_CACHE_DIR");
      Own && !Own->empty())
    return *Own;
  llvm::SmallString<128> Dir;
  if (!path::cache_directory(Dir))
    return "";
  path::append(Dir, "torch-tidy");
  return Dir.str().str();
}

CacheDir::CacheDir(std::string Folder, uint64_t Limit)
    : Folder(std::move(Folder)), Limit(Limit) {}

std::string CacheDir::path(const llvm::Twine &Name) const {
  llvm::SmallString<256> Result(Folder);
  path::append(Result, Name);
  return Result.str().str();
}

/// The checksum as it is written.
static std::string checksum(llvm::StringRef Content) {
  char Raw[8];
  llvm::support::endian::write64le(Raw, llvm::xxh3_64bits(Content));
  return std::string(Raw, 8);
}

std::unique_ptr<llvm::MemoryBuffer>
CacheDir::read(const llvm::Twine &Name) const {
  auto Buffer = llvm::MemoryBuffer::getFile(path(Name), /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!Buffer)
    return nullptr;
  llvm::StringRef Bytes = (*Buffer)->getBuffer();
  if (!Bytes.consume_front(Magic) || Bytes.size() < 8 ||
      checksum(Bytes.drop_front(8)) != Bytes.take_front(8)) {
    remove(Name);
    return nullptr;
  }
  markUsed(Name);
  return llvm::MemoryBuffer::getMemBufferCopy(Bytes.drop_front(8));
}

bool CacheDir::write(const llvm::Twine &Name, llvm::StringRef Content) {
  return store(Name, {Magic, checksum(Content), Content});
}

bool CacheDir::writeRaw(const llvm::Twine &Name, llvm::StringRef Content) {
  return store(Name, {Content});
}

bool CacheDir::fail(const llvm::Twine &Name, std::error_code EC) {
  std::lock_guard<std::mutex> Guard(Lock);
  if (Why.empty())
    Why = ("cannot write '" + path(Name) + "': " + EC.message());
  return false;
}

std::string CacheDir::trouble() const {
  std::lock_guard<std::mutex> Guard(Lock);
  return Why;
}

bool CacheDir::store(const llvm::Twine &Name,
                     llvm::ArrayRef<llvm::StringRef> Parts) {
  const std::string Final = path(Name);
  llvm::StringRef Parent = path::parent_path(Final);
  if (!fs::exists(Parent)) {
    if (std::error_code EC = fs::create_directories(Parent))
      return fail(Name, EC);
  }
  int FD;
  llvm::SmallString<256> Temporary;
  if (std::error_code EC =
          fs::createUniqueFile(Final + ".tmp-%%%%%%%%", FD, Temporary))
    return fail(Name, EC);
  // A stream that dies with an unread error takes the process with it.
  llvm::raw_fd_ostream OS(FD, /*shouldClose=*/true);
  uint64_t Size = 0;
  for (llvm::StringRef Part : Parts) {
    OS << Part;
    Size += Part.size();
  }
  OS.close();
  std::error_code EC = OS.error();
  OS.clear_error();
  if (!EC)
    EC = fs::rename(Temporary, Final);
  if (EC) {
    fs::remove(Temporary);
    return fail(Name, EC);
  }
  Written += Size;
  return true;
}

void CacheDir::remove(const llvm::Twine &Name) const { fs::remove(path(Name)); }

void CacheDir::markUsed(const llvm::Twine &Name) const {
  const std::string File = path(Name);
  fs::file_status Status;
  auto Now = std::chrono::time_point_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now());
  // A minute's precision saves most of the writing.
  if (fs::status(File, Status) ||
      Now - Status.getLastModificationTime() < std::chrono::minutes(1))
    return;
  int FD;
  if (fs::openFileForReadWrite(File, FD, fs::CD_OpenExisting, fs::OF_None))
    return;
  (void)fs::setLastAccessAndModificationTime(FD, Now);
  (void)llvm::sys::Process::SafelyCloseFileDescriptor(FD);
}

bool CacheDir::hasRoomFor(uint64_t Size) {
  if (!trouble().empty())
    return false;
  if (std::error_code EC = fs::create_directories(Folder))
    return fail("", EC);
  if (!fs::exists(path(TagName)) && !writeRaw(TagName, Tag))
    return false;
  llvm::ErrorOr<fs::space_info> Space = fs::disk_space(Folder);
  if (Space && Space->available < Size)
    return fail("", std::make_error_code(std::errc::no_space_on_device));
  return Size <= Limit;
}

namespace {
struct File {
  std::string Path;
  llvm::sys::TimePoint<> Used;
  uint64_t Bytes;
};
} // namespace

/// This tool's files in the folder; others that lie there are not touched.
static std::vector<File> filesIn(llvm::StringRef Folder) {
  std::vector<File> Result;
  std::error_code EC;
  for (fs::recursive_directory_iterator I(Folder, EC, /*follow=*/false), E;
       I != E && !EC; I.increment(EC)) {
    llvm::StringRef Name = path::filename(I->path());
    fs::file_status Status;
    if (!Name.starts_with("preamble-") && !Name.starts_with("result-") &&
        !Name.starts_with("verify-"))
      continue;
    if (fs::status(I->path(), Status, /*follow=*/false) ||
        !fs::is_regular_file(Status))
      continue;
    File &F = Result.emplace_back();
    F = {I->path(), Status.getLastModificationTime(), Status.getSize()};
    // A preamble is as old as the last use of its list of dependencies: its own
    // time is part of how it is known.
    if (Name.ends_with(".pch") && Name.starts_with("preamble-") &&
        !fs::status(I->path().substr(0, I->path().rfind('-')) + ".deps",
                    Status))
      F.Used = std::max(F.Used, Status.getLastModificationTime());
  }
  return Result;
}

CacheUsage CacheDir::usage() const {
  CacheUsage Result;
  for (const File &F : filesIn(Folder)) {
    llvm::StringRef Name = path::filename(F.Path);
    CacheUsage::Part &Part = Name.starts_with("preamble-") ? Result.Preambles
                             : Name.starts_with("result-") ? Result.Results
                                                           : Result.Others;
    ++Part.Files;
    Part.Bytes += F.Bytes;
  }
  return Result;
}

/// What a killed process was writing (this tool, or the compiler that it ran),
/// or held locked.
static bool isUnfinished(llvm::StringRef File) {
  llvm::StringRef Name = path::filename(File);
  return Name.contains(".tmp-") || Name.contains(".lock") ||
         Name.ends_with(".tmp") || Name.ends_with(".part");
}

uint64_t CacheDir::prune(uint64_t Limit) const {
  std::vector<File> Files = filesIn(Folder);
  uint64_t Total = 0, Removed = 0;
  for (const File &F : Files)
    Total += F.Bytes;
  llvm::sort(Files,
             [](const File &A, const File &B) { return A.Used < B.Used; });
  const auto Old = std::chrono::system_clock::now() - std::chrono::hours(1);
  for (const File &F : Files) {
    bool Leftover = F.Used < Old && isUnfinished(F.Path);
    if ((Total <= Limit && !Leftover) || fs::remove(F.Path))
      continue;
    Total -= F.Bytes;
    Removed += F.Bytes;
  }
  return Removed;
}

void CacheDir::keepLimit() {
  if (!Written)
    return;
  // Looking at every file costs, and a few results do not fill a cache: they
  // wait for the first run of a day.
  constexpr uint64_t Matters = 8 << 20;
  fs::file_status Tagged;
  bool Rested =
      !fs::status(path(TagName), Tagged) &&
      std::chrono::system_clock::now() - Tagged.getLastModificationTime() <
          std::chrono::hours(24);
  if (Rested && Written < std::min(Matters, Limit / 16))
    return;
  writeRaw(TagName, Tag);
  Written = 0;
  prune(Limit);
}

llvm::Error CacheDir::clear() const {
  for (const File &F : filesIn(Folder))
    if (std::error_code EC = fs::remove(F.Path))
      return llvm::createStringError("cannot remove '" + F.Path +
                                     "': " + EC.message());
  remove(TagName);
  return llvm::Error::success();
}

} // namespace torch_tidy
