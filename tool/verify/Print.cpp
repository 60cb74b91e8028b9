//===- Print.cpp ----------------------------------------------------------===//
#include "tool/verify/Print.h"

using namespace torch_tidy::verify;

void torch_tidy::verify::print(llvm::raw_ostream &OS, const ProbedFinding &F,
                               const Verdict &V,
                               const std::string &BackendName) {
  OS << F.Where << ": warning: " << F.Message << " [" << F.Check << "]\n";
  if (!F.Line.empty()) {
    OS << "    " << F.Line << "\n    ";
    for (unsigned I = 1; I < F.Column && I <= F.Line.size(); ++I)
      OS << (F.Line[I - 1] == '\t' ? '\t' : ' ');
    OS << "^\n";
  }
  for (const Note &N : F.Notes)
    OS << N.Where << ": note: " << N.Text << "\n";
  OS << F.Where << ": note: " << verdictName(V.Kind) << " on " << BackendName
     << ": " << V.Evidence << "\n";
  // The one outcome that is the analyzer's own fault: a line to send.
  if (V.Kind == VerdictKind::Refuted)
    OS << F.Where << ": note: please report this as an error of " << F.Check
       << ": '" << F.Message << "' was refuted (" << V.Evidence << ")\n";
}

std::string Tally::str() const {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  OS << total() << (total() == 1 ? " finding: " : " findings: ");
  const char *Separator = "";
  for (VerdictKind K : {VerdictKind::Confirmed, VerdictKind::Refuted,
                        VerdictKind::Unreached, VerdictKind::Inconclusive}) {
    OS << Separator << (*this)[K] << ' ' << verdictName(K);
    Separator = ", ";
  }
  return Text;
}
