#include "tool/report/ApplyFixes.h"
#include "clang/Format/Format.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace clang;
using namespace clang::tooling;

namespace torch_tidy {

/// Edits by the file's own path: one that is reached by two names, through a
/// link for instance, is edited once.
using Edits = std::map<std::string, Replacements>;

static std::string ownPath(llvm::StringRef File,
                           llvm::StringRef BuildDirectory) {
  llvm::SmallString<256> Name(File), Real;
  llvm::sys::path::make_absolute(BuildDirectory, Name);
  if (llvm::sys::fs::real_path(Name, Real))
    return Name.str().str();
  return Real.str().str();
}

/// Adds a finding's fix to a copy of the edits, so that a conflict in its last
/// edit leaves none of the others behind.
static bool addWhole(Edits &All, const tidy::ClangTidyError &Error) {
  Edits Trial;
  for (const auto &PerFile : Error.Message.Fix) {
    for (const Replacement &R : PerFile.second) {
      std::string Name = ownPath(R.getFilePath(), Error.BuildDirectory);
      auto [Entry, New] = Trial.try_emplace(Name);
      if (New)
        if (auto Before = All.find(Name); Before != All.end())
          Entry->second = Before->second;
      const Replacement Absolute(Name, R.getOffset(), R.getLength(),
                                 R.getReplacementText());
      // Two findings may have one cause, and so one repair.
      if (llvm::is_contained(Entry->second, Absolute))
        continue;
      if (llvm::Error Conflict = Entry->second.add(Absolute)) {
        llvm::consumeError(std::move(Conflict));
        return false;
      }
    }
  }
  for (auto &[Name, Replaces] : Trial)
    All[Name] = std::move(Replaces);
  return true;
}

static llvm::Error cannotWrite(llvm::StringRef File, const llvm::Twine &Why) {
  return llvm::createStringError("cannot write '" + File + "': " + Why);
}

/// Writes beside the file and renames, so that a full disk loses nothing; the
/// new file has the mode of the old one.
static llvm::Error replaceFile(llvm::StringRef File, llvm::StringRef Text) {
  namespace fs = llvm::sys::fs;
  // The folder may let a file be replaced that may not be written.
  if (std::error_code EC = fs::access(File, fs::AccessMode::Write))
    return cannotWrite(File, EC.message());
  fs::file_status Before;
  if (std::error_code EC = fs::status(File, Before))
    return cannotWrite(File, EC.message());
  llvm::Expected<fs::TempFile> New =
      fs::TempFile::create(File + ".torch-tidy-%%%%%%");
  if (!New)
    return cannotWrite(File, llvm::toString(New.takeError()));
  std::error_code Failed = fs::setPermissions(New->FD, Before.permissions());
  if (!Failed) {
    llvm::raw_fd_ostream OS(New->FD, /*shouldClose=*/false);
    OS << Text;
    OS.flush();
    Failed = OS.error();
    OS.clear_error();
  }
  if (Failed)
    return llvm::joinErrors(cannotWrite(File, Failed.message()),
                            New->discard());
  if (llvm::Error E = New->keep(File))
    return cannotWrite(File, llvm::toString(std::move(E)));
  return llvm::Error::success();
}

static llvm::Error editFile(llvm::StringRef File, Replacements Replaces,
                            llvm::StringRef Format) {
  auto Buffer = llvm::MemoryBuffer::getFile(File, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/true,
                                            /*IsVolatile=*/true);
  if (!Buffer)
    return llvm::createStringError("cannot read '" + File +
                                   "': " + Buffer.getError().message());
  llvm::StringRef Code = (*Buffer)->getBuffer();
  if (Format != "none") {
    auto Style = format::getStyle(Format, File, "none");
    if (!Style)
      return Style.takeError();
    auto Formatted = format::formatReplacements(Code, Replaces, *Style);
    if (!Formatted)
      return Formatted.takeError();
    Replaces = std::move(*Formatted);
  }
  llvm::Expected<std::string> Edited = applyAllReplacements(Code, Replaces);
  if (!Edited)
    return Edited.takeError();
  return replaceFile(File, *Edited);
}

llvm::Expected<FixCounts>
applyFixes(const std::vector<tidy::ClangTidyError> &Errors,
           llvm::StringRef Format) {
  FixCounts Counts;
  Edits All;
  for (const tidy::ClangTidyError &Error : Errors) {
    if (Error.Message.Fix.empty())
      continue;
    if (addWhole(All, Error))
      ++Counts.Applied;
    else
      ++Counts.Refused;
  }
  llvm::Error Failed = llvm::Error::success();
  for (const auto &[File, Replaces] : All)
    Failed = llvm::joinErrors(std::move(Failed),
                              editFile(File, Replaces, Format));
  if (Failed)
    return std::move(Failed);
  return Counts;
}

} // namespace torch_tidy
