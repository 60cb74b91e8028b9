//===- Verify.h - the `torch-tidy verify` sub-command ---------------------===//
//
// Lints, runs what it found, and says for each finding whether it is true.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_VERIFY_H
#define TORCH_TIDY_TOOL_VERIFY_VERIFY_H

#include <functional>

namespace clang {
class ASTContext;
} // namespace clang

namespace torch_tidy {
struct AnalysisResult;

/// Runs `torch-tidy verify`. `argv[0]` is "torch-tidy verify", for messages;
/// the options follow. Returns the exit code of the process.
int runVerify(int argc, const char **argv);

/// The same with findings from elsewhere than torch_tidy::analyze(); tests mark
/// calls by hand.
int runVerify(int argc, const char **argv,
              const std::function<AnalysisResult(clang::ASTContext &)> &Lint);

} // namespace torch_tidy

#endif
