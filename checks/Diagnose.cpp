#include "checks/Diagnose.h"
#include "llvm/ADT/STLExtras.h"

using namespace clang;

namespace torch_tidy {

bool isApplicable(const Fix &Repair) {
  return !Repair.Hints.empty() &&
         llvm::all_of(Repair.Hints, [](const FixItHint &Hint) {
           SourceRange Range = Hint.RemoveRange.getAsRange();
           return Range.isValid() && Range.getBegin().isFileID() &&
                  Range.getEnd().isFileID();
         });
}

void diagnose(const Finding &F, StartDiagnostic Start) {
  // Texts go in as arguments: they quote the user's source, and a '%' in a
  // format string means something.
  auto Note = [&](SourceLocation Loc, llvm::StringRef Text) {
    return Start(Loc.isValid() ? Loc : F.Loc, "%0", DiagnosticIDs::Note)
           << Text;
  };

  std::vector<const Fix *> Fixes;
  for (const Fix &Repair : F.Fixes)
    if (isApplicable(Repair))
      Fixes.push_back(&Repair);

  {
    std::string Text = F.Message;
    if (!F.Condition.empty())
      Text += " " + F.Condition;
    auto Warning = Start(F.Loc, "%0", DiagnosticIDs::Warning) << Text;
    if (F.Range.isValid())
      Warning << F.Range;
    if (!Fixes.empty())
      for (const FixItHint &Hint : Fixes.front()->Hints)
        Warning << Hint;
  }
  for (const Step &S : F.History)
    Note(S.Loc, S.Text);
  if (!F.Predicted.empty())
    Note(F.Loc, "the program would stop with: " + F.Predicted);
  for (const Fix *Repair : llvm::drop_begin(Fixes, Fixes.empty() ? 0 : 1)) {
    auto Alternative = Note(Repair->Hints.front().RemoveRange.getBegin(),
                            "alternatively, " + Repair->Title);
    for (const FixItHint &Hint : Repair->Hints)
      Alternative << Hint;
  }
}

} // namespace torch_tidy
