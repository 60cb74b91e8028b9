"""Modules of one's own, and classes that hold tensors."""

from .control import block
from .core import CPU, CUDA, FLOAT, LONG, Value, construct
from .tensors import binary, unary, use

SHAPE = (2, 4)


def module(g, name, constructor, forward, fields, base="torch::nn::Module", more=()):
    lines = ["struct {} : {} {{".format(name, base), "  {}() {{".format(name), "    F;"]
    lines += ["    L; " + c for c in constructor] + ["  }"]
    lines += ["  torch::Tensor forward(torch::Tensor x) {", "    F;"] + ["    L; " + f for f in forward] + ["  }"]
    lines += ["  " + m for m in more] + ["  " + f for f in fields] + ["};"]
    g.helper(lines)


def instance(g, name):
    """Makes one: (how to reach a member, how to call it)."""
    m = g.fresh("net")
    form = g.choice(["shared", "shared", "value", "holder"])
    if form == "value":
        g.say("{} {};".format(name, m))
        return m + "."
    if form == "holder":
        holder = name[:-4] if name.endswith("Impl") else None
        if holder:
            g.helper(["TORCH_MODULE({});".format(holder)])
            g.say("{} {};".format(holder, m))
            return m + "->"
    g.say("auto {} = std::make_shared<{}>();".format(m, name))
    return m + "->"


def moved_and_called(g, m, device=None):
    device = device or g.choice([CPU, CUDA, CUDA])
    if device != CPU or g.chance(0.3):
        g.say("{}to({});".format(m, g.device(device)))
    x = g.pick(SHAPE, device)
    y = g.let(x.with_code("{}forward({})".format(m, x)))
    g.let(binary(g, y, g.pick(SHAPE, device)))
    return device


def member(g, kind=None):
    """One member: constructor lines, fields, an expression on `h` in forward."""
    n = g.fresh("part")
    kind = kind or g.choice(["registered", "registered", "registered", "parameter", "buffer", "unregistered", "tensor", "made", "made_like", "scalar"])
    if kind == "registered":
        if g.chance(0.5):
            return ['{0} = register_module("{0}", torch::nn::Linear(4, 4));'.format(n)], ["torch::nn::Linear {}{{nullptr}};".format(n)], "{}(h)".format(n)
        return ['register_module("{0}", {0});'.format(n)], ["torch::nn::Linear {}{{4, 4}};".format(n)], "{}->forward(h)".format(n)
    if kind == "unregistered":
        return [], ["torch::nn::Linear {}{{4, 4}};".format(n)], "{}(h)".format(n)
    if kind == "parameter":
        return ['{0} = register_parameter("{0}", torch::ones({{4}}));'.format(n)], ["torch::Tensor {};".format(n)], "h * {}".format(n)
    if kind == "buffer":
        return ['{0} = register_buffer("{0}", torch::ones({{4}}));'.format(n)], ["torch::Tensor {};".format(n)], "h + {}".format(n)
    if kind == "tensor":
        return ["{} = torch::ones({{4}});".format(n)], ["torch::Tensor {};".format(n)], "h + {}".format(n)
    if kind == "made":
        return [], [], g.choice(["h + torch::ones({4})", "h * torch::zeros({2, 4})", "h - torch::rand({4}, torch::kCUDA)"])
    if kind == "made_like":
        return [], [], g.choice(["h + torch::ones({4}, h.options())", "h * torch::rand_like(h)", "h - torch::zeros({4}, h.device())", "h + torch::zeros({4}).to(h.device())"])
    return [], ["double {} = 0.5;".format(n)], "h * {}".format(n)


def parts(g, count=None):
    """Several members: constructor, forward, fields."""
    constructor, fields, forward = [], [], ["auto h = x;"]
    wild = g.case.slip() is not None
    for _ in range(count or g.rng.randrange(1, 4)):
        tame = ["registered", "parameter", "buffer", "made_like", "scalar"]
        c, f, code = member(g, None if wild else g.choice(tame))
        constructor, fields = constructor + c, fields + f
        forward.append("h = {};".format(code if g.chance(0.5) else "torch::relu({})".format(code)))
    return constructor, forward, fields


@construct("classes")
def own_module(g):
    name = g.fresh("Net") + "Impl"
    constructor, forward, fields = parts(g)
    module(g, name, constructor, forward + ["return h;"], fields)
    moved_and_called(g, instance(g, name))


@construct("classes")
def nested_modules(g):
    inner, outer = g.fresh("Block"), g.fresh("Net") + "Impl"
    constructor, forward, fields = parts(g, 2)
    module(g, inner, constructor, forward + ["return h;"], fields)
    registered = g.case.slip() is None
    make = "std::make_shared<{}>()".format(inner)
    module(g, outer, ['block = register_module("block", {});'.format(make) if registered else "block = {};".format(make)],
           ["auto y = block->forward(x);", "return y + x;"], ["std::shared_ptr<{}> block;".format(inner)])
    moved_and_called(g, instance(g, outer))


@construct("classes")
def inherited(g):
    """A virtual forward in a base class."""
    base, left = g.fresh("Base"), g.fresh("Left")
    g.helper(["struct {} : torch::nn::Module {{".format(base), "  virtual ~{}() = default;".format(base), "  virtual torch::Tensor forward(torch::Tensor x) = 0;",
              "  torch::nn::Linear shared{4, 4};" if g.chance(0.3) else "  torch::nn::Linear shared{register_module(\"shared\", torch::nn::Linear(4, 4))};", "};"])
    constructor, forward, fields = parts(g, 1)
    module(g, left, constructor, forward + ["return shared(h);"], fields, base=base)
    right = g.fresh("Right")
    module(g, right, [], ["return x {} 2;".format(g.choice("+*-"))], [], base=base)
    m = g.fresh("net")
    kind = g.choice([left, right])
    g.say("std::shared_ptr<{}> {} = std::make_shared<{}>();".format(base, m, kind))
    if g.chance(0.2):
        block(g, "if (flag) {", lambda: g.say("{} = std::make_shared<{}>();".format(m, right)))
    moved_and_called(g, m + "->")


@construct("classes")
def module_list(g):
    name = g.fresh("Net") + "Impl"
    form = g.choice(["ModuleList", "vector", "vector_unregistered"] if g.case.slip() else ["ModuleList", "vector"])
    if form == "ModuleList":
        constructor = ["layers = register_module(\"layers\", torch::nn::ModuleList());", "for (int i = 0; i < 2; ++i) layers->push_back(torch::nn::Linear(4, 4));"]
        forward = g.choice([["for (int i = 0; i < 2; ++i) x = layers->at<torch::nn::LinearImpl>(i).forward(x);"],
                            ["for (const auto &layer : *layers) x = layer->as<torch::nn::Linear>()->forward(x);"],
                            ["for (const auto &layer : *layers) x = std::dynamic_pointer_cast<torch::nn::LinearImpl>(layer)->forward(x);"]])
        fields = ["torch::nn::ModuleList layers{nullptr};"]
    else:
        push = "layers.push_back({});".format('register_module("layer" + std::to_string(i), torch::nn::Linear(4, 4))' if form == "vector" else "torch::nn::Linear(4, 4)")
        constructor, forward, fields = ["for (int i = 0; i < 2; ++i) " + push], ["for (auto &layer : layers) x = layer(x);"], ["std::vector<torch::nn::Linear> layers;"]
    module(g, name, constructor, forward + ["return x;"], fields)
    moved_and_called(g, instance(g, name))


@construct("classes")
def device_member(g):
    name = g.fresh("Net")
    d, moved = g.choice([CPU, CUDA]), g.case.slip() is None
    g.helper(["struct {} : torch::nn::Module {{".format(name), "  explicit {}(torch::Device where) : device(where) {{".format(name), "    F;", '    register_module("layer", layer);', "    L; to(device);" if moved else "    layer->eval();",
              "  }", "  torch::Tensor forward(torch::Tensor x) {", "    F;", "    L; return layer(x{});".format(".to(device)" if g.chance(0.5) else ""), "  }",
              "  torch::Device device;", "  torch::nn::Linear layer{4, 4};", "};"])
    m = g.fresh("net")
    g.say("{} {}{{{}}};".format(name, m, g.device(d)))
    x = g.pick(SHAPE, d)
    y = g.let(x.with_code("{}.forward({})".format(m, x)))
    g.let(binary(g, y, g.pick(SHAPE, d)))


@construct("classes")
def lazy_state(g):
    """State that forward makes at its first call and keeps."""
    name = g.fresh("Cell")
    make = g.choice(["torch::zeros({2, 4})", "torch::zeros_like(x)", "torch::zeros({2, 4}, x.options())"])
    module(g, name, [], ["if (!state.defined()) state = {};".format(make), "state = state + x;", "return state;"], ["torch::Tensor state;"],
           more=["void reset() { state = torch::Tensor(); }"])
    m = instance(g, name)
    a = g.pick(SHAPE)
    y = g.let(a.with_code("{}forward({})".format(m, a)))
    if g.chance(0.5):
        g.say("{}reset();".format(m))
    b = g.pick(SHAPE, a.device)
    g.let(b.with_code("{}forward({})".format(m, b)))


@construct("classes")
def plain_class(g):
    """No module: two tensors, methods that move one or both."""
    name = g.fresh("Store")
    both = g.chance(0.5)
    out = g.choice(["first + second", "first * second", "torch::sub(first, second)"])
    lines = ["class {} {{".format(name), "public:", "  {}(torch::Tensor a, torch::Tensor b) : first(a), second(std::move(b)) {{}}".format(name),
             "  void move(torch::Device device) {", "    F;", "    L; first = first.to(device);"] + (["    L; second = second.to(device);"] if both else []) + ["  }",
             "  torch::Tensor sum() const {", "    F;", "    L; return {};".format(out), "  }",
             "  torch::Tensor &left() { return first; }", "  const torch::Tensor &right() const { return second; }",
             "  void set(const torch::Tensor &t) { first = t; }",
             "  {} &twice() {{".format(name), "    F;", "    L; first = first * 2;", "    return *this;", "  }",
             "private:", "  torch::Tensor first, second;", "};"]
    g.helper(lines)
    a = g.pick(SHAPE)
    b = g.pick(SHAPE, a.device)
    s = g.fresh("store")
    da, db = a.device, b.device
    dot = g.choice([".", ".", "->"])
    if dot == ".":
        g.say("{} {}({}, {});".format(name, s, a, b))
    else:
        g.say("auto {} = std::make_{}<{}>({}, {});".format(s, g.choice(["unique", "shared"]), name, a, b))
    for _ in range(g.rng.randrange(1, 4)):
        form = g.choice(["move", "sum", "left", "set", "twice", "copy"])
        if form == "move":
            da = g.choice([CPU, CUDA])
            db = da if both else db
            g.say("{}{}move({});".format(s, dot, g.device(da)))
        elif form == "sum":
            v = g.let(Value("{}{}sum()".format(s, dot), SHAPE, da))
        elif form == "left":
            da = g.choice([CPU, CUDA])
            g.say("{0}{1}left() = {0}{1}left().to({2});".format(s, dot, g.device(da)))
        elif form == "set":
            v = g.pick(SHAPE, db)
            g.say("{}{}set({});".format(s, dot, v))
            da = v.device
        elif form == "twice":
            g.say("{}{}twice();".format(s, dot))
        elif dot == ".":
            c = g.fresh("store")
            g.say("{} {} = {};".format(name, c, s))
            s = c if g.chance(0.5) else s
    v = g.let(Value("{}{}{}()".format(s, dot, g.choice(["left", "sum"])), SHAPE, da))
    g.let(binary(g, v, g.pick(SHAPE, da)))
    w = g.let(Value("{}{}right()".format(s, dot), SHAPE, db))
    g.let(binary(g, g.pick(SHAPE, db), w))


@construct("classes")
def factory(g):
    name, make = g.fresh("Net"), g.fresh("make")
    constructor, forward, fields = parts(g, 1)
    module(g, name, constructor, forward + ["return h;"], fields)
    d = g.choice([CPU, CUDA])
    inner = g.child()
    inner.say("auto m = std::make_shared<{}>();".format(name))
    inner.say("m->to(device);")
    inner.say("return m;")
    g.helper(["std::shared_ptr<{}> {}(torch::Device device) {{".format(name, make)] + inner.lines + ["}"])
    m = g.fresh("net")
    g.say("auto {} = {}({});".format(m, make, g.device(d)))
    x = g.pick(SHAPE, d)
    g.let(x.with_code("{}->forward({})".format(m, x)))


@construct("classes")
def in_sequential(g):
    name = g.fresh("Layer")
    constructor, forward, fields = parts(g, 1)
    module(g, name, constructor, forward + ["return h;"], fields)
    m = g.fresh("net")
    g.say("torch::nn::Sequential {}(torch::nn::Linear(4, 4), {}());".format(m, name))
    moved_and_called(g, m + "->")
