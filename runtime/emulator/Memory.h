//===- Memory.h - device memory that lives on the host --------------------===//
//
// A CUDA storage owns an *address* and a *host storage*. The address lies in a
// range of the address space that nothing is mapped to, so host code that
// dereferences it crashes, as it does on a GPU. The bytes are in the host
// storage, an ordinary CPU c10::StorageImpl, which LibTorch's CPU kernels work
// on. The DataPtr's context (a Block) ties the two together; every storage that
// shares the address shares the bytes.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_MEMORY_H
#define TORCH_TIDY_RUNTIME_EMULATOR_MEMORY_H

#include "Compat.h"

namespace torch_tidy::emulator {

/// One allocation: what the context of a CUDA DataPtr points to.
struct Block {
  void *Address; ///< Null for an empty allocation, as CUDA gives.
  size_t Range;  ///< How many addresses from there on are this block's.
  size_t Size;   ///< 0 while it is free.
  c10::DeviceIndex Device;
  c10::intrusive_ptr<c10::StorageImpl> Host;
};

/// The allocator that LibTorch asks for CUDA memory.
c10::Allocator *deviceAllocator();

/// Lets the C library keep what is freed. LibTorch's backward pass on CUDA has
/// a thread of its own; with one pool of memory for each thread, which the C
/// library gives back to the system as soon as it is free, every step would
/// fault its pages in anew.
void keepFreedMemory();

/// The allocator for page-locked host memory.
c10::Allocator *pinnedAllocator();
bool isPinned(const void *Data);

/// The host storage behind \p Cuda. A storage over a foreign pointer
/// (from_blob) gets one that views the same bytes.
c10::intrusive_ptr<c10::StorageImpl> hostStorage(const c10::Storage &Cuda);

/// A CUDA storage on \p Device whose bytes are those of \p Host.
c10::Storage deviceStorage(c10::intrusive_ptr<c10::StorageImpl> Host,
                           c10::DeviceIndex Device);

/// Gives \p Cuda an address range of the size that its host storage has now.
void followResize(const c10::Storage &Cuda);

/// The device that \p Data was allocated on; nothing for a host pointer.
compat::Optional<c10::Device> deviceOf(const void *Data);

/// What is known of an address; for the report of a crash, so it takes no lock
/// that the crashing thread may hold and allocates nothing.
struct AddressInfo {
  bool IsDevice = false; ///< In the range that device addresses come from.
  bool IsLive = false;   ///< In a block that is allocated now.
  c10::DeviceIndex Device = 0;
  size_t Offset = 0;
  size_t Size = 0;
};
AddressInfo describeAddress(const void *Address);

} // namespace torch_tidy::emulator

#endif
