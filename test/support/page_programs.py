"""Writes the programs of a check's page: page_programs.py PAGE.MD FOLDER

Each block of C++ becomes FOLDER/SECTION-N.cpp, which includes <torch/torch.h>
and expects, in the words of check_torch.py, the warnings and notes that the
page has as comments at the ends of lines.
"""

import re
import sys


def main(path, folder):
    with open(path, encoding="utf-8") as file:
        sections = file.read().split("\n## ")[1:]
    for section in sections:
        name = section.split("\n", 1)[0].lower()
        for number, block in enumerate(re.findall(r"```cpp\n(.*?)```", section, re.S), 1):
            block = block.replace("// warning: ", "// expect: ").replace("// note: ", "// expect-note: ")
            with open("{}/{}-{}.cpp".format(folder, name, number), "w", encoding="utf-8") as file:
                file.write("#include <torch/torch.h>\n" + block)


if __name__ == "__main__":
    main(*sys.argv[1:])
