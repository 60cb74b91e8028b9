// torch::nn modules: what they hold, how they move, what forward demands.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// The modules in what a container of modules is given, with their names.
void Interp::addChildren(Object &O, const Value &A) {
  SmallVector<Value, 8> Work{A};
  Value Key;
  while (!Work.empty()) {
    Value V = Work.front();
    Work.erase(Work.begin());
    size_t Before = O.Elems.size();
    if (V.K == Value::Str)
      Key = V;
    if (V.K == Value::Object && S->Objects[V.Id].K == Object::List) {
      for (CellId C : S->Objects[V.Id].Elems)
        Work.push_back(S->Cells[C]);
      O.Opaque |= S->Objects[V.Id].Opaque;
    } else if (V.K == Value::Ptr && V.Id) {
      O.Elems.push_back(S->target(V.Id));
      O.Children.push_back(S->target(V.Id));
    } else if (V.K == Value::Object) {
      CellId C = S->cell(V);
      O.Elems.push_back(C);
      O.Children.push_back(C);
    }
    if (O.Elems.size() > Before && Key.K == Value::Str) {
      O.Fields.push_back({childKey(Key), O.Elems.back()});
      Key = {};
    }
  }
}

Value Interp::newModule(StringRef Kind, ArrayRef<Value> Args, const Expr *E,
                        const CXXRecordDecl *Rec) {
  Object O;
  O.K = Object::Module;
  O.Kind2 = Kind.str();
  O.Rec = Rec;
  if (Kind == "Sequential" || Kind == "ModuleList" || Kind == "ModuleDict") {
    for (const Value &A : Args) {
      addChildren(O, A);
    }
    return S->object(std::move(O));
  }
  // A function as a module: it holds nothing.
  if (Kind == "Functional")
    return S->object(std::move(O));
  const api::ModuleInfo *Info = api::findModule(Kind);
  if (!Info)
    unknown(E->getBeginLoc(), "no model for module '" + Kind.str() + "'");
  bool Has = Info && Info->HasState;
  TensorFact F;
  F.Dev = Device::cpu();
  F.Type = S->Default;
  F.Dim = Rank::Some;
  if (Info)
    for (const Value &A : Args) {
      if (A.K != Value::Object || S->Objects[A.Id].K != Object::Opts)
        continue;
      for (StringRef Name : {"affine", "elementwise_affine",
                             "track_running_stats", "weight", "pos_weight"}) {
        CellId C = named(A.Id, Name, false);
        if (!C)
          continue;
        Value V = load(C);
        if (V.K == Value::Tensor) {
          // The buffer is this tensor, not a copy: it moves with the module.
          O.State.push_back(V.Id);
        } else if (V.K == Value::Int && Name != "weight") {
          // Without affine there are still running statistics by default in
          // batch norm; instance norm keeps none unless asked.
          if (Name == "affine" && V.N)
            Has = true;
          if (!V.N && !Kind.starts_with("BatchNorm"))
            Has = false;
        }
      }
    }
  if (Has && O.State.empty()) {
    Handle H;
    H.Fact = F;
    H.Grad = true;
    H.From = origin(Origin::Created, E, F.Dev, "", nullptr);
    O.State.push_back(S->tensor(std::move(H)).Id);
  }
  if (!Info)
    O.Opaque = true, O.Unseen = Device::symbol(++DeviceSymbols);
  return S->object(std::move(O));
}

std::optional<TensorFact> Interp::stateOf(CellId Obj, HandleId *H) {
  const Value &V = S->Cells[S->target(Obj)];
  if (V.K != Value::Object || S->Objects[V.Id].State.empty())
    return std::nullopt;
  const Object &O = S->Objects[V.Id];
  HandleId Own = O.State[0];
  // `layer->weight = w`: forward computes with that, though nothing has
  // registered it.
  for (auto &[Key, C] : O.Fields)
    if (const Value &T = S->Cells[C];
        !O.Kind2.empty() && T.K == Value::Tensor &&
        S->Handles[T.Id].Fact.Defined && !llvm::is_contained(O.State, T.Id))
      Own = T.Id;
  if (H)
    *H = Own;
  return S->Handles[Own].Fact;
}

// A child takes the place of the one that had its name; 0: of none.
void Interp::nameChild(ObjectId Module, const Value &Key, CellId Child) {
  Object &O = S->Objects.mut(Module);
  if (Key.K == Value::Str) {
    const void *Name = childKey(Key);
    auto Old =
        llvm::find_if(O.Fields, [&](const auto &F) { return F.first == Name; });
    if (Old != O.Fields.end()) {
      llvm::erase(O.Children, Old->second);
      O.Fields.erase(Old);
    }
    if (Child)
      O.Fields.push_back({Name, Child});
  }
  if (Child)
    O.Children.push_back(Child);
}

Value Interp::moduleCall(const CallExpr *E, StringRef Name, CellId Obj,
                         const Expr *BaseE, ArrayRef<const Expr *> Args,
                         bool &Known) {
  ObjectId Id = S->Cells[Obj].Id;
  if (Name == "to" || Name == "cuda" || Name == "cpu") {
    std::optional<Device> D;
    Dtype T = Dtype::Unknown;
    const Expr *Spelled = nullptr;
    if (Name == "cuda")
      D = Device::cuda();
    else if (Name == "cpu")
      D = Device::cpu();
    for (const Expr *A : given(Args)) {
      Value V = eval(A);
      if (Dead)
        return {};
      if (V.K == Value::Dev || V.K == Value::Str) {
        D = optionsFrom(V).D;
        Spelled = A;
      } else if (Ty.kindOf(A->getType()) == TypeKind::Dtype) {
        T = V.K == Value::Type ? V.T : Dtype::Unknown;
        if (T == Dtype::Unknown)
          for (CellId C : modulesFrom({Obj}, /*Deep=*/true))
            for (HandleId H : S->Objects[S->Cells[C].Id].State)
              S->Handles.mut(H).Fact.Type = T;
      }
    }
    std::string Subject = S->Objects[Id].Name;
    if (BaseE) {
      std::string Src = Ty.text(BaseE);
      if (!Src.empty() && !StringRef(Src).starts_with("this"))
        Subject = Src;
    }
    if (D && D->isCUDA())
      needsCuda(E);
    moveModule(Obj, D, T, E, Subject, Spelled);
    return {};
  }
  if (Name == "register_module" || Name == "replace_module" ||
      Name == "unregister_module" || Name == "register_parameter" ||
      Name == "register_buffer") {
    Value V, Key;
    for (const Expr *A : given(Args)) {
      Value X = eval(A);
      if (X.K == Value::Ptr || X.K == Value::Tensor || X.K == Value::Object)
        V = X;
      else if (X.K == Value::Str && !Key)
        Key = X;
    }
    if (Dead)
      return {};
    if (Name.ends_with("_module")) {
      CellId C = V.K == Value::Ptr && V.Id ? S->target(V.Id)
                 : V.K == Value::Object    ? S->cell(V)
                                           : 0;
      nameChild(Id, Key, C);
      if (V.K == Value::Object)
        V = Value::of(Value::Ptr, C);
    } else if (V.K == Value::Tensor) {
      S->Handles.mut(V.Id).Grad |= Name == "register_parameter";
      S->Objects.mut(Id).State.push_back(V.Id);
    }
    return V;
  }
  if (Name == "forward" || Name == "forward_with_packed_input") {
    std::vector<CellId> Cells = cellsOf(given(Args));
    return Dead ? Value()
                : forward(E, Obj, BaseE, Cells, given(Args), E->getType());
  }
  if ((Name == "update" || Name == "extend") && Args.size() == 1) {
    Value V = eval(Args[0]);
    if (Dead)
      return {};
    Object O = S->Objects[Id];
    addChildren(O, V);
    S->Objects.mut(Id) = std::move(O);
    return {};
  }
  if (Name == "push_back" || Name == "insert" || Name == "append") {
    for (const Expr *A : given(Args)) {
      Value V = eval(A);
      if (Dead)
        return {};
      CellId C = V.K == Value::Ptr && V.Id ? S->target(V.Id)
                 : V.K == Value::Object    ? S->cell(V)
                                           : 0;
      if (C) {
        S->Objects.mut(Id).Elems.push_back(C);
        S->Objects.mut(Id).Children.push_back(C);
      }
    }
    return {};
  }
  if (Name == "zero_grad")
    S->Gradients.clear();
  Value Asked = moduleQuery(E, Name, Obj, Args, Known);
  if (Known || Dead)
    return Asked;
  for (const Expr *A : given(Args))
    eval(A);
  if (E->getType()->isVoidType() || E->getType()->isArithmeticType()) {
    // Another method of a built-in module: `init`, `flatten_parameters`.
    return E->getType()->isVoidType()
               ? Value()
               : Value::of(Value::Sym, symbol(Ty.text(E), true));
  }
  Known = Dead;
  return {};
}

// Adam and its kin make their state at the first step, where the parameters
// are then; a module that moves later takes its parameters along and not that.
void Interp::stepOptimizer(const CallExpr *E, ObjectId Id, const Expr *BaseE) {
  const Object O = S->Objects[Id];
  judgeAssigned(E, O.State);
  if (O.State.empty() || O.Kind2 == "Plain")
    return;
  Device Now = S->Handles[O.State[0]].Fact.Dev;
  if (O.Unseen.K == Device::Unknown) {
    S->Objects.mut(Id).Unseen = Now;
    return;
  }
  Handle Kept;
  Kept.Fact.Dev = O.Unseen;
  Kept.From = O.Move;
  Used Own, Params;
  Own.H = S->tensor(Kept).Id;
  Own.Role = "state";
  Own.Spelling = BaseE ? Ty.text(BaseE) : O.Name;
  Params.H = O.State[0];
  Params.Role = "parameters";
  Params.IsState = true;
  if (demandSame(E, FindingCode::OptimizerBeforeMove, Own, Params,
                 "Expected all tensors to be on the same device, but found at "
                 "least two devices, cuda:0 and cpu!")
          .throws())
    S->Objects.mut(Id).Unseen = Device::symbol(++DeviceSymbols);
}

} // namespace torch_tidy
