//===- Repair.h - a call that mixes devices, made to return ---------------===//
//
// Moving the operands of a marked call does not help where the mistake is
// inside it: in a function that it calls, in a list that it is given. So while
// a call is repaired, each operator that throws is tried again: with all of its
// tensors on one device, then with one of them on the other. What is returned
// is of no interest, only that the program goes on.
//
// How: a boxed fallback for a dispatch key that LibTorch itself leaves unused,
// above autograd, and switched on for the thread. It is registered when it is
// first needed, so that other runs never meet it.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_PROBE_REPAIR_H
#define TORCH_TIDY_RUNTIME_PROBE_REPAIR_H

#include <c10/core/Device.h>

namespace torch_tidy::probe {

/// Operators of this thread are repaired, or are no longer.
void repairOperators(bool On);
/// Where to, for operators that do not change one of their tensors.
void repairTo(at::Device Home);

} // namespace torch_tidy::probe

#endif
