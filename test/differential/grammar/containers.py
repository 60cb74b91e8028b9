"""Containers, iterators, algorithms with callbacks, swap, move, structured bindings."""

from .control import block, replace
from .core import CPU, CUDA, FLOAT, LONG, Value, construct
from .tensors import binary, unary, use

SHAPE = (2, 4)
SEQUENCES = ["std::vector<torch::Tensor>", "std::deque<torch::Tensor>", "std::list<torch::Tensor>"]


def meet(g, code, device):
    """A statement that uses what comes out of a container."""
    v = g.let(Value(code, SHAPE, device))
    g.let(binary(g, v, g.pick(SHAPE, device)))


def fill(g, name, devices, method="push_back"):
    for device in devices:
        g.say("{}.{}({});".format(name, method, g.pick(SHAPE, device) if g.chance(0.5) else g.new(SHAPE, device)))


def some_devices(g, count):
    """Mostly alike."""
    d = g.choice([CPU, CUDA])
    return [g.choice([CPU, CUDA]) if g.chance(0.25) else d for _ in range(count)]


@construct("containers")
def vector(g):
    name, devices = g.fresh("all"), some_devices(g, 3)
    if g.chance(0.5):
        values = ", ".join(str(g.new(SHAPE, d)) for d in devices)
        g.say("std::vector<torch::Tensor> {}{{{}}};".format(name, values))
    else:
        g.say("std::vector<torch::Tensor> {};".format(name))
        fill(g, name, devices, g.choice(["push_back", "emplace_back"]))
    i = g.choice([0, 1, 2])
    form = g.choice(["index", "index", "at", "front", "back", "cat", "loop", "iterator", "write", "begin", "pop"])
    if form == "index":
        meet(g, "{}[{}]".format(name, i), devices[i])
    elif form == "at":
        meet(g, "{}.at({})".format(name, i), devices[i])
    elif form in ("front", "back"):
        meet(g, "{}.{}()".format(name, form), devices[0 if form == "front" else -1])
    elif form == "cat":
        g.let(Value("torch::{}({})".format(g.choice(["stack", "cat"]), name), (0,), devices[0]))
        g.variables.pop()
    elif form == "loop":
        w = g.pick(SHAPE, devices[0])
        block(g, "for ({} x : {}) {{".format(g.choice(["auto", "const auto &", "auto &", "const torch::Tensor &"]), name), lambda: g.say("auto y = {};".format(binary(g, Value("x", SHAPE, devices[0]), w))))
    elif form == "iterator":
        w = g.pick(SHAPE, devices[0])
        block(g, "for (auto it = {0}.begin(); it != {0}.end(); ++it) {{".format(name), lambda: g.say("auto y = {};".format(binary(g, Value("(*it)", SHAPE, devices[0]), w))))
    elif form == "write":
        to = g.choice([CPU, CUDA])
        block(g, "for (auto {}x : {}) {{".format(g.choice(["", "&", "&"]), name), lambda: g.say("x = x.to({});".format(g.device(to))))
        meet(g, "{}[{}]".format(name, i), to)
    elif form == "begin":
        meet(g, g.choice(["*{}.begin()", "*std::begin({})", "*{}.cbegin()"]).format(name), devices[0])
    else:
        g.say("{}.pop_back();".format(name))
        meet(g, "{}.back()".format(name), devices[1])


@construct("containers")
def sequence_sum(g):
    name, devices = g.fresh("all"), some_devices(g, 3)
    type = g.choice(SEQUENCES)
    g.say("{} {};".format(type, name))
    fill(g, name, devices)
    start = g.let(g.new(SHAPE, devices[0]), type="torch::Tensor")
    if g.chance(0.3):
        g.say("{0} = std::accumulate({1}.begin(), {1}.end(), {0}, [](torch::Tensor a, torch::Tensor b) {{ F; return a + b; }});".format(start, name))
    else:
        block(g, "for (const auto &x : {}) {{".format(name), lambda: g.say(g.choice(["{0} = {0} + x;", "{0} += x;", "{0}.add_(x);"]).format(start)))
    g.let(binary(g, start, g.pick(SHAPE, start.device)))


@construct("containers")
def array(g):
    name, devices = g.fresh("a"), some_devices(g, 2)
    form = g.choice(["std::array<torch::Tensor, 2> {n}{{{a}, {b}}};", "torch::Tensor {n}[2] = {{{a}, {b}}};", "torch::Tensor {n}[] = {{{a}, {b}}};"])
    g.say(form.format(n=name, a=g.new(SHAPE, devices[0]), b=g.new(SHAPE, devices[1])))
    i = g.choice([0, 1])
    if g.chance(0.3):
        to = g.choice([CPU, CUDA])
        g.say("{0}[{1}] = {0}[{1}].to({2});".format(name, i, g.device(to)))
        devices[i] = to
    meet(g, "{}[{}]".format(name, i), devices[i])


@construct("containers")
def map_of_tensors(g):
    type = g.choice(["std::map", "std::unordered_map"])
    name, devices = g.fresh("named"), some_devices(g, 2)
    g.say("{}<std::string, torch::Tensor> {};".format(type, name))
    insert = g.choice(['{n}["{k}"] = {v};', '{n}.emplace("{k}", {v});', '{n}.insert({{"{k}", {v}}});', '{n}.insert_or_assign("{k}", {v});'])
    for key, device in zip("ab", devices):
        g.say(insert.format(n=name, k=key, v=g.new(SHAPE, device)))
    i = g.choice([0, 1])
    form = g.choice(["index", "at", "find", "loop", "move"])
    if form == "loop":
        w = g.pick(SHAPE, devices[0])
        block(g, "for (const auto &[key, x] : {}) {{".format(name) if g.chance(0.5) else "for (auto &entry : {}) {{".format(name),
              lambda: g.say("auto y = {};".format(binary(g, Value("x" if "key" in g.lines[-1] else "entry.second", SHAPE, devices[0]), w))))
        return
    if form == "move":
        to = g.choice([CPU, CUDA])
        block(g, "for (auto &entry : {}) {{".format(name), lambda: g.say("entry.second = entry.second.to({});".format(g.device(to))))
        devices = [to, to]
    access = {"index": '{}["{}"]', "at": '{}.at("{}")', "find": '{}.find("{}")->second'}.get(form, '{}["{}"]')
    meet(g, access.format(name, "ab"[i]), devices[i])


@construct("containers")
def tuples(g):
    a, b = g.pick(SHAPE), g.pick(SHAPE)
    name = g.fresh("both")
    form = g.choice(["auto {} = std::make_tuple({}, {});", "std::tuple<torch::Tensor, torch::Tensor> {}({}, {});", "auto {} = std::make_pair({}, {});", "std::pair<torch::Tensor, torch::Tensor> {}{{{}, {}}};",
                     "auto {} = std::tie({}, {});"])
    g.say(form.format(name, a, b))
    i = g.choice([0, 1])
    d = (a, b)[i].device
    if g.chance(0.5):
        x, y = g.fresh("x"), g.fresh("y")
        g.say("auto {}[{}, {}] = {};".format(g.choice(["", "&"]), x, y, name))
        meet(g, (x, y)[i], d)
    elif "pair" in form and g.chance(0.5):
        meet(g, "{}.{}".format(name, ("first", "second")[i]), d)
    else:
        meet(g, "std::get<{}>({})".format(i, name), d)


@construct("containers")
def algorithms(g):
    name, devices = g.fresh("all"), some_devices(g, 2)
    g.say("std::vector<torch::Tensor> {}{{{}}};".format(name, ", ".join(str(g.new(SHAPE, d)) for d in devices)))
    to = g.choice([CPU, CUDA])
    form = g.choice(["for_each", "for_each", "transform", "transform_back", "generate", "fill", "copy"])
    place = g.device(to)
    i = g.choice([0, 1])
    if form == "for_each":
        w = g.pick(SHAPE, devices[0])
        if g.chance(0.5):
            g.say("std::for_each({0}.begin(), {0}.end(), [&](torch::Tensor &x) {{ F; x = x.to({1}); }});".format(name, place))
            devices = [to, to]
        else:
            g.say("std::for_each({0}.begin(), {0}.end(), [&](const torch::Tensor &x) {{ F; auto y = {1}; }});".format(name, binary(g, Value("x", SHAPE, devices[0]), w)))
    elif form == "transform":
        g.say("std::transform({0}.begin(), {0}.end(), {0}.begin(), [&](const torch::Tensor &x) {{ F; return x.to({1}); }});".format(name, place))
        devices = [to, to]
    elif form == "transform_back":
        moved = g.fresh("moved")
        g.say("std::vector<torch::Tensor> {};".format(moved))
        g.say("std::transform({0}.begin(), {0}.end(), std::back_inserter({1}), [&](const torch::Tensor &x) {{ F; return x.to({2}); }});".format(name, moved, place))
        if g.chance(0.7):
            name, devices = moved, [to, to]
    elif form == "generate":
        g.say("std::generate({0}.begin(), {0}.end(), [&] {{ F; return {1}; }});".format(name, g.new(SHAPE, to)))
        devices = [to, to]
    elif form == "fill":
        g.say("std::fill({0}.begin(), {0}.end(), {1});".format(name, g.new(SHAPE, to)))
        devices = [to, to]
    else:
        other = g.fresh("copied")
        g.say("std::vector<torch::Tensor> {0}({1}.{2}begin(), {1}.{2}end());".format(other, name, g.choice(["", "r"])))
        if ".r" in g.lines[-1]:
            devices = devices[::-1]
        name = other
    meet(g, "{}[{}]".format(name, i), devices[i])


@construct("containers")
def swap_and_move(g):
    a, b = g.let(g.new(SHAPE, g.choice([CPU, CUDA]))), g.let(g.new(SHAPE, g.choice([CPU, CUDA])))
    form = g.choice(["swap", "move", "exchange", "alias", "copy"])
    if form == "swap":
        g.say("std::swap({}, {});".format(a, b))
        da, db = a.device, b.device
        a, b = replace(g, a, device=db), replace(g, b, device=da)
        v = g.choice([a, b])
    elif form == "move":
        v = g.let(a.with_code("std::move({})".format(a)))
        g.variables.remove(a)
    elif form == "exchange":
        v = g.let(a.with_code("std::exchange({}, {})".format(a, b)))
        a = replace(g, a, device=b.device)
        v = g.choice([v, a])
    elif form == "alias":
        r = g.fresh("r")
        g.say("auto &{} = {};".format(r, a))
        to = g.choice([CPU, CUDA])
        g.say("{0} = {0}.to({1});".format(r if g.chance(0.5) else a, g.device(to)))
        a = replace(g, a, device=to)
        v = g.choice([a, a.with_code(r)])
    else:
        c = g.let(a.with_code(str(a)))
        to = g.choice([CPU, CUDA])
        g.say("{0} = {0}.to({1});".format(c, g.device(to)))
        c = replace(g, c, device=to)
        v = g.choice([a, c])
    g.let(binary(g, v, g.pick(SHAPE, v.device)))


@construct("containers")
def optional(g):
    a = g.pick(SHAPE)
    name = g.fresh("maybe")
    g.say("std::optional<torch::Tensor> {};".format(name))
    given = g.choice(["always", "flag"])
    if given == "always":
        g.say("{} = {};".format(name, a))
    else:
        block(g, "if (flag) {", lambda: g.say("{} = {};".format(name, a)))
    w = g.pick(SHAPE, a.device)
    block(g, "if ({}) {{".format(g.choice(["{}", "{}.has_value()"]).format(name)), lambda: g.say("auto y = {};".format(binary(g, a.with_code(g.choice(["(*{})", "{}.value()"]).format(name)), w))))
    u = g.let(a.with_code("{}.value_or({})".format(name, w), device=w.device if given != "always" else a.device))
    g.let(binary(g, u, g.pick(SHAPE, u.device)))


@construct("containers")
def split_and_unbind(g):
    v = g.pick((2, 4))
    name = g.fresh("parts")
    g.say("auto {} = {};".format(name, g.choice(["{}.chunk(2, 0)", "{}.split(1, 0)", "torch::chunk({}, 2)", "torch::split({}, 1)", "{}.unbind(0)", "torch::unbind({})"]).format(v)))
    row = "unbind" in g.lines[-1]
    i = g.choice([0, 1])
    if g.chance(0.4):
        w = g.pick((4,), v.device)
        block(g, "for (auto &x : {}) {{".format(name), lambda: g.say("auto y = {};".format(binary(g, Value("x", (4,), v.device), w))))
        return
    u = g.let(Value("{}[{}]{}".format(name, i, "" if row else ".squeeze(0)"), (4,), v.device))
    g.let(binary(g, u, g.pick((4,), u.device)))


@construct("containers")
def shared_pointer(g):
    d = g.choice([CPU, CUDA])
    name, make = g.fresh("p"), g.choice(["std::make_shared<torch::Tensor>({})", "std::make_unique<torch::Tensor>({})"])
    g.say("auto {} = {};".format(name, make.format(g.new(SHAPE, d))))
    if g.chance(0.5):
        d = g.choice([CPU, CUDA])
        g.say("*{0} = {0}->to({1});".format(name, g.device(d)))
    meet(g, "*{}".format(name), d)
