"""Keeps README.md true: the program and the output it shows are real.

    readme.py README.md SOURCE_DIR --check OUTPUT_FILE...
    readme.py README.md SOURCE_DIR --write OUTPUT_FILE...

A line `<!-- source PATH -->` announces a block with that file's text, a line
`<!-- output COMMAND -->` one with the output of that command. The outputs come
in as files, in the order of their blocks.
"""

import re
import sys

BLOCK = re.compile(r"(<!-- (source|output) (.+?) -->\n```\w+\n)(.*?)(```\n)", re.S)


def main(readme, source_dir, mode, *outputs):
    outputs = list(outputs)
    wrong = []

    def real(match):
        head, kind, name, shown, tail = match.groups()
        if kind == "source":
            with open(source_dir + "/" + name, encoding="utf-8") as file:
                text = file.read()
        else:
            with open(outputs.pop(0), encoding="utf-8") as file:
                text = "$ " + name + "\n" + file.read()
        if text != shown:
            wrong.append("README.md does not show the real {} of '{}':\n{}".format(kind, name, text))
        return head + text + tail

    with open(readme, encoding="utf-8") as file:
        before = file.read()
    after = BLOCK.sub(real, before)
    if mode == "--write":
        with open(readme, "w", encoding="utf-8") as file:
            file.write(after)
        return 0
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
