"""Other constructs where code of their kind is found: in a branch, a loop, a lambda, a method, a template."""

from .control import block, replace
from .core import CONSTRUCTS, CPU, CUDA, Scope, Value, construct
from .tensors import binary, use


def another(g):
    """One construct, inside of what is being written."""
    names = sorted(n for n, (group, _) in CONSTRUCTS.items() if group != "nesting" and n != "handler")
    g.write(g.choice(names))


def whole_body(g):
    """The lines of a function that gets `flag`."""
    inner = Scope(g.case)
    inner.lines = ["  F;"]
    for _ in range(inner.rng.randrange(1, 3)):
        another(inner)
    use(inner)
    return inner.lines


@construct("nesting")
def in_branch(g):
    block(g, "if ({}) {{".format(g.choice(["flag", "!flag"])), lambda: another(g))
    use(g)


@construct("nesting")
def in_both_branches(g):
    block(g, "if (flag) {", lambda: another(g), tail="} else {")
    g.depth += 1
    kept = list(g.variables)
    another(g)
    g.variables = kept
    g.depth -= 1
    g.raw("}")
    use(g)


@construct("nesting")
def in_loop(g):
    v = g.let(g.new((2, 4), g.choice([CPU, CUDA])), type="torch::Tensor")
    block(g, "for (int round = 0; round < {}; ++round) {{".format(g.choice([1, 2])), lambda: another(g))
    g.let(binary(g, v, g.pick((2, 4), v.device)))


@construct("nesting")
def in_lambda(g):
    n = g.fresh("body")

    def body():
        g.raw("F;")
        another(g)

    block(g, "auto {} = [&] {{".format(n), body, tail="};")
    g.say("{}();".format(n))
    use(g)


@construct("nesting")
def in_function(g):
    f = g.fresh("body")
    lines = whole_body(g)
    g.helper(["static void {}(bool flag) {{".format(f)] + lines + ["}"])
    g.say("{}({});".format(f, g.choice(["flag", "flag", "!flag", "true"])))
    use(g)


@construct("nesting")
def in_method(g):
    s = g.fresh("Runner")
    lines = whole_body(g)
    static = g.choice(["", "static ", "virtual "])
    g.helper(["struct {} {{".format(s), "{}void go(bool flag) {{".format(static)] + lines + ["}", "};"])
    g.say("{}::go(flag);".format(s) if static == "static " else "{}().go(flag);".format(s))
    use(g)


@construct("nesting")
def in_template(g):
    f = g.fresh("body")
    lines = whole_body(g)
    g.helper(["template <typename Number> void {}(bool flag, Number) {{".format(f)] + lines + ["}"])
    g.say("{}(flag, {});".format(f, g.choice(["1", "2.0", "'a'"])))
    use(g)


@construct("nesting")
def several(g):
    for _ in range(3):
        another(g)
    use(g)
