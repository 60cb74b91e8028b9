//===- Marks.h - findings that comments claim -----------------------------===//
//
// A line that ends in
//
//     // flag: forward weight=cuda input=cpu
//
// claims of each call to `forward` that begins on that line that its module's
// state is on CUDA and its argument `input` on the CPU. `code=dtype`,
// `code=host`, `code=unused` and so on choose another check, `input=cpu:Double`
// claims a dtype too, `when=x` makes the finding conditional. A constructor
// goes by its class's name, an operator by its sign.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TEST_TOOL_VERIFY_MARKS_H
#define TORCH_TIDY_TEST_TOOL_VERIFY_MARKS_H

#include "checks/Finding.h"

namespace torch_tidy {

AnalysisResult findMarks(clang::ASTContext &Context);

} // namespace torch_tidy

#endif
