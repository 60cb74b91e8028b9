//===- HostRun.cpp - one operator with its CPU kernel ---------------------===//
#include "Device.h"
#include "Fallback.h"
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/stack.h>
#include <cstring>

using namespace torch_tidy::emulator;
using c10::DispatchKey;
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

bool mayWiden(const Stack &Arguments) {
  for (const IValue &V : Arguments)
    if (V.isTensor() && V.toTensor().defined() &&
        widerType(V.toTensor().scalar_type()) != V.toTensor().scalar_type())
      return true;
  return false;
}

bool saysNotImplemented(const c10::Error &E) {
  return std::strstr(E.what_without_backtrace(), "not implemented for '") !=
         nullptr;
}

} // namespace

HostRun::HostRun(const OperatorHandle &Op) {
  const c10::FunctionSchema &Schema = Op.schema();
  Name = Op.operator_name().name;
  if (Name.compare(0, 6, "aten::") == 0)
    Name = Name.substr(6);
  CheckTypes = typeCheck(Name);
  Lacks = lacksTypes(Name);
  Refuses = refusesTypes(Name);
  const auto &Arguments = Schema.arguments();
  for (size_t I = 0; I < Arguments.size(); ++I) {
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

Stack HostRun::toHost(at::ArrayRef<IValue> Arguments, c10::DeviceIndex Index,
                      class Swap &Swap) const {
  Stack Host;
  Host.reserve(Arguments.size());
  for (size_t I = 0; I < Arguments.size(); ++I) {
    if (static_cast<int>(I) != Generator) {
      Host.push_back(Swap.toHost(Arguments[I]));
      continue;
    }
    checkGenerator(Arguments[I]);
    Host.push_back(hostGenerator(Arguments[I].isNone()
                                     ? defaultGenerator(Index)
                                     : Arguments[I].toGenerator()));
  }
  return Host;
}

void HostRun::runKernel(const OperatorHandle &Op, DispatchKeySet Keys,
                        Stack &Host) const {
  Keys = Keys.remove_backend(c10::BackendComponent::CUDABit) |
         DispatchKeySet(c10::BackendComponent::CPUBit);
  bool MayWiden = !Lacks && mayWiden(Host);
  if (!Lacks && !MayWiden)
    return Op.redispatchBoxed(Keys, &Host);
  Stack Kept = Host;
  if (MayWiden) {
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

/// CUDA looks at shapes before it finds that it has no kernel: so this comes
/// after the CPU kernel has found nothing wrong.
void HostRun::refuse(at::ArrayRef<IValue> Arguments) const {
  const char *Kernel = nullptr;
  at::ScalarType Type = at::ScalarType::Undefined;
  int64_t Dimensions =
      Arguments[0].isTensor() ? Arguments[0].toTensor().dim() : 0;
  for (const IValue &V : Arguments) {
    if (!V.isTensor() || !V.toTensor().defined())
      continue;
    // Neither numbers nor masks decide on the type that is computed in.
    if ((V.toTensor().dim() == 0 && Dimensions > 0) ||
        (Kernel && V.toTensor().scalar_type() == at::kBool))
      continue;
    Type = Kernel ? Type : V.toTensor().scalar_type();
    if (!(Kernel = refusal(Name, V.toTensor().scalar_type())))
      return;
  }
  TORCH_CHECK_NOT_IMPLEMENTED(!Kernel, '"', Kernel, "\" not implemented for '",
                              toString(Type), "'");
}

void HostRun::operator()(const OperatorHandle &Op, DispatchKeySet Keys,
                         c10::DeviceIndex Index, Stack *Stack) const {
  size_t Count = Op.schema().arguments().size();
  auto Arguments = torch::jit::last(*Stack, Count);
  if (Index < 0 && Device >= 0 && Arguments[Device].isDevice() &&
      Arguments[Device].toDevice().is_cuda())
    Index = Arguments[Device].toDevice().index();
  if (Index < 0)
    Index = currentDevice();
  checkDevice(Index);
  WithDevice Guard(Index);
  if (CheckTypes)
    CheckTypes(Arguments);

  class Swap Swap(Index);
  torch::jit::Stack Host = toHost(Arguments, Index, Swap);
  {
    at::AutoDispatchBelowADInplaceOrView BelowAutograd;
    c10::impl::ExcludeDispatchKeyGuard NoAutocast(DispatchKey::AutocastCPU);
    runKernel(Op, Keys, Host);
  }
  if (Refuses)
    refuse(Arguments);
  if (Writes)
    Swap.writeBack();
  for (size_t I = 0; I < Host.size(); ++I)
    Host[I] =
        Returned[I] >= 0 ? Arguments[Returned[I]] : Swap.toDevice(Host[I]);
  torch::jit::drop(*Stack, Count);
  for (IValue &Result : Host)
    Stack->push_back(std::move(Result));
}
