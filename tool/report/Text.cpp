#include "tool/report/Text.h"
#include "clang-tidy/ClangTidy.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace clang::tidy;

namespace torch_tidy {

static void relativize(clang::tooling::DiagnosticMessage &Message,
                       llvm::StringRef Folder) {
  auto Shorten = [&](std::string &File) {
    llvm::StringRef Name = File;
    if (Name.consume_front(Folder) && Name.consume_front("/"))
      File = Name.str();
  };
  Shorten(Message.FilePath);
  for (clang::tooling::FileByteRange &Range : Message.Ranges)
    Shorten(Range.FilePath);
}

void printText(std::vector<ClangTidyError> Errors, ClangTidyContext &Context) {
  llvm::SmallString<256> Current;
  if (!llvm::sys::fs::current_path(Current))
    for (ClangTidyError &Error : Errors) {
      relativize(Error.Message, Current);
      for (clang::tooling::DiagnosticMessage &Note : Error.Notes)
        relativize(Note, Current);
      Error.BuildDirectory = Current.str().str();
    }
  unsigned WarningsAsErrors = 0;
  handleErrors(Errors, Context, FB_NoFix, WarningsAsErrors,
               llvm::vfs::createPhysicalFileSystem());
}

} // namespace torch_tidy
