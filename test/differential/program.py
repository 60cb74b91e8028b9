"""Writes a program of random cases, and tells which constructs each is about."""

import collections
import importlib
import pkgutil
import random

import grammar
from grammar.core import CONSTRUCTS, Case, Scope
from grammar.tensors import use

# Each module of the grammar registers its constructs.
for _module in pkgutil.iter_modules(grammar.__path__):
    importlib.import_module("grammar." + _module.name)

# Where a case stands, the construct it was made for, and all that it contains.
Written = collections.namedtuple("Written", "construct first last used")


def add_construct(scope, name):
    scope.case.construct = name
    scope.write(name)


def make_case(name, seed, construct):
    case = Case(name, seed)
    scope = Scope(case)
    for _ in range(scope.rng.randrange(0, 3)):
        scope.pick()
    if scope.chance(0.4):
        add_construct(scope, scope.choice([n for n, (g, _) in CONSTRUCTS.items() if g == "tensors"]))
    add_construct(scope, construct)
    if scope.chance(0.3):
        add_construct(scope, scope.choice(list(CONSTRUCTS)))
    for _ in range(scope.rng.randrange(1, 3)):
        use(scope)
    return case.text(scope.lines), case.used


def make_program(seed, count, only=None):
    """(text, {case: Written})"""
    rng = random.Random(seed)
    names = sorted(n for n, (g, _) in CONSTRUCTS.items() if not only or n in only or g in only)
    by_group = {}
    for name in names:
        by_group.setdefault(CONSTRUCTS[name][0], []).append(name)
    lines, cases = ['#include "harness.h"', ""], {}
    for number in range(count):
        construct = rng.choice(by_group[rng.choice(sorted(by_group))])
        name = "case_{:04}".format(number)
        text, used = make_case(name, rng.getrandbits(60), construct)
        cases[name] = Written(construct, len(lines) + 1, len(lines) + len(text), used)
        lines += text + [""]
    entries = ", ".join('{{"{0}", {0}::run}}'.format(name) for name in cases)
    lines.append("DIFFERENTIAL_MAIN({})".format(entries))
    return "\n".join(lines) + "\n", cases
