#include "test/unit/TemporaryFolder.h"
#include "tool/report/ApplyFixes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace torch_tidy;
using clang::tidy::ClangTidyError;
using clang::tooling::Replacement;

namespace {

struct Edit {
  unsigned Offset, Length;
  std::string Text;
};

ClangTidyError finding(const std::string &File, std::vector<Edit> Edits) {
  ClangTidyError Error("torch-device-mismatch", ClangTidyError::Warning, "/",
                       /*IsWarningAsError=*/false);
  for (const Edit &E : Edits)
    llvm::cantFail(Error.Message.Fix[File].add(
        Replacement(File, E.Offset, E.Length, E.Text)));
  return Error;
}

TEST(ApplyFixes, EachFindingIsMended) {
  TemporaryFolder Folder;
  std::string File = Folder.write("a.cpp", "f(x); g(y);");
  auto Counts = applyFixes(
      {finding(File, {{3, 0, ".cuda()"}}), finding(File, {{9, 0, ".cpu()"}})},
      "none");
  ASSERT_TRUE(static_cast<bool>(Counts));
  EXPECT_EQ(2u, Counts->Applied);
  EXPECT_EQ(0u, Counts->Refused);
  EXPECT_EQ("f(x.cuda()); g(y.cpu());", TemporaryFolder::read(File));
}

TEST(ApplyFixes, AnOverlappingFixIsRefusedWithAllItsEdits) {
  TemporaryFolder Folder;
  std::string File = Folder.write("a.cpp", "f(x); g(y);");
  // The second replaces the same "x", and would also edit "y".
  auto Counts = applyFixes(
      {finding(File, {{2, 1, "p"}}), finding(File, {{8, 1, "q"}, {2, 1, "r"}})},
      "none");
  ASSERT_TRUE(static_cast<bool>(Counts));
  EXPECT_EQ(1u, Counts->Applied);
  EXPECT_EQ(1u, Counts->Refused);
  EXPECT_EQ("f(p); g(y);", TemporaryFolder::read(File));
}

TEST(ApplyFixes, TheSameEditOfTwoFindingsIsDoneOnce) {
  TemporaryFolder Folder;
  std::string File = Folder.write("a.cpp", "auto x = ones();");
  auto Counts = applyFixes({finding(File, {{15, 0, ".cuda()"}}),
                            finding(File, {{15, 0, ".cuda()"}})},
                           "none");
  ASSERT_TRUE(static_cast<bool>(Counts));
  EXPECT_EQ(2u, Counts->Applied);
  EXPECT_EQ("auto x = ones().cuda();", TemporaryFolder::read(File));
}

TEST(ApplyFixes, AFindingWithoutAFixChangesNothing) {
  TemporaryFolder Folder;
  std::string File = Folder.write("a.cpp", "f(x);");
  auto Counts = applyFixes({finding(File, {})}, "none");
  ASSERT_TRUE(static_cast<bool>(Counts));
  EXPECT_EQ(0u, Counts->Applied);
  EXPECT_EQ("f(x);", TemporaryFolder::read(File));
}

TEST(ApplyFixes, EditedLinesAreFormattedWhereAskedFor) {
  TemporaryFolder Folder;
  std::string File = Folder.write("a.cpp", "int  a;\nint b = f(x);\n");
  auto Counts = applyFixes({finding(File, {{18, 1, "x,y"}})}, "llvm");
  ASSERT_TRUE(static_cast<bool>(Counts));
  EXPECT_EQ("int  a;\nint b = f(x, y);\n", TemporaryFolder::read(File));
}

TEST(ApplyFixes, AFileThatIsGoneIsAnErrorThatNamesIt) {
  TemporaryFolder Folder;
  std::string File = (Folder.Path + "/gone.cpp").str();
  auto Counts = applyFixes({finding(File, {{0, 0, "x"}})}, "none");
  ASSERT_FALSE(static_cast<bool>(Counts));
  EXPECT_THAT(llvm::toString(Counts.takeError()), testing::HasSubstr(File));
}

} // namespace
