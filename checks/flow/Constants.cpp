// Devices, element types and options as enumerators and strings name them.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

static Dtype dtypeByName(StringRef N) {
  return llvm::StringSwitch<Dtype>(N)
      .Case("Bool", Dtype::Bool)
      .Case("Byte", Dtype::UInt8)
      .Case("Char", Dtype::Int8)
      .Case("Short", Dtype::Int16)
      .Case("Int", Dtype::Int32)
      .Case("Long", Dtype::Int64)
      .Case("Half", Dtype::Half)
      .Case("BFloat16", Dtype::BFloat16)
      .Case("Float", Dtype::Float)
      .Case("Double", Dtype::Double)
      .Case("ComplexFloat", Dtype::ComplexFloat)
      .Case("ComplexDouble", Dtype::ComplexDouble)
      .Default(Dtype::Other);
}

Value Interp::deviceFromString(StringRef Str) {
  if (Str == "cpu")
    return Value::device(Device::cpu());
  if (Str.consume_front("cuda")) {
    int Index = -1;
    if (Str.consume_front(":"))
      Str.getAsInteger(10, Index);
    return Value::device(Device::cuda(Index));
  }
  return Value::device(Device::other());
}

// TensorOptions from whatever converts to them.
Value Interp::optionsFrom(Value V) {
  V = resolve(V);
  if (V.K == Value::Options)
    return V;
  Value O;
  O.K = Value::Options;
  O.Spelled = V.Spelled;
  if (V.K == Value::Dev)
    O.HasDev = true, O.D = V.D;
  else if (V.K == Value::Type)
    O.HasType = true, O.T = V.T;
  else if (isString(V))
    return optionsFrom(deviceNamed(V));
  else
    O.HasDev = O.HasType = true, O.D = Device::symbol(++DeviceSymbols);
  return O;
}

Value Interp::enumerator(const EnumConstantDecl *C) {
  TypeKind K = Ty.kindOf(C->getType());
  if (auto *En = dyn_cast<EnumDecl>(C->getDeclContext())) {
    if (En->getName() == "DeviceType")
      K = TypeKind::Device;
    if (En->getName() == "ScalarType")
      K = TypeKind::Dtype;
  }
  if (K == TypeKind::Device)
    return Value::device(C->getName() == "CUDA"  ? Device::cuda()
                         : C->getName() == "CPU" ? Device::cpu()
                                                 : Device::other());
  if (K == TypeKind::Dtype)
    return Value::dtype(dtypeByName(C->getName()));
  return Value::integer(C->getInitVal().getExtValue());
}

// A number as a value of a type: of an enumeration its enumerator.
Value Interp::asType(const Value &V, QualType T) {
  auto *E = T->getAs<EnumType>();
  if (V.K == Value::Int && E && E->getDecl()->getDefinition() &&
      Ty.kindOf(T) != TypeKind::Number)
    for (const EnumConstantDecl *C :
         E->getDecl()->getDefinition()->enumerators())
      if (C->getInitVal().getExtValue() == V.N)
        return enumerator(C);
  return V;
}

} // namespace torch_tidy
