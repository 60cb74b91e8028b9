//===- NamedValues.h - options whose values have names --------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_NAMEDVALUES_H
#define TORCH_TIDY_TOOL_TORCHTIDY_NAMEDVALUES_H

#include "llvm/Support/CommandLine.h"

namespace torch_tidy {

/// Says which values there are where it is given another one. As `cl::opt<T,
/// false, NamedValues<T>>`, with `cl::values`.
template <class T> class NamedValues : public llvm::cl::parser<T> {
public:
  using llvm::cl::parser<T>::parser;

  bool parse(llvm::cl::Option &O, llvm::StringRef, llvm::StringRef Given,
             T &Value) {
    std::string Known;
    for (const auto &Info : this->Values) {
      if (Info.Name == Given) {
        Value = Info.V.getValue();
        return false;
      }
      Known += (Known.empty() ? "" : ", ") + Info.Name.str();
    }
    return O.error("'" + Given + "' is none of " + Known);
  }
};

} // namespace torch_tidy

#endif
