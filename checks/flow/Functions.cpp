// What a call to a function of LibTorch means that is no member.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

StringRef Interp::operatorName(OverloadedOperatorKind K, bool Unary) {
  switch (K) {
  case OO_Plus:
    return "add";
  case OO_Minus:
    return Unary ? "neg" : "sub";
  case OO_Star:
    return "mul";
  case OO_Slash:
    return "div";
  case OO_Percent:
    return "remainder";
  case OO_PlusEqual:
    return "add_";
  case OO_MinusEqual:
    return "sub_";
  case OO_StarEqual:
    return "mul_";
  case OO_SlashEqual:
    return "div_";
  case OO_EqualEqual:
    return "eq";
  case OO_ExclaimEqual:
    return "ne";
  case OO_Less:
    return "lt";
  case OO_Greater:
    return "gt";
  case OO_LessEqual:
    return "le";
  case OO_GreaterEqual:
    return "ge";
  case OO_Amp:
    return "bitwise_and";
  case OO_Pipe:
    return "bitwise_or";
  case OO_Caret:
    return "bitwise_xor";
  case OO_Tilde:
    return "bitwise_not";
  case OO_Exclaim:
    return "logical_not";
  case OO_Subscript:
    return "select";
  default:
    return "";
  }
}

Value Interp::freeCall(const CallExpr *E, const FunctionDecl *Fn,
                       ArrayRef<const Expr *> Args, bool &Known) {
  const StringRef Q = Ty.qualified(Fn);
  StringRef Name =
      Fn->getDeclName().isIdentifier() ? Fn->getName() : StringRef();
  OverloadedOperatorKind OpK = Fn->getOverloadedOperator();
  Known = true;
  StringRef QR = Q;
  if (OpK != OO_None && Args.size() == 2 &&
      Ty.kindOf(Args[0]->getType()) == TypeKind::Device)
    return compare(OpK == OO_EqualEqual ? BO_EQ : BO_NE, eval(Args[0]),
                   eval(Args[1]), E);
  bool Torch = QR.starts_with("at::") || QR.starts_with("torch::") ||
               QR.starts_with("c10::");
  if (!Torch) {
    Known = false;
    return {};
  }
  if (Ty.kindOf(E->getType()) == TypeKind::Options) {
    if (Args.empty())
      return optionsFrom(Value::device(Device::cpu()));
    Value V = optionsFrom(Name == "device" || Name == "dtype"
                              ? eval(Args[0])
                              : Value::dtype(Dtype::Float));
    if (Name == "dtype" && V.HasDev) {
      V.HasDev = false, V.HasType = true;
      V.T = Dtype::Unknown;
    }
    if (Name == "requires_grad" || Name == "layout")
      V.HasDev = V.HasType = false;
    V.Grad = Name == "requires_grad";
    V.Spelled = Args[0];
    return V;
  }
  if (Q == "torch::jit::load" && !Args.empty())
    return loadScript(E, Args);
  if (Q == "torch::load" && Args.size() >= 2)
    return loadTensors(E, Args);
  if (Q == "torch::save" && Args.size() == 2)
    return saveTensors(Args);
  if (Q == "torch::autograd::grad" || Q == "torch::autograd::backward") {
    std::vector<Value> Vs;
    for (const Expr *A : given(Args))
      Vs.push_back(eval(A));
    size_t Gradients = Name == "grad" ? 2 : 1;
    if (!Dead && Vs.size() > Gradients)
      judgeGradients(E, Vs[0], Args[0], Vs[Gradients], Args[Gradients]);
    runBackward(E);
    SmallVector<HandleId, 4> Inputs;
    if (!Dead && Name == "grad")
      S->tensorsIn(Vs[1], Inputs);
    // A gradient is where its input is, and as large.
    Object O;
    O.K = Object::List;
    for (HandleId H : Inputs) {
      Handle G = S->Handles[H];
      if (S->Threw) // What was wrong may be mended anywhere.
        G.Fact.Dev = Device::symbol(++DeviceSymbols);
      O.Elems.push_back(S->cell(S->tensor(std::move(G))));
    }
    return Inputs.empty() ? Value() : S->object(std::move(O));
  }
  // A generator is known by where it makes its numbers.
  if (Name == "createCPUGenerator" || Name == "getDefaultCPUGenerator" ||
      Name == "createCUDAGenerator" || Name == "getDefaultCUDAGenerator")
    return Value::device(Name.contains("CUDA") ? Device::cuda()
                                               : Device::cpu());
  if ((Name == "typeMetaToScalarType" || Name == "scalarTypeToTypeMeta") &&
      Args.size() == 1)
    return eval(Args[0]);
  if (Name == "make_generator") {
    const TemplateArgumentList *TA = Fn->getTemplateSpecializationArgs();
    const CXXRecordDecl *R =
        TA && TA->size() ? record(TA->get(0).getAsType()) : nullptr;
    if (R && R->getName().ends_with("GeneratorImpl"))
      return Value::device(R->getName().starts_with("CUDA")  ? Device::cuda()
                           : R->getName().starts_with("CPU") ? Device::cpu()
                                                             : Device::other());
  }
  if (Name == "set_default_dtype" && Args.size() == 1) {
    Value T = eval(Args[0]);
    S->Default = T.K == Value::Type ? T.T : Dtype::Unknown;
    return {};
  }
  if (Name.starts_with("get_default_dtype"))
    return Value::dtype(S->Default);
  if (Name.contains("autocast")) {
    S->Autocast = true;
    return {};
  }
  if (Name == "manual_seed" || Name == "set_num_threads" ||
      Name == "synchronize")
    return {};
  TypeKind RK = Ty.kindOf(E->getType());
  if (QR.consume_front("torch::nn::functional::"))
    return tensorOp(E, Fn, ("nn::functional::" + Name).str(), 0, nullptr, Args);
  StringRef Op = OpK != OO_None ? operatorName(OpK, Args.size() == 1) : Name;
  if (QR.starts_with("torch::nn::init::")) {
    for (const Expr *A : Args)
      if (!isa<CXXDefaultArgExpr>(A) &&
          Ty.kindOf(A->getType()) == TypeKind::Tensor)
        return eval(A);
    return {};
  }
  std::string Full = Op.str();
  for (StringRef Family : {"linalg", "fft", "special"})
    if (StringRef(Q).contains(("::" + Family + "::").str()))
      Full = (Family + "_" + Op).str();
  bool Tensors = RK == TypeKind::Tensor;
  for (const Expr *A : Args)
    Tensors |= Ty.kindOf(A->getType()) == TypeKind::Tensor ||
               (record(A->getType()) &&
                record(A->getType())->getName() == "PackedSequence");
  if (!Full.empty() && (api::findOperator(Full) || Tensors) &&
      !QR.starts_with("torch::data"))
    return tensorOp(E, Fn, Full, 0, nullptr, Args);
  Known = false;
  return {};
}

} // namespace torch_tidy
