//===- Toolchain.cpp ------------------------------------------------------===//
#include "tool/verify/Toolchain.h"
#include "tool/verify/Files.h"
#include "clang/Basic/Version.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"

using namespace llvm;
using namespace torch_tidy::verify;
namespace path = llvm::sys::path;
namespace fs = llvm::sys::fs;

namespace {

/// "2.13.0" from version.h, which spells it in parts since 1.8.
std::string versionIn(StringRef Include) {
  for (const char *Name :
       {"torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h",
        "torch/version.h"}) {
    auto Buffer = MemoryBuffer::getFile(under(Include, Name));
    if (!Buffer)
      continue;
    std::string Version;
    for (const char *Part : {"MAJOR", "MINOR", "PATCH"}) {
      SmallVector<StringRef, 2> M;
      Regex R((Twine("TORCH_VERSION_") + Part + " +([0-9]+)").str());
      if (R.match((*Buffer)->getBuffer(), &M))
        Version += (Version.empty() ? "" : ".") + M[1].str();
    }
    if (!Version.empty())
      return Version;
  }
  return "";
}

/// \p Include is the directory of ATen/ATen.h.
Expected<LibTorch> fromInclude(StringRef Include) {
  LibTorch T;
  T.Version = versionIn(Include);
  std::string Parent = path::parent_path(Include).str();
  std::vector<std::string> Candidates = {under(Parent, "lib")};
  // Debian keeps libraries under the machine's name.
  std::error_code EC;
  for (fs::directory_iterator I(under(Parent, "lib"), EC), E; I != E && !EC;
       I.increment(EC))
    if (StringRef(I->path()).contains("-linux-gnu"))
      Candidates.push_back(I->path());
  Candidates.push_back(under(Parent, "lib64"));
  for (const std::string &Dir : Candidates)
    if (fs::exists(under(Dir, "libtorch_cpu.so"))) {
      T.LibDir = Dir;
      T.HasCuda = fs::exists(under(Dir, "libtorch_cuda.so"));
      return T;
    }
  return createStringError("no libtorch_cpu.so in '%s' or beside it; name "
                           "LibTorch's root with --libtorch=DIR",
                           under(Parent, "lib").c_str());
}

} // namespace

Expected<LibTorch> torch_tidy::verify::libTorchAt(StringRef Root) {
  std::string Include = under(Root, "include");
  if (!fs::exists(under(Include, "ATen/ATen.h")))
    return createStringError(
        "--libtorch=%s: no include/ATen/ATen.h there; name the directory that "
        "holds LibTorch's include and lib",
        Root.str().c_str());
  Expected<LibTorch> T = fromInclude(Include);
  if (T)
    T->Includes = {Include, under(Include, "torch/csrc/api/include")};
  return T;
}

Expected<LibTorch> torch_tidy::verify::libTorchOf(StringRef Header) {
  for (StringRef Dir = path::parent_path(Header); !Dir.empty();
       Dir = path::parent_path(Dir))
    if (fs::exists(under(Dir, "ATen/ATen.h")))
      return fromInclude(Dir);
  return createStringError("'%s' belongs to no LibTorch; name its root with "
                           "--libtorch=DIR",
                           Header.str().c_str());
}

Expected<LibTorch> torch_tidy::verify::libTorchFor(ArrayRef<std::string> Args) {
  std::vector<std::string> Dirs;
  for (size_t I = 0; I < Args.size(); ++I)
    for (StringRef Flag : {"-I", "-isystem", "-iquote", "-idirafter"}) {
      StringRef A = Args[I];
      if (!A.consume_front(Flag))
        continue;
      if (A.empty() && I + 1 < Args.size())
        A = Args[I + 1];
      A.consume_front("=");
      Dirs.push_back(A.str());
      break;
    }
  Dirs.push_back("/usr/include");
  Dirs.push_back("/usr/local/include");
  for (const std::string &Dir : Dirs)
    if (fs::exists(under(Dir, "ATen/ATen.h")))
      return fromInclude(Dir);
  return createStringError("no include directory of the compile command holds "
                           "LibTorch; name its root with --libtorch=DIR");
}

Expected<Runtime> torch_tidy::verify::findRuntime(StringRef Argv0) {
  static int Anchor;
  std::string Binary = fs::getMainExecutable(Argv0.str().c_str(), &Anchor);
  std::string Prefix = under(path::parent_path(Binary), "..");
  Runtime R;
  for (const std::string &Dir :
       {under(Prefix, "lib"), under(Prefix, "lib/torch-tidy")})
    if (fs::exists(under(Dir, "libtorch_tidy_driver.a")))
      R.LibDir = Dir;
  for (const std::string &Dir : {under(Prefix, "include/torch-tidy"),
                                 std::string(TORCH_TIDY_RUNTIME_SOURCE_DIR)})
    if (R.IncludeDir.empty() && fs::exists(under(Dir, "driver/Driver.h")))
      R.IncludeDir = Dir;
  if (R.LibDir.empty() || R.IncludeDir.empty())
    return createStringError(
        "the runtime is missing: no libtorch_tidy_driver.a in '%s'; build "
        "with TORCH_TIDY_BUILD_RUNTIME=ON and LibTorch in CMAKE_PREFIX_PATH",
        under(Prefix, "lib").c_str());
  return R;
}

Expected<std::string> torch_tidy::verify::findClang() {
  std::string Major = std::to_string(CLANG_VERSION_MAJOR);
  std::vector<StringRef> Ours = {TORCH_TIDY_LLVM_BIN_DIR};
  for (const std::string &Name : {"clang++-" + Major, std::string("clang++")}) {
    if (ErrorOr<std::string> P = llvm::sys::findProgramByName(Name, Ours))
      return *P;
    if (ErrorOr<std::string> P = llvm::sys::findProgramByName(Name))
      return *P;
  }
  return createStringError("verify compiles with clang++: neither clang++-%s "
                           "nor clang++ is on the PATH",
                           Major.c_str());
}

Backend torch_tidy::verify::pickBackend(const LibTorch &T) {
  return T.HasCuda && fs::exists("/dev/nvidiactl") ? Backend::Cuda
                                                   : Backend::Emulated;
}

std::string torch_tidy::verify::backendName(Backend B, const LibTorch &T) {
  std::string Name = B == Backend::Cuda ? "CUDA" : "emulated CUDA";
  if (B == Backend::Cuda) {
    std::error_code EC;
    for (fs::directory_iterator I("/proc/driver/nvidia/gpus", EC), E;
         I != E && !EC; I.increment(EC)) {
      auto Info = MemoryBuffer::getFileAsStream(I->path() + "/information");
      StringRef Text = Info ? (*Info)->getBuffer() : "";
      if (Text.contains("Model:")) {
        Name +=
            " on " + Text.split("Model:").second.split('\n').first.trim().str();
        break;
      }
    }
  }
  return Name + " (LibTorch" + (T.Version.empty() ? "" : " " + T.Version) + ")";
}
