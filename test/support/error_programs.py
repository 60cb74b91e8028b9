"""Writes the programs of docs/errors.md: error_programs.py ERRORS.MD FOLDER

N.cpp is the program of the Nth section, N.md the section.
"""

import re
import sys


def main(path, folder):
    with open(path, encoding="utf-8") as file:
        sections = file.read().split("\n## ")[1:]
    for number, section in enumerate(sections, 1):
        program = re.search(r"```cpp\n(.*?)```", section, re.S).group(1)
        with open("{}/{}.cpp".format(folder, number), "w", encoding="utf-8") as file:
            file.write(program)
        with open("{}/{}.md".format(folder, number), "w", encoding="utf-8") as file:
            file.write("## " + section.rstrip() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
