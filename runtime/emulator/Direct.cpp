//===- Direct.cpp ---------------------------------------------------------===//
#include "Direct.h"
#include "Device.h"
#include "Swap.h"
#include <tuple>
#include <unordered_map>

using namespace torch_tidy::emulator;
using c10::DispatchKeySet;
using c10::KernelFunction;
using c10::OperatorHandle;

namespace {

/// Looks at the arguments of a call, one after the other.
class Uniform {
public:
  template <class T> void see(const T &) {}
  void see(const at::Tensor &T) {
    if (!T.defined()) {
      Holds = false;
    } else if (!T.is_cuda()) {
      // A number that LibTorch made a tensor of (`x * 2`) has no device.
      Holds &= T.dim() == 0 && T.unsafeGetTensorImpl()->is_wrapped_number();
    } else if (Index < 0) {
      Index = T.device().index();
      Type = T.scalar_type();
      Holds &= T.layout() == at::kStrided &&
               (Type == at::kFloat || Type == at::kDouble);
    } else {
      Holds &= T.layout() == at::kStrided && T.device().index() == Index &&
               T.scalar_type() == Type;
    }
  }
  void see(const compat::Optional<at::Tensor> &T) {
    if (T)
      see(*T);
  }
  explicit operator bool() const { return Holds && Index >= 0; }
  c10::DeviceIndex index() const { return Index; }

private:
  bool Holds = true;
  c10::DeviceIndex Index = -1;
  at::ScalarType Type = at::ScalarType::Undefined;
};

/// An argument on the host: tensors are others there, the rest is as it was.
template <class T> struct Host {
  T Value;
  Host(Swap &, T Given) : Value(Given) {}
};
template <> struct Host<const at::Tensor &> {
  at::Tensor Value;
  Host(Swap &S, const at::Tensor &Given) : Value(S.toHost(Given)) {}
};
template <> struct Host<at::Tensor &> : Host<const at::Tensor &> {
  using Host<const at::Tensor &>::Host;
};
template <> struct Host<const compat::Optional<at::Tensor> &> {
  compat::Optional<at::Tensor> Value;
  Host(Swap &S, const compat::Optional<at::Tensor> &Given) {
    if (Given)
      Value = S.toHost(*Given);
  }
};

at::Tensor onDevice(Swap &S, const at::Tensor &T) { return S.toDevice(T); }
template <class... Tensors>
std::tuple<Tensors...> onDevice(Swap &S, const std::tuple<Tensors...> &All) {
  return std::apply(
      [&](const auto &...T) {
        return std::tuple<Tensors...>(S.toDevice(T)...);
      },
      All);
}

template <class Operator, class Schema = typename Operator::schema>
class Direct;
template <class Operator, class Return, class... Args>
class Direct<Operator, Return(Args...)> final : public c10::OperatorKernel {
public:
  Direct(const OperatorHandle &Handle, KernelFunction Boxed)
      : Handle(Handle), Boxed(std::move(Boxed)) {}

  Return operator()(DispatchKeySet Keys, Args... Arguments) {
    Uniform All;
    (All.see(Arguments), ...);
    if (!All)
      return Boxed.template call<Return, Args...>(
          Handle, Keys, std::forward<Args>(Arguments)...);
    WithDevice Guard(All.index());
    Swap Swap(All.index());
    return run(hostKeys(Keys), Swap, Host<Args>(Swap, Arguments)...,
               Arguments...);
  }

private:
  static Return run(DispatchKeySet Keys, Swap &Swap, Host<Args>... OnHost,
                    Args... Arguments) {
    BelowAutograd Below;
    if constexpr (std::is_reference_v<Return>) {
      // In place; none of these changes a shape.
      Operator::redispatch(Keys, OnHost.Value...);
      return std::get<0>(std::tie(Arguments...));
    } else {
      return onDevice(Swap, Operator::redispatch(Keys, OnHost.Value...));
    }
  }

  OperatorHandle Handle;
  KernelFunction Boxed;
};

using Maker = KernelFunction (*)(const OperatorHandle &, KernelFunction);
template <class Operator>
KernelFunction make(const OperatorHandle &Handle, KernelFunction Boxed) {
  return KernelFunction::makeFromUnboxedFunctor<false, Direct<Operator>>(
      std::make_unique<Direct<Operator>>(Handle, std::move(Boxed)));
}

using Makers = std::unordered_map<std::string, Maker>;
template <class Operator> void add(Makers &All) {
  All[std::string(Operator::name) + "." + Operator::overload_name] =
      &make<Operator>;
}
template <class... Operators> Makers makersOf() {
  Makers All;
  (add<Operators>(All), ...);
  return All;
}

} // namespace

KernelFunction torch_tidy::emulator::withShortWay(const OperatorHandle &Op,
                                                  KernelFunction Boxed) {
  namespace ops = at::_ops;
  static const Makers Frequent =
      makersOf<ops::add_Tensor, ops::add__Tensor, ops::sub_Tensor,
               ops::sub__Tensor, ops::mul_Tensor, ops::mul__Tensor,
               ops::div_Tensor, ops::div__Tensor, ops::addcmul_, ops::addcdiv_,
               ops::pow_Tensor_Scalar, ops::neg, ops::exp, ops::log, ops::sqrt,
               ops::copy_, ops::fill__Scalar, ops::zero_, ops::mm, ops::addmm,
               ops::bmm, ops::baddbmm, ops::sum, ops::sum_dim_IntList,
               ops::mean_dim, ops::relu, ops::threshold_backward, ops::sigmoid,
               ops::sigmoid_backward, ops::tanh, ops::tanh_backward, ops::gelu,
               ops::gelu_backward, ops::_softmax, ops::_softmax_backward_data,
               ops::_log_softmax, ops::_log_softmax_backward_data,
               ops::native_layer_norm, ops::native_layer_norm_backward>();
  const c10::OperatorName &Name = Op.operator_name();
  auto It = Frequent.find(Name.name + "." + Name.overload_name);
  return It == Frequent.end() ? Boxed : It->second(Op, std::move(Boxed));
}
