#include "tool/frontend/Dependencies.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <sys/stat.h>

namespace vfs = llvm::vfs;

namespace torch_tidy {

std::string ContentHash::str() const {
  return llvm::utohexstr(High, /*LowerCase=*/true, 16) +
         llvm::utohexstr(Low, /*LowerCase=*/true, 16);
}

void FileStamp::write(ByteWriter &Out) const {
  Out.number(Size);
  Out.number(Inode);
  Out.number(Modified);
  Out.number(Changed);
}

FileStamp FileStamp::read(ByteReader &In) {
  FileStamp Result;
  Result.Size = In.number();
  Result.Inode = In.number();
  Result.Modified = In.number();
  Result.Changed = In.number();
  return Result;
}

static int64_t nanoseconds(const timespec &Time) {
  return int64_t(Time.tv_sec) * 1000000000 + Time.tv_nsec;
}

std::optional<FileStamp> stampOf(const std::string &Path) {
  struct stat S;
  if (::stat(Path.c_str(), &S))
    return std::nullopt;
  FileStamp Result;
  Result.Size = S.st_size;
  Result.Inode = S.st_ino;
#ifdef __APPLE__
  Result.Modified = nanoseconds(S.st_mtimespec);
  Result.Changed = nanoseconds(S.st_ctimespec);
#else
  Result.Modified = nanoseconds(S.st_mtim);
  Result.Changed = nanoseconds(S.st_ctim);
#endif
  return Result;
}

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

FileStamp trustedBefore(FileStamp Stamp, int64_t Time) {
  constexpr int64_t Coarsest = 2000000000; // FAT counts in two seconds.
  if (std::max(Stamp.Modified, Stamp.Changed) > Time - Coarsest)
    Stamp.Changed = 0;
  return Stamp;
}

/// Of the names in a folder, in whatever order they come.
static ContentHash hashOfNames(vfs::directory_iterator I, std::error_code EC) {
  std::vector<std::string> Names;
  for (vfs::directory_iterator End; !EC && I != End; I.increment(EC))
    Names.push_back(llvm::sys::path::filename(I->path()).str());
  llvm::sort(Names);
  return ContentHash::of(llvm::join(Names, "/"));
}

bool FileStates::holds(Dependency &D, bool &Restamped) {
  Shard &Part = Shards[llvm::xxh3_64bits(D.Path) % std::size(Shards)];
  std::lock_guard<std::mutex> Guard(Part.Lock);
  auto [Entry, New] = Part.Known.try_emplace(D.Path);
  State &S = Entry->second;
  if (New)
    S.Stamp = stampOf(D.Path);
  if (!S.Stamp || D.What == Dependency::Missing)
    return !S.Stamp == (D.What == Dependency::Missing);
  if (D.What == Dependency::Exists)
    return true;
  if (D.What == Dependency::Content && D.Stamp.isTrusted() &&
      D.Stamp == *S.Stamp)
    return true;
  if (!S.Hash) {
    if (D.What == Dependency::Listing) {
      std::error_code EC;
      auto Names = vfs::getRealFileSystem()->dir_begin(D.Path, EC);
      S.Hash = hashOfNames(Names, EC);
    } else {
      int64_t Before = now();
      auto Buffer =
          llvm::MemoryBuffer::getFile(D.Path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
      if (!Buffer)
        return false;
      S.Hash = ContentHash::of((*Buffer)->getBuffer());
      S.Stamp = trustedBefore(*S.Stamp, Before);
    }
  }
  if (*S.Hash != D.Hash)
    return false;
  if (D.What == Dependency::Content && S.Stamp->isTrusted()) {
    D.Stamp = *S.Stamp;
    Restamped = true;
  }
  return true;
}

bool Dependencies::didRead(llvm::StringRef Path) const {
  auto I = llvm::partition_point(
      All, [&](const Dependency &D) { return D.Path < Path; });
  return I != All.end() && I->Path == Path && I->What == Dependency::Content;
}

bool Dependencies::hold(FileStates &Files, bool &Restamped) {
  return llvm::all_of(All,
                      [&](Dependency &D) { return Files.holds(D, Restamped); });
}

void Dependencies::write(ByteWriter &Out) const {
  llvm::StringRef Last;
  Out.list(All, [&](const Dependency &D) {
    // Sorted paths share most of what they are.
    size_t Same = 0, Most = std::min(Last.size(), D.Path.size());
    while (Same < Most && Last[Same] == D.Path[Same])
      ++Same;
    Out.number(Same);
    Out.text(llvm::StringRef(D.Path).drop_front(Same));
    Last = D.Path;
    Out.number(D.What);
    if (D.What == Dependency::Content || D.What == Dependency::Listing)
      Out.hash(D.Hash);
    if (D.What == Dependency::Content)
      D.Stamp.write(Out);
  });
}

Dependencies Dependencies::read(ByteReader &In) {
  Dependencies Result;
  std::string Last;
  In.list([&] {
    Dependency &D = Result.All.emplace_back();
    Last.resize(std::min<uint64_t>(In.number(), Last.size()));
    Last += In.text();
    D.Path = Last;
    D.What = Dependency::Kind(In.number());
    if (D.What == Dependency::Content || D.What == Dependency::Listing)
      D.Hash = In.hash();
    if (D.What == Dependency::Content)
      D.Stamp = FileStamp::read(In);
  });
  return Result;
}

/// Notes what was read of a file, at the moment of reading.
class RecordedFile : public vfs::File {
public:
  RecordedFile(std::unique_ptr<vfs::File> Below, RecordingFileSystem &In,
               std::string Path)
      : Below(std::move(Below)), In(In), Path(std::move(Path)) {}

  llvm::ErrorOr<vfs::Status> status() override { return Below->status(); }
  llvm::ErrorOr<std::string> getName() override { return Below->getName(); }
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>>
  getBuffer(const llvm::Twine &Name, int64_t FileSize,
            bool RequiresNullTerminator, bool IsVolatile) override {
    auto Buffer =
        Below->getBuffer(Name, FileSize, RequiresNullTerminator, IsVolatile);
    // A preamble has 90 MB, of which a parse reads a few.
    if (Buffer && !In.isOwn(Path))
      In.note(Path, Dependency::Content,
              ContentHash::of((*Buffer)->getBuffer()));
    return Buffer;
  }
  std::error_code close() override { return Below->close(); }

private:
  std::unique_ptr<vfs::File> Below;
  RecordingFileSystem &In;
  std::string Path;
};

RecordingFileSystem::RecordingFileSystem(
    llvm::IntrusiveRefCntPtr<vfs::FileSystem> Below, std::string Own)
    : ProxyFileSystem(std::move(Below)), Own(std::move(Own)), Begin(now()) {}

std::string RecordingFileSystem::absolute(const llvm::Twine &Path) const {
  llvm::SmallString<256> Result;
  Path.toVector(Result);
  (void)makeAbsolute(Result);
  return Result.str().str();
}

void RecordingFileSystem::note(const std::string &Path, Dependency::Kind What,
                               ContentHash Hash) {
  if (isOwn(Path))
    return;
  auto [Entry, New] = Known.try_emplace(Path, Seen{What, Hash});
  if (New)
    return;
  Seen &S = Entry->second;
  Contradiction |=
      (S.What == Dependency::Missing) != (What == Dependency::Missing) ||
      (S.What == What && S.Hash != Hash);
  // The first of the kinds says most.
  if (What < S.What)
    S = {What, Hash};
}

llvm::ErrorOr<vfs::Status>
RecordingFileSystem::status(const llvm::Twine &Path) {
  auto Result = ProxyFileSystem::status(Path);
  note(absolute(Path), Result ? Dependency::Exists : Dependency::Missing);
  return Result;
}

bool RecordingFileSystem::exists(const llvm::Twine &Path) {
  bool Result = ProxyFileSystem::exists(Path);
  note(absolute(Path), Result ? Dependency::Exists : Dependency::Missing);
  return Result;
}

llvm::ErrorOr<std::unique_ptr<vfs::File>>
RecordingFileSystem::openFileForRead(const llvm::Twine &Path) {
  auto Result = ProxyFileSystem::openFileForRead(Path);
  std::string Absolute = absolute(Path);
  note(Absolute,
       Result || stampOf(Absolute) ? Dependency::Exists : Dependency::Missing);
  if (!Result)
    return Result;
  return std::make_unique<RecordedFile>(std::move(*Result), *this,
                                        std::move(Absolute));
}

vfs::directory_iterator RecordingFileSystem::dir_begin(const llvm::Twine &Dir,
                                                       std::error_code &EC) {
  auto Names = ProxyFileSystem::dir_begin(Dir, EC);
  if (EC)
    note(absolute(Dir), Dependency::Missing);
  else
    note(absolute(Dir), Dependency::Listing, hashOfNames(Names, EC));
  return ProxyFileSystem::dir_begin(Dir, EC);
}

std::optional<Dependencies> RecordingFileSystem::take() {
  if (Contradiction)
    return std::nullopt;
  Dependencies Result;
  for (const auto &Entry : Known) {
    Dependency &D = Result.All.emplace_back();
    D.Path = Entry.first().str();
    D.What = Entry.second.What;
    D.Hash = Entry.second.Hash;
    if (D.What != Dependency::Content)
      continue;
    std::optional<FileStamp> Stamp = stampOf(D.Path);
    if (!Stamp)
      return std::nullopt;
    D.Stamp = trustedBefore(*Stamp, Begin);
  }
  llvm::sort(Result.All, [](const Dependency &A, const Dependency &B) {
    return A.Path < B.Path;
  });
  return Result;
}

void RecordingFileSystem::forget() {
  Known.clear();
  Contradiction = false;
}

} // namespace torch_tidy
