//===- CommonFlags.h - the options that sub-commands share ----------------===//
//
// Which files, how they are compiled, and what is looked for. The names and
// meanings are clang-tidy's. An option exists while its object does: each
// sub-command makes one CommonFlags, adds its own options (with `cl::sub`) and
// parses, so one sub-command's options are unknown to the others, and LLVM's
// own options, of which the libraries bring many, to all.
//
//===----------------------------------------------------------------------===//
#ifndef TORCH_TIDY_TOOL_TORCHTIDY_COMMONFLAGS_H
#define TORCH_TIDY_TOOL_TORCHTIDY_COMMONFLAGS_H

#include "tool/frontend/CacheDir.h"
#include "tool/frontend/CompileCommands.h"
#include "tool/torch-tidy/NamedValues.h"
#include "llvm/Support/CommandLine.h"
#include <optional>

namespace torch_tidy {

/// How torch-tidy ends (CodeChecker's meaning).
enum ExitCode {
  ExitClean = 0,      ///< Nothing found.
  ExitCannotRun = 1,  ///< Bad option, no such file, no compile command.
  ExitFindings = 2,   ///< At least one finding.
  ExitIncomplete = 3, ///< Some translation unit failed to parse.
};

/// Writes "torch-tidy: error: TEXT" to standard error; returns ExitCannotRun.
int fail(const llvm::Twine &Text);
/// Writes "torch-tidy: note: TEXT" to standard error.
void note(const llvm::Twine &Text);

/// Parses what follows the sub-command's name; \p argv[0] is the program. An
/// exit code where there is nothing more to do; the reason has been printed.
std::optional<int> parseSubCommand(llvm::cl::SubCommand &Command,
                                   llvm::cl::OptionCategory &Category, int argc,
                                   const char **argv, llvm::StringRef Overview);

/// The folder that `--cache-dir` names, else the default; absolute, or empty
/// where there is none.
std::string cacheFolder(llvm::StringRef Named);

/// What to do with a source that no compile database is found for.
enum class MissingDatabase { Fail, Skip };

struct CommonFlags {
  llvm::cl::SubCommand Command;
  llvm::cl::OptionCategory Category{"torch-tidy options"};

  llvm::cl::list<std::string> Sources{
      llvm::cl::Positional, llvm::cl::desc("<source>..."),
      llvm::cl::value_desc("source"), llvm::cl::sub(Command),
      llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> BuildPath{
      "p",
      llvm::cl::Prefix,
      llvm::cl::value_desc("build folder"),
      llvm::cl::desc("Where compile_commands.json is. Default: the first one "
                     "at or above each source, or in build*/, out/ or "
                     "cmake-build-*/ there"),
      llvm::cl::sub(Command),
      llvm::cl::cat(Category)};
  llvm::cl::opt<MissingDatabase, false, NamedValues<MissingDatabase>>
      IfMissingDatabase{
          "if-missing-db",
          llvm::cl::desc("Sources that no compile database is found for:"),
          llvm::cl::values(
              clEnumValN(MissingDatabase::Fail, "fail",
                         "say how to make one, exit with 1 (default)"),
              clEnumValN(MissingDatabase::Skip, "skip",
                         "say so and leave them out")),
          llvm::cl::init(MissingDatabase::Fail),
          llvm::cl::sub(Command),
          llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> Checks{
      "checks", llvm::cl::value_desc("globs"),
      llvm::cl::desc("Comma-separated globs of checks, '-' in front turns off; "
                     "added to the checks of the configuration"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> Config{
      "config", llvm::cl::value_desc("yaml"),
      llvm::cl::desc("Configuration in the form of a .clang-tidy file"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> ConfigFile{
      "config-file", llvm::cl::value_desc("file"),
      llvm::cl::desc("Configuration file, in place of the nearest .clang-tidy"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> HeaderFilter{
      "header-filter", llvm::cl::value_desc("regex"),
      llvm::cl::desc("Headers whose findings are shown. Default: all but "
                     "system headers"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> ExcludeHeaderFilter{
      "exclude-header-filter", llvm::cl::value_desc("regex"),
      llvm::cl::desc("Headers whose findings are not shown"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<std::string> LineFilter{
      "line-filter", llvm::cl::value_desc("json"),
      llvm::cl::desc("Keep findings with a step on these lines: "
                     "[{\"name\":\"a.cpp\",\"lines\":[[1,3],[5,7]]}]"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::list<std::string> ExtraArgs{
      "extra-arg", llvm::cl::value_desc("flag"),
      llvm::cl::desc("Compiler flag to append to every command"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::list<std::string> ExtraArgsBefore{
      "extra-arg-before", llvm::cl::value_desc("flag"),
      llvm::cl::desc("Compiler flag to put before the others"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<bool> Quiet{"quiet",
                            llvm::cl::desc("Print findings and errors only"),
                            llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<bool> UseColor{
      "use-color",
      llvm::cl::desc("Colours, also where the output is no "
                     "terminal"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<unsigned> Jobs{
      "j",
      llvm::cl::Prefix,
      llvm::cl::init(0),
      llvm::cl::value_desc("N"),
      llvm::cl::desc("Files at a time. Default: one a core"),
      llvm::cl::sub(Command),
      llvm::cl::cat(Category)};

  llvm::cl::opt<std::string> CacheFolder{
      "cache-dir", llvm::cl::value_desc("dir"),
      llvm::cl::desc("Where what is worth keeping is kept. Default: "
                     "$TORCH_TIDY_CACHE_DIR, else torch-tidy in the user's "
                     "cache folder"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};
  llvm::cl::opt<unsigned> CacheLimit{
      "cache-limit",
      llvm::cl::init(CacheDir::DefaultLimit >> 20),
      llvm::cl::value_desc("MiB"),
      llvm::cl::desc("Size that the cache is kept below. Default: 2048"),
      llvm::cl::sub(Command),
      llvm::cl::cat(Category)};
  llvm::cl::opt<bool> NoCache{
      "no-cache",
      llvm::cl::desc("Neither use what earlier runs kept nor keep anything"),
      llvm::cl::sub(Command), llvm::cl::cat(Category)};

  /// `Name` is the sub-command's.
  explicit CommonFlags(llvm::StringRef Name) : Command(Name) {}

  /// Parses `[options] <source>... [-- <compiler args>]`. An exit code where
  /// there is nothing more to do; the reason has been printed.
  std::optional<int> parse(int argc, const char **argv,
                           llvm::StringRef Overview);

  /// The sources as absolute paths, each once; the error names one that is not
  /// a file.
  llvm::Expected<std::vector<std::string>> sourceFiles() const;
  /// The compile commands: the flags after `--`, or from a database. Once.
  CompileCommands compileCommands();
  /// The cache to use; null for none.
  std::unique_ptr<CacheDir> cache() const;
  /// True until compileCommands() has given away the flags after `--`.
  bool hasFixedCommand() const { return AfterDashes != nullptr; }

private:
  std::unique_ptr<clang::tooling::CompilationDatabase> AfterDashes;
};

} // namespace torch_tidy

#endif
