"""Prints the first block of code of a page's section: page_block.py PAGE.MD HEADING [OLD=NEW...]

Without a heading, that of what comes before the first. Each OLD becomes NEW.
"""

import re
import sys


def block(path, heading):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if heading:
        text = text.split("\n## " + heading + "\n", 1)[1]
    section = text.split("\n## ", 1)[0]
    return re.search(r"```\w+\n(.*?)```", section, re.S).group(1)


def main(path, heading, *changes):
    text = block(path, heading)
    for change in changes:
        old, new = change.split("=", 1)
        assert old in text, old
        text = text.replace(old, new)
    print(text, end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
