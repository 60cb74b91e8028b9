#include "tool/torch-tidy/Reporter.h"
#include "tool/report/Text.h"
#include "tool/torch-tidy/TidyConfig.h"
#include "llvm/Support/WithColor.h"

using clang::tidy::ClangTidyError;

namespace torch_tidy {

Reporter::Reporter(const TidyConfig &Config) : PrintContext(Config.provider()) {
  All.Root = findRoot();
}

llvm::Expected<std::unique_ptr<Reporter>>
Reporter::create(const ReportFlags &Flags, const TidyConfig &Config) {
  std::unique_ptr<Reporter> Result(new Reporter(Config));
  Result->Format = Flags.Format;
  Result->Output =
      Flags.Output.getNumOccurrences() ? Flags.Output.getValue() : "-";
  if (Flags.Output.getNumOccurrences()) {
    if (Flags.Format == ReportFormat::Text)
      return llvm::createStringError(
          "--output: text goes to standard output; pass --format=sarif, "
          "gitlab, github, json or html for a report in a file");
    if (Flags.Output.empty())
      return llvm::createStringError("--output: no file named");
    if (llvm::Error Failed = mayWrite(Flags.Output))
      return llvm::createStringError("--output: " +
                                     llvm::toString(std::move(Failed)));
  }
  if (Flags.Baseline.getNumOccurrences()) {
    auto Before = Baseline::read(Flags.Baseline);
    if (!Before)
      return Before.takeError();
    Result->Before = std::move(*Before);
  }
  if (Flags.ChangedSince.getNumOccurrences()) {
    if (Flags.ChangedSince.empty())
      return llvm::createStringError("--changed-since: no revision named");
    auto Changed = ChangedLines::since(Flags.ChangedSince);
    if (!Changed)
      return Changed.takeError();
    Result->Changed = std::move(*Changed);
  }
  return Result;
}

bool Reporter::judge(ReportedFinding &F) {
  F.Fingerprint = Fingerprints(F, All.relative(F.At.File), Texts);
  Seen.insert(F.Fingerprint);
  if (Changed && !Changed->concern(F, Texts)) {
    ++Untouched;
    return false;
  }
  if (!Before)
    return true;
  if (!Before->contains(F.Fingerprint)) {
    F.State = FindingState::Introduced;
    return true;
  }
  F.State = FindingState::PreExisting;
  ++PreExisting;
  // Reports show it, as what it is.
  All.Findings.push_back(F);
  return false;
}

/// What is known of a diagnostic that no finding made.
static FindingDetails bareDetails(const ClangTidyError &Error) {
  FindingDetails Result;
  Result.Check = Error.DiagnosticName;
  Result.Message = Error.Message.Message;
  Result.At = {Error.Message.FilePath, Error.Message.FileOffset, 0};
  return Result;
}

/// For standard error, where standard output is for the report.
static void printProblem(const Problem &P, SourceTexts &Texts) {
  if (!P.At.File.empty()) {
    Position At = Texts[P.At.File].position(P.At.Offset);
    llvm::errs() << P.At.File << ':' << At.Line << ':' << At.Column << ": ";
  }
  llvm::WithColor(llvm::errs(), llvm::HighlightColor::Error) << "error: ";
  llvm::errs() << P.Text << '\n';
}

void Reporter::add(llvm::StringRef Source, std::vector<ClangTidyError> &Errors,
                   std::vector<FindingDetails> Details) {
  All.Files.push_back(Source.str());
  const size_t ProblemsBefore = All.Problems.size();
  llvm::erase_if(Errors, [&](const ClangTidyError &Error) {
    if (!isFinding(Error)) {
      if (Error.DiagLevel != ClangTidyError::Error)
        return false;
      Problem P{{Error.Message.FilePath, Error.Message.FileOffset, 0},
                Error.Message.Message};
      for (const auto &Note : Error.Notes)
        P.Text += "\nnote: " + Note.Message;
      if (!printsText())
        printProblem(P, Texts);
      All.Problems.push_back(std::move(P));
      return false;
    }
    const FindingDetails *Known = findDetails(Details, Error);
    ReportedFinding F{Known ? *Known : bareDetails(Error)};
    F.IsError = Error.IsWarningAsError;
    F.Source = Source.str();
    if (!judge(F))
      return true;
    ++Findings;
    ++ByCheck[F.Check];
    All.Findings.push_back(std::move(F));
    return false;
  });
  IsExplained = All.Problems.size() > ProblemsBefore;
  if (!printsText())
    return;
  PrintContext.setCurrentFile(Source);
  printText(Errors, PrintContext);
  llvm::outs().flush();
}

void Reporter::addFailure(llvm::StringRef Source, llvm::StringRef Why) {
  All.NotAnalysed.push_back(Source.str());
  if (!Why.empty() || !IsExplained)
    All.Problems.push_back(
        {{Source.str(), 0, 0},
         Why.empty() ? "it could not be compiled" : Why.str()});
}

llvm::Error Reporter::finish() {
  if (Before)
    All.Fixed = Before->fixed(All, Seen);
  if (Format == ReportFormat::Text)
    return llvm::Error::success();
  return writeReport(All, Texts, Format, Output);
}

std::string Reporter::leftOut() const {
  std::string Text;
  if (PreExisting)
    Text += ", " + std::to_string(PreExisting) + " pre-existing";
  if (!All.Fixed.empty())
    Text += ", " + std::to_string(All.Fixed.size()) + " fixed";
  if (Untouched)
    Text += ", " + std::to_string(Untouched) + " not touched by the change";
  return Text;
}

std::string Reporter::notAnalysed() const {
  size_t Number = All.NotAnalysed.size();
  return Number ? ", " + std::to_string(Number) +
                      (Number == 1 ? " file" : " files") + " not analysed"
                : "";
}

} // namespace torch_tidy
