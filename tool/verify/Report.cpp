//===- Report.cpp ---------------------------------------------------------===//
#include "tool/verify/Report.h"
#include "llvm/Support/raw_ostream.h"

using namespace torch_tidy;
using namespace torch_tidy::verify;

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

Verdict verify::judge(const ProbedFinding &F, const Events &E) {
  auto Weight = [](VerdictKind K) {
    switch (K) {
    case VerdictKind::Confirmed:
      return 3;
    case VerdictKind::Refuted:
      return 2;
    case VerdictKind::Inconclusive:
      return 1;
    case VerdictKind::Unreached:
      return 0;
    }
    return 0;
  };
  Verdict Best;
  bool First = true;
  for (const Claim &C : F.Claims) {
    Verdict V = judge(C, E);
    if (First || Weight(V.Kind) > Weight(Best.Kind))
      Best = std::move(V);
    First = false;
  }
  return Best;
}

void verify::addVerdict(ProbedFinding &F, const Verdict &V,
                        const std::string &BackendName) {
  auto Note = [&](const std::string &Text) {
    clang::tooling::DiagnosticMessage N = F.Report.Message;
    N.Message = Text;
    N.Fix.clear();
    N.Ranges.clear();
    F.Report.Notes.push_back(std::move(N));
  };
  Note(verdictName(V.Kind).str() + " on " + BackendName + ": " + V.Evidence);
  // The one outcome that is the analyzer's own fault.
  if (V.Kind == VerdictKind::Refuted)
    Note("please report this as an error of " + F.Report.DiagnosticName +
         ": \"" + F.Report.Message.Message + "\" was refuted on " +
         BackendName + " (" + V.Evidence + ")");
}
