//===- Fallback.cpp -------------------------------------------------------===//
#include "Fallback.h"
#include "Device.h"
#include "Direct.h"
#include "Operators.h"
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/stack.h>
#include <algorithm>

using namespace torch_tidy::emulator;
using c10::DispatchKey;
using c10::DispatchKeySet;
using c10::IValue;
using c10::OperatorHandle;
using torch::jit::Stack;

namespace {

/// The operator whose meta function has just compared the devices: its `out=`
/// overload, which runs next in this thread, has not to do so again.
thread_local const std::string *AlreadyChecked = nullptr;
struct Trust {
  explicit Trust(const std::string &Name) { AlreadyChecked = &Name; }
  ~Trust() { AlreadyChecked = nullptr; }
};

template <class Function> void forEachTensor(const IValue &V, Function Visit) {
  if (V.isTensor()) {
    if (V.toTensor().defined())
      Visit(V.toTensor());
  } else if (V.isTensorList()) {
    for (const at::Tensor &T : V.toTensorVector())
      if (T.defined())
        Visit(T);
  } else if (V.isList()) {
    for (const IValue &Element : V.toListRef())
      if (Element.isTensor() && Element.toTensor().defined())
        Visit(Element.toTensor());
  }
}

/// A number that LibTorch made a tensor of (`x * 2`); it has no device.
bool isNumber(const at::Tensor &T) {
  return T.dim() == 0 && T.unsafeGetTensorImpl()->is_wrapped_number();
}

class StandIn final : public c10::OperatorKernel {
public:
  StandIn(const OperatorHandle &Op, Kind Of) : Run(Op) {
    const c10::FunctionSchema &Schema = Op.schema();
    bool IsOut = false;
    for (const c10::Argument &A : Schema.arguments())
      IsOut |= A.is_out();
    // The order in which the generated wrappers go through the arguments.
    for (size_t I = 0; I < Schema.arguments().size(); ++I)
      if (Schema.arguments()[I].is_out())
        Order.push_back(I);
    for (size_t I = 0; I < Schema.arguments().size(); ++I)
      if (!Schema.arguments()[I].kwarg_only())
        Order.push_back(I);
    Facts = factsOf(Op.operator_name(), IsOut, Of);
    // What no meta function looks at: the devices of given outputs.
    if (Facts.Check == DeviceCheck::Meta && IsOut)
      Facts.Check = DeviceCheck::IteratorScalar;
  }

  void operator()(const OperatorHandle &Op, DispatchKeySet Keys, Stack *Stack) {
    auto Arguments = torch::jit::last(*Stack, Run.arguments());
    c10::DeviceIndex Index = -1;
    bool Mixed = false;
    for (size_t I : Run.placed())
      forEachTensor(Arguments[I], [&](const at::Tensor &T) {
        if (!T.is_cuda())
          Mixed |= !isNumber(T);
        else if (Index < 0)
          Index = T.device().index();
        else
          Mixed |= Index != T.device().index();
      });
    if (Mixed) {
      bool Trusted =
          AlreadyChecked && *AlreadyChecked == Op.operator_name().name;
      if (Trusted) {
        AlreadyChecked = nullptr;
      } else {
        if (Facts.OwnCheck)
          Facts.OwnCheck(Arguments, Facts.Method);
        if (Facts.Check == DeviceCheck::Meta) {
          // VE is a backend that nobody has kernels for.
          Trust Trust(Op.operator_name().name);
          return Op.redispatchBoxed(DispatchKeySet(DispatchKey::VE), Stack);
        }
        check(Op, Arguments);
      }
    }
    Run(Op, Keys, Index, Stack);
  }

private:
  void check(const OperatorHandle &Op, at::ArrayRef<IValue> Arguments) const {
    switch (Facts.Check) {
    case DeviceCheck::Wrapper:
      return checkAsWrapper(Op.schema(), Arguments);
    case DeviceCheck::Iterator:
      return checkAsIterator(Op.schema(), Arguments, 0);
    case DeviceCheck::IteratorScalar:
      return checkAsIterator(Op.schema(), Arguments, 1);
    case DeviceCheck::Meta:
    case DeviceCheck::None:
      return;
    }
  }

  void checkAsWrapper(const c10::FunctionSchema &Schema,
                      at::ArrayRef<IValue> Arguments) const {
    compat::Optional<c10::Device> Common;
    for (size_t I : Order)
      forEachTensor(Arguments[I], [&](const at::Tensor &T) {
        if (!Common)
          Common = T.device();
        else if (T.device() != *Common)
          compat::sameDeviceFailure(*Common, T, Facts.Method.c_str(),
                                    Schema.arguments()[I].name().c_str());
      });
  }

  /// TensorIteratorBase::compute_types, as far as devices go.
  void checkAsIterator(const c10::FunctionSchema &Schema,
                       at::ArrayRef<IValue> Arguments, int Scalars) const {
    c10::Device Common(c10::DeviceType::CPU);
    auto ForEach = [&](auto Visit) {
      for (size_t I = 0; I < Arguments.size(); ++I) {
        const auto *Alias = Schema.arguments()[I].alias_info();
        bool IsOutput = Alias && Alias->isWrite();
        forEachTensor(Arguments[I],
                      [&](const at::Tensor &T) { Visit(T, IsOutput); });
      }
    };
    ForEach([&](const at::Tensor &T, bool) {
      if (Common.is_cpu() && !T.is_cpu())
        Common = T.device();
    });
    ForEach([&](const at::Tensor &T, bool IsOutput) {
      if (T.is_cpu() && T.dim() == 0 && !IsOutput &&
          (isNumber(T) || Scalars-- > 0))
        return;
      TORCH_CHECK(T.device() == Common,
                  "Expected all tensors to be on the same device, but found at "
                  "least two devices, ",
                  Common, " and ", T.device(), "!");
    });
  }

  HostRun Run;
  OperatorFacts Facts;
  std::vector<size_t> Order;
};

/// Whether CUDA has a kernel for \p Op that the CPU's can take the place of.
bool standsIn(const OperatorHandle &Op, Kind Of, DispatchKey Cuda,
              DispatchKey Cpu) {
  const c10::OperatorName &Name = Op.operator_name();
  if (Op.hasKernelForDispatchKey(Cuda))
    return false;
  if (Name.name.compare(0, 6, "aten::") != 0)
    return Op.hasKernelForDispatchKey(Cpu);
  OperatorFacts Facts = factsOf(Name, false, Of);
  if (!Facts.HasCuda)
    // The table is a later release's: what only the CPU has there may have had
    // a kernel here.
    return compat::IsOlderThanTable && Of == Kind::Dense &&
           Op.hasKernelForDispatchKey(Cpu) &&
           !Op.hasComputedKernelForDispatchKey(Cuda);
  // An operator of several devices' tensors (_foreach_add) that LibTorch also
  // composes of others is composed; one that CUDA checks runs as a whole.
  return Op.hasKernelForDispatchKey(Cpu) ||
         (Op.hasComputedKernelForDispatchKey(Cpu) &&
          Facts.Check != DeviceCheck::Iterator);
}

} // namespace

void torch_tidy::emulator::registerFallback(
    const std::vector<std::string> &Own) {
  auto &Dispatcher = c10::Dispatcher::singleton();
  // Never removed: the kernels are needed until the last tensor is gone.
  static auto *Kept = new std::vector<c10::RegistrationHandleRAII>;
  constexpr struct {
    Kind Of;
    DispatchKey Cuda, Cpu;
  } Keys[] = {
      {Kind::Dense, DispatchKey::CUDA, DispatchKey::CPU},
      {Kind::Sparse, DispatchKey::SparseCUDA, DispatchKey::SparseCPU},
      {Kind::SparseCsr, DispatchKey::SparseCsrCUDA, DispatchKey::SparseCsrCPU}};
  for (const c10::OperatorName &Name : Dispatcher.getAllOpNames()) {
    auto Op = Dispatcher.findSchema(Name);
    if (!Op)
      continue;
    bool IsAten = Name.name.compare(0, 6, "aten::") == 0;
    std::string Short = IsAten ? Name.name.substr(6) : Name.name;
    if (!Name.overload_name.empty())
      Short += "." + Name.overload_name;
    bool IsOwn = std::find(Own.begin(), Own.end(), Short) != Own.end();
    for (const auto &[Of, Cuda, Cpu] : Keys) {
      if (!standsIn(*Op, Of, Cuda, Cpu) || (IsOwn && Of == Kind::Dense))
        continue;
      auto Kernel = c10::KernelFunction::makeFromBoxedFunctor<StandIn>(
          std::make_unique<StandIn>(*Op, Of));
      if (Of == Kind::Dense)
        Kernel = withShortWay(*Op, std::move(Kernel));
      Kept->push_back(
          Dispatcher.registerImpl(Name, Cuda, std::move(Kernel), {}, nullptr,
                                  "torch-tidy's emulated CUDA device"));
    }
  }
}
