#include "tool/torch-tidy/CacheCommand.h"
#include "tool/frontend/CacheDir.h"
#include "tool/torch-tidy/CommonFlags.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;

namespace torch_tidy {

static constexpr llvm::StringLiteral Overview =
    R"(torch-tidy cache: what is kept between runs

  info    where it is and what it holds
  prune   remove what was not used for longest, down to --cache-limit
  clear   remove everything

It can be removed at any time, also while torch-tidy runs.
)";

static double mebibytes(uint64_t Bytes) { return double(Bytes) / (1 << 20); }

static void printPart(llvm::StringRef Name, const CacheUsage::Part &Part) {
  llvm::outs() << llvm::formatv("  {0,-10} {1,8:f1} MiB in {2} file{3}\n", Name,
                                mebibytes(Part.Bytes), Part.Files,
                                Part.Files == 1 ? "" : "s");
}

int runCache(int argc, const char **argv) {
  cl::SubCommand Command("cache");
  cl::OptionCategory Category("torch-tidy cache options");
  cl::opt<std::string> Action(cl::Positional, cl::desc("info|prune|clear"),
                              cl::sub(Command), cl::cat(Category));
  cl::opt<std::string> Folder(
      "cache-dir", cl::value_desc("dir"),
      cl::desc("The cache, where it is not the default"), cl::sub(Command),
      cl::cat(Category));
  cl::opt<unsigned> Limit("cache-limit", cl::value_desc("MiB"),
                          cl::init(CacheDir::DefaultLimit >> 20),
                          cl::desc("What prune leaves at most. Default: 2048"),
                          cl::sub(Command), cl::cat(Category));
  if (std::optional<int> Code =
          parseSubCommand(Command, Category, argc, argv, Overview))
    return *Code;

  const CacheDir Cache(cacheFolder(Folder));
  if (Cache.folder().empty())
    return fail("there is no cache folder; name one with --cache-dir");
  if (Action == "info") {
    CacheUsage Usage = Cache.usage();
    llvm::outs() << Cache.folder()
                 << llvm::formatv(": {0:f1} MiB\n", mebibytes(Usage.bytes()));
    printPart("preambles", Usage.Preambles);
    printPart("results", Usage.Results);
    printPart("verify", Usage.Others);
    return ExitClean;
  }
  if (Action == "prune") {
    uint64_t Removed = Cache.prune(uint64_t(Limit) << 20);
    llvm::outs() << llvm::formatv("removed {0:f1} MiB, {1:f1} MiB left\n",
                                  mebibytes(Removed),
                                  mebibytes(Cache.usage().bytes()));
    return ExitClean;
  }
  if (Action == "clear") {
    if (llvm::Error Failed = Cache.clear())
      return fail(llvm::toString(std::move(Failed)));
    return ExitClean;
  }
  return fail(Action.empty()
                  ? llvm::Twine("cache: say what to do: info, prune or clear")
                  : "cache: unknown action '" + Action.getValue() +
                        "'; there are info, prune and clear");
}

} // namespace torch_tidy
