//===- Toolchain.h - LibTorch, compiler and runtime for a verifying build -===//
//
// Finds what a probed file is compiled and linked with: the LibTorch whose
// headers it includes, a clang++, and torch-tidy's own runtime (the probe, the
// driver and the emulated CUDA device), which lies next to the torch-tidy
// binary in an installation and in the source tree during development.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_TOOLCHAIN_H
#define TORCH_TIDY_TOOL_VERIFY_TOOLCHAIN_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace torch_tidy::verify {

struct LibTorch {
  std::string LibDir;   ///< Holds libtorch_cpu.so.
  std::string Version;  ///< "2.13.0"; empty where no header says it.
  bool HasCuda = false; ///< Built with CUDA: libtorch_cuda.so is there.
  /// Include directories to add; empty where the user's flags have them.
  std::vector<std::string> Includes;
};

/// The LibTorch under \p Root (--libtorch: `<root>/include`, `<root>/lib`).
llvm::Expected<LibTorch> libTorchAt(llvm::StringRef Root);
/// The LibTorch that \p Header belongs to: any of its headers, by full path.
llvm::Expected<LibTorch> libTorchOf(llvm::StringRef Header);
/// The first of \p Args' include directories that holds LibTorch's headers
/// decides; then the system's.
llvm::Expected<LibTorch> libTorchFor(llvm::ArrayRef<std::string> Args);

struct Runtime {
  std::string IncludeDir; ///< Holds probe/ and driver/.
  std::string LibDir;     ///< Holds libtorch_tidy_*.
};
/// Finds the runtime by the path of the running binary.
llvm::Expected<Runtime> findRuntime(llvm::StringRef Argv0);

/// A clang++ of the version that this tool was built with, else any.
llvm::Expected<std::string> findClang();

enum class Backend { Cuda, Emulated };
/// What `auto` means here: a GPU where the machine and LibTorch have one.
Backend pickBackend(const LibTorch &T);
/// "CUDA on NVIDIA H100 (LibTorch 2.13.0)".
std::string backendName(Backend B, const LibTorch &T);

} // namespace torch_tidy::verify

#endif
