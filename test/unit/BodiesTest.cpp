// Which bodies of a file are parsed, by what it has to do with LibTorch.
#include "tool/frontend/Frontend.h"
#include "tool/frontend/ResourceDir.h"
#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/DiagnosticOptions.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace torch_tidy;
using testing::UnorderedElementsAre;

namespace {

/// The functions that were parsed with a body.
class Collect : public clang::ASTConsumer {
public:
  explicit Collect(std::vector<std::string> &Into) : Into(Into) {}
  void HandleTranslationUnit(clang::ASTContext &AST) override {
    for (const clang::Decl *D : AST.getTranslationUnitDecl()->decls())
      if (auto *F = clang::dyn_cast<clang::FunctionDecl>(D); F && F->hasBody())
        Into.push_back(F->getNameAsString());
  }

private:
  std::vector<std::string> &Into;
};

/// Parses \p Code behind a header of the standard library and of another one.
std::vector<std::string> bodiesIn(const std::string &Code) {
  auto Files = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  auto Add = [&](const char *Path, const std::string &Text) {
    Files->addFile(Path, 0, llvm::MemoryBuffer::getMemBufferCopy(Text));
  };
  Add("/lib/include/c++/12/part", "inline int standard() { return 1; }\n");
  Add("/lib/other/other.h", "inline int library() { return 1; }\n");
  Add("/p/a.cpp", "#include <part>\n#include <other.h>\n"
                  "int user() { return 1; }\n" +
                      Code);
  const clang::tooling::CompileCommand Command(
      "/p", "a.cpp",
      {"clang++", "-std=c++20", "-nostdinc", "-isystem", "/lib/include/c++/12",
       "-isystem", "/lib/other", "-fsyntax-only", "a.cpp"},
      "");
  std::vector<std::string> Found;
  clang::IgnoringDiagConsumer Quiet;
  auto ResourceDir = findResourceDir();
  EXPECT_TRUE(
      runFrontend({Command, ResourceDir ? *ResourceDir : "", Quiet, Files},
                  [&](clang::CompilerInstance &, llvm::StringRef) {
                    return std::make_unique<Collect>(Found);
                  }));
  return Found;
}

TEST(Bodies, WithoutLibTorchOnlyTheUsersAreParsed) {
  EXPECT_THAT(bodiesIn(""), UnorderedElementsAre("user"));
  EXPECT_THAT(bodiesIn("namespace att {}\nint at;\n"),
              UnorderedElementsAre("user"));
}

TEST(Bodies, WithLibTorchTheStandardLibrarysAreToo) {
  const auto Both = UnorderedElementsAre("user", "standard");
  EXPECT_THAT(bodiesIn("namespace at { class Tensor; }\n"), Both);
  EXPECT_THAT(bodiesIn("namespace [[deprecated]] at {}\n"), Both);
  EXPECT_THAT(bodiesIn("#define OPEN(x) namespace x {\nOPEN(at) }\n"), Both);
}

} // namespace
