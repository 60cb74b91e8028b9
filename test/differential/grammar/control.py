"""Control flow: forks, correlated conditions, loops whose first round differs, early returns, handlers."""

from .core import CPU, CUDA, FLOAT, LONG, Value, construct
from .tensors import binary, unary, use


def block(g, head, body, tail="}"):
    """Writes a block; what it declares is gone after it."""
    if not tail:  # a mark is a statement of its own
        head, tail = head + " {", "}"
    g.raw(head)
    g.depth += 1
    kept = list(g.variables)
    result = body()
    g.depth -= 1
    g.raw(tail)
    g.variables = kept
    return result


def replace(g, v, **changes):
    """The variable `v` has another placement from here on."""
    if v in g.variables:
        g.variables.remove(v)
    return g.add(v.with_code(v.code, **changes))


def holds(g, side):
    return "flag" if side else g.choice(["!flag", "flag == false"])


def on_side(device, side, new):
    """`device` where one value of flag brings another one."""
    return (device[0], new) if side else (new, device[1])


def fork(g, v, to, side):
    """if (flag) v = v.to(to);"""
    place = g.device((to, to))
    if g.chance(0.5):
        block(g, "if ({}) {{".format(holds(g, side)), lambda: g.say("{0} = {0}.to({1});".format(v, place)))
    else:
        block(g, "if ({})".format(holds(g, side)), lambda: g.say("{0} = {0}.to({1});".format(v, place)), tail="")
    return replace(g, v, device=on_side(v.device, side, to))


@construct("control")
def correlated(g):
    a = g.let(g.new((2, 4), g.choice([CPU, CUDA])))
    b = g.let(g.new((2, 4), a.device))
    to, side = g.choice(["cpu", "cuda"]), g.chance(0.5)
    a = fork(g, a, to, side)
    g.let(unary(g, b))
    if not g.case.slip():
        b = fork(g, b, to, side)
    else:
        b = fork(g, b, to, not side) if g.chance(0.5) else b
    g.let(binary(g, a, b))


@construct("control")
def two_branches(g):
    name = g.fresh("t")
    g.say("torch::Tensor {};".format(name))
    left, right = g.choice(["cpu", "cuda"]), g.choice(["cpu", "cuda"])
    block(g, "if (flag) {", lambda: g.say("{} = {};".format(name, g.new((2, 4), (left, left)))), tail="} else {")
    g.depth += 1
    g.say("{} = {};".format(name, g.new((2, 4), (right, right))))
    g.depth -= 1
    g.raw("}")
    v = g.add(Value(name, (2, 4), (right, left)))
    g.let(binary(g, v, g.pick((2, 4), v.device)))


@construct("control")
def ternary(g):
    a, b = g.pick((2, 4)), g.pick((2, 4))
    v = g.let(Value("flag ? {} : {}".format(a, b), (2, 4), (b.device[0], a.device[1])))
    g.let(binary(g, v, g.pick((2, 4), v.device)))


@construct("control")
def flag_device(g):
    name = g.fresh("device")
    left, right = g.choice(["cpu", "cuda"]), g.choice(["cpu", "cuda"])
    g.say("auto {} = flag ? torch::k{} : torch::k{};".format(name, left.upper(), right.upper()))
    d = (right, left)
    v = g.let(Value("torch::rand({{2, 4}}, {})".format(name), (2, 4), d))
    w = g.let(Value("torch::rand({{2, 4}}).to({})".format(name), (2, 4), d))
    g.let(binary(g, v, w))
    g.let(binary(g, v, g.pick((2, 4), d)))


@construct("control")
def early_return(g):
    v = g.pick((2, 4))
    side = g.chance(0.5)
    w = g.let(g.new((2, 4), g.other(v.device)))

    def leave():
        g.let(binary(g, v, g.pick((2, 4), v.device)))
        g.say("return;")

    block(g, "if ({}) {{".format(holds(g, side)), leave)
    w = replace(g, w, device=v.device)
    g.say("{0} = {0}.to({1}.device());".format(w, v))
    g.let(binary(g, v, w))


@construct("control")
def return_on_device(g):
    v, w = g.pick((2, 4)), g.pick((2, 4))
    test = g.choice(["{v}.device() != {w}.device()", "{v}.is_cuda() != {w}.is_cuda()", "{v}.is_cuda()", "!{v}.is_cuda()", "{v}.device().is_cpu()", "{v}.get_device() != {w}.get_device()", "{v}.device().type() == torch::kCUDA"])
    block(g, "if ({})".format(test.format(v=v, w=w)), lambda: g.say("return;"), tail="")
    g.let(binary(g, v, w))


@construct("control")
def loop_carried(g):
    """The first round is all right, a later one may not be."""
    v = g.let(g.new((2, 4), g.choice([CPU, CUDA])), type="torch::Tensor")
    w = g.pick((2, 4), v.device)
    rounds = g.choice([1, 2, 3])

    def body():
        g.let(binary(g, v, w))
        if g.case.slip() or g.chance(0.3):
            g.say("{0} = {0}.to({1});".format(v, g.device(g.choice([CPU, CUDA]))))
        else:
            g.say("{} = {};".format(v, unary(g, v)))

    head = g.choice(["for (int i = 0; i < {n}; ++i) {{", "for (int i = {n}; i > 0; --i) {{", "for (int i : std::vector<int>({n})) {{"])
    block(g, head.format(n=rounds), body)
    use(g)


@construct("control")
def first_round(g):
    v = g.let(g.new((2, 4), g.choice([CPU, CUDA])), type="torch::Tensor")
    rounds, index = g.choice([1, 2, 3]), g.choice([0, 1, 2])
    w = g.pick((2, 4), v.device)
    to = g.choice([CPU, CUDA])

    def body():
        move = "{0} = {0}.to({1});".format(v, g.device(to))
        if g.chance(0.5):
            block(g, "if (i == {}) {{".format(index), lambda: g.say(move))
            g.let(binary(g, v, w))
        else:
            g.let(binary(g, v, w))
            block(g, "if (i == {})".format(index), lambda: g.say(move), tail="")

    block(g, "for (int i = 0; i < {}; ++i) {{".format(rounds), body)
    if rounds > index:
        v = replace(g, v, device=to)
    g.let(binary(g, v, g.pick((2, 4), v.device)))


@construct("control")
def while_loop(g):
    v = g.let(g.new((2, 4), g.choice([CPU, CUDA])), type="torch::Tensor")
    n, w = g.fresh("n"), g.pick((2, 4), v.device)
    g.say("int {} = 0;".format(n))

    def body():
        g.say("{} = {};".format(v, binary(g, v, w)))
        leave = g.chance(0.4)
        if leave:
            block(g, "if ({} == 1)".format(n), lambda: g.say(g.choice(["break;", "continue;"])), tail="")

    if g.chance(0.5):
        block(g, "while ({}++ < 3) {{".format(n), body)
    else:
        block(g, "do {", body, tail="} while (" + n + "++ < 2);")
    use(g)


@construct("control")
def switch(g):
    v, w = g.let(g.new((2, 4), g.choice([CPU, CUDA])), type="torch::Tensor"), g.pick((2, 4))
    left, right = g.choice([CPU, CUDA]), g.choice([CPU, CUDA])
    fall = g.chance(0.2)

    def body():
        g.raw("case 0:")
        g.say("  {0} = {0}.to({1});".format(v, g.device(left)))
        if not fall:
            g.raw("  break;")
        g.raw("default:")
        g.say("  {0} = {0}.to({1});".format(v, g.device(right)))

    block(g, "switch (flag ? 1 : 0) {" if g.chance(0.5) else "switch (static_cast<int>(flag)) {", body)
    d = (right[0] if fall else left[0], right[1])
    v = replace(g, v, device=d)
    g.let(binary(g, v, g.pick((2, 4), d)))


@construct("control")
def handler(g):
    a, b = g.pick((2, 4)), g.pick((2, 4))
    v = g.let(g.new((2, 4), g.choice([CPU, CUDA])), type="torch::Tensor")
    same = a.device == b.device
    to = g.choice([CPU, CUDA])

    def body():
        g.let(binary(g, a, b))
        if g.chance(0.5):
            g.say("{0} = {0}.to({1});".format(v, g.device(to)))

    block(g, "try {", body, tail=g.choice(["} catch (const c10::Error &) {", "} catch (const std::exception &error) {", "} catch (...) {"]))
    g.depth += 1
    g.raw("K;")
    g.depth -= 1
    g.raw("}")
    g.let(binary(g, v, g.pick((2, 4), v.device)))


@construct("control")
def is_available(g):
    name = g.fresh("device")
    g.say(g.choice(["torch::Device {}(torch::kCPU);", "auto {} = torch::Device(torch::kCPU);"]).format(name))
    block(g, "if (torch::cuda::is_available()) {", lambda: g.say("{} = torch::kCUDA;".format(name)) if g.chance(0.7) else g.say("{} = torch::Device(torch::kCUDA, 0);".format(name)))
    v = g.let(Value("torch::rand({{2, 4}}, {})".format(name), (2, 4), CUDA))
    g.let(binary(g, v, g.pick((2, 4), CUDA)))


@construct("control")
def conditional_module(g):
    name = g.fresh("m")
    g.say("torch::nn::Linear {}(4, 4);".format(name))
    x = g.let(g.new((2, 4), CPU), type="torch::Tensor")
    side = g.chance(0.5)
    block(g, "if ({}) {{".format(holds(g, side)), lambda: g.say("{}->to(torch::kCUDA);".format(name)))
    wrong = g.case.slip()
    if not wrong:
        x = fork(g, x, "cuda", side)
    y = g.let(x.with_code("{}({})".format(name, x)))
    g.let(binary(g, y, g.pick((2, 4), y.device)))


@construct("control")
def nested_forks(g):
    v = g.let(g.new((2, 4), CPU), type="torch::Tensor")
    n = g.fresh("n")
    g.say("int {} = flag ? 3 : 1;".format(n))
    block(g, "if ({} {} 2) {{".format(n, g.choice([">", "<", ">=", "=="])), lambda: g.say("{0} = {0}.cuda();".format(v)))
    w = g.let(g.new((2, 4), CPU), type="torch::Tensor")
    block(g, "if ({} && {} > 0) {{".format(g.choice(["flag", "!flag"]), n), lambda: g.say("{0} = {0}.cuda();".format(w)))
    g.let(binary(g, v, w))
