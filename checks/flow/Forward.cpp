// What forward demands of its inputs and returns.
#include "checks/flow/Interp.h"
#include "checks/flow/Ranks.h"

using namespace clang;

namespace torch_tidy {

// Where all of a module's registered state is, if it is in one place.
std::optional<Device> Interp::placedAt(CellId Obj) {
  std::optional<Device> Where;
  for (CellId C : modulesFrom({Obj}, /*Deep=*/true)) {
    const Object &O = S->Objects[S->Cells[C].Id];
    std::vector<Device> Here;
    for (HandleId H : O.State)
      Here.push_back(S->Handles[H].Fact.Dev);
    if (O.Opaque)
      Here.push_back(O.Unseen);
    for (const Device &D : Here) {
      if (Where && !Where->sameAs(D))
        return std::nullopt;
      Where = D;
    }
  }
  return Where;
}

// The tensors in one argument of a module's call.
std::vector<Used> Interp::inputsIn(unsigned Index, ArrayRef<CellId> Args,
                                   ArrayRef<const Expr *> ArgEs) {
  std::vector<Used> Inputs;
  SmallVector<HandleId, 4> Tensors;
  S->tensorsIn(S->Cells[Args[Index]], Tensors);
  for (HandleId H : Tensors) {
    Used U;
    U.Role = "input";
    U.H = H;
    U.E = Index < ArgEs.size() ? ArgEs[Index] : nullptr;
    U.Spelling = U.E ? Ty.text(U.E) : S->Handles[H].Name;
    Inputs.push_back(std::move(U));
  }
  return Inputs;
}

// Whether a class of the user's has a member that is a module.
static bool holdsModules(const CXXRecordDecl *R, Types &Ty) {
  if (!R || !R->hasDefinition() || !Ty.isUserCode(R))
    return false;
  R = R->getDefinition();
  return llvm::any_of(R->fields(),
                      [&](const FieldDecl *F) {
                        return Ty.heldModule(F->getType()) != nullptr;
                      }) ||
         llvm::any_of(R->bases(), [&](const CXXBaseSpecifier &B) {
           return holdsModules(B.getType()->getAsCXXRecordDecl(), Ty);
         });
}

// A module whose forward is defined in another file. Its class tells that it
// holds modules or parameters, and its state is in one known place: what it
// computes meets its inputs there. Inputs that may be lengths, masks or indices
// are not judged, nor is anything where the place is not known.
bool Interp::unseenForward(const Expr *Site, CellId Obj, const Expr *BaseE,
                           ArrayRef<CellId> Args, ArrayRef<const Expr *> ArgEs,
                           QualType T, Value &Result) {
  Obj = S->target(Obj);
  ObjectId Id = S->Cells[Obj].Id;
  const CXXRecordDecl *R = S->Objects[Id].Rec;
  std::optional<Device> Where = placedAt(Obj);
  if (!holdsModules(R, Ty) || !Where || !Where->isKnown())
    return false;
  Handle Own;
  Own.Fact.Dev = *Where;
  Own.From = S->Objects[Id].Move;
  Own.Name = S->Objects[Id].Name;
  Used Self;
  Self.Role = "module";
  Self.IsState = true;
  Self.Base = BaseE;
  Self.H = S->tensor(Own).Id;
  Self.Spelling = BaseE ? Ty.text(BaseE) : Own.Name;
  std::vector<Used> Uses{Self};
  for (unsigned I = 0; I < Args.size(); ++I)
    for (Used &U : inputsIn(I, Args, ArgEs))
      if (I == 0 || isFloating(S->Handles[U.H].Fact.Type))
        Uses.push_back(std::move(U));
  api::Judgement J;
  J.K = api::Judgement::Fine;
  for (unsigned I = 1; I < Uses.size() && !J.throws(); ++I) {
    const TensorFact &F = S->Handles[Uses[I].H].Fact;
    if (F.Dev.differsFrom(*Where) && F.Dim != Rank::Zero) {
      J.K = api::Judgement::Throws;
      J.Wrong = I;
      J.Message = "Expected all tensors to be on the same device";
    }
  }
  judged(J, FindingCode::DeviceMismatch, Site, Uses);
  unknown(Site->getBeginLoc(), "the module's code is in another file");
  Result = fresh(T, "", SourceLocation(), "");
  if (Result.K == Value::Tensor)
    S->Handles.mut(Result.Id).Fact.Dev = *Where;
  else if (Result.K == Value::Object)
    S->Objects.mut(Result.Id).Unseen = *Where;
  return true;
}

Value Interp::forward(const Expr *Site, CellId Obj, const Expr *BaseE,
                      ArrayRef<CellId> Args, ArrayRef<const Expr *> ArgEs,
                      QualType T) {
  Obj = S->target(Obj);
  Value V = S->Cells[Obj];
  if (V.K != Value::Object)
    return fresh(T, "", Site->getBeginLoc(), "an unknown module");
  const Object O = S->Objects[V.Id];
  if (O.Jit)
    return runScript(Site, Obj, BaseE, "forward", Args, ArgEs);
  if (O.Rec && Ty.isUserCode(O.Rec) && O.Rec->hasDefinition()) {
    std::vector<const CXXRecordDecl *> Chain{O.Rec->getDefinition()};
    for (unsigned I = 0; I < Chain.size(); ++I) {
      const CXXMethodDecl *Best = nullptr;
      for (const CXXMethodDecl *M : Chain[I]->methods())
        if (M->getDeclName().isIdentifier() && M->getName() == "forward" &&
            M->getNumParams() >= Args.size() &&
            M->getMinRequiredArguments() <= Args.size())
          Best = M;
      Value Unseen;
      if (Best && !Best->hasBody() &&
          unseenForward(Site, Obj, BaseE, Args, ArgEs, T, Unseen))
        return Unseen;
      if (Best)
        return enter(Best, Site, Obj, Args);
      for (const CXXBaseSpecifier &B : Chain[I]->bases())
        if (auto *R = B.getType()->getAsCXXRecordDecl();
            R && R->hasDefinition() && Ty.isUserCode(R))
          Chain.push_back(R->getDefinition());
    }
    if (!Ty.derives(O.Rec, "torch::nn::SequentialImpl"))
      return fresh(T, "", Site->getBeginLoc(),
                   "no forward with this many arguments");
  }
  if (O.Kind2 == "Sequential" ||
      (O.Kind2.empty() && O.Rec &&
       Ty.derives(O.Rec, "torch::nn::SequentialImpl"))) {
    if (O.Opaque || Args.empty())
      return fresh(T, "", Site->getBeginLoc(),
                   "a Sequential with unknown children");
    std::vector<CellId> Now(Args.begin(), Args.end());
    std::vector<const Expr *> Es(ArgEs.begin(), ArgEs.end());
    Value Out = S->Cells[Now[0]];
    unsigned Index = 0;
    for (CellId C : O.Elems) {
      // Each child is a place of its own, though all share one call.
      Rounds.push_back(1000 + Index++);
      Out = forward(Site, C, BaseE, Now, Es, T);
      Rounds.pop_back();
      if (Dead)
        return {};
      Now = {S->cell(Out)};
    }
    return Out;
  }
  std::vector<Used> Uses;
  SmallVector<api::CallOperand, 4> Inputs;
  const CXXMethodDecl *Fwd = nullptr;
  if (O.Rec && O.Rec->hasDefinition())
    for (const CXXMethodDecl *M : O.Rec->getDefinition()->methods())
      if (M->getDeclName().isIdentifier() && M->getName() == "forward")
        Fwd = M;
  HandleId StateH = 0;
  std::optional<TensorFact> State = stateOf(Obj, &StateH);
  Used Self;
  Self.Role = "weight";
  Self.H = StateH;
  Self.IsState = true;
  Self.Base = BaseE;
  Self.Spelling = BaseE ? Ty.text(BaseE) : O.Name;
  if (Self.Spelling.empty() || Self.Spelling.find('(') != std::string::npos)
    Self.Spelling = O.Name.empty() ? O.Kind2 : O.Name;
  Uses.push_back(Self);
  for (unsigned I = 0; I < Args.size(); ++I)
    for (Used &U : inputsIn(I, Args, ArgEs)) {
      if (Fwd && I < Fwd->getNumParams())
        U.Role = Fwd->getParamDecl(I)->getName().str();
      Inputs.push_back({U.Role, S->Handles[U.H].Fact});
      Uses.push_back(std::move(U));
    }
  for (unsigned I = 1; I < Uses.size(); ++I)
    Inputs[I - 1].Role = Uses[I].Role;
  if (O.Opaque && O.Kind2.empty())
    return fresh(T, "", Site->getBeginLoc(), "a module from elsewhere");
  const TensorFact *StateP = State ? &*State : nullptr;
  api::Judgement J = api::judgeModuleDevices(O.Kind2, StateP, Inputs);
  judged(J, FindingCode::DeviceMismatch, Site, Uses);
  if (!J.throws())
    judged(api::judgeModuleDtypes(O.Kind2, StateP, Inputs),
           FindingCode::DtypeMismatch, Site, Uses);
  bool Grad = !S->NoGrad && llvm::any_of(Uses, [&](const Used &U) {
    return U.H && S->Handles[U.H].Grad;
  });
  auto Make = [&](unsigned I) {
    Handle H;
    H.Grad = Grad;
    H.Fact = api::moduleResult(O.Kind2, StateP, Inputs, I);
    // A function as a module computes where its input is.
    if (O.Kind2 == "Functional" && !Inputs.empty())
      H.Fact = Inputs[0].Fact, H.Fact.Type = Dtype::Unknown;
    if (H.Fact.Dev.K == Device::Unknown)
      H.Fact.Dev = StateP           ? StateP->Dev
                   : Inputs.empty() ? Device::symbol(++DeviceSymbols)
                                    : Inputs[0].Fact.Dev;
    H.Fact.Dims = -1;
    // The states of a recurrent module have the rank of its input as well.
    if (!Inputs.empty())
      if (auto Dims = moduleDims(O.Kind2, Inputs[0].Fact))
        setDims(H.Fact, Dims);
    // The run that goes on is the one in which the mistake is mended.
    if (J.throws())
      H.Fact.Dev =
          StateP && StateP->Dev.isCUDA() ? StateP->Dev : Device::cuda();
    H.From = StateP            ? S->Objects[V.Id].Move
             : Uses.size() > 1 ? S->Handles[Uses[1].H].From
                               : nullptr;
    return S->tensor(std::move(H));
  };
  const api::ModuleInfo *Info = api::findModule(O.Kind2);
  TypeKind RK = Ty.kindOf(T);
  if (RK == TypeKind::Pair) {
    // (output, hidden) or (output, (h, c)).
    Object L;
    L.K = Object::List;
    L.Elems.push_back(S->cell(Make(0)));
    if (Info && Info->Results > 2) {
      Object H;
      H.K = Object::List;
      for (unsigned I = 1; I < Info->Results; ++I)
        H.Elems.push_back(S->cell(Make(I)));
      L.Elems.push_back(S->cell(S->object(std::move(H))));
    } else {
      L.Elems.push_back(S->cell(Make(1)));
    }
    return S->object(std::move(L));
  }
  return RK == TypeKind::Tensor || RK == TypeKind::Other
             ? Make(0)
             : fresh(T, "", SourceLocation(), "");
}

} // namespace torch_tidy
