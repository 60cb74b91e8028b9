//===- Bytes.h - the form of what the cache keeps -------------------------===//
//
// Numbers as eight bytes, texts with their length in front. A reader that runs
// past the end, or meets a length that cannot be, gives zeros and remembers it:
// one look at `ok()` after reading is enough.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_BYTES_H
#define TORCH_TIDY_TOOL_FRONTEND_BYTES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/xxhash.h"
#include <string>

namespace torch_tidy {

/// 128 bits of xxh3: identifies content where nobody forges it.
struct ContentHash {
  uint64_t Low = 0, High = 0;

  static ContentHash of(llvm::StringRef Content) {
    auto H = llvm::xxh3_128bits(
        llvm::ArrayRef(Content.bytes_begin(), Content.size()));
    return {H.low64, H.high64};
  }
  std::string str() const;
  bool operator==(const ContentHash &O) const {
    return Low == O.Low && High == O.High;
  }
  bool operator!=(const ContentHash &O) const { return !(*this == O); }
};

class ByteWriter {
public:
  std::string Bytes;

  void number(uint64_t Value) {
    char Raw[8];
    llvm::support::endian::write64le(Raw, Value);
    Bytes.append(Raw, 8);
  }
  void real(double Value) { number(llvm::bit_cast<uint64_t>(Value)); }
  void text(llvm::StringRef Value) {
    number(Value.size());
    Bytes.append(Value.data(), Value.size());
  }
  void hash(const ContentHash &Value) {
    number(Value.Low);
    number(Value.High);
  }
  template <class List, class Fn> void list(const List &Items, Fn Each) {
    number(Items.size());
    for (const auto &Item : Items)
      Each(Item);
  }
};

class ByteReader {
public:
  explicit ByteReader(llvm::StringRef Bytes) : Rest(Bytes) {}

  uint64_t number() {
    llvm::StringRef Raw = take(8);
    return Raw.empty() ? 0 : llvm::support::endian::read64le(Raw.data());
  }
  double real() { return llvm::bit_cast<double>(number()); }
  llvm::StringRef text() { return take(number()); }
  ContentHash hash() {
    ContentHash Result;
    Result.Low = number();
    Result.High = number();
    return Result;
  }
  /// Calls \p Each as often as the list has items; stops where it is damaged.
  template <class Fn> void list(Fn Each) {
    for (uint64_t N = number(); N && Good; --N)
      Each();
  }
  bool ok() const { return Good; }

private:
  llvm::StringRef Rest;
  bool Good = true;

  llvm::StringRef take(uint64_t Size) {
    Good &= Size <= Rest.size();
    if (!Good)
      return "";
    llvm::StringRef Result = Rest.take_front(Size);
    Rest = Rest.drop_front(Size);
    return Result;
  }
};

} // namespace torch_tidy

#endif
