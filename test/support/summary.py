"""Adds up the results of test/run and prints the closing line.

A test program that ended badly (its exit code says so) without a failed test
in its results has not run its tests: that counts as one failure.
"""

import json
import os
import sys


def unit(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    return report["tests"] - report["failures"], report["failures"], 0


def lit(path):
    with open(path, encoding="utf-8") as file:
        codes = [test["code"] for test in json.load(file)["tests"]]
    passed = sum(code in ("PASS", "FLAKYPASS", "XFAIL") for code in codes)
    skipped = sum(code in ("UNSUPPORTED", "SKIPPED", "EXCLUDED") for code in codes)
    return passed, len(codes) - passed - skipped, skipped


def main(folder):
    passed = failed = skipped = 0
    for entry in sorted(os.listdir(folder)):
        name, extension = os.path.splitext(entry)
        if extension != ".code":
            continue
        with open(os.path.join(folder, entry), encoding="utf-8") as file:
            code = int(file.read())
        try:
            counts = (lit if name == "lit" else unit)(os.path.join(folder, name + ".json"))
        except (OSError, ValueError, KeyError):
            counts = (0, 0, 0)
        if code != 0 and counts[1] == 0:
            print("{} ended with exit code {}".format(name, code))
            counts = (counts[0], 1, counts[2])
        passed, failed, skipped = (a + b for a, b in zip((passed, failed, skipped), counts))
    line = "{} passed, {} failed".format(passed, failed)
    print(line + (", {} skipped".format(skipped) if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
