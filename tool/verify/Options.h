//===- Options.h - the command line of `torch-tidy verify` ----------------===//
#ifndef TORCH_TIDY_TOOL_VERIFY_OPTIONS_H
#define TORCH_TIDY_TOOL_VERIFY_OPTIONS_H

#include "tool/torch-tidy/CommonFlags.h"
#include "tool/torch-tidy/Reporter.h"

namespace torch_tidy::verify {

enum class DeviceChoice { Auto, Cuda, Emulated };

struct VerifyFlags : CommonFlags {
  VerifyFlags() : CommonFlags("verify"), Report(Command, Category) {}

  ReportFlags Report;

  llvm::cl::opt<DeviceChoice, false, NamedValues<DeviceChoice>> Device{
      "device",
      llvm::cl::desc("Where to run:"),
      llvm::cl::values(
          clEnumValN(DeviceChoice::Auto, "auto",
                     "a GPU where there is one, else emulated (default)"),
          clEnumValN(DeviceChoice::Cuda, "cuda", "a real GPU"),
          clEnumValN(DeviceChoice::Emulated, "emulated",
                     "a CUDA device in host memory")),
      llvm::cl::init(DeviceChoice::Auto),
      llvm::cl::sub(Command),
      llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> LibTorch{
      "libtorch", llvm::cl::value_desc("dir"),
      llvm::cl::desc("LibTorch's root. Default: that of the headers that the "
                     "file includes"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<unsigned> Timeout{
      "timeout",
      llvm::cl::value_desc("s"),
      llvm::cl::init(60),
      llvm::cl::desc("Seconds that a function, or --run's command, may take. "
                     "Default: 60"),
      llvm::cl::sub(Command),
      llvm::cl::cat(Category)};
  llvm::cl::opt<unsigned> Memory{
      "memory",
      llvm::cl::value_desc("MiB"),
      llvm::cl::init(8192),
      llvm::cl::desc("Memory that a run may take. Default: 8192"),
      llvm::cl::sub(Command),
      llvm::cl::cat(Category)};
  llvm::cl::list<std::string> LinkArgs{
      "link-arg", llvm::cl::value_desc("arg"),
      llvm::cl::desc("What else to link a driven file with: "
                     "-lopencv_imgcodecs"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> Run{
      "run", llvm::cl::value_desc("command"),
      llvm::cl::desc("Build your own program with probes in it and run this: "
                     "'ctest -R training'"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> Emit{
      "emit", llvm::cl::value_desc("dir"),
      llvm::cl::desc("Write what is needed to build and run elsewhere"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> Collect{
      "collect", llvm::cl::value_desc("dir"),
      llvm::cl::desc("Judge by the events that --emit's program left there"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<bool> OnlyConfirmed{
      "only-confirmed",
      llvm::cl::desc("Report and count confirmed findings only"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<bool> SaveTemps{
      "save-temps", llvm::cl::desc("Keep the probed copies and say where"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
};

} // namespace torch_tidy::verify

#endif
