#!/usr/bin/env python3
"""Runs torch-tidy over one file and compares it with what the file expects.

The expectation stands at the end of the line it is about:

    auto y = model->forward(x); // expect: 'x' is on the CPU
    auto z = f(x); // expect: 'x' is on the CPU // expect: 'w' is on the CPU
    model->to(torch::kCUDA); // expect-note: moved to CUDA here

Each `expect` is a part of the message of one finding on that line, and each
finding is expected: a line without one must be silent. A note is only looked
for where an `expect-note` asks for it.

Usage: check_torch.py --tool=PROGRAM --flags='FLAGS' FILE [tool options] [-- more flags]
"""

import argparse
import re
import shlex
import subprocess
import sys

EXPECTATION = re.compile(r"//\s*expect(-note)?:\s*(.*?)\s*(?=//\s*expect(?:-note)?:|$)")
DIAGNOSTIC = re.compile(r"^(.+?):(\d+):\d+: (warning|error|note): (.*)$")


def expectations(path):
    """Yields (line, is_note, text)."""
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            for note, text in EXPECTATION.findall(line):
                yield number, bool(note), text


def run(arguments, tool_options, more_flags):
    command = [arguments.tool, arguments.file, "--quiet", "--use-color=0", "-j1"]
    command += tool_options + ["--"] + shlex.split(arguments.flags) + more_flags
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return command, result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--flags", required=True)
    parser.add_argument("file")
    own, more_flags = sys.argv[1:], []
    if "--" in own:
        split = own.index("--")
        own, more_flags = own[:split], own[split + 1 :]
    arguments, tool_options = parser.parse_known_args(own)
    command, result = run(arguments, tool_options, more_flags)

    wrong = []
    if result.returncode not in (0, 2):
        wrong.append("exit code {}".format(result.returncode))
    findings, notes = [], []
    for line in result.stdout.splitlines():
        match = DIAGNOSTIC.match(line)
        if not match:
            continue
        path, number, kind, text = match.groups()
        if not path.endswith(arguments.file.rsplit("/", 1)[-1]):
            wrong.append("in another file: " + line)
        elif kind == "note":
            notes.append((int(number), text))
        else:
            findings.append((int(number), text))

    for number, is_note, text in expectations(arguments.file):
        among = notes if is_note else findings
        found = next((d for d in among if d[0] == number and text in d[1]), None)
        if found is None:
            kind = "note" if is_note else "finding"
            wrong.append("{}: no {}: {}".format(number, kind, text))
        elif not is_note:
            among.remove(found)
    for number, text in findings:
        wrong.append("{}: not expected: {}".format(number, text))

    if wrong:
        print(" ".join(map(shlex.quote, command)))
        print(result.stdout + result.stderr)
        print("\n".join(sorted(wrong, key=lambda w: (len(w.split(":")[0]), w))))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
