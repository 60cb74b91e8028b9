//===- Html.cpp - --format=html: one file for people ----------------------===//
//
// For each finding: a timeline of devices (a lane for each, a line for each
// value, a cross where the program would stop), the steps in words, the lines
// they stand on, and what a repair makes of them. More than one finding have a
// table of contents. Styles are inside, light and dark; there is no script.
//
//===----------------------------------------------------------------------===//
#include "tool/report/Report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <set>

using namespace llvm;

namespace torch_tidy {
namespace {

constexpr StringLiteral Style = R"css(
:root { color-scheme: light dark; --back: #fff; --text: #1c1e21; --faint: #667; --line: #d5d8de;
  --lane: #f3f5f8; --bad: #c0262d; --mark: #fde3e3; --new: #dcf3e4; --a: #1f6feb; --b: #b35900; --c: #6f42c1; --d: #11734b; }
@media (prefers-color-scheme: dark) { :root { --back: #16181c; --text: #e6e8eb; --faint: #9aa2ad;
  --line: #363b44; --lane: #1f232a; --bad: #ff7b72; --mark: #4a2327; --new: #1c3a2a; --a: #6cb0ff; --b: #f0a35e;
  --c: #c29bff; --d: #5fd39b; } }
body { font: 15px/1.5 system-ui, sans-serif; background: var(--back); color: var(--text);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 0 0 .3rem; } .faint { color: var(--faint); }
a { color: var(--a); text-decoration: none; } a:hover { text-decoration: underline; }
.scroll { overflow-x: auto; margin: .6rem 0; } .contents { border-collapse: collapse; }
.contents td { padding: .1rem 1rem .1rem 0; vertical-align: top; } .contents td:first-child { white-space: nowrap; }
article { border-top: 1px solid var(--line); padding: 1.2rem 0; }
pre, code { font: 13px/1.5 ui-monospace, monospace; }
.source { border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; margin: .6rem 0; }
.source table { border-collapse: collapse; width: 100%; }
.source td { padding: 0 .6rem; white-space: pre; font: 13px/1.6 ui-monospace, monospace; }
.source td.no { color: var(--faint); text-align: right; width: 1%; }
.source tr.call td, .source tr.old td { background: var(--mark); } .source tr.new td { background: var(--new); }
 .source td.note { color: var(--faint); font-family: system-ui; }
.tag { border: 1px solid var(--line); border-radius: 1em; padding: 0 .6em; font-size: .85em; }
.tag.confirmed { border-color: var(--bad); color: var(--bad); }
svg { display: block; } svg text { font: 12px system-ui, sans-serif; fill: var(--text); }
)css";

/// The colours of the values in a timeline, by turns.
constexpr const char *Colours[] = {"var(--a)", "var(--b)", "var(--c)",
                                   "var(--d)"};

class HtmlWriter {
public:
  HtmlWriter(const Report &R, SourceTexts &Texts, raw_ostream &OS)
      : R(R), Texts(Texts), OS(OS) {}

  void write() {
    OS << "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width\">"
          "<title>torch-tidy</title>\n<style>"
       << Style << "</style></head>\n<body>\n<h1>torch-tidy</h1>\n<p>"
       << R.Findings.size()
       << (R.Findings.size() == 1 ? " finding" : " findings") << " in "
       << R.Files.size() << (R.Files.size() == 1 ? " file" : " files");
    if (!R.Fixed.empty())
      OS << ", " << R.Fixed.size() << " fixed since the baseline";
    totals();
    OS << "</p>\n";
    for (const Problem &P : R.Problems) {
      OS << "<p><strong>Not analysed:</strong> <code>";
      text(R.relative(P.At.File));
      OS << ':' << lineOf(P.At) << "</code>: ";
      text(P.Text);
      OS << "</p>\n";
    }
    if (R.Findings.size() > 1)
      contents();
    for (const ReportedFinding &F : R.Findings)
      finding(F);
    OS << "</body>\n</html>\n";
  }

private:
  const Report &R;
  SourceTexts &Texts;
  raw_ostream &OS;

  void text(StringRef Text) { printHTMLEscaped(Text.str(), OS); }
  unsigned lineOf(const Place &At) {
    return Texts[At.File].position(At.Offset).Line;
  }

  void tag(StringRef Text, StringRef Class = "") {
    OS << " <span class=\"tag";
    if (!Class.empty())
      OS << ' ' << Class;
    OS << "\">";
    text(Text);
    OS << "</span>";
  }

  void place(const Place &At) {
    text(R.relative(At.File));
    OS << ':' << lineOf(At);
  }

  /// By check, then by verdict.
  void totals() {
    std::map<std::string, unsigned> Checks, Verdicts;
    for (const ReportedFinding &F : R.Findings) {
      ++Checks[F.Check];
      if (F.Verdict)
        ++Verdicts[F.Verdict->Kind];
    }
    for (const auto *Counts : {&Checks, &Verdicts}) {
      StringRef Between = ": ";
      for (const auto &[Name, Number] : *Counts) {
        OS << (Counts == &Checks ? Between : StringRef(", ")) << Number << ' ';
        text(Name);
        Between = ", ";
      }
    }
  }

  void contents() {
    OS << "<nav class=\"scroll\"><table class=\"contents\">\n";
    for (const ReportedFinding &F : R.Findings) {
      OS << "<tr><td><a href=\"#" << F.Fingerprint << "\"><code>";
      place(F.At);
      OS << "</code></a></td><td>";
      text(F.Message);
      OS << "</td><td>";
      if (F.Verdict)
        tag(F.Verdict->Kind, F.Verdict->Kind);
      OS << "</td></tr>\n";
    }
    OS << "</table></nav>\n";
  }

  void finding(const ReportedFinding &F) {
    OS << "<article id=\"" << F.Fingerprint << "\">\n<h2>";
    text(F.Message);
    OS << "</h2>\n<p class=\"faint\"><code>";
    place(F.At);
    OS << "</code>";
    tag(F.Check);
    if (F.State != FindingState::NoBaseline)
      tag(stateName(F.State));
    if (F.Verdict)
      tag(F.Verdict->summary(), F.Verdict->Kind);
    OS << "</p>\n";
    timeline(F);
    OS << "<ol>\n";
    for (const StepDetails &S : F.History) {
      OS << "<li>";
      text(S.Text);
      OS << " <span class=\"faint\">";
      place(S.At);
      OS << "</span></li>\n";
    }
    if (!F.Predicted.empty()) {
      OS << "<li>the program would stop with: <code>";
      text(F.Predicted);
      OS << "</code></li>\n";
    }
    OS << "</ol>\n";
    if (F.Verdict) {
      OS << "<p>Seen: ";
      text(F.Verdict->Evidence);
      OS << "</p>\n";
    }
    source(F);
    for (const FixDetails &Fix : F.Fixes) {
      OS << (&Fix == &F.Fixes.front() ? "<p>To mend it: " : "<p>Or: ");
      text(Fix.Title);
      OS << "</p>\n";
      change(Fix);
    }
    OS << "</article>\n";
  }

  /// The lines that a repair edits, before and after; nothing where one of its
  /// edits goes over the end of a line.
  void change(const FixDetails &Fix) {
    std::map<std::pair<std::string, unsigned>, std::string> After;
    // From the last one on, so that what is before an edit has not moved.
    std::vector<clang::tooling::Replacement> Edits = Fix.Edits;
    llvm::sort(Edits);
    for (const clang::tooling::Replacement &Edit : llvm::reverse(Edits)) {
      const SourceText &Text = Texts[Edit.getFilePath()];
      unsigned Line = Text.position(Edit.getOffset()).Line;
      StringRef Before = Text.line(Line);
      unsigned At = Edit.getOffset() - Text.start(Line);
      if (At + Edit.getLength() > Before.size())
        return;
      After.try_emplace({Edit.getFilePath().str(), Line}, Before)
          .first->second.replace(At, Edit.getLength(),
                                 Edit.getReplacementText().str());
    }
    OS << "<div class=\"source\"><table>\n";
    for (const auto &[Where, New] : After) {
      sourceLine(Texts[Where.first].line(Where.second), Where.second, "old");
      for (StringRef Line : llvm::split(New, '\n'))
        sourceLine(Line, Where.second, "new");
    }
    OS << "</table></div>\n";
  }

  /// A lane for each device, top to bottom; steps from left to right.
  void timeline(const ReportedFinding &F) {
    std::set<std::string> Devices;
    std::vector<std::string> Subjects;
    for (const StepDetails &S : F.History)
      if (!S.Device.empty()) {
        Devices.insert(S.Device);
        if (!is_contained(Subjects, S.Subject))
          Subjects.push_back(S.Subject);
      }
    if (Devices.empty())
      return;
    constexpr int Left = 80, Wide = 110, High = 62;
    std::map<std::string, int> Lane;
    for (const std::string &Device : Devices)
      Lane.try_emplace(Device, static_cast<int>(Lane.size()));
    int Steps = F.History.size();
    int Width = Left + (Steps + 1) * Wide, Height = Devices.size() * High;
    OS << "<div class=\"scroll\"><svg role=\"img\" aria-label=\"Devices over time\" width=\"" << Width
       << "\" height=\"" << Height + 22 << "\" viewBox=\"0 0 " << Width << ' '
       << Height + 22 << "\">\n";
    for (const auto &[Device, Row] : Lane) {
      OS << "<rect x=\"0\" y=\"" << Row * High + 3 << "\" width=\"" << Width
         << "\" height=\"" << High - 6
         << "\" rx=\"6\" fill=\"var(--lane)\"/><text x=\"10\" y=\""
         << Row * High + High / 2 + 4 << "\">";
      text(StringRef(Device).upper());
      OS << "</text>\n";
    }
    auto X = [&](int Step) { return Left + Step * Wide + Wide / 3; };
    for (size_t I = 0; I < Subjects.size(); ++I) {
      // Values on one device run side by side.
      auto Y = [&](const StepDetails &S) {
        return Lane[S.Device] * High + 20 + static_cast<int>(I % 3) * 14;
      };
      const char *Colour = Colours[I % std::size(Colours)];
      std::string Points, Dots;
      raw_string_ostream Line(Points), Marks(Dots);
      const StepDetails *Last = nullptr;
      for (int N = 0; N < Steps; ++N) {
        const StepDetails &S = F.History[N];
        if (S.Device.empty() || S.Subject != Subjects[I])
          continue;
        // Stays where it is until shortly before it moves.
        if (Last)
          Line << X(N) - Wide / 4 << ',' << Y(*Last) << ' ';
        Line << X(N) << ',' << Y(S) << ' ';
        Marks << "<circle cx=\"" << X(N) << "\" cy=\"" << Y(S)
              << "\" r=\"5\" fill=\"" << Colour << "\"/>";
        if (!Last) {
          Marks << "<text x=\"" << X(N) + 8 << "\" y=\"" << Y(S) - 5 << "\">";
          printHTMLEscaped(S.Subject, Marks);
          Marks << "</text>";
        }
        Last = &S;
      }
      Line << X(Steps) << ',' << Y(*Last);
      OS << "<polyline points=\"" << Points << "\" fill=\"none\" stroke=\""
         << Colour << "\" stroke-width=\"2\"/>" << Dots << '\n';
    }
    for (int N = 0; N < Steps; ++N)
      OS << "<text x=\"" << X(N) << "\" y=\"" << Height + 15
         << "\" text-anchor=\"middle\">" << N + 1 << "</text>";
    int End = X(Steps);
    OS << "<line x1=\"" << End << "\" y1=\"4\" x2=\"" << End << "\" y2=\""
       << Height - 4
       << "\" stroke=\"var(--bad)\" stroke-width=\"2\" "
          "stroke-dasharray=\"4 3\"/><text x=\""
       << End << "\" y=\"" << Height + 15
       << "\" text-anchor=\"middle\" style=\"fill:var(--bad)\">&#10007; line "
       << lineOf(F.At) << "</text>\n</svg></div>\n";
  }

  /// The lines of the steps and of the call, each with its neighbours.
  void source(const ReportedFinding &F) {
    std::map<std::string, std::map<unsigned, std::vector<std::string>>> Notes;
    auto &Call = Notes[F.At.File][lineOf(F.At)];
    for (size_t I = 0; I < F.History.size(); ++I) {
      const StepDetails &S = F.History[I];
      Notes[S.At.File][lineOf(S.At)].push_back(std::to_string(I + 1) + ". " +
                                               S.Text);
    }
    Call.push_back(F.Message);
    for (const auto &[File, Lines] : Notes) {
      const SourceText &Text = Texts[File];
      OS << "<div class=\"source\"><table>\n<tr><td class=\"no\"></td><td "
            "class=\"note\">";
      text(R.relative(File));
      OS << "</td></tr>\n";
      unsigned Next = 1;
      for (const auto &Entry : Lines) {
        unsigned Line = Entry.first;
        unsigned From = std::max(Next, Line > 1 ? Line - 1 : 1);
        if (From > Next)
          OS << "<tr><td class=\"no\">&#8942;</td><td></td></tr>\n";
        for (unsigned N = From; N <= Line; ++N)
          sourceLine(Text.line(N), N,
                     File == F.At.File && N == lineOf(F.At) ? "call" : "");
        for (const std::string &Note : Entry.second) {
          OS << "<tr><td class=\"no\"></td><td class=\"note\">&#8593; ";
          text(Note);
          OS << "</td></tr>\n";
        }
        Next = Line + 1;
      }
      OS << "</table></div>\n";
    }
  }

  void sourceLine(StringRef Line, unsigned Number, StringRef Class) {
    OS << "<tr";
    if (!Class.empty())
      OS << " class=\"" << Class << '"';
    OS << "><td class=\"no\">" << Number << "</td><td>";
    text(Line);
    OS << "</td></tr>\n";
  }
};

} // namespace

void writeHtml(const Report &R, SourceTexts &Texts, raw_ostream &OS) {
  HtmlWriter(R, Texts, OS).write();
}

} // namespace torch_tidy
