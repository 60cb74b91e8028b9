#include "tool/frontend/Nvcc.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace torch_tidy {
namespace {

/// What becomes of an option.
enum class Fate {
  Keep,
  Drop,
  DropValue, ///< With its value, which may be the next argument.
  Host,      ///< Its value is a list of options for the host's compiler.
  File,      ///< Its value is a file of options.
  Join,      ///< `-std=c++17`.
  Separate,  ///< `-isystem DIR`.
};

struct Meaning {
  Fate Is = Fate::Keep;
  llvm::StringRef Clangs = ""; ///< The option's name there.
};

} // namespace

/// From `nvcc --help`; a name is written with one dash or two.
static Meaning meaningOf(llvm::StringRef Name) {
  return llvm::StringSwitch<Meaning>(Name)
      .Cases({"ccbin", "compiler-bindir", "gencode", "generate-code", "arch"},
             {Fate::DropValue})
      .Cases({"gpu-architecture", "code", "gpu-code", "Xptxas"},
             {Fate::DropValue})
      .Cases({"ptxas-options", "Xcudafe", "Xnvlink", "nvlink-options"},
             {Fate::DropValue})
      .Cases({"Xfatbin", "fatbin-options", "Xarchive", "archive-options"},
             {Fate::DropValue})
      .Cases({"maxrregcount", "t", "threads", "odir", "output-directory"},
             {Fate::DropValue})
      .Cases({"cudart", "cudadevrt", "diag-suppress", "diag-error"},
             {Fate::DropValue})
      .Cases({"diag-warn", "default-stream", "rdc", "ftz", "prec-div"},
             {Fate::DropValue})
      .Cases({"relocatable-device-code", "prec-sqrt", "fmad", "split-compile"},
             {Fate::DropValue})
      .Cases({"target-dir", "target-directory", "keep-dir"}, {Fate::DropValue})
      .Cases({"dc", "device-c", "dw", "device-w", "lineinfo"}, {Fate::Drop})
      .Cases({"generate-line-info", "G", "device-debug", "use_fast_math"},
             {Fate::Drop})
      .Cases({"extended-lambda", "expt-extended-lambda", "keep"}, {Fate::Drop})
      .Cases({"expt-relaxed-constexpr", "dlto", "res-usage"}, {Fate::Drop})
      .Case("forward-unknown-to-host-compiler", {Fate::Drop})
      .Cases({"Xcompiler", "compiler-options"}, {Fate::Host})
      .Cases({"optf", "options-file"}, {Fate::File})
      .Case("std", {Fate::Join, "-std="})
      .Cases({"isystem", "system-include"}, {Fate::Separate, "-isystem"})
      .Cases({"I", "include-path"}, {Fate::Separate, "-I"})
      .Cases({"D", "define-macro"}, {Fate::Separate, "-D"})
      .Cases({"U", "undefine-macro"}, {Fate::Separate, "-U"})
      .Cases({"include", "pre-include"}, {Fate::Separate, "-include"})
      .Case("x", {Fate::Separate, "-x"})
      .Default({});
}

/// As nvcc reads `--options-file`; a file that is not there has no options.
static std::vector<std::string> optionsIn(llvm::StringRef File,
                                          llvm::StringRef Directory) {
  llvm::BumpPtrAllocator Memory;
  std::string At = ("@" + File).str();
  llvm::SmallVector<const char *, 32> Words{At.c_str()};
  llvm::cl::ExpansionContext Context(Memory, llvm::cl::TokenizeGNUCommandLine);
  Context.setCurrentDir(Directory);
  if (llvm::Error Failed = Context.expandResponseFiles(Words)) {
    llvm::consumeError(std::move(Failed));
    return {};
  }
  if (Words.size() == 1 && Words[0] == At)
    return {};
  return {Words.begin(), Words.end()};
}

static bool isToolkit(llvm::StringRef Folder) {
  return !Folder.empty() && fs::exists(Folder + "/include/cuda_runtime.h");
}

/// The folder of the CUDA toolkit that a compiler belongs to, or that a command
/// names; empty where none is found.
static std::string toolkitOf(llvm::ArrayRef<std::string> Arguments) {
  for (llvm::StringRef Argument : Arguments)
    if (Argument.consume_front("--cuda-path="))
      return Argument.str();
  llvm::SmallString<128> Compiler(Arguments.front());
  if (!path::is_absolute(Compiler))
    if (auto Found = llvm::sys::findProgramByName("nvcc"))
      Compiler = *Found;
  llvm::SmallString<128> Real;
  for (llvm::StringRef Program :
       {Compiler.str(),
        fs::real_path(Compiler, Real) ? llvm::StringRef() : Real.str()})
    if (llvm::StringRef Root = path::parent_path(path::parent_path(Program));
        isToolkit(Root))
      return Root.str();
  return isToolkit("/usr/local/cuda") ? "/usr/local/cuda" : "";
}

std::vector<std::string> withoutNvcc(std::vector<std::string> Arguments,
                                     llvm::StringRef Directory) {
  if (Arguments.empty() || path::stem(Arguments.front()) != "nvcc")
    return Arguments;
  const std::string Toolkit = toolkitOf(Arguments);
  std::vector<std::string> Result = {"clang++"}, Rest(Arguments);
  for (size_t I = 1; I < Rest.size(); ++I) {
    llvm::StringRef Name = Rest[I];
    bool IsOption = Name.consume_front("-");
    Name.consume_front("-");
    const bool HasValue = Name.contains('=');
    llvm::StringRef Own;
    std::tie(Name, Own) = Name.split('=');
    const Meaning M = IsOption ? meaningOf(Name) : Meaning();
    if (M.Is == Fate::Keep || M.Is == Fate::Drop) {
      if (M.Is == Fate::Keep)
        Result.push_back(Rest[I]);
      continue;
    }
    if (!HasValue && I + 1 == Rest.size())
      break;
    const std::string Value = HasValue ? Own.str() : Rest[++I];
    switch (M.Is) {
    case Fate::Host: {
      llvm::SmallVector<llvm::StringRef, 4> Words;
      llvm::StringRef(Value).split(Words, ',', -1, /*KeepEmpty=*/false);
      for (llvm::StringRef Word : Words)
        Result.push_back(Word.str());
      break;
    }
    case Fate::File: {
      std::vector<std::string> More = optionsIn(Value, Directory);
      Rest.insert(Rest.begin() + I + 1, More.begin(), More.end());
      break;
    }
    case Fate::Join:
      Result.push_back(M.Clangs.str() + Value);
      break;
    case Fate::Separate:
      Result.push_back(M.Clangs.str());
      Result.push_back(M.Clangs == "-x" && Value == "cu" ? "cuda" : Value);
      break;
    default:
      break;
    }
  }
  if (Toolkit.empty())
    return Result;
  // Where nvcc looks without being told.
  for (llvm::StringRef Folder : {"/include", "/include/cccl"})
    if (fs::is_directory(Toolkit + Folder)) {
      Result.push_back("-isystem");
      Result.push_back((Toolkit + Folder).str());
    }
  Result.push_back("--cuda-path=" + Toolkit);
  return Result;
}

std::vector<std::string> forCudaHost(std::vector<std::string> Arguments,
                                     llvm::StringRef File) {
  bool IsCuda = File.ends_with(".cu");
  for (size_t I = 0; I < Arguments.size(); ++I)
    if (llvm::StringRef(Arguments[I]) == "-x" && I + 1 < Arguments.size())
      IsCuda = Arguments[I + 1] == "cuda";
  if (!IsCuda)
    return Arguments;
  auto Has = [&](llvm::StringRef Ending) {
    return llvm::any_of(Arguments, [&](llvm::StringRef Argument) {
      return Argument.ends_with(Ending);
    });
  };
  // CUDA 13 has thrust and its like in a folder that only nvcc knows.
  std::string Toolkit = toolkitOf(Arguments);
  if (!Toolkit.empty() && !Has("/include/cccl") &&
      fs::is_directory(Toolkit + "/include/cccl")) {
    Arguments.push_back("-isystem");
    Arguments.push_back(Toolkit + "/include/cccl");
  }
  Arguments.push_back("--cuda-host-only");
  return Arguments;
}

} // namespace torch_tidy
