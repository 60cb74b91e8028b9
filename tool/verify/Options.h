//===- Options.h - the command line of `torch-tidy verify` ----------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_OPTIONS_H
#define TORCH_TIDY_TOOL_VERIFY_OPTIONS_H

#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace torch_tidy::verify {

enum class DeviceChoice { Auto, Cuda, Emulated };

struct Options {
  std::vector<std::string> Sources;
  std::string BuildPath; ///< -p
  std::vector<std::string> ExtraArgs, ExtraArgsBefore;
  std::string Checks; ///< Glob list as in clang-tidy; empty for the default.
  DeviceChoice Device = DeviceChoice::Auto;
  std::string LibTorch;  ///< Root; empty: what the file includes.
  unsigned Timeout = 60; ///< Seconds per driven function.
  unsigned MemoryMiB = 8192;
  std::string Run; ///< --run: a shell command.
  std::string Emit, Collect;
  std::string CacheDir;
  bool OnlyConfirmed = false;
  bool Quiet = false;
  bool Keep = false; ///< --save-temps: leave the probed copies.
  /// The flags after `--`, where there are any.
  std::unique_ptr<clang::tooling::CompilationDatabase> Fixed;
};

/// Parses \p Argv (its first element names the program). Prints help or what is
/// wrong and gives nothing; \p ExitCode then says which.
std::optional<Options> parseOptions(int Argc, const char **Argv, int &ExitCode);

} // namespace torch_tidy::verify

#endif
