/*===- torch_tidy/emulator.h - is the emulated CUDA device there? ----------===*\
 *
 * A program that links libtorch_tidy_emulator.so has a CUDA device as soon as
 * the library is loaded. A linker that runs with --as-needed drops a library
 * that nothing refers to; calling this function is such a reference, and the
 * CMake target torch_tidy::emulator makes one by itself.
 *
\*===----------------------------------------------------------------------===*/
#ifndef TORCH_TIDY_EMULATOR_H
#define TORCH_TIDY_EMULATOR_H

#ifdef __cplusplus
extern "C" {
#endif

/** The number of emulated devices; 0 where the device could not be registered
 *  (a LibTorch that is built with CUDA) or TORCH_TIDY_EMULATED_DEVICES is 0. */
__attribute__((visibility("default"))) int torch_tidy_emulator_devices(void);

/** Seeds the random generator of every emulated device. torch::manual_seed and
 *  torch::cuda::manual_seed_all do so in C++; Python's torch of a CPU-only wheel
 *  has no way of its own. */
__attribute__((visibility("default"))) void
torch_tidy_emulator_manual_seed(unsigned long long Seed);

#ifdef __cplusplus
}
#endif

#endif
