//===- Launcher.cpp - torch-tidy-launcher: compiles the probed copy -------===//
//
//   cmake -B build -DCMAKE_CXX_COMPILER_LAUNCHER=torch-tidy-launcher
//
// stands in front of each compiler call of a build and does nothing but run it,
// until `torch-tidy verify --run` sets TORCH_TIDY_MANIFEST. Then a call that
// compiles one of the files listed there compiles the probed copy in its place,
// with the probe's flags. Works in front of ccache
// ("torch-tidy-launcher;ccache") and in a Makefile's CXX.
//
// The manifest is lines of tab-separated fields:
//
//     <source> <copy> <compiler, or -> <flag>...
//
// Standard C++ and POSIX: it starts in a millisecond, for every file.
//
//===----------------------------------------------------------------------===//
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

std::string realPath(const char *Path) {
  char *Real = ::realpath(Path, nullptr);
  std::string Result = Real ? Real : "";
  std::free(Real);
  return Result;
}

std::vector<std::string> split(const std::string &Line) {
  std::vector<std::string> Fields;
  std::istringstream IS(Line);
  for (std::string Field; std::getline(IS, Field, '\t');)
    Fields.push_back(Field);
  return Fields;
}

/// The compiler among "ccache g++ -c ...": the first that wraps nothing.
size_t compilerIndex(const std::vector<std::string> &Args) {
  for (size_t I = 0; I < Args.size(); ++I) {
    std::string Name = Args[I].substr(Args[I].rfind('/') + 1);
    if (Name != "ccache" && Name != "sccache" && Name != "distcc" &&
        Name != "icecc")
      return I;
  }
  return 0;
}

void substitute(std::vector<std::string> &Args, const char *Manifest) {
  bool Compiles = false;
  for (const std::string &Arg : Args)
    Compiles |= Arg == "-c";
  if (!Compiles)
    return;
  std::ifstream In(Manifest);
  for (std::string Line; std::getline(In, Line);) {
    std::vector<std::string> Fields = split(Line);
    if (Fields.size() < 3)
      continue;
    for (size_t I = 1; I < Args.size(); ++I) {
      if (Args[I][0] == '-' || realPath(Args[I].c_str()) != Fields[0])
        continue;
      Args[I] = Fields[1];
      if (Fields[2] != "-")
        Args[compilerIndex(Args)] = Fields[2];
      Args.insert(Args.end(), Fields.begin() + 3, Fields.end());
      return;
    }
  }
}

} // namespace

int main(int Argc, char **Argv) {
  std::vector<std::string> Args(Argv + 1, Argv + Argc);
  if (Args.empty()) {
    std::fprintf(stderr, "usage: torch-tidy-launcher <compiler> <arguments>\n"
                         "Set it as CMAKE_CXX_COMPILER_LAUNCHER; see "
                         "'torch-tidy verify --help', --run\n");
    return 1;
  }
  if (const char *Manifest = std::getenv("TORCH_TIDY_MANIFEST"))
    substitute(Args, Manifest);
  std::vector<char *> Raw;
  for (std::string &Arg : Args)
    Raw.push_back(Arg.data());
  Raw.push_back(nullptr);
  ::execvp(Raw[0], Raw.data());
  std::fprintf(stderr, "torch-tidy-launcher: %s: %s\n", Raw[0],
               std::strerror(errno));
  return 127;
}
