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

/// Edits by absolute path.
using Edits = std::map<std::string, Replacements>;

/// Adds a finding's fix to a copy of the edits, so that a conflict in its last
/// edit leaves none of the others behind.
static bool addWhole(Edits &All, const tidy::ClangTidyError &Error) {
  Edits Trial;
  for (const auto &PerFile : Error.Message.Fix) {
    for (const Replacement &R : PerFile.second) {
      llvm::SmallString<256> File(R.getFilePath());
      llvm::sys::path::make_absolute(Error.BuildDirectory, File);
      llvm::sys::path::remove_dots(File, /*remove_dot_dot=*/true);
      std::string Name = File.str().str();
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
  // Writes beside the file and renames, so that a full disk loses nothing.
  return llvm::writeToOutput(File, [&](llvm::raw_ostream &OS) {
    OS << *Edited;
    return llvm::Error::success();
  });
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
  for (const auto &[File, Replaces] : All)
    if (llvm::Error Failed = editFile(File, Replaces, Format))
      return std::move(Failed);
  return Counts;
}

} // namespace torch_tidy
