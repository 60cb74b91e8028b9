"""Compares what torch-tidy says of a program with what the program does."""

import json
import os
import re
import subprocess

CHECKS = {"torch-device-mismatch", "torch-dtype-mismatch", "torch-host-access", "torch-optimizer-before-move"}
# Messages of the kind that the checks are about. Any other is the generator's mistake.
EXPECTED = re.compile(
    r"same device|should be the same|dtype|[Ss]calar ?[Tt]ype|same type|device type|is on|to be on|data type|host|CUDA|cuda|"
    r"on (the )?CPU|must match|type (Float|Double|Long|Half)|expected .* type|cannot be cast|can't be cast|used as indices"
)


class Run:
    """What one case did for one value of `flag`."""

    def __init__(self, fields):
        self.case, self.flag, self.status = fields[0], fields[1] == "1", fields[2]
        self.chain = [int(n) for n in fields[3].split(",")]
        self.caught = int(fields[4])
        self.seen = {int(n) for n in fields[5].split(",") if n}
        self.message = fields[6].strip() if len(fields) > 6 else ""


def execute(binary, emulator, timeout=1200):
    environment = dict(os.environ, LD_PRELOAD=emulator, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    result = subprocess.run([binary], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", timeout=timeout)
    return [Run(line.split("\t")) for line in result.stdout.splitlines() if line.startswith("case_")]


def lint(tool, source, flags, timeout=600):
    """[(line, check, message)]"""
    command = [tool, "--quiet", "--use-color=0", "--format=json", "-j1", source, "--"] + flags
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if result.returncode not in (0, 2, 3):
        raise SystemExit("{} ended with {}:\n{}".format(" ".join(command), result.returncode, result.stderr[-2000:]))
    report = json.loads(result.stdout)
    for problem in report["problems"]:
        print("problem:", json.dumps(problem))
    return [(f["line"], f["check"], f["message"]) for f in report["findings"]]


class Verdict:
    def __init__(self, kind, case, construct, line, text):
        self.kind, self.case, self.construct, self.line, self.text = kind, case, construct, line, text


def judge(source, cases, runs, findings):
    """A verdict for each throw (found, missed), each false finding, and each
    case that is silent rightly (quiet). `odd`: a message that no check is
    about. What stands after the first throw of a case is not judged."""
    with open(source, encoding="utf-8") as text:
        text = dict(enumerate(text, 1))
    tags = {number: re.search(r"  // (\w+)$", line) for number, line in text.items()}

    def tag(*candidates):
        """The construct that wrote the outermost of these lines."""
        return next((tags[line].group(1) for line in candidates if tags.get(line)), construct)

    verdicts = []
    by_case = {}
    for run in runs:
        by_case.setdefault(run.case, []).append(run)
    for name, (construct, first, last, _) in cases.items():
        own = [f for f in findings if first <= f[0] <= last and f[1] in CHECKS]
        lines = {f[0] for f in own}
        accepted, throws, odd = set(), {}, {}
        for run in by_case.get(name, []):
            if run.caught:
                accepted.add(run.caught)
            if run.status == "ok":
                continue
            if run.status == "exit" or (run.status == "throw" and not EXPECTED.search(run.message)):
                odd[run.chain[0]] = run
                continue
            accepted.update(run.chain)
            throws.setdefault(run.chain[0], run)
        verdicts += [Verdict("odd", name, tag(*reversed(run.chain)), line, run.message) for line, run in odd.items()]
        for line, run in throws.items():
            found = lines & set(run.chain)
            verdicts.append(Verdict("found" if found else "missed", name, tag(*reversed(run.chain)), line, run.status + ": " + run.message))
        false = False
        for line, check, message in own:
            if line in accepted:
                continue
            # A line of a loop or of a helper might have been reached again.
            once = text[line].startswith("  L; ") and tags[line]
            if not any(run.status != "ok" and (line not in run.seen or not once) for run in by_case.get(name, [])):
                false = True
                verdicts.append(Verdict("false", name, tag(line), line, message))
        if not throws and not false:
            verdicts.append(Verdict("quiet", name, construct, 0, ""))
    return verdicts
