#include "tool/torch-tidy/CommonFlags.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;

namespace torch_tidy {

int fail(const llvm::Twine &Text) {
  llvm::WithColor::error(llvm::errs(), "torch-tidy") << Text << '\n';
  return ExitCannotRun;
}

void note(const llvm::Twine &Text) {
  llvm::WithColor::note(llvm::errs(), "torch-tidy") << Text << '\n';
}

std::optional<int> parseSubCommand(cl::SubCommand &Command,
                                   cl::OptionCategory &Category, int argc,
                                   const char **argv,
                                   llvm::StringRef Overview) {
  cl::HideUnrelatedOptions(Category, Command);
  // LLVM's parser wants the sub-command's name in the first place.
  std::string Name = Command.getName().str();
  llvm::SmallVector<const char *, 64> Args(argv, argv + argc);
  Args.insert(Args.begin() + 1, Name.c_str());
  // With a stream for errors the parser returns instead of leaving.
  std::string Errors;
  llvm::raw_string_ostream ErrorStream(Errors);
  if (cl::ParseCommandLineOptions(Args.size(), Args.data(), Overview,
                                  &ErrorStream))
    return std::nullopt;
  llvm::errs() << Errors;
  return ExitCannotRun;
}

std::string cacheFolder(llvm::StringRef Named) {
  llvm::SmallString<256> Folder(Named);
  if (Folder.empty())
    Folder = CacheDir::defaultFolder();
  if (Folder.empty())
    return "";
  llvm::sys::fs::make_absolute(Folder);
  llvm::sys::path::remove_dots(Folder, /*remove_dot_dot=*/true);
  return Folder.str().str();
}

std::optional<int> CommonFlags::parse(int argc, const char **argv,
                                      llvm::StringRef Overview) {
  std::string Why;
  AfterDashes = clang::tooling::FixedCompilationDatabase::loadFromCommandLine(
      argc, argv, Why);
  // A whole compile command, as CMake passes it, makes it complain of `-o` and
  // go on.
  if (!AfterDashes && !Why.empty())
    return fail("the flags after '--' cannot be used: " +
                llvm::StringRef(Why).trim());
  if (auto Code = parseSubCommand(Command, Category, argc, argv, Overview))
    return Code;
  // The default is done without where it cannot be; one that is named, is
  // meant.
  if (!NoCache && !CacheFolder.empty())
    if (std::error_code EC = llvm::sys::fs::create_directories(CacheFolder))
      return fail("--cache-dir: cannot make '" + CacheFolder +
                  "': " + EC.message());
  return std::nullopt;
}

llvm::Expected<std::vector<std::string>> CommonFlags::sourceFiles() const {
  std::vector<std::string> Files;
  for (const std::string &Source : Sources) {
    if (!llvm::sys::fs::exists(Source))
      return llvm::createStringError("no such file: '" + Source + "'");
    if (llvm::sys::fs::is_directory(Source))
      return llvm::createStringError("'" + Source +
                                     "' is a folder; name its source files");
    llvm::SmallString<256> Absolute(Source);
    llvm::sys::fs::make_absolute(Absolute);
    llvm::sys::path::remove_dots(Absolute, /*remove_dot_dot=*/true);
    if (!llvm::is_contained(Files, Absolute.str()))
      Files.push_back(Absolute.str().str());
  }
  return Files;
}

std::unique_ptr<CacheDir> CommonFlags::cache() const {
  std::string Folder = NoCache ? "" : cacheFolder(CacheFolder);
  if (Folder.empty())
    return nullptr;
  return std::make_unique<CacheDir>(std::move(Folder), uint64_t(CacheLimit)
                                                           << 20);
}

CompileCommands CommonFlags::compileCommands() {
  if (AfterDashes)
    return CompileCommands::fixed(std::move(AfterDashes));
  return CompileCommands::search(BuildPath);
}

} // namespace torch_tidy
