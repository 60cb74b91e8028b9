//===- Build.cpp ----------------------------------------------------------===//
#include "tool/verify/Build.h"
#include "tool/frontend/LibraryCode.h"
#include "tool/verify/Files.h"
#include "tool/verify/Missing.h"
#include "clang/Basic/Version.h"
#include "clang/Lex/DependencyDirectivesScanner.h"
#include "clang/Lex/Lexer.h"
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

/// The directives that \p Text opens with, where they close every `#if`.
StringRef preambleOf(StringRef Text) {
  clang::LangOptions LO;
  LO.CPlusPlus = LO.CPlusPlus11 = LO.CPlusPlus14 = LO.CPlusPlus17 = 1;
  StringRef P = Text.take_front(clang::Lexer::ComputePreamble(Text, LO).Size);
  int Open = 0;
  SmallVector<StringRef> Lines;
  P.split(Lines, '\n');
  for (StringRef Line : Lines) {
    Line = Line.trim();
    if (!Line.consume_front("#"))
      continue;
    Line = Line.ltrim();
    Open += Line.starts_with("if");
    Open -= Line.starts_with("endif");
  }
  return Open == 0 ? P : StringRef();
}

/// The directives alone: files that differ in their comments share a
/// precompiled header.
std::string directivesOf(StringRef Preamble) {
  SmallVector<clang::dependency_directives_scan::Token, 64> Tokens;
  SmallVector<clang::dependency_directives_scan::Directive, 64> Directives;
  if (clang::scanSourceForDependencyDirectives(Preamble, Tokens, Directives))
    return Preamble.str();
  std::string Text;
  raw_string_ostream OS(Text);
  clang::printDependencyDirectivesAsSource(Preamble, Directives, OS);
  return Text;
}

/// \p Text with its first \p Size bytes blank, lines kept.
std::string blanked(StringRef Text, size_t Size) {
  std::string Out = Text.str();
  for (size_t I = 0; I < Size && I < Out.size(); ++I)
    if (Out[I] != '\n')
      Out[I] = ' ';
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

std::vector<std::string> Build::compileArgs() const {
  std::vector<std::string> Args{Clang};
  Args.insert(Args.end(), Flags.begin(), Flags.end());
  Args.insert(Args.end(), std::begin(OwnFlags), std::end(OwnFlags));
  // Relative includes of the preamble, which is compiled from elsewhere.
  Args.push_back("-iquote" + path::parent_path(J.File).str());
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

void Build::startPreamble() {
  std::string Text = readFile(J.File);
  Preamble = preambleOf(Text).str();
  if (!StringRef(Preamble).contains("#include") &&
      !StringRef(Preamble).contains("# include")) {
    Preamble.clear();
    return;
  }
  std::string Directives = directivesOf(Preamble);
  std::string Key =
      clang::getClangFullVersion() + "\n" + Clang + "\n" + Directives + "\n";
  // Where quoted names are looked for; alike for files that have none.
  if (Regex("include *\"").match(Directives))
    Key += path::parent_path(J.File);
  for (const std::string &Flag : Flags)
    Key += "\n" + Flag;
  for (const char *Flag : OwnFlags)
    Key += std::string("\n") + Flag;
  for (const char *Header :
       {"probe/Probe.h", "driver/Make.h", "driver/Driver.h"})
    Key += readFile(under(RT.IncludeDir, Header));
  Precompiled = Headers.get(
      Key,
      "#include \"probe/Probe.h\"\n#include \"driver/Make.h\"\n" + Directives,
      compileArgs(), under(WorkDir, "pch.log"));
}

Expected<std::string>
Build::program(const std::map<std::string, std::string> &Texts,
               bool InHeaders) {
  bool HavePch = Precompiled && Precompiled->wait();
  std::string Main = under(WorkDir, "main.cpp");
  Expected<std::string> Overlay = writeOverlay(WorkDir, Texts, J.File);
  if (!Overlay)
    return Overlay.takeError();
  // A header with probes was precompiled without them.
  HavePch &= !InHeaders;

  std::string Object = under(WorkDir, "main.o");
  for (bool UsePch : {true, false}) {
    if (UsePch && !HavePch)
      continue;
    if (UsePch) {
      std::string Text = readFile(Main);
      // Edits inside the preamble would be lost with it.
      if (!StringRef(Text).starts_with(Preamble))
        continue;
      if (Error E = writeFile(Main, blanked(Text, Preamble.size())))
        return std::move(E);
    } else if (HavePch) {
      // The precompiled header may be no good (a header changed).
      for (const auto &[File, Text] : Texts)
        if (fs::equivalent(File, J.File))
          if (Error E = writeFile(Main, Text))
            return std::move(E);
    }
    std::vector<std::string> Args = compileArgs();
    if (UsePch)
      Args.insert(Args.end(), {"-include-pch", Precompiled->file()});
    else
      Args.insert(Args.end(),
                  {"-include", "probe/Probe.h", "-include", "driver/Make.h"});
    Args.insert(Args.end(),
                {"-ivfsoverlay", *Overlay, "-c", J.File, "-o", Object});
    for (;;) {
      Error E = run(Args, "compiling the probed copy of '" + J.File + "'");
      if (!E)
        break;
      std::string Words = toString(std::move(E));
      // g++ has flags that clang does not know; they do not change what is
      // asked about.
      SmallVector<StringRef, 2> M;
      if (Regex("unknown argument:? '([^']+)'").match(Words, &M)) {
        size_t Before = Args.size();
        llvm::erase(Args, M[1].str());
        if (Args.size() != Before)
          continue;
      }
      if (UsePch && Regex("precompiled|PCH|AST file").match(Words)) {
        Object.clear();
        break;
      }
      return createStringError(Words);
    }
    if (!Object.empty()) {
      if (HavePch && !UsePch)
        fs::remove(Precompiled->file());
      break;
    }
    Object = under(WorkDir, "main.o");
  }
  std::string Program = under(WorkDir, "program");
  if (Error E = link(Object, Program))
    return std::move(E);
  return Program;
}

Expected<std::vector<std::string>>
Build::headers(ArrayRef<std::string> Behind) {
  std::string List = under(WorkDir, "headers");
  std::vector<std::string> Args = compileArgs();
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
