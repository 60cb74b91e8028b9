//===- TypeMaker.h - C++ text that makes a value of a type ----------------===//
//
// One maker writes the statements of one entry: each value becomes a local
// variable, so that references and pointers to it stay good, and the text for
// a value is that variable's name.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_TYPEMAKER_H
#define TORCH_TIDY_TOOL_VERIFY_TYPEMAKER_H

#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include <optional>
#include <string>
#include <vector>

namespace torch_tidy::verify {

/// What a data loader goes over.
enum class LoaderData {
  Own,    ///< A data set of the type that the loader's type names.
  Random, ///< Tensors that are draws; fits where the loader's type is deduced.
};

class TypeMaker {
public:
  explicit TypeMaker(clang::ASTContext &Context,
                     LoaderData Data = LoaderData::Own);

  /// Writes what makes a value for a parameter \p Name of type \p T and gives
  /// the expression to pass; nothing where it cannot be done, see `why()`.
  std::optional<std::string> make(clang::QualType T, llvm::StringRef Name);
  /// An object of class \p R, as an lvalue.
  std::optional<std::string> object(const clang::CXXRecordDecl *R,
                                    llvm::StringRef Name);

  /// Statements written so far, without newlines.
  const std::string &statements() const { return Body; }
  /// The first obstacle: "a value of type 'X' cannot be made".
  const std::string &why() const { return Why; }
  /// True where the statements need MakeLoader.h.
  bool needsLoader() const { return Loader; }
  /// True where they need MakeMnist.h.
  bool needsMnist() const { return Mnist; }

  /// \p T as it can be written anywhere in the file.
  std::string spell(clang::QualType T) const;

private:
  using Text = std::optional<std::string>;
  clang::ASTContext &Context;
  clang::PrintingPolicy Policy;
  std::string Body, Why;
  unsigned Count = 0;
  unsigned Depth = 0;
  LoaderData Data;
  bool Loader = false, Mnist = false;
  /// Expressions with `->parameters()` for optimizers.
  std::vector<std::string> Modules;

  std::string fresh() { return "v" + std::to_string(Count++); }
  std::string variable(const std::string &Type, const std::string &Init);
  Text fail(clang::QualType T);
  Text makeScalar(clang::QualType T, llvm::StringRef Name);
  Text makeKnown(const clang::CXXRecordDecl *R, clang::QualType T,
                 llvm::StringRef Name);
  Text makeStandard(const clang::CXXRecordDecl *R, clang::QualType T,
                    llvm::StringRef Name);
  Text makePointer(const clang::CXXRecordDecl *R, clang::QualType T,
                   llvm::StringRef Name);
  Text makeLoader(const clang::CXXRecordDecl *R, llvm::StringRef Name);
  Text makeOptimizer(const clang::CXXRecordDecl *R);
  Text makeModule(const clang::CXXRecordDecl *R, llvm::StringRef Name);
  /// Arguments of the constructor of \p R that is easiest to call.
  Text arguments(const clang::CXXRecordDecl *R);
};

} // namespace torch_tidy::verify

#endif
