//===- Probe.h - what a marked call was given, and how it ended -----------===//
//
// `torch-tidy verify` puts these around the calls that it wants to know about:
//
//     (Scope(7), operand(7, "weight", model)->forward(operand(7, "input", x)))
//
// Each writes one line of JSON with one write(2) to the file that
// TORCH_TIDY_EVENTS names, before the program goes on, so that a crash loses
// nothing. Without that variable nothing is written.
//
//     {"event":"enter","id":7,"pid":12,"tid":12}     (every line has these)
//     {"event":"operand","id":7,"role":"weight","tensors":[
//         {"name":"weight","device":"cuda:0","dtype":"Float","shape":[3,1]}]}
//     {"event":"returned","id":7,"tensors":[...]}
//     {"event":"threw","id":7,"type":"c10::Error","what":"...","from":7,"operands":2}
//     {"event":"count","id":7,"times":900}
//
// From its seventeenth pass on, a call that goes by as it did before (same
// operands, same end) is counted and not written; the count is, whenever it
// reaches a power of two. A crash in such a pass leaves no line of its own.
//
// `from` is the marked call that the exception came out of first; "operands"
// says how many of the call's own were evaluated by then: where one is missing,
// the exception came out of an argument and the call was never made.
//
// TORCH_TIDY_REPAIR lists ids (7,9t) whose tensor operands are moved, so that
// the calls behind an error can be reached: `operand` then gives a reference to
// the changed tensor. A letter says how:
//   none  to where the module or the first CUDA operand is (to CUDA where
//         neither came before)
//   v     there, too, and the variable that held the operand keeps the result
//   g, c  all operands, variables and a module's state to CUDA, or to the CPU
//   t     not moved: those that are floating get the element type of the module
//         or of the first floating operand
//   f, l  the others get that type, too; all get Long
// An operator that throws all the same is repaired inside the call (Repair.h),
// and with "*" in the list outside of marked calls as well.
//
// Limits: one level of containers (a vector of tuples is not looked into);
// exceptions that do not derive from std::exception have no text.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_PROBE_PROBE_H
#define TORCH_TIDY_RUNTIME_PROBE_PROBE_H

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace torch_tidy::probe {

/// One marked call, from before its operands are evaluated to the end of its
/// full expression.
class Scope {
public:
  explicit Scope(int Id);
  ~Scope();
  Scope(const Scope &) = delete;
  Scope &operator=(const Scope &) = delete;
  /// The call has returned.
  void leave();
};

/// A driven function is about to be run.
void begin();

/// Tensors with the names that the record gives them.
using Named = std::vector<std::pair<std::string, at::Tensor>>;

namespace detail {
void recordOperand(int Id, const char *Role, const Named &Tensors,
                   bool IsModule);
void recordResult(int Id, const Named &Tensors);
bool repairs(int Id);
/// Does the variable that holds an operand keep the repaired value?
bool keepsRepair(int Id);
/// \p T on the device that the other operands of the call are on; kept alive
/// until the process ends.
at::Tensor &repaired(int Id, const at::Tensor &T);

template <class T, class = void> struct IsRange : std::false_type {};
template <class T>
struct IsRange<T, std::void_t<decltype(std::declval<const T &>().begin()),
                              decltype(std::declval<const T &>().end())>>
    : std::true_type {};
template <class T, class = void> struct IsTuple : std::false_type {};
template <class T>
struct IsTuple<T, std::void_t<decltype(std::tuple_size<T>::value)>>
    : std::true_type {};
template <class T, class = void> struct IsModule : std::false_type {};
template <class T>
struct IsModule<T, std::void_t<decltype(std::declval<T &>().named_parameters()),
                               decltype(std::declval<T &>().named_buffers())>>
    : std::true_type {};
/// Holders, smart pointers, pointers: what `*` leads to.
template <class T, class = void> struct IsPointer : std::false_type {};
template <class T>
struct IsPointer<T,
                 std::void_t<decltype(*std::declval<T &>()),
                             decltype(static_cast<bool>(std::declval<T &>()))>>
    : std::true_type {};
template <class T, class = void> struct IsHolder : std::false_type {};
template <class T>
struct IsHolder<T, std::void_t<decltype(std::declval<T &>().ptr()),
                               decltype(std::declval<T &>().is_empty())>>
    : std::true_type {};

/// torch::nn gives an OrderedDict of items with key() and value(), torch::jit
/// a list of structs with name and value.
template <class Item>
auto addItem(const Item &I, Named &Out, int)
    -> decltype((void)I.key(), (void)I.value()) {
  Out.emplace_back(I.key(), I.value());
}
template <class Item>
auto addItem(const Item &I, Named &Out, long)
    -> decltype((void)I.name, (void)I.value) {
  Out.emplace_back(I.name, I.value);
}
void addIValue(const c10::IValue &V, Named &Out);

/// Adds the tensors in \p Value; true where it is a module.
template <class T> bool collect(T &Value, Named &Out) {
  using V = std::remove_cv_t<T>;
  if constexpr (std::is_convertible_v<T &, const at::TensorBase &>) {
    const at::TensorBase &Base = Value;
    Out.emplace_back("", at::Tensor(Base));
  } else if constexpr (std::is_same_v<V, c10::IValue>) {
    addIValue(Value, Out);
  } else if constexpr (IsModule<T>::value) {
    for (const auto &Item : Value.named_parameters())
      addItem(Item, Out, 0);
    for (const auto &Item : Value.named_buffers())
      addItem(Item, Out, 0);
    return true;
  } else if constexpr (IsHolder<T>::value) {
    return !Value.is_empty() && collect(*Value.ptr(), Out);
  } else if constexpr (std::is_pointer_v<V> &&
                       !std::is_class_v<std::remove_pointer_t<V>>) {
    // Numbers and characters.
  } else if constexpr (IsPointer<T>::value) {
    if (static_cast<bool>(Value))
      return collect(*Value, Out);
  } else if constexpr (IsTuple<V>::value) {
    std::apply([&](auto &...Part) { (void)(collect(Part, Out), ...); }, Value);
  } else if constexpr (IsRange<T>::value &&
                       !std::is_convertible_v<T &, std::string_view>) {
    unsigned Left = 64; // A long list says nothing more.
    for (auto &&Part : Value) {
      if constexpr (std::is_class_v<std::decay_t<decltype(Part)>>)
        (void)collect(Part, Out);
      if (!--Left)
        break;
    }
  }
  return false;
}
} // namespace detail

/// Records the tensors in \p V, or the state of the module that it is or leads
/// to, and gives \p V back.
template <class T> T &&operand(int Id, const char *Role, T &&V) {
  Named Tensors;
  bool IsModule = detail::collect(V, Tensors);
  detail::recordOperand(Id, Role, Tensors, IsModule);
  if constexpr (std::is_same_v<std::remove_cv_t<std::remove_reference_t<T>>,
                               at::Tensor>)
    if (detail::repairs(Id)) {
      at::Tensor &Moved = detail::repaired(Id, V);
      if constexpr (std::is_same_v<T, at::Tensor &>)
        if (detail::keepsRepair(Id))
          return V = Moved;
      return static_cast<T &&>(Moved);
    }
  return static_cast<T &&>(V);
}

/// Says that the call has returned \p V, and gives \p V back.
template <class T> T &&result(int Id, T &&V) {
  Named Tensors;
  (void)detail::collect(V, Tensors);
  detail::recordResult(Id, Tensors);
  return static_cast<T &&>(V);
}

} // namespace torch_tidy::probe

#endif
