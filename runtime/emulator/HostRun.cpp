//===- HostRun.cpp - one operator with its CPU kernel ---------------------===//
#include "Device.h"
#include "Direct.h"
#include "Fallback.h"
#include <ATen/core/stack.h>
#include <cstring>

using namespace torch_tidy::emulator;
using c10::DispatchKeySet;
using c10::IValue;
using c10::OperatorHandle;
using torch::jit::Stack;

namespace {

void checkGenerator(const IValue &V) {
  if (!V.isGenerator() || !V.toGenerator().defined())
    return;
  auto Type = V.toGenerator().device().type();
  TORCH_CHECK(Type == c10::DeviceType::CUDA, "Expected a '",
              c10::DeviceType::CUDA, "' device type for generator but found '",
              Type, "'");
}

/// Tensors in the type that a CPU kernel computes in, and back again.
class Casts {
public:
  /// Without an \p Operator, to wider types.
  explicit Casts(const std::string *Operator) : Operator(Operator) {}

  /// Whether a tensor had to be cast.
  bool apply(Stack &Arguments) {
    for (IValue &V : Arguments)
      if (V.isTensor() && V.toTensor().defined()) {
        at::Tensor From = V.toTensor();
        // Integers beside the first tensor are indices.
        if (!Made.empty() && at::isIntegralType(From.scalar_type(), true))
          continue;
        at::ScalarType Type = From.scalar_type();
        at::ScalarType To =
            Operator ? computeType(*Operator, Type) : widerType(Type);
        if (To == Type) {
          if (Operator && Made.empty())
            break; // The first tensor decides.
          continue;
        }
        Made.push_back({From, From.to(To)});
        V = Made.back().second;
      }
    return !Made.empty();
  }

  void revert(Stack &Results, bool Writes) {
    for (const auto &[From, Cast] : Made)
      if (Writes) {
        From.resize_(Cast.sizes());
        From.copy_(Cast);
      }
    for (IValue &V : Results)
      if (V.isTensor() && V.toTensor().defined() &&
          V.toTensor().scalar_type() == Made[0].second.scalar_type())
        V = V.toTensor().to(Made[0].first.scalar_type());
  }

private:
  const std::string *Operator;
  std::vector<std::pair<at::Tensor, at::Tensor>> Made;
};

bool mayWiden(at::ArrayRef<IValue> Arguments, at::ArrayRef<size_t> Placed) {
  for (size_t I : Placed)
    if (const IValue &V = Arguments[I]; V.isTensor() &&
                                         V.toTensor().defined() &&
        widerType(V.toTensor().scalar_type()) != V.toTensor().scalar_type())
      return true;
  return false;
}

bool saysNotImplemented(const c10::Error &E) {
  return std::strstr(E.what_without_backtrace(), "not implemented for '") !=
         nullptr;
}

/// Whether values of \p T never have to do with a device.
bool isPlain(const c10::Type &T) {
  switch (T.kind()) {
  case c10::TypeKind::OptionalType:
  case c10::TypeKind::ListType:
    return isPlain(*T.containedTypes()[0]);
  case c10::TypeKind::IntType:
  case c10::TypeKind::SymIntType:
  case c10::TypeKind::FloatType:
  case c10::TypeKind::NumberType:
  case c10::TypeKind::BoolType:
  case c10::TypeKind::StringType:
    return true;
  default:
    return false;
  }
}

} // namespace

HostRun::HostRun(const OperatorHandle &Op) {
  const c10::FunctionSchema &Schema = Op.schema();
  Name = Op.operator_name().name;
  if (Name.compare(0, 6, "aten::") == 0)
    Name = Name.substr(6);
  CheckTypes = typeCheck(Name);
  Lacks = lacksTypes(Name);
  Refuses = refusalOf(Name);
  const auto &Arguments = Schema.arguments();
  Count = Arguments.size();
  for (size_t I = 0; I < Arguments.size(); ++I) {
    if (!isPlain(*Arguments[I].type()))
      Placed.push_back(I);
    Writes |= Arguments[I].alias_info() && Arguments[I].alias_info()->isWrite();
    if (Arguments[I].name() == "generator")
      Generator = static_cast<int>(I);
    else if (Arguments[I].name() == "device")
      Device = static_cast<int>(I);
  }
  for (const c10::Argument &Return : Schema.returns()) {
    int Which = -1;
    const auto *Alias = Return.alias_info();
    for (size_t I = 0; Alias && Alias->isWrite() && I < Arguments.size(); ++I) {
      const auto *Of = Arguments[I].alias_info();
      if (Of && Of->isWrite() && Of->beforeSets() == Alias->beforeSets())
        Which = static_cast<int>(I);
    }
    Returned.push_back(Which);
  }
}

void HostRun::putOnHost(IValue *Arguments, c10::DeviceIndex Index,
                        class Swap &Swap) const {
  for (size_t I : Placed) {
    if (static_cast<int>(I) != Generator) {
      Swap.putOnHost(Arguments[I]);
      continue;
    }
    checkGenerator(Arguments[I]);
    Arguments[I] = hostGenerator(Arguments[I].isNone()
                                     ? defaultGenerator(Index)
                                     : Arguments[I].toGenerator());
  }
}

void HostRun::runKernel(const OperatorHandle &Op, DispatchKeySet Keys,
                        Stack *Stack) const {
  Keys = hostKeys(Keys);
  if (!Lacks && !mayWiden(torch::jit::last(*Stack, Count), Placed))
    return Op.redispatchBoxed(Keys, Stack);
  torch::jit::Stack Host = torch::jit::pop(*Stack, Count);
  runInOtherType(Op, Keys, Host);
  for (IValue &Result : Host)
    Stack->push_back(std::move(Result));
}

/// Where the CPU kernel has, or may have, no case for the type.
void HostRun::runInOtherType(const OperatorHandle &Op, DispatchKeySet Keys,
                             Stack &Host) const {
  Stack Kept = Host;
  if (!Lacks) {
    try {
      return Op.redispatchBoxed(Keys, &Host);
    } catch (const c10::Error &E) {
      if (!saysNotImplemented(E))
        throw;
      Host = Kept;
    }
  }
  Casts Casts(Lacks ? &Name : nullptr);
  bool Any = Casts.apply(Host);
  Op.redispatchBoxed(Keys, &Host);
  if (Any)
    Casts.revert(Host, Writes);
}

/// What CUDA says where it has no kernel for the type of \p Arguments; null
/// where it has one.
HostRun::Refused HostRun::refused(at::ArrayRef<IValue> Arguments) const {
  Refused Why;
  int64_t Dimensions =
      Arguments[0].isTensor() ? Arguments[0].toTensor().dim() : 0;
  for (size_t I : Placed) {
    const IValue &V = Arguments[I];
    if (!V.isTensor() || !V.toTensor().defined())
      continue;
    // Neither numbers nor masks decide on the type that is computed in.
    at::ScalarType Type = V.toTensor().scalar_type();
    if ((V.toTensor().dim() == 0 && Dimensions > 0) ||
        (Why.Kernel && Type == at::kBool))
      continue;
    const char *Kernel = refusedKernel(*Refuses, Type);
    if (!Kernel)
      return {};
    Why = {Kernel, Why.Kernel ? Why.Type : Type};
  }
  return Why;
}

void HostRun::operator()(const OperatorHandle &Op, DispatchKeySet Keys,
                         c10::DeviceIndex Index, Stack *Stack) const {
  size_t Base = Stack->size() - Count;
  IValue *First = Stack->data() + Base;
  at::ArrayRef<IValue> Arguments(First, Count);
  if (Index < 0 && Device >= 0 && Arguments[Device].isDevice() &&
      Arguments[Device].toDevice().is_cuda())
    Index = Arguments[Device].toDevice().index();
  if (Index < 0)
    Index = currentDevice();
  checkDevice(Index);
  WithDevice Guard(Index);
  if (CheckTypes)
    CheckTypes(Arguments);
  Refused Why;
  if (Refuses)
    Why = refused(Arguments);
  c10::SmallVector<IValue, 2> Given;
  for (int From : Returned)
    Given.push_back(From >= 0 ? Arguments[From] : IValue());

  // The arguments turn into those of the host, and then into the results, where
  // they lie.
  class Swap Swap(Index);
  putOnHost(First, Index, Swap);
  {
    BelowAutograd Below;
    runKernel(Op, Keys, Stack);
  }
  // CUDA looks at shapes before it finds that it has no kernel: so this comes
  // after the CPU kernel has found nothing wrong.
  TORCH_CHECK_NOT_IMPLEMENTED(!Why.Kernel, '"', Why.Kernel,
                              "\" not implemented for '", toString(Why.Type),
                              "'");
  if (Writes)
    Swap.writeBack();
  for (size_t I = 0; I < Returned.size(); ++I) {
    IValue &Result = (*Stack)[Base + I];
    if (Returned[I] >= 0)
      Result = std::move(Given[I]);
    else
      Swap.putOnDevice(Result);
  }
}
