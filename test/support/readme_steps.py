"""Writes what README.md tells a reader to run: readme_steps.py README.md FILE...

The Nth FILE gets the Nth block that is announced by `<!-- run -->`.
"""

import re
import sys


def main(readme, *files):
    with open(readme, encoding="utf-8") as file:
        blocks = re.findall(r"<!-- run -->\n```\w+\n(.*?)```\n", file.read(), re.S)
    assert len(blocks) == len(files), len(blocks)
    for name, block in zip(files, blocks):
        with open(name, "w", encoding="utf-8") as file:
            file.write(block)


if __name__ == "__main__":
    main(*sys.argv[1:])
