//===- Kernels.h - the emulated device's own kernels ----------------------===//
#ifndef TORCH_TIDY_RUNTIME_EMULATOR_KERNELS_H
#define TORCH_TIDY_RUNTIME_EMULATOR_KERNELS_H

#include <string>
#include <vector>

namespace torch {
class Library;
}

namespace torch_tidy::emulator {

/// Registers CPU kernels for operators that only CUDA has, so that the stand-in
/// has something to run.
void registerHostKernels();

/// The part of them that computes what cuDNN would; also the recurrent layers.
void registerCuDNN(torch::Library &Library);
/// The part of them that computes attention.
void registerAttention(torch::Library &Library);

/// Registers the CUDA kernels that are not the stand-in; gives their names.
std::vector<std::string> registerKernels();

} // namespace torch_tidy::emulator

#endif
