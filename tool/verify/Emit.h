//===- Emit.h - verify here, run there ------------------------------------===//
//
// `--emit=DIR` writes a folder that builds and runs where there is a LibTorch,
// a C++17 compiler, CMake and perhaps a GPU, but neither clang nor the project:
//
//     DIR/run.sh               configures, builds, runs all; leaves the events
//     DIR/CMakeLists.txt
//     DIR/runtime/             probe and driver
//     DIR/0/main.cpp           the probed file and the functions to run
//     DIR/0/include/0/...      the project's headers that it includes
//     DIR/0/missing.cpp        stand-ins for what other files define
//     DIR/0/source             the file's path and a hash of its text
//     DIR/0/dropped            functions that cannot be called, and why
//     DIR/0/events.jsonl       made by run.sh
//     DIR/backend              made by run.sh: "CUDA on NVIDIA H100 (...)"
//
// `--collect=DIR` lints the same files again, which gives the same ids, and
// judges by those events. A file that has changed since is an error.
//
// The program is built here as well, so that what does not compile is left out.
//
// Limits: libraries other than LibTorch must be on the other machine's default
// paths, and are not linked.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_EMIT_H
#define TORCH_TIDY_TOOL_VERIFY_EMIT_H

#include "tool/verify/Probed.h"
#include "tool/verify/Toolchain.h"

namespace torch_tidy::verify {

/// Writes what all files share. The folder may exist and be written over.
llvm::Error emitCommon(const std::string &Dir, const Runtime &RT,
                       unsigned Files);
/// Writes file \p Index of \p Dir; \p StandIns defines what other
/// files do, \p Headers are the project's own that it includes.
llvm::Error emitFile(const std::string &Dir, unsigned Index, const LintJob &Job,
                     const Probed &P, llvm::StringRef StandIns,
                     llvm::ArrayRef<std::string> Headers);

/// The events that file \p Index of \p Dir left; an error where the source has
/// changed or nothing was run. \p P learns what could not be called.
llvm::Expected<Events> collectFile(const std::string &Dir, unsigned Index,
                                   const LintJob &Job, Probed &P);
/// What run.sh says it ran on.
std::string collectedBackend(const std::string &Dir);

} // namespace torch_tidy::verify

#endif
