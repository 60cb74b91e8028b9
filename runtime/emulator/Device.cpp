//===- Device.cpp ---------------------------------------------------------===//
#include "Device.h"
#include "Memory.h"
#include <ATen/detail/CUDAHooksInterface.h>
#include <atomic>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <chrono>
#include <cstdlib>

using namespace torch_tidy::emulator;

namespace {

thread_local c10::DeviceIndex Current = 0;
thread_local bool CuDNN = true;

constexpr int MaxDevices = 16;
/// Per thread and device: the id of the current stream; 0 is the default one.
thread_local c10::StreamId CurrentStream[MaxDevices];

c10::Device cuda(c10::DeviceIndex Index) {
  return {c10::DeviceType::CUDA, Index};
}

c10::DeviceIndex indexOf(c10::Device Device) {
  return Device.has_index() ? Device.index() : Current;
}

class Guard final : public c10::impl::DeviceGuardImplInterface {
  using Clock = std::chrono::steady_clock;

public:
  c10::DeviceType type() const override { return c10::DeviceType::CUDA; }
  c10::Device exchangeDevice(c10::Device To) const override {
    c10::Device Before = cuda(Current);
    setDevice(To);
    return Before;
  }
  c10::Device getDevice() const override { return cuda(Current); }
  void setDevice(c10::Device To) const override {
    if (!To.has_index())
      return;
    checkDevice(To.index());
    Current = To.index();
  }
  void uncheckedSetDevice(c10::Device To) const noexcept override {
    if (To.has_index())
      Current = To.index();
  }
  c10::DeviceIndex deviceCount() const noexcept override {
    return static_cast<c10::DeviceIndex>(::deviceCount());
  }

  c10::Stream getStream(c10::Device Of) const noexcept override {
    c10::DeviceIndex Index = indexOf(Of);
    return c10::Stream(c10::Stream::UNSAFE, cuda(Index), CurrentStream[Index]);
  }
  c10::Stream getDefaultStream(c10::Device Of) const override {
    return c10::Stream(c10::Stream::DEFAULT, cuda(indexOf(Of)));
  }
  c10::Stream getStreamFromGlobalPool(c10::Device Of, bool) const override {
    return getNewStream(Of, 0);
  }
  // Virtual since 2.0.
  c10::Stream getNewStream(c10::Device Of, int) const {
    static std::atomic<c10::StreamId> Last{0};
    return c10::Stream(c10::Stream::UNSAFE, cuda(indexOf(Of)), ++Last);
  }
  c10::Stream exchangeStream(c10::Stream To) const noexcept override {
    c10::Stream Before = getStream(To.device());
    CurrentStream[indexOf(To.device())] = To.id();
    return Before;
  }
  bool queryStream(const c10::Stream &) const override { return true; }
  void synchronizeStream(const c10::Stream &) const override {}
  void synchronizeDevice(const c10::DeviceIndex) const {}

  // An event is the time at which it was recorded.
  void destroyEvent(void *Event,
                    const c10::DeviceIndex) const noexcept override {
    delete static_cast<Clock::time_point *>(Event);
  }
  void record(void **Event, const c10::Stream &, const c10::DeviceIndex,
              const c10::EventFlag) const override {
    if (!*Event)
      *Event = new Clock::time_point;
    *static_cast<Clock::time_point *>(*Event) = Clock::now();
  }
  void block(void *, const c10::Stream &) const override {}
  bool queryEvent(void *) const override { return true; }
  void synchronizeEvent(void *) const {}
  double elapsedTime(void *From, void *To, const c10::DeviceIndex) const {
    TORCH_CHECK(
        From && To,
        "Both events must be recorded before calculating elapsed time.");
    return std::chrono::duration<double, std::milli>(
               *static_cast<Clock::time_point *>(To) -
               *static_cast<Clock::time_point *>(From))
        .count();
  }
};

int readDeviceCount() {
  const char *Text = std::getenv("TORCH_TIDY_EMULATED_DEVICES");
  if (!Text || !*Text)
    return 1;
  char *End;
  long Count = std::strtol(Text, &End, 10);
  if (*End || Count < 0 || Count > MaxDevices) {
    std::fprintf(stderr,
                 "torch-tidy emulator: error: TORCH_TIDY_EMULATED_DEVICES is "
                 "'%s'; give a number from 0 to %d\n",
                 Text, MaxDevices);
    std::_Exit(1);
  }
  return static_cast<int>(Count);
}

} // namespace

namespace at {

/// LibTorch looks the hooks up under this very name.
struct CUDAHooks final : CUDAHooksInterface {
  explicit CUDAHooks(CUDAHooksArgs) {}

  // Without `override` below: not virtual in every LibTorch that we build with.
  void init() const {}
  void initCUDA() const {}
  bool isBuilt() const { return true; }
  bool isAvailable() const { return ::deviceCount() > 0; }
  const Generator &getDefaultGenerator(DeviceIndex Index = -1) const {
    return defaultGenerator(Index);
  }
  const Generator &getDefaultCUDAGenerator(DeviceIndex Index = -1) const {
    return defaultGenerator(Index);
  }
  Generator getNewGenerator(DeviceIndex Index = -1) const {
    return newGenerator(Index);
  }
  DeviceIndex deviceCount() const {
    return static_cast<DeviceIndex>(::deviceCount());
  }
  void setCurrentDevice(DeviceIndex Index) const {
    checkDevice(Index);
    Current = Index;
  }
  DeviceIndex getCurrentDevice() const { return Current; }
  DeviceIndex exchangeDevice(DeviceIndex Index) const {
    DeviceIndex Before = Current;
    setCurrentDevice(Index);
    return Before;
  }
  DeviceIndex maybeExchangeDevice(DeviceIndex Index) const {
    return Index < 0 ? Current : exchangeDevice(Index);
  }
  bool isPinnedPtr(const void *Data) const { return isPinned(Data); }
  bool isPinnedPtr(void *Data) const { return isPinned(Data); }

  Device getDeviceFromPtr(void *Data) const override {
    auto Found = deviceOf(Data);
    TORCH_CHECK(Found.has_value(),
                "The specified pointer resides on host memory and is not "
                "registered with any CUDA device.");
    return *Found;
  }
  bool hasCUDA() const override { return ::deviceCount() > 0; }
  bool hasCUDART() const override { return true; }
  bool hasMAGMA() const override { return true; }
  bool hasCuDNN() const override { return true; }
  bool hasCuSOLVER() const override { return true; }
  bool hasPrimaryContext(compat::DeviceNumber Index) const override {
    return Index >= 0 && Index < ::deviceCount();
  }
  compat::DeviceNumber current_device() const override { return Current; }
  Allocator *getPinnedMemoryAllocator() const override {
    return pinnedAllocator();
  }
  Allocator *getCUDADeviceAllocator() const override {
    return deviceAllocator();
  }
  bool compiledWithCuDNN() const override { return CuDNN; }
  bool supportsDilatedConvolutionWithCuDNN() const override { return true; }
  bool supportsDepthwiseConvolutionWithCuDNN() const override { return true; }
  bool supportsBFloat16ConvolutionWithCuDNNv8() const override { return true; }
  bool supportsBFloat16RNNWithCuDNN() const { return true; }
  long versionCuDNN() const override { return 90100; }
  long versionRuntimeCuDNN() const { return 90100; }
  long versionCUDART() const override { return 13000; }
  std::string showConfig() const override {
    return "  - CUDA Runtime (emulated by torch-tidy)\n";
  }
  double batchnormMinEpsilonCuDNN() const override { return 0; }
  int getNumGPUs() const override { return ::deviceCount(); }
  void deviceSynchronize(compat::DeviceNumber) const override {}
};

} // namespace at

int torch_tidy::emulator::deviceCount() {
  static const int Count = readDeviceCount();
  return Count;
}

c10::DeviceIndex torch_tidy::emulator::currentDevice() { return Current; }

void torch_tidy::emulator::checkDevice(c10::DeviceIndex Index) {
  TORCH_CHECK(Index >= 0 && Index < deviceCount(),
              "CUDA error: invalid device ordinal");
}

WithDevice::WithDevice(c10::DeviceIndex Index) : Before(Current) {
  if (Index >= 0)
    Current = Index;
}
WithDevice::~WithDevice() { Current = Before; }

WithCuDNN::WithCuDNN(bool On) : Before(CuDNN) { CuDNN = On; }
WithCuDNN::~WithCuDNN() { CuDNN = Before; }

void torch_tidy::emulator::registerDevice() {
  (void)deviceCount(); // A bad TORCH_TIDY_EMULATED_DEVICES ends here.
  at::CUDAHooksRegistry()->Register("CUDAHooks", [](at::CUDAHooksArgs Args) {
    return std::unique_ptr<at::CUDAHooksInterface>(new at::CUDAHooks(Args));
  });
  static const c10::impl::DeviceGuardImplRegistrar Registered(
      c10::DeviceType::CUDA, new Guard);
  c10::SetAllocator(c10::DeviceType::CUDA, deviceAllocator());
}
