#include "tool/report/Text.h"
#include "clang-tidy/ClangTidy.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace clang::tidy;
namespace path = llvm::sys::path;

namespace torch_tidy {

void relativizePaths(std::vector<ClangTidyError> &Errors) {
  llvm::SmallString<256> Current;
  if (llvm::sys::fs::current_path(Current))
    return;
  for (ClangTidyError &Error : Errors) {
    auto Relativize = [&](std::string &File) {
      if (File.empty())
        return;
      llvm::SmallString<256> Absolute(File);
      path::make_absolute(Error.BuildDirectory, Absolute);
      path::remove_dots(Absolute, /*remove_dot_dot=*/true);
      llvm::StringRef Name = Absolute;
      if (Name.consume_front(Current) && Name.consume_front("/"))
        File = Name.str();
      else
        File = Absolute.str().str();
    };
    auto RelativizeAll = [&](clang::tooling::DiagnosticMessage &Message) {
      Relativize(Message.FilePath);
      for (clang::tooling::FileByteRange &Range : Message.Ranges)
        Relativize(Range.FilePath);
    };
    RelativizeAll(Error.Message);
    for (clang::tooling::DiagnosticMessage &Note : Error.Notes)
      RelativizeAll(Note);
    Error.BuildDirectory = Current.str().str();
  }
}

unsigned printText(const std::vector<ClangTidyError> &Errors,
                   ClangTidyContext &Context) {
  unsigned WarningsAsErrors = 0;
  handleErrors(Errors, Context, FB_NoFix, WarningsAsErrors,
               llvm::vfs::createPhysicalFileSystem());
  return WarningsAsErrors;
}

} // namespace torch_tidy
