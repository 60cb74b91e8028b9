//===- Emit.cpp -----------------------------------------------------------===//
#include "tool/verify/Emit.h"
#include "tool/verify/Files.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
using namespace torch_tidy;
using namespace torch_tidy::verify;
namespace path = llvm::sys::path;
namespace fs = llvm::sys::fs;

namespace {

constexpr StringLiteral RunScript = R"sh(#!/bin/sh
# Builds and runs every probed file here; then, where the sources are:
# torch-tidy verify --collect. Arguments go to CMake, which finds LibTorch by
# CMAKE_PREFIX_PATH or Torch_DIR, as for any project.
# Without a GPU: LD_PRELOAD=.../libtorch_tidy_emulator.so
set -e
cd "$(dirname "$0")"
emulator=
case "$LD_PRELOAD" in *torch_tidy_emulator*) emulator=$LD_PRELOAD ;; esac
unset LD_PRELOAD
cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug "$@"
gpu=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -n 1)
version=$(sed -n 's/^Torch_VERSION_TEXT:.*=//p' build/CMakeCache.txt)
if [ -n "$emulator" ]; then
  echo "emulated CUDA (LibTorch $version)" >backend
else
  echo "CUDA${gpu:+ on $gpu} (LibTorch $version)" >backend
fi
status=0
for folder in [0-9]*; do
  rm -f "$folder/events.jsonl"
  cmake --build build -j 2 --target "run_$folder" || { status=1; continue; }
  OMP_NUM_THREADS=1 LD_PRELOAD="$emulator" \
    "build/run_$folder" --events="$PWD/$folder/events.jsonl" || status=1
  echo "$folder: $(wc -l <"$folder/events.jsonl") events"
done
exit $status
)sh";

constexpr StringLiteral CMakeHead = R"cmake(cmake_minimum_required(VERSION 3.18)
project(torch-tidy-verify CXX)
find_package(Torch REQUIRED)
set(Torch_VERSION_TEXT "${Torch_VERSION}" CACHE STRING "" FORCE)
set(CMAKE_CXX_STANDARD 17)
add_library(runtime STATIC runtime/driver/Attempt.cpp runtime/driver/Driver.cpp
  runtime/driver/EventLog.cpp runtime/driver/Search.cpp runtime/probe/Probe.cpp
  runtime/probe/Repair.cpp)
target_include_directories(runtime PUBLIC runtime)
target_link_libraries(runtime PUBLIC ${TORCH_LIBRARIES} ${CMAKE_DL_LIBS})
target_compile_options(runtime INTERFACE -w -O0 -fno-access-control)
)cmake";

Error copyTree(const std::string &From, const std::string &To) {
  if (std::error_code EC = fs::create_directories(To))
    return createStringError(EC, "cannot make '%s'", To.c_str());
  std::error_code EC;
  for (fs::directory_iterator I(From, EC), E; I != E && !EC; I.increment(EC)) {
    StringRef Name = path::filename(I->path());
    if (!Name.ends_with(".h") && !Name.ends_with(".cpp"))
      continue;
    if (std::error_code Failed = fs::copy_file(I->path(), under(To, Name)))
      return createStringError(Failed, "cannot copy '%s'", I->path().c_str());
  }
  return Error::success();
}

std::string sourceLine(const LintJob &Job) {
  return Job.File + "\n" +
         utohexstr(xxh3_64bits(StringRef(readFile(Job.File)))) + "\n";
}

/// A folder that the file's project headers may be named relative to.
struct IncludeRoot {
  std::string Path;
  /// Only names in quotes are looked for there: a project may have a time.h.
  bool IsQuoted = false;
};

/// The file's own and those of sources behind it, then those of its command.
std::vector<IncludeRoot> includeRoots(const LintJob &Job,
                                      ArrayRef<std::string> Behind) {
  std::vector<IncludeRoot> Roots;
  auto AddFolderOf = [&](StringRef File) {
    SmallString<256> Folder(path::parent_path(File));
    fs::real_path(Folder, Folder);
    Roots.push_back({std::string(Folder), /*IsQuoted=*/true});
  };
  AddFolderOf(Job.File);
  for_each(Behind, AddFolderOf);
  const auto &Command = Job.Commands.front();
  for (size_t I = 0; I < Command.CommandLine.size(); ++I)
    for (StringRef Flag : {"-I", "-isystem", "-iquote"}) {
      StringRef Arg = Command.CommandLine[I];
      if (!Arg.consume_front(Flag))
        continue;
      if (Arg.empty() && I + 1 < Command.CommandLine.size())
        Arg = Command.CommandLine[I + 1];
      SmallString<256> Root(Arg), Real;
      path::make_absolute(Command.Directory, Root);
      if (!fs::real_path(Root, Real))
        Roots.push_back({std::string(Real), Flag == "-iquote"});
      break;
    }
  return Roots;
}

/// Macros of the command, which the project's code may need.
std::string definitions(const LintJob &Job) {
  std::string Text;
  for (StringRef Arg : Job.Commands.front().CommandLine)
    if (Arg.starts_with("-D") && Arg.size() > 2)
      Text += (" [==[" + Arg + "]==]").str();
  return Text;
}

} // namespace

Error verify::emitCommon(const std::string &Dir, const Runtime &RT,
                         unsigned Files) {
  for (const char *Part : {"driver", "probe"})
    if (Error E = copyTree(under(RT.IncludeDir, Part),
                           under(Dir, Twine("runtime/") + Part)))
      return E;
  std::string CMake = CMakeHead.str();
  for (unsigned I = 0; I < Files; ++I)
    CMake += "include(" + std::to_string(I) + "/program.cmake)\n";
  if (Error E = writeFile(under(Dir, "CMakeLists.txt"), CMake))
    return E;
  std::string Script = under(Dir, "run.sh");
  if (Error E = writeFile(Script, RunScript))
    return E;
  if (std::error_code EC = fs::setPermissions(
          Script, fs::all_read | fs::all_exe | fs::owner_write))
    return createStringError(EC, "cannot make '%s' executable", Script.c_str());
  return Error::success();
}

Error verify::emitFile(const std::string &Dir, unsigned Index,
                       const LintJob &Job, const Probed &P, StringRef StandIns,
                       ArrayRef<std::string> Headers) {
  std::string Name = std::to_string(Index), Own = under(Dir, Name);
  if (std::error_code EC = fs::create_directories(Own))
    return createStringError(EC, "cannot make '%s'", Own.c_str());
  std::string Includes;
  std::vector<IncludeRoot> Roots = includeRoots(Job, P.Behind);
  std::map<std::string, std::string> Texts = P.texts();
  std::map<std::string, std::string> Copied;
  for (size_t R = 0; R < Roots.size(); ++R) {
    bool Used = false;
    for (const std::string &Header : Headers) {
      StringRef Tail = Header;
      if (!Tail.consume_front(Roots[R].Path) || !Tail.consume_front("/"))
        continue;
      std::string To = under(Own, "include/" + Twine(R) + "/" + Tail);
      if (fs::create_directories(path::parent_path(To)))
        continue;
      auto Probed = Texts.find(Header);
      if (Error E = writeFile(To, Probed == Texts.end() ? readFile(Header)
                                                        : Probed->second))
        return E;
      Copied[Header] = ("include/" + Twine(R) + "/" + Tail).str();
      Used = true;
    }
    if (Used)
      Includes += (Roots[R].IsQuoted ? " -iquote" : " -I") +
                  ("${CMAKE_CURRENT_SOURCE_DIR}/" + Name) + "/include/" +
                  std::to_string(R);
  }
  std::vector<std::string> Behind;
  for (const std::string &Source : P.Behind) {
    SmallString<256> Real;
    if (!fs::real_path(Source, Real))
      Behind.push_back(Copied[std::string(Real)]);
  }
  for (const auto &[Path, Text] : Texts)
    if (fs::equivalent(Path, Job.File))
      if (Error E = writeFile(under(Own, "main.cpp"),
                              "#include \"probe/Probe.h\"\n#include "
                              "\"driver/Make.h\"\n#line 1 \"" +
                                  Job.File + "\"\n" + Text +
                                  includesBehind(Behind) + P.Driver.text()))
        return E;
  std::string CMake = "add_executable(run_" + Name + " " + Name + "/main.cpp";
  if (!StandIns.empty()) {
    if (Error E = writeFile(under(Own, "missing.cpp"), StandIns))
      return E;
    CMake += " " + Name + "/missing.cpp";
  }
  CMake += ")\ntarget_link_libraries(run_" + Name + " runtime)\n";
  if (!Includes.empty())
    CMake +=
        "target_compile_options(run_" + Name + " PRIVATE" + Includes + ")\n";
  if (std::string Defined = definitions(Job); !Defined.empty())
    CMake +=
        "target_compile_options(run_" + Name + " PRIVATE" + Defined + ")\n";
  if (Error E = writeFile(under(Own, "program.cmake"), CMake))
    return E;
  std::string Dropped;
  for (const DriverPlan::Entry &E : P.Driver.Entries)
    if (!E.Dropped.empty())
      Dropped += E.Name + "\t" + E.Dropped + "\n";
  if (Error E = writeFile(under(Own, "dropped"), Dropped))
    return E;
  return writeFile(under(Own, "source"), sourceLine(Job));
}

Expected<Events> verify::collectFile(const std::string &Dir, unsigned Index,
                                     const LintJob &Job, Probed &P) {
  std::string Own = under(Dir, Twine(Index));
  if (readFile(under(Own, "source")) != sourceLine(Job))
    return createStringError(
        "--collect=%s: '%s' is not what was emitted there as number %u; emit "
        "and run it again, with the same files in the same order",
        Dir.c_str(), Job.File.c_str(), Index);
  std::string Dropped = readFile(under(Own, "dropped"));
  SmallVector<StringRef> Lines;
  StringRef(Dropped).split(Lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef Line : Lines)
    for (DriverPlan::Entry &E : P.Driver.Entries)
      if (auto [Name, Why] = Line.split('\t'); E.Name == Name)
        E.Dropped = Why.str();
  P.noteDropped();
  std::string File = under(Own, "events.jsonl");
  if (!fs::exists(File))
    return createStringError("--collect=%s: no '%s'; run %s/run.sh first",
                             Dir.c_str(), File.c_str(), Dir.c_str());
  return parseEvents(readFile(File));
}

std::string verify::collectedBackend(const std::string &Dir) {
  std::string Text = readFile(under(Dir, "backend"));
  return StringRef(Text).trim().str();
}
