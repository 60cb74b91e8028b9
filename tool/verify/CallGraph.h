//===- CallGraph.h - who calls whom in the user's code --------------------===//
//
// Functions with a body outside system headers, instantiations of templates
// included. A closure's calls, and those of a local class, are those of the
// function that it is written in.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_CALLGRAPH_H
#define TORCH_TIDY_TOOL_VERIFY_CALLGRAPH_H

#include "clang/AST/DeclCXX.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"

namespace torch_tidy::verify {

class CallGraph {
public:
  explicit CallGraph(clang::ASTContext &Context);

  /// Does some function make a \p Class (by its qualified name)?
  bool makes(llvm::StringRef Class) const;

  /// Functions other than \p Target from which it can be reached.
  llvm::SmallVector<const clang::FunctionDecl *>
  reaching(const clang::FunctionDecl *Target) const;

private:
  llvm::MapVector<const clang::FunctionDecl *,
                  llvm::SmallPtrSet<const clang::FunctionDecl *, 4>>
      Callees;
};

/// The function around \p F that has a name to call it by: that of a closure's
/// or of a local class's method is the function it stands in. Null for a
/// closure outside any function.
const clang::FunctionDecl *namedFunction(const clang::FunctionDecl *F);

} // namespace torch_tidy::verify

#endif
