//===- Emulator.cpp - loading the library registers the device ------------===//
#include "torch_tidy/emulator.h"
#include "Crash.h"
#include "Device.h"
#include "Fallback.h"
#include "Kernels.h"
#include "Memory.h"
#include <ATen/detail/CUDAHooksInterface.h>
#include <cstdio>

namespace {

/// A CUDA build of LibTorch has brought kernels, hooks and an allocator of its
/// own, which cannot be replaced.
bool isCudaBuild() { return at::CUDAHooksRegistry()->Has("CUDAHooks"); }

bool load() {
  if (isCudaBuild()) {
    std::fputs("torch-tidy emulator: error: this LibTorch is built with CUDA; "
               "to emulate a device, use the CPU-only LibTorch (PyTorch's +cpu "
               "wheel or archive, or Debian's libtorch-dev)\n",
               stderr);
    return false;
  }
  using namespace torch_tidy::emulator;
  keepFreedMemory();
  registerDevice();
  registerHostKernels();
  registerFallback(registerKernels());
  reportCrashes();
  return true;
}

const bool Loaded = load();

} // namespace

extern "C" int torch_tidy_emulator_devices() {
  return Loaded ? torch_tidy::emulator::deviceCount() : 0;
}

extern "C" void torch_tidy_emulator_manual_seed(unsigned long long Seed) {
  for (int I = 0; I < torch_tidy_emulator_devices(); ++I) {
    at::Generator Generator = torch_tidy::emulator::defaultGenerator(
        static_cast<c10::DeviceIndex>(I));
    Generator.set_current_seed(Seed);
  }
}
