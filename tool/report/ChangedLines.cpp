#include "tool/report/ChangedLines.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace llvm;

namespace torch_tidy {

/// What git prints.
static Expected<std::string> git(ArrayRef<StringRef> Args) {
  ErrorOr<std::string> Program = sys::findProgramByName("git");
  if (!Program)
    return createStringError("--changed-since needs git, and there is no "
                             "program 'git' on the PATH");
  SmallString<128> Out, Err;
  if (sys::fs::createTemporaryFile("torch-tidy-git", "out", Out) ||
      sys::fs::createTemporaryFile("torch-tidy-git", "err", Err))
    return createStringError("no temporary file for git's output");
  auto CleanUp = make_scope_exit([&] {
    sys::fs::remove(Out);
    sys::fs::remove(Err);
  });
  SmallVector<StringRef, 16> All{*Program};
  append_range(All, Args);
  int Code = sys::ExecuteAndWait(*Program, All, std::nullopt,
                                 {StringRef(), Out.str(), Err.str()});
  auto Text = MemoryBuffer::getFile(Code == 0 ? Out : Err);
  if (Code != 0 || !Text)
    return createStringError(
        "--changed-since: " +
        (Text ? (*Text)->getBuffer().trim() : "git failed").str());
  return (*Text)->getBuffer().str();
}

ChangedLines ChangedLines::parse(StringRef Diff, StringRef Root) {
  ChangedLines Result;
  std::vector<Hunk> *Current = nullptr;
  unsigned OldLeft = 0, NewLeft = 0;
  for (StringRef Line : split(Diff, '\n')) {
    // A line of a hunk may look like a header; git says how many there are.
    if (OldLeft && Line.consume_front("-")) {
      --OldLeft;
      if (Current)
        (Current->back().Removed += Line) += '\n';
    } else if (NewLeft && Line.starts_with("+")) {
      --NewLeft;
    } else if (Line.consume_front("+++ ")) {
      Current = nullptr;
      // git quotes names with blanks at the end of it by a tab.
      Line = Line.rtrim('\t');
      if (Line.consume_front("b/"))
        Current = &Result.Files[(Root + "/" + Line).str()];
    } else if (Line.consume_front("@@ -")) {
      // @@ -OLD[,COUNT] +NEW[,COUNT] @@
      auto [Old, Rest] = Line.split(" +");
      StringRef New = Rest.split(' ').first;
      auto Count = [](StringRef Part) {
        unsigned Number = 1;
        if (Part.contains(','))
          Part.split(',').second.getAsInteger(10, Number);
        return Number;
      };
      unsigned First = 0;
      New.split(',').first.getAsInteger(10, First);
      OldLeft = Count(Old);
      NewLeft = Count(New);
      // Where nothing is new, git names the line before.
      First += NewLeft == 0;
      if (Current)
        Current->push_back({First, First + NewLeft - 1, ""});
    }
  }
  return Result;
}

Expected<ChangedLines> ChangedLines::since(StringRef Revision) {
  // Not --show-toplevel, which resolves the links that the user's own paths go
  // through.
  auto Up = git({"rev-parse", "--show-cdup"});
  if (!Up)
    return Up.takeError();
  SmallString<256> Top(StringRef(*Up).trim());
  sys::fs::make_absolute(Top);
  sys::path::remove_dots(Top, /*remove_dot_dot=*/true);
  // Before the first commit everything is new: git's empty tree.
  constexpr StringLiteral EmptyTree =
      "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
  if (Revision == "HEAD")
    if (auto Head = git({"rev-parse", "--verify", "--quiet", Revision});
        !Head) {
      consumeError(Head.takeError());
      Revision = EmptyTree;
    }
  // A file that is moved has not changed for it.
  auto Diff = git({"-c", "core.quotePath=false", "diff", "-U0", "--no-color",
                   "--no-ext-diff", "--find-renames", "--no-relative",
                   "--src-prefix=a/", "--dst-prefix=b/", Revision, "--"});
  if (!Diff)
    return Diff.takeError();
  ChangedLines Result = parse(*Diff, Top);
  auto Others =
      git({"-C", Top, "ls-files", "-z", "--others", "--exclude-standard"});
  if (!Others)
    return Others.takeError();
  for (StringRef Name : split(*Others, '\0'))
    if (!Name.empty())
      Result.Untracked.insert((Twine(Top) + "/" + Name).str());
  return Result;
}

/// True where \p Word stands in \p Text as a whole identifier.
static bool mentions(StringRef Text, StringRef Word) {
  auto IsPart = [](char C) { return isAlnum(C) || C == '_'; };
  for (size_t At = Text.find(Word); At != StringRef::npos;
       At = Text.find(Word, At + 1)) {
    size_t End = At + Word.size();
    if ((At == 0 || !IsPart(Text[At - 1])) &&
        (End == Text.size() || !IsPart(Text[End])))
      return true;
  }
  return false;
}

bool ChangedLines::concern(const FindingDetails &F, SourceTexts &Texts) const {
  std::vector<Place> Places{F.At};
  for (const StepDetails &S : F.History)
    Places.push_back(S.At);
  StringSet<> Names;
  for (const StepDetails &S : F.History)
    Names.insert(S.Subject);
  for (const OperandDetails &O : F.Operands)
    Names.insert(O.Spelling);
  Names.erase("");

  // First and last line of the finding's way through each file.
  StringMap<std::pair<unsigned, unsigned>> Ways;
  for (const Place &At : Places) {
    if (Untracked.contains(At.File))
      return true;
    unsigned Line = Texts[At.File].position(At.Offset).Line;
    auto [Way, New] = Ways.try_emplace(At.File, Line, Line);
    Way->second.first = std::min(Way->second.first, Line);
    Way->second.second = std::max(Way->second.second, Line);
    if (auto Changed = Files.find(At.File); Changed != Files.end())
      for (const Hunk &H : Changed->second)
        if (H.First <= Line && Line <= H.Last)
          return true;
  }
  for (const auto &Way : Ways) {
    auto [First, Last] = Way.second;
    if (auto Changed = Files.find(Way.first()); Changed != Files.end())
      for (const Hunk &H : Changed->second)
        if (First <= H.First && H.First <= Last &&
            any_of(Names.keys(),
                   [&](StringRef Name) { return mentions(H.Removed, Name); }))
          return true;
  }
  return false;
}

} // namespace torch_tidy
