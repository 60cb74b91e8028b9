//===- Types.h - what types and declarations mean to the analysis ---------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_TYPES_H
#define TORCH_TIDY_CHECKS_FLOW_TYPES_H

#include "checks/flow/Placement.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/Expr.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/StringSaver.h"
#include <cstdint>
#include <string>
#include <unordered_map>

namespace torch_tidy {

/// What LibTorch and std types mean to the analysis.
enum class TypeKind : uint8_t {
  Other,
  Number,
  Tensor,
  Device,
  Dtype,
  Options,
  Holder,
  Module,
  Sequential,
  Pointer,
  List,
  Pair,
  Optional,
  Optimizer,
  JitModule,
  IValue,
  Loader,
  String,
  Map,
};

/// The class of a type, through a reference; null where it is none.
const clang::CXXRecordDecl *record(clang::QualType T);

/// The braces that an argument for a vector or an ArrayRef is spelled with;
/// null where it is none.
const clang::InitListExpr *initList(const clang::Expr *A);

/// The element type that `torch::tensor` makes of what it is given.
Dtype elementType(const clang::Expr *E);

/// Answers questions about the types and declarations of one translation unit,
/// each once: most calls ask the same.
class Types {
public:
  explicit Types(const clang::ASTContext &Ctx) : Ctx(Ctx) {}

  TypeKind kindOf(clang::QualType T);
  /// The module class that a ModuleHolder, shared_ptr or pointer leads to.
  const clang::CXXRecordDecl *heldModule(clang::QualType T);
  /// The name with its namespaces and classes, without inline namespaces and
  /// template arguments: those do not name anything here.
  llvm::StringRef qualified(const clang::NamedDecl *D);
  bool derives(const clang::CXXRecordDecl *R, llvm::StringRef Base);
  bool isUserCode(const clang::Decl *D);
  bool isUserModule(const clang::CXXRecordDecl *R) {
    return isUserCode(R) && derives(R, "torch::nn::Module");
  }
  /// An expression as the source spells it, on one line and not much longer
  /// than a name; empty where a macro is in the way.
  const std::string &text(const clang::Expr *E);

private:
  TypeKind findKind(clang::QualType T);
  bool isUserCode(clang::SourceLocation At);
  std::string spelled(const clang::Expr *E) const;

  const clang::ASTContext &Ctx;
  llvm::DenseMap<clang::FileID, bool> UserFiles;
  llvm::DenseMap<const clang::Decl *, bool> UserDecls;
  llvm::DenseMap<const clang::Type *, TypeKind> Kinds;
  llvm::DenseMap<const clang::NamedDecl *, llvm::StringRef> Qualified;
  llvm::BumpPtrAllocator Memory;
  llvm::StringSaver Names{Memory};
  std::unordered_map<const clang::Expr *, std::string> Texts;
};

} // namespace torch_tidy

#endif
