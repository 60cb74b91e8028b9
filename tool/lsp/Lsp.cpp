#include "tool/lsp/Lsp.h"
#include "tool/frontend/ResourceDir.h"
#include "tool/lsp/Server.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/TargetSelect.h"

namespace torch_tidy {

static constexpr llvm::StringLiteral Overview =
    R"(torch-tidy lsp: findings in an editor, by the Language Server Protocol

Reads from standard input and writes to standard output. Options and flags after
'--' mean what they mean for torch-tidy; the editor names the files.
)";

int runLsp(int argc, const char **argv) {
  CommonFlags Flags("lsp");
  if (std::optional<int> Code = Flags.parse(argc, argv, Overview))
    return *Code;
  if (!Flags.Sources.empty())
    return fail("lsp: the editor names the files, not the command line: '" +
                Flags.Sources.front() + "'");
  llvm::Expected<TidyConfig> Config = TidyConfig::fromFlags(Flags);
  if (!Config)
    return fail(llvm::toString(Config.takeError()));
  llvm::Expected<std::string> ResourceDir = findResourceDir();
  if (!ResourceDir)
    return fail(llvm::toString(ResourceDir.takeError()));
  llvm::CrashRecoveryContext::Enable();

  llvm::lsp::JSONTransport Transport(stdin, llvm::outs());
  return Server(DocumentLinter(Flags, std::move(*Config), *ResourceDir),
                Transport)
      .run();
}

} // namespace torch_tidy
