//===- Operators.h - what LibTorch's operators and modules demand ---------===//
//
// LibTorch's meaning as data. Two sources, both compiled in as tables (see
// data/PROVENANCE.md):
//
//  * the *contracts*: for each operator and module, which tensor argument
//    makes the call throw when it alone is on the CPU, by dimensionality, and
//    when it alone has another dtype; measured on an H100 with PyTorch 2.11;
//  * the operator signatures of PyTorch's `native_functions.yaml`: what a call
//    returns, which argument it aliases, which are factories.
//
// Words: an *operand* is a tensor that a call receives; the *state* of a module
// is its parameters and buffers, taken as one operand. The *role* of an operand
// is the parameter's name in LibTorch's header.
//
// Nothing here knows clang's AST; everything is a pure function of facts.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_API_OPERATORS_H
#define TORCH_TIDY_CHECKS_API_OPERATORS_H

#include "checks/flow/Placement.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace torch_tidy::api {

/// One tensor as a call receives it. The elements of a tensor list share the
/// list's role and come one after another.
struct CallOperand {
  llvm::StringRef Role; ///< "self", "other", "weight", "tensors".
  TensorFact Fact;
};

/// What else of a call its rules depend on.
struct CallShape {
  /// The overload that was chosen has a `dim` parameter (`sum(dim)`).
  bool HasDim = false;
  /// A dtype that the call names itself (`sum(kFloat)`, options), or Unknown.
  Dtype Named = Dtype::Unknown;
  /// The call names a reduction (`reduction(torch::kNone)`, an `int64_t
  /// reduction` argument): a loss may then return more than one number.
  bool NamesReduction = false;
  /// The overload that was chosen has a `rounding_mode`: integers stay
  /// integers.
  bool HasRounding = false;
  /// Every number in the place of a tensor operand is an integer (`x + 1`):
  /// integer tensors stay what they are.
  bool IntegerScalars = false;
};

/// Whether a call throws.
struct Judgement {
  enum Kind : uint8_t {
    Fine,      ///< Measured: does not throw for these facts.
    Throws,    ///< Measured: throws for these facts.
    NotJudged, ///< Not measured, or a fact that decides it is unknown.
  } K = NotJudged;
  /// Throws only: the operand to blame and the one it disagrees with; the same
  /// for an operand that no other would make right. Of two devices the CPU is
  /// to blame, whichever of them the message names; of dtypes the one that
  /// stands against the rest.
  unsigned Wrong = 0, Against = 0;
  /// Throws only: LibTorch 2.x's message as C++ prints it, or the part of it
  /// that is known; empty where nothing is.
  std::string Message;

  bool throws() const { return K == Throws; }
};

/// How an operator's result relates to its operands.
struct OperatorInfo {
  enum ResultKind : uint8_t {
    Computed,  ///< A new tensor where the operands are (`add`, `relu`).
    Factory,   ///< A new tensor where the TensorOptions say; CPU, float by
               ///< default.
    LikeSelf,  ///< Options of `self` unless the call names others
               ///< (`zeros_like`).
    InPlace,   ///< `self` itself (`add_`, `copy_`).
    View,      ///< Another tensor on the storage of `self` (`view`, `select`).
    Out,       ///< The `out` argument itself (`add_out`).
    NotTensor, ///< A number, sizes, nothing.
  } Result = Computed;
  /// Tensors returned: 1, or the size of the tuple; 0 with `NotTensor`.
  uint8_t Results = 1;
  /// Returns a `std::vector<Tensor>` (`split`, `unbind`).
  bool ReturnsList = false;
  /// Overloads without a tensor operand are factories (`normal(0, 1, {2})`).
  bool FactoryWithoutTensors = false;
};

/// ATen's base name of a function or method of LibTorch's C++ API, given its
/// qualified name: "at::Tensor::add_" is "add_", "torch::linalg::det" is
/// "linalg_det", "torch::nn::functional::relu" is "nn::functional::relu",
/// "at::sum_outf" is "sum_out".
std::string operatorName(llvm::StringRef QualifiedName);

/// The operator of this base name, as ATen spells it: "add", "add_",
/// "mse_loss", "linalg_solve", "zeros_like"; or "nn::functional::NAME". Null
/// when there is none. Where overloads differ (`max`), the answer is that of
/// the first one that returns a tensor.
const OperatorInfo *findOperator(llvm::StringRef Op);

/// Does this call throw because its operands' devices differ?
/// `Op` is ATen's base name ("add_" and "add" share a contract), or
/// "nn::functional::NAME" for a function of torch::nn::functional.
Judgement judgeDevices(llvm::StringRef Op,
                       llvm::ArrayRef<CallOperand> Operands);

/// Does this call throw because its operands' dtypes differ, or because the
/// operator has no kernel for them? Only asked where the devices agree.
Judgement judgeDtypes(llvm::StringRef Op, llvm::ArrayRef<CallOperand> Operands,
                      const CallShape &Shape = {});

/// The facts of result number `Index` of a `Computed` operator that did not
/// throw. Device: that of the operands (a CPU 0-dim operand yields to CUDA).
/// Dtype: by promotion, or fixed (`argmax`: Int64; `eq`: Bool). Unknown facts
/// where no rule is known.
TensorFact resultFact(llvm::StringRef Op, llvm::ArrayRef<CallOperand> Operands,
                      const CallShape &Shape = {}, unsigned Index = 0);

/// The default dtype of a factory when nothing in the call names one: Float for
/// most; what the given scalars are together (`Numbers`: Float where one of them
/// is) for `arange` and `full`; Int64 for `randperm` and the index factories.
/// `randint` is Int64 without TensorOptions and Float with ones that name no
/// dtype (`OptionsGiven`): its C++ default is `options = kLong`. Run with
/// LibTorch 2.13.
Dtype factoryDtype(llvm::StringRef Op, Dtype Numbers, bool OptionsGiven = true);

/// One kind of module in torch::nn, by the name without namespace and without
/// "Impl": "Linear", "BatchNorm2d", "CrossEntropyLoss".
struct ModuleInfo {
  /// Whether it has parameters or buffers when constructed with default
  /// options; stateless modules never disagree with an input.
  bool HasState = false;
  /// Options that change that: "affine", "weight", ...; empty when none can.
  llvm::ArrayRef<llvm::StringRef> StateOptions;
  /// Number of tensors that forward returns, nested ones flattened
  /// (`LSTM`: output, h, c).
  uint8_t Results = 1;
};
const ModuleInfo *findModule(llvm::StringRef Name);

/// Does `forward` of this module throw? `State` is null for a module without
/// parameters and buffers. `Against`/`Wrong` count the inputs from 1; 0 is the
/// module's state.
Judgement judgeModuleDevices(llvm::StringRef Name, const TensorFact *State,
                             llvm::ArrayRef<CallOperand> Inputs);
Judgement judgeModuleDtypes(llvm::StringRef Name, const TensorFact *State,
                            llvm::ArrayRef<CallOperand> Inputs);
/// The facts of result number `Index` of a `forward` that did not throw.
/// `Shape` says what is known of the module's options (`NamesReduction`).
TensorFact moduleResult(llvm::StringRef Name, const TensorFact *State,
                        llvm::ArrayRef<CallOperand> Inputs, unsigned Index = 0,
                        const CallShape &Shape = {});

} // namespace torch_tidy::api

#endif
