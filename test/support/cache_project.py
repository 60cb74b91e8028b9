"""A small project with a cache of its own, and cases that are run on one each.

A small stand-in for LibTorch takes the place of the real one, so that a
precompiled header takes a moment to make.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time

MAIN = """#include "own.h"
#include <torch/torch.h>
static_assert(sizeof(Number) == 4, "the library's type");
static_assert(sizeof(OwnNumber) == 4, "the project's type");
at::Tensor twice(at::Tensor x) { return x; }
"""
OWN = "#pragma once\n#include <torch/torch.h>\nusing OwnNumber = int;\n"
TORCH = "#pragma once\n#include <vector>\n#include <torch/part.h>\n"
TORCH += "#if __has_include(<torch/extra.h>)\n#include <torch/extra.h>\n#endif\n"
TORCH += "namespace at { struct Tensor { std::vector<int> data; }; }\n"
PART = "#pragma once\nusing Number = {};\n"
STATS = re.compile(r"(\d+) of (\d+) files unchanged, (\d+) on a preamble")
CASES = []


def case(function):
    CASES.append(function)
    return function


class Project:
    def __init__(self, tool, folder):
        self.tool, self.folder = tool, folder
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        self.cache = os.path.join(folder, "cache")
        self.write("lib/include/torch/torch.h", TORCH)
        self.write("lib/include/torch/part.h", PART.format("int "))
        self.write("early/readme.txt", "found first, and empty\n")
        self.write("src/own.h", OWN)
        self.write("src/main.cpp", MAIN)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def command(self, *options):
        command = [self.tool, "--stats", "--use-color=0", *options]
        command += ["--cache-dir=" + self.cache] if self.cache else []
        command += [self.path("src/main.cpp"), "--", "-std=c++17"]
        return command + ["-I" + self.path("early"), "-isystem", self.path("lib/include")]

    def lint(self, *options, **how):
        """Returns (exit code, unchanged, on a preamble, everything printed)."""
        result = subprocess.run(
            self.command(*options), capture_output=True, text=True, timeout=120, **how
        )
        text = result.stdout + result.stderr
        found = STATS.search(text)
        expect(found, "no statistics:\n" + text)
        return result.returncode, int(found[1]), int(found[3]), text

    def expect(self, code, unchanged, preamble, *options, **how):
        got = self.lint(*options, **how)
        expect(
            got[:3] == (code, unchanged, preamble),
            "wanted {}, got {}:\n{}".format((code, unchanged, preamble), got[:3], got[3]),
        )
        return got[3]

    def files(self, ending):
        found = []
        for folder, _, names in os.walk(self.cache):
            found += [os.path.join(folder, name) for name in names if name.endswith(ending)]
        return found

    def leftovers(self):
        names = [os.path.basename(file) for file in self.files("")]
        return [name for name in names if ".tmp" in name or ".lock" in name]

    def forget_results(self):
        shutil.rmtree(os.path.join(self.cache, "results"))


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def main(description):
    """Runs the cases; returns the exit code."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    os.umask(0o022)
    failed = 0
    for function in CASES:
        if arguments.cases and function.__name__ not in arguments.cases:
            continue
        begin = time.time()
        try:
            function(Project(arguments.tool, os.path.join(arguments.folder, function.__name__)))
            result = "ok"
        except AssertionError as error:
            failed += 1
            result = "FAILED: {}".format(error)
        print("{} ({:.1f} s): {}".format(function.__name__, time.time() - begin, result), flush=True)
    return 1 if failed else 0
