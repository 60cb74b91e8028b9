//===- Repair.cpp ---------------------------------------------------------===//
#include "Repair.h"
#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <exception>
#include <torch/library.h>

namespace {

constexpr c10::DispatchKey Key = c10::DispatchKey::TESTING_ONLY_GenericMode;
thread_local at::Device Home = at::kCUDA;

using Values = std::vector<c10::IValue>;

/// Calls \p F on each tensor of \p V and puts what it gives in its place.
template <class Fn> c10::IValue eachTensor(const c10::IValue &V, Fn F) {
  if (V.isTensor())
    return V.toTensor().defined() ? c10::IValue(F(V.toTensor())) : V;
  if (V.isTensorList()) {
    c10::List<at::Tensor> Out;
    for (const at::Tensor &T : V.toTensorVector())
      Out.push_back(T.defined() ? F(T) : T);
    return Out;
  }
  if (V.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> Out;
    for (const std::optional<at::Tensor> &T : V.toOptionalTensorVector())
      Out.push_back(T && T->defined() ? std::optional<at::Tensor>(F(*T)) : T);
    return Out;
  }
  return V;
}

/// Where the tensor is that \p Op changes, else `Home`: a change to a copy
/// would be lost.
at::Device targetOf(const c10::OperatorHandle &Op, const Values &Given) {
  std::optional<at::Device> Written;
  for (size_t I = 0; I < Given.size(); ++I)
    if (const auto *Alias = Op.schema().arguments()[I].alias_info();
        Alias && Alias->isWrite())
      eachTensor(Given[I], [&](const at::Tensor &T) {
        Written = Written.value_or(T.device());
        return T;
      });
  return Written.value_or(Home);
}

/// The ways to call \p Op with \p Given that are worth a try.
std::vector<Values> repairs(const c10::OperatorHandle &Op,
                            const Values &Given) {
  const at::Device Target = targetOf(Op, Given);
  const at::Device Other = Target.is_cpu() ? at::kCUDA : at::kCPU;
  size_t Tensors = 0;
  auto Change = [&](auto F) {
    Values Out;
    for (const c10::IValue &V : Given)
      Out.push_back(eachTensor(V, F));
    return Out;
  };
  std::vector<Values> List{Change([&](const at::Tensor &T) {
    ++Tensors;
    return T.to(Target);
  })};
  // `lengths` of packed sequences have to be elsewhere than the rest.
  constexpr size_t Many = 8;
  for (size_t N = 0; N < std::min(Tensors, Many); ++N) {
    size_t I = 0;
    List.push_back(Change([&](const at::Tensor &T) {
      return I++ == N ? T.to(T.device() == Target ? Other : Target) : T;
    }));
  }
  return List;
}

void call(const c10::OperatorHandle &Op, c10::DispatchKeySet,
          torch::jit::Stack *Stack) {
  c10::impl::ExcludeDispatchKeyGuard Once(Key);
  const size_t Base = Stack->size() - Op.schema().arguments().size();
  const Values Given(Stack->begin() + static_cast<std::ptrdiff_t>(Base),
                     Stack->end());
  std::exception_ptr First;
  auto Try = [&] {
    try {
      Op.callBoxed(Stack);
      return true;
    } catch (const c10::Error &) {
      First = First ? First : std::current_exception();
      return false;
    }
  };
  if (Try())
    return;
  for (Values &Changed : repairs(Op, Given)) {
    Stack->resize(Base);
    Stack->insert(Stack->end(), Changed.begin(), Changed.end());
    if (Try())
      return;
  }
  std::rethrow_exception(First);
}

} // namespace

void torch_tidy::probe::repairOperators(bool On) {
  static torch::Library *Fallback = [] {
    auto *L =
        new torch::Library(torch::Library::IMPL, "_", Key, __FILE__, __LINE__);
    L->fallback(torch::CppFunction::makeFromBoxedFunction<&call>());
    return L; // Outlives every static destructor.
  }();
  (void)Fallback;
  c10::impl::tls_set_dispatch_key_included(Key, On);
}

void torch_tidy::probe::repairTo(at::Device Where) { Home = Where; }
