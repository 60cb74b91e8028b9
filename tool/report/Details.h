//===- Details.h - a finding as data that outlives the syntax tree --------===//
//
// What the reports say of a finding beyond clang's diagnostic: the history with
// its devices, the predicted error, every repair with its title. Source
// locations become files and offsets here; the wording stays the analysis's.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_REPORT_DETAILS_H
#define TORCH_TIDY_TOOL_REPORT_DETAILS_H

#include "checks/Finding.h"
#include "clang-tidy/ClangTidyDiagnosticConsumer.h"
#include "clang/Tooling/Core/Replacement.h"
#include <optional>
#include <string>
#include <vector>

namespace torch_tidy {

/// A place in a file, in bytes.
struct Place {
  std::string File; ///< Absolute.
  unsigned Offset = 0, Length = 0;
};

struct StepDetails {
  Place At;
  std::string Text;
  /// "cpu", "cuda", "cuda:1"; empty where the step is not about a device.
  std::string Device;
  std::string Subject; ///< As Step::Subject.
};

struct OperandDetails {
  std::string Role, Spelling;
  std::string Device, Dtype; ///< Empty where unknown.
  bool IsModuleState = false, Wrong = false;
};

struct FixDetails {
  std::string Title;
  std::vector<clang::tooling::Replacement> Edits; ///< Absolute file names.
};

/// What `torch-tidy verify` saw.
struct VerdictDetails {
  std::string Kind; ///< "confirmed", "refuted", ...
  std::string On;   ///< "emulated CUDA (LibTorch 2.13.0)".
  std::string Evidence;

  /// "confirmed on emulated CUDA (LibTorch 2.13.0)".
  std::string summary() const { return Kind + " on " + On; }
};

struct FindingDetails {
  std::string Check, Message;
  Place At;
  std::string Function;  ///< Qualified name; empty where there is none.
  std::string Condition; ///< Part of the message as well.
  std::string Predicted;
  std::vector<StepDetails> History;
  std::vector<OperandDetails> Operands;
  std::vector<FixDetails> Fixes;
  std::optional<VerdictDetails> Verdict;
};

/// \p WorkingDirectory is what relative file names are relative to.
FindingDetails detailsOf(const Finding &F, const clang::ASTContext &Context,
                         llvm::StringRef WorkingDirectory);

/// The details that belong to a diagnostic; null for one that no finding made
/// (a NOLINT that clang-tidy finds wrong).
FindingDetails *findDetails(std::vector<FindingDetails> &All,
                            const clang::tidy::ClangTidyError &Error);

} // namespace torch_tidy

#endif
