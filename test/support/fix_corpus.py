"""Applies repairs to many findings at once and lints what comes of it.

    fix_corpus.py --tool=PROGRAM --compiler=PROGRAM --apply=PROGRAM --pch=FILE --flags=FLAGS --folder=FOLDER SOURCE...

All sources become one, as in compare_plugin.py. Then, in turn: `--fix`,
`--export-fixes` through clang-apply-replacements, and, as an editor would, the
second repair of those findings that have one. Each time the result compiles,
the findings that were mended are gone, and there is no other than before.
"""

import argparse
import collections
import json
import os
import shlex
import subprocess
import sys

import compare_plugin


class Corpus:
    def __init__(self, given):
        self.given = given
        self.flags = shlex.split(given.flags)
        text, end = compare_plugin.joined(given.sources)
        self.text = "\n".join(text.split("\n")[:end]) + "\n"

    def lint(self, *options):
        """The findings, by function and message; 1 and 3 are no exit codes for it."""
        command = [self.given.tool, "corpus.cpp", "--format=json", "--output=report.json", *options]
        command += ["--extra-arg=-include-pch", "--extra-arg=" + self.given.pch, "--", *self.flags]
        result = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if result.returncode not in (0, 2):
            print(" ".join(map(shlex.quote, command)))
            sys.exit(result.stdout + result.stderr)
        with open("report.json", encoding="utf-8") as file:
            return json.load(file)["findings"], result.stderr

    def compile(self):
        command = [self.given.compiler, "-fsyntax-only", "-w", "-include-pch", self.given.pch, *self.flags, "corpus.cpp"]
        subprocess.run(command, check=True, timeout=300)

    def write(self, text):
        with open("corpus.cpp", "w", encoding="utf-8") as file:
            file.write(text)


def judge(name, corpus, before, mended):
    """True where exactly the others of `before` are left. Whose repair changes
    how another is worded, is another: they are counted by function."""
    corpus.compile()
    after, _ = corpus.lint()
    left = collections.Counter(f["function"] for f in before if f not in mended)
    new = collections.Counter(f["function"] for f in after)
    print("{}: {} findings, {} mended, {} left".format(name, len(before), len(mended), len(after)))
    for function in sorted({*left, *new}):
        if left[function] != new[function]:
            print("  {}: {} expected".format(function, left[function]))
            for f in after:
                if f["function"] == function:
                    print("    line {line}: {message}".format(**f))
    return left == new and mended


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("tool", "compiler", "apply", "pch", "flags", "folder"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("sources", nargs="+")
    given = parser.parse_args()
    os.chdir(given.folder)
    corpus = Corpus(given)
    corpus.write(corpus.text)
    before, _ = corpus.lint()
    mendable = [f for f in before if f.get("fixes")]

    _, said = corpus.lint("--fix")
    print(said.splitlines()[0])
    good = judge("--fix", corpus, before, mendable)

    corpus.write(corpus.text)
    os.mkdir("exported")
    corpus.lint("--export-fixes=exported/fixes.yaml")
    subprocess.run([given.apply, "exported"], check=True, timeout=60)
    good = judge("--export-fixes", corpus, before, mendable) and good

    # One in a function: another may be about the same module.
    second = {f["function"]: f for f in reversed(before) if len(f.get("fixes", [])) > 1}.values()
    lines = corpus.text.split("\n")
    edits = [edit for f in second for edit in f["fixes"][1]["edits"]]
    for edit in sorted(edits, key=lambda e: (e["line"], e["column"]), reverse=True):
        assert edit["line"] == edit["endLine"], "a repair of several lines"
        line = lines[edit["line"] - 1]
        lines[edit["line"] - 1] = line[: edit["column"] - 1] + edit["text"] + line[edit["endColumn"] - 1 :]
    corpus.write("\n".join(lines))
    corpus.compile()
    after = {(f["function"], f["message"]) for f in corpus.lint()[0]}
    wrong = [f for f in second if (f["function"], f["message"]) in after]
    print("second repair: {} mended, {} not".format(len(second) - len(wrong), len(wrong)))
    for f in wrong:
        print("  {function}: {message}".format(**f))
    return not good or bool(wrong) or not second


if __name__ == "__main__":
    sys.exit(main())
