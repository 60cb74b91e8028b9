//===- DriverText.cpp - a plan as the text of a program -------------------===//
#include "tool/verify/Plan.h"
#include "tool/verify/Quoted.h"

using llvm::SmallVector;
using llvm::StringRef;
using llvm::Twine;
using namespace torch_tidy::verify;

/// The file name that the appended text goes by in the compiler's messages.
static constexpr llvm::StringLiteral DriverName = "<torch-tidy driver>";

unsigned DriverPlan::size() const {
  return llvm::count_if(Entries,
                        [](const Entry &E) { return E.Dropped.empty(); });
}

std::string DriverPlan::text() const {
  if (!size())
    return "";
  // One line for each entry, so that a line of a message names one.
  std::string Functions, Table;
  for (size_t I = 0; I < Entries.size(); ++I) {
    const Entry &E = Entries[I];
    if (!E.Dropped.empty())
      continue;
    std::string Name = "entry_" + std::to_string(I);
    Functions += ("#line " + Twine(I + 1) + " \"" + DriverName +
                  "\"\nstatic void " + Name +
                  "(::torch_tidy::driver::Args &A) { (void)A; "
                  "::torch_tidy::probe::begin(); " +
                  E.Body + " }\n")
                     .str();
    Table += "  {" + quoted(E.Name) + ", torch_tidy_entries::" + Name + ", {";
    for (const auto *Ids : {&E.Ids, &E.Behind})
      for (unsigned Id : *Ids)
        Table += std::to_string(Id) + ", ";
    Table += std::string("}, ") + (E.Fallback ? "true" : "false") +
             ", torch_tidy_entries::sizes},\n";
  }
  // The user's macros must not reach into what follows.
  std::string Text = "\n";
  for (const char *Word :
       {"A", "Argc", "Argv", "Args", "Batch", "Count", "Data", "Example",
        "Mode", "Name", "Target", "entry", "object", "run", "sizes"})
    Text += std::string("#undef ") + Word + "\n";
  if (Loader)
    Text += "#include \"driver/MakeLoader.h\"\n";
  if (Mnist)
    Text += "#include \"driver/MakeMnist.h\"\n";
  Text += "#include <iostream>\n#include <memory>\n"
          "namespace torch_tidy_entries {\n"
          "static const std::vector<int64_t> sizes{" +
          Sizes + "};\n" + Functions + "}\n";
  Text += "int main(int Argc, char **Argv) {\n  return "
          "::torch_tidy::driver::run(Argc, Argv, {\n" +
          Table + "  }, {\n" + Expected + "  });\n}\n";
  return Text;
}

bool DriverPlan::dropFailing(StringRef Words) {
  bool Any = false;
  SmallVector<StringRef> Lines;
  Words.split(Lines, '\n');
  for (StringRef Line : Lines) {
    // "<torch-tidy driver>:3:57: error: ..." or a note that leads there.
    size_t At = Line.find(DriverName);
    if (At == StringRef::npos)
      continue;
    unsigned Number;
    StringRef Rest = Line.substr(At + DriverName.size() + 1);
    if (Rest.consumeInteger(10, Number) || !Number || Number > Entries.size() ||
        !Entries[Number - 1].Dropped.empty())
      continue;
    StringRef Why = Rest.split(": ").second;
    Entries[Number - 1].Dropped = "its call does not compile: " + Why.str();
    Any = true;
  }
  return Any;
}
