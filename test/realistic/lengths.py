#!/usr/bin/env python3
"""How long the programs of this folder are.

A case's length is that of its function and of the functions and classes of its
file that it uses, directly or by way of others, without blank lines and lines
of comments.

Usage: lengths.py [--each] FILES
"""

import re
import sys

OPENS = re.compile(r"^namespace (\w+) \{")
CLOSES = re.compile(r"^\} // namespace")
SKIPPED = re.compile(r"^(#|//|using namespace|namespace \w+ =|$)")
TYPE = re.compile(r"^(?:template .*)?(?:struct|class|enum class|enum) (\w+)|^TORCH_MODULE\((\w+)\)")


class Block:
    """A definition at the level of a namespace: what it is called and the words in it."""

    def __init__(self, namespace, lines):
        text = "\n".join(re.sub(r"//.*", "", line) for line in lines)
        self.namespace, self.lines = namespace, [line for line in lines if not re.match(r"\s*(//|$)", line)]
        self.words = set(re.findall(r"\w+", text))
        head = " ".join(text.split("{")[0].split())
        found = TYPE.match(head)
        if found:
            name = found[1] or found[2]
            self.names = {name, name.removesuffix("Impl")}
        else:
            found = re.search(r"(\w+)\s*(?:\(|=|;|$)", head)
            self.names = {found[1]} if found else set()
            self.names |= set(re.findall(r"(\w+)::~?\w+\(", head))  # a method defined outside of its class


def blocks(path):
    namespace, lines, found, macro = "", [], [], False
    with open(path, encoding="utf-8") as source:
        for line in source.read().split("\n"):
            if OPENS.match(line) and not lines:
                namespace = OPENS.match(line)[1]
            elif CLOSES.match(line) and not lines:
                namespace = ""
            elif not lines and (macro or line.startswith("#define")):
                macro = line.endswith("\\")
            elif lines or not SKIPPED.match(line):
                lines.append(line)
                code = re.sub(r'"(\\.|[^"\\])*"|//.*', "", "\n".join(lines))
                whole = code.count("{") == code.count("}") and code.count("(") == code.count(")")
                if whole and re.search(r"[;})]\s*$", code):
                    found.append(Block(namespace, lines))
                    lines = []
    return found


def lengths(path):
    """Yields (case, lines of its function, lines with what it uses)."""
    every = blocks(path)
    for case in every:
        name = next((n for n in case.names if n.startswith("case_")), None)
        if not name:
            continue
        used, todo = [case], [case]
        while todo:
            user = todo.pop()
            for block in every:
                near = block.namespace in ("", user.namespace) or block.namespace in user.words
                if near and block not in used and block.names & user.words and not any(n.startswith("case_") for n in block.names):
                    used.append(block)
                    todo.append(block)
        yield name, len(case.lines), sum(len(block.lines) for block in used)


def main(arguments):
    every = [(path,) + row for path in arguments if path != "--each" for row in lengths(path)]
    if "--each" in arguments:
        for path, name, own, all_lines in every:
            print("{:4} {:4} {}: {}".format(all_lines, own, path, name))
    between = sum(40 <= row[3] <= 120 for row in every)
    print("{} cases, {} of 40 to 120 lines, {} longer".format(len(every), between, sum(row[3] > 120 for row in every)))


if __name__ == "__main__":
    main(sys.argv[1:])
