// What `backward` demands, and what runs when it is called: the user's
// `backward` of each torch::autograd::Function that was applied, and hooks.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// A static function of a class derived from torch::autograd::Function.
static const CXXMethodDecl *staticOf(const CXXRecordDecl *R, StringRef Name) {
  for (const CXXMethodDecl *F : R->methods())
    if (F->getDeclName().isIdentifier() && F->getName() == Name &&
        F->isStatic() && F->hasBody() && F->getNumParams())
      return F;
  return nullptr;
}

// The class behind `torch::autograd::Function<T>::apply`.
const CXXRecordDecl *Interp::appliedFunction(const FunctionDecl *Fn) {
  auto *M = dyn_cast<CXXMethodDecl>(Fn);
  if (!M || !M->isStatic() || !M->getDeclName().isIdentifier() ||
      M->getName() != "apply" || Ty.isUserCode(M) ||
      Ty.qualified(M->getParent()) != "torch::autograd::Function")
    return nullptr;
  const CXXRecordDecl *R = record(heldType(M->getParent()));
  return R && R->hasDefinition() && staticOf(R->getDefinition(), "forward")
             ? R->getDefinition()
             : nullptr;
}

// `Scale::apply(x)` calls `forward(ctx, x)`, and lets `backward` follow.
Value Interp::applyFunction(const CallExpr *E, const CXXRecordDecl *R,
                            ArrayRef<CellId> Args) {
  const CXXMethodDecl *Forward = staticOf(R, "forward");
  const CXXMethodDecl *Backward = staticOf(R, "backward");
  CellId Context = S->cell(
      fresh(Forward->getParamDecl(0)->getType(), "", SourceLocation(), ""));
  std::vector<CellId> Cells{Context};
  bool Grad = false;
  for (CellId C : Args) {
    SmallVector<HandleId, 2> Hs;
    S->tensorsIn(S->Cells[C], Hs);
    for (HandleId H : Hs)
      Grad |= S->Handles[H].Grad;
    Cells.push_back(C);
  }
  Value V = enter(Forward, E, 0, Cells);
  if (V.K != Value::Tensor || Dead || !Grad || S->NoGrad)
    return V;
  Handle Out = S->Handles[V.Id];
  Out.Grad = true;
  V = S->tensor(std::move(Out));
  if (Backward && Backward->getNumParams() == 2)
    S->Pending.push_back({Value(), Backward, Context, V.Id});
  return V;
}

// `AutogradContext` gives back what it was given.
Value Interp::contextCall(const CallExpr *E, StringRef Name, CellId Context,
                          ArrayRef<const Expr *> Args, bool &Known) {
  const Value V = S->Cells[S->target(Context)];
  Known = V.K == Value::Object &&
          (Name == "save_for_backward" || Name == "get_saved_variables");
  if (!Known)
    return {};
  if (Name == "save_for_backward") {
    Value List = Args.empty() ? Value() : copyOf(eval(Args[0]));
    if (!Dead)
      S->Cells.mut(named(V.Id, "variables", true)) = List;
    return {};
  }
  CellId C = named(V.Id, "variables", false);
  return C && S->Cells[C] ? copyOf(S->Cells[C])
                          : fresh(E->getType(), "", SourceLocation(), "");
}

// The functions run against the order in which they were applied. A gradient
// is where its tensor is.
void Interp::runBackward(const CallExpr *E) {
  auto Waiting = std::move(S->Pending);
  S->Pending.clear();
  for (auto It = Waiting.rbegin(); It != Waiting.rend() && !Dead; ++It) {
    Handle G;
    G.Fact = S->Handles[It->Of].Fact;
    G.From = S->Handles[It->Of].From;
    CellId Gradient = S->cell(S->tensor(std::move(G)));
    if (!It->Backward) {
      callClosure(It->Hook, E, {Gradient}, Ctx.VoidTy);
      continue;
    }
    Object List;
    List.K = Object::List;
    List.Elems = {Gradient};
    enter(It->Backward, E, 0,
          {It->Context, S->cell(S->object(std::move(List)))});
  }
}

// The gradient of a tensor as a place that can be assigned to.
CellId Interp::gradientOf(HandleId Of) {
  Gradient &G = S->Gradients[Of];
  if (!G.Cell) {
    Handle H;
    H.Fact = S->Handles[Of].Fact;
    H.From = S->Handles[Of].From;
    G.Made = S->tensor(std::move(H)).Id;
    G.Cell = S->cell(Value::of(Value::Tensor, G.Made));
  }
  return G.Cell;
}

// An optimizer's step adds each gradient to its parameter.
void Interp::judgeAssigned(const CallExpr *E, ArrayRef<HandleId> Parameters) {
  for (HandleId P : Parameters) {
    auto It = S->Gradients.find(P);
    if (It == S->Gradients.end())
      continue;
    const Value &G = S->Cells[It->second.Cell];
    if (G.K != Value::Tensor || G.Id == It->second.Made ||
        !S->Handles[G.Id].Fact.Defined)
      continue;
    Used Gradient, Parameter;
    Gradient.Role = "gradient", Gradient.H = G.Id;
    Gradient.Spelling = "gradient";
    Parameter.Role = "parameter", Parameter.H = P, Parameter.IsState = true;
    Parameter.Spelling = S->Handles[P].Name;
    if (Parameter.Spelling.empty())
      Parameter.Spelling = "parameter";
    if (demandSame(E, FindingCode::DeviceMismatch, Gradient, Parameter,
                   "Expected all tensors to be on the same device, but found "
                   "at least two devices, cuda:0 and cpu!")
            .throws())
      return;
  }
}

// Autograd wants a gradient where its tensor is; a 0-dimensional one it moves
// (torch/csrc/autograd/engine.cpp, validate_outputs).
void Interp::judgeGradients(const CallExpr *E, const Value &Outputs,
                            const Expr *OutputE, const Value &Gradients,
                            const Expr *GradientE) {
  SmallVector<HandleId, 4> Of, Given;
  S->tensorsIn(Outputs, Of);
  S->tensorsIn(Gradients, Given);
  for (size_t I = 0; I < Of.size() && I < Given.size(); ++I) {
    if (S->Handles[Given[I]].Fact.Dim != Rank::Some)
      continue;
    Used Gradient, Output;
    Gradient.Role = "gradient", Gradient.H = Given[I], Gradient.E = GradientE;
    Gradient.Spelling = Ty.text(GradientE);
    Output.Role = "self", Output.H = Of[I], Output.E = OutputE;
    Output.Spelling = Ty.text(OutputE);
    std::string Want = S->Handles[Of[I]].Fact.Dev.isCUDA() ? "cuda:0" : "cpu";
    demandSame(E, FindingCode::DeviceMismatch, Gradient, Output,
               "invalid gradient at index 0 - expected device " + Want +
                   " but got " + (Want == "cpu" ? "cuda:0" : "cpu"));
  }
}

} // namespace torch_tidy
