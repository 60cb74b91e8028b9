//===- Operators.cpp ------------------------------------------------------===//
#include "Operators.h"
#include "Compat.h"
#include <sstream>
#include <unordered_map>

using namespace torch_tidy::emulator;

namespace {

struct Row {
  bool Structured = false;
  DeviceCheck Check = DeviceCheck::Wrapper;
};
using Table = std::unordered_map<std::string, Row>;

void add(Table &Rows, const char *Names, bool Structured, DeviceCheck Check) {
  std::istringstream Words(Names);
  for (std::string Name; Words >> Name;)
    Rows[Name] = {Structured, Check};
}

struct Column {
  bool Structured;
  DeviceCheck Check;
  Kind Of = Kind::Dense;
};
constexpr Column CheckedPlain{false, DeviceCheck::Wrapper};
constexpr Column CheckedStructured{true, DeviceCheck::Wrapper};
constexpr Column CheckedIterator{true, DeviceCheck::Wrapper};
constexpr Column UncheckedIterator{true, DeviceCheck::Meta};
constexpr Column UncheckedStructured{true, DeviceCheck::Meta};
/// Most of these build a TensorIterator; the exceptions stand below.
constexpr Column UncheckedPlain{false, DeviceCheck::Iterator};
constexpr Column CheckedSparse{false, DeviceCheck::Wrapper, Kind::Sparse};
constexpr Column UncheckedSparse{false, DeviceCheck::None, Kind::Sparse};
constexpr Column CheckedSparseCsr{false, DeviceCheck::Wrapper, Kind::SparseCsr};
constexpr Column UncheckedSparseCsr{false, DeviceCheck::None, Kind::SparseCsr};

Table makeTable(Kind Of) {
  Table Rows;
#define TORCH_TIDY_OPERATORS(COLUMN, NAMES)                                    \
  if (COLUMN.Of == Of)                                                         \
    add(Rows, NAMES, COLUMN.Structured, COLUMN.Check);
#include "Operators.inc"
#undef TORCH_TIDY_OPERATORS
  if (Of != Kind::Dense)
    return Rows;

  // Binary operators' iterators, which take a CPU scalar.
  add(Rows,
      "__ilshift__.Tensor __irshift__.Tensor __lshift__.Tensor"
      " __rshift__.Tensor floor_divide floor_divide.out floor_divide_.Tensor"
      " logical_and.out logical_or.out logical_xor.out remainder.Scalar_Tensor"
      " rsub.Tensor pow.Scalar",
      false, DeviceCheck::IteratorScalar);
  // Checks.cpp says all of what these compare.
  add(Rows,
      "_index_put_impl_ masked_fill_.Scalar masked_fill_.Tensor where.self"
      " where.self_out binary_cross_entropy mse_loss",
      false, DeviceCheck::None);
  // The second tensor gives a shape, a storage or a number only.
  add(Rows,
      "fill_.Tensor index_fill_.int_Tensor resize_ set_.source_Storage"
      " set_.source_Storage_storage_offset set_.source_Tensor is_set_to"
      " bernoulli_.Tensor",
      false, DeviceCheck::None);
  // Checked where they are needed: the targets of a CTC loss may be anywhere.
  add(Rows,
      "_use_cudnn_ctc_loss _use_cudnn_ctc_loss.Tensor _use_miopen_ctc_loss"
      " _use_miopen_ctc_loss.Tensor",
      false, DeviceCheck::None);
  // A copy between devices is composed of nothing that the device has.
  add(Rows, "copy_", false, DeviceCheck::None);
  return Rows;
}

} // namespace

OperatorFacts torch_tidy::emulator::factsOf(const c10::OperatorName &Name,
                                            bool IsOut, Kind Of) {
  static const auto *Dense = new Table(makeTable(Kind::Dense));
  static const auto *Sparse = new Table(makeTable(Kind::Sparse));
  static const auto *Csr = new Table(makeTable(Kind::SparseCsr));
  const Table *Rows = Of == Kind::Dense    ? Dense
                      : Of == Kind::Sparse ? Sparse
                                           : Csr;
  OperatorFacts Facts;
  const char *Namespace = "aten::";
  bool IsAten = Name.name.compare(0, 6, Namespace) == 0;
  std::string Base = IsAten ? Name.name.substr(6) : Name.name;
  const std::string &Overload = Name.overload_name;
  std::string Full = Overload.empty() ? Base : Base + "." + Overload;
  auto It = Rows->find(Full);
  bool Structured = false;
  if (IsAten && It != Rows->end()) {
    Facts.HasCuda = true;
    Facts.Check = It->second.Check;
    Structured = It->second.Structured;
    if (Of == Kind::Dense)
      Facts.OwnCheck = ownCheck(Full);
  }
  const char *Key = Of == Kind::Dense    ? "CUDA"
                    : Of == Kind::Sparse ? "SparseCUDA"
                                         : "SparseCsrCUDA";
  if (IsOut)
    Base += "_out";
  if (!Structured)
    Facts.Method = compat::wrapperPrefix(Key) + Overload + "_" + Base;
  else
    Facts.Method = compat::wrapperPrefix(Key) +
                   (Overload.empty() ? Base : Base + "_" + Overload);
  return Facts;
}
