"""LibTorch's own modules, losses, optimizers."""

from .core import CPU, CUDA, DOUBLE, FLOAT, LONG, Value, construct
from .tensors import use


def make(g, stem, declaration):
    """Declares a module; `declaration` has {} for its name."""
    name = g.fresh(stem)
    g.say(declaration.format(name))
    return name


def move(g, name, device):
    """Moves a module, or leaves it on the CPU."""
    if device == CPU and g.chance(0.7):
        return
    if device[0] != device[1] and g.chance(0.5):
        g.raw("if ({}flag) {{".format("!" if device[0] == "cuda" else ""))
        g.raw("  L; {}->to(torch::kCUDA);".format(name))
        g.raw("}")
        return
    g.say("{}->to({});".format(name, g.device(device)))


def call(g, name, *arguments):
    if name.startswith("net"):  # has no call operator of use
        return "{}->forward({})".format(name, ", ".join(map(str, arguments)))
    return g.choice(["{}({})", "{}->forward({})", "{}({})"]).format(name, ", ".join(map(str, arguments)))


# Construct: declaration, shape in, shape out.
LAYERS = {
    "Linear": ("torch::nn::Linear {}(4, 4);", (2, 4), (2, 4)),
    "Linear_options": ("torch::nn::Linear {}(torch::nn::LinearOptions(4, 4).bias(false));", (2, 4), (2, 4)),
    "Linear_auto": ("auto {} = torch::nn::Linear(4, 4);", (2, 4), (2, 4)),
    "Linear_shared": ("auto {} = std::make_shared<torch::nn::LinearImpl>(4, 4);", (2, 4), (2, 4)),
    "Conv1d": ("torch::nn::Conv1d {}(torch::nn::Conv1dOptions(3, 3, 1));", (2, 3, 4), (2, 3, 4)),
    "Conv2d": ("torch::nn::Conv2d {}(torch::nn::Conv2dOptions(1, 1, 3).padding(1));", (1, 1, 4, 4), (1, 1, 4, 4)),
    "BatchNorm1d": ("torch::nn::BatchNorm1d {}(4);", (2, 4), (2, 4)),
    "BatchNorm2d": ("auto {} = torch::nn::BatchNorm2d(1);", (1, 1, 4, 4), (1, 1, 4, 4)),
    "LayerNorm": ("torch::nn::LayerNorm {}(torch::nn::LayerNormOptions({{4}}));", (2, 4), (2, 4)),
    "GroupNorm": ("torch::nn::GroupNorm {}(torch::nn::GroupNormOptions(1, 3));", (2, 3, 4), (2, 3, 4)),
    "PReLU": ("torch::nn::PReLU {};", (2, 4), (2, 4)),
    "Sequential": ("torch::nn::Sequential {}(torch::nn::Linear(4, 4), torch::nn::ReLU(), torch::nn::Linear(4, 4));", (2, 4), (2, 4)),
    "Sequential_functional": ("torch::nn::Sequential {}(torch::nn::Linear(4, 4), torch::nn::Functional(torch::relu));", (2, 4), (2, 4)),
    "Dropout": ("torch::nn::Dropout {}(0.5);", (2, 4), (2, 4)),
}


def layer(g, kind=None, device=None):
    """Declares and moves a layer: (name, shape in, shape out, device)."""
    kind = kind or g.choice(sorted(LAYERS))
    declaration, before, after = LAYERS[kind]
    device = device or g.any_device()
    name = make(g, "net" if "Sequential" in kind or "shared" in kind else "m", declaration)
    move(g, name, device)
    return name, before, after, device


@construct("modules")
def any_layer(g):
    name, before, after, d = layer(g)
    x = g.pick(before, d)
    if g.chance(0.2):
        g.say("{}->{};".format(name, g.choice(["eval()", "train()", "zero_grad()"])))
    y = g.let(x.with_code(call(g, name, x), shape=after))
    if after == (2, 4):
        g.let(y.with_code("{} + {}".format(y, g.pick((2, 4), y.device))))


@construct("modules")
def two_layers(g):
    d = g.any_device()
    kinds = [k for k in sorted(LAYERS) if LAYERS[k][1] == (2, 4)]
    first, before, _, _ = layer(g, g.choice(kinds), d)
    second = layer(g, g.choice(kinds), g.other(d) if g.case.slip() else d)[0]
    x = g.pick(before, d)
    y = g.let(x.with_code(call(g, first, x)))
    g.let(y.with_code(call(g, second, "torch::relu({})".format(y))))


@construct("modules")
def sequential_push(g):
    name = make(g, "net", "torch::nn::Sequential {};")
    d = g.any_device()
    early = g.case.slip()
    g.say("{}->push_back(torch::nn::Linear(4, 4));".format(name))
    if early:
        g.say("{}->to({});".format(name, g.device(d)))
    g.say("{}->push_back({});".format(name, g.choice(["torch::nn::Linear(4, 4)", "torch::nn::Functional(torch::relu)", "torch::nn::BatchNorm1d(4)"])))
    if not early:
        g.say("{}->to({});".format(name, g.device(d)))
    x = g.pick((2, 4), d)
    g.let(x.with_code("{}->forward({})".format(name, x)))
    use(g)


@construct("modules")
def shared_layer(g):
    name, before, after, d = layer(g)
    alias = g.fresh("net" if name.startswith("net") else "m")
    g.say("auto {} = {};".format(alias, name))
    e = g.any_device()
    g.say("{}->to({});".format(g.choice([name, alias]), g.device(e)))
    x = g.pick(before, e)
    g.let(x.with_code(call(g, g.choice([name, alias]), x), shape=after))


@construct("modules")
def move_again(g):
    name, before, after, d = layer(g)
    x = g.pick(before, d)
    g.let(x.with_code(call(g, name, x), shape=after))
    e = g.any_device()
    g.say("{}->to({});".format(name, g.device(e)))
    x = g.pick(before, e)
    g.let(x.with_code(call(g, name, x), shape=after))


@construct("modules")
def embedding(g):
    name = make(g, "emb", g.choice(["torch::nn::Embedding {}(10, 4);", "auto {} = torch::nn::Embedding(torch::nn::EmbeddingOptions(10, 4));"]))
    d = g.any_device()
    move(g, name, d)
    i = g.pick((2,), d, LONG)
    y = g.let(i.with_code(call(g, name, i), shape=(2, 4), dtype=FLOAT))
    g.let(y.with_code("{} + {}".format(y, g.pick((2, 4), d))))


@construct("modules")
def recurrent(g):
    kind = g.choice(["LSTM", "GRU", "RNN"])
    name = make(g, "rnn", "torch::nn::" + kind + " {}(torch::nn::" + kind + "Options(4, 4).batch_first(true));")
    d = g.any_device()
    move(g, name, d)
    x = g.pick((2, 3, 4), d)
    out = g.fresh("out")
    arguments = [str(x)]
    if g.chance(0.5):
        h = g.let(g.new((1, 2, 4), g.other(d) if g.case.slip() else d))
        if kind == "LSTM":
            arguments.append("std::make_tuple({0}, {0})".format(h))
        else:
            arguments.append(str(h))
    if g.chance(0.5):
        state = g.fresh("state")
        g.say("auto [{}, {}] = {}->forward({});".format(out, state, name, ", ".join(arguments)))
        y = g.add(Value(out, (2, 3, 4), d))
        if kind == "LSTM":
            y = g.let(Value("std::get<0>({})[0]".format(state), (2, 4), d))
            g.let(y.with_code("{} * {}".format(y, g.pick((2, 4), d))))
    else:
        g.say("auto {} = {}->forward({});".format(out, name, ", ".join(arguments)))
        y = g.let(Value("std::get<0>({})".format(out), (2, 3, 4), d))
    y = g.let(Value("{}.slice(0, 0, 2)".format(y) if y.shape == (2, 3, 4) else "{}.unsqueeze(1).expand({{2, 3, 4}})".format(y), (2, 3, 4), d))
    g.let(y.with_code("{} + {}".format(y, g.pick((2, 3, 4), d))))


@construct("modules")
def loss(g):
    x = g.pick((2, 4))
    if g.chance(0.5):
        t = g.pick((2,), x.device, LONG)
        code = g.choice(["torch::nn::functional::cross_entropy({}, {})", "torch::nn::CrossEntropyLoss()({}, {})", "torch::nll_loss({}, {})", "torch::cross_entropy_loss({}, {})"])
    else:
        t = g.pick((2, 4), x.device)
        code = g.choice(["torch::mse_loss({}, {})", "torch::nn::functional::mse_loss({}, {})", "torch::nn::MSELoss()({}, {})", "torch::l1_loss({}, {})", "torch::nn::SmoothL1Loss()({}, {})",
                         "torch::binary_cross_entropy_with_logits({}, {})"])
    g.let(x.with_code(code.format(x, t), shape=()))
    use(g)


@construct("modules")
def weighted_loss(g):
    d = g.any_device()
    w = g.let(g.new((4,), g.other(d) if g.case.slip() else d))
    name = make(g, "criterion", "torch::nn::CrossEntropyLoss {}(torch::nn::CrossEntropyLossOptions().weight(" + str(w) + "));")
    if g.chance(0.3):
        g.say("{}->to({});".format(name, g.device(d)))
    x, t = g.pick((2, 4), d), g.pick((2,), d, LONG)
    g.let(x.with_code("{}({}, {})".format(name, x, t), shape=()))
    use(g)


@construct("modules")
def train_step(g):
    d = g.any_device()
    name, before, after, _ = layer(g, g.choice(["Linear", "Linear_auto", "Sequential"]), CPU if g.chance(0.2) else d)
    opt = g.fresh("opt")
    kind = g.choice(["SGD", "Adam", "AdamW"])
    g.say("torch::optim::{0} {1}({2}->parameters(), torch::optim::{0}Options(0.1));".format(kind, opt, name))
    x, t = g.pick((2, 4), d), g.pick((2, 4), d)
    g.raw("for (int epoch = 0; epoch < {}; ++epoch) {{".format(g.choice([1, 2, 3])))
    g.depth += 1
    g.say("{}.zero_grad();".format(opt))
    kept = list(g.variables)
    p = g.let(x.with_code(call(g, name, x)))
    l = g.fresh("loss")
    g.say("auto {} = torch::mse_loss({}, {});".format(l, p, t))
    g.say("{}.backward();".format(l))
    g.say("{}.step();".format(opt))
    if g.chance(0.3):
        g.say("{}->to({});".format(name, g.device(g.any_device())))
    g.depth -= 1
    g.raw("}")
    g.variables = kept
    use(g)


@construct("modules")
def parameters_loop(g):
    name, before, after, d = layer(g, "Linear")
    g.raw("for (auto &p : {}->parameters()) {{".format(name))
    g.depth += 1
    kept = list(g.variables)
    w = g.pick((4,), d)
    g.say("torch::NoGradGuard guard;")
    g.say(g.choice(["p.mul_({}.mean());", "p.add_({});", "p.copy_(p * {});"]).format(w))
    g.depth -= 1
    g.raw("}")
    g.variables = kept
    use(g)


@construct("modules")
def weight_access(g):
    name, before, after, d = layer(g, g.choice(["Linear", "Linear_auto", "Linear_shared"]))
    e = g.choice(["{m}->weight", "{m}->weight.detach()", "{m}->parameters()[0]", '{m}->named_parameters()["weight"]', "{m}->weight.t()"])
    w = g.let(Value(e.format(m=name), (4, 4), d))
    x = g.pick((2, 4), d)
    g.let(x.with_code("torch::matmul({}, {})".format(x, w)))
    g.variables.remove(w)  # a leaf: not to be changed in place


@construct("modules")
def module_dtype(g):
    name, before, after, d = layer(g, g.choice(["Linear", "Conv1d", "Sequential"]))
    dtype = g.choice([FLOAT, DOUBLE, DOUBLE])
    g.say("{}->to(torch::{});".format(name, dtype))
    x = g.pick(before, d, dtype)
    g.let(x.with_code(call(g, name, x), shape=after))


@construct("modules")
def functional(g):
    d = g.any_device()
    x = g.pick((2, 3, 4), d)
    w = g.let(g.new((3, 3, 1), g.other(d) if g.case.slip() else d))
    g.let(x.with_code(g.choice(["torch::conv1d({}, {})", "torch::nn::functional::conv1d({}, {})"]).format(x, w)))
    x = g.pick((2, 4), d)
    a, b = g.pick((4,), d), g.pick((4,), d)
    g.let(x.with_code("torch::layer_norm({}, {{4}}, {}, {})".format(x, a, b)))
