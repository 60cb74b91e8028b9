// torch::save and torch::load: what was saved comes back where it was.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// A path is known by its text, a stream by its object: both remember the last
// value that was saved there.
void Interp::keep(CellId Where, const Value &What) {
  const Value V = S->Cells[Where];
  if (V.K == Value::Str)
    S->Globals[V.P] = S->cell(What);
  else if (V.K == Value::Object)
    S->Cells.mut(named(V.Id, "saved", true)) = What;
}

CellId Interp::kept(CellId From) {
  const Value V = S->Cells[From];
  if (V.K == Value::Str)
    return S->Globals.lookup(V.P);
  return V.K == Value::Object ? named(V.Id, "saved", false) : 0;
}

// The text of a stream is the stream's object; so are the bytes it is copied
// to.
Value Interp::bytesCall(StringRef Name, CellId Bytes, bool &Known) {
  const Value V = S->Cells[Bytes];
  Known = V.K == Value::Object && named(V.Id, "saved", false) &&
          (Name == "begin" || Name == "cbegin" || Name == "end" ||
           Name == "cend" || Name == "data" || Name == "c_str");
  if (!Known)
    return {};
  Value I = Value::of(
      Name == "data" || Name == "c_str" ? Value::Ptr : Value::Iter, Bytes);
  I.Neg = I.K == Value::Iter;
  return I;
}

Value Interp::saveTensors(ArrayRef<const Expr *> Args) {
  Value What = eval(Args[0]);
  CellId Where = S->target(cellOf(Args[1]));
  if (Dead)
    return {};
  Handle Saved;
  SmallVector<HandleId, 4> Hs;
  S->tensorsIn(What, Hs);
  if (Hs.size() == 1)
    Saved = S->Handles[Hs[0]];
  else if (std::optional<Device> D =
               Hs.empty() ? placedAt(S->cell(What)) : std::nullopt)
    Saved.Fact.Dev = *D;
  keep(Where, S->tensor(Saved));
  return {};
}

Value Interp::loadTensors(const CallExpr *E, ArrayRef<const Expr *> Args) {
  CellId C = S->target(cellOf(Args[0]));
  CellId From = S->target(cellOf(Args[1]));
  Value Asked = Args.size() > 2 ? eval(Args[2]) : Value();
  if (Dead)
    return {};
  CellId Kept = kept(From);
  TensorFact Fact;
  if (Kept && S->Cells[Kept].K == Value::Tensor)
    Fact = S->Handles[S->Cells[Kept].Id].Fact;
  Device D = Fact.Dev;
  if (Asked.K == Value::Dev)
    D = Asked.D;
  else if (D.K == Device::Unknown ||
           (Asked.K == Value::None && given(Args).size() > 2))
    D = Device::symbol(++DeviceSymbols);
  const Expr *Spelled = Asked.K == Value::Dev ? Args[2] : nullptr;
  if (S->Cells[C].K == Value::Object &&
      S->Objects[S->Cells[C].Id].K == Object::Module) {
    if (D.isKnown())
      moveModule(C, D, Dtype::Unknown, E, Ty.text(Args[0]), Spelled);
    else
      displace(C, D);
    return {};
  }
  if (S->Cells[C].K == Value::Object &&
      S->Objects[S->Cells[C].Id].K == Object::Optimizer) {
    // The state of each parameter, read to there.
    Object &O = S->Objects.mut(S->Cells[C].Id);
    O.Unseen = D;
    O.Move = D.isKnown() ? origin(Origin::Moved, E, D, Ty.text(Args[0]),
                                  nullptr, Spelled)
                         : nullptr;
    return {};
  }
  Value New = fresh(Args[0]->getType(), Ty.text(Args[0]), E->getBeginLoc(),
                    "loaded from a file");
  if (New.K == Value::Tensor) {
    S->Handles.mut(New.Id).Fact = Fact;
    S->Handles.mut(New.Id).Fact.Dev = D;
    if (D.isKnown())
      S->Handles.mut(New.Id).From =
          origin(Origin::Moved, E, D, Ty.text(Args[0]), nullptr, Spelled);
  }
  S->Cells.mut(C) = New;
  return {};
}

} // namespace torch_tidy
