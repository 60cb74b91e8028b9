#include "checks/Finding.h"

namespace torch_tidy {

AnalysisResult analyze(clang::ASTContext &, const AnalysisOptions &) {
  return {};
}

} // namespace torch_tidy
