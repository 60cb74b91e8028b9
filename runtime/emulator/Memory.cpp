//===- Memory.cpp ---------------------------------------------------------===//
#include "Memory.h"
#include "Device.h"
#include <cstring>
#include <malloc.h>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unordered_map>

using namespace torch_tidy::emulator;

namespace {

/// Hands out addresses that nothing is mapped to, and knows which block each
/// belongs to. A freed range keeps its block and is used again for the same
/// size class, as CUDA's caching allocator does: so a long run does not run out,
/// and an allocation rarely has anything to allocate.
class AddressSpace {
public:
  static AddressSpace &get() {
    static auto *Space = new AddressSpace; // Outlives static destructors.
    return *Space;
  }

  Block *take(c10::intrusive_ptr<c10::StorageImpl> Host,
              c10::DeviceIndex Device) {
    size_t Size = Host->nbytes();
    if (Size == 0)
      return new Block{nullptr, 0, 0, Device, std::move(Host)};
    std::lock_guard<std::mutex> Guard(Lock);
    size_t Rounded = roundUp(Size);
    auto &Same = Free[Rounded];
    if (Same.empty())
      Same.push_back(make(Rounded));
    Block *B = Same.back();
    Same.pop_back();
    B->Size = Size;
    B->Device = Device;
    B->Host = std::move(Host);
    return B;
  }

  void give(Block *B) {
    if (!B->Address) {
      delete B;
      return;
    }
    // Freeing the bytes may take a while: not under the lock.
    c10::intrusive_ptr<c10::StorageImpl> Host = std::move(B->Host);
    std::lock_guard<std::mutex> Guard(Lock);
    B->Size = 0;
    Free[B->Range].push_back(B);
  }

  bool contains(const void *Address) const {
    return Address >= Begin && Address < End;
  }

  /// The live block that \p Address lies in, or null. The caller holds Lock.
  const Block *find(const void *Address) const {
    auto It = Blocks.upper_bound(static_cast<const char *>(Address));
    if (It == Blocks.begin())
      return nullptr;
    const Block *B = std::prev(It)->second;
    auto Offset = static_cast<size_t>(static_cast<const char *>(Address) -
                                      static_cast<char *>(B->Address));
    return Offset < B->Size ? B : nullptr;
  }

  std::mutex Lock;

private:
  /// Under a limit on the address space (ulimit -v) the program needs most of
  /// it for itself.
  AddressSpace() {
    size_t Size = size_t(1) << 40;
    rlimit Limit;
    if (::getrlimit(RLIMIT_AS, &Limit) == 0 && Limit.rlim_cur != RLIM_INFINITY)
      while (Size > Limit.rlim_cur / 8)
        Size /= 2;
    for (; Size >= size_t(1) << 24; Size /= 2) {
      void *Range = ::mmap(nullptr, Size, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (Range == MAP_FAILED)
        continue;
      Begin = Next = static_cast<char *>(Range);
      End = Begin + Size;
      return;
    }
  }

  Block *make(size_t Range) {
    TORCH_CHECK(Range <= static_cast<size_t>(End - Next),
                "CUDA out of memory. The emulated device has no addresses left "
                "for ",
                Range, " bytes.");
    auto *B = new Block{Next, Range, 0, 0, {}};
    Blocks.emplace_hint(Blocks.end(), Next, B);
    Next += Range;
    return B;
  }

  /// 512 bytes is the granularity of CUDA's allocator; eight classes per power
  /// of two keep the number of classes small.
  static size_t roundUp(size_t Size) {
    size_t Step = 512;
    while (Step * 16 <= Size)
      Step *= 2;
    return (Size + Step - 1) / Step * Step;
  }

  char *Begin = nullptr, *Next = nullptr, *End = nullptr;
  std::map<const char *, const Block *> Blocks; ///< By address, freed ones too.
  std::unordered_map<size_t, std::vector<Block *>> Free; ///< By Block::Range.
};

void releaseBlock(void *Context) {
  AddressSpace::get().give(static_cast<Block *>(Context));
}

c10::intrusive_ptr<c10::StorageImpl> makeHost(c10::DataPtr Data, size_t Size) {
  return c10::make_intrusive<c10::StorageImpl>(
      c10::StorageImpl::use_byte_size_t(), Size, std::move(Data),
      c10::GetAllocator(c10::DeviceType::CPU), /*resizable=*/true);
}

c10::DataPtr makeData(c10::intrusive_ptr<c10::StorageImpl> Host,
                      c10::DeviceIndex Device) {
  Block *B = AddressSpace::get().take(std::move(Host), Device);
  return {B->Address, B, &releaseBlock,
          c10::Device(c10::DeviceType::CUDA, Device)};
}

const Block *blockOf(const c10::DataPtr &Data) {
  return Data.get_deleter() == &releaseBlock
             ? static_cast<const Block *>(Data.get_context())
             : nullptr;
}

class CudaAllocator final : public compat::DeviceAllocator {
public:
#if TORCH_TIDY_LIBTORCH_2
  c10::DataPtr allocate(size_t Bytes) override { return make(Bytes); }
#else
  c10::DataPtr allocate(size_t Bytes) const override { return make(Bytes); }
#endif
  void copy_data(void *Dest, const void *Source, size_t Count) const override {
    auto Bytes = [](const void *Address) {
      auto &Space = AddressSpace::get();
      std::lock_guard<std::mutex> Guard(Space.Lock);
      const Block *B = Space.find(Address);
      TORCH_CHECK(B || !Address, "not an address of the emulated device");
      return B ? static_cast<char *>(
                     const_cast<void *>(B->Host->data_ptr().get())) +
                     (static_cast<const char *>(Address) -
                      static_cast<char *>(B->Address))
               : nullptr;
    };
    if (Count)
      std::memcpy(Bytes(Dest), Bytes(Source), Count);
  }

private:
  static c10::DataPtr make(size_t Bytes) {
    return makeData(makeHost(compat::allocateHost(Bytes), Bytes),
                    currentDevice());
  }
};

/// Page-locked memory is ordinary memory that is remembered.
class PinnedAllocator final : public c10::Allocator {
public:
#if TORCH_TIDY_LIBTORCH_2
  c10::DataPtr allocate(size_t Bytes) override { return make(Bytes); }
#else
  c10::DataPtr allocate(size_t Bytes) const override { return make(Bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void *Dest, const void *Source, size_t Count) const
#if TORCH_TIDY_LIBTORCH_2
      override
#endif
  {
    std::memcpy(Dest, Source, Count);
  }

  struct Ranges {
    std::mutex Lock;
    std::map<const char *, size_t> Sizes;
  };
  static Ranges &ranges() {
    static auto *R = new Ranges;
    return *R;
  }

private:
  static c10::DataPtr make(size_t Bytes) {
    c10::DataPtr Data = compat::allocateHost(Bytes);
    auto *Kept = new c10::DataPtr(std::move(Data));
    if (Bytes) {
      std::lock_guard<std::mutex> Guard(ranges().Lock);
      ranges().Sizes[static_cast<const char *>(Kept->get())] = Bytes;
    }
    return {Kept->get(), Kept,
            [](void *Context) {
              auto *Kept = static_cast<c10::DataPtr *>(Context);
              {
                std::lock_guard<std::mutex> Guard(ranges().Lock);
                ranges().Sizes.erase(static_cast<const char *>(Kept->get()));
              }
              delete Kept;
            },
            c10::Device(c10::DeviceType::CPU)};
  }
};

} // namespace

void torch_tidy::emulator::keepFreedMemory() {
#ifdef __GLIBC__
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

c10::Allocator *torch_tidy::emulator::deviceAllocator() {
  static auto *A = new CudaAllocator;
  return A;
}

c10::Allocator *torch_tidy::emulator::pinnedAllocator() {
  static auto *A = new PinnedAllocator;
  return A;
}

bool torch_tidy::emulator::isPinned(const void *Data) {
  auto &R = PinnedAllocator::ranges();
  std::lock_guard<std::mutex> Guard(R.Lock);
  auto It = R.Sizes.upper_bound(static_cast<const char *>(Data));
  if (It == R.Sizes.begin())
    return false;
  --It;
  return static_cast<const char *>(Data) < It->first + It->second;
}

c10::intrusive_ptr<c10::StorageImpl>
torch_tidy::emulator::hostStorage(const c10::Storage &Cuda) {
  const c10::DataPtr &Data = Cuda.data_ptr();
  if (const Block *B = blockOf(Data))
    return B->Host;
  auto Size = Cuda.nbytes();
  void *Bytes = nullptr;
  if (const void *Address = Data.get()) {
    auto &Space = AddressSpace::get();
    std::lock_guard<std::mutex> Guard(Space.Lock);
    const Block *B = Space.find(Address);
    TORCH_CHECK(B, "CUDA error: an illegal memory access was encountered");
    Bytes =
        static_cast<char *>(const_cast<void *>(B->Host->data_ptr().get())) +
        (static_cast<const char *>(Address) - static_cast<char *>(B->Address));
  }
  return makeHost(c10::DataPtr(Bytes, c10::DeviceType::CPU), Size);
}

c10::Storage
torch_tidy::emulator::deviceStorage(c10::intrusive_ptr<c10::StorageImpl> Host,
                                    c10::DeviceIndex Device) {
  size_t Size = Host->nbytes();
  return c10::make_intrusive<c10::StorageImpl>(
      c10::StorageImpl::use_byte_size_t(), Size,
      makeData(std::move(Host), Device), deviceAllocator(),
      /*resizable=*/true);
}

void torch_tidy::emulator::followResize(const c10::Storage &Cuda) {
  const Block *B = blockOf(Cuda.data_ptr());
  if (!B || B->Size == B->Host->nbytes())
    return;
  c10::StorageImpl *Impl = Cuda.unsafeGetStorageImpl();
  Impl->set_nbytes(B->Host->nbytes());
  Impl->set_data_ptr_noswap(makeData(B->Host, B->Device));
}

compat::Optional<c10::Device> torch_tidy::emulator::deviceOf(const void *Data) {
  auto &Space = AddressSpace::get();
  std::lock_guard<std::mutex> Guard(Space.Lock);
  if (const Block *B = Space.find(Data))
    return c10::Device(c10::DeviceType::CUDA, B->Device);
  return {};
}

AddressInfo torch_tidy::emulator::describeAddress(const void *Address) {
  AddressInfo Info;
  auto &Space = AddressSpace::get();
  Info.IsDevice = Space.contains(Address);
  if (!Info.IsDevice || !Space.Lock.try_lock())
    return Info;
  if (const Block *B = Space.find(Address)) {
    Info.IsLive = true;
    Info.Device = B->Device;
    Info.Size = B->Size;
    Info.Offset = static_cast<size_t>(static_cast<const char *>(Address) -
                                      static_cast<char *>(B->Address));
  }
  Space.Lock.unlock();
  return Info;
}
