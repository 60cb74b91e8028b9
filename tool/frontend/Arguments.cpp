//===- Arguments.cpp - what of a compile command this clang can use -------===//

#include "tool/frontend/CompileCommands.h"
#include "tool/frontend/Nvcc.h"
#include "clang/Options/Options.h"
#include "clang/Tooling/ArgumentsAdjusters.h"
#include "llvm/Option/ArgList.h"

using namespace clang;
using namespace clang::tooling;

namespace torch_tidy {

/// Number of arguments that a precompiled header of another compiler takes at
/// `Rest`; 0 for another argument. CMake writes `-Xclang -include-pch -Xclang
/// FILE`.
static size_t precompiledHeaderLength(llvm::ArrayRef<std::string> Rest) {
  if (Rest.front() == "-include-pch" && Rest.size() > 1)
    return 2;
  if (Rest.size() > 3 && Rest[0] == "-Xclang" && Rest[1] == "-include-pch" &&
      Rest[2] == "-Xclang")
    return 4;
  if (Rest.front() == "-fpch-instantiate-templates" ||
      Rest.front() == "-Winvalid-pch")
    return 1;
  return 0;
}

static std::vector<std::string>
withoutPrecompiledHeaders(const std::vector<std::string> &Arguments) {
  std::vector<std::string> Result;
  llvm::ArrayRef<std::string> Rest = Arguments;
  while (!Rest.empty()) {
    if (size_t Length = precompiledHeaderLength(Rest)) {
      Rest = Rest.drop_front(Length);
      continue;
    }
    Result.push_back(Rest.front());
    Rest = Rest.drop_front();
  }
  return Result;
}

/// Flags that clang's own option table does not know: GCC's, and those of a
/// newer clang. Clang's driver would refuse the whole command for one of them.
static std::vector<std::string>
withoutUnknownFlags(const std::vector<std::string> &Arguments) {
  std::vector<const char *> Raw;
  for (const std::string &Argument : llvm::drop_begin(Arguments))
    Raw.push_back(Argument.c_str());
  unsigned MissingIndex, MissingCount;
  llvm::opt::InputArgList Parsed = getDriverOptTable().ParseArgs(
      Raw, MissingIndex, MissingCount,
      llvm::opt::Visibility(options::ClangOption));
  llvm::BitVector Drop(Arguments.size());
  for (const llvm::opt::Arg *A : Parsed.filtered(options::OPT_UNKNOWN))
    Drop.set(A->getIndex() + 1);
  std::vector<std::string> Result;
  for (size_t I = 0; I < Arguments.size(); ++I)
    if (!Drop.test(I))
      Result.push_back(Arguments[I]);
  return Result;
}

std::vector<std::string> portableArguments(std::vector<std::string> Arguments,
                                           llvm::StringRef File,
                                           llvm::StringRef Directory) {
  Arguments = withoutNvcc(std::move(Arguments), Directory);
  Arguments = withoutPrecompiledHeaders(Arguments);
  // They make clang print what it is, among the findings.
  llvm::erase_if(Arguments, [](llvm::StringRef Argument) {
    return Argument == "-v" || Argument == "--verbose" || Argument == "-###";
  });
  for (const ArgumentsAdjuster &Adjust :
       {getClangStripOutputAdjuster(), getClangStripDependencyFileAdjuster(),
        getStripPluginsAdjuster(), getClangSyntaxOnlyAdjuster()})
    Arguments = Adjust(Arguments, File);
  Arguments = forCudaHost(withoutUnknownFlags(Arguments), File);
  // The compiler's own warnings are not what the user asked for here, and
  // must not become errors; narrowing is only a warning in GCC.
  return getInsertArgumentAdjuster(
      CommandLineArguments{"-w", "-Wno-error", "-Wno-error=c++11-narrowing"},
      ArgumentInsertPosition::END)(Arguments, File);
}

} // namespace torch_tidy
