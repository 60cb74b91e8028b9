#include "checks/flow/State.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/Hashing.h"

namespace torch_tidy {

void State::substitute(uint32_t Symbol, Device D) {
  auto Hit = [&](const Device &X) {
    return X.K == Device::Symbol && X.Sym == Symbol;
  };
  for (uint32_t I = 1; I < Handles.size(); ++I)
    if (Hit(Handles[I].Fact.Dev))
      Handles.mut(I).Fact.Dev = D;
  for (uint32_t I = 1; I < Cells.size(); ++I)
    if (Hit(Cells[I].D))
      Cells.mut(I).D = D;
  for (uint32_t I = 1; I < Objects.size(); ++I)
    if (Hit(Objects[I].Unseen))
      Objects.mut(I).Unseen = D;
}

namespace {
// Walks what the frames reach, numbering cells, handles, objects and symbols
// in the order of the visit, so that two states that differ in names only get
// the same hash.
class Walker {
  const State &S;
  bool Numbers;
  llvm::DenseMap<uint64_t, unsigned> Seen;
  std::vector<CellId> Work;
  llvm::hash_code H = 0;

  template <class... Ts> void mix(const Ts &...V) {
    H = llvm::hash_combine(H, V...);
  }
  bool number(unsigned Space, uint32_t Id) {
    auto [It, New] =
        Seen.try_emplace((uint64_t(Space) << 32) | Id, Seen.size() + 1);
    mix(It->second);
    return New;
  }
  void device(const Device &D) {
    mix(unsigned(D.K), int(D.Index));
    if (D.K == Device::Symbol)
      number(3, D.Sym);
  }
  void handle(HandleId Id) {
    if (!number(1, Id))
      return;
    const TensorFact &F = S.Handles[Id].Fact;
    device(F.Dev);
    mix(unsigned(F.Type), unsigned(F.Dim), F.Defined);
  }
  void object(ObjectId Id) {
    if (!number(2, Id))
      return;
    const Object &O = S.Objects[Id];
    mix(unsigned(O.K), O.Rec, O.Lambda, O.Elems.size(), O.Children.size(),
        O.State.size(), O.Opaque);
    device(O.Unseen);
    for (auto &F : O.Fields)
      mix(F.first), cell(F.second);
    for (CellId C : O.Elems)
      cell(C);
    for (CellId C : O.Children)
      cell(C);
    for (HandleId I : O.State)
      handle(I);
  }
  void cell(CellId Id) {
    if (number(0, Id))
      Work.push_back(Id);
  }
  void value(const Value &V) {
    mix(unsigned(V.K), unsigned(V.T), V.HasDev, V.HasType);
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
      mix(V.N, V.Neg, V.Back);
      break;
    case Value::Int:
      if (Numbers)
        mix(V.N);
      break;
    case Value::Str:
      if (Numbers)
        mix(V.P);
      break;
    case Value::Fn:
    case Value::Field:
      mix(V.P);
      break;
    default:
      break;
    }
  }

public:
  Walker(const State &S, bool Numbers) : S(S), Numbers(Numbers) {}
  uint64_t run() {
    mix(S.Guarded, S.Transferred.size());
    for (const Frame &F : S.Frames) {
      cell(F.This);
      value(F.Result);
      for (auto &[D, C] : F.Vars)
        mix(D), cell(C);
    }
    for (auto &[D, C] : S.Globals)
      mix(D), cell(C);
    while (!Work.empty()) {
      CellId C = Work.back();
      Work.pop_back();
      value(S.Cells[C]);
    }
    return uint64_t(size_t(H));
  }
};
} // namespace

uint64_t State::signature(bool Numbers) const {
  return Walker(*this, Numbers).run();
}

} // namespace torch_tidy
