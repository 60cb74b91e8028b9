//===- Signature.h - which two states are the same to what follows --------===//
//
// Two ways through a function are one where they come to the same: the same
// variables lead to the same values, whatever the cells and objects on the way
// are numbered. The walk from the variables is written down as a list of
// numbers, things in the order in which they were first met; equal lists are
// equal states, and a signature is the list's hash.
//
// States of one call all begin as the state in which the call was made. What
// was there then is the same thing in all of them, so the walk stops at it, and
// only what the call has changed of it is written down: a small function that
// is called when a large network is there is not slowed down by the network.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_SIGNATURE_H
#define TORCH_TIDY_CHECKS_FLOW_SIGNATURE_H

#include "checks/flow/State.h"
#include "llvm/ADT/DenseMap.h"

namespace torch_tidy {

/// The state that all that are compared have come from, null for none, and the
/// symbols that there were then.
struct Base {
  const State *S = nullptr;
  uint32_t Symbols = 0, DeviceSymbols = 0;
};

/// Takes one signature after another. What a walk needs is kept for the next
/// one, so a walk makes no allocation and clears nothing.
class Signatures {
  /// The order in which the things of one kind were met, by their ids.
  class Order {
    struct Met {
      uint32_t Walk = 0, Number = 0;
    };
    std::vector<Met> Things;

  public:
    void reserve(size_t Size) {
      if (Things.size() < Size)
        Things.resize(Size + Size / 2);
    }
    /// The number of \p Id, and whether this is the first time.
    std::pair<uint32_t, bool> operator()(uint32_t Id, uint32_t Walk,
                                         uint32_t &Count) {
      Met &It = Things[Id];
      bool First = It.Walk != Walk;
      if (First)
        It = {Walk, ++Count};
      return {It.Number, First};
    }
  };

  const State *S = nullptr;
  Base From;
  bool Numbers = false;
  uint32_t Walk = 0, Count = 0;
  Order Cells, Handles, Objects;
  llvm::SmallDenseMap<uint64_t, uint32_t, 16> Symbols;
  llvm::SmallDenseMap<HandleId, unsigned, 4> Copies; ///< To CUDA, so far.
  llvm::SmallVector<CellId, 64> Work;
  llvm::SmallVector<uint64_t, 512> List;

  void write(uint64_t N) { List.push_back(N); }
  void write(const void *P) { List.push_back(reinterpret_cast<uintptr_t>(P)); }
  uint32_t symbol(uint32_t Id, bool OfDevice);
  void device(const Device &D);
  template <class T> bool isOld(uint32_t Id, T State::*In) {
    if (!From.S || Id >= (From.S->*In).size())
      return false;
    write(~uint64_t(Id));
    return true;
  }
  void handle(HandleId Id);
  void handle(const Handle &H);
  void object(ObjectId Id);
  void object(const Object &O);
  void cell(CellId Id);
  void value(const Value &V);
  bool same(const Value &A, const Value &B) const;
  bool same(const Handle &A, const Handle &B) const;
  bool same(const Object &A, const Object &B) const;
  void changes();

public:
  /// Equal for states that nothing later can tell apart. \p ByNumbers: also by
  /// the numbers they hold and the lists of numbers.
  uint64_t operator()(const State &Of, bool ByNumbers, const Base &Since = {});
};

} // namespace torch_tidy

#endif
