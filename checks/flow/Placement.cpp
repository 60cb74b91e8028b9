#include "checks/flow/Placement.h"
#include "llvm/ADT/Twine.h"

namespace torch_tidy {

std::string Device::str() const {
  switch (K) {
  case CPU:
    return "cpu";
  case CUDA:
    return Index < 0 ? "cuda" : ("cuda:" + llvm::Twine(Index)).str();
  case Other:
    return "another backend";
  case Symbol:
  case Unknown:
    break;
  }
  return "unknown";
}

namespace {
struct DtypeNames {
  const char *Message, *Constant;
};
// Order of the enumerators. The message's name is c10::toString's.
constexpr DtypeNames Names[] = {
    {"Undefined", ""},
    {"Bool", "torch::kBool"},
    {"Byte", "torch::kUInt8"},
    {"Char", "torch::kInt8"},
    {"Short", "torch::kInt16"},
    {"Int", "torch::kInt32"},
    {"Long", "torch::kInt64"},
    {"Half", "torch::kFloat16"},
    {"BFloat16", "torch::kBFloat16"},
    {"Float", "torch::kFloat32"},
    {"Double", "torch::kFloat64"},
    {"ComplexHalf", "torch::kComplexHalf"},
    {"ComplexFloat", "torch::kComplexFloat"},
    {"ComplexDouble", "torch::kComplexDouble"},
    {"Undefined", ""},
};
} // namespace

llvm::StringRef dtypeName(Dtype T) {
  return Names[static_cast<unsigned>(T)].Message;
}
llvm::StringRef dtypeConstant(Dtype T) {
  return Names[static_cast<unsigned>(T)].Constant;
}
bool isFloating(Dtype T) { return T >= Dtype::Half && T <= Dtype::Double; }
bool isIntegral(Dtype T) { return T >= Dtype::Bool && T <= Dtype::Int64; }
bool isComplex(Dtype T) {
  return T >= Dtype::ComplexHalf && T <= Dtype::ComplexDouble;
}

// c10::promoteTypes: the larger of one category; half and bfloat16 meet in
// float, uint8 and a signed integer in the next signed one.
Dtype promote(Dtype A, Dtype B) {
  if (A == B)
    return A;
  if (A == Dtype::Unknown || B == Dtype::Unknown || A == Dtype::Other ||
      B == Dtype::Other)
    return Dtype::Unknown;
  if (A > B)
    std::swap(A, B);
  if (isComplex(B)) {
    if (A == Dtype::Double && B != Dtype::ComplexDouble)
      return Dtype::ComplexDouble;
    if (B == Dtype::ComplexHalf && (A == Dtype::Float || A == Dtype::BFloat16))
      return Dtype::ComplexFloat;
    return B;
  }
  if (A == Dtype::Half && B == Dtype::BFloat16)
    return Dtype::Float;
  if (A == Dtype::UInt8 && B == Dtype::Int8)
    return Dtype::Int16;
  return B;
}

} // namespace torch_tidy
