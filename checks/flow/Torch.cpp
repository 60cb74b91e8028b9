// What a call into LibTorch means: methods, options, devices, free functions.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

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
  const StringRef Q = Ty.qualified(Fn);
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
  if (StringRef(Q).starts_with("torch::data::") ||
      (M && Base && StringRef(Q).starts_with("torch::jit::"))) {
    Value V = M && Base && StringRef(Q).starts_with("torch::jit::")
                  ? scriptCall(E, M, Base, BaseE, Args, Known)
                  : dataCall(E, Fn, Base, Args, Known);
    if (Known || Dead)
      return V;
    Known = true;
  }
  if (M && Base) {
    TypeKind K = Ty.kindOf(typeOf(Ctx, M->getParent()));
    TypeKind BK = BaseE ? Ty.kindOf(BaseE->getType()) : K;
    if (K == TypeKind::Tensor || BK == TypeKind::Tensor) {
      Value V = load(Base);
      if (V.K != Value::Tensor) {
        V = fresh(typeOf(Ctx, M->getParent()), Ty.text(BaseE), E->getBeginLoc(),
                  "not a known tensor");
        S->Cells.mut(Base) = V;
      }
      const TensorFact F = S->Handles[V.Id].Fact;
      if (OpK == OO_Equal) {
        Value R = eval(Args[0]);
        if (!Dead && BaseE->isLValue() && R.K == Value::Tensor) {
          assign(Base, R);
          if (S->Handles[R.Id].Name.empty())
            S->Handles.mut(R.Id).Name = Ty.text(BaseE);
        } else if (!Dead && BaseE->isLValue() &&
                   Ty.kindOf(Args[0]->getType()) == TypeKind::Tensor) {
          assign(Base, fresh(BaseE->getType(), Ty.text(BaseE), E->getBeginLoc(),
                             "unknown"));
        }
        return Value::of(Value::Ref, Base);
      }
      if (Name == "toType" || Name == "type_as")
        return moveTensor(E, "to", Base, BaseE, Args);
      if (Name == "to" || Name == "cuda" || Name == "cpu")
        return moveTensor(E, Name, Base, BaseE, Args);
      if (Name == "data_ptr" || Name == "const_data_ptr" ||
          Name == "mutable_data_ptr" || Name == "accessor") {
        if (S->Handles[V.Id].Name.empty() && BaseE)
          S->Handles.mut(V.Id).Name = Ty.text(BaseE);
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
      if (Name == "mutable_grad" ||
          (Name == "grad" && S->Gradients.count(V.Id)))
        return Value::of(Value::Ref, gradientOf(V.Id));
      if (Name == "grad") {
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
          Ty.kindOf(Args[0]->getType()) == TypeKind::Tensor)
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
      const Value V = load(S->target(Base));
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
                 ? Value::of(Value::Sym, symbol(Ty.text(E), true))
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
          return Value::dtype(V.HasType ? V.T : S->Default);
        Value A = eval(Args[0]);
        V.HasType = true;
        V.T = A.K == Value::Type ? A.T : Dtype::Unknown;
        return V;
      }
      if (Name == "requires_grad" && !Get) {
        Value Grad = eval(Args[0]);
        V.Grad = Grad.K == Value::Int && Grad.N;
      }
      return Ty.kindOf(E->getType()) == TypeKind::Options
                 ? V
                 : Value::of(Value::Sym, symbol(Ty.text(E), true));
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
        Ty.derives(M->getParent(), "torch::optim::Optimizer")) {
      for (const Expr *A : given(Args)) {
        // The closure that computes the loss.
        Value F = eval(A);
        if (Name == "step" && !Dead && isCallable(F))
          callClosure(F, E, {}, E->getType());
      }
      if (Name == "zero_grad")
        S->Gradients.clear();
      if (const Value &V = S->Cells[S->target(Base)];
          !Dead && Name == "step" && V.K == Value::Object)
        stepOptimizer(E, V.Id, BaseE);
      return E->getType()->isVoidType()
                 ? Value()
                 : fresh(E->getType(), "", SourceLocation(), "");
    }
    // Of a dictionary nothing is known by its key.
    if (StringRef(Q).starts_with("c10::Dict") && Name == "at") {
      eval(Args[0]);
      return Dead ? Value()
                  : Value::of(Value::Ref,
                              elementOf(Base, std::nullopt, E->getType(), E));
    }
    if (StringRef(Q).starts_with("c10::ivalue::Tuple") ||
        StringRef(Q).starts_with("c10::List")) {
      if (Name == "elements" || Name == "vec")
        return Value::of(Value::Ref, S->target(Base));
      if (Name == "get" || OpK == OO_Subscript) {
        Value I = eval(Args[0]);
        return Dead ? Value()
                    : Value::of(Value::Ref,
                                elementOf(Base, indexOf(I), E->getType(), E));
      }
    }
    if (S->Cells[S->target(Base)].K == Value::Object) {
      const Object &O = S->Objects[S->Cells[S->target(Base)].Id];
      if (O.K == Object::Opts) {
        ObjectId Id = S->Cells[S->target(Base)].Id;
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
                          S->target(Base), BaseE, Args, Known);
    }
    Known = false;
    return {};
  }
  return freeCall(E, Fn, Args, Known);
}

} // namespace torch_tidy
