//===- Setup.h - what the options and a command ask to build and run with -===//
#ifndef TORCH_TIDY_TOOL_VERIFY_SETUP_H
#define TORCH_TIDY_TOOL_VERIFY_SETUP_H

#include "tool/verify/Options.h"
#include "tool/verify/Toolchain.h"

namespace torch_tidy::verify {

struct Setup {
  LibTorch Torch;
  Runtime RT;
  std::string Clang;
  Backend Where;
};

/// For a file that \p Command compiles. The error names the option that helps.
llvm::Expected<Setup> setUp(const VerifyFlags &Flags,
                            llvm::ArrayRef<std::string> Command);

} // namespace torch_tidy::verify

#endif
