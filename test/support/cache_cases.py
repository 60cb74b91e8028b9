#!/usr/bin/env python3
"""What the cache promises, each promise on a cache of its own.

A small stand-in for LibTorch takes the place of the real one, so that a
precompiled header takes a moment to make.

Usage: cache_cases.py --tool=PROGRAM --folder=FOLDER [case...]
"""

import argparse
import os
import re
import resource
import shutil
import signal
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


@case
def unchanged(p):
    p.expect(0, 0, 1)
    p.expect(0, 1, 0)
    p.forget_results()
    p.expect(0, 0, 1)
    expect(len(p.files(".pch")) == 1, "one precompiled header")


@case
def no_cache(p):
    p.expect(0, 0, 0, "--no-cache")
    expect(not os.path.exists(p.cache), "nothing is written")


@case
def options(p):
    p.expect(0, 0, 1)
    p.expect(0, 0, 1, "--checks=-*,torch-unused-move")
    p.expect(0, 1, 0)
    # What changes no meaning shares the precompiled header; a macro does not.
    p.expect(0, 0, 1, "--extra-arg=-O2", "--extra-arg=-g", "--extra-arg=-fPIC")
    expect(len(p.files(".pch")) == 1, "one precompiled header")
    p.expect(0, 0, 1, "--extra-arg=-DNDEBUG")
    expect(len(p.files(".pch")) == 2, "another one")


@case
def folders(p):
    """The include folders of a target make no difference, unless they hold what is looked for."""
    own = "--extra-arg=-I" + p.path("src/own")
    p.write("src/own/helper.h", "")
    p.expect(0, 0, 1)
    p.expect(0, 0, 1, own)
    p.expect(0, 0, 1, "--extra-arg=-I" + p.path("nowhere"))
    expect(len(p.files(".pch")) == 1, "one precompiled header")
    p.write("src/own/another.h", "")
    p.expect(0, 1, 0, own)
    p.write("src/own/torch/extra.h", "#define OwnNumber char\n")
    expect(p.lint(own)[0] == 3, "a header that LibTorch asks for")
    p.expect(0, 1, 0)
    shutil.rmtree(p.path("src/own/torch"))
    p.forget_results()
    p.expect(0, 0, 1, own)
    # What all share goes with LibTorch's own files.
    p.write("lib/include/torch/part.h", PART.format("long"))
    expect(p.lint(own)[0] == 3, "another LibTorch")


@case
def configuration(p):
    p.expect(0, 0, 1)
    p.write("src/.clang-tidy", "Checks: -*,torch-unused-move\n")
    p.expect(0, 0, 1)
    p.expect(0, 1, 0)


@case
def touched(p):
    p.expect(0, 0, 1)
    for name in ("lib/include/torch/part.h", "src/own.h", "src/main.cpp"):
        os.utime(p.path(name))
    p.expect(0, 1, 0)
    p.forget_results()
    p.expect(0, 0, 1)


@case
def changed_byte(p):
    """The same size, and the time as it was."""
    for name, good, bad in (
        ("lib/include/torch/part.h", "int ", "long"),
        ("src/own.h", "= int;", "=long;"),
    ):
        p.expect(0, 0, 1)
        p.expect(0, 1, 0)
        before = os.stat(p.path(name))
        with open(p.path(name), encoding="utf-8") as file:
            text = file.read()
        p.write(name, text.replace(good, bad))
        os.utime(p.path(name), ns=(before.st_atime_ns, before.st_mtime_ns))
        expect(os.stat(p.path(name)).st_size == before.st_size, "the same size")
        expect(p.lint()[0] == 3, "the change is seen: " + name)
        p.write(name, text)
        shutil.rmtree(p.cache)


@case
def shadowing(p):
    """A header that was found elsewhere, or nowhere, until now."""
    p.expect(0, 0, 1)
    p.write("early/torch/part.h", PART.format("long"))
    expect(p.lint()[0] == 3, "a header in an earlier folder")
    shutil.rmtree(p.path("early/torch"))
    p.expect(0, 0, 1)
    p.write("lib/include/torch/extra.h", "#define OwnNumber char\n")
    expect(p.lint()[0] == 3, "a header that was not there")
    os.remove(p.path("lib/include/torch/extra.h"))
    p.expect(0, 0, 1)


@case
def macros(p):
    """A macro of the user's that a header asks for."""
    p.write("lib/include/torch/part.h", "#ifdef WIDE\nusing Number = long;\n#else\nusing Number = int;\n#endif\n")
    p.expect(0, 0, 1)
    p.write("src/main.cpp", "#define WIDE\n" + MAIN)
    expect(p.lint()[0] == 3, "a definition ends the prefix")
    p.write("src/main.cpp", MAIN)
    # An include guard that the library defines, too, comes first.
    p.write("src/own.h", "#ifndef PART\n#define PART\n#include <torch/torch.h>\nusing OwnNumber = int;\n#endif\n")
    p.write("lib/include/torch/part.h", "#ifndef PART\n#define PART\nusing Number = int;\n#endif\n")
    cold = p.lint("--no-cache")
    warm = p.lint()
    expect(cold[0] == warm[0] == 3, "as without a preamble")


@case
def code_in_front(p):
    """The library stands in front of the project's code, unless that makes a difference."""
    own = "#pragma once\nnamespace own { inline int small(int x) { return x; } }\n#include <torch/torch.h>\n"
    p.write("src/own.h", own + "using OwnNumber = int;\n")
    p.expect(0, 0, 1)
    # The library makes a macro of what the code names.
    part = PART.format("int ")
    p.write("lib/include/torch/part.h", part + "#define small(x) 7\n")
    p.expect(0, 0, 0)
    p.write("lib/include/torch/part.h", part)
    # The code means something else behind the library, or nothing.
    p.write("src/own.h", "#pragma once\nnamespace own { struct Number { short x; }; }\nusing namespace own;\n"
            "inline Number small() { return {1}; }\n#include <torch/torch.h>\nusing OwnNumber = int;\n")
    p.write("src/main.cpp", MAIN.replace("sizeof(Number)", "sizeof(::Number)"))
    p.expect(0, 0, 0)
    # Code between two libraries may name macros of the first one.
    p.write("lib/include/other.h", "#pragma once\nstruct Other { int x; };\n")
    p.write("lib/include/torch/part.h", part + "#define small(x) 7\n")
    between = "#pragma once\n#include <torch/torch.h>\nnamespace own {{ {} }}\n#include <other.h>\nusing OwnNumber = int;\n"
    p.write("src/own.h", between.format("constexpr int seven = small(1);"))
    p.write("src/main.cpp", MAIN)
    p.expect(0, 0, 1)
    p.write("src/main.cpp", MAIN + "static_assert(own::seven == 7, \"LibTorch's\");\n")
    p.expect(0, 0, 1)
    expect(len(p.files(".pch")) == 3, "two of LibTorch, as it changed, and one of other.h")
    # Where the second cannot stand before that, the first can.
    p.write("lib/include/other.h", "#pragma once\n#define before 1\n")
    p.write("src/own.h", between.format("inline int before() { return 1; }"))
    p.write("src/main.cpp", MAIN)
    p.expect(0, 0, 1)
    p.expect(0, 1, 0)
    p.write("src/main.cpp", MAIN + "\n")
    p.expect(0, 0, 1)
    p.write("lib/include/torch/part.h", part)
    # In a namespace the library is not the library.
    p.write("src/own.h", "#pragma once\nusing OwnNumber = int;\nnamespace inner {\n#include <torch/part.h>\n}\n"
            "using inner::Number;\n")
    p.write("src/main.cpp", MAIN.replace("#include <torch/torch.h>\n", "").replace("at::Tensor", "int"))
    p.expect(0, 0, 0)


@case
def defined_in_front(p):
    """A macro that stands before the library is one that the library sees."""
    asks = "#pragma once\n#ifdef WIDE\nusing Number = WIDE;\n#else\nusing Number = int;\n#endif\n"
    p.write("lib/include/torch/part.h", asks)
    p.write("src/own.h", "#define NARROW \"//\" // A comment.\n" + OWN + "#define WIDE long\nWIDE wide = sizeof(NARROW);\n")
    p.expect(0, 0, 1)
    p.write("src/own.h", "#define WIDE long\n" + OWN)
    expect(p.lint()[0] == 3, "Number is another type")
    p.write("src/main.cpp", MAIN.replace("(Number) == 4", "(Number) == 8"))
    p.expect(0, 0, 1)
    p.write("src/own.h", "#define WIDE int\n" + OWN)
    expect(p.lint()[0] == 3, "Number is another type")
    # Between two libraries, and behind what the standard has.
    p.write("lib/include/other.h", "#pragma once\nstruct Other { NUMBER x; };\n")
    other = "#include <vector>\n#include <torch/torch.h>\n#define NUMBER {}\n#include <other.h>\nusing OwnNumber = int;\n"
    p.write("src/main.cpp", MAIN + "static_assert(sizeof(Other) == 4, \"\");\n")
    for number in ("int", "float"):
        p.write("src/own.h", other.format(number))
        p.expect(0, 0, 1)
        p.forget_results()
        p.expect(0, 0, 1)
    p.write("src/own.h", other.format("long"))
    expect(p.lint()[0] == 3, "Other is another type")
    # What is taken back, or means something before, is no macro of the library's.
    p.write("src/main.cpp", MAIN)
    for own in ("#define WIDE long\n#undef WIDE\n", "static int WIDE = 1;\n#define WIDE int\n"):
        p.write("src/own.h", own + OWN)
        p.expect(0, 0, 0)


@case
def without_torch(p):
    """A file of the project that has nothing to do with LibTorch, but with another library."""
    p.write("lib/include/other.h", "#pragma once\nstruct Other { int x; };\n")
    other = "#include <other.h>\nint x = Other{{{}}}.x;\n"
    p.write("src/main.cpp", other.format(1))
    p.expect(0, 0, 0)
    p.write("src/main.cpp", other.format(2))
    p.expect(0, 0, 1)
    p.write("lib/include/other.h", "#pragma once\nstruct Other { int *x; };\n")
    p.expect(3, 0, 1)
    p.write("src/main.cpp", "#include <vector>\nstd::vector<int> v;\n")
    p.expect(0, 0, 0)
    p.write("src/main.cpp", "#include <vector>\nstd::vector<long> v;\n")
    p.expect(0, 0, 0)


@case
def included_by_the_command(p):
    p.expect(0, 0, 1)
    p.write("src/main.cpp", "#include \"own.h\"\nat::Tensor twice(at::Tensor x) { return x; }\n")
    p.expect(0, 0, 1, "--extra-arg=-include", "--extra-arg=torch/torch.h")
    p.write("src/forced.h", "#pragma once\n#include <torch/torch.h>\nusing Forced = int;\n")
    p.expect(0, 0, 1, "--extra-arg=-include", "--extra-arg=" + p.path("src/forced.h"))
    expect(len(p.files(".pch")) == 1, "one precompiled header")


@case
def shared_libraries(p):
    """CMake defines a macro for each of them, which no other project's headers ask for."""
    p.write("src/main.cpp", MAIN + "#ifdef mine_EXPORTS\nstatic_assert(mine_EXPORTS == 1, \"given\");\n"
            "#else\nstatic_assert(sizeof(int) == 4, \"\");\n#error not given\n#endif\n")
    p.expect(0, 0, 1, "--extra-arg=-Dmine_EXPORTS")
    p.write("src/main.cpp", MAIN)
    p.expect(0, 0, 1, "--extra-arg=-Dother_EXPORTS")
    p.expect(0, 0, 1)
    expect(len(p.files(".pch")) == 1, "one precompiled header")
    # A library that does ask.
    asks = "#ifdef mine_EXPORTS\nusing Number = int;\n#else\nusing Number = long;\n#endif\n"
    p.write("lib/include/torch/part.h", "#pragma once\n" + asks)
    p.expect(0, 0, 1, "--extra-arg=-Dmine_EXPORTS")
    expect(p.lint("--extra-arg=-Dother_EXPORTS")[0] == 3, "Number is another type")


@case
def damaged(p):
    p.expect(0, 0, 1)
    for ending in (".pch", ".deps", ""):
        if ending:
            p.forget_results()
        for file in p.files(ending):
            with open(file, "r+b") as out:
                out.seek(os.path.getsize(file) // 2)
                out.write(b"no such thing")
        p.expect(0, 0, 1)
    for file in p.files(".pch"):
        os.remove(file)
    p.forget_results()
    p.expect(0, 0, 1)
    for file in p.files(""):
        os.truncate(file, 10)
    p.expect(0, 0, 1)
    p.expect(0, 1, 0)


@case
def sixteen(p):
    """At once, on an empty cache."""
    running = [
        subprocess.Popen(p.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(16)
    ]
    for process in running:
        out, err = process.communicate(timeout=300)
        expect(process.returncode == 0, out + err)
    expect(len(p.files(".pch")) == 1, "one precompiled header")
    expect(not p.leftovers(), "nothing is left over")
    p.expect(0, 1, 0)


@case
def killed(p):
    for delay in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6):
        process = subprocess.Popen(p.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    code, _, _, text = p.lint()
    expect(code == 0, text)
    p.expect(0, 1, 0)


@case
def full_disk(p):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

    # Python ignores the signal for too large a file, and this leaves it so.
    text = p.expect(0, 0, 0, preexec_fn=limit, restore_signals=False)
    expect("cache: cannot write" in text, text)
    expect(not p.leftovers(), "nothing is left over")
    p.forget_results()
    p.expect(0, 0, 1)


@case
def read_only(p):
    def nobody():
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)

    p.expect(0, 0, 1)
    p.forget_results()
    for folder, _, names in os.walk(p.cache):
        for name in names:
            os.chmod(os.path.join(folder, name), 0o444)
        os.chmod(folder, 0o555)
    try:
        p.expect(0, 0, 1, preexec_fn=nobody)
        # What would have to be made is done without.
        p.expect(0, 0, 0, "--extra-arg=-DOTHER", preexec_fn=nobody)
    finally:
        os.chmod(p.cache, 0o755)
    # One that cannot be made, and was not asked for by name.
    p.cache = ""
    p.expect(0, 0, 0, env=dict(os.environ, TORCH_TIDY_CACHE_DIR="/proc/torch-tidy"))


@case
def limit(p):
    p.expect(0, 0, 0, "--cache-limit=0")
    p.expect(0, 0, 1)

    def cache(*words):
        return subprocess.run(
            [p.tool, "cache", *words, "--cache-dir=" + p.cache], capture_output=True, text=True
        )

    expect(re.search(r"preambles +\d+\.\d MiB in 3 files", cache("info").stdout), cache("info").stdout)
    expect(cache("prune").stdout.startswith("removed 0.0 MiB"), "nothing to prune")
    # What a killed process left goes when nobody can be at it any more.
    left = ["preamble-1.pch.tmp-2", "verify-1.pch-2.part.tmp", "verify-1.pch.part", "preamble-1.lock", "preamble-1.lock-2"]
    for name in left + ["verify-now.pch.part"]:
        file = os.path.join(p.cache, name)
        with open(file, "w", encoding="utf-8") as out:
            out.write("part")
        if name in left:
            os.utime(file, (time.time() - 7200,) * 2)
    expect(cache("prune").returncode == 0, "prune leftovers")
    expect(not set(left) & set(os.listdir(p.cache)), "leftovers went: {}".format(os.listdir(p.cache)))
    expect("verify-now.pch.part" in os.listdir(p.cache), "what is being written stayed")
    # The oldest go first.
    for file in p.files(".pch") + p.files(".deps"):
        os.utime(file, (1, 1))
    size = sum(os.path.getsize(f) for f in p.files(".pch"))
    expect(cache("prune", "--cache-limit={}".format(size >> 20)).returncode == 0, "prune")
    expect(not p.files(".pch") and p.files(""), "the unused preamble went, the result stayed")
    expect(cache("clear").returncode == 0 and not p.files(""), "clear")
    expect(cache("shrink").returncode == 1, "an unknown action")
    expect(cache().returncode == 1, "no action")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
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


if __name__ == "__main__":
    sys.exit(main())
