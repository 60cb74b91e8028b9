"""Has `torch-tidy verify` run the findings of a random program, and compares its verdicts with what the program did."""

import collections
import json
import subprocess

KINDS = ("confirmed", "refuted", "unreached", "inconclusive")


class Finding:
    def __init__(self, source, report):
        self.source, self.line, self.check, self.message = source, report["line"], report["check"], report["message"]
        verdict = report.get("verdict") or {"kind": "none", "evidence": ""}
        self.kind, self.evidence = verdict["kind"], verdict["evidence"]
        self.threw = False  # what the program did, where it was judged


def verify(tool, source, torch, flags, timeout=1200):
    command = [tool, "verify", "--quiet", "--use-color=0", "--format=json", "-j1", "--device=emulated", "--libtorch=" + torch, source, "--"] + flags
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if result.returncode not in (0, 2, 3):
        raise SystemExit("{} ended with {}:\n{}".format(" ".join(command), result.returncode, result.stderr[-2000:]))
    return [Finding(source, report) for report in json.loads(result.stdout)["findings"]]


def note_throws(findings, runs):
    """Marks the findings on lines that threw or crashed when the program ran by itself."""
    threw = {line for run in runs if run.status != "ok" for line in run.chain} | {run.caught for run in runs}
    for finding in findings:
        finding.threw = finding.line in threw


def wrong(finding):
    """No verdict, an open one, or one that the program's own run contradicts."""
    return finding.kind in ("none", "inconclusive") or (finding.kind != "confirmed" and finding.threw)


def table(findings):
    rows = collections.defaultdict(collections.Counter)
    for finding in findings:
        for row in (finding.check, "~all"):
            rows[row][finding.kind] += 1
            rows[row]["contradicted"] += finding.kind != "confirmed" and finding.threw
    print("\n| check | findings | {} | threw, not confirmed |\n|---|---|---|---|---|---|---|".format(" | ".join(KINDS)))
    for name in sorted(rows):
        row = rows[name]
        counts = [sum(row[kind] for kind in KINDS + ("none",))] + [row[kind] for kind in KINDS] + [row["contradicted"]]
        print("| {} | {} |".format(name.strip("~"), " | ".join(map(str, counts))))
