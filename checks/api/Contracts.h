//===- Contracts.h - judging a call by the rows of its operands -----------===//
//
// What operators and modules have in common. Internal to checks/api.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_API_CONTRACTS_H
#define TORCH_TIDY_CHECKS_API_CONTRACTS_H

#include "checks/api/Tables.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace torch_tidy::api {

/// Judges the devices of a call by the measured rows. `InPlace`: `self` is an
/// output as well.
Judgement judgeDevicesOf(llvm::ArrayRef<OperandRow> Rows, bool InPlace,
                         llvm::ArrayRef<CallOperand> Operands);

/// Judges the dtypes of a call by the measured rows.
Judgement judgeDtypesOf(llvm::ArrayRef<OperandRow> Rows,
                        llvm::ArrayRef<CallOperand> Operands);

} // namespace torch_tidy::api

#endif
