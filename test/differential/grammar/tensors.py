"""Tensors: making, moving, views, operators, functions of several tensors."""

from .core import CPU, CUDA, DOUBLE, FLOAT, LONG, Value, construct


def unary(g, v):
    """An expression of the same shape and place."""
    form = g.choice(["relu", "sigmoid", "tanh", "exp", "abs", "neg", "contiguous", "detach", "clone", "scalar", "torch", "softmax"])
    if form == "scalar":
        return v.with_code("({} {})".format(v, g.choice(["* 2", "+ 1", "- 0.5", "/ 3.0"])))
    if form == "neg":
        return v.with_code("(-{})".format(v))
    if form == "torch":
        return v.with_code("torch::{}({})".format(g.choice(["relu", "sin", "square", "clone"]), v))
    if form == "softmax":
        return v.with_code("torch::softmax({}, -1)".format(v))
    return v.with_code("{}.{}()".format(v, form))


def binary(g, a, b):
    code = g.choice(["{} + {}", "{} - {}", "{} * {}", "torch::add({}, {})", "{}.mul({})", "torch::maximum({}, {})", "{}.sub({})", "torch::pow({}, {})"])
    return a.with_code(code.format(a, b))


def use(g):
    """A statement in which two tensors meet."""
    a = g.pick()
    b = g.pick(a.shape, a.device)
    if g.chance(0.3):
        b = unary(g, b)
    return g.let(binary(g, a, b))


@construct("tensors")
def move(g):
    v = g.pick()
    to = g.any_device()
    forms = ["{v}.to({d})", "{v}.to({d})", "{v}.to({d}, torch::kFloat)", "{v}.to({d}, /*non_blocking=*/true)"]
    if to == CUDA:
        forms += ["{v}.cuda()", "{v}.cuda().contiguous()"]
    if to == CPU:
        forms.append("{v}.cpu()")
    code = g.choice(forms).format(v=v, d=g.device(to))
    if g.chance(0.3) and v in g.variables:
        g.say("{} = {};".format(v, code))
        g.variables.remove(v)
        g.add(v.with_code(v.code, device=to))
    else:
        g.let(v.with_code(code, device=to))
    use(g)


@construct("tensors")
def move_to_other(g):
    v, w = g.pick(), g.pick()
    code = g.choice(["{}.to({}.device())", "{}.to({})", "{}.to({}.options())", "{}.to({}.device().type())"]).format(v, w)
    g.let(v.with_code(code, device=w.device))
    use(g)


@construct("tensors")
def device_variable(g):
    d = g.any_device()
    name = g.fresh("device")
    if g.chance(0.5):
        g.say("torch::Device {} = {};".format(name, g.device(d)))
    else:
        g.say("const torch::Device {}{{{}}};".format(name, g.device(d)))
    if g.chance(0.3):
        options = g.fresh("options")
        g.say("auto {} = torch::TensorOptions().device({});".format(options, name))
        name = options
    v = g.add(g.let(Value("torch::rand({{2, 4}}, {})".format(name), (2, 4), d)))
    g.let(binary(g, v, g.pick((2, 4), d)))
    use(g)


@construct("tensors")
def options_of(g):
    v = g.pick()
    code = g.choice(["torch::zeros({dims}, {v}.options())", "torch::ones({dims}, {v}.device())", "{v}.new_zeros({dims})", "{v}.new_ones({dims})",
                     "torch::zeros_like({v})", "torch::rand_like({v})", "torch::full_like({v}, 2)", "torch::empty_like({v}).fill_(1)",
                     "torch::rand({v}.sizes(), {v}.options())"])
    dims = "{" + ", ".join(map(str, v.shape)) + "}"
    w = g.let(v.with_code(code.format(v=v, dims=dims)))
    g.let(binary(g, w, g.pick(w.shape, w.device)))


@construct("tensors")
def views(g):
    v = g.pick((2, 4))
    w = g.let(g.choice([
        v.with_code("{}.view({{4, 2}}).t()".format(v)),
        v.with_code("{}.t().reshape({{2, 4}})".format(v)),
        v.with_code("{}.unsqueeze(0).squeeze(0)".format(v)),
        v.with_code("{}.transpose(0, 1).transpose(0, 1)".format(v)),
        v.with_code("{}[0]".format(v), shape=(4,)),
        v.with_code("{}.select(0, 1)".format(v), shape=(4,)),
        v.with_code("{}.sum(0)".format(v), shape=(4,)),
        v.with_code("{}.mean(/*dim=*/0)".format(v), shape=(4,)),
        v.with_code("{}.slice(0, 0, 1).squeeze(0)".format(v), shape=(4,)),
        v.with_code("{}.index({{torch::indexing::Slice(), torch::indexing::Slice(0, 4)}})".format(v)),
        v.with_code("{}.expand({{2, 2, 4}}).sum(0)".format(v)),
        v.with_code("std::get<0>({}.max(0))".format(v), shape=(4,)),
        v.with_code("torch::flatten({}).narrow(0, 0, 4)".format(v), shape=(4,)),
    ]))
    g.let(binary(g, w, g.pick(w.shape, w.device)))


@construct("tensors")
def products(g):
    v = g.pick((2, 4))
    w = g.pick((4, 4), v.device)
    code = g.choice(["torch::mm({}, {})", "{}.matmul({})", "torch::matmul({}, {})", "{}.mm({})", "torch::einsum(\"ij,jk->ik\", {{{}, {}}})"])
    g.let(v.with_code(code.format(v, w)))
    use(g)


@construct("tensors")
def addmm(g):
    v = g.pick((2, 4))
    w, b = g.pick((4, 4), v.device), g.pick((4,), v.device)
    g.let(v.with_code(g.choice(["torch::addmm({b}, {v}, {w})", "torch::linear({v}, {w}, {b})", "torch::nn::functional::linear({v}, {w}, {b})"]).format(v=v, w=w, b=b)))


@construct("tensors")
def cat(g):
    v = g.pick((2, 4))
    w, u = g.pick((2, 4), v.device), g.pick((2, 4), v.device)
    name = g.choice(["torch::cat({{{}}}).narrow(0, 1, 2)", "torch::stack({{{}}}).sum(0)", "torch::cat({{{}}}, /*dim=*/0).slice(0, 0, 2)", "torch::vstack({{{}}}).slice(0, 0, 2)"])
    r = g.let(v.with_code(name.format(", ".join(map(str, [v, w, u][: g.choice([2, 3])])))))
    g.let(binary(g, r, g.pick((2, 4), r.device)))


@construct("tensors")
def where(g):
    v = g.pick()
    c, w = g.pick(v.shape, v.device), g.pick(v.shape, v.device)
    g.let(v.with_code("torch::where({} > 0, {}, {})".format(c, v, w)))
    use(g)


@construct("tensors")
def masked(g):
    v = g.pick()
    m = g.pick(v.shape, v.device)
    g.let(v.with_code(g.choice(["{}.masked_fill({} > 0.5, 0)", "{}.masked_fill_({} < 0.5, 1)"]).format(v, m)))
    use(g)


@construct("tensors")
def lookup(g):
    v = g.pick((2, 4))
    i = g.pick((2,), v.device, LONG)
    g.let(v.with_code(g.choice(["{}.index_select(0, {})", "torch::index_select({}, 0, {})", "torch::embedding({}, {})", "{}.index({{{}}})"]).format(v, i)))
    use(g)


@construct("tensors")
def in_place(g):
    v = g.pick()
    w = g.pick(v.shape, v.device)
    g.say(g.choice(["{}.add_({});", "{} += {};", "{} *= {};", "{}.mul_({});", "{}.copy_({});", "{}.sub_({}).abs_();", "{} -= {};"]).format(v, w))
    use(g)


@construct("tensors")
def out_variant(g):
    v = g.pick()
    w, o = g.pick(v.shape, v.device), g.let(g.new(v.shape, v.device))
    # Autograd takes no result that is given.
    g.say("torch::{}({}, {}.detach(), {}.detach());".format(g.choice(["add_out", "mul_out", "sub_out"]), o, v, w))
    use(g)


@construct("tensors")
def zero_dimensional(g):
    v = g.pick()
    s = g.let(g.new((), g.any_device()) if g.chance(0.5) else Value("torch::tensor(2.0f)", (), CPU))
    g.let(v.with_code(g.choice(["{} * {}", "{} + {}", "torch::mul({}, {})"]).format(v, s)))
    if g.chance(0.5):
        t = g.let(v.with_code("{}.{}()".format(v, g.choice(["sum", "mean", "max"])), shape=()))
        g.let(t.with_code("{} + {}".format(t, g.pick((), t.device))))
    use(g)


@construct("tensors")
def nested(g):
    a = g.pick()
    e = binary(g, unary(g, a), unary(g, g.pick(a.shape, a.device)))
    e = binary(g, e.with_code("(" + e.code + ")"), g.pick(a.shape, a.device))
    g.let(e)


@construct("tensors")
def literal(g):
    d = g.any_device()
    code = g.choice(["torch::tensor({{1.0f, 2.0f, 3.0f, 4.0f}}, {})", "torch::arange(4, torch::TensorOptions().dtype(torch::kFloat).device({}))",
                     "torch::linspace(0, 1, 4, {})", "torch::tensor({{1.0f, 2.0f, 3.0f, 4.0f}}).to({})", "torch::eye(4, {})[0]"])
    v = g.let(Value(code.format(g.device(d)), (4,), d))
    g.let(binary(g, v, g.pick((4,), d)))


@construct("tensors")
def backward(g):
    v = g.pick((2, 4))
    name = g.fresh("w")
    g.say("auto {} = {}.detach().clone().requires_grad_();".format(name, v))
    w = v.with_code(name)
    g.say("({}).sum().backward();".format(binary(g, w, g.pick(w.shape, w.device))))
    g.let(w.with_code("{}.grad()".format(w)))
    use(g)


@construct("tensors")
def host_copy(g):
    v = g.pick()
    form = g.choice(["item", "to_cpu_data", "data", "accessor"])
    if form == "item":
        g.say("auto {} = {}.sum().item<float>();".format(g.fresh("s"), v))
    elif form == "to_cpu_data":
        n = g.fresh("host")
        g.say("auto {} = {}.cpu();".format(n, v))
        g.say("auto {} = {}.data_ptr<float>()[0];".format(g.fresh("s"), n))
    elif form == "data":
        v = g.pick(None, CPU)
        g.say("auto {} = {}.data_ptr<float>()[0];".format(g.fresh("s"), v))
    else:
        v = g.pick((4,), CPU)
        n = g.fresh("a")
        g.say("auto {} = {}.accessor<float, 1>();".format(n, v))
        g.say("auto {} = {}[1];".format(g.fresh("s"), n))
    use(g)
