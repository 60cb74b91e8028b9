// What values have in common: the elements of a container whose number or order
// is not known, as far as they agree.
//
// What is read of such a container is a copy of that. A write to the copy makes
// the container unknown (`State::Some`), so only parts that are written through
// cells of their own are kept: tensors, numbers, devices, records and pairs of
// those. A list inside of a record grows behind its owner's back.
#include "checks/flow/Interp.h"

using namespace clang;

namespace torch_tidy {

// The cells that show what a container's elements are like; none where some
// element may be anything.
std::vector<CellId> Interp::examplesOf(const Object &O) {
  std::vector<CellId> Cells = O.Elems;
  if (O.Opaque && O.Like)
    Cells.push_back(O.Like);
  else if (O.Opaque)
    Cells.clear();
  return Cells;
}

Value Interp::alike(ArrayRef<CellId> Cells, unsigned Depth) {
  if (Cells.empty() || Depth > 4)
    return {};
  const Value First = load(Cells[0]);
  bool Same = true;
  for (CellId C : Cells.drop_front()) {
    const Value V = load(C);
    if (V.K != First.K)
      return {};
    Same &= V.K == First.K && V.Id == First.Id && V.N == First.N &&
            V.P == First.P && V.D == First.D && V.T == First.T &&
            V.Neg == First.Neg;
  }
  switch (First.K) {
  case Value::Tensor: {
    if (Same)
      return First;
    Handle H = S->Handles[First.Id];
    H.Dropped = nullptr;
    for (CellId C : Cells.drop_front()) {
      const TensorFact &F = S->Handles[load(C).Id].Fact;
      if (!F.Defined || !H.Fact.Defined)
        return {};
      if (!H.Fact.Dev.sameAs(F.Dev)) {
        if (!Depth)
          return {};
        H.Fact.Dev = Device::symbol(++DeviceSymbols);
        H.From = nullptr;
      }
      H.Fact.agreeWith(F);
    }
    return S->tensor(std::move(H));
  }
  case Value::Object: {
    Object O = S->Objects[First.Id];
    if (O.K != Object::Record && O.K != Object::List)
      return Same ? First : Value();
    if (isPromise(First) || (O.K == Object::List && O.Opaque))
      return {};
    // A part that is a list of its own is not kept, see above.
    auto Part = [&](std::vector<CellId> &&Parts, bool Pair) {
      const Value &V = S->Cells[Parts[0]];
      bool List =
          V.K == Value::Object && S->Objects[V.Id].K == Object::List && !Pair;
      return List ? Value() : alike(Parts, Depth + 1);
    };
    for (CellId &E : O.Elems) {
      std::vector<CellId> Parts;
      for (CellId C : Cells) {
        const Object &Other = S->Objects[load(C).Id];
        if (Other.K != O.K || Other.Opaque ||
            Other.Elems.size() != O.Elems.size())
          return {};
        Parts.push_back(Other.Elems[&E - O.Elems.data()]);
      }
      E = S->cell(Part(std::move(Parts), false));
    }
    auto Fields = std::move(O.Fields);
    O.Fields.clear();
    for (auto &[Key, Cell] : Fields) {
      std::vector<CellId> Parts;
      for (CellId C : Cells) {
        const Object &Other = S->Objects[load(C).Id];
        if (Other.K != O.K || Other.Rec != O.Rec)
          return {};
        for (auto &[OtherKey, OtherCell] : Other.Fields)
          if (OtherKey == Key)
            Parts.push_back(OtherCell);
      }
      auto *D = O.Rec ? static_cast<const FieldDecl *>(Key) : nullptr;
      bool Pair = D && Ty.kindOf(D->getType()) == TypeKind::Pair;
      if (Parts.size() == Cells.size())
        if (Value V = Part(std::move(Parts), Pair))
          O.Fields.push_back({Key, S->cell(V)});
    }
    // Fields that are not kept are not known.
    O.Opaque |= O.K == Object::Record;
    O.Unseen = Device::symbol(++DeviceSymbols);
    O.Move = nullptr;
    return S->object(std::move(O));
  }
  // Two elements that are not known are not the same for that.
  case Value::Sym:
    return {};
  default:
    return Same ? First : Value();
  }
}

// One element, it is not known which, is given another value: each may be it.
// False where that says nothing.
bool Interp::mayReplace(ObjectId Container, const Value &V) {
  const Object O = S->Objects[Container];
  auto IsTensor = [&](CellId C) { return S->Cells[C].K == Value::Tensor; };
  std::vector<CellId> Examples = examplesOf(O);
  if (V.K != Value::Tensor || Examples.empty() ||
      !llvm::all_of(Examples, IsTensor))
    return false;
  CellId New = S->cell(V);
  for (CellId E : O.Elems)
    S->Cells.mut(E) = alike({E, New}, /*Depth=*/1);
  if (!O.Opaque)
    return true;
  Value Like = alike({O.Like, New});
  CellId Cell = Like ? S->cell(Like) : 0;
  Object &To = S->Objects.mut(Container);
  To.Like = Cell;
  if (!O.Unseen.sameAs(S->Handles[V.Id].Fact.Dev))
    To.Unseen = Device::symbol(++DeviceSymbols);
  return true;
}

} // namespace torch_tidy
