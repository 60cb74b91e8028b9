"""Does what README and the pages in docs/ refer to exist?

links.py SOURCE prints links to files and headings that are not there, and paths
in backticks (`tool/setup`, `checks/flow`) that the tree does not have.
"""

import glob
import os
import re
import sys


def headings(text):
    """Anchors, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    for title in re.findall(r"^#+ (.*)$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(source):
    pages = [source + "/README.md"] + sorted(glob.glob(source + "/docs/**/*.md", recursive=True))
    folders = [name for name in os.listdir(source) if os.path.isdir(os.path.join(source, name))]
    folders = [name for name in folders if name[0] != "." and name != "build"]
    paths = re.compile(r"`((?:{})/[\w./-]*)`".format("|".join(sorted(folders))))
    wrong = []
    for page in pages:
        text = read(page)
        name = os.path.relpath(page, source)
        for target in re.findall(r"\]\(([^)]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text):
            if re.match(r"https?://", target):
                continue
            file, _, anchor = target.partition("#")
            at = os.path.normpath(os.path.join(os.path.dirname(page), file)) if file else page
            if not os.path.exists(at):
                wrong.append("{}: no file {}".format(name, target))
            elif anchor and anchor not in headings(read(at)):
                wrong.append("{}: no heading {}".format(name, target))
        for path in paths.findall(text):
            found = [path] + [path + end for end in (".h", ".cpp")]
            if not any(os.path.exists(os.path.join(source, at)) for at in found):
                wrong.append("{}: no {} in the tree".format(name, path))
    print("{} pages".format(len(pages)))
    for line in wrong:
        print(line)
    return 1 if wrong or len(pages) < 10 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
