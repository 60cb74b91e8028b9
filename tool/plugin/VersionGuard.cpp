//===- VersionGuard.cpp - refuses a host of another LLVM ------------------===//
//
// The plugin uses clang's classes by their layout, which may differ between
// any two releases of LLVM. A host of another major release has other symbol
// names and fails to load it; one of another patch release loads it and may
// then go wrong anywhere. So the first thing that runs compares versions.
//
// It ends the process: clang-tidy takes a plugin that did not load for a
// remark and would go on without the checks, with exit code 0.
//
//===----------------------------------------------------------------------===//

#include "clang/Basic/Version.h"
#include "llvm/Config/llvm-config.h"
#include <cstdio>
#include <cstdlib>
#include <string>

#ifndef TORCH_TIDY_PLUGIN_LLVM
#define TORCH_TIDY_PLUGIN_LLVM LLVM_VERSION_STRING
#endif

namespace {

/// The "22.1.8" of "Debian clang version 22.1.8 (1~deb12u1)".
std::string hostVersion() {
  const std::string Full = clang::getClangFullVersion();
  const std::string Before = "version ";
  const size_t At = Full.find(Before);
  if (At == std::string::npos)
    return Full;
  const size_t Begin = At + Before.size();
  return Full.substr(Begin,
                     Full.find_first_not_of("0123456789.", Begin) - Begin);
}

/// Before the static objects that register the checks.
__attribute__((constructor(101))) void checkHost() {
  const std::string Host = hostVersion();
  if (Host == TORCH_TIDY_PLUGIN_LLVM)
    return;
  std::fprintf(stderr,
               "error: TorchTidyPlugin.so was built for LLVM %s and cannot "
               "run in LLVM %s; use the clang-tidy it was built for, or build "
               "it again\n",
               TORCH_TIDY_PLUGIN_LLVM, Host.c_str());
  std::_Exit(1);
}

} // namespace
