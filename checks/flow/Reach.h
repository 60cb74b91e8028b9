//===- Reach.h - which functions can come to LibTorch ---------------------===//
//
// A function is worth interpreting on its own where a tensor or a module can
// turn up in it. One that names nothing of LibTorch, neither in its types nor
// in its body nor in what those name in turn, holds no finding, and some
// programs carry thousands of such: a parser that lies as a single header among
// the program's own.
//
// What names what is a graph: its nodes are functions, classes with all of
// their members, variables of namespace scope, and types. A function reaches
// LibTorch where a way leads there from it, or from what it is a member of.
//
// Takes what a type stands for to be all that can be behind it: a `void *` or
// a reference to a base leads to nothing else, as in the interpreter.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_REACH_H
#define TORCH_TIDY_CHECKS_FLOW_REACH_H

#include "clang/AST/DeclBase.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseSet.h"

namespace clang {
class FunctionDecl;
}

namespace torch_tidy {

class Reach {
  llvm::DenseSet<const void *> Reaching;

public:
  /// \p TopLevel is what the user wrote in the translation unit.
  explicit Reach(llvm::ArrayRef<clang::Decl *> TopLevel);
  /// Of a function among it.
  bool operator()(const clang::FunctionDecl *F) const;
};

} // namespace torch_tidy

#endif
