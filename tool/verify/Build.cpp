//===- Build.cpp ----------------------------------------------------------===//
#include "tool/verify/Build.h"
#include "tool/frontend/LibraryCode.h"
#include "tool/verify/Files.h"
#include "tool/verify/Missing.h"
#include "clang/Basic/Version.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace torch_tidy;
using namespace torch_tidy::verify;
namespace path = llvm::sys::path;
namespace fs = llvm::sys::fs;

namespace {

/// The user's flags without compiler, input, outputs, and what would only cost
/// time here.
std::vector<std::string> relevant(const Job &J) {
  std::vector<std::string> Out;
  auto IsInput = [&](StringRef A) {
    SmallString<256> P(A);
    path::make_absolute(J.Directory, P);
    return !A.starts_with("-") &&
           (A == J.File || P == J.File || fs::equivalent(P, J.File));
  };
  for (size_t I = 1; I < J.Command.size(); ++I) {
    StringRef A = J.Command[I];
    if (is_contained({"-o", "-MF", "-MT", "-MQ", "-include-pch"}, A)) {
      ++I;
      continue;
    }
    if (is_contained({"-c", "-S", "-E", "-fsyntax-only", "--", "-pipe"}, A) ||
        A.starts_with("-M") || A.starts_with("-O") ||
        A.starts_with("-Werror") ||
        (A.starts_with("-g") && !A.starts_with("-gcc")) ||
        A.starts_with("-o") || IsInput(A))
      continue;
    Out.push_back(A.str());
  }
  return Out;
}

/// Lines are kept for the emulated device, which says where a crash came from.
constexpr const char *OwnFlags[] = {"-w",
                                    "-O0",
                                    "-gline-tables-only",
                                    "-fno-access-control",
                                    "-Qunused-arguments",
                                    "-fno-color-diagnostics"};

/// \p Flags without the folders of the user's own headers.
std::vector<std::string> withoutOwnFolders(ArrayRef<std::string> Flags,
                                           const Job &J) {
  auto IsOwn = [&](StringRef Folder) {
    SmallString<256> Path(Folder);
    path::make_absolute(J.Directory, Path);
    path::append(Path, "a.h");
    return ownerOfPath(Path, /*IsSystem=*/false, J.File) == Owner::User;
  };
  std::vector<std::string> Out;
  for (size_t I = 0; I < Flags.size(); ++I) {
    StringRef Flag = Flags[I];
    if (!Flag.consume_front("-I") && !Flag.consume_front("-iquote")) {
      Out.push_back(Flags[I]);
      continue;
    }
    const bool Parted = Flag.empty() && I + 1 < Flags.size();
    const size_t First = I;
    if (!IsOwn(Parted ? StringRef(Flags[++I]) : Flag))
      Out.insert(Out.end(), &Flags[First], &Flags[I] + 1);
  }
  return Out;
}

} // namespace

Build::Build(Job Of, LibTorch T, Runtime R, std::string ClangPath, Backend B,
             std::string Work, PchFolder &Headers)
    : J(std::move(Of)), Torch(std::move(T)), RT(std::move(R)),
      Clang(std::move(ClangPath)), Where(B), WorkDir(std::move(Work)),
      Headers(Headers) {
  Flags = relevant(J);
  for (const std::string &Dir : Torch.Includes)
    Flags.push_back("-isystem" + Dir);
}

std::vector<std::string>
Build::compilerWith(ArrayRef<std::string> Flags) const {
  std::vector<std::string> Args{Clang};
  Args.insert(Args.end(), Flags.begin(), Flags.end());
  Args.insert(Args.end(), std::begin(OwnFlags), std::end(OwnFlags));
  Args.push_back("-I" + RT.IncludeDir);
  return Args;
}

Error Build::run(const std::vector<std::string> &Args, StringRef What) {
  std::string Log = under(WorkDir, "log");
  std::vector<StringRef> Refs(Args.begin(), Args.end());
  std::optional<StringRef> Redirects[] = {StringRef(""), StringRef(Log),
                                          StringRef(Log)};
  std::string Message;
  int RC = sys::ExecuteAndWait(Refs[0], Refs, std::nullopt, Redirects, 0, 0,
                               &Message);
  if (RC == 0)
    return Error::success();
  std::string Words = readFile(Log);
  return createStringError("%s failed (%s):\n%s", What.str().c_str(),
                           Message.empty()
                               ? ("exit " + std::to_string(RC)).c_str()
                               : Message.c_str(),
                           Words.c_str());
}

void Build::startPreamble(const Prefix &Begin) {
  // Those that come behind code of the user's are left where they are.
  std::string Text =
      textOf(ArrayRef(Begin.Includes).take_while([](const PrefixInclude &I) {
        return !I.CodeBefore;
      }));
  if (!StringRef(Text).contains("#include"))
    return;
  Text = "#include \"probe/Probe.h\"\n#include \"driver/Make.h\"\n" + Text;
  std::vector<std::string> Args = compilerWith(withoutOwnFolders(Flags, J));
  std::string Key = clang::getClangFullVersion() + "\n" + Text;
  for (const std::string &Arg : Args)
    Key += "\n" + Arg;
  for (const char *Header :
       {"probe/Probe.h", "driver/Make.h", "driver/Driver.h"})
    Key += readFile(under(RT.IncludeDir, Header));
  Precompiled =
      Headers.get(Key, Text, std::move(Args), under(WorkDir, "pch.log"));
}

Error Build::compile(const std::string &Overlay, const std::string &Object,
                     bool WithPreamble) {
  std::vector<std::string> Args = compilerWith(Flags);
  if (WithPreamble)
    Args.insert(Args.end(), {"-include-pch", Precompiled->file()});
  else
    Args.insert(Args.end(),
                {"-include", "probe/Probe.h", "-include", "driver/Make.h"});
  Args.insert(Args.end(),
              {"-ivfsoverlay", Overlay, "-c", J.File, "-o", Object});
  while (true) {
    Error E = run(Args, "compiling the probed copy of '" + J.File + "'");
    if (!E)
      return E;
    // g++ has flags that clang does not know; they do not change what is asked
    // about.
    std::string Words = toString(std::move(E));
    SmallVector<StringRef, 2> M;
    size_t Before = Args.size();
    if (Regex("unknown argument:? '([^']+)'").match(Words, &M))
      llvm::erase(Args, M[1].str());
    if (Args.size() == Before)
      return createStringError(Words);
  }
}

Expected<std::string>
Build::program(const std::map<std::string, std::string> &Texts) {
  Expected<std::string> Overlay = writeOverlay(WorkDir, Texts, J.File);
  if (!Overlay)
    return Overlay.takeError();
  std::string Object = under(WorkDir, "main.o");
  const bool HavePch = Precompiled && Precompiled->wait();
  Error E = compile(*Overlay, Object, HavePch);
  if (E && HavePch) {
    // A library has changed, or one of its headers is meant to be read twice.
    std::string Words = toString(std::move(E));
    const bool IsStale = Regex("precompiled|PCH|AST file").match(Words);
    if (!IsStale && !StringRef(Words).contains("redefinition"))
      return createStringError(Words);
    E = compile(*Overlay, Object, /*WithPreamble=*/false);
    if (!E) {
      // One that is good for other files stays.
      if (IsStale)
        fs::remove(Precompiled->file());
      Precompiled.reset();
    }
  }
  if (E)
    return std::move(E);
  std::string Program = under(WorkDir, "program");
  if (Error E = link(Object, Program))
    return std::move(E);
  return Program;
}

Expected<std::vector<std::string>>
Build::headers(ArrayRef<std::string> Behind) {
  std::string List = under(WorkDir, "headers");
  std::vector<std::string> Args = compilerWith(Flags);
  Args.insert(Args.end(), {"-MM", "-MF", List, "-MT", "x", J.File});
  for (const std::string &Source : Behind)
    Args.insert(Args.end(), {"-include", Source});
  if (Error E = run(Args, "listing the headers of '" + J.File + "'"))
    return std::move(E);
  // "x: a.cpp b.h \\\n c.h": a blank in a name has a backslash.
  std::string Text = readFile(List), Name;
  std::vector<std::string> Found;
  auto Take = [&] {
    SmallString<256> Real;
    if (!Name.empty() && Name.back() != ':' && !fs::real_path(Name, Real) &&
        !fs::equivalent(Name, J.File) &&
        ownerOfPath(Real, /*IsSystem=*/false, J.File) == Owner::User)
      Found.push_back(std::string(Real));
    Name.clear();
  };
  for (size_t I = 0; I < Text.size(); ++I) {
    if (Text[I] == '\\' && I + 1 < Text.size() && Text[I + 1] == ' ')
      Name += Text[++I];
    else if (isSpace(Text[I]) || Text[I] == '\\')
      Take();
    else
      Name += Text[I];
  }
  Take();
  return Found;
}

Error Build::link(const std::string &Object, const std::string &Program) {
  std::vector<std::string> Args{Clang, "-o", Program, "-w", Object};
  for (const std::string &F : Flags)
    if (StringRef(F).starts_with("-fsanitize") || F == "-pthread" ||
        F == "-m32" || StringRef(F).starts_with("-stdlib"))
      Args.push_back(F);
  for (const char *Name : {"driver", "probe"})
    for (const char *Suffix : {".a", ".so"}) {
      std::string Lib =
          under(RT.LibDir, std::string("libtorch_tidy_") + Name + Suffix);
      if (fs::exists(Lib)) {
        Args.push_back(Lib);
        break;
      }
    }
  if (Where == Backend::Emulated) {
    std::string Lib = under(RT.LibDir, "libtorch_tidy_emulator.so");
    if (!fs::exists(Lib))
      return createStringError(
          "the emulated CUDA device is missing: no '%s'; build the runtime, or "
          "use --device=cuda on a machine with a GPU",
          Lib.c_str());
    // Nothing refers to it: it registers itself when it is loaded.
    Args.insert(Args.end(),
                {"-Wl,--no-as-needed", Lib, "-Wl,-rpath," + RT.LibDir});
  }
  Args.insert(Args.end(), {"-Wl,--no-as-needed", "-L" + Torch.LibDir, "-ltorch",
                           "-ltorch_cpu", "-lc10", "-Wl,-rpath," + Torch.LibDir,
                           "-ldl", "-lpthread"});
  if (Torch.HasCuda)
    Args.insert(Args.end(), {"-ltorch_cuda", "-lc10_cuda"});
  llvm::append_range(Args, J.LinkArgs);
  const std::string What = "linking the probed copy of '" + J.File + "'";
  // Names as the object file has them, for stand-ins.
  Args.push_back("-Wl,--no-demangle");
  Error E = run(Args, What);
  if (!E)
    return E;
  std::string Words = toString(std::move(E));
  if (undefinedSymbols(Words).empty())
    return createStringError(Words);

  // Other files of the program may be compiled already.
  std::vector<std::string> Lent = archivesOf(J.Objects, WorkDir);
  if (!Lent.empty()) {
    // The file's own definitions come first and win.
    Lent.push_back("-Wl,-z,muldefs");
    auto At = llvm::find(Args, Object) + 1;
    Args.insert(At, Lent.begin(), Lent.end());
    Error Again = run(Args, What);
    if (!Again)
      return Again;
    Words = toString(std::move(Again));
    if (undefinedSymbols(Words).empty())
      return createStringError(Words);
  }
  Missing = undefinedSymbols(Words);
  StandIns = standIns(Missing, Object);
  std::string Source = under(WorkDir, "missing.cpp");
  if (Error Failed = writeFile(Source, StandIns))
    return Failed;
  Args.push_back(Source);
  return run(Args, What);
}
