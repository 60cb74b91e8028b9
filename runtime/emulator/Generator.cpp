//===- Generator.cpp - CUDA generators over CPU ones ----------------------===//
//
// The numbers are those of the CPU generator with the same seed, not those that
// a GPU's Philox generator would give.
//
//===----------------------------------------------------------------------===//
#include "Device.h"
#include <ATen/CPUGeneratorImpl.h>
#include <vector>

using namespace torch_tidy::emulator;

namespace {

class CudaGenerator final : public c10::GeneratorImpl {
public:
  explicit CudaGenerator(c10::DeviceIndex Index)
      : CudaGenerator(Index, at::detail::createCPUGenerator()) {}
  CudaGenerator(c10::DeviceIndex Index, at::Generator From)
      : c10::GeneratorImpl(c10::Device(c10::DeviceType::CUDA, Index),
                           c10::DispatchKeySet(c10::DispatchKey::CUDA)),
        Host(std::move(From)) {}

  void set_current_seed(uint64_t Seed) override {
    Host.set_current_seed(Seed);
    Offset = 0;
  }
  uint64_t current_seed() const override { return Host.current_seed(); }
  uint64_t seed() override {
    // Bound to what a non-deterministic seed of CUDA may be.
    uint64_t Seed = c10::detail::getNonDeterministicRandom(false);
    set_current_seed(Seed);
    return Seed;
  }
  void set_state(const c10::TensorImpl &State) override {
    Host.unsafeGetGeneratorImpl()->set_state(State);
  }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override {
    return Host.unsafeGetGeneratorImpl()->get_state();
  }
  // Virtual since 2.0.
  void set_offset(uint64_t To) { Offset = To; }
  uint64_t get_offset() const { return Offset; }

  at::Generator Host;

private:
  CudaGenerator *clone_impl() const override {
    return new CudaGenerator(device_.index(), Host.clone());
  }
  uint64_t Offset = 0;
};

} // namespace

const at::Generator &
torch_tidy::emulator::defaultGenerator(c10::DeviceIndex Index) {
  static auto *All = [] {
    auto *Made = new std::vector<at::Generator>;
    for (int I = 0; I < deviceCount(); ++I)
      Made->push_back(
          at::make_generator<CudaGenerator>(static_cast<c10::DeviceIndex>(I)));
    return Made;
  }();
  if (Index < 0)
    Index = currentDevice();
  checkDevice(Index);
  return (*All)[static_cast<size_t>(Index)];
}

at::Generator torch_tidy::emulator::hostGenerator(const at::Generator &Cuda) {
  return static_cast<CudaGenerator *>(Cuda.unsafeGetGeneratorImpl())->Host;
}

at::Generator torch_tidy::emulator::newGenerator(c10::DeviceIndex Index) {
  if (Index < 0)
    Index = currentDevice();
  checkDevice(Index);
  return at::make_generator<CudaGenerator>(Index);
}
