// What is kept of preambles, in the cache folder and for the run.
#include "tool/frontend/Preamble.h"
#include "llvm/Support/FileSystem.h"

namespace torch_tidy {

std::shared_ptr<Preambles::Slot> Preambles::slot(llvm::StringRef Key) {
  std::lock_guard<std::mutex> Guard(SlotsLock);
  std::shared_ptr<Slot> &S = Slots[Key.str()];
  if (!S)
    S = std::make_shared<Slot>();
  return S;
}

static std::string recordName(llvm::StringRef Key) {
  return ("preamble-" + Key + ".deps").str();
}

bool Preambles::save(llvm::StringRef Key, const Record &R) {
  ByteWriter Out;
  Out.hash(R.Id);
  Out.number(R.IsUsable);
  Out.text(R.File);
  Out.hash(R.FileHash);
  R.FileStamp.write(Out);
  Out.text(R.BaseKey);
  Out.hash(R.BaseId);
  Out.list(R.Used, [&](const SearchFolder &Folder) {
    Out.text(Folder.Path);
    Out.number(Folder.Group);
  });
  Out.list(R.Exports, [&](const std::string &Name) { Out.text(Name); });
  R.Read.write(Out);
  return Cache.write(recordName(Key), Out.Bytes);
}

/// The stored record, where it still holds.
std::shared_ptr<Preambles::Record> Preambles::load(llvm::StringRef Key) {
  std::unique_ptr<llvm::MemoryBuffer> Buffer = Cache.read(recordName(Key));
  if (!Buffer)
    return nullptr;
  ByteReader In(Buffer->getBuffer());
  auto R = std::make_shared<Record>();
  R->Id = In.hash();
  R->IsUsable = In.number();
  R->File = In.text().str();
  R->FileHash = In.hash();
  R->FileStamp = FileStamp::read(In);
  R->BaseKey = In.text().str();
  R->BaseId = In.hash();
  In.list([&] {
    SearchFolder &Folder = R->Used.emplace_back();
    Folder.Path = In.text().str();
    Folder.Group = In.number();
  });
  In.list([&] { R->Exports.push_back(In.text().str()); });
  R->Read = Dependencies::read(In);
  if (!In.ok())
    return nullptr;
  if (!R->BaseKey.empty() && !holds(R->BaseKey, R->BaseId))
    return nullptr;
  bool Restamped = false;
  if (!R->Read.hold(Files, Restamped))
    return nullptr;
  if (!R->File.empty()) {
    // Nobody but this tool writes here: the file is looked into where it is
    // not the one that was written.
    const std::string Path = Cache.path(R->File);
    std::optional<FileStamp> Stamp = stampOf(Path);
    if (!Stamp || Stamp->Size != R->FileStamp.Size)
      return nullptr;
    if (!(*Stamp == R->FileStamp)) {
      int64_t Before = now();
      auto Content = llvm::MemoryBuffer::getFile(
          Path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
      if (!Content || ContentHash::of((*Content)->getBuffer()) != R->FileHash)
        return nullptr;
      R->FileStamp = trustedBefore(*Stamp, Before);
      Restamped |= R->FileStamp.isTrusted();
    }
  }
  if (Restamped)
    save(Key, *R);
  return R;
}

/// The stored record, looked at once in a run.
std::shared_ptr<Preambles::Record> Preambles::known(llvm::StringRef Key) {
  std::shared_ptr<Slot> S = slot(Key);
  std::lock_guard<std::mutex> Guard(S->Lock);
  if (!S->IsKnown && (S->Known = load(Key)))
    S->IsKnown = true;
  return S->Known;
}

bool Preambles::holds(llvm::StringRef Key, ContentHash Id) {
  std::shared_ptr<Record> Known = known(Key);
  return Known && Known->Id == Id;
}

void Preambles::reject(const Preamble &Bad) {
  Cache.remove(recordName(Bad.Key));
  llvm::sys::fs::remove(Bad.File);
  std::shared_ptr<Slot> S = slot(Bad.Key);
  std::lock_guard<std::mutex> Guard(S->Lock);
  // Not again in this run.
  S->IsKnown = true;
  S->Known = nullptr;
}

} // namespace torch_tidy
