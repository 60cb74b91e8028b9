#include "tool/torch-tidy/StaleNolint.h"
#include "clang-tidy/GlobList.h"
#include "tool/report/SourceText.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"

using clang::tidy::ClangTidyError;

namespace torch_tidy {
namespace {

struct Nolint {
  unsigned Offset;
  std::string Kind; ///< What follows NOLINT: "", "NEXTLINE", "BEGIN", "END".
  std::string Names;
  unsigned FirstLine, LastLine; ///< What it is about.
};

std::vector<Nolint> commentsOf(llvm::StringRef Text, const SourceText &Lines) {
  std::vector<Nolint> Result;
  llvm::Regex Form("NOLINT(NEXTLINE|BEGIN|END)?\\(([^()]*)\\)");
  llvm::SmallVector<llvm::StringRef, 3> Match;
  for (llvm::StringRef Rest = Text; Form.match(Rest, &Match);
       Rest = Rest.substr(Match[0].end() - Rest.begin())) {
    Nolint N{static_cast<unsigned>(Match[0].begin() - Text.begin()),
             Match[1].str(), Match[2].str(), 0, 0};
    N.FirstLine = N.LastLine = Lines.position(N.Offset).Line;
    if (N.Kind == "NEXTLINE")
      N.FirstLine = ++N.LastLine;
    if (N.Kind == "END") {
      // The nearest that is open and has the same list.
      for (Nolint &Begin : llvm::reverse(Result))
        if (Begin.Kind == "BEGIN" && Begin.Names == N.Names &&
            Begin.LastLine == ~0u) {
          Begin.LastLine = N.LastLine;
          break;
        }
      continue;
    }
    if (N.Kind == "BEGIN")
      N.LastLine = ~0u;
    Result.push_back(std::move(N));
  }
  return Result;
}

} // namespace

std::vector<ClangTidyError>
staleNolints(llvm::StringRef File, llvm::StringRef Text,
             const std::vector<FindingDetails> &Found,
             const std::vector<llvm::StringRef> &Enabled) {
  std::vector<ClangTidyError> Result;
  const SourceText Lines(Text.str());
  for (const Nolint &N : commentsOf(Text, Lines)) {
    llvm::SmallVector<llvm::StringRef> Names;
    llvm::StringRef(N.Names).split(Names, ',');
    for (llvm::StringRef Name : Names) {
      Name = Name.trim();
      const clang::tidy::GlobList Globs(Name);
      // What no torch check answers to is for others; what is not enabled
      // cannot be judged.
      if (!Name.starts_with("torch-") ||
          llvm::none_of(Enabled, [&](llvm::StringRef Check) {
            return Globs.contains(Check);
          }))
        continue;
      if (llvm::any_of(Found, [&](const FindingDetails &F) {
            unsigned Line = Lines.position(F.At.Offset).Line;
            return F.At.File == File && Globs.contains(F.Check) &&
                   N.FirstLine <= Line && Line <= N.LastLine;
          }))
        continue;
      ClangTidyError &Error = Result.emplace_back(
          StaleNolintName, ClangTidyError::Warning,
          llvm::sys::path::parent_path(File), /*IsWarningAsError=*/false);
      Error.Message.Message =
          "'NOLINT" + N.Kind + "(" + Name.str() + ")' suppresses nothing";
      Error.Message.FilePath = File.str();
      Error.Message.FileOffset = N.Offset;
    }
  }
  return Result;
}

} // namespace torch_tidy
