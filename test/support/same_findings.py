#!/usr/bin/env python3
"""Lints files without any cache, on preambles, and again unchanged: three times
the same report, or the difference is printed.

With --joined, all files as one, each in a namespace of its own.

Usage: same_findings.py --tool=PROGRAM --cache=FOLDER --flags=FLAGS [--joined] FILE...
"""

import argparse
import difflib
import os
import shlex
import shutil
import subprocess
import sys

from compare_plugin import joined


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--flags", required=True)
    parser.add_argument("--joined", action="store_true")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    if arguments.joined:
        os.makedirs(arguments.cache, exist_ok=True)
        name = os.path.join(arguments.cache, "joined.cpp")
        with open(name, "w", encoding="utf-8") as file:
            file.write(joined(arguments.files)[0])
        arguments.files = [name]

    def report(*options):
        command = [arguments.tool, "--format=json", "--explain-unknown", "--quiet", "-j1", *options]
        command += arguments.files + ["--"] + shlex.split(arguments.flags)
        result = subprocess.run(command, capture_output=True, text=True, timeout=1200)
        return result.stdout + result.stderr + "exit code {}\n".format(result.returncode)

    cache = "--cache-dir=" + arguments.cache
    shutil.rmtree(os.path.join(arguments.cache, "results"), ignore_errors=True)
    without, failed = report("--no-cache"), False
    if '"check": "torch-' not in without:
        print("no findings to compare:\n" + without[:2000])
        return 1
    for name in ("on preambles", "unchanged"):
        got = report(cache)
        if got != without:
            failed = True
            lines = difflib.unified_diff(without.splitlines(), got.splitlines(), "without", name, lineterm="")
            print("\n".join(lines))
    return failed


if __name__ == "__main__":
    sys.exit(main())
