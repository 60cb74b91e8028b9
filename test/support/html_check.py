"""Checks that HTML files are whole, self-contained and without scripts."""

import sys
from html.parser import HTMLParser

VOID = {"meta", "circle", "rect", "line", "polyline"}


class Checker(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "link", "img", "iframe", "object"):
            self.wrong.append("<{}>".format(tag))
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "href") and not (value or "").startswith("#"):
                self.wrong.append("{}={}".format(name, value))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("</{}> closes nothing".format(tag))


def main(*names):
    wrong = 0
    for name in names:
        checker = Checker()
        with open(name, encoding="utf-8") as file:
            checker.feed(file.read())
        checker.close()
        for problem in checker.wrong + ["<{}> stays open".format(tag) for tag in checker.open]:
            print("{}: {}".format(name, problem))
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
