#include "checks/flow/Signature.h"
#include "llvm/Support/xxhash.h"

namespace torch_tidy {

uint32_t Signatures::symbol(uint32_t Id, bool OfDevice) {
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

void Signatures::handle(HandleId Id) {
  auto [Number, First] = Handles(Id, Walk, Count);
  write(Number);
  if (!First)
    return;
  const TensorFact &F = S->Handles[Id].Fact;
  device(F.Dev);
  write(unsigned(F.Type) | unsigned(F.Dim) << 8 | unsigned(F.Defined) << 16);
  if (auto It = Copies.find(Id); It != Copies.end())
    write(It->second);
}

void Signatures::object(ObjectId Id) {
  auto [Number, First] = Objects(Id, Walk, Count);
  write(Number);
  if (!First)
    return;
  const Object &O = S->Objects[Id];
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

uint64_t Signatures::operator()(const State &Of, bool ByNumbers) {
  S = &Of;
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
  for (const Frame &F : Of.Frames) {
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
  while (!Work.empty())
    value(Of.Cells[Work.pop_back_val()]);
  return llvm::xxh3_64bits(
      llvm::ArrayRef(reinterpret_cast<const uint8_t *>(List.data()),
                     List.size() * sizeof(uint64_t)));
}

} // namespace torch_tidy
