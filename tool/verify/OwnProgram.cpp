//===- OwnProgram.cpp -----------------------------------------------------===//
#include "tool/verify/OwnProgram.h"
#include "tool/verify/Execute.h"
#include "tool/verify/Files.h"
#include "tool/verify/Missing.h"
#include "clang/Tooling/JSONCompilationDatabase.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <set>

using namespace llvm;
using namespace torch_tidy::verify;
namespace path = llvm::sys::path;
namespace fs = llvm::sys::fs;

namespace {

using Database = clang::tooling::JSONCompilationDatabase;

Expected<std::unique_ptr<Database>> loadDatabase(StringRef BuildDir) {
  std::string File = under(BuildDir, "compile_commands.json"), Why;
  auto Loaded = Database::loadFromFile(
      File, Why, clang::tooling::JSONCommandLineSyntax::AutoDetect);
  if (!Loaded)
    return createStringError(
        "--run needs the build folder, with -p: no compile database '%s'",
        File.c_str());
  return Loaded;
}

/// The objects that the build makes of \p File.
std::vector<std::string> objectsOf(const Database &DB, StringRef File) {
  std::vector<std::string> Objects;
  for (const auto &Command : DB.getCompileCommands(File))
    for (size_t I = 0; I + 1 < Command.CommandLine.size(); ++I)
      if (Command.CommandLine[I] == "-o") {
        SmallString<256> Object(Command.CommandLine[I + 1]);
        path::make_absolute(Command.Directory, Object);
        Objects.push_back(std::string(Object));
      }
  return Objects;
}

/// Writes the probed copies and the launcher's list of them.
Expected<std::string> writeManifest(const OwnProgram &P,
                                    ArrayRef<ProbedSource> Sources) {
  std::string Manifest;
  for (size_t I = 0; I < Sources.size(); ++I) {
    const ProbedSource &S = Sources[I];
    std::string Dir = under(P.WorkDir, "copy" + Twine(I));
    if (std::error_code EC = fs::create_directory(Dir))
      return createStringError(EC, "cannot make '%s'", Dir.c_str());
    SmallString<256> Real;
    if (fs::real_path(S.File, Real))
      Real = S.File;
    std::vector<std::string> Flags = {"-w", "-I" + P.RT.IncludeDir, "-include",
                                      "probe/Dynamic.h"};
    std::string Copy, Compiler = "-";
    if (S.Texts.size() == 1) {
      // At another path, so that any compiler can do it: the first line gives
      // it its name back, the flag its relative includes.
      Copy = under(Dir, path::filename(S.File));
      if (Error E = writeFile(Copy, "#line 1 \"" + S.File + "\"\n" +
                                        S.Texts.begin()->second))
        return std::move(E);
      Flags.push_back("-iquote" + path::parent_path(S.File).str());
    } else {
      Copy = S.File;
      Compiler = P.Clang;
      Expected<std::string> Overlay = writeOverlay(Dir, S.Texts, S.File);
      if (!Overlay)
        return Overlay.takeError();
      Flags.insert(Flags.end(), {"-ivfsoverlay", *Overlay});
    }
    Manifest += std::string(Real) + "\t" + Copy + "\t" + Compiler;
    for (const std::string &Flag : Flags)
      Manifest += "\t" + Flag;
    Manifest += "\n";
  }
  std::string File = under(P.WorkDir, "manifest");
  if (Error E = writeFile(File, Manifest))
    return std::move(E);
  return File;
}

Error checkLauncher(StringRef BuildDir) {
  auto Cache = MemoryBuffer::getFile(under(BuildDir, "CMakeCache.txt"));
  if (!Cache || (*Cache)->getBuffer().contains("torch-tidy-launcher"))
    return Error::success();
  return createStringError(
      "--run: the build in '%s' does not use torch-tidy-launcher; configure "
      "it once with 'cmake %s -DCMAKE_CXX_COMPILER_LAUNCHER=<path of "
      "torch-tidy-launcher>' (with ccache: '<path>;ccache')",
      BuildDir.str().c_str(), BuildDir.str().c_str());
}

} // namespace

std::vector<ProbedSource>
torch_tidy::verify::flaggedSources(ArrayRef<Probed> All) {
  std::map<std::string, std::map<std::string, ProbedText>> Sources;
  for (const Probed &P : All)
    for (const auto &[Path, File] : P.Files)
      Sources[File.Source]
          .try_emplace(Path, ProbedText{File.Before})
          .first->second.Probes.append(File.Probes);
  std::vector<ProbedSource> Result;
  for (const auto &[Source, Files] : Sources) {
    std::map<std::string, std::string> Texts;
    bool Flagged = false;
    for (const auto &[Path, File] : Files) {
      Texts[Path] = File.Probes.apply(File.Before);
      Flagged |= !File.Probes.empty();
    }
    if (Flagged)
      Result.push_back({Source, std::move(Texts)});
  }
  return Result;
}

Expected<std::vector<std::string>>
torch_tidy::verify::databaseFiles(StringRef BuildDir) {
  auto DB = loadDatabase(BuildDir);
  if (!DB)
    return DB.takeError();
  std::vector<std::string> Files = (*DB)->getAllFiles();
  llvm::sort(Files);
  Files.erase(llvm::unique(Files), Files.end());
  return Files;
}

std::vector<std::string> torch_tidy::verify::lentObjects(StringRef BuildDir,
                                                         StringRef File) {
  auto DB = loadDatabase(BuildDir);
  if (!DB) {
    consumeError(DB.takeError());
    return {};
  }
  std::vector<std::string> All;
  for (const std::string &Other : (*DB)->getAllFiles())
    llvm::append_range(All, objectsOf(**DB, Other));
  return usableObjects(All, objectsOf(**DB, File));
}

Expected<Events> torch_tidy::verify::runOwnProgram(
    const OwnProgram &P, ArrayRef<ProbedSource> Sources,
    function_ref<std::vector<std::string>(const Events &)> Confirmed) {
  if (Error E = checkLauncher(P.BuildDir))
    return std::move(E);
  auto DB = loadDatabase(P.BuildDir);
  if (!DB)
    return DB.takeError();
  Expected<std::string> Manifest = writeManifest(P, Sources);
  if (!Manifest)
    return Manifest.takeError();

  std::vector<std::string> Objects;
  for (const ProbedSource &S : Sources)
    llvm::append_range(Objects, objectsOf(**DB, S.File));
  auto RemoveObjects = [&] {
    for (const std::string &Object : Objects)
      fs::remove(Object);
  };
  RemoveObjects();
  auto Restore = make_scope_exit(RemoveObjects);

  std::string EventsFile = under(P.WorkDir, "events.jsonl");
  std::string Log = under(P.WorkDir, "build.log");
  ShellRun Build;
  Build.Directory = P.BuildDir;
  Build.Environment = {{"TORCH_TIDY_MANIFEST", *Manifest}};
  // Another build system builds as part of the command.
  if (fs::exists(under(P.BuildDir, "CMakeCache.txt"))) {
    Build.Command = "cmake --build . >'" + Log + "' 2>&1";
    Build.Seconds = 3600;
    if (std::string End = runShell(Build); End != "returned") {
      auto Words = MemoryBuffer::getFile(Log);
      return createStringError(
          "the build with probes failed:\n%s",
          Words ? (*Words)->getBuffer().take_back(4000).str().c_str() : "");
    }
  }

  ShellRun Run = Build;
  Run.Command = P.Command;
  Run.Seconds = P.Seconds;
  Run.MemoryMiB = P.MemoryMiB;
  Run.Environment.push_back({"TORCH_TIDY_EVENTS", EventsFile});
  Run.Environment.push_back({"TORCH_TIDY_PROBE_LIBRARY",
                             under(P.RT.LibDir, "libtorch_tidy_probe.so")});
  if (P.Where == Backend::Emulated)
    Run.Environment.push_back(
        {"TORCH_TIDY_EMULATOR_LIBRARY",
         under(P.RT.LibDir, "libtorch_tidy_emulator.so")});
  Run.Environment.push_back({"TORCH_TIDY_REPAIR", ""});
  std::set<std::string> Repaired;
  for (;;) {
    std::string Ids;
    for (const std::string &Id : Repaired)
      Ids += (Ids.empty() ? "" : ",") + Id;
    Run.Environment.back().second = Ids;
    if (Error E = appendFile(EventsFile,
                             "{\"event\":\"attempt\",\"entry\":\"\",\"repaired"
                             "\":\"" +
                                 Ids + "\"}\n"))
      return std::move(E);
    std::string End = runShell(Run);
    auto Buffer = MemoryBuffer::getFile(EventsFile);
    Expected<Events> E =
        parseEvents(Buffer ? (*Buffer)->getBuffer() : StringRef());
    if (!E)
      return E;
    E->EntryEnds["'" + P.Command + "'"] = End;
    // An error hides the calls behind it.
    size_t Before = Repaired.size();
    for (const std::string &Id : Confirmed(*E))
      Repaired.insert(Id);
    if (Repaired.size() == Before || Repaired.size() > 64)
      return E;
  }
}
