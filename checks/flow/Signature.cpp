#include "checks/flow/Signature.h"
#include "llvm/Support/xxhash.h"

namespace torch_tidy {

uint32_t Signatures::symbol(uint32_t Id, bool OfDevice) {
  // It may stand for something that the walk does not come to.
  if (Id <= (OfDevice ? From.DeviceSymbols : From.Symbols))
    return ~Id;
  auto [It, First] =
      Symbols.try_emplace(uint64_t(OfDevice) << 32 | Id, Count + 1);
  Count += First;
  return It->second;
}

void Signatures::device(const Device &D) {
  uint32_t Symbol = 0;
  if (D.K == Device::Symbol)
    Symbol = symbol(D.Sym, true);
  write(unsigned(D.K) | uint64_t(uint16_t(D.Index)) << 8 |
        uint64_t(Symbol) << 32);
}

void Signatures::handle(const Handle &H) {
  const TensorFact &F = H.Fact;
  device(F.Dev);
  write(unsigned(F.Type) | unsigned(F.Dim) << 8 | unsigned(F.Defined) << 16);
}

void Signatures::handle(HandleId Id) {
  if (isOld(Id, &State::Handles))
    return;
  auto [Number, First] = Handles(Id, Walk, Count);
  write(Number);
  if (!First)
    return;
  handle(S->Handles[Id]);
  if (auto It = Copies.find(Id); It != Copies.end())
    write(It->second);
}

void Signatures::object(ObjectId Id) {
  if (isOld(Id, &State::Objects))
    return;
  auto [Number, First] = Objects(Id, Walk, Count);
  write(Number);
  if (First)
    object(S->Objects[Id]);
}

void Signatures::object(const Object &O) {
  if (!Numbers && S->isPlainList(O))
    return write(unsigned(O.K));
  write(unsigned(O.K) | unsigned(O.Opaque) << 8);
  write(O.Rec);
  write(O.Lambda);
  write(O.Elems.size() | uint64_t(O.Children.size()) << 32);
  write(O.State.size() | uint64_t(O.Fields.size()) << 32);
  device(O.Unseen);
  if (O.Like)
    cell(O.Like);
  for (auto &[Key, C] : O.Fields)
    write(Key), cell(C);
  for (CellId C : O.Elems)
    cell(C);
  for (CellId C : O.Children)
    cell(C);
  for (HandleId H : O.State)
    handle(H);
}

void Signatures::cell(CellId Id) {
  if (isOld(Id, &State::Cells))
    return;
  auto [Number, First] = Cells(Id, Walk, Count);
  write(Number);
  if (First)
    Work.push_back(Id);
}

void Signatures::value(const Value &V) {
  bool Number = V.K == Value::Int || V.K == Value::Sym;
  write(unsigned(Number && !Numbers ? Value::Int : V.K) | unsigned(V.T) << 8 |
        unsigned(V.HasDev) << 16 | unsigned(V.HasType) << 17);
  device(V.D);
  switch (V.K) {
  case Value::Tensor:
  case Value::Memory:
    handle(V.Id);
    break;
  case Value::Object:
    object(V.Id);
    break;
  case Value::Ptr:
  case Value::Ref:
    cell(V.Id);
    break;
  case Value::Iter:
    cell(V.Id);
    write(V.N);
    write(unsigned(V.Neg) | unsigned(V.Back) << 1);
    break;
  case Value::Int:
    if (Numbers)
      write(V.N);
    break;
  case Value::Sym:
    if (Numbers)
      write(uint64_t(symbol(V.Id, false)) << 1 | unsigned(V.Neg));
    break;
  case Value::Str:
    if (Numbers)
      write(V.P);
    break;
  case Value::Fn:
  case Value::Field:
    write(V.P);
    break;
  default:
    break;
  }
}

bool Signatures::same(const Value &A, const Value &B) const {
  auto IsNumber = [](const Value &V) {
    return V.K == Value::Int || V.K == Value::Sym;
  };
  if (!Numbers && IsNumber(A) && IsNumber(B))
    return true;
  return A.K == B.K && A.T == B.T && A.HasDev == B.HasDev &&
         A.HasType == B.HasType && A.D == B.D && A.Id == B.Id && A.N == B.N &&
         A.Neg == B.Neg && A.Back == B.Back &&
         (A.P == B.P || (!Numbers && A.K == Value::Str));
}

bool Signatures::same(const Handle &A, const Handle &B) const {
  return A.Fact == B.Fact;
}

bool Signatures::same(const Object &A, const Object &B) const {
  if (!Numbers && S->isPlainList(A) && From.S->isPlainList(B))
    return true;
  return A.K == B.K && A.Opaque == B.Opaque && A.Rec == B.Rec &&
         A.Lambda == B.Lambda && A.Unseen == B.Unseen && A.Like == B.Like &&
         A.Fields == B.Fields && A.Elems == B.Elems &&
         A.Children == B.Children && A.State == B.State;
}

// What has changed of what was there before.
void Signatures::changes() {
  auto Each = [&](auto State::*In, auto Write) {
    for (uint32_t Id : (S->*In).apartFrom(From.S->*In, (From.S->*In).size()))
      if (const auto &Now = (S->*In)[Id]; !same(Now, (From.S->*In)[Id]))
        write(Id), Write(Now);
  };
  Each(&State::Cells, [&](const Value &V) { value(V); });
  Each(&State::Handles, [&](const Handle &H) { handle(H); });
  Each(&State::Objects, [&](const Object &O) { object(O); });
  for (auto &[E, H] : *S->Transferred)
    if (H < From.S->Handles.size())
      write(E), write(H);
}

uint64_t Signatures::operator()(const State &Of, bool ByNumbers,
                                const Base &Since) {
  S = &Of;
  From = Since;
  Numbers = ByNumbers;
  ++Walk;
  Count = 0;
  Cells.reserve(Of.Cells.size());
  Handles.reserve(Of.Handles.size());
  Objects.reserve(Of.Objects.size());
  Symbols.clear();
  Copies.clear();
  List.clear();
  write(unsigned(Of.Guarded) | unsigned(Of.Default) << 8);
  for (auto &[E, H] : *Of.Transferred)
    ++Copies[H];
  for (const Frame &F : llvm::drop_begin(Of.Frames, State::callerOf(From.S))) {
    cell(F.This);
    value(F.Result);
    for (auto &[D, C] : F.Vars)
      write(D), cell(C);
  }
  for (auto &[D, C] : Of.Globals)
    write(D), cell(C);
  for (auto &[H, G] : Of.Gradients)
    handle(H), cell(G.Cell);
  for (const Thread &T : Of.Threads)
    cell(T.Function);
  if (From.S)
    changes();
  while (!Work.empty())
    value(Of.Cells[Work.pop_back_val()]);
  return llvm::xxh3_64bits(
      llvm::ArrayRef(reinterpret_cast<const uint8_t *>(List.data()),
                     List.size() * sizeof(uint64_t)));
}

} // namespace torch_tidy
