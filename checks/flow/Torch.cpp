// What a call into LibTorch means: methods, options, devices, free functions.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

static StringRef operatorName(OverloadedOperatorKind K, bool Unary) {
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

// `is_cuda()` asks for the kind of device, whatever its number.
Value Interp::isOn(Device D, bool Cuda, const Expr *E) {
  if (D.isCUDA())
    D.Index = -1;
  return compare(BO_EQ, Value::device(D),
                 Value::device(Cuda ? Device::cuda() : Device::cpu()), E);
}

Value Interp::torchCall(const CallExpr *E, const FunctionDecl *Fn, CellId Base,
                        const Expr *BaseE, ArrayRef<const Expr *> Args,
                        bool &Known) {
  std::string Q = qualified(Fn);
  StringRef Name =
      Fn->getDeclName().isIdentifier() ? Fn->getName() : StringRef();
  OverloadedOperatorKind OpK = Fn->getOverloadedOperator();
  auto *M = dyn_cast<CXXMethodDecl>(Fn);
  Known = true;
  if (Q == "torch::cuda::is_available" || Q == "at::cuda::is_available" ||
      Q == "at::hasCUDA" || Q == "torch::cuda::cudnn_is_available" ||
      Name == "hasCUDA") {
    S->Guarded = true;
    return Value::integer(1);
  }
  if (Name == "device_count" && Args.empty()) {
    S->Guarded = true;
    auto [It, New] = Compares.try_emplace({0, 0, -1}, 0);
    if (New)
      It->second = symbol("device_count()", true);
    return Value::of(Value::Sym, It->second);
  }
  if (M && Base) {
    TypeKind K = kindOf(typeOf(Ctx, M->getParent()));
    TypeKind BK = BaseE ? kindOf(BaseE->getType()) : K;
    if (K == TypeKind::Tensor || BK == TypeKind::Tensor) {
      Value V = load(Base);
      if (V.K != Value::Tensor) {
        V = fresh(typeOf(Ctx, M->getParent()), text(BaseE), E->getBeginLoc(),
                  "not a known tensor");
        S->Cells.mut(Base) = V;
      }
      const TensorFact F = S->Handles[V.Id].Fact;
      if (OpK == OO_Equal) {
        Value R = eval(Args[0]);
        if (!Dead && BaseE->isLValue() && R.K == Value::Tensor) {
          assign(Base, R);
          if (S->Handles[R.Id].Name.empty())
            S->Handles.mut(R.Id).Name = text(BaseE);
        } else if (!Dead && BaseE->isLValue() &&
                   kindOf(Args[0]->getType()) == TypeKind::Tensor) {
          assign(Base, fresh(BaseE->getType(), text(BaseE), E->getBeginLoc(),
                             "unknown"));
        }
        return Value::of(Value::Ref, Base);
      }
      if (Name == "to" || Name == "cuda" || Name == "cpu" || Name == "toType")
        return moveTensor(E, Name == "toType" ? "to" : Name, Base, BaseE, Args);
      if (Name == "data_ptr" || Name == "const_data_ptr" ||
          Name == "mutable_data_ptr" || Name == "accessor") {
        if (S->Handles[V.Id].Name.empty() && BaseE)
          S->Handles.mut(V.Id).Name = text(BaseE);
        elementAccess(E, Fn, V.Id, BaseE);
        S->Handles.mut(V.Id).Changes = true;
        return Value::of(Value::Memory, V.Id);
      }
      if (Name == "device") {
        Value D = Value::device(F.Dev);
        // A tensor is on a numbered device: `x.device() == kCUDA` is false.
        if (D.D.isCUDA())
          D.D.Index = D.D.number();
        D.Spelled = E;
        return D;
      }
      if (Name == "is_cuda" || Name == "is_cpu")
        return isOn(F.Dev, Name == "is_cuda", E);
      if (Name == "get_device" && F.Dev.isKnown())
        return Value::integer(F.Dev.isCPU() ? -1 : F.Dev.number());
      if (Name == "defined")
        return F.Defined ? Value::integer(1) : Value::integer(0);
      if (Name == "dtype" || Name == "scalar_type")
        return Value::dtype(F.Type);
      if (Name == "options") {
        Value O;
        O.K = Value::Options;
        O.HasDev = O.HasType = true;
        O.D = F.Dev, O.T = F.Type;
        return O;
      }
      // Tensors are told apart by their address.
      if (Name == "unsafeGetTensorImpl")
        return Value::integer(V.Id);
      if (Name == "set_data") {
        Value R = eval(Args[0]);
        if (!Dead && R.K == Value::Tensor) {
          const Handle Given = S->Handles[R.Id];
          S->Handles.mut(V.Id).Fact = Given.Fact;
          S->Handles.mut(V.Id).From = Given.From;
        }
        return {};
      }
      if (Name == "data" || Name == "detach" || Name == "variable_data" ||
          Name == "tensor_data" || Name == "contiguous" ||
          Name == "requires_grad_" || Name == "set_requires_grad" ||
          Name == "clone" || Name == "detach_") {
        if (Name == "requires_grad_" || Name == "set_requires_grad" ||
            Name == "detach_") {
          Value Grad = given(Args).empty() ? Value::integer(1) : eval(Args[0]);
          S->Handles.mut(V.Id).Grad =
              Name != "detach_" && Grad.K == Value::Int && Grad.N;
          return Value::of(Value::Ref, Base);
        }
        Handle H = S->Handles[V.Id];
        H.Grad &= Name == "contiguous" || Name == "clone";
        H.Dropped = nullptr;
        return S->tensor(std::move(H));
      }
      if (Name == "grad" || Name == "mutable_grad") {
        Handle H;
        H.Fact = F;
        H.From = S->Handles[V.Id].From;
        return S->tensor(std::move(H));
      }
      if (Name == "register_hook" && Args.size() == 1) {
        Value Hook = eval(Args[0]);
        if (!Dead && isCallable(Hook))
          S->Pending.push_back({Hook, nullptr, 0, V.Id});
        return Value::of(Value::Sym, symbol("", false));
      }
      if (Name == "backward") {
        Value G = Args.empty() ? Value() : eval(Args[0]);
        if (!Dead && G)
          judgeGradients(E, V, BaseE, G, Args[0]);
        runBackward(E);
        return {};
      }
      StringRef Op = OpK != OO_None ? operatorName(OpK, Args.empty()) : Name;
      if (OpK == OO_Subscript && Args.size() == 1 &&
          kindOf(Args[0]->getType()) == TypeKind::Tensor)
        Op = "index";
      if (!Op.empty())
        return tensorOp(E, Fn, Op, Base, BaseE, Args);
    }
    if (Value V = load(Base); V.K == Value::Memory)
      return accessor(E, V, Args);
    if (M->getParent()->getName() == "AutogradContext") {
      Value R = contextCall(E, Name, Base, Args, Known);
      if (Known || Dead)
        return R;
      Known = true;
    }
    if (M->getParent()->getName() == "PackedSequence" &&
        (Name == "data" || Name == "batch_sizes")) {
      Handle H;
      const Value V = load(target(Base));
      H.Fact.Dev = Device::symbol(++DeviceSymbols);
      if (V.K == Value::Tensor)
        H = S->Handles[V.Id];
      // A packed sequence remembers the dimensions of the padded one.
      if (H.Fact.Dims > 1)
        --H.Fact.Dims;
      if (Name == "batch_sizes")
        H.Fact = {Device::cpu(), Dtype::Int64, Rank::Some, 1};
      return S->tensor(std::move(H));
    }
    if (K == TypeKind::Device) {
      Value V = load(Base);
      if (V.K != Value::Dev)
        V = Value::device(Device::symbol(++DeviceSymbols));
      if (Name == "type") {
        V.D.Index = -1;
        return V;
      }
      if (Name == "is_cuda" || Name == "is_cpu")
        return isOn(V.D, Name == "is_cuda", E);
      if (OpK == OO_EqualEqual || OpK == OO_ExclaimEqual)
        return compare(OpK == OO_EqualEqual ? BO_EQ : BO_NE, V, eval(Args[0]),
                       E);
      return E->getType()->isArithmeticType()
                 ? Value::of(Value::Sym, symbol(text(E), true))
                 : Value();
    }
    if (K == TypeKind::Options) {
      Value V = optionsFrom(load(Base));
      bool Get = Args.empty();
      if (Name == "device" || Name == "device_index") {
        if (Get)
          return Value::device(V.HasDev ? V.D : Device::cpu());
        Value A = eval(Args[0]);
        if (A.K == Value::Str)
          A = optionsFrom(A);
        V.HasDev = true;
        V.D = A.K == Value::Dev || A.K == Value::Options ? A.D
              : A.K == Value::None                       ? Device::cpu()
                                                         : Device::cuda();
        V.Spelled = Args[0];
        return V;
      }
      if (Name == "dtype") {
        if (Get)
          return Value::dtype(V.HasType ? V.T : Dtype::Float);
        Value A = eval(Args[0]);
        V.HasType = true;
        V.T = A.K == Value::Type ? A.T : Dtype::Unknown;
        return V;
      }
      if (Name == "requires_grad" && !Get) {
        Value Grad = eval(Args[0]);
        V.Grad = Grad.K == Value::Int && Grad.N;
      }
      return kindOf(E->getType()) == TypeKind::Options
                 ? V
                 : Value::of(Value::Sym, symbol(text(E), true));
    }
    if (K == TypeKind::IValue) {
      Value V = load(Base);
      if (Name == "toTensor" && V.K != Value::Tensor) {
        Value Outer = V;
        V = fresh(E->getType(), "", E->getBeginLoc(), "inside an IValue");
        if (Outer.K == Value::Object &&
            S->Objects[Outer.Id].Unseen.K != Device::Unknown)
          S->Handles.mut(V.Id).Fact.Dev = S->Objects[Outer.Id].Unseen;
      }
      if (Name.starts_with("to"))
        return V;
    }
    if (K == TypeKind::Optimizer ||
        derives(M->getParent(), "torch::optim::Optimizer")) {
      for (const Expr *A : given(Args)) {
        // The closure that computes the loss.
        Value F = eval(A);
        if (Name == "step" && !Dead && isCallable(F))
          callClosure(F, E, {}, E->getType());
      }
      if (const Value &V = S->Cells[target(Base)];
          !Dead && Name == "step" && V.K == Value::Object)
        stepOptimizer(E, V.Id, BaseE);
      return E->getType()->isVoidType()
                 ? Value()
                 : fresh(E->getType(), "", SourceLocation(), "");
    }
    if (StringRef(Q).starts_with("c10::ivalue::Tuple") ||
        StringRef(Q).starts_with("c10::List")) {
      if (Name == "elements" || Name == "vec")
        return Value::of(Value::Ref, target(Base));
      if (Name == "get" || OpK == OO_Subscript) {
        Value I = eval(Args[0]);
        return Dead ? Value()
                    : Value::of(Value::Ref,
                                elementOf(Base, indexOf(I), E->getType(), E));
      }
    }
    if (S->Cells[target(Base)].K == Value::Object) {
      const Object &O = S->Objects[S->Cells[target(Base)].Id];
      if (O.K == Object::Opts) {
        ObjectId Id = S->Cells[target(Base)].Id;
        if (!Args.empty() && !Name.empty()) {
          Value A = eval(Args[0]);
          if (!Dead)
            S->Cells.mut(named(Id, Name, true)) = A;
          return Value::of(Value::Ref, Base);
        }
      }
      if (O.K == Object::Module)
        return moduleCall(E,
                          OpK == OO_Call        ? "forward"
                          : OpK == OO_Subscript ? "[]"
                                                : Name,
                          target(Base), BaseE, Args, Known);
    }
    Known = false;
    return {};
  }
  // Free functions.
  StringRef QR = Q;
  if (OpK != OO_None && Args.size() == 2 &&
      kindOf(Args[0]->getType()) == TypeKind::Device)
    return compare(OpK == OO_EqualEqual ? BO_EQ : BO_NE, eval(Args[0]),
                   eval(Args[1]), E);
  bool Torch = QR.starts_with("at::") || QR.starts_with("torch::") ||
               QR.starts_with("c10::");
  if (!Torch) {
    Known = false;
    return {};
  }
  if (kindOf(E->getType()) == TypeKind::Options) {
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
  if (Q == "torch::jit::load") {
    Value V = fresh(E->getType(), "", E->getBeginLoc(),
                    "a loaded TorchScript module");
    for (const Expr *A : given(Args)) {
      Value D = eval(A);
      if (D.K == Value::Dev && V.K == Value::Object && !Dead) {
        HandleId H = S->Objects[V.Id].State[0];
        S->Handles.mut(H).Fact.Dev = D.D;
        const Origin *O = origin(Origin::Moved, E, D.D, "module", nullptr, A);
        S->Objects.mut(V.Id).Move = O;
      }
    }
    return V;
  }
  if (Q == "torch::load" && Args.size() >= 2)
    return load(E, Args);
  if (Q == "torch::save" && Args.size() == 2)
    return save(Args);
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
      collectTensors(Vs[1], Inputs);
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
  if (Name.contains("autocast")) {
    S->Autocast = true;
    return {};
  }
  if (Name == "manual_seed" || Name == "set_num_threads" ||
      Name == "synchronize")
    return {};
  TypeKind RK = kindOf(E->getType());
  if (QR.consume_front("torch::nn::functional::"))
    return tensorOp(E, Fn, ("nn::functional::" + Name).str(), 0, nullptr, Args);
  StringRef Op = OpK != OO_None ? operatorName(OpK, Args.size() == 1) : Name;
  if (QR.starts_with("torch::nn::init::")) {
    for (const Expr *A : Args)
      if (!isa<CXXDefaultArgExpr>(A) &&
          kindOf(A->getType()) == TypeKind::Tensor)
        return eval(A);
    return {};
  }
  std::string Full = Op.str();
  for (StringRef Family : {"linalg", "fft", "special"})
    if (StringRef(Q).contains(("::" + Family + "::").str()))
      Full = (Family + "_" + Op).str();
  bool Tensors = RK == TypeKind::Tensor;
  for (const Expr *A : Args)
    Tensors |= kindOf(A->getType()) == TypeKind::Tensor ||
               (record(A->getType()) &&
                record(A->getType())->getName() == "PackedSequence");
  if (!Full.empty() && (api::findOperator(Full) || Tensors) &&
      !QR.starts_with("torch::data"))
    return tensorOp(E, Fn, Full, 0, nullptr, Args);
  Known = false;
  return {};
}

} // namespace torch_tidy
