#!/usr/bin/env python3
"""Judges the programs of this folder: do the labels hold, and does torch-tidy agree?

A case is a function `void case_NAME()` with what it needs. One that runs on a
CUDA device without an error has no label. One that throws has a label on the
line of its function where that happens, and, where that line only calls down to
it, another on the innermost line:

    auto out = policy.act(obs);    // THROWS: device
    ...
    h = torch::cat({h, noise}, 1); // THROWN: NAME

A call between the two that a finding may stand on is labelled `// VIA: NAME`.

`device`, `dtype` or `host` (a crash on device memory, or host memory passed off
as the device's) is what is wrong there.

  judge.py lint --tool='torch-tidy OPTIONS' --flags='FLAGS' FILES
      compares torch-tidy's findings with the labels. A mistake is found on
      either line; a finding on a line without a label is false.
  judge.py run --emulator=LIB --torch-lib=DIR --flags='FLAGS' --work=DIR FILES
      compiles and runs the cases with the emulated device, each in a process
      of its own, and compares what happens with the labels. --update writes
      the labels instead.

A case that torch-tidy is known to get wrong is called case_NAME_FN where it
misses the mistake and case_NAME_FP where it raises a false alarm, with the
reason in a comment; `// FALSE: NAME_FP` marks an alarm outside of the case. When it gets such a case right that is an error too: rename it.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys

from lengths import lengths

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from kept import keep, stamp  # noqa: E402

CASE = re.compile(r"^void (case_\w+)\(\)")
LABEL = re.compile(r"\s*// (THROWS|THROWN|VIA|FALSE): (\w+)(?=\s*(?://|$))")
DIAGNOSTIC = re.compile(r"^(.+?):(\d+):\d+: (warning|error): (.*?)(?: \[([\w,.-]+)\])?$")
DTYPE_WORDS = re.compile(r"dtype|scalar type|data type|can.t be cast|\(unsigned char\)")


class Case:
    """`kind` is None for a clean case; `lines` are those that a finding may stand on."""

    def __init__(self, path, name, begin, end):
        self.path, self.name, self.begin, self.end = path, name, begin, end
        self.kind, self.outer, self.inner = None, None, None
        self.via = set()  # lines on the way from the case to where it throws
        self.false = set()  # lines of known false alarms

    def lines(self):
        return {line for line in (self.outer, self.inner) if line} | self.via


def read_cases(path):
    with open(path, encoding="utf-8") as source:
        lines = source.read().split("\n")
    cases, begin = [], None
    for number, line in enumerate(lines, 1):
        match = CASE.match(line)
        if match:
            begin = number, match.group(1)
        if begin and line == "}":
            cases.append(Case(path, begin[1], begin[0], number))
            begin = None
    by_name = {case.name: case for case in cases}
    for number, line in enumerate(lines, 1):
        for label, word in LABEL.findall(line):
            if label == "THROWN":
                by_name["case_" + word].inner = number
            elif label == "VIA":
                by_name["case_" + word].via.add(number)
            elif label == "FALSE":
                by_name["case_" + word].false.add(number)
            else:
                case = next(c for c in cases if c.begin <= number <= c.end)
                case.outer, case.kind = number, word
    return cases


# Lint.


def findings_of(options, files):
    command = shlex.split(options.tool) + ["--quiet", "--use-color=0"] + files + ["--"] + shlex.split(options.flags)
    result = subprocess.run(command, capture_output=True, text=True)
    found, errors = [], []
    if result.returncode not in (0, 2):
        errors = ["exit code {}: {}".format(result.returncode, shlex.join(command))]
        errors += [line for line in (result.stdout + result.stderr).splitlines() if "error:" in line]
    for line in result.stdout.splitlines():
        match = DIAGNOSTIC.match(line)
        if match:
            found.append((os.path.basename(match.group(1)), int(match.group(2)), match.group(4), match.group(5) or ""))
    return found, errors


def case_before(cases, line):
    """The case that a finding is about: one that says so, else the one that the line or the helpers in it belong to."""
    said = next((case for case in cases if line in case.false), None)
    return said or next((case for case in cases if line <= case.end), cases[-1])


def fits(case, check):
    return (case.kind == "dtype") == check.startswith("torch-dtype")


def summary(counts, of):
    numbers = ", ".join("{} {}".format(number, kind) for kind, number in counts.items())
    return "{} {}: {}".format(sum(counts.values()), of, numbers)


def lint(options):
    found, wrong = findings_of(options, options.files)
    counts = {"found": 0, "missed": 0, "silent": 0, "false": 0}
    long = dict(counts)  # those of 40 lines and more
    for path in options.files:
        cases = read_cases(path)
        length = {name: with_uses for name, _, with_uses in lengths(path)}
        labelled = set().union(*(case.lines() for case in cases))
        own = [f for f in found if f[0] == os.path.basename(path)]
        stray = [f for f in own if f[1] not in labelled]
        for case in cases:
            others = [f for f in stray if case_before(cases, f[1]) is case]
            right = [f for f in own if f[1] in case.lines() and fits(case, f[3])]
            missed = case.kind is not None and not right
            where = "{}:{}: {}".format(path, case.outer or case.begin, case.name)
            verdict = "missed" if missed else "found" if case.kind else "false" if others else "silent"
            counts[verdict] += 1
            long[verdict] += length[case.name] >= 40
            if missed != case.name.endswith("_FN"):
                wrong.append(where + (": missed" if missed else ": found now, drop the _FN"))
            if bool(others) != case.name.endswith("_FP"):
                wrong.append(where + (": false finding" if others else ": silent now, drop the _FP"))
            if others and not case.name.endswith("_FP"):
                wrong += ["    {}:{}: {} [{}]".format(path, f[1], f[2], f[3]) for f in others]
    print("\n".join(wrong + [summary(counts, "cases"), summary(long, "of them with 40 lines and more (lengths.py)")]))
    return 1 if wrong else 0


# Run.


def precompile(options, flags):
    """<torch/torch.h>, once for all programs."""
    pch = os.path.join(options.work, "torch.pch")
    header = os.path.join(options.work, "prefix.h")
    command = [options.compiler] + flags + ["-fpch-instantiate-templates", "-xc++-header", header, "-o", pch]
    made_of = command + [stamp(options.compiler), stamp(os.path.join(options.torch_lib, "libtorch_cpu.so"))]

    def make():
        with open(header, "w", encoding="utf-8") as out:
            out.write("#include <torch/torch.h>\n")
        subprocess.run(command, check=True)

    keep(pch, made_of, make)
    return pch, made_of


def compile_program(options, files, cases, program):
    here = os.path.dirname(os.path.abspath(__file__))
    os.makedirs(options.work, exist_ok=True)
    flags = shlex.split(options.flags) + ["-O0", "-gline-tables-only", "-w", "-pthread", "-fno-pie"]
    pch, made_of = precompile(options, flags)
    main = program + ".cpp"
    with open(main, "w", encoding="utf-8") as out:
        out.write("".join('#include "{}"\n'.format(os.path.abspath(path)) for path in files))
        out.write('#include "{}/Driver.h"\n'.format(here))
        out.write("int main(int C, char **V) {\n  static const Case Cases[] = {\n")
        out.write("".join('    {{"{0}", {0}}},\n'.format(case.name) for case in cases))
        out.write("  };\n  return runCases(Cases, sizeof(Cases) / sizeof(*Cases));\n}\n")
    lib = options.torch_lib
    libraries = ["-L" + lib, "-Wl,-rpath," + lib, "-Wl,--no-as-needed", "-ltorch", "-ltorch_cpu", "-lc10", "-ldl"]
    command = [options.compiler] + flags + ["-no-pie", "-include-pch", pch, main, "-o", program] + libraries
    made_of = made_of + command
    for path in [main, os.path.join(here, "Driver.h")] + files:
        with open(path, encoding="utf-8") as text:
            made_of.append(text.read())
    keep(program, made_of, lambda: subprocess.run(command, check=True))


def source_lines(options, program, addresses):
    """The lines of the cases' files among these return addresses, innermost first."""
    if not addresses:
        return []
    command = [options.symbolizer, "--output-style=GNU", "--no-demangle", "-e", program]
    command += [hex(int(a, 16) - 1) for a in addresses]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {os.path.basename(path) for path in options.files}
    found = []
    for line in text.splitlines():
        path, _, number = line.split(" ")[0].rpartition(":")
        if os.path.basename(path) in names and number.isdigit() and int(number):
            found.append((os.path.basename(path), int(number)))
    return found


def outcomes(options, program):
    """Yields (case, 'ok' | 'throws' | 'crash', message, addresses)."""
    environment = dict(os.environ, LD_PRELOAD=options.emulator, OMP_NUM_THREADS="1")
    result = subprocess.run([program], capture_output=True, text=True, env=environment, cwd=options.work, errors="replace")
    for line in result.stdout.splitlines():
        if line.startswith("@@\t"):
            _, name, state, message, addresses = line.split("\t")
            yield name, state, message, addresses.split()
    if result.returncode:
        sys.exit("the program ended with {}\n{}".format(result.returncode, result.stderr[-2000:]))


def run_all(options, files):
    """Some files at a time in one program: LibTorch's templates are instantiated once for all."""
    for first in range(0, len(files), 8):
        some = files[first : first + 8]
        program = os.path.join(options.work, "cases{}".format(first))
        compile_program(options, some, [case for path in some for case in read_cases(path)], program)
        for outcome in outcomes(options, program):
            yield (program,) + outcome


def relabel(path, labels):
    with open(path, encoding="utf-8") as source:
        lines = source.read().split("\n")
    for number, line in enumerate(lines, 1):
        bare = LABEL.sub(lambda match: match.group(0) if match.group(1) in ("VIA", "FALSE") else "", line)
        lines[number - 1] = bare + "".join(" // " + text for text in labels.get(number, []))
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines))


def judge(options, files):
    cases = [case for path in files for case in read_cases(path)]
    by_name = {case.name: case for case in cases}
    if len(by_name) != len(cases):
        sys.exit("a case's name is there twice")
    wrong, labels, seen = [], {path: {} for path in files}, set()
    for program, name, state, message, addresses in run_all(options, files):
        case = by_name[name]
        seen.add(name)
        base = os.path.basename(case.path)
        lines = [n for f, n in source_lines(options, program, addresses) if f == base]
        if state == "crash" and not lines:
            lines = [int(n) for n in re.findall(re.escape(base) + r":(\d+)", message)][:1]
        outer, inner = (lines[-1], lines[0]) if lines else (None, None)
        what = "{}:{}: {}: {} on lines {}: {}".format(case.path, case.outer or case.begin, name, state, lines, message[:250])
        if options.verbose or options.update and (state == "ok") != (case.kind is None):
            print(what)
        if options.update and outer:
            kind = case.kind or ("dtype" if DTYPE_WORDS.search(message) else "device")
            labels[case.path].setdefault(outer, []).append("THROWS: " + kind)
            if inner != outer:
                labels[case.path].setdefault(inner, []).append("THROWN: " + name[len("case_") :])
        elif not options.update and (
            (state == "ok") != (case.kind is None)
            or {case.outer, case.inner} - {None} != {outer, inner} - {None}
            or not case.via <= set(lines)
        ):
            wrong.append(what + ", labelled {}, {}".format(case.outer, case.inner))
    wrong += ["{}: did not run".format(name) for name in by_name if name not in seen]
    if options.update:
        for path in files:
            relabel(path, labels[path])
    print("\n".join(wrong + ["{} cases ran, {} not as labelled".format(len(seen), len(wrong))]))
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["lint", "run"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--flags", required=True)
    parser.add_argument("--tool", default="torch-tidy")
    parser.add_argument("--emulator")
    parser.add_argument("--torch-lib")
    parser.add_argument("--work")
    parser.add_argument("--compiler", default="clang++-22")
    parser.add_argument("--symbolizer", default="llvm-symbolizer-22")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    return lint(options) if options.command == "lint" else judge(options, options.files)


if __name__ == "__main__":
    sys.exit(main())
