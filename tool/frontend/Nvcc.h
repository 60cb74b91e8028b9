//===- Nvcc.h - CUDA's compile commands, for clang ------------------------===//
//
// clang parses CUDA sources and knows none of nvcc's command line. Options for
// the device's code go; those for the host's compiler, and those that nvcc
// spells its own way (`-I=DIR`, `--options-file`), become clang's. Only the
// host's side is parsed: that is where tensors are.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_FRONTEND_NVCC_H
#define TORCH_TIDY_TOOL_FRONTEND_NVCC_H

#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace torch_tidy {

/// \p Arguments where their compiler is not nvcc. \p Directory is where names
/// of files are relative to.
std::vector<std::string> withoutNvcc(std::vector<std::string> Arguments,
                                     llvm::StringRef Directory);

/// Adds what clang needs for the host's side of a CUDA source; nothing for
/// other sources.
std::vector<std::string> forCudaHost(std::vector<std::string> Arguments,
                                     llvm::StringRef File);

} // namespace torch_tidy

#endif
