//===- Operators.cpp ------------------------------------------------------===//
#include "Operators.h"
#include <sstream>
#include <unordered_map>

using namespace torch_tidy::emulator;

namespace {

struct Row {
  bool Structured = false;
  DeviceCheck Check = DeviceCheck::Wrapper;
  bool WholeOnHost = false;
};
using Table = std::unordered_map<std::string, Row>;

void add(Table &Rows, const char *Names, bool Structured, DeviceCheck Check) {
  std::istringstream Words(Names);
  for (std::string Name; Words >> Name;)
    Rows[Name] = {Structured, Check};
}

struct Kind {
  bool Structured;
  DeviceCheck Check;
};
constexpr Kind CheckedPlain{false, DeviceCheck::Wrapper};
constexpr Kind CheckedStructured{true, DeviceCheck::Wrapper};
constexpr Kind CheckedIterator{true, DeviceCheck::Wrapper};
constexpr Kind UncheckedIterator{true, DeviceCheck::Meta};
constexpr Kind UncheckedStructured{true, DeviceCheck::Meta};
/// Most of these build a TensorIterator; the exceptions stand below.
constexpr Kind UncheckedPlain{false, DeviceCheck::Iterator};

Table makeTable() {
  Table Rows;
#define TORCH_TIDY_OPERATORS(KIND, NAMES)                                      \
  add(Rows, NAMES, KIND.Structured, KIND.Check);
#include "Operators.inc"
#undef TORCH_TIDY_OPERATORS

  // Binary operators' iterators, which take a CPU scalar.
  add(Rows,
      "__ilshift__.Tensor __irshift__.Tensor __lshift__.Tensor"
      " __rshift__.Tensor floor_divide floor_divide.out floor_divide_.Tensor"
      " logical_and.out logical_or.out logical_xor.out remainder.Scalar_Tensor"
      " rsub.Tensor pow.Scalar",
      false, DeviceCheck::IteratorScalar);
  // Their iterators take no CPU scalar, but LibTorch's meta function, which is
  // the one of binary operators, does.
  add(Rows, "mse_loss smooth_l1_loss huber_loss", true, DeviceCheck::Iterator);
  // The second tensor gives a shape, a storage or a number only.
  add(Rows,
      "fill_.Tensor index_fill_.int_Tensor resize_ set_.source_Storage"
      " set_.source_Storage_storage_offset set_.source_Tensor is_set_to"
      " bernoulli_.Tensor",
      false, DeviceCheck::None);
  // Composed in LibTorch of operators that would run one by one: a copy between
  // devices, and the backward pass of a convolution, which is cuDNN's on CUDA
  // and should be oneDNN's here.
  add(Rows, "copy_", false, DeviceCheck::None);
  for (const char *Name : {"copy_", "convolution_backward"})
    Rows[Name].WholeOnHost = true;
  return Rows;
}

} // namespace

OperatorFacts torch_tidy::emulator::factsOf(const c10::OperatorName &Name,
                                            bool IsOut) {
  static const auto *Rows = new Table(makeTable());
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
    Facts.WholeOnHost = It->second.WholeOnHost;
    Structured = It->second.Structured;
    if ((Facts.OwnCheck = ownCheck(Full)))
      Facts.Check = DeviceCheck::Own;
  }
  if (IsOut)
    Base += "_out";
  if (!Structured)
    Facts.Method = Overload + "_" + Base;
  else
    Facts.Method = Overload.empty() ? Base : Base + "_" + Overload;
  return Facts;
}
