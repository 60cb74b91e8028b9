"""Helpers and statements from templates: `$name` is filled in, `!` stands for the mark of a line that may throw."""

import string


def filled(text, **names):
    """The lines of a template."""
    text = string.Template(text).substitute({key: str(value) for key, value in names.items()})
    return [line.replace("!", "L;", 1) if line.lstrip().startswith("! ") else line for line in text.strip("\n").split("\n")]


def declare(g, text, **names):
    """Writes a template before the case's function."""
    g.helper(filled(text, **names))


def statements(g, text, **names):
    """Writes a template into the case's function."""
    tag = "  // " + g.case.construct if g.inside_case else ""
    for line in filled(text, **names):
        g.raw(line + tag if line.lstrip().startswith("L; ") else line)


def unless(g, code, otherwise=""):
    """`code`, or what stands there where the case's fault is."""
    return otherwise if g.case.slip() else code
