#include "test/unit/TemporaryFolder.h"
#include "tool/frontend/CompileCommands.h"
#include "tool/frontend/LibraryCode.h"
#include "tool/frontend/ResourceDir.h"
#include "llvm/Support/FileSystem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace torch_tidy;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

namespace {

std::vector<std::string> portable(std::vector<std::string> Arguments) {
  return portableArguments(std::move(Arguments), "a.cpp");
}

TEST(LibraryCode, LibTorchIsALibraryWhetherSystemOrNot) {
  EXPECT_EQ(Owner::Library,
            ownerOfPath("/opt/libtorch/include/torch/csrc/api/include/torch/"
                        "nn/module.h",
                        /*IsSystem=*/false, "/home/me/p/a.cpp"));
  EXPECT_EQ(Owner::Library, ownerOfPath("/opt/libtorch/include/c10/Device.h",
                                        /*IsSystem=*/true, "/home/me/p/a.cpp"));
}

TEST(LibraryCode, StandardLibraryKeepsItsBodies) {
  EXPECT_EQ(Owner::Standard,
            ownerOfPath("/usr/include/c++/12/bits/stl_algo.h",
                        /*IsSystem=*/true, "/home/me/p/a.cpp"));
}

TEST(LibraryCode, VendoredFoldersOfTheProjectAreLibraries) {
  EXPECT_EQ(Owner::Library, ownerOfPath("/home/me/p/third_party/json.hpp",
                                        false, "/home/me/p/src/a.cpp"));
  EXPECT_EQ(Owner::User, ownerOfPath("/home/me/p/include/net.h", false,
                                     "/home/me/p/src/a.cpp"));
}

TEST(LibraryCode, AProjectBelowAVendorFolderIsStillTheUsers) {
  EXPECT_EQ(Owner::User, ownerOfPath("/home/me/external/p/include/net.h", false,
                                     "/home/me/external/p/src/a.cpp"));
}

TEST(Arguments, BuildOutputsGo) {
  EXPECT_THAT(
      portable({"c++", "-MD", "-MF", "a.d", "-o", "a.o", "-c", "a.cpp", "-DX"}),
      testing::AllOf(Not(Contains("-MF")), Not(Contains("-o")),
                     IsSupersetOf({"a.cpp", "-DX"})));
}

TEST(Arguments, PrecompiledHeadersOfTheBuildGo) {
  EXPECT_THAT(portable({"clang++", "-Xclang", "-include-pch", "-Xclang",
                        "cmake_pch.hxx.pch", "-Xclang", "-include", "-Xclang",
                        "cmake_pch.hxx", "a.cpp"}),
              testing::AllOf(Not(Contains("-include-pch")),
                             Not(Contains("cmake_pch.hxx.pch")),
                             Contains("cmake_pch.hxx")));
}

TEST(Arguments, FlagsThatOnlyGccKnowsGo) {
  EXPECT_THAT(
      portable({"g++", "-fno-gnu-unique", "-fconserve-stack", "-O2", "a.cpp"}),
      testing::AllOf(Not(Contains("-fno-gnu-unique")),
                     Not(Contains("-fconserve-stack")), Contains("-O2")));
}

TEST(Arguments, NvccsOptionsBecomeClangs) {
  std::vector<std::string> Got = portableArguments(
      {"nvcc", "-forward-unknown-to-host-compiler", "-ccbin", "g++", "-gencode",
       "arch=compute_80,code=sm_80", "--generate-code=arch=compute_90",
       "-Xcompiler=-fPIC,-fopenmp", "-Xptxas", "-v", "--threads", "4",
       "--expt-relaxed-constexpr", "--define-macro", "A", "-I=/opt/a",
       "-isystem=/opt/b", "-DB=1", "--std", "c++17", "-x", "cu", "-dc", "a.cu",
       "-o", "a.o"},
      "a.cu");
  EXPECT_THAT(Got, IsSupersetOf({"-fPIC", "-fopenmp", "-D", "A", "-I", "/opt/a",
                                 "-isystem", "/opt/b", "-DB=1", "-std=c++17",
                                 "-x", "cuda", "a.cu", "--cuda-host-only"}));
  for (const char *Gone : {"g++", "arch=compute_80,code=sm_80", "-v", "4", "cu",
                           "-dc", "a.o", "-gencode", "-ccbin"})
    EXPECT_THAT(Got, Not(Contains(Gone)));
}

TEST(Arguments, NvccsFilesOfOptionsAreRead) {
  TemporaryFolder Folder;
  Folder.write("includes.rsp", "-I/opt/a -isystem=/opt/b");
  EXPECT_THAT(portableArguments({"/usr/bin/nvcc", "--options-file",
                                 "includes.rsp", "-optf=none.rsp", "a.cu"},
                                "a.cu", Folder.Path),
              IsSupersetOf({"-I/opt/a", "-isystem", "/opt/b", "a.cu"}));
}

TEST(Arguments, OtherCompilersOptionsAreNotNvccs) {
  EXPECT_THAT(portable({"g++", "-t", "-Xcompiler", "a.cpp"}),
              Not(Contains("--cuda-host-only")));
}

TEST(Arguments, NothingMakesClangTalkAboutItself) {
  EXPECT_THAT(portable({"g++", "-v", "a.cpp"}), Not(Contains("-v")));
}

TEST(CompileCommands, DatabaseIsFoundAboveAndInBuildFolders) {
  TemporaryFolder Folder;
  std::string Source = Folder.write("src/deep/a.cpp");
  EXPECT_EQ("", findCompileDatabase(Source));
  std::string InOut = Folder.write("out/compile_commands.json", "[]");
  EXPECT_EQ(InOut, findCompileDatabase(Source));
  std::string Above = Folder.write("src/compile_commands.json", "[]");
  EXPECT_EQ(Above, findCompileDatabase(Source));
}

TEST(CompileCommands, AFileWithoutAnEntryBorrowsFromTheNearest) {
  TemporaryFolder Folder;
  std::string Header = Folder.write("src/net.h");
  Folder.write("compile_commands.json", R"([
    {"directory": "/", "file": "/x/other.cpp", "command": "c++ -DFAR -c /x/other.cpp"},
    {"directory": "/", "file": "/y/src/net.cpp", "command": "c++ -DNEAR -c /y/src/net.cpp"}])");
  auto Commands = CompileCommands::search("").get(Header, ExtraFlags());
  ASSERT_TRUE(static_cast<bool>(Commands));
  EXPECT_EQ("inferred from /y/src/net.cpp", Commands->front().Heuristic);
  EXPECT_THAT(Commands->front().CommandLine,
              IsSupersetOf({std::string("-DNEAR"), Header}));
}

TEST(CompileCommands, ADatabaseWithoutEntriesIsAnErrorThatNamesBoth) {
  TemporaryFolder Folder;
  std::string Source = Folder.write("a.cpp");
  std::string Database = Folder.write("compile_commands.json", "[]");
  CompileCommands Search = CompileCommands::search("");
  EXPECT_TRUE(Search.hasDatabaseFor(Source));
  auto Commands = Search.get(Source, ExtraFlags());
  ASSERT_FALSE(static_cast<bool>(Commands));
  std::string Text = llvm::toString(Commands.takeError());
  EXPECT_THAT(Text, HasSubstr(Source));
  EXPECT_THAT(Text, HasSubstr(Database));
}

TEST(CompileCommands, TheSameCommandOfTwoTargetsComesOnce) {
  TemporaryFolder Folder;
  std::string Source = Folder.write("a.cpp");
  auto Entry = [&](llvm::StringRef Flags) {
    return ("{\"directory\": \"" + Folder.Path.str() + "\", \"file\": \"" +
            Source + "\", \"command\": \"c++ " + Flags + " -c " + Source +
            "\"}")
        .str();
  };
  Folder.write("compile_commands.json", "[" + Entry("-DA -o a.o") + "," +
                                            Entry("-DA -o b.o") + "," +
                                            Entry("-DB -o c.o") + "]");
  auto Commands = CompileCommands::search("").get(Source, ExtraFlags());
  ASSERT_TRUE(static_cast<bool>(Commands));
  EXPECT_EQ(2u, Commands->size());
}

TEST(CompileCommands, ExtraFlagsGoBeforeAndAfter) {
  TemporaryFolder Folder;
  std::string Source = Folder.write("a.cpp");
  auto Fixed = std::make_unique<clang::tooling::FixedCompilationDatabase>(
      ".", llvm::ArrayRef<std::string>{"-DMIDDLE"});
  ExtraFlags Extra;
  Extra.Before = {"-DFIRST"};
  Extra.After = {"-include-pch", "mine.pch"};
  auto Commands = CompileCommands::fixed(std::move(Fixed)).get(Source, Extra);
  ASSERT_TRUE(static_cast<bool>(Commands));
  const std::vector<std::string> &Line = Commands->front().CommandLine;
  EXPECT_EQ("-DFIRST", Line[1]);
  EXPECT_THAT(Line, IsSupersetOf({"-DMIDDLE", "-include-pch", "mine.pch"}));
}

TEST(ResourceDir, HasClangsOwnHeaders) {
  auto Dir = findResourceDir();
  ASSERT_TRUE(static_cast<bool>(Dir));
  EXPECT_TRUE(llvm::sys::fs::exists(*Dir + "/include/stddef.h"));
}

} // namespace
