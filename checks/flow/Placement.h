//===- Placement.h - where a tensor lives and what it holds ---------------===//
//
// The facts the analysis keeps of one tensor. They form a lattice: a fact is
// either known, or the same as something the caller chose (a symbol), or
// unknown. *Unknown is never safe*: it only means that nothing can be said,
// and each unknown has a reason that `--explain-unknown` prints.
//
// Nothing here depends on clang: checks/api judges calls with these alone, so
// its rules are testable without an AST.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_PLACEMENT_H
#define TORCH_TIDY_CHECKS_FLOW_PLACEMENT_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace torch_tidy {

/// A device as far as it is known.
struct Device {
  enum Kind : uint8_t {
    Unknown, ///< Nothing is known; `Sym` is 0.
    Symbol,  ///< The same device as everything else that carries `Sym`.
    CPU,     ///< The host.
    CUDA,    ///< A CUDA device; `Index` says which, -1 the current one.
    Other,   ///< Another backend (`meta`, `mps`, ...): never judged.
  };
  Kind K = Unknown;
  int16_t Index = -1;
  uint32_t Sym = 0;

  static Device cpu() { return {CPU, -1, 0}; }
  static Device cuda(int Index = -1) {
    return {CUDA, static_cast<int16_t>(Index), 0};
  }
  static Device symbol(uint32_t Sym) { return {Symbol, -1, Sym}; }
  static Device other() { return {Other, -1, 0}; }
  static Device unknown() { return {}; }

  bool isCPU() const { return K == CPU; }
  bool isCUDA() const { return K == CUDA; }
  bool isKnown() const { return K == CPU || K == CUDA; }

  bool operator==(const Device &O) const {
    return K == O.K && Index == O.Index && Sym == O.Sym;
  }
  bool operator!=(const Device &O) const { return !(*this == O); }

  /// True where the two are certainly different devices. `cuda` without an
  /// index is the current device, which is taken to be number 0: LibTorch
  /// starts there, and code that changes it names indices.
  bool differsFrom(const Device &O) const {
    if (!isKnown() || !O.isKnown())
      return false;
    if (K != O.K)
      return true;
    return K == CUDA && number() != O.number();
  }
  /// True where the two are certainly the same device.
  bool sameAs(const Device &O) const {
    if (isKnown() && O.isKnown())
      return !differsFrom(O);
    return K == Symbol && O.K == Symbol && Sym == O.Sym;
  }
  /// The device's number; 0 for the current one. CUDA only.
  int number() const { return Index < 0 ? 0 : Index; }

  /// "cpu", "cuda", "cuda:1", "unknown": as LibTorch prints it.
  std::string str() const;
};

/// An element type. The order is LibTorch's `c10::ScalarType` where the two
/// share a member, so that promotion can be read off it.
enum class Dtype : uint8_t {
  Unknown, ///< Nothing is known.
  Bool,
  UInt8,
  Int8,
  Int16,
  Int32,
  Int64,
  Half,
  BFloat16,
  Float,
  Double,
  ComplexHalf,
  ComplexFloat,
  ComplexDouble,
  Other, ///< Quantised, float8 and the like: never judged.
};
llvm::StringRef dtypeName(Dtype T); ///< "Float", "Long": as messages print it.
llvm::StringRef
dtypeConstant(Dtype T); ///< "torch::kFloat32": as source spells it.
bool isFloating(Dtype T);
bool isIntegral(Dtype T); ///< Bool included.
bool isComplex(Dtype T);
/// The type two operands of equal dimensionality class promote to.
Dtype promote(Dtype A, Dtype B);

/// How many dimensions a tensor has, as far as the rules ask.
enum class Rank : uint8_t {
  Unknown, ///< Not known.
  Zero,    ///< A 0-dim tensor ("wrapped number" rules apply).
  Some,    ///< At least one dimension.
};

/// What is known of one tensor.
struct TensorFact {
  Device Dev;
  Dtype Type = Dtype::Unknown;
  Rank Dim = Rank::Unknown;
  /// The number of dimensions where it is known, else -1; agrees with `Dim`.
  int8_t Dims = -1;
  /// False for a default-constructed `at::Tensor`: it has no device, and
  /// operators say so in their own words.
  bool Defined = true;

  /// Forgets in what two tensors differ, apart from where they are.
  void agreeWith(const TensorFact &O) {
    if (Type != O.Type)
      Type = Dtype::Unknown;
    if (Dim != O.Dim)
      Dim = Rank::Unknown;
    if (Dims != O.Dims)
      Dims = -1;
  }

  bool operator==(const TensorFact &O) const {
    return Dev == O.Dev && Type == O.Type && Dim == O.Dim &&
           Defined == O.Defined;
  }
};

} // namespace torch_tidy

#endif
