#!/usr/bin/env python3
"""Writes docs/limits.md, or checks that it is what the tests say.

A test function whose name ends in _FN (missed) or _FP (false alarm) is known
to be judged wrong; the comment over it gives the reason.

Usage: limits.py [--write] LIMITS.md FOLDER...
"""

import pathlib
import re
import sys

FUNCTION = re.compile(r"^(?:[\w:<>&* ]+ )?(\w+)_(FN|FP)\(.*\{$")
HEAD = """# Known limits

What torch-tidy is known to get wrong. Each line is a test that fails as soon as it is judged right; this page is written
from those tests by `test/support/limits.py --write`.
"""
SECTIONS = {
    "FN": "Missed: the program throws and nothing is said",
    "FP": "False alarms: something is said and the program runs",
}


def known(folder):
    """Yields (kind, name, reason, file)."""
    for path in sorted(pathlib.Path(folder).glob("*.cpp")):
        comment = []
        for line in path.read_text(encoding="utf-8").splitlines():
            match = FUNCTION.match(line)
            if match:
                yield match[2], match[1].removeprefix("case_"), " ".join(comment), path
            comment = comment + [line.removeprefix("//").strip()] if line.startswith("//") else []


def page(folders):
    found = [entry for folder in folders for entry in known(folder)]
    text = HEAD
    for kind, title in SECTIONS.items():
        text += "\n## {}\n\n".format(title)
        rows = [entry for entry in found if entry[0] == kind]
        for _, name, reason, path in rows:
            where = "{}/{}".format(path.parent.name, path.name)
            text += "- {} (`{}` in `test/{}`)\n".format(reason or "No reason is given.", name, where)
        if not rows:
            text += "None.\n"
    return text


def main(arguments):
    write = "--write" in arguments
    target, *folders = [a for a in arguments if a != "--write"]
    wanted = page(folders)
    if write:
        pathlib.Path(target).write_text(wanted, encoding="utf-8")
        return 0
    if pathlib.Path(target).read_text(encoding="utf-8") != wanted:
        print("{} is not what the tests say; run test/support/limits.py --write".format(target))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
