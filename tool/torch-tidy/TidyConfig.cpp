#include "tool/torch-tidy/TidyConfig.h"
#include "clang-tidy/ClangTidy.h"
#include "clang-tidy/GlobList.h"
#include "tool/torch-tidy/CommonFlags.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace clang::tidy;

namespace torch_tidy {

/// Takes `Checks` out of a configuration that is not about torch checks.
static ClangTidyOptions ownPart(ClangTidyOptions Options) {
  if (Options.Checks && !llvm::StringRef(*Options.Checks).contains("torch"))
    Options.Checks.reset();
  return Options;
}

static llvm::ErrorOr<ClangTidyOptions>
parseOwnPart(llvm::MemoryBufferRef Config) {
  llvm::ErrorOr<ClangTidyOptions> Options = parseConfiguration(Config);
  if (!Options)
    return Options;
  return ownPart(std::move(*Options));
}

/// A provider of clang-tidy's that reads .clang-tidy files with `parseOwnPart`.
/// (The constructor that takes handlers leaves it without a file system.)
template <class Provider> class OwnPartOf : public Provider {
public:
  template <class... Args>
  explicit OwnPartOf(Args &&...A) : Provider(std::forward<Args>(A)...) {
    this->ConfigHandlers = {{".clang-tidy", parseOwnPart}};
  }
};

/// Among `Known` the name that is nearest to a misspelt one; may be empty.
static llvm::StringRef nearest(llvm::StringRef Wrong,
                               const llvm::StringSet<> &Known) {
  llvm::StringRef Best;
  unsigned BestDistance = 5;
  for (llvm::StringRef Name : Known.keys()) {
    unsigned Distance =
        Wrong.edit_distance_insensitive(Name, true, BestDistance);
    if (Distance < BestDistance) {
      Best = Name;
      BestDistance = Distance;
    }
  }
  return Best;
}

static std::string unknown(llvm::StringRef Kind, llvm::StringRef Wrong,
                           const llvm::StringSet<> &Known) {
  std::string Text = llvm::formatv("unknown {0} '{1}'", Kind, Wrong);
  if (llvm::StringRef Name = nearest(Wrong, Known); !Name.empty())
    Text += llvm::formatv("; did you mean '{0}'?", Name);
  return Text;
}

static ChecksAndOptions known() {
  return getAllChecksAndOptions(/*AllowEnablingAnalyzerAlphaCheckers=*/false,
                                /*ExperimentalCustomChecks=*/false);
}

/// The globs of a list that match no check of ours.
static std::vector<std::string> unmatched(llvm::StringRef Globs) {
  std::vector<std::string> Result;
  const GlobList List(Globs);
  for (const auto &Item : List.getItems())
    if (!Item.Text.empty() &&
        llvm::none_of(allChecks(), [&](const CheckInfo &Check) {
          return Item.Regex.match(Check.name());
        }))
      Result.push_back(Item.Text.str());
  return Result;
}

llvm::Error checkGlobs(llvm::StringRef Option, llvm::StringRef Globs) {
  std::vector<std::string> Wrong = unmatched(Globs);
  if (Wrong.empty())
    return llvm::Error::success();
  return llvm::createStringError(
      Option + ": " + unknown("check", Wrong.front(), known().Checks) +
      " ('torch-tidy --list-checks --checks=torch-*' lists all)");
}

llvm::Error checkFilters(const ClangTidyOptions &Options) {
  const std::pair<llvm::StringRef, const std::optional<std::string> &>
      Filters[] = {{"header-filter", Options.HeaderFilterRegex},
                   {"exclude-header-filter", Options.ExcludeHeaderFilterRegex}};
  for (const auto &[Name, Regex] : Filters) {
    std::string Why;
    if (Regex && !Regex->empty() && !llvm::Regex(*Regex).isValid(Why))
      return llvm::createStringError("--" + Name +
                                     " (or its key in .clang-tidy) '" + *Regex +
                                     "': " + Why);
  }
  return llvm::Error::success();
}

llvm::Expected<TidyConfig> TidyConfig::fromFlags(const CommonFlags &Flags) {
  TidyConfig Result;
  if (parseLineFilter(Flags.LineFilter, Result.Global))
    return llvm::createStringError(
        "--line-filter: '" + Flags.LineFilter +
        "' is not of the form [{\"name\":\"a.cpp\",\"lines\":[[1,3]]}]");

  ClangTidyOptions &Defaults = Result.Defaults;
  Defaults.Checks = defaultChecks();
  Defaults.WarningsAsErrors = "";
  Defaults.HeaderFilterRegex = ".*";
  Defaults.ExcludeHeaderFilterRegex = "";
  Defaults.SystemHeaders = false;
  Defaults.FormatStyle = "none";
  Defaults.User = llvm::sys::Process::GetEnv("USER");

  ClangTidyOptions &Overrides = Result.Overrides;
  if (Flags.Checks.getNumOccurrences()) {
    if (llvm::Error Wrong = checkGlobs("--checks", Flags.Checks))
      return std::move(Wrong);
    Overrides.Checks = Flags.Checks;
  }
  if (Flags.HeaderFilter.getNumOccurrences())
    Overrides.HeaderFilterRegex = Flags.HeaderFilter;
  if (Flags.ExcludeHeaderFilter.getNumOccurrences())
    Overrides.ExcludeHeaderFilterRegex = Flags.ExcludeHeaderFilter;
  if (Flags.UseColor.getNumOccurrences())
    Overrides.UseColor = Flags.UseColor;

  if (Flags.Config.getNumOccurrences() && Flags.ConfigFile.getNumOccurrences())
    return llvm::createStringError("--config and --config-file exclude each "
                                   "other");
  std::string Text = Flags.Config;
  std::string Source = "--config";
  if (Flags.ConfigFile.getNumOccurrences()) {
    auto Buffer = llvm::MemoryBuffer::getFile(Flags.ConfigFile);
    if (!Buffer)
      return llvm::createStringError("cannot read configuration '" +
                                     Flags.ConfigFile +
                                     "': " + Buffer.getError().message());
    Text = (*Buffer)->getBuffer().str();
    Source = Flags.ConfigFile;
  } else if (!Flags.Config.getNumOccurrences()) {
    return Result;
  }
  // Where it is wrong the parser says on standard error, with line and caret.
  auto Parsed = parseConfiguration(llvm::MemoryBufferRef(Text, Source));
  if (!Parsed)
    return llvm::createStringError("the configuration of " + Source +
                                   " is not valid");
  Result.Fixed = ownPart(std::move(*Parsed));
  return Result;
}

std::unique_ptr<ClangTidyOptionsProvider> TidyConfig::provider() const {
  if (Fixed)
    return std::make_unique<OwnPartOf<ConfigOptionsProvider>>(
        Global, ClangTidyOptions::getDefaults().merge(Defaults, 0), *Fixed,
        Overrides);
  return std::make_unique<OwnPartOf<FileOptionsProvider>>(Global, Defaults,
                                                          Overrides);
}

std::vector<CheckInfo> enabledChecks(const ClangTidyOptions &Options) {
  GlobList Globs(Options.Checks.value_or(""));
  std::vector<CheckInfo> Enabled;
  llvm::copy_if(
      allChecks(), std::back_inserter(Enabled),
      [&](const CheckInfo &Check) { return Globs.contains(Check.name()); });
  return Enabled;
}

int listChecks(const ClangTidyOptions &Options) {
  llvm::outs() << "Enabled checks:\n";
  for (const CheckInfo &Check : enabledChecks(Options))
    llvm::outs() << llvm::formatv("    {0,-28} {1}\n", Check.name(),
                                  Check.Help);
  return ExitClean;
}

int dumpConfig(const ClangTidyOptions &Options) {
  std::vector<std::string> Enabled = getCheckNames(Options, false, false);
  ClangTidyOptions Effective = Options;
  Effective.CheckOptions = getCheckOptions(Options, false, false);
  Effective = ClangTidyOptions::getDefaults().merge(Effective, 0);
  filterCheckOptions(Effective, Enabled);
  llvm::outs() << configurationAsText(Effective) << '\n';
  return ExitClean;
}

int verifyConfig(ClangTidyOptionsProvider &Provider, llvm::StringRef File) {
  const ChecksAndOptions Known = known();
  bool AnyWrong = false;
  auto Report = [&](llvm::StringRef Source, const std::string &Text) {
    AnyWrong = true;
    llvm::WithColor::warning(llvm::errs(), Source) << Text << '\n';
  };
  for (const auto &[Options, Source] : Provider.getRawOptions(File)) {
    // Checks and options of clang-tidy's own are not ours to judge.
    if (Options.Checks)
      for (const std::string &Wrong : unmatched(*Options.Checks))
        if (llvm::StringRef(Wrong).starts_with("torch"))
          Report(Source, unknown("check", Wrong, Known.Checks));
    for (const auto &Option : Options.CheckOptions) {
      llvm::StringRef Key = Option.getKey(), Value = Option.getValue().Value;
      unsigned Number;
      if (!Key.starts_with_insensitive("torch"))
        continue;
      if (!Known.Options.contains(Key))
        Report(Source, unknown("check option", Key, Known.Options));
      else if (Value.getAsInteger(10, Number))
        Report(Source, llvm::formatv("check option '{0}' is '{1}', not a "
                                     "number",
                                     Key, Value));
    }
    if (llvm::Error Wrong = checkFilters(Options))
      Report(Source, llvm::toString(std::move(Wrong)));
  }
  if (AnyWrong)
    return ExitCannotRun;
  llvm::outs() << "No config errors detected.\n";
  return ExitClean;
}

} // namespace torch_tidy
