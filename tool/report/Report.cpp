#include "tool/report/Report.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MD5.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace torch_tidy {

llvm::StringRef stateName(FindingState State) {
  switch (State) {
  case FindingState::NoBaseline:
    return "";
  case FindingState::Introduced:
    return "introduced";
  case FindingState::PreExisting:
    return "pre-existing";
  }
  return "";
}

std::string Report::relative(llvm::StringRef File) const {
  if (File.starts_with(Root) && File.drop_front(Root.size()).consume_front("/"))
    return File.drop_front(Root.size() + 1).str();
  return File.str();
}

std::string findRoot() {
  llvm::SmallString<256> Current;
  if (fs::current_path(Current))
    return "";
  for (llvm::StringRef Folder = Current; !Folder.empty();
       Folder = path::parent_path(Folder)) {
    llvm::SmallString<256> Git(Folder);
    path::append(Git, ".git");
    if (fs::exists(Git))
      return Folder.str();
  }
  return Current.str().str();
}

std::string hashed(llvm::StringRef Text) {
  return llvm::MD5::hash(llvm::arrayRefFromStringRef(Text))
      .digest()
      .str()
      .str();
}

std::string FingerprintMaker::operator()(const FindingDetails &F,
                                         llvm::StringRef RelativeFile,
                                         SourceTexts &Texts) {
  const SourceText &Text = Texts[F.At.File];
  std::string Line = Text.line(Text.position(F.At.Offset).Line).str();
  llvm::erase_if(Line, [](char C) { return C == ' ' || C == '\t'; });
  std::string Same = F.Check + '\n' + RelativeFile.str() + '\n' + F.Function +
                     '\n' + Line + '\n' + F.Message;
  unsigned Number = Seen[Same]++;
  return hashed(Same + "\n" + std::to_string(Number));
}

static void write(const Report &R, SourceTexts &Texts, ReportFormat Format,
                  llvm::raw_ostream &OS) {
  switch (Format) {
  case ReportFormat::Text:
    llvm_unreachable("printed finding by finding");
  case ReportFormat::Sarif:
    return writeSarif(R, Texts, OS);
  case ReportFormat::GitLab:
    return writeGitLab(R, Texts, OS);
  case ReportFormat::GitHub:
    return writeGitHub(R, Texts, OS);
  case ReportFormat::Json:
    return writeJson(R, Texts, OS);
  case ReportFormat::Html:
    return writeHtml(R, Texts, OS);
  }
}

llvm::Error mayWrite(llvm::StringRef File) {
  llvm::StringRef Folder = path::parent_path(File);
  std::error_code EC;
  if (fs::is_directory(File))
    EC = std::make_error_code(std::errc::is_a_directory);
  else if (!Folder.empty() && !fs::is_directory(Folder))
    EC = std::make_error_code(std::errc::no_such_file_or_directory);
  if (!EC)
    return llvm::Error::success();
  return llvm::createStringError("cannot write '" + File +
                                 "': " + EC.message());
}

llvm::Error writeReport(const Report &R, SourceTexts &Texts,
                        ReportFormat Format, llvm::StringRef File) {
  llvm::Error Failed = llvm::writeToOutput(File, [&](llvm::raw_ostream &OS) {
    write(R, Texts, Format, OS);
    return llvm::Error::success();
  });
  if (Failed)
    return llvm::createStringError("cannot write '" + File +
                                   "': " + llvm::toString(std::move(Failed)));
  return llvm::Error::success();
}

} // namespace torch_tidy
