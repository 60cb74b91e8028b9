//===- Table.h - the probe as a library that is found at run time ---------===//
//
// A program of the user's is linked by the user's own build, which knows
// nothing of probes. So its probed objects carry only forwarders (Dynamic.h),
// and those look for this table in the library that TORCH_TIDY_PROBE_LIBRARY
// names. Without that variable every probe is a no-op.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_PROBE_TABLE_H
#define TORCH_TIDY_RUNTIME_PROBE_TABLE_H

#include "Probe.h"
#include <typeinfo>

namespace torch_tidy::probe {

struct Table {
  void (*Enter)(int);
  void (*Exit)();
  void (*Leave)();
  void (*RecordOperand)(int, const char *, const Named &, bool);
  void (*RecordResult)(int, const Named &);
  bool (*Repairs)(int);
  bool (*KeepsRepair)(int);
  at::Tensor &(*Repaired)(int, const at::Tensor &);
  void (*AddIValue)(const c10::IValue &, Named &);
  void (*Throwing)(void *, std::type_info *);
};

} // namespace torch_tidy::probe

/// The only symbol that forwarders look up.
extern "C" __attribute__((visibility("default")))
const torch_tidy::probe::Table *
torch_tidy_probe_table();

#endif
