"""What training programs are made of: batches, datasets, checkpoints, module containers, builders."""

from .classes import instance, module, moved_and_called, parts
from .control import block, replace
from .core import CPU, CUDA, FLOAT, LONG, Value, construct
from .tensors import binary, unary, use

SHAPE = (2, 4)


@construct("programs")
def batches(g):
    """A vector of a struct with data and target, moved or not in the loop."""
    s, n, m = g.fresh("Batch"), g.fresh("batches"), g.fresh("m")
    d = g.choice([CPU, CUDA])
    g.helper(["struct {} {{".format(s), "  torch::Tensor data, target;", "};"])
    g.say("std::vector<{}> {};".format(s, n))
    for _ in range(2):
        g.say("{}.push_back({{{}, {}}});".format(n, g.new(SHAPE, CPU), g.new(SHAPE, CPU)))
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    g.say("{}->to({});".format(m, g.device(d)))
    place = g.device(d)
    moved = [True, g.case.slip() is None]

    def body():
        if g.chance(0.5):
            data = g.let(Value("batch.data.to({})".format(place), SHAPE, d))
            target = g.let(Value("batch.target{}".format(".to({})".format(place) if moved[1] else ""), SHAPE, d))
        else:
            g.say("batch.data = batch.data.to({});".format(place))
            if moved[1]:
                g.say("batch.target = batch.target.to({});".format(place))
            data, target = Value("batch.data", SHAPE, d), Value("batch.target", SHAPE, d)
        g.say("auto loss = torch::mse_loss({}->forward({}), {});".format(m, data, target))
        g.say("loss.backward();")
        if g.chance(0.4):
            g.say("total = total + loss{};".format(g.choice(["", ".detach()", ".item<float>()", ".cpu()"])))

    g.say("torch::Tensor total = {};".format(g.new(g.choice([(), (1,)]), g.choice([CPU, d]))))
    block(g, "for ({} batch : {}) {{".format(g.choice(["auto &", "auto"]), n), body)


@construct("programs")
def data_set(g):
    s, d = g.fresh("Data"), g.choice([CPU, CUDA])
    where = g.choice([CPU, d])
    g.helper(["struct {} : torch::data::datasets::Dataset<{}> {{".format(s, s), "  torch::data::Example<> get(size_t) override {", "    return {{{}, {}}};".format("torch::rand({4})", "torch::rand({4})"), "  }", "  std::optional<size_t> size() const override { return 4; }", "};"])
    n, m = g.fresh("loader"), g.fresh("m")
    g.say("auto {} = torch::data::make_data_loader({}().map(torch::data::transforms::Stack<>()), 2);".format(n, s))
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    g.say("{}->to({});".format(m, g.device(d)))
    slip = g.case.slip()
    place = g.device(d)

    def body():
        x = g.let(Value("batch.data.to({})".format(place), SHAPE, d))
        y = g.let(Value("batch.target" + ("" if slip else ".to({})".format(place)), SHAPE, d))
        g.say("auto loss = torch::mse_loss({}({}), {});".format(m, x, y))

    block(g, "for (auto &batch : *{}) {{".format(n), body)


@construct("programs")
def owning_trainer(g):
    """A class that owns a model, an optimizer and a device."""
    s, d = g.fresh("Trainer"), g.choice([CPU, CUDA])
    moves_input, moves_target = g.case.slip() is None, g.chance(0.8)
    g.helper(["class {} {{".format(s), "public:", "  explicit {}(torch::Device where) : device(where), model(4, 4), adam(model->parameters(), torch::optim::AdamOptions(0.1)) {{".format(s), "    F;", "    L; model->to(device);", "  }",
              "  double step(torch::Tensor x, torch::Tensor y) {", "    F;", "    adam.zero_grad();", "    L; auto loss = criterion(model->forward({}), {});".format("x.to(device)" if moves_input else "x", "y.to(device)" if moves_target else "y"),
              "    L; loss.backward();", "    L; adam.step();", "    return loss.item<double>();", "  }", "  torch::Tensor predict(torch::Tensor x) {", "    F;", "    torch::NoGradGuard guard;", "    L; return model(x);", "  }",
              "private:", "  torch::Device device;", "  torch::nn::Linear model;", "  torch::optim::Adam adam;", "  torch::nn::MSELoss criterion;", "};"])
    n = g.fresh("trainer")
    g.say("{} {}{{{}}};".format(s, n, g.device(d)))
    g.say("{}.step({}, {});".format(n, g.pick(SHAPE, g.choice([CPU, d])), g.pick(SHAPE, g.choice([CPU, d]))))
    x = g.pick(SHAPE, d)
    y = g.let(x.with_code("{}.predict({})".format(n, x)))
    g.let(binary(g, y, g.pick(SHAPE, d)))


@construct("programs")
def many_modules(g):
    """Modules in a vector, a map, an AnyModule, a ModuleDict."""
    d, n = g.choice([CPU, CUDA]), g.fresh("net")
    form = g.choice(["vector", "pointers", "map", "any", "dict", "base"])
    x = None
    if form == "vector":
        g.say("std::vector<torch::nn::Linear> {};".format(n))
        block(g, "for (int i = 0; i < 2; ++i) {", lambda: g.say("{}.push_back(torch::nn::Linear(4, 4));".format(n)))
        block(g, "for (auto &m : {}) {{".format(n), lambda: g.say("m->to({});".format(g.device(d))))
        code = "{}[{}]->forward({{}})".format(n, g.choice([0, 1]))
    elif form == "pointers":
        g.say("std::vector<std::shared_ptr<torch::nn::LinearImpl>> {}{{std::make_shared<torch::nn::LinearImpl>(4, 4)}};".format(n))
        g.say("{}.front()->to({});".format(n, g.device(d)))
        code = n + "[0]->forward({})"
    elif form == "map":
        g.say('std::map<std::string, torch::nn::Linear> {}{{{{"a", torch::nn::Linear(4, 4)}}, {{"b", torch::nn::Linear(4, 4)}}}};'.format(n))
        block(g, "for (auto &[name, m] : {}) {{".format(n), lambda: g.say("m->to({});".format(g.device(d))))
        code = n + '.at("a")->forward({})'
    elif form == "any":
        g.say("torch::nn::AnyModule {}(torch::nn::Linear(4, 4));".format(n))
        g.say("{}.ptr()->to({});".format(n, g.device(d)))
        code = n + ".forward({})"
    elif form == "dict":
        g.say('torch::nn::ModuleDict {};'.format(n))
        g.say('{0}->update({{{{"a", torch::nn::Linear(4, 4).ptr()}}}});'.format(n))
        g.say("{}->to({});".format(n, g.device(d)))
        code = "(*" + n + ')["a"]->as<torch::nn::Linear>()->forward({})'
    else:
        g.say("std::shared_ptr<torch::nn::Module> {} = std::make_shared<torch::nn::LinearImpl>(4, 4);".format(n))
        g.say("{}->to({});".format(n, g.device(d)))
        code = "std::dynamic_pointer_cast<torch::nn::LinearImpl>(" + n + ")->forward({})"
    x = g.pick(SHAPE, d)
    y = g.let(x.with_code(code.format(x)))
    g.let(binary(g, y, g.pick(SHAPE, d)))


@construct("programs")
def checkpoint(g):
    """Saved, and loaded into a module that may be elsewhere."""
    m, n, s = g.fresh("m"), g.fresh("m"), g.fresh("stream")
    d, e = g.choice([CPU, CUDA]), g.choice([CPU, CUDA])
    g.say("torch::nn::Linear {}(4, 4), {}(4, 4);".format(m, n))
    g.say("{}->to({});".format(m, g.device(d)))
    g.say("std::stringstream {};".format(s))
    g.say("torch::save({}, {});".format(m, s))
    if g.chance(0.5):
        g.say("torch::load({}, {}, {});".format(n, s, g.device(e)))
    else:
        g.say("torch::load({}, {});".format(n, s))
        e = CPU if g.chance(0.5) else d
    if g.chance(0.7):
        g.say("{}->to({});".format(n, g.device(e)))
    x = g.pick(SHAPE, e)
    g.let(x.with_code("{}({})".format(n, x)))


@construct("programs")
def applied(g):
    """Loops over what a module contains."""
    m, d = g.fresh("net"), g.choice([CPU, CUDA])
    g.say("torch::nn::Sequential {}(torch::nn::Linear(4, 4), torch::nn::ReLU());".format(m))
    form = g.choice(["apply", "children", "parameters", "set_data", "modules"])
    place = g.device(d)
    if form == "apply":
        g.say("{}->apply([&](torch::nn::Module &x) {{ F; x.to({}); }});".format(m, place))
    elif form in ("children", "modules"):
        block(g, "for (auto &x : {}->{}()) {{".format(m, form), lambda: g.say("x->to({});".format(place)))
    elif form == "parameters":
        block(g, "for (auto p : {}->parameters()) {{".format(m), lambda: g.say("p = p.to({});".format(place)))
        d = CPU
    else:
        block(g, "for (auto &p : {}->parameters()) {{".format(m), lambda: g.say("p.set_data(p.to({}));".format(place)))
    x = g.pick(SHAPE, d)
    y = g.let(x.with_code("{}->forward({})".format(m, x)))
    g.let(binary(g, y, g.pick(SHAPE, d)))


@construct("programs")
def recurrent_encoder(g):
    """Two modules of one's own in a third, state carried from one to the other."""
    enc, dec, net = g.fresh("Encoder"), g.fresh("Decoder"), g.fresh("Net") + "Impl"
    hidden = g.choice(["torch::zeros({1, 2, 4})", "torch::zeros({1, 2, 4}, x.options())", "torch::zeros({1, 2, 4}).to(x.device())"])
    g.helper(["struct {} : torch::nn::Module {{".format(enc), "  torch::nn::GRU gru{nullptr};", "  {}() {{ gru = register_module(\"gru\", torch::nn::GRU(torch::nn::GRUOptions(4, 4).batch_first(true))); }}".format(enc),
              "  std::tuple<torch::Tensor, torch::Tensor> forward(torch::Tensor x) {", "    F;", "    auto h = {};".format(hidden), "    L; return gru->forward(x, h);", "  }", "};"])
    c, f, fields = parts(g, 1)
    module(g, dec, c, f + ["return h;"], fields)
    module(g, net, ['encoder = register_module("encoder", std::make_shared<{}>());'.format(enc), 'decoder = register_module("decoder", std::make_shared<{}>());'.format(dec)],
           ["auto [out, state] = encoder->forward(x.unsqueeze(1));", "return decoder->forward(out.squeeze(1) + state[0]);"], ["std::shared_ptr<{}> encoder;".format(enc), "std::shared_ptr<{}> decoder;".format(dec)])
    moved_and_called(g, instance(g, net))


@construct("programs")
def masked_attention(g):
    """A mask made in forward, scores of two projections."""
    net = g.fresh("Net") + "Impl"
    mask = g.choice(["torch::ones({2, 2})", "torch::ones({2, 2}, x.options())", "torch::eye(2, x.device())", "torch::eye(2)", "torch::tril(torch::ones({2, 2}, x.device()))"])
    module(g, net, ['q = register_module("q", torch::nn::Linear(4, 4));', 'k = register_module("k", torch::nn::Linear(4, 4));'],
           ["auto scores = torch::matmul(q(x), k(x).transpose(0, 1));", "auto mask = {};".format(mask), "scores = scores.masked_fill(mask == 0, -1e9);", "return torch::matmul(torch::softmax(scores, -1), x);"],
           ["torch::nn::Linear q{nullptr}, k{nullptr};"])
    moved_and_called(g, instance(g, net))


@construct("programs")
def exponential_average(g):
    """A second model that follows the first."""
    m, n = g.fresh("m"), g.fresh("m")
    d, e = g.choice([CPU, CUDA]), None
    e = g.other(d) if g.case.slip() else d
    g.say("torch::nn::Linear {}(4, 4), {}(4, 4);".format(m, n))
    g.say("{}->to({});".format(m, g.device(d)))
    g.say("{}->to({});".format(n, g.device(e)))
    def body():
        g.say("torch::NoGradGuard guard;")
        g.say("auto a = {}->parameters();".format(m))
        g.say("auto b = {}->parameters();".format(n))
        g.raw("for (size_t i = 0; i < a.size(); ++i) {")
        g.say("  " + g.choice(["b[i].mul_(0.9).add_(a[i], 0.1);", "b[i].copy_(b[i] * 0.9 + a[i] * 0.1);", "b[i].lerp_(a[i], 0.1);"]))
        g.raw("}")
    block(g, "{", body)
    x = g.pick(SHAPE, e)
    g.let(x.with_code("{}({})".format(n, x)))
