//===- Shared.h - containers that copies share until one is written to ----===//
//
// States are copied at every fork and for each statement, and most of what they
// hold is the same in all copies. So a copy of what is here costs a pointer or
// a few, and the first write to one that is shared copies the part around it.
//
// Nothing here may be used by two threads at once: the counters are plain.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_CHECKS_FLOW_SHARED_H
#define TORCH_TIDY_CHECKS_FLOW_SHARED_H

#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <algorithm>
#include <utility>
#include <vector>

namespace torch_tidy {

/// One value; what was never written is a `T()`.
template <class T> class Shared {
  struct Node : llvm::RefCountedBase<Node> {
    T Value;
  };
  llvm::IntrusiveRefCntPtr<Node> P;

public:
  const T &operator*() const {
    static const T Empty{};
    return P ? P->Value : Empty;
  }
  const T *operator->() const { return &**this; }
  /// For this copy alone.
  T &mut() {
    if (!P)
      P = new Node();
    else if (P->UseCount() > 1)
      P = new Node(*P);
    return P->Value;
  }
};

/// A map in the order of its keys. Entries move when one is inserted or erased.
template <class K, class V> class SharedMap {
  using Entry = std::pair<K, V>;
  using Entries = std::vector<Entry>;
  Shared<Entries> In;

  static auto place(Entries &Of, const K &Key) {
    return llvm::lower_bound(
        Of, Key, [](const Entry &E, const K &X) { return E.first < X; });
  }

public:
  using const_iterator = typename Entries::const_iterator;
  const_iterator begin() const { return In->begin(); }
  const_iterator end() const { return In->end(); }
  size_t size() const { return In->size(); }
  bool empty() const { return In->empty(); }

  const_iterator find(const K &Key) const {
    auto It = llvm::lower_bound(
        *In, Key, [](const Entry &E, const K &X) { return E.first < X; });
    return It != end() && It->first == Key ? It : end();
  }
  bool count(const K &Key) const { return find(Key) != end(); }
  /// The value of a key, `V()` without one.
  V lookup(const K &Key) const {
    auto It = find(Key);
    return It == end() ? V() : It->second;
  }
  V &operator[](const K &Key) {
    Entries &Own = In.mut();
    auto It = place(Own, Key);
    if (It == Own.end() || It->first != Key)
      It = Own.insert(It, {Key, V()});
    return It->second;
  }
  /// Unless the key has a value; says whether it has none.
  bool insert(const Entry &E) {
    if (count(E.first))
      return false;
    (*this)[E.first] = E.second;
    return true;
  }
  void erase(const K &Key) {
    if (!count(Key))
      return;
    Entries &Own = In.mut();
    Own.erase(place(Own, Key));
  }
  template <class Fn> void eraseIf(Fn Drop) {
    if (llvm::any_of(*In, Drop))
      llvm::erase_if(In.mut(), Drop);
  }
  void clear() { In = {}; }
};

/// Values by id. They lie in chunks, and the chunks in pages: a long function
/// has thousands of values, and a copy is made for each of its statements. A
/// value stays where it is until a copy that shares it writes to its chunk, so
/// \p Chunk is small for values that are dear to copy.
template <class T, unsigned Chunk = 16, unsigned Page = 32> class Store {
  struct Values : llvm::RefCountedBase<Values> {
    llvm::SmallVector<T, Chunk> At;
  };
  struct Chunks : llvm::RefCountedBase<Chunks> {
    llvm::SmallVector<llvm::IntrusiveRefCntPtr<Values>, Page> At;
  };
  std::vector<llvm::IntrusiveRefCntPtr<Chunks>> Pages;
  uint32_t Count = 0;

  /// What is in \p P, for this copy alone.
  template <class List> static List &own(llvm::IntrusiveRefCntPtr<List> &P) {
    if (P->UseCount() > 1)
      P = new List(*P);
    return *P;
  }
  llvm::SmallVector<T, Chunk> &chunk(uint32_t I) {
    Chunks &In = own(Pages[I / (Chunk * Page)]);
    return own(In.At[I / Chunk % Page]).At;
  }

public:
  Store() { add(T()); }
  uint32_t size() const { return Count; }
  const T &operator[](uint32_t I) const {
    return Pages[I / (Chunk * Page)]->At[I / Chunk % Page]->At[I % Chunk];
  }
  T &mut(uint32_t I) { return chunk(I)[I % Chunk]; }
  /// The ids below \p Limit that are in both and whose values the two do not
  /// share: what was never written to since one was copied from the other is
  /// not among them.
  std::vector<uint32_t> apartFrom(const Store &Other, uint32_t Limit) const {
    std::vector<uint32_t> Apart;
    const uint32_t Both = std::min({Count, Other.Count, Limit});
    for (uint32_t First = 1, End; First < Both; First = End) {
      const uint32_t P = First / (Chunk * Page), C = First / Chunk % Page;
      if (Pages[P] == Other.Pages[P]) {
        End = (P + 1) * Chunk * Page;
        continue;
      }
      End = (First / Chunk + 1) * Chunk;
      if (Pages[P]->At[C] != Other.Pages[P]->At[C])
        for (uint32_t I = First; I < std::min(End, Both); ++I)
          Apart.push_back(I);
    }
    return Apart;
  }
  uint32_t add(T V) {
    if (Count % (Chunk * Page) == 0)
      Pages.push_back(new Chunks());
    if (Count % Chunk == 0)
      own(Pages.back()).At.push_back(new Values());
    chunk(Count).push_back(std::move(V));
    return Count++;
  }
};

} // namespace torch_tidy

#endif
