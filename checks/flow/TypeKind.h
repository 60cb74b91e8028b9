//===- TypeKind.h - what types mean to the analysis ------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_TYPEKIND_H
#define TORCH_TIDY_CHECKS_FLOW_TYPEKIND_H

#include <cstdint>

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

} // namespace torch_tidy

#endif
