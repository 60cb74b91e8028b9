//===- Main.cpp - torch-tidy: picks the sub-command -----------------------===//

#include "tool/lsp/Lsp.h"
#include "tool/torch-tidy/CacheCommand.h"
#include "tool/torch-tidy/CommonFlags.h"
#include "tool/torch-tidy/Explain.h"
#include "tool/torch-tidy/Lint.h"
#ifdef TORCH_TIDY_HAS_VERIFY
#include "tool/verify/Verify.h"
#endif
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace torch_tidy;

namespace {

struct SubCommand {
  llvm::StringLiteral Name;
  /// `argv[0]` is the program; the options follow.
  int (*Run)(int argc, const char **argv);
};

/// The first runs where no name is given.
constexpr SubCommand SubCommands[] = {
    {"lint", runLint},       {"cache", runCache},
    {"explain", runExplain}, {"lsp", runLsp},
#ifdef TORCH_TIDY_HAS_VERIFY
    {"verify", runVerify},
#endif
};

/// What else would be taken for the name of a file.
llvm::StringRef nearestSubCommand(llvm::StringRef Wrong) {
  if (!Wrong.starts_with("-"))
    for (const SubCommand &Known : SubCommands)
      if (Wrong.edit_distance(Known.Name) < 3)
        return Known.Name;
  return "";
}

void printVersion(llvm::raw_ostream &OS) {
  OS << "torch-tidy " TORCH_TIDY_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
}

} // namespace

int main(int argc, const char **argv) {
  llvm::InitLLVM Init(argc, argv);
  llvm::cl::SetVersionPrinter(printVersion);
  llvm::SmallVector<const char *, 64> Args(argv, argv + argc);
  const auto *Sub = llvm::find_if(SubCommands, [&](const SubCommand &Known) {
    return argc > 1 && Known.Name == argv[1];
  });
  if (Sub != std::end(SubCommands))
    Args.erase(Args.begin() + 1);
  else if (llvm::StringRef Near = argc > 1 ? nearestSubCommand(argv[1]) : "";
           !Near.empty() && !llvm::sys::fs::exists(argv[1]))
    return fail("unknown sub-command '" + llvm::StringRef(argv[1]) +
                "'; did you mean '" + Near + "'?");
  else
    Sub = std::begin(SubCommands);
  const int Code = Sub->Run(Args.size(), Args.data());
  // Where the analysis of a file crashed, LLVM's own state may be damaged, and
  // taking it apart would crash the program that has just told the rest.
  llvm::outs().flush();
  llvm::errs().flush();
  llvm::sys::Process::Exit(Code, /*NoCleanup=*/true);
}
