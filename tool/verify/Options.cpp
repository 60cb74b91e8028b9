//===- Options.cpp --------------------------------------------------------===//
#include "tool/verify/Options.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace torch_tidy::verify;

namespace {

// A sub-command's options live in a name space of their own, so they may share
// names with those of `lint`.
cl::SubCommand Verify("verify", "Lint, then run what was found");
cl::list<std::string> Sources(cl::Positional, cl::desc("<source>..."),
                              cl::sub(Verify));
cl::opt<std::string> BuildPath("p", cl::value_desc("path"), cl::sub(Verify),
                               cl::desc("Folder of compile_commands.json"));
cl::list<std::string> ExtraArg("extra-arg", cl::sub(Verify),
                               cl::desc("Append to every compile command"));
cl::list<std::string> ExtraArgBefore("extra-arg-before", cl::sub(Verify),
                                     cl::desc("Prepend to every compile "
                                              "command"));
cl::opt<std::string> Checks("checks", cl::sub(Verify), cl::value_desc("globs"),
                            cl::desc("Which checks' findings to verify"));
cl::opt<DeviceChoice> Device(
    "device", cl::sub(Verify), cl::desc("Where to run:"),
    cl::values(clEnumValN(DeviceChoice::Auto, "auto",
                          "a GPU where there is one, else emulated (default)"),
               clEnumValN(DeviceChoice::Cuda, "cuda", "a real GPU"),
               clEnumValN(DeviceChoice::Emulated, "emulated",
                          "a CUDA device in host memory")),
    cl::init(DeviceChoice::Auto));
cl::opt<std::string> LibTorch("libtorch", cl::sub(Verify),
                              cl::value_desc("dir"),
                              cl::desc("LibTorch's root (default: the one that "
                                       "the file includes)"));
cl::opt<unsigned> Timeout("timeout", cl::sub(Verify), cl::value_desc("s"),
                          cl::desc("Seconds a function may run (default 60)"),
                          cl::init(60));
cl::opt<unsigned> Memory("memory", cl::sub(Verify), cl::value_desc("MiB"),
                         cl::desc("Memory a run may take (default 8192)"),
                         cl::init(8192));
cl::opt<std::string> Run("run", cl::sub(Verify), cl::value_desc("command"),
                         cl::desc("Build and run your own program or tests, "
                                  "e.g. --run='ctest -R training'"));
cl::opt<std::string> Emit("emit", cl::sub(Verify), cl::value_desc("dir"),
                          cl::desc("Write what is needed to build and run on "
                                   "another machine"));
cl::opt<std::string> Collect("collect", cl::sub(Verify), cl::value_desc("dir"),
                             cl::desc("Read back the events of --emit's run"));
cl::opt<std::string> CacheDir("cache-dir", cl::sub(Verify),
                              cl::value_desc("dir"),
                              cl::desc("Where precompiled headers are kept"));
cl::opt<bool> OnlyConfirmed("only-confirmed", cl::sub(Verify),
                            cl::desc("Report and count confirmed findings "
                                     "only"));
cl::opt<bool> Quiet("quiet", cl::sub(Verify), cl::desc("No progress"));
cl::opt<bool> SaveTemps("save-temps", cl::sub(Verify),
                        cl::desc("Keep the probed copies, say where"));

std::string defaultCacheDir() {
  SmallString<128> Dir;
  if (!sys::path::cache_directory(Dir))
    Dir = "/tmp";
  sys::path::append(Dir, "torch-tidy");
  return std::string(Dir);
}

} // namespace

std::optional<Options>
torch_tidy::verify::parseOptions(int Argc, const char **Argv, int &ExitCode) {
  Options O;
  std::string Error;
  O.Fixed = clang::tooling::FixedCompilationDatabase::loadFromCommandLine(
      Argc, Argv, Error);
  std::vector<const char *> Args{"torch-tidy", "verify"};
  for (int I = 1; I < Argc; ++I) {
    // Help exits by itself inside the parser, with 0 as it should.
    Args.push_back(Argv[I]);
  }
  ExitCode = 1;
  std::string Message;
  raw_string_ostream OS(Message);
  if (!cl::ParseCommandLineOptions(
          static_cast<int>(Args.size()), Args.data(),
          "Runs what torch-tidy finds and says of each "
          "finding whether it is true.\n",
          &OS)) {
    errs() << Message;
    return std::nullopt;
  }
  O.Sources.assign(Sources.begin(), Sources.end());
  if (O.Sources.empty()) {
    errs() << "torch-tidy verify: no source file given; see torch-tidy verify "
              "--help\n";
    return std::nullopt;
  }
  O.BuildPath = BuildPath;
  O.ExtraArgs.assign(ExtraArg.begin(), ExtraArg.end());
  O.ExtraArgsBefore.assign(ExtraArgBefore.begin(), ExtraArgBefore.end());
  O.Checks = Checks;
  O.Device = Device;
  O.LibTorch = LibTorch;
  O.Timeout = Timeout;
  O.MemoryMiB = Memory;
  O.Run = Run;
  O.Emit = Emit;
  O.Collect = Collect;
  O.CacheDir = CacheDir.empty() ? defaultCacheDir() : CacheDir.getValue();
  O.OnlyConfirmed = OnlyConfirmed;
  O.Quiet = Quiet;
  O.Keep = SaveTemps;
  if (O.Timeout == 0) {
    errs() << "torch-tidy verify: --timeout=0: at least one second is needed\n";
    return std::nullopt;
  }
  return O;
}
