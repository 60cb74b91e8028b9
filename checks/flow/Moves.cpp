// How tensors and modules move, and the history that leaves.
#include "checks/Compat.h"
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

const Origin *Interp::origin(Origin::Kind K, const Expr *E, Device D,
                             StringRef Subject, const Origin *Before,
                             const Expr *Spelled) {
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
  O.In = S->top().Fn;
  O.Depth = S->Frames.size();
  O.Under = S->Known;
  Origins.push_back(std::move(O));
  return &Origins.back();
}

Value Interp::moveTensor(const CallExpr *E, StringRef Name, CellId Base,
                         const Expr *BaseE, ArrayRef<const Expr *> Args) {
  Value T = load(Base);
  if (T.K != Value::Tensor)
    T = fresh(
        typeOf(Ctx, cast<CXXMethodDecl>(E->getDirectCallee())->getParent()),
        Ty.text(BaseE), E->getBeginLoc(), "not a known tensor");
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
    if (V.K == Value::Str || (V.K == Value::Options && V.HasDev) ||
        V.K == Value::Dev) {
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
      D = S->Handles[V.Id].Fact.Dev, F.Type = S->Handles[V.Id].Fact.Type,
      Moves = true, Spelled = A;
    } else if (TypeKind K = Ty.kindOf(A->getType());
               V.K == Value::None && K != TypeKind::Number) {
      if (K != TypeKind::Dtype)
        D = Device::symbol(++DeviceSymbols), Moves = true;
      if (K != TypeKind::Device)
        F.Type = Dtype::Unknown;
    }
  }
  if (Moves && D.isCUDA())
    needsCuda(E);
  if (Moves && D.isCUDA() && S->Handles[T.Id].Fact.Dev.isCPU())
    transferred(E, T.Id);
  Handle H;
  F.Dev = D;
  H.Fact = F;
  H.Grad = S->Handles[T.Id].Grad && !S->NoGrad;
  const Handle &Old = S->Handles[T.Id];
  H.From = Moves ? origin(Origin::Moved, E, D,
                          Old.Name.empty() ? Ty.text(BaseE) : Old.Name,
                          Old.From, Spelled)
                 : Old.From;
  // A dropped result leaves its operand where it was.
  if (Moves && Told.isDropped(E) && BaseE->isLValue()) {
    if (Old.Fact.Dev.differsFrom(D)) {
      S->Handles.mut(T.Id).Dropped = E;
      Told.idle(E, S->top().Fn);
    } else {
      Told.harmless(E);
    }
  }
  return S->tensor(std::move(H));
}

void Interp::moveModule(CellId Obj, std::optional<Device> D, Dtype T,
                        const Expr *E, StringRef Subject, const Expr *Spelled) {
  std::set<ObjectId> Seen;
  moveTree(Obj, D, T, E, Subject, Spelled, Seen);
}

// A move that is no step of a history.
void Interp::displace(CellId Obj, Device D) {
  moveModule(Obj, D, Dtype::Unknown, nullptr, "", nullptr);
}

void Interp::moveTree(CellId Obj, std::optional<Device> D, Dtype T,
                      const Expr *E, StringRef Subject, const Expr *Spelled,
                      std::set<ObjectId> &Seen) {
  const Value &V = S->Cells[S->target(Obj)];
  if (V.K == Value::Ptr || V.K != Value::Object || !Seen.insert(V.Id).second)
    return;
  ObjectId Id = V.Id;
  const Origin *O = E && D ? origin(Origin::Moved, E, *D, Subject,
                                    S->Objects[Id].Move, Spelled)
                           : nullptr;
  Object &Me = S->Objects.mut(Id);
  if (D) {
    if (!Supposed && E && !D->isCPU() && Me.Rec)
      Went.insert(Me.Rec);
    Me.Move = O;
    if (Me.Opaque)
      Me.Unseen = *D;
  }
  auto States = Me.State;
  auto Children = Me.Children;
  for (HandleId H : States) {
    Handle &X = S->Handles.mut(H);
    if (D)
      X.Fact.Dev = *D, X.From = O;
    if (T != Dtype::Unknown &&
        (isFloating(X.Fact.Type) || X.Fact.Type == Dtype::Unknown))
      X.Fact.Type = T;
  }
  for (CellId C : Children)
    moveTree(C, D, T, E, Subject, Spelled, Seen);
}

} // namespace torch_tidy
