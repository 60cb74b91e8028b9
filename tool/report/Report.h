//===- Report.h - findings for other programs to read ---------------------===//
//
// The formats besides text. A report holds what one run found, by paths
// relative to the *root*: the folder with `.git` in it at or above the current
// one, which is what GitHub and GitLab name files from, else the current one.
//
// A finding's *fingerprint* says that it is the same finding as in an earlier
// run. It is made of what stays when lines move: check, file, function, the
// flagged line without its blanks, the message, and a running number among
// findings that agree in all of these. Renaming any of them makes a new
// finding.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_REPORT_H
#define TORCH_TIDY_TOOL_REPORT_REPORT_H

#include "tool/report/Details.h"
#include "tool/report/SourceText.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"

namespace torch_tidy {

enum class ReportFormat { Text, Sarif, GitLab, GitHub, Json, Html };

/// How a finding relates to the baseline.
enum class FindingState {
  NoBaseline,  ///< There is nothing to compare with.
  Introduced,  ///< Not in the baseline.
  PreExisting, ///< In the baseline as well.
};
/// "introduced", "pre-existing"; empty for NoBaseline.
llvm::StringRef stateName(FindingState State);

struct ReportedFinding : FindingDetails {
  bool IsError = false; ///< By --warnings-as-errors.
  std::string Source;   ///< The linted file through which it was found.
  std::string Fingerprint;
  FindingState State = FindingState::NoBaseline;
};

/// A finding of the baseline; `File` and `Source` from the root.
struct BaselineFinding {
  std::string Check, File, Source, Fingerprint, Message;
};

/// Why a file was not analysed: most often what the compiler said.
struct Problem {
  Place At; ///< Without a file for one that is about none.
  std::string Text;
};

struct Report {
  std::string Root;               ///< Absolute.
  std::vector<std::string> Files; ///< Sources that were linted, absolute.
  std::vector<ReportedFinding> Findings;
  std::vector<BaselineFinding> Fixed; ///< Those of the baseline that are gone.
  std::vector<Problem> Problems;
  std::vector<std::string> NotAnalysed; ///< Those of the files, absolute.

  /// \p File as reports name it; absolute where it is not below the root.
  std::string relative(llvm::StringRef File) const;
};

/// The root for the current folder.
std::string findRoot();

/// A short name for \p Text, the same in every run.
std::string hashed(llvm::StringRef Text);

/// Makes the fingerprints of one run; findings come in a stable order.
class FingerprintMaker {
public:
  std::string operator()(const FindingDetails &F, llvm::StringRef RelativeFile,
                         SourceTexts &Texts);

private:
  llvm::StringMap<unsigned> Seen;
};

void writeSarif(const Report &R, SourceTexts &Texts, llvm::raw_ostream &OS);
void writeGitLab(const Report &R, SourceTexts &Texts, llvm::raw_ostream &OS);
void writeGitHub(const Report &R, SourceTexts &Texts, llvm::raw_ostream &OS);
void writeJson(const Report &R, SourceTexts &Texts, llvm::raw_ostream &OS);
void writeHtml(const Report &R, SourceTexts &Texts, llvm::raw_ostream &OS);

/// To be asked before a long run: an error where \p File is a folder, or would
/// lie in none.
llvm::Error mayWrite(llvm::StringRef File);

/// Writes the report; "-" is standard output. A file is written beside its
/// place and renamed, so that nobody reads half of one. Not for Text.
llvm::Error writeReport(const Report &R, SourceTexts &Texts,
                        ReportFormat Format, llvm::StringRef File);

} // namespace torch_tidy

#endif
