//===- TensorCall.h - one call of an operator on tensors ------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_TENSORCALL_H
#define TORCH_TIDY_CHECKS_FLOW_TENSORCALL_H

#include "checks/flow/Interp.h"

namespace torch_tidy {

/// Reads the arguments of the call, judges them, and makes its result.
class Interp::TensorCall {
public:
  /// \p Op: the operator as the contracts name it. \p Base: the tensor that it
  /// is a method of; 0 for none.
  TensorCall(Interp &I, const clang::CallExpr *E, const clang::FunctionDecl *Fn,
             llvm::StringRef Op, CellId Base, const clang::Expr *BaseE)
      : I(I), S(*I.S), E(E), Fn(Fn), Op(Op), Base(Base), BaseE(BaseE),
        Info(api::findOperator(Op)), Type(E->getType().getNonReferenceType()),
        Kind(I.Ty.kindOf(Type)) {}
  Value run(llvm::ArrayRef<const clang::Expr *> Args);

private:
  void readArguments(llvm::ArrayRef<const clang::Expr *> Args);
  llvm::StringRef roleOf(unsigned Index) const;
  bool readOption(const Value &V, llvm::StringRef Role, const clang::Expr *A);
  void readShape(const Value &V, llvm::StringRef Role, const clang::Expr *A);
  void use(llvm::StringRef Role, HandleId H, const clang::Expr *A);

  void judge();
  bool sumsShared(const Value &Equation) const;
  void judgeGenerator(const Used &Filled);

  bool gives(api::OperatorInfo::ResultKind K) const {
    return Info && Info->Result == K;
  }
  bool isFactory() const;
  Value newTensor(llvm::ArrayRef<const clang::Expr *> Args);
  Dtype newType() const;
  void newDims(TensorFact &F, llvm::ArrayRef<const clang::Expr *> Args) const;
  Value like();
  Value view();
  Value element();
  Value packed();
  Value computed(unsigned Index);
  Value several();
  Value list();
  Value sizes();
  Value unmodelled();
  std::optional<int> dims() const;      // Ranks.cpp
  std::optional<int> indexDims() const; // Ranks.cpp

  Interp &I;
  State &S;
  const clang::CallExpr *E;
  const clang::FunctionDecl *Fn;
  llvm::StringRef Op;
  CellId Base;
  const clang::Expr *BaseE;
  const api::OperatorInfo *Info;
  clang::QualType Type; ///< What the call gives.
  TypeKind Kind;

  llvm::SmallVector<Used, 4> Uses;
  llvm::SmallVector<api::CallOperand, 4> Operands; ///< The same, their facts.
  /// What the source spells, by the parameter's name.
  llvm::SmallVector<std::pair<llvm::StringRef, Value>, 4> Given;
  api::CallShape Shape;
  Value Options;
  Used Generator;
  Dtype DataType = Dtype::Unknown; ///< Of the literals of `torch::tensor`.
  bool HasOptions = false;
  std::optional<Dtype> Numbers; ///< What the given scalars are together.
  bool ByNumber = false; ///< A floating-point one makes an integer tensor so.
  bool Nested = false;   ///< The literals of `torch::tensor` are lists.
  bool Thrown = false;
  bool Grad = false;
  Device Where; ///< Of the operands; CUDA where one of them is there.
  const Origin *Before = nullptr;
};

} // namespace torch_tidy

#endif
