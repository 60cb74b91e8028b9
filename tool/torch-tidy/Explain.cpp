#include "tool/torch-tidy/Explain.h"
#include "checks/Manifest.h"
#include "tool/report/Docs.h"
#include "tool/torch-tidy/CommonFlags.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace torch_tidy {
namespace {

constexpr llvm::StringLiteral Usage =
    "usage: torch-tidy explain <check | error text | file with errors>";

/// True where \p Wording stands in \p Text; "..." is anything within a line.
/// Shells differ in how they write "Segmentation fault".
bool stands(llvm::StringRef Text, llvm::StringRef Wording) {
  for (llvm::StringRef Line : llvm::split(Text, '\n')) {
    llvm::StringRef Rest = Line, Parts = Wording;
    bool Found = true;
    while (Found && !Parts.empty()) {
      auto [Part, After] = Parts.split("...");
      size_t At = Rest.find_insensitive(Part);
      Found = At != llvm::StringRef::npos;
      if (Found)
        Rest = Rest.drop_front(At + Part.size());
      Parts = After;
    }
    if (Found)
      return true;
  }
  return false;
}

/// Sections begin with "## "; the first code block has the wordings.
bool isAbout(llvm::StringRef Section, llvm::StringRef Text) {
  llvm::StringRef Block = Section.split("```\n").second.split("\n```").first;
  return llvm::any_of(llvm::split(Block, '\n'), [&](llvm::StringRef Wording) {
    return !Wording.empty() && stands(Text, Wording);
  });
}

} // namespace

int runExplain(int argc, const char **argv) {
  if (argc != 2)
    return fail(Usage);
  llvm::StringRef Asked = argv[1];
  if (Asked == "--help" || Asked == "-h") {
    llvm::outs() << Usage << '\n';
    return ExitClean;
  }
  for (const CheckInfo &Check : allChecks()) {
    if (Check.name() != Asked)
      continue;
    llvm::StringRef Page = checkPage(Asked);
    if (Page.empty())
      llvm::outs() << Asked << ": " << Check.Help << '\n';
    else
      llvm::outs() << Page;
    return ExitClean;
  }
  std::string Text = Asked.str();
  if (llvm::sys::fs::is_regular_file(Asked)) {
    auto Buffer = llvm::MemoryBuffer::getFile(Asked);
    if (!Buffer)
      return fail("cannot read '" + Asked +
                  "': " + Buffer.getError().message());
    Text = (*Buffer)->getBuffer().str();
  }
  bool Any = false;
  llvm::StringRef Rest = errorsPage().split("\n## ").second;
  while (!Rest.empty()) {
    auto [Section, After] = Rest.split("\n## ");
    Rest = After;
    if (!isAbout(Section, Text))
      continue;
    llvm::outs() << (Any ? "\n" : "") << "## " << Section.rtrim() << '\n';
    Any = true;
  }
  if (Any)
    return ExitClean;
  return fail("nothing is known of '" + Asked +
              "'; name a check ('torch-tidy --list-checks'), the text of an "
              "error, or a file with one in it");
}

} // namespace torch_tidy
