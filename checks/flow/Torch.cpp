// LibTorch's tensors, options, devices and operators.
#include "checks/flow/Interp.h"
#include "clang/AST/DeclTemplate.h"

using namespace clang;

namespace torch_tidy {

void Interp::collectTensors(const Value &V0, SmallVectorImpl<HandleId> &Out, unsigned Depth) {
  Value V = V0;
  if ((V.K == Value::Ptr || V.K == Value::Ref) && V.Id)
    V = S->Cells[target(V.Id)];
  if (V.K == Value::Tensor)
    Out.push_back(V.Id);
  else if (V.K == Value::Object && Depth < 4 && S->Objects[V.Id].K != Object::Module)
    for (CellId C : S->Objects[V.Id].Elems)
      collectTensors(S->Cells[C], Out, Depth + 1);
}

const Origin *Interp::origin(Origin::Kind K, const Expr *E, Device D, StringRef Subject,
                             const Origin *Before, const Expr *Spelled) {
  Origin O;
  O.K = K;
  O.E = E;
  O.Loc = E ? E->getBeginLoc() : SourceLocation();
  if (auto *M = dyn_cast_or_null<CXXMemberCallExpr>(E))
    O.Loc = M->getExprLoc();
  O.Dev = D;
  O.Subject = Subject.str();
  O.Before = Before;
  O.Spelled = Spelled;
  O.Frame = S->top().Serial;
  O.Depth = S->Frames.size();
  O.Under = S->Known;
  Origins.push_back(std::move(O));
  return &Origins.back();
}

static StringRef operatorName(OverloadedOperatorKind K, bool Unary) {
  switch (K) {
  case OO_Plus: return "add";
  case OO_Minus: return Unary ? "neg" : "sub";
  case OO_Star: return "mul";
  case OO_Slash: return "div";
  case OO_Percent: return "remainder";
  case OO_PlusEqual: return "add_";
  case OO_MinusEqual: return "sub_";
  case OO_StarEqual: return "mul_";
  case OO_SlashEqual: return "div_";
  case OO_EqualEqual: return "eq";
  case OO_ExclaimEqual: return "ne";
  case OO_Less: return "lt";
  case OO_Greater: return "gt";
  case OO_LessEqual: return "le";
  case OO_GreaterEqual: return "ge";
  case OO_Amp: return "bitwise_and";
  case OO_Pipe: return "bitwise_or";
  case OO_Caret: return "bitwise_xor";
  case OO_Tilde: return "bitwise_not";
  case OO_Exclaim: return "logical_not";
  case OO_Subscript: return "select";
  default: return "";
  }
}

Value Interp::moveTensor(const CallExpr *E, StringRef Name, CellId Base, const Expr *BaseE,
                         ArrayRef<const Expr *> Args) {
  Value T = load(Base);
  if (T.K != Value::Tensor)
    T = fresh(BaseE->getType(), text(BaseE), E->getBeginLoc(), "not a known tensor");
  TensorFact F = S->Handles[T.Id].Fact;
  Device D = F.Dev;
  const Expr *Spelled = nullptr;
  bool Moves = Name != "to";
  if (Name == "cuda")
    D = Device::cuda();
  else if (Name == "cpu")
    D = Device::cpu();
  for (const Expr *A : Args) {
    if (isa<CXXDefaultArgExpr>(A) || Name != "to")
      continue;
    Value V = eval(A);
    if (Dead)
      return {};
    if (V.K == Value::Str || (V.K == Value::Options && V.HasDev) || V.K == Value::Dev) {
      Value O = optionsFrom(V);
      D = O.D, Moves = true, Spelled = A;
      if (O.HasType)
        F.Type = O.T;
    } else if (V.K == Value::Options) {
      if (V.HasType)
        F.Type = V.T;
    } else if (V.K == Value::Type) {
      F.Type = V.T;
    } else if (V.K == Value::Tensor) {
      D = S->Handles[V.Id].Fact.Dev, F.Type = S->Handles[V.Id].Fact.Type, Moves = true, Spelled = A;
    } else if (V.K == Value::None && kindOf(A->getType()) != TypeKind::Number) {
      D = Device::symbol(++DeviceSymbols), Moves = true;
    }
  }
  Handle H;
  F.Dev = D;
  H.Fact = F;
  const Handle &Old = S->Handles[T.Id];
  H.From = Moves ? origin(Origin::Moved, E, D, Old.Name.empty() ? text(BaseE) : Old.Name, Old.From, Spelled) : Old.From;
  // A dropped result leaves its operand where it was.
  if (Moves && Drops.count(E) && BaseE->isLValue()) {
    if (Old.Fact.Dev.differsFrom(D)) {
      S->Handles.mut(T.Id).Dropped = E;
      IdleMoves[E] = S->top().Fn;
    } else {
      HarmlessMoves.insert(E);
    }
  }
  return S->tensor(std::move(H));
}

// `from_blob` takes the options' word for where the memory is; CUDA does not.
void Interp::blobOfHost(const CallExpr *E, const Expr *Pointer, Device Where) {
  const Expr *P = Pointer->IgnoreParenCasts();
  bool Host = false;
  if (auto *D = dyn_cast<DeclRefExpr>(P))
    Host = D->getType()->isArrayType();
  if (auto *C = dyn_cast<CXXMemberCallExpr>(P))
    Host = C->getMethodDecl() && C->getMethodDecl()->getName() == "data" &&
           kindOf(C->getImplicitObjectArgument()->getType()) == TypeKind::List;
  if (!Host)
    return;
  Handle Here, There;
  Here.Fact.Dev = Device::cpu();
  There.Fact.Dev = Where;
  Used Memory, Options;
  Memory.Role = "data";
  Memory.Spelling = text(P);
  Memory.H = S->tensor(Here).Id;
  Options.Role = "options";
  Options.H = S->tensor(There).Id;
  api::Judgement J;
  J.K = api::Judgement::Throws;
  J.Wrong = 0, J.Against = 1;
  J.Message = "The specified pointer resides on host memory and is not registered with any CUDA device.";
  judged(J, FindingCode::HostAccess, E, {Memory, Options});
}

static bool isIntegerScalar(const Expr *E) {
  E = E->IgnoreImplicit();
  if (auto *C = dyn_cast<CXXConstructExpr>(E); C && C->getNumArgs())
    E = C->getArg(0)->IgnoreImplicit();
  return E->getType()->isIntegerType() && !E->getType()->isBooleanType();
}

Value Interp::tensorOp(const CallExpr *E, const FunctionDecl *Fn, StringRef Op, CellId Base,
                       const Expr *BaseE, ArrayRef<const Expr *> Args) {
  SmallVector<Used, 4> Uses;
  SmallVector<api::CallOperand, 4> Operands;
  api::CallShape Shape;
  Value Options;
  bool HasOptions = false, Integers = false, Nested = false;
  Dtype DataType = Dtype::Unknown;
  auto Add = [&](StringRef Role, HandleId H, const Expr *A) {
    Used U;
    U.Role = Role.str();
    U.H = H;
    U.E = A;
    U.Spelling = A ? text(A) : "";
    Uses.push_back(std::move(U));
  };
  if (Base) {
    Value V = load(Base);
    if (V.K == Value::Tensor)
      Add("self", V.Id, BaseE);
  }
  for (unsigned I = 0; I < Args.size(); ++I) {
    const Expr *A = Args[I];
    StringRef Role = I < Fn->getNumParams() ? Fn->getParamDecl(I)->getName() : "";
    if (isa<CXXMethodDecl>(Fn) && isa<CXXOperatorCallExpr>(E))
      Role = "other";
    else if (!Base && isa<CXXOperatorCallExpr>(E))
      Role = I == 0 ? "self" : "other";
    if (isa<CXXDefaultArgExpr>(A))
      continue;
    // Tensor's own overload of `index_put_` names it otherwise than ATen.
    if (Op == "index_put_" && Role == "rhs")
      Role = "values";
    Value V = eval(A);
    if (Dead)
      return {};
    if (Role == "dim" || Role == "dims")
      Shape.HasDim = true;
    if (V.K == Value::Options || (V.K == Value::Dev && Role == "options") ||
        (V.K == Value::Type && Role == "options") || (V.K == Value::Str && Role == "options")) {
      Options = optionsFrom(V);
      if (!Options.Spelled)
        Options.Spelled = A;
      HasOptions = true;
      if (Options.HasType)
        Shape.Named = Options.T;
      continue;
    }
    if (V.K == Value::Type) {
      if (Op == "tensor")
        DataType = V.T, Nested = V.N;
      else
        Shape.Named = V.T;
      continue;
    }
    if (Role == "rounding_mode")
      Shape.HasRounding = true;
    if (Role == "reduction" ||
        (V.K == Value::Object && S->Objects[V.Id].K == Object::Opts && named(V.Id, "reduction", false)))
      Shape.NamesReduction = true;
    if (Role == "other" && isIntegerScalar(A))
      Shape.IntegerScalars = true;
    if (A->getType()->isIntegerType() || (Role != "size" && isIntegerScalar(A)))
      Integers = true;
    SmallVector<HandleId, 4> Hs;
    collectTensors(V, Hs);
    for (HandleId H : Hs)
      Add(Role, H, A);
  }
  if (Dead)
    return {};
  for (Used &U : Uses)
    Operands.push_back({U.Role, S->Handles[U.H].Fact});
  const api::OperatorInfo *Info = api::findOperator(Op);
  Device Where = Device::unknown();
  bool Factory = Info && (Info->Result == api::OperatorInfo::Factory || Info->Result == api::OperatorInfo::LikeSelf);
  if (!Operands.empty() && !(Factory && Operands.size() == 1)) {
    api::Judgement J = api::judgeDevices(Op, Operands);
    judged(J, FindingCode::DeviceMismatch, E, Uses);
    if (!J.throws())
      judged(api::judgeDtypes(Op, Operands, Shape), FindingCode::DtypeMismatch, E, Uses);
  }
  for (auto &O : Operands)
    if (O.Fact.Dev.isKnown() && (!Where.isKnown() || O.Fact.Dev.isCUDA()))
      Where = O.Fact.Dev;
  QualType RT = E->getType().getNonReferenceType();
  TypeKind RK = kindOf(RT);
  if (RK == TypeKind::Number || RT->isVoidType() ||
      (Info && Info->Result == api::OperatorInfo::NotTensor && RK != TypeKind::Tensor))
    return RK == TypeKind::Number ? Value::of(Value::Sym, symbol(text(E), true)) : Value();
  Handle H;
  const Origin *Before = Uses.empty() ? nullptr : S->Handles[Uses[0].H].From;
  if (Info && (Info->Result == api::OperatorInfo::InPlace || Info->Result == api::OperatorInfo::Out) && !Uses.empty() && RK == TypeKind::Tensor) {
    if (Base)
      return Value::of(Value::Ref, Base);
    return Value::of(Value::Tensor, Uses[0].H);
  }
  if (Op == "from_blob" || (Info && Info->Result == api::OperatorInfo::Factory) ||
      Op == "tensor" || (Uses.empty() && RK == TypeKind::Tensor)) {
    if (!Info && Op != "from_blob" && Op != "tensor")
      return fresh(RT, "", E->getBeginLoc(), "no model for '" + Op.str() + "'");
    H.Fact.Dev = HasOptions && Options.HasDev ? Options.D : Device::cpu();
    H.Fact.Type = HasOptions && Options.HasType ? Options.T
                  : Op == "tensor"              ? DataType
                                                : api::factoryDtype(Op, Integers, HasOptions);
    // A braced list without options: double literals give the default float.
    if (Op == "tensor" && !HasOptions && DataType == Dtype::Double)
      H.Fact.Type = Dtype::Float;
    H.Fact.Dim = Op == "tensor" ? (Nested ? Rank::Some : Rank::Zero) : Rank::Some;
    if (!Args.empty() && Op != "tensor") {
      const Expr *A = Args[Op == "from_blob" && Args.size() > 1 ? 1 : 0]->IgnoreImplicit();
      if (auto *C = dyn_cast<CXXConstructExpr>(A); C && C->getNumArgs())
        A = C->getArg(0)->IgnoreImplicit();
      if (auto *C = dyn_cast<CXXStdInitializerListExpr>(A))
        A = C->getSubExpr()->IgnoreImplicit();
      if (auto *L = dyn_cast<InitListExpr>(A); L && L->getNumInits() == 0)
        H.Fact.Dim = Rank::Zero;
    }
    if (Op == "from_blob" && !Args.empty() && H.Fact.Dev.isCUDA())
      blobOfHost(E, Args[0], H.Fact.Dev);
    H.From = origin(Origin::Created, E, H.Fact.Dev, "", nullptr, HasOptions ? Options.Spelled : nullptr);
    return S->tensor(std::move(H));
  }
  if (Info && Info->Result == api::OperatorInfo::LikeSelf && !Operands.empty()) {
    H.Fact = Operands[0].Fact;
    if (Op.starts_with("new_"))
      H.Fact.Dim = Rank::Some;
    if (HasOptions && Options.HasDev)
      H.Fact.Dev = Options.D;
    if (HasOptions && Options.HasType)
      H.Fact.Type = Options.T;
    H.From = origin(Origin::Created, E, H.Fact.Dev, "", Before);
    return S->tensor(std::move(H));
  }
  if (Info && Info->Result == api::OperatorInfo::View && !Operands.empty() && !Info->ReturnsList && RK == TypeKind::Tensor) {
    H.Fact = Operands[0].Fact;
    if (Op == "select" || Op == "squeeze" || Op == "item" || Op == "view" || Op == "reshape" || Op == "diagonal")
      H.Fact.Dim = Rank::Unknown;
    H.From = Before;
    H.Name = S->Handles[Uses[0].H].Name;
    return S->tensor(std::move(H));
  }
  if (Op == "index" && !Operands.empty()) {
    H.Fact = Operands[0].Fact;
    H.Fact.Dim = Rank::Unknown;
    H.From = Before;
    return S->tensor(std::move(H));
  }
  if (Operands.empty())
    return fresh(RT, "", E->getBeginLoc(), "no model for '" + Op.str() + "'");
  auto Make = [&](unsigned I) {
    Handle R;
    R.Fact = api::resultFact(Op, Operands, Shape, I);
    if (!R.Fact.Dev.isKnown() && R.Fact.Dev.K == Device::Unknown)
      R.Fact.Dev = Info ? (Where.isKnown() ? Where : Operands[0].Fact.Dev) : Device::symbol(++DeviceSymbols);
    R.From = Before;
    return S->tensor(std::move(R));
  };
  if (RK == TypeKind::Tensor)
    return Make(0);
  Object O;
  O.K = Object::List;
  if (RK == TypeKind::Pair) {
    unsigned N = Info ? std::max<unsigned>(Info->Results, 2) : 3;
    for (unsigned I = 0; I < N; ++I)
      O.Elems.push_back(S->cell(Make(I)));
    return S->object(std::move(O));
  }
  if (RK == TypeKind::List) {
    O.Opaque = true;
    O.Unseen = Where.isKnown() ? Where : Operands[0].Fact.Dev;
    return S->object(std::move(O));
  }
  return fresh(RT, "", E->getBeginLoc(), "no model for '" + Op.str() + "'");
}

Value Interp::torchCall(const CallExpr *E, const FunctionDecl *Fn, CellId Base, const Expr *BaseE,
                        ArrayRef<const Expr *> Args, bool &Known) {
  std::string Q = qualified(Fn);
  StringRef Name = Fn->getDeclName().isIdentifier() ? Fn->getName() : StringRef();
  OverloadedOperatorKind OpK = Fn->getOverloadedOperator();
  auto *M = dyn_cast<CXXMethodDecl>(Fn);
  Known = true;
  if (Q == "torch::cuda::is_available" || Q == "at::cuda::is_available" || Q == "at::hasCUDA" ||
      Q == "torch::cuda::cudnn_is_available" || Name == "hasCUDA")
    return Value::integer(1);
  if (Name == "device_count" && Args.empty()) {
    auto [It, New] = Compares.try_emplace({0, 0, -1}, 0);
    if (New)
      It->second = symbol("device_count()", true);
    return Value::of(Value::Sym, It->second);
  }
  if (M && Base) {
    TypeKind K = kindOf(Ctx.getCanonicalTagType(M->getParent()));
    TypeKind BK = BaseE ? kindOf(BaseE->getType()) : K;
    if (K == TypeKind::Tensor || BK == TypeKind::Tensor) {
      Value V = load(Base);
      if (V.K != Value::Tensor) {
        V = fresh(BaseE->getType(), text(BaseE), E->getBeginLoc(), "not a known tensor");
        S->Cells.mut(Base) = V;
      }
      const TensorFact F = S->Handles[V.Id].Fact;
      if (OpK == OO_Equal) {
        Value R = eval(Args[0]);
        if (!Dead && BaseE->isLValue() && R.K == Value::Tensor) {
          S->Cells.mut(Base) = R;
          if (S->Handles[R.Id].Name.empty())
            S->Handles.mut(R.Id).Name = text(BaseE);
        } else if (!Dead && BaseE->isLValue() && kindOf(Args[0]->getType()) == TypeKind::Tensor) {
          S->Cells.mut(Base) = fresh(BaseE->getType(), text(BaseE), E->getBeginLoc(), "unknown");
        }
        return Value::of(Value::Ref, Base);
      }
      if (Name == "to" || Name == "cuda" || Name == "cpu")
        return moveTensor(E, Name, Base, BaseE, Args);
      if (Name == "device") {
        Value D = Value::device(F.Dev);
        D.Spelled = E;
        return D;
      }
      if (Name == "is_cuda" || Name == "is_cpu")
        return compare(BO_EQ, Value::device(F.Dev), Value::device(Name == "is_cuda" ? Device::cuda() : Device::cpu()), E);
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
      if (Name == "set_data") {
        Value R = eval(Args[0]);
        if (!Dead && R.K == Value::Tensor)
          S->Handles.mut(V.Id).Fact = S->Handles[R.Id].Fact;
        return {};
      }
      if (Name == "data" || Name == "detach" || Name == "variable_data" || Name == "tensor_data" ||
          Name == "contiguous" || Name == "requires_grad_" || Name == "set_requires_grad" ||
          Name == "clone" || Name == "detach_") {
        if (Name == "requires_grad_" || Name == "set_requires_grad" || Name == "detach_")
          return Value::of(Value::Ref, Base);
        Handle H = S->Handles[V.Id];
        H.Dropped = nullptr;
        return S->tensor(std::move(H));
      }
      if (Name == "grad" || Name == "mutable_grad") {
        Handle H;
        H.Fact = F;
        H.From = S->Handles[V.Id].From;
        return S->tensor(std::move(H));
      }
      if (Name == "backward")
        return {};
      StringRef Op = OpK != OO_None ? operatorName(OpK, Args.empty()) : Name;
      if (OpK == OO_Subscript && Args.size() == 1 && kindOf(Args[0]->getType()) == TypeKind::Tensor)
        Op = "index";
      if (!Op.empty())
        return tensorOp(E, Fn, Op, Base, BaseE, Args);
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
        return compare(BO_EQ, V, Value::device(Name == "is_cuda" ? Device::cuda() : Device::cpu()), E);
      if (OpK == OO_EqualEqual || OpK == OO_ExclaimEqual)
        return compare(OpK == OO_EqualEqual ? BO_EQ : BO_NE, V, eval(Args[0]), E);
      return E->getType()->isArithmeticType() ? Value::of(Value::Sym, symbol(text(E), true)) : Value();
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
        V.D = A.K == Value::Dev || A.K == Value::Options ? A.D : A.K == Value::None ? Device::cpu() : Device::cuda();
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
      return kindOf(E->getType()) == TypeKind::Options ? V : Value::of(Value::Sym, symbol(text(E), true));
    }
    if (K == TypeKind::IValue) {
      Value V = load(Base);
      if (Name == "toTensor" && V.K != Value::Tensor)
        V = fresh(E->getType(), "", E->getBeginLoc(), "inside an IValue");
      if (Name.starts_with("to"))
        return V;
    }
    if (K == TypeKind::Optimizer || derives(M->getParent(), "torch::optim::Optimizer")) {
      for (const Expr *A : Args)
        if (!isa<CXXDefaultArgExpr>(A))
          eval(A);
      if (const Value &V = S->Cells[target(Base)]; !Dead && Name == "step" && V.K == Value::Object)
        stepOptimizer(E, V.Id, BaseE);
      return E->getType()->isVoidType() ? Value() : fresh(E->getType(), "", SourceLocation(), "");
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
        return moduleCall(E, OpK == OO_Call ? "forward" : OpK == OO_Subscript ? "[]" : Name, target(Base), BaseE, Args, Known);
    }
    Known = false;
    return {};
  }
  // Free functions.
  StringRef QR = Q;
  if (OpK != OO_None && Args.size() == 2 && kindOf(Args[0]->getType()) == TypeKind::Device)
    return compare(OpK == OO_EqualEqual ? BO_EQ : BO_NE, eval(Args[0]), eval(Args[1]), E);
  bool Torch = QR.starts_with("at::") || QR.starts_with("torch::") || QR.starts_with("c10::");
  if (!Torch) {
    Known = false;
    return {};
  }
  if (kindOf(E->getType()) == TypeKind::Options) {
    if (Args.empty())
      return optionsFrom(Value::device(Device::cpu()));
    Value V = optionsFrom(Name == "device" || Name == "dtype" ? eval(Args[0]) : Value::dtype(Dtype::Float));
    if (Name == "dtype" && V.HasDev) {
      V.HasDev = false, V.HasType = true;
      V.T = Dtype::Unknown;
    }
    if (Name == "requires_grad" || Name == "layout")
      V.HasDev = V.HasType = false;
    V.Spelled = Args[0];
    return V;
  }
  if (Q == "torch::jit::load") {
    Value V = fresh(E->getType(), "", E->getBeginLoc(), "a loaded TorchScript module");
    for (const Expr *A : Args) {
      if (isa<CXXDefaultArgExpr>(A))
        continue;
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
  if (Q == "torch::load" && !Args.empty()) {
    CellId C = target(Args[0]->isGLValue() ? loc(Args[0]) : S->cell(eval(Args[0])));
    if (Dead)
      return {};
    std::set<ObjectId> Seen;
    if (S->Cells[C].K == Value::Object)
      moveModule(C, Device::symbol(++DeviceSymbols), Dtype::Unknown, nullptr, "", nullptr, Seen);
    else
      S->Cells.mut(C) = fresh(Args[0]->getType(), text(Args[0]), E->getBeginLoc(), "loaded from a file");
    return {};
  }
  if (Name.contains("autocast")) {
    S->Autocast = true;
    return {};
  }
  if (Q == "torch::save" || Name == "manual_seed" || Name == "set_num_threads" || Name == "synchronize")
    return {};
  TypeKind RK = kindOf(E->getType());
  if (QR.consume_front("torch::nn::functional::"))
    return tensorOp(E, Fn, ("nn::functional::" + Name).str(), 0, nullptr, Args);
  StringRef Op = OpK != OO_None ? operatorName(OpK, Args.size() == 1) : Name;
  if (QR.starts_with("torch::nn::init::")) {
    for (const Expr *A : Args)
      if (!isa<CXXDefaultArgExpr>(A) && kindOf(A->getType()) == TypeKind::Tensor)
        return eval(A);
    return {};
  }
  std::string Full = Op.str();
  for (StringRef Family : {"linalg", "fft", "special"})
    if (StringRef(Q).contains(("::" + Family + "::").str()))
      Full = (Family + "_" + Op).str();
  bool Tensors = RK == TypeKind::Tensor;
  for (const Expr *A : Args)
    Tensors |= kindOf(A->getType()) == TypeKind::Tensor;
  if (!Full.empty() && (api::findOperator(Full) || Tensors) && !QR.starts_with("torch::data"))
    return tensorOp(E, Fn, Full, 0, nullptr, Args);
  Known = false;
  return {};
}

} // namespace torch_tidy
