//===- Summary.h - what a function's callers in other files may know ------===//
//
// A function that is called in one source and defined in another is known by
// its summary: where the tensors are that it returns, whoever calls it. That is
// found with the function as an entry, its arguments not known. Functions are
// told apart as the linker does, by their symbols; those that it does not see,
// and those in headers, have no summary.
//
// Not in a summary: what a function demands of its arguments, and what it does
// to those that it gets by reference.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_SUMMARY_H
#define TORCH_TIDY_CHECKS_SUMMARY_H

#include "checks/flow/Placement.h"
#include <map>
#include <string>

namespace torch_tidy {

struct FunctionSummary {
  /// Where all tensors are that it returns, of a constructor those that move
  /// with the module: CPU, CUDA, or Unknown.
  Device Place;
  /// The argument that says where, counted from 0; -1 for none. A tensor, or a
  /// device.
  int16_t Like = -1;
  /// What all tensors hold that it returns.
  Dtype Type = Dtype::Unknown;
  /// The module that it is a method of is afterwards where it was.
  bool Stays = false;

  bool operator==(const FunctionSummary &O) const {
    return Place == O.Place && Like == O.Like && Type == O.Type &&
           Stays == O.Stays;
  }
};

/// By symbol.
using Summaries = std::map<std::string, FunctionSummary>;

} // namespace torch_tidy

#endif
