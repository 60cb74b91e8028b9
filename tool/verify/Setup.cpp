//===- Setup.cpp ----------------------------------------------------------===//
#include "tool/verify/Setup.h"

using namespace llvm;
using namespace torch_tidy::verify;

static Expected<Backend> chooseBackend(DeviceChoice Device,
                                       const LibTorch &Torch) {
  if (Device == DeviceChoice::Auto)
    return pickBackend(Torch);
  if (Device == DeviceChoice::Cuda && !Torch.HasCuda)
    return createStringError(
        "--device=cuda: the LibTorch in '%s' was built without CUDA; name "
        "one that was with --libtorch=DIR, or use --device=emulated",
        Torch.LibDir.c_str());
  if (Device == DeviceChoice::Emulated && Torch.HasCuda)
    return createStringError(
        "--device=emulated: the emulated device needs a LibTorch without "
        "CUDA, and the one in '%s' has it; use --device=cuda",
        Torch.LibDir.c_str());
  return Device == DeviceChoice::Cuda ? Backend::Cuda : Backend::Emulated;
}

Expected<Setup> torch_tidy::verify::setUp(const VerifyFlags &Flags,
                                          ArrayRef<std::string> Command) {
  Expected<LibTorch> Torch = Flags.LibTorch.empty()
                                 ? libTorchFor(Command)
                                 : libTorchAt(Flags.LibTorch);
  if (!Torch)
    return Torch.takeError();
  Expected<Runtime> RT = findRuntime("torch-tidy");
  if (!RT)
    return RT.takeError();
  Expected<std::string> Clang = findClang();
  if (!Clang)
    return Clang.takeError();
  Expected<Backend> Where = chooseBackend(Flags.Device, *Torch);
  if (!Where)
    return Where.takeError();
  return Setup{*Torch, *RT, *Clang, *Where};
}
