//===- Tables.h - the compiled-in measurements ----------------------------===//
//
// Rows of data/*.inc, sorted by operator, and how to find them. Internal to
// checks/api.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_API_TABLES_H
#define TORCH_TIDY_CHECKS_API_TABLES_H

#include "checks/api/Operators.h"

namespace torch_tidy::api {

/// What was measured of one operand of one operator. A letter says what
/// happened over all samples: 'o' never threw, 'r' always threw, 'p' threw
/// where another tensor was given, 'm' depends on other arguments, '-' not
/// measured; 'c' throws unless it is on the CPU.
struct OperandRow {
  llvm::StringLiteral Op, Role;
  /// This operand alone on the CPU, all others on CUDA: with dimensions, and
  /// 0-dim.
  char Many, Zero;
  /// This operand alone in another dtype than float32, on CUDA and on the CPU:
  /// double, int64, half, bfloat16 with dimensions, then the same four 0-dim.
  llvm::StringLiteral OnCUDA, OnCPU;
  /// An index, a mask or a target in float, double, half, bfloat16, int64,
  /// int32, uint8, bool, on the CPU.
  llvm::StringLiteral Index;
  /// A floating-point operand in int32, uint8, bool, on the CPU.
  llvm::StringLiteral Wide;
  /// Numbers of messages: of the two devices' letters; then of a floating-point
  /// and of an int64 operand on CUDA, and the same on the CPU; of an index.
  uint16_t ManyText, ZeroText;
  uint16_t CUDAFloat, CUDAInt, CPUFloat, CPUInt, IndexText;
};

/// Which calls of an operator a result rule is about.
enum class CallGroup : uint8_t {
  Alone,    ///< One tensor operand, and no `dim`.
  AlongDim, ///< One tensor operand and a `dim`.
  Many,     ///< Several tensor operands.
};

/// How a result's dtype follows from the operands that decide.
enum class DtypeRule : uint8_t {
  Unknown,          ///< No rule fits what was observed.
  Fixed,            ///< Always the same.
  Promote,          ///< By promotion.
  PromoteAll,       ///< By promotion in which 0-dim tensors count in full.
  PromoteFloat,     ///< By promotion; integers become the default dtype.
  PromoteAllFloat,  ///< Both of the last two.
  PromoteReal,      ///< By promotion; complex numbers become real ones.
  PromoteFloatReal, ///< By promotion to a real floating-point type.
  Sum,              ///< By promotion; integers become int64.
  Complex,          ///< The complex type of the promoted one.
  KeepFloating, ///< That of a floating-point operand; a number decides else.
};

/// How a result's number of dimensions follows.
enum class RankRule : uint8_t {
  Unknown, ///< Depends on sizes or numbers, or too few samples.
  Zero,    ///< A 0-dim tensor.
  Some,    ///< At least one dimension.
  Same,    ///< 0-dim where all deciding operands are, else some.
};

struct ResultRow {
  llvm::StringLiteral Op;
  CallGroup Group;
  uint8_t Index;
  DtypeRule Type;
  Dtype Fixed;
  /// Roles of the operands that decide, separated by spaces; all when empty.
  llvm::StringLiteral TypeRoles;
  RankRule Rank;
  llvm::StringLiteral RankRoles;
};

/// The name under which an operator is measured: without the namespace of
/// torch::nn::functional, the trailing underscore of an in-place variant, and
/// with synonyms resolved ("subtract_" is "sub"). Unknown names come back as
/// they are.
llvm::StringRef measuredName(llvm::StringRef Op);

/// The measured operands of an operator, by its measured name.
llvm::ArrayRef<OperandRow> operandRows(llvm::StringRef MeasuredName);

/// The row of a role, or null. `self` and `input` are the same operand: the
/// functions of torch::nn::functional say `input` where ATen says `self`.
const OperandRow *findRow(llvm::ArrayRef<OperandRow> Rows,
                          llvm::StringRef Role);

/// The role that ATen gives to a parameter of a function whose C++ header names
/// it differently: torch::nn::functional::embedding's `input` is `indices`.
llvm::StringRef measuredRole(llvm::StringRef Op, llvm::StringRef Role);

llvm::ArrayRef<ResultRow> resultRows(llvm::StringRef MeasuredName);

/// The text of a message number; empty for 0.
llvm::StringRef messageText(unsigned Number);

} // namespace torch_tidy::api

#endif
