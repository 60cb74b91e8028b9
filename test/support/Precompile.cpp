//===- Precompile.cpp - makes the precompiled header of the lit tests -----===//
//
// torch-tidy-precompile OUTPUT HEADER -- FLAGS

#include "tool/frontend/CompileCommands.h"
#include "tool/frontend/Frontend.h"
#include "tool/frontend/ResourceDir.h"
#include "clang/Frontend/TextDiagnosticPrinter.h"
#include "llvm/Support/raw_ostream.h"

using namespace torch_tidy;

int main(int argc, const char **argv) {
  std::string Why;
  auto Flags = clang::tooling::FixedCompilationDatabase::loadFromCommandLine(
      argc, argv, Why);
  auto ResourceDir = findResourceDir();
  if (!Flags || argc != 3 || !ResourceDir) {
    llvm::errs() << "usage: torch-tidy-precompile OUTPUT HEADER -- FLAGS\n";
    return 1;
  }
  auto Commands =
      CompileCommands::fixed(std::move(Flags)).get(argv[2], ExtraFlags());
  if (!Commands) {
    llvm::errs() << llvm::toString(Commands.takeError()) << '\n';
    return 1;
  }
  clang::DiagnosticOptions Options;
  clang::TextDiagnosticPrinter Printer(llvm::errs(), Options);
  return precompile({Commands->front(), *ResourceDir, Printer}, argv[1]) ? 0
                                                                         : 1;
}
