#include "tool/report/Details.h"
#include "checks/Diagnose.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace clang;

namespace torch_tidy {
namespace {

class Converter {
public:
  Converter(const ASTContext &Context, llvm::StringRef WorkingDirectory)
      : SM(Context.getSourceManager()), LangOpts(Context.getLangOpts()),
        WorkingDirectory(WorkingDirectory) {}

  Place place(SourceLocation Loc) const {
    Place Result;
    Loc = SM.getFileLoc(Loc);
    if (Loc.isInvalid())
      return Result;
    Result.File = absolute(SM.getFilename(Loc));
    Result.Offset = SM.getFileOffset(Loc);
    Result.Length = Lexer::MeasureTokenLength(Loc, SM, LangOpts);
    return Result;
  }

  /// Where the warning stands is the start; how far the call goes, the length.
  Place place(const Finding &F) const {
    Place Result = place(F.Loc);
    CharSourceRange Range = Lexer::makeFileCharRange(
        CharSourceRange::getTokenRange(F.Range), SM, LangOpts);
    if (Range.isValid() &&
        SM.getFileID(Range.getEnd()) == SM.getFileID(SM.getFileLoc(F.Loc)))
      Result.Length =
          std::max(Result.Length, SM.getFileOffset(Range.getEnd()) -
                                      std::min(SM.getFileOffset(Range.getEnd()),
                                               Result.Offset));
    return Result;
  }

  FixDetails fix(const Fix &Repair) const {
    FixDetails Result{Repair.Title, {}};
    for (const FixItHint &Hint : Repair.Hints) {
      const tooling::Replacement R(SM, Hint.RemoveRange, Hint.CodeToInsert,
                                   LangOpts);
      Result.Edits.emplace_back(absolute(R.getFilePath()), R.getOffset(),
                                R.getLength(), R.getReplacementText());
    }
    return Result;
  }

private:
  const SourceManager &SM;
  const LangOptions &LangOpts;
  llvm::StringRef WorkingDirectory;

  std::string absolute(llvm::StringRef File) const {
    llvm::SmallString<256> Result(File);
    llvm::sys::path::make_absolute(WorkingDirectory, Result);
    llvm::sys::path::remove_dots(Result, /*remove_dot_dot=*/true);
    return Result.str().str();
  }
};

std::string knownDevice(const Device &D) { return D.isKnown() ? D.str() : ""; }

} // namespace

FindingDetails detailsOf(const Finding &F, const ASTContext &Context,
                         llvm::StringRef WorkingDirectory) {
  Converter Convert(Context, WorkingDirectory);
  FindingDetails Result;
  Result.Check = checkName(F.Code).str();
  Result.Message = F.Message + (F.Condition.empty() ? "" : " ") + F.Condition;
  Result.At = Convert.place(F);
  if (F.Function)
    Result.Function = F.Function->getQualifiedNameAsString();
  Result.Condition = F.Condition;
  Result.Predicted = F.Predicted;
  for (const Step &S : F.History)
    Result.History.push_back({Convert.place(S.Loc.isValid() ? S.Loc : F.Loc),
                              S.Text, knownDevice(S.Dev), S.Subject});
  for (const Operand &O : F.Operands)
    Result.Operands.push_back(
        {O.Role, O.Spelling, knownDevice(O.Fact.Dev),
         O.Fact.Type == Dtype::Unknown ? "" : dtypeName(O.Fact.Type).str(),
         O.IsModuleState, O.Wrong});
  for (const Fix &Repair : F.Fixes)
    if (isApplicable(Repair))
      Result.Fixes.push_back(Convert.fix(Repair));
  return Result;
}

FindingDetails *findDetails(std::vector<FindingDetails> &All,
                            const tidy::ClangTidyError &Error) {
  const auto &Message = Error.Message;
  for (FindingDetails &Details : All)
    if (Details.At.Offset == Message.FileOffset &&
        Details.Check == Error.DiagnosticName &&
        Details.Message == Message.Message &&
        Details.At.File == Message.FilePath)
      return &Details;
  return nullptr;
}

} // namespace torch_tidy
