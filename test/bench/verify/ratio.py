#!/usr/bin/env python3
"""How long 'torch-tidy verify' takes, beside a plain compilation of the file.

    test/bench/verify/ratio.py [--rounds N] [--max RATIO] [FILE...]

Takes turns: compile, verify with an empty cache, verify with the cache filled,
so that whatever else the machine does meets all three. FILE: the mistakes of
docs/examples. Prints medians of wall and processor time, and exits with 1 where
a filled cache costs more than RATIO (1.5) times the compilation, by wall time.
An empty cache is met once for each set of includes and flags.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.abspath(__file__)) + "/../../.."


def torch_flags(build):
    text = open(os.path.join(build, "test", "lit.site.cfg.py")).read()
    return re.search(r'torch_flags = "(.*)"', text).group(1).split()


def timed(command, expect):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code.returncode != expect:
        sys.exit(f"{' '.join(command)}: exit {code.returncode}\n{code.stderr[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default=os.path.join(SOURCE, "build"))
    parser.add_argument("--compiler", default="clang++-22")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max", type=float, default=1.5)
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    examples = os.path.join(SOURCE, "docs", "examples")
    files = args.files or [
        os.path.join(examples, name, "mistake.cpp") for name in ("linear", "classifier", "lstm")
    ]
    flags = torch_flags(args.build)
    tool = os.path.join(args.build, "bin", "torch-tidy")
    slow = False
    print(f"{'file':28} {'compile':>15} {'verify, filled':>22} {'verify, empty':>22}   (wall s, cpu s, wall ratio)")
    for file in files:
        times = {"compile": [], "filled": [], "empty": []}
        for _ in range(args.rounds):
            with tempfile.TemporaryDirectory() as temp:
                verify = [tool, "verify", "--device=emulated", "--quiet", f"--cache-dir={temp}/cache", file, "--"]
                compile = [args.compiler, *flags, "-c", file, "-o", f"{temp}/a.o"]
                times["empty"].append(timed(verify + flags, 2))
                times["compile"].append(timed(compile, 0))
                times["filled"].append(timed(verify + flags, 2))
        wall, cpu = ({k: statistics.median(t[i] for t in v) for k, v in times.items()} for i in (0, 1))
        ratio = {k: wall[k] / wall["compile"] for k in wall}
        print(
            f"{os.path.relpath(file, examples):28} {wall['compile']:7.1f} {cpu['compile']:7.1f} "
            + " ".join(f"{wall[k]:7.1f} {cpu[k]:7.1f} {ratio[k]:6.2f}" for k in ("filled", "empty")),
            flush=True,
        )
        slow |= ratio["filled"] > args.max
    return slow


if __name__ == "__main__":
    sys.exit(main())
