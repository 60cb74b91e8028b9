#!/usr/bin/env python3
"""What the cache promises, each promise on a cache of its own.

Usage: cache_cases.py --tool=PROGRAM --folder=FOLDER [case...]
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from cache_project import MAIN, PART, case, expect, main


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
    # Qt's headers ask whether the code is position-independent.
    p.write("src/main.cpp", MAIN + "#if !defined(__PIC__) || defined(__PIE__)\n#error not -fPIC\n#endif\n")
    p.expect(0, 0, 1, "--extra-arg=-fPIC")


@case
def macros_in_front(p):
    """A library in front of LibTorch that LibTorch does not compile behind, as Qt's `slots`."""
    p.write("lib/include/window.h", "#pragma once\n#define slots\nstruct Window {};\n")
    p.write("lib/include/torch/part.h", PART.format("int ") + "inline int slots(int x) { return x; }\n")
    p.write("src/own.h", "#pragma once\n#include <window.h>\nclass Own : Window { public slots: void at(); };\n")
    behind = MAIN.replace("#include <torch", "#undef slots\n#include <torch").replace("OwnNumber", "Number")
    p.write("src/main.cpp", behind)
    p.expect(0, 0, 1)
    # Where the project's code needs what LibTorch defines otherwise, there is none.
    p.write("src/main.cpp", behind.replace("#undef slots\n", ""))
    expect(p.lint()[0] == 3, "does not compile in any order")


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


if __name__ == "__main__":
    sys.exit(main(__doc__))
