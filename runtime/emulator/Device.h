//===- Device.h - devices, streams, events, generators --------------------===//
//
// What LibTorch asks of a CUDA build besides kernels and memory: the device
// guard, the CUDA hooks and the random generators. Work on the emulated device
// is done when the call that asked for it returns, so streams are numbers and
// events are points in time.
//
// TORCH_TIDY_EMULATED_DEVICES=N says how many devices there are (1 unless set;
// 0 leaves none, as on a machine without a GPU).
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_DEVICE_H
#define TORCH_TIDY_RUNTIME_EMULATOR_DEVICE_H

#include "Compat.h"

namespace torch_tidy::emulator {

int deviceCount();
c10::DeviceIndex currentDevice();
/// Throws CUDA's "invalid device ordinal" where there is no such device.
void checkDevice(c10::DeviceIndex Index);

/// Makes a device the current one of this thread, and the former one again.
class WithDevice {
public:
  explicit WithDevice(c10::DeviceIndex Index);
  ~WithDevice();
  WithDevice(const WithDevice &) = delete;
  WithDevice &operator=(const WithDevice &) = delete;

private:
  c10::DeviceIndex Before;
};

/// While one lives, this thread is told whether LibTorch was built with cuDNN;
/// otherwise it was.
class WithCuDNN {
public:
  explicit WithCuDNN(bool On);
  ~WithCuDNN();
  WithCuDNN(const WithCuDNN &) = delete;
  WithCuDNN &operator=(const WithCuDNN &) = delete;

private:
  bool Before;
};

const at::Generator &defaultGenerator(c10::DeviceIndex Index);
at::Generator newGenerator(c10::DeviceIndex Index);
/// The CPU generator that a CUDA generator draws from.
at::Generator hostGenerator(const at::Generator &Cuda);

/// Registers the device guard, the hooks and the allocator.
void registerDevice();

} // namespace torch_tidy::emulator

#endif
