#include "tool/frontend/CompileCommands.h"
#include "clang/Tooling/ArgumentsAdjusters.h"
#include "clang/Tooling/JSONCompilationDatabase.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace clang::tooling;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace torch_tidy {

static constexpr llvm::StringLiteral DatabaseName = "compile_commands.json";

/// The database in a folder's build folders; the last one written when there
/// are several, which is the one the user works with.
static std::string databaseBelow(llvm::StringRef Folder) {
  std::string Newest;
  llvm::sys::TimePoint<> NewestTime;
  std::error_code EC;
  for (fs::directory_iterator I(Folder, EC), E; I != E && !EC;
       I.increment(EC)) {
    llvm::StringRef Name = path::filename(I->path());
    if (!Name.starts_with("build") && Name != "out" &&
        !Name.starts_with("cmake-build-"))
      continue;
    llvm::SmallString<256> File(I->path());
    path::append(File, DatabaseName);
    fs::file_status Status;
    if (fs::status(File, Status) || !fs::is_regular_file(Status))
      continue;
    if (Newest.empty() || Status.getLastModificationTime() > NewestTime) {
      Newest = File.str().str();
      NewestTime = Status.getLastModificationTime();
    }
  }
  return Newest;
}

std::string findCompileDatabase(llvm::StringRef SourceFile) {
  for (llvm::StringRef Folder = path::parent_path(SourceFile); !Folder.empty();
       Folder = path::parent_path(Folder)) {
    llvm::SmallString<256> File(Folder);
    path::append(File, DatabaseName);
    if (fs::exists(File))
      return File.str().str();
    if (std::string Below = databaseBelow(Folder); !Below.empty())
      return Below;
  }
  return "";
}

CompileCommands
CompileCommands::fixed(std::unique_ptr<CompilationDatabase> Database) {
  CompileCommands Result;
  Result.Fixed = std::move(Database);
  return Result;
}

CompileCommands CompileCommands::search(std::string BuildPath) {
  CompileCommands Result;
  Result.BuildPath = std::move(BuildPath);
  return Result;
}

static constexpr llvm::StringLiteral HowToMakeOne =
    "make one with 'cmake -S . -B build -DCMAKE_EXPORT_COMPILE_COMMANDS=ON' "
    "and pass '-p build', or give the flags after '--'";

llvm::Expected<CompilationDatabase *>
CompileCommands::load(llvm::StringRef File) {
  std::unique_ptr<CompilationDatabase> &Entry = Loaded[File];
  if (Entry)
    return Entry.get();
  std::string Why;
  std::unique_ptr<CompilationDatabase> Database =
      JSONCompilationDatabase::loadFromFile(File, Why,
                                            JSONCommandLineSyntax::AutoDetect);
  if (!Database)
    return llvm::createStringError("cannot read compile database '" + File +
                                   "': " + llvm::StringRef(Why).trim());
  Entry =
      inferTargetAndDriverMode(inferMissingCompileCommands(expandResponseFiles(
          std::move(Database), llvm::vfs::getRealFileSystem())));
  return Entry.get();
}

std::string CompileCommands::databaseFor(llvm::StringRef File) const {
  if (BuildPath.empty())
    return findCompileDatabase(File);
  llvm::SmallString<256> DatabaseFile(BuildPath);
  if (!fs::is_regular_file(DatabaseFile))
    path::append(DatabaseFile, DatabaseName);
  return DatabaseFile.str().str();
}

bool CompileCommands::hasDatabaseFor(llvm::StringRef File) const {
  return Fixed || fs::exists(databaseFor(File));
}

std::vector<std::string> CompileCommands::allSources() const {
  std::vector<std::string> Files;
  for (const auto &Entry : Loaded)
    if (Entry.second)
      llvm::append_range(Files, Entry.second->getAllFiles());
  llvm::sort(Files);
  Files.erase(llvm::unique(Files), Files.end());
  return Files;
}

llvm::Expected<std::vector<CompileCommand>>
CompileCommands::get(llvm::StringRef File, const ExtraFlags &Extra) {
  std::vector<CompileCommand> Commands;
  if (Fixed) {
    Commands = Fixed->getCompileCommands(File);
  } else {
    std::string DatabaseFile = databaseFor(File);
    if (DatabaseFile.empty())
      return llvm::createStringError("no compile command for '" + File +
                                     "': no " + DatabaseName +
                                     " here or above; " + HowToMakeOne);
    if (!fs::exists(DatabaseFile))
      return llvm::createStringError("no compile database '" + DatabaseFile +
                                     "'; " + HowToMakeOne);
    auto Database = load(DatabaseFile);
    if (!Database)
      return Database.takeError();
    Commands = (*Database)->getCompileCommands(File);
    if (Commands.empty())
      return llvm::createStringError(
          "no compile command for '" + File + "' in '" + DatabaseFile +
          "', nor for a file that it could borrow from; add the file to a "
          "target and configure again with -DCMAKE_EXPORT_COMPILE_COMMANDS=ON, "
          "or give the flags after '--'");
  }

  std::vector<CompileCommand> Result;
  for (CompileCommand &Command : Commands) {
    std::vector<std::string> &Args = Command.CommandLine;
    Args = portableArguments(std::move(Args), File, Command.Directory);
    // The user's own additions are not filtered: they are meant for this tool.
    Args.insert(Args.begin() + !Args.empty(), Extra.Before.begin(),
                Extra.Before.end());
    Args = getInsertArgumentAdjuster(CommandLineArguments(Extra.After),
                                     ArgumentInsertPosition::END)(Args, File);
    Command.Filename = File.str();
    Command.Output.clear();
    if (!llvm::is_contained(Result, Command))
      Result.push_back(std::move(Command));
  }
  return Result;
}

} // namespace torch_tidy
