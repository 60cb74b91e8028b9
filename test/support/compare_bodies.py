#!/usr/bin/env python3
"""Compares findings with library bodies skipped and not skipped, file by file.

Skipped is the tool, on preambles; not skipped is clang-tidy with the plugin,
which parses each file in full: 15 s a file. Files that do not compile are
counted and left out.

Usage: compare_bodies.py [--tool=PROGRAM] [--clang-tidy=PROGRAM] [--plugin=FILE] [--flags=FLAGS] FILE|FOLDER...
"""

import argparse
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINE = re.compile(r"^.+?:\d+:\d+: (warning|error|note): .*$")


def sources(names):
    for name in names:
        if not os.path.isdir(name):
            yield os.path.abspath(name)
        for folder, _, files in os.walk(name):
            yield from (os.path.abspath(os.path.join(folder, f)) for f in sorted(files)
                        if f.endswith((".cpp", ".cc", ".cxx")))


def diagnostics(command, folder):
    """Places and texts, places as absolute paths; None where it does not compile."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    lines = [l for l in result.stdout.splitlines() if LINE.match(l)]
    if "error:" in result.stdout + result.stderr:
        return None
    if result.returncode not in (0, 2):
        sys.exit(shlex.join(command) + "\n" + result.stdout + result.stderr)
    return [l if l.startswith("/") else os.path.join(folder, l) for l in lines]


def main():
    build = os.path.join(ROOT, "build")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default=os.path.join(build, "bin", "torch-tidy"))
    parser.add_argument("--clang-tidy", default="clang-tidy-22")
    parser.add_argument("--plugin", default=os.path.join(build, "lib", "TorchTidyPlugin.so"))
    parser.add_argument("--flags", default="-std=c++17")
    parser.add_argument("names", nargs="+")
    given = parser.parse_args()

    same = different = broken = findings = 0
    for file in sources(given.names):
        folder, flags = os.path.dirname(file), ["--", "-w", *shlex.split(given.flags)]
        skipped = diagnostics([given.tool, "--quiet", "-j1", file, *flags], folder)
        if skipped is None:
            broken += 1
            continue
        full = diagnostics(
            [given.clang_tidy, "-load=" + given.plugin, "--quiet", "--checks=-*,torch-*", file, *flags], folder)
        findings += sum(": note: " not in l for l in skipped)
        if full == skipped:
            same += 1
            continue
        different += 1
        print(file)
        for line in skipped:
            print("  skipped:     " + line if full is None or line not in full else "  both:        " + line)
        for line in full or ["does not compile"]:
            if line not in skipped:
                print("  not skipped: " + line)
    print("{} the same, {} different, {} do not compile; {} findings".format(same, different, broken, findings))
    return different > 0 or not same


if __name__ == "__main__":
    sys.exit(main())
