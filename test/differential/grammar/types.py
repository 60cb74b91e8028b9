"""Element types that change: promotion, conversions, modules of other types, types kept in variables and structures."""

from .core import CPU, CUDA, DOUBLE, FLOAT, LONG, Value, construct
from .paste import declare, statements

SHAPE = (2, 4)
HALF, BF16 = "kHalf", "kBFloat16"
WIDTH = {"kBool": 0, LONG: 1, BF16: 2, FLOAT: 3, DOUBLE: 4}


def place(g):
    return g.choice([CPU, CUDA])


def k(device):
    return "torch::k" + device[0].upper()


def wider(a, b):
    return a if WIDTH[a] >= WIDTH[b] else b


def fresh(g, d, dtype):
    """A variable of this element type."""
    options = g.choice(["torch::TensorOptions().dtype(torch::{t}).device({d})", "torch::dtype(torch::{t}).device({d})", "torch::TensorOptions(torch::{t}).device({d})", "torch::device({d}).dtype(torch::{t})"]).format(t=dtype, d=k(d))
    maker = g.choice(["torch::ones({{2, 4}}, {})", "torch::zeros({{2, 4}}, {})", "torch::full({{2, 4}}, 1, {})"]).format(options)
    if g.chance(0.3):
        maker = "torch::ones({{2, 4}}, {}).to(torch::{})".format(k(d), dtype)
    return g.let(Value(maker, SHAPE, d, dtype), type="torch::Tensor")


def product(g, v):
    """A matrix product, which takes one element type alone; integers are not multiplied so on CUDA."""
    if v.dtype == LONG:
        v = g.let(v.with_code("{}.to(torch::kFloat)".format(v), dtype=FLOAT))
    wrong = g.case.slip()
    dtype = v.dtype if not wrong else g.choice([t for t in (FLOAT, DOUBLE, BF16, LONG) if t != v.dtype])
    w = g.let(Value("torch::ones({{4, 4}}, torch::dtype(torch::{}).device({}))".format(dtype, k(v.device)), (4, 4), v.device, dtype))
    g.let(v.with_code(g.choice(["torch::mm({}, {})", "{}.matmul({})", "torch::matmul({}, {})"]).format(v, w)))


def layer(g, v, module=FLOAT):
    """A layer of an element type, which its input may have or not."""
    m = g.fresh("m")
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    moves = []
    if v.device == CUDA:
        moves.append("{}->to(torch::kCUDA);")
    if module != FLOAT:
        moves.append("{}->to(torch::%s);" % module)
    if len(moves) == 2 and g.chance(0.4):
        moves = ["{}->to(torch::kCUDA, torch::%s);" % module]
    for move in g.rng.sample(moves, len(moves)):
        g.say(move.format(m))
    return g.let(v.with_code("{}->forward({})".format(m, v), dtype=module))


@construct("types")
def promotions(g):
    """A chain of operators, each with another element type."""
    d = place(g)
    v = fresh(g, d, g.choice([LONG, FLOAT, DOUBLE, BF16]))
    for _ in range(g.rng.randrange(1, 4)):
        form = g.choice(["plus", "number", "to", "like", "compare", "where", "cat", "sum", "divide", "zero", "assign"])
        other = g.choice([LONG, FLOAT, DOUBLE, BF16])
        if form == "plus":
            w = fresh(g, d, other)
            v = g.let(v.with_code(g.choice(["{} + {}", "{} * {}", "torch::sub({}, {})", "{}.mul({})", "torch::maximum({}, {})"]).format(v, w), dtype=wider(v.dtype, other)), type="torch::Tensor")
        elif form == "number":
            v = g.let(v.with_code("{} * 2.5".format(v), dtype=FLOAT if WIDTH[v.dtype] < 2 else v.dtype), type="torch::Tensor")
        elif form == "to":
            v = g.let(v.with_code("{}.to(torch::{})".format(v, other), dtype=other), type="torch::Tensor")
        elif form == "like":
            w = fresh(g, d, other)
            v = g.let(v.with_code(g.choice(["{0}.to({1})", "{0}.type_as({1})", "{0}.to({1}.dtype())", "{0}.to({1}.options())", "{0}.to({1}.scalar_type())"]).format(v, w), dtype=other), type="torch::Tensor")
        elif form == "compare":
            v = g.let(v.with_code("({} > 0).to(torch::{})".format(v, other), dtype=other), type="torch::Tensor")
        elif form == "where":
            w = fresh(g, d, v.dtype)
            v = g.let(v.with_code("torch::where({0} > 0, {0}, {1})".format(v, w)), type="torch::Tensor")
        elif form == "cat":
            w = fresh(g, d, other)
            v = g.let(v.with_code("torch::cat({{{}, {}}}).slice(0, 0, 2)".format(v, w), dtype=wider(v.dtype, other)), type="torch::Tensor")
        elif form == "sum":
            v = g.let(v.with_code("{0} - {0}.sum()".format(v)), type="torch::Tensor")
        elif form == "divide":
            v = g.let(v.with_code("{} / 2".format(v), dtype=FLOAT if WIDTH[v.dtype] < 2 else v.dtype), type="torch::Tensor")
        elif form == "zero":
            s = g.let(Value("torch::full({{}}, 2, torch::dtype(torch::{}).device({}))".format(DOUBLE, k(d)), (), d, DOUBLE))
            g.variables.remove(s)
            v = g.let(v.with_code("{} * {}".format(v, s), dtype=FLOAT if False else (DOUBLE if WIDTH[v.dtype] < 2 else v.dtype)), type="torch::Tensor")
        else:
            narrow = [t for t in WIDTH if t != "kBool" and WIDTH[t] <= WIDTH[v.dtype]]
            w = fresh(g, d, g.choice(narrow) if not g.case.slip() else DOUBLE)
            g.say(g.choice(["{} += {};", "{}.mul_({});", "{}.sub_({});"]).format(v, w))
    product(g, v)
    if v.dtype != LONG:
        layer(g, v, v.dtype if g.case.slip() is None else DOUBLE if v.dtype != DOUBLE else FLOAT)


@construct("types")
def kept_type(g):
    """The element type in a variable, a structure, a template argument, a function's result."""
    n, d, t = g.fresh("k"), place(g), g.choice([FLOAT, DOUBLE, BF16])
    form = g.choice(["variable", "struct", "argument", "template", "fork", "member", "options", "function", "map"])
    v = None
    if form == "variable":
        g.say(g.choice(["const auto type{} = torch::{};", "torch::Dtype type{} = torch::{};", "at::ScalarType type{} = torch::{};", "constexpr auto type{} = torch::{};"]).format(n, t))
        v = g.let(Value("torch::ones({{2, 4}}, {}).to(type{})".format(k(d), n), SHAPE, d, t))
    elif form == "struct":
        declare(g, "struct Settings$n {\n  torch::Dtype type = torch::kFloat;\n  torch::Device device = torch::kCPU;\n  torch::TensorOptions options() const { return torch::TensorOptions().dtype(type).device(device); }\n};", n=n)
        g.say("Settings{} settings{};".format(n, n))
        g.say("settings{}.type = torch::{};".format(n, t))
        g.say("settings{}.device = {};".format(n, k(d)))
        v = g.let(Value(g.choice(["torch::ones({2, 4}, settings%s.options())", "torch::ones({2, 4}).to(settings%s.device).to(settings%s.type)" if False else "torch::ones({2, 4}).to(settings%s.options())"]) % n, SHAPE, d, t))
    elif form == "argument":
        declare(g, "torch::Tensor make$n(torch::Device d, torch::Dtype type = torch::$t) {\n  F;\n  ! return torch::ones({2, 4}, torch::dtype(type).device(d));\n}", n=n, t=t)
        given = g.chance(0.5)
        other = g.choice([FLOAT, DOUBLE])
        v = g.let(Value("make{}({}{})".format(n, k(d), ", torch::" + other if given else ""), SHAPE, d, other if given else t))
    elif form == "template":
        declare(g, "template <typename T> torch::Tensor make$n(torch::Device d) {\n  F;\n  ! return torch::ones({2, 4}, d).to(c10::CppTypeToScalarType<T>::value);\n}\ntemplate <torch::Dtype Type> torch::Tensor cast$n(const torch::Tensor &x) {\n  F;\n  ! return x.to(Type);\n}", n=n)
        if g.chance(0.5):
            t = g.choice([FLOAT, DOUBLE])
            v = g.let(Value("make{}<{}>({})".format(n, "float" if t == FLOAT else "double", k(d)), SHAPE, d, t))
        else:
            v = g.let(Value("cast{}<torch::{}>(torch::ones({{2, 4}}, {}))".format(n, t, k(d)), SHAPE, d, t))
    elif form == "fork":
        u = g.choice([FLOAT, DOUBLE])
        side = g.choice(["flag ? torch::{0} : torch::{0}", "{1} ? torch::{0} : torch::{2}"]).format(u, g.choice(["true", "torch::cuda::is_available()"]), DOUBLE if u == FLOAT else FLOAT)
        v = g.let(Value("torch::ones({{2, 4}}, {}).to({})".format(k(d), side), SHAPE, d, u))
    elif form == "member":
        declare(g, "struct Caster$n {\n  explicit Caster$n(torch::Dtype type) : type(type) {}\n  torch::Tensor operator()(const torch::Tensor &x) const {\n    F;\n    ! return x.to(type);\n  }\n  void set(torch::Dtype other) { type = other; }\nprivate:\n  torch::Dtype type;\n};", n=n)
        g.say("Caster{0} cast{0}(torch::{1});".format(n, t))
        if g.chance(0.5):
            t = g.choice([FLOAT, DOUBLE])
            g.say("cast{}.set(torch::{});".format(n, t))
        v = g.let(Value("cast{}(torch::ones({{2, 4}}, {}))".format(n, k(d)), SHAPE, d, t))
    elif form == "options":
        like = fresh(g, d, t)
        v = g.let(Value(g.choice(["torch::ones({{2, 4}}, {}.options())", "torch::ones_like({})", "{}.new_ones({{2, 4}})", "torch::ones({{2, 4}}, torch::TensorOptions({0}.dtype()).device({0}.device()))", "torch::full_like({}, 3)"]).format(like), SHAPE, d, t))
    elif form == "function":
        declare(g, "torch::Dtype type$n(const std::string &name) {\n  F;\n  if (name == \"double\")\n    return torch::kDouble;\n  if (name == \"bf16\")\n    return torch::kBFloat16;\n  return torch::kFloat;\n}", n=n)
        v = g.let(Value("torch::ones({{2, 4}}, {}).to(type{}(\"{}\"))".format(k(d), n, {DOUBLE: "double", BF16: "bf16", FLOAT: "float"}[t]), SHAPE, d, t))
    else:
        g.say("std::map<std::string, torch::Dtype> types{}{{{{\"a\", torch::{}}}, {{\"b\", torch::kFloat}}}};".format(n, t))
        v = g.let(Value("torch::ones({{2, 4}}, {}).to(types{}.at(\"a\"))".format(k(d), n), SHAPE, d, t))
    product(g, v)
    layer(g, v, v.dtype if g.case.slip() is None else DOUBLE if v.dtype != DOUBLE else FLOAT)


@construct("types")
def typed_modules(g):
    """Modules that are moved to another element type, with buffers, and what goes in."""
    n, d, t = g.fresh("k"), place(g), g.choice([FLOAT, DOUBLE, BF16])
    lost = g.case.slip()
    declare(g, """
struct Net$n : torch::nn::Module {
  Net$n() {
    F;
    ! first = register_module("first", torch::nn::Linear(4, 4));
    ! scale = $scale;
  }
  torch::Tensor forward(torch::Tensor x) {
    F;
    ! auto h = first(x$cast);
    ! return torch::linear(h, scale);
  }
  torch::nn::Linear first{nullptr};
  torch::Tensor scale;
};""", n=n, scale="torch::ones({4, 4})" if lost else g.choice(['register_buffer("scale", torch::ones({4, 4}))', 'register_parameter("scale", torch::ones({4, 4}))']),
            cast=g.choice(["", ".to(first->weight.dtype())", ".to(first->weight)", ".type_as(first->weight)"]))
    if g.chance(0.5):
        g.say("auto net{0} = std::make_shared<Net{0}>();".format(n))
    else:
        g.say("Net{0} value{0};".format(n))
        g.say("auto *net{0} = &value{0};".format(n))
    text = "\n".join(g.case.helpers[-1])
    g.say("net{}->to({});".format(n, k(d)) if d == CUDA else "net{}->train();".format(n))
    if t != FLOAT:
        g.say("net{}->to(torch::{});".format(n, t))
    casts = "first(x)" not in text
    x = fresh(g, d, t if not casts or g.chance(0.5) else DOUBLE)
    y = g.let(x.with_code("net{}->forward({})".format(n, x), dtype=t))
    product(g, y)


@construct("types")
def targets(g):
    """Losses and look-ups, that want integers here and floats there."""
    d, n = place(g), g.fresh("k")
    x = fresh(g, d, FLOAT)
    form = g.choice(["cross_entropy", "bce", "mse", "embedding", "gather", "argmax", "index", "one_hot", "scatter", "nll"])
    right = g.case.slip() is None
    ints = "torch::zeros({{2}}, torch::dtype(torch::{}).device({}))".format(LONG if right else FLOAT, k(d))
    floats = "torch::ones({{2, 4}}, torch::dtype(torch::{}).device({}))".format(FLOAT if right else g.choice([DOUBLE, LONG]), k(d))
    if form == "cross_entropy":
        g.say("auto loss{} = {};".format(n, g.choice(["torch::cross_entropy_loss({}, {})", "torch::nn::functional::cross_entropy({}, {})", "torch::nn::CrossEntropyLoss()({}, {})"]).format(x, ints)))
    elif form == "nll":
        g.say("auto loss{} = torch::nll_loss(torch::log_softmax({}, 1), {});".format(n, x, ints))
    elif form == "bce":
        g.say("auto loss{} = {};".format(n, g.choice(["torch::binary_cross_entropy({}.sigmoid(), {})", "torch::binary_cross_entropy_with_logits({}, {})"]).format(x, floats)))
    elif form == "mse":
        g.say("auto loss{} = torch::mse_loss({}, {});".format(n, x, floats))
    elif form == "embedding":
        statements(g, "torch::nn::Embedding table$n(4, 4);\n! table$n->to($d);\n! auto rows$n = table$n($i);", n=n, d=k(d), i=ints)
        product(g, Value("rows" + n, SHAPE, d))
    elif form == "gather":
        g.say("auto taken{} = {}.gather(1, {}.unsqueeze(1));".format(n, x, ints))
    elif form == "argmax":
        g.say("auto best{} = {}.argmax(1){};".format(n, x, "" if right else ".to(torch::kFloat)"))
        g.say("auto taken{0} = {1}.index_select(0, best{0}.clamp(0, 1));".format(n, x))
    elif form == "index":
        g.say("auto taken{} = {}.index({{{}}});".format(n, x, ints))
    elif form == "one_hot":
        g.say("auto hot{} = torch::one_hot({}, 4){};".format(n, "torch::zeros({{2}}, torch::dtype(torch::kLong).device({}))".format(k(d)), ".to(torch::kFloat)" if right else ""))
        g.let(Value("torch::mm(hot{0}, torch::ones({{4, 4}}, {1}))".format(n, k(d)), SHAPE, d))
    else:
        g.say("auto all{} = {}.scatter(1, {}.unsqueeze(1), 1.0);".format(n, x, ints))
