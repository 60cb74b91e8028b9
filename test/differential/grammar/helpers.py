"""Helpers: what goes in by value, reference, pointer, what comes back in a tuple, struct, optional; lambdas, templates."""

from .control import replace
from .core import CPU, CUDA, FLOAT, LONG, Value, construct
from .tensors import binary, unary, use

SHAPE = (2, 4)


def body(g, *parameters):
    """The start of a helper: its scope, the parameters in it."""
    inner = g.child()
    values = [inner.add(Value(name, SHAPE, device)) for name, device in parameters]
    return inner, values


def finish(g, inner, head):
    g.helper([head + " {"] + inner.lines + ["}"])


def work(inner, values):
    """A few statements on the parameters; the last value."""
    result = values[0]
    for _ in range(inner.rng.randrange(0, 3)):
        result = inner.let(binary(inner, inner.choice(values), unary(inner, inner.choice(values)))) if len(values) == 1 or inner.chance(0.5) else inner.let(unary(inner, result))
    return result


@construct("helpers")
def by_value(g):
    a = g.pick(SHAPE)
    b = g.pick(SHAPE, a.device)
    f = g.fresh("f")
    inner, (x, y) = body(g, ("x", a.device), ("y", a.device))
    r = inner.let(binary(inner, x, y))
    inner.say("return {};".format(unary(inner, r)))
    kind = g.choice(["torch::Tensor {}", "const torch::Tensor &{}", "torch::Tensor &&{}", "at::Tensor {}"])
    kinds = [kind, g.choice(["torch::Tensor {}", "const torch::Tensor &{}"])]
    arguments = [str(a) if "&&" not in kind else "torch::Tensor({})".format(a), str(b)]
    finish(g, inner, "{}torch::Tensor {}({}, {})".format(g.choice(["", "static ", "inline "]), f, kinds[0].format("x"), kinds[1].format("y")))
    v = g.let(a.with_code("{}({})".format(f, ", ".join(arguments))))
    g.let(binary(g, v, g.pick(SHAPE, v.device)))


@construct("helpers")
def mover(g):
    """A helper that moves what it gets, in one of the ways that reach the caller or do not."""
    v = g.let(g.new(SHAPE, g.choice([CPU, CUDA])), type="torch::Tensor")
    to = g.choice([CPU, CUDA])
    f, place = g.fresh("move"), g.device(to)
    form = g.choice(["returns", "reference", "value", "pointer", "dropped", "device"])
    inner, (x,) = body(g, ("x", v.device))
    if form == "returns":
        inner.say("return x.to({});".format(place))
        finish(g, inner, "torch::Tensor {}(const torch::Tensor &x)".format(f))
        g.say("{0} = {1}({0});".format(v, f))
        v = replace(g, v, device=to)
    elif form == "device":
        inner.say("return x.to(device);")
        default = g.choice(["", " = torch::kCUDA"])
        finish(g, inner, "torch::Tensor {}(const torch::Tensor &x, torch::Device device{})".format(f, default))
        if default and g.chance(0.5):
            g.say("{0} = {1}({0});".format(v, f))
            to = CUDA
        else:
            g.say("{0} = {1}({0}, {2});".format(v, f, place))
        v = replace(g, v, device=to)
    elif form == "reference":
        inner.say("x = x.to({});".format(place))
        finish(g, inner, "void {}(torch::Tensor &x)".format(f))
        g.say("{}({});".format(f, v))
        v = replace(g, v, device=to)
    elif form == "pointer":
        inner.say("*x = x->to({});".format(place))
        finish(g, inner, "void {}(torch::Tensor *x)".format(f))
        g.say("{}(&{});".format(f, v))
        v = replace(g, v, device=to)
    elif form == "value":
        inner.say("x = x.to({});".format(place))
        finish(g, inner, "void {}(torch::Tensor x)".format(f))
        g.say("{}({});".format(f, v))
    else:
        inner.say("x.to({});".format(place))
        finish(g, inner, "void {}(torch::Tensor &x)".format(f))
        g.say("{}({});".format(f, v))
    g.let(binary(g, v, g.pick(SHAPE, v.device)))


@construct("helpers")
def several_results(g):
    a = g.pick(SHAPE)
    left, right = g.choice([a.device, CPU, CUDA]), g.choice([CPU, CUDA])
    f, form = g.fresh("make"), g.choice(["pair", "tuple", "struct", "out", "array"])
    inner, (x,) = body(g, ("x", a.device))
    inner.say("auto first = x.to({});".format(inner.device(left)))
    inner.say("auto second = {};".format(inner.new(SHAPE, right)))
    type = {"pair": "std::pair<torch::Tensor, torch::Tensor>", "tuple": "std::tuple<torch::Tensor, torch::Tensor>", "array": "std::array<torch::Tensor, 2>"}.get(form)
    n, m = g.fresh("p"), g.fresh("q")
    if form == "out":
        inner.say("out = second;")
        inner.say("return first;")
        finish(g, inner, "torch::Tensor {}(torch::Tensor x, torch::Tensor &out)".format(f))
        g.say("torch::Tensor {};".format(m))
        g.say("auto {} = {}({}, {});".format(n, f, a, m))
    else:
        if form == "struct":
            type = g.fresh("Pair")
            g.helper(["struct {} {{".format(type), "  torch::Tensor first;", "  torch::Tensor second;", "};"])
        code = {"pair": ["{first, second}", "std::make_pair(first, second)"], "tuple": ["{first, second}", "std::make_tuple(first, second)", "std::tie(first, second)"],
                "struct": ["{first, second}"], "array": ["{first, second}"]}[form]
        inner.say("return {};".format(g.choice(code)))
        finish(g, inner, "{} {}(torch::Tensor x)".format(type, f))
        if g.chance(0.5) and form != "out":
            g.say("auto [{}, {}] = {}({});".format(n, m, f, a))
        elif form == "tuple" and g.chance(0.5):
            g.say("torch::Tensor {}, {};".format(n, m))
            g.say("std::tie({}, {}) = {}({});".format(n, m, f, a))
        else:
            r = g.fresh("r")
            g.say("auto {} = {}({});".format(r, f, a))
            one, two = ("{}.first", "{}.second") if form in ("pair", "struct") else ("std::get<0>({})", "std::get<1>({})") if form == "tuple" else ("{}[0]", "{}[1]")
            n, m = one.format(r), two.format(r)
    v, w = g.add(Value(n, SHAPE, left)), g.add(Value(m, SHAPE, right))
    other = g.pick(SHAPE, v.device)
    g.let(binary(g, v, other))
    g.let(binary(g, g.pick(SHAPE, w.device), w))


@construct("helpers")
def optional_argument(g):
    a = g.pick(SHAPE)
    given = g.choice([True, False, None])
    f = g.fresh("f")
    inner, (x, y) = body(g, ("x", a.device), ("*y", a.device))
    negated = g.chance(0.3)
    inner.raw("if ({}) {{".format("!y" if negated else g.choice(["y", "y.has_value()", "y != std::nullopt"])))
    inner.say("  return {};".format("x" if negated else binary(inner, x, y)))
    inner.raw("}")
    inner.say("return {};".format(binary(inner, x, y) if negated else "x"))
    optional = g.choice(["std::optional", "c10::optional"])
    finish(g, inner, "torch::Tensor {}(const torch::Tensor &x, {}<torch::Tensor> y = std::nullopt)".format(f, optional))
    b = g.pick(SHAPE, a.device)
    code = {True: "{}({}, {})".format(f, a, b), False: "{}({})".format(f, a), None: "{}({}, flag ? std::optional<torch::Tensor>({}) : std::nullopt)".format(f, a, b)}[given]
    v = g.let(a.with_code(code))
    g.let(binary(g, v, g.pick(SHAPE, v.device)))


@construct("helpers")
def flag_passed(g):
    a = g.let(g.new(SHAPE, g.choice([CPU, CUDA])))
    f = g.fresh("f")
    inner, (x,) = body(g, ("x", a.device))
    inner.raw("if (move) {")
    inner.say("  return x.cuda();")
    inner.raw("}")
    inner.say("return {};".format(unary(inner, x)))
    finish(g, inner, "torch::Tensor {}(torch::Tensor x, bool move)".format(f))
    argument, device = g.choice([("flag", (a.device[0], "cuda")), ("!flag", ("cuda", a.device[1])), ("true", CUDA), ("false", a.device)])
    v = g.let(a.with_code("{}({}, {})".format(f, a, argument), device=device))
    g.let(binary(g, v, g.pick(SHAPE, v.device)))


@construct("helpers")
def lambdas(g):
    a = g.let(g.new(SHAPE, g.choice([CPU, CUDA])), type="torch::Tensor")
    f, form = g.fresh("f"), g.choice(["parameter", "by reference", "by value", "late", "writes", "function"])
    b = g.pick(SHAPE, a.device)
    if form in ("parameter", "function"):
        type = "auto" if form == "parameter" else "std::function<torch::Tensor(const torch::Tensor &)>"
        g.say("{} {} = [&](const torch::Tensor &x) {{ F; return {}; }};".format(type, f, binary(g, Value("x", SHAPE, a.device), b)))
        v = g.let(a.with_code("{}({})".format(f, g.pick(SHAPE, a.device))))
    elif form in ("by reference", "by value"):
        g.say("auto {} = [{}] {{ F; return {}; }};".format(f, g.choice(["&", "&" + str(a)]) if form == "by reference" else g.choice(["=", str(a)]), unary(g, a)))
        to = g.choice([CPU, CUDA])
        before = a.device
        g.say("{0} = {0}.to({1});".format(a, g.device(to)))
        a = replace(g, a, device=to)
        v = g.let(a.with_code("{}()".format(f), device=to if form == "by reference" else before))
    elif form == "late":
        g.say("auto {} = [](auto x, auto y) {{ F; return {}; }};".format(f, binary(g, Value("x", SHAPE, CPU), Value("y", SHAPE, CPU))))
        v = g.let(a.with_code("{}({}, {})".format(f, a, b)))
    else:
        to = g.choice([CPU, CUDA])
        g.say("auto {} = [&{}](torch::Device d) {{ F; {} = {}.to(d); }};".format(f, a, a, a))
        g.say("{}({});".format(f, g.device(to)))
        v = a = replace(g, a, device=to)
    g.let(binary(g, v, g.pick(SHAPE, v.device)))


@construct("helpers")
def templates(g):
    a, b = g.pick(SHAPE), None
    b = g.pick(SHAPE, a.device)
    f = g.fresh("f")
    form = g.choice(["generic", "variadic", "callback", "constant"])
    if form == "generic":
        g.helper(["template <typename T> T {}(const T &x, const T &y) {{".format(f), "  F;", "  L; return {};".format(binary(g, Value("x", SHAPE, CPU), Value("y", SHAPE, CPU))), "}"])
        code = "{}({}, {})".format(f, a, b)
    elif form == "variadic":
        g.helper(["template <typename... T> torch::Tensor {}(const torch::Tensor &x, const T &...rest) {{".format(f), "  F;", "  L; return (x + ... + rest);", "}"])
        code = "{}({}, {}, {})".format(f, a, b, g.pick(SHAPE, a.device))
    elif form == "callback":
        g.helper(["template <typename Function> torch::Tensor {}(torch::Tensor x, Function function) {{".format(f), "  F;", "  L; return function(x);", "}"])
        code = "{}({}, [&](torch::Tensor x) {{ F; return {}; }})".format(f, a, binary(g, Value("x", SHAPE, a.device), b))
    else:
        to = g.choice([CPU, CUDA])
        g.helper(["template <bool Move> torch::Tensor {}(torch::Tensor x) {{".format(f), "  F;", "  if constexpr (Move)", "    x = x.to(torch::kCUDA);", "  L; return x;", "}"])
        v = g.let(a.with_code("{}<{}>({})".format(f, "true" if to == CUDA else "false", a), device=CUDA if to == CUDA else a.device))
        g.let(binary(g, v, g.pick(SHAPE, v.device)))
        return
    v = g.let(a.with_code(code))
    g.let(binary(g, v, g.pick(SHAPE, v.device)))


@construct("helpers")
def recursion(g):
    a = g.pick(SHAPE)
    b = g.pick(SHAPE, a.device)
    f = g.fresh("f")
    moved = g.case.slip()
    g.helper(["torch::Tensor {}(torch::Tensor x, torch::Tensor y, int n) {{".format(f), "  F;", "  if (n == 0)", "    return x;", "  L; auto z = {};".format(binary(g, Value("x", SHAPE, CPU), Value("y", SHAPE, CPU))),
              "  L; return {}({}, y, n - 1);".format(f, "z.to({})".format(g.device(g.choice([CPU, CUDA]))) if moved else "z"), "}"])
    v = g.let(a.with_code("{}({}, {}, {})".format(f, a, b, g.choice([0, 1, 2, 3]))))
    use(g)


@construct("helpers")
def chain(g):
    """Three helpers deep."""
    a = g.pick(SHAPE)
    b = g.pick(SHAPE, a.device)
    f, h, k = g.fresh("f"), g.fresh("h"), g.fresh("k")
    inner, (x, y) = body(g, ("x", a.device), ("y", a.device))
    inner.say("return {};".format(binary(inner, x, y)))
    finish(g, inner, "static torch::Tensor {}(const torch::Tensor &x, const torch::Tensor &y)".format(f))
    inner, (x, y) = body(g, ("x", a.device), ("y", a.device))
    z = inner.let(unary(inner, x))
    inner.say("return {}({}, {});".format(f, z, inner.pick(SHAPE, a.device)))
    finish(g, inner, "torch::Tensor {}(torch::Tensor x, torch::Tensor y)".format(h))
    inner, (x, y) = body(g, ("x", a.device), ("y", a.device))
    inner.say("return {}(x, y) + x;".format(h))
    finish(g, inner, "torch::Tensor {}(torch::Tensor x, torch::Tensor y)".format(k))
    v = g.let(a.with_code("{}({}, {})".format(k, a, b)))
    g.let(binary(g, v, g.pick(SHAPE, v.device)))


@construct("helpers")
def module_argument(g):
    d = g.choice([CPU, CUDA])
    f, m = g.fresh("f"), g.fresh("m")
    kind = g.choice(["torch::nn::Linear m", "torch::nn::Linear &m", "const torch::nn::Linear &m", "torch::nn::LinearImpl &m", "torch::nn::Module &m"])
    inner = g.child()
    inner.say("m{}to({});".format("." if "Impl" in kind or "Module" in kind else "->", inner.device(d)) if "const" not in kind else "torch::nn::Linear(m)->to({});".format(inner.device(d)))
    finish(g, inner, "void {}({})".format(f, kind))
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    g.say("{}({}{});".format(f, "*" if "Impl" in kind or "Module" in kind else "", m))
    x = g.pick(SHAPE, d)
    y = g.let(x.with_code("{}({})".format(m, x)))
    g.let(binary(g, y, g.pick(SHAPE, y.device)))
