"""Mistakes that people make: element types, moves that are dropped, optimizers, clones, host access."""

from .control import block, replace
from .core import CPU, CUDA, DOUBLE, FLOAT, LONG, Value, construct
from .tensors import binary, unary, use

SHAPE = (2, 4)


@construct("mistakes")
def dropped_move(g):
    v = g.let(g.new(SHAPE, g.choice([CPU, CUDA])), type="torch::Tensor")
    to = g.choice([CPU, CUDA])
    code = g.choice(["{}.to({})", "{}.to({}, torch::kFloat)"]).format(v, g.device(to))
    if g.case.slip():
        g.say(code + ";")
    else:
        g.say("{} = {};".format(v, code))
        v = replace(g, v, device=to)
    g.let(binary(g, v, g.pick(SHAPE, to)))


@construct("mistakes")
def product_types(g):
    d = g.choice([CPU, CUDA])
    a = g.let(g.new(SHAPE, d, g.choice([FLOAT, FLOAT, DOUBLE])))
    b = g.let(g.new((4, 4), d, a.dtype if not g.case.slip() else g.choice([DOUBLE, LONG, FLOAT])))
    if g.chance(0.3):
        b = g.let(b.with_code("{}.to(torch::{})".format(b, a.dtype), dtype=a.dtype))
    g.let(a.with_code(g.choice(["torch::mm({}, {})", "torch::matmul({}, {})", "{}.mm({})", "torch::linear({}, {})"]).format(a, b)))


@construct("mistakes")
def promoted(g):
    """Operators that promote, and what does not promote after them."""
    d = g.choice([CPU, CUDA])
    a, b = g.let(g.new(SHAPE, d)), g.let(g.new(SHAPE, d, g.choice([FLOAT, DOUBLE, LONG])))
    double = b.dtype == DOUBLE
    c = g.let(a.with_code("{} {} {}".format(a, g.choice("+-*"), b), dtype=DOUBLE if double else FLOAT))
    w = g.let(g.new((4, 4), d, c.dtype if not g.case.slip() else DOUBLE if c.dtype == FLOAT else FLOAT))
    g.let(c.with_code("torch::matmul({}, {})".format(c, w)))


@construct("mistakes")
def conversions(g):
    d = g.choice([CPU, CUDA])
    a = g.let(g.new(SHAPE, d, LONG))
    code, dtype = g.choice([("{}.to(torch::kFloat)", FLOAT), ("{}.to(torch::kDouble)", DOUBLE), ("{}.to(at::kFloat)", FLOAT), ("{}.type_as(" + str(g.let(g.new(SHAPE, d))) + ")", FLOAT), ("{}.to(torch::kFloat32)", FLOAT),
                            ("{} * 1.5", FLOAT), ("{} / 2", FLOAT), ("{}.sqrt()", FLOAT), ("{} + 1", LONG), ("torch::exp({})", FLOAT), ("{}.toType(torch::kFloat)", FLOAT)])
    c = g.let(a.with_code(code.format(a), dtype=dtype))
    m = g.fresh("m")
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    if d == CUDA:
        g.say("{}->to(torch::kCUDA);".format(m))
    g.let(c.with_code("{}({})".format(m, c), dtype=FLOAT))


@construct("mistakes")
def index_types(g):
    d = g.choice([CPU, CUDA])
    dtype = g.choice([LONG, LONG, FLOAT, "kInt"])
    i = g.let(Value("torch::zeros({{2}}, torch::dtype(torch::{}).device({}))".format(dtype, g.device(d)), (2,), d, dtype))
    form = g.choice(["select", "embedding", "gather", "nll", "one_hot"])
    if form == "select":
        x = g.pick(SHAPE, d)
        g.let(x.with_code("{}.index_select(0, {})".format(x, i)))
    elif form == "embedding":
        m = g.fresh("emb")
        g.say("torch::nn::Embedding {}(4, 4);".format(m))
        g.say("{}->to({});".format(m, g.device(d)))
        g.let(Value("{}({})".format(m, i), SHAPE, d))
    elif form == "gather":
        x = g.pick((4,), d)
        g.let(x.with_code("{}.gather(0, {})".format(x, i), shape=(2,)))
    elif form == "nll":
        x = g.pick(SHAPE, d)
        g.let(x.with_code("torch::nll_loss(torch::log_softmax({}, 1), {})".format(x, i), shape=()))
    else:
        g.let(Value("torch::one_hot({}, 4)".format(i), SHAPE, d, LONG))
        g.variables.pop()


@construct("mistakes")
def literals(g):
    """Element types of torch::tensor and arange."""
    code, dtype = g.choice([("torch::tensor({1.0f, 2.0f, 3.0f, 4.0f})", FLOAT), ("torch::tensor({1.0, 2.0, 3.0, 4.0})", FLOAT), ("torch::tensor({1, 2, 3, 4})", LONG), ("torch::arange(4)", LONG), ("torch::arange(4.0)", FLOAT),
                            ("torch::arange(0, 4, 1)", LONG), ("torch::full({4}, 2)", LONG), ("torch::full({4}, 2.0)", FLOAT), ("torch::tensor(std::vector<float>{1, 2, 3, 4})", FLOAT), ("torch::tensor(std::vector<int64_t>{1, 2, 3, 4})", LONG),
                            ("torch::tensor({1.0, 2.0, 3.0, 4.0}, torch::kDouble)", DOUBLE), ("torch::linspace(0, 1, 4)", FLOAT), ("torch::randint(0, 4, {4})", FLOAT), ("torch::randperm(4)", LONG)])
    v = g.let(Value(code, (4,), CPU, dtype))
    m = g.fresh("m")
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    if g.case.slip():
        g.say("{}->to(torch::{});".format(m, g.choice(["kCUDA", "kDouble"])))
    elif dtype != FLOAT:
        v = g.let(v.with_code("{}.to(torch::kFloat)".format(v), dtype=FLOAT))
    g.let(v.with_code("{}->forward({})".format(m, v), dtype=FLOAT))


@construct("mistakes")
def in_place_type(g):
    d = g.choice([CPU, CUDA])
    a = g.let(g.new(SHAPE, d, g.choice([FLOAT, LONG])))
    b = g.let(g.new(SHAPE, d, g.choice([FLOAT, LONG, a.dtype])))
    g.say(g.choice(["{} += {};", "{}.add_({});", "{}.mul_({});", "{}.copy_({});", "{}.sub_({});"]).format(a, b))
    use(g)


@construct("mistakes")
def optimizer_parameters(g):
    d = g.choice([CPU, CUDA])
    m, opt = g.fresh("m"), g.fresh("opt")
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    early = g.chance(0.3)
    move = "{}->to({});".format(m, g.device(d))
    if not early:
        g.say(move)
    kind = g.choice(["SGD", "Adam", "RMSprop"])
    g.say("torch::optim::{0} {1}({2}->parameters(), {3});".format(kind, opt, m, g.choice(["0.1", "torch::optim::{}Options(0.01)".format(kind)])))
    if early:
        g.say(move)
    x, t = g.pick(SHAPE, d), g.pick(SHAPE, d)
    loss = g.fresh("loss")
    g.say("auto {} = torch::mse_loss({}->forward({}), {});".format(loss, m, x, t))
    g.say("{}.zero_grad();".format(opt))
    g.say("{}.backward();".format(loss))
    g.say("{}.step();".format(opt))
    if g.case.slip():
        g.say("{}->to({});".format(m, g.device(g.other(d))))
        d = g.other(d)
        x = g.pick(SHAPE, d)
        g.say("{}->forward({}).sum().backward();".format(m, x))
        g.say("{}.step();".format(opt))
    x = g.pick(SHAPE, d)
    g.let(x.with_code("{}->forward({})".format(m, x)))


@construct("mistakes")
def cloned_module(g):
    m, c = g.fresh("m"), g.fresh("m")
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    d, e = g.choice([CPU, CUDA]), g.choice([CPU, CUDA])
    if g.chance(0.5):
        g.say("{}->to({});".format(m, g.device(d)))
    else:
        d = CPU
    form = g.choice(["clone", "clone_device", "loop", "copy"])
    if form == "copy":
        g.say("auto {} = {};".format(c, m))
    elif form == "loop":
        g.say("torch::nn::Linear {}(4, 4);".format(c))
        g.say("{}->to({});".format(c, g.device(e)))
        g.raw("{")
        g.raw("  torch::NoGradGuard guard;")
        g.raw("  for (size_t i = 0; i < {}->parameters().size(); ++i) {{".format(m))
        g.raw("    L; {}->parameters()[i].copy_({}->parameters()[i]);".format(c, m))
        g.raw("  }")
        g.raw("}")
        d = e
    elif form == "clone":
        g.say("auto {} = std::dynamic_pointer_cast<torch::nn::LinearImpl>({}->clone());".format(c, m))
    else:
        g.say("auto {} = std::dynamic_pointer_cast<torch::nn::LinearImpl>({}->clone(torch::Device({})));".format(c, m, g.device(e)))
        d = e
    if g.chance(0.3):
        e = g.choice([CPU, CUDA])
        g.say("{}->to({});".format(m, g.device(e)))
        d = e if form == "copy" else d
    x = g.pick(SHAPE, d)
    g.let(x.with_code("{}->forward({})".format(c, x)))


@construct("mistakes")
def host_access(g):
    v = g.pick(SHAPE, CPU)
    n = g.fresh("a")
    g.say(g.choice(["auto {n} = {v}.accessor<float, 2>()[0][0];", "auto {n} = {v}.data_ptr<float>()[1];", "float *{n} = {v}.data_ptr<float>(); {n}[0] = 1;", "auto {n} = *{v}.data_ptr<float>();",
                    "std::vector<float> {n}({v}.data_ptr<float>(), {v}.data_ptr<float>() + 8);", "auto {n} = {v}[0][0].item<float>();",
                    "auto {n} = std::accumulate({v}.const_data_ptr<float>(), {v}.const_data_ptr<float>() + 8, 0.0f);"]).format(n=n, v=v))
    use(g)


@construct("mistakes")
def half_moved(g):
    """A pair of things of which one is forgotten."""
    m = g.fresh("m")
    g.say("auto {} = torch::nn::Linear(4, 4);".format(m))
    x, y = g.let(g.new(SHAPE, CPU), type="torch::Tensor"), g.let(g.new(SHAPE, CPU), type="torch::Tensor")
    forgotten = g.choice([0, 1, 2, 3])
    if forgotten != 0:
        g.say("{}->to(torch::kCUDA);".format(m))
    if forgotten != 1:
        g.say("{0} = {0}.to(torch::kCUDA);".format(x))
    if forgotten != 2:
        g.say("{0} = {0}.cuda();".format(y))
    g.say("auto {} = torch::mse_loss({}({}), {});".format(g.fresh("loss"), m, x, y))


@construct("mistakes")
def default_dtype(g):
    d = g.choice([CPU, CUDA])
    o = g.fresh("options")
    dtype = g.choice([FLOAT, DOUBLE])
    g.say("auto {} = torch::TensorOptions().dtype(torch::{}).device({}).requires_grad({});".format(o, dtype, g.device(d), g.choice(["true", "false"])))
    a = g.let(Value("torch::ones({{2, 4}}, {})".format(o), SHAPE, d, dtype))
    if g.chance(0.4):
        dtype = g.choice([FLOAT, DOUBLE])
        b = g.let(Value("torch::ones({{4, 4}}, {}.dtype(torch::{}))".format(o, dtype), (4, 4), d, dtype))
    else:
        b = g.let(Value("torch::ones({{4, 4}}, {})".format(o), (4, 4), d, dtype))
    g.let(a.with_code("torch::mm({}, {})".format(a, b)))
