"""Modules behind interfaces: virtual calls, templates over holders, registries of factories, members that no one registered."""

from .core import CPU, CUDA, construct
from .paste import declare, statements, unless
from .simulate import SHAPE, k, make, meet, place
from .tensors import use


@construct("hierarchies")
def interfaces(g):
    """Derived classes behind pointers in containers; each adds members, and says where it works."""
    n, d, e = g.fresh("k"), place(g), place(g)
    lost = unless(g, "", "lost")
    declare(g, """
struct Stage$n : torch::nn::Module {
  virtual ~Stage$n() = default;
  virtual torch::Tensor forward(torch::Tensor x) = 0;
  virtual torch::Device home() const { return torch::kCPU; }
  torch::Tensor run(torch::Tensor x) {
    F;
    ! return forward(x.to(home()));
  }
};
struct Dense$n : Stage$n {
  explicit Dense$n(torch::Device d) : at(d) {
    F;
    ! layer = $layer;
    ! to(d);
  }
  torch::Tensor forward(torch::Tensor x) override {
    F;
    ! return layer(x);
  }
  torch::Device home() const override { return at; }
  torch::nn::Linear layer{nullptr};
  torch::Device at;
};
struct Shift$n : Stage$n {
  torch::Tensor forward(torch::Tensor x) override {
    F;
    ! return x + offset;
  }
  torch::Tensor offset = torch::ones({4});
};
struct Scale$n final : Shift$n {
  torch::Tensor forward(torch::Tensor x) override {
    F;
    ! return Shift$n::forward(x) * 2;
  }
};""", n=n, layer="torch::nn::Linear(4, 4)" if lost else 'register_module("layer", torch::nn::Linear(4, 4))')
    x = make(g, e)
    order = [g.choice(["Dense", "Shift", "Scale"]) for _ in range(2)]
    create = ["std::make_shared<Dense{}>({})".format(n, k(d)) if kind == "Dense" else "std::make_shared<{}{}>()".format(kind, n) for kind in order]
    form = g.choice(["vector", "map", "fork", "unique", "function"])
    at = None
    if form == "vector":
        statements(g, "std::vector<std::shared_ptr<Stage$n>> stages$n{$a, $b};\n! torch::Tensor h$n = $x;\nfor (auto &stage : stages$n) {\n  ! h$n = stage->run(h$n);\n}", n=n, a=create[0], b=create[1], x=x)
        at = d if order[1] == "Dense" else "cpu"
    elif form == "map":
        statements(g, "std::map<std::string, std::shared_ptr<Stage$n>> stages$n;\nstages$n[\"one\"] = $a;\nstages$n.emplace(\"two\", $b);\n! auto h$n = stages$n.at(\"two\")->run($x);", n=n, a=create[0], b=create[1], x=x)
        at = d if order[1] == "Dense" else "cpu"
    elif form == "fork":
        statements(g, "std::shared_ptr<Stage$n> stage$n;\nif (flag) {\n  stage$n = $a;\n} else {\n  stage$n = $b;\n}\n! auto h$n = stage$n->run($x);", n=n, a=create[0], b=create[1], x=x)
        meet(g, "h" + n, (d if order[1] == "Dense" else "cpu", d if order[0] == "Dense" else "cpu"))
        return
    elif form == "unique":
        statements(g, "std::unique_ptr<Stage$n> stage$n = $a;\n! auto h$n = stage$n->run($x);", n=n, a=create[0].replace("make_shared", "make_unique"), x=x)
        at = d if order[0] == "Dense" else "cpu"
    else:
        declare(g, "torch::Tensor through$n(Stage$n &stage, const torch::Tensor &x) {\n  F;\n  ! auto h = stage.run(x);\n  if (auto *dense = dynamic_cast<Dense$n *>(&stage)) {\n    ! h = dense->layer(h);\n  }\n  return h;\n}", n=n)
        statements(g, "auto stage$n = $a;\n! auto h$n = through$n(*stage$n, $x);", n=n, a=create[0], x=x)
        at = d if order[0] == "Dense" else "cpu"
    meet(g, "h" + n, (at, at))


@construct("hierarchies")
def generic(g):
    """Class and function templates over modules and holders."""
    n, d = g.fresh("k"), place(g)
    form = g.choice(["residual", "stack", "crtp", "tuple", "policy", "visit"])
    x = make(g, d)
    if form == "residual":
        declare(g, "template <typename Block> struct Residual$n : torch::nn::Module {\n  template <typename... Args> explicit Residual$n(Args &&...args) : block(std::forward<Args>(args)...) {\n    F;\n    ! $register\n  }\n  torch::Tensor forward(torch::Tensor x) {\n    F;\n    ! return x + block->forward(x);\n  }\n  Block block;\n};", n=n, register=unless(g, 'this->register_module("block", block);', "block->train();"))
        g.say("Residual{0}<torch::nn::Linear> net{0}(4, 4);".format(n))
    elif form == "stack":
        declare(g, "template <typename Block, int Count> struct Stack$n : torch::nn::Module {\n  Stack$n() {\n    F;\n    for (int i = 0; i < Count; ++i) {\n      ! blocks.push_back($make);\n    }\n  }\n  torch::Tensor forward(torch::Tensor x) {\n    F;\n    for (auto &block : blocks) {\n      ! x = block(x);\n    }\n    return x;\n  }\n  std::vector<Block> blocks;\n};", n=n, make=unless(g, 'register_module("block" + std::to_string(i), Block(4, 4))', "Block(4, 4)"))
        g.say("Stack{0}<torch::nn::Linear, {1}> net{0};".format(n, g.choice([1, 2, 3])))
    elif form == "crtp":
        declare(g, "template <typename Derived> struct Base$n : torch::nn::Module {\n  torch::Tensor forward(torch::Tensor x) {\n    F;\n    ! return static_cast<Derived *>(this)->body(x) + bias;\n  }\n  torch::Tensor bias = $bias;\n};\nstruct Leaf$n : Base$n<Leaf$n> {\n  Leaf$n() {\n    F;\n    ! register_module(\"layer\", layer);\n  }\n  torch::Tensor body(torch::Tensor x) {\n    F;\n    ! return layer(x);\n  }\n  torch::nn::Linear layer{4, 4};\n};", n=n, bias=unless(g, 'this->register_buffer("bias", torch::zeros({4}))', "torch::zeros({4})"))
        g.say("Leaf{0} net{0};".format(n))
    elif form == "tuple":
        declare(g, "template <typename... Layers> struct Chain$n : torch::nn::Module {\n  explicit Chain$n(Layers... all) : layers(std::move(all)...) {\n    F;\n    int index = 0;\n    std::apply([&](auto &...layer) { (this->register_module(\"l\" + std::to_string(index++), layer), ...); }, layers);\n  }\n  torch::Tensor forward(torch::Tensor x) {\n    F;\n    std::apply([&](auto &...layer) { ((x = layer(x)), ...); }, layers);\n    return x;\n  }\n  std::tuple<Layers...> layers;\n};", n=n)
        g.say("Chain{0}<torch::nn::Linear, torch::nn::ReLU> net{0}(torch::nn::Linear(4, 4), torch::nn::ReLU());".format(n))
    elif form == "policy":
        declare(g, "struct OnHost$n {\n  static torch::Device device() { return torch::kCPU; }\n};\nstruct OnCuda$n {\n  static torch::Device device() { return torch::kCUDA; }\n};\ntemplate <typename Policy> struct Net$n : torch::nn::Module {\n  Net$n() {\n    F;\n    ! register_module(\"layer\", layer);\n    ! this->to(Policy::device());\n  }\n  torch::Tensor forward(torch::Tensor x) {\n    F;\n    ! return layer(x);\n  }\n  torch::nn::Linear layer{4, 4};\n};", n=n)
        g.say("Net{0}<{1}{0}> net{0};".format(n, "OnCuda" if d == "cuda" else "OnHost"))
        y = g.fresh("y")
        g.say("auto {} = net{}.forward({});".format(y, n, make(g, d)))
        meet(g, y, (d, d))
        return
    else:
        declare(g, "template <typename Module> void place$n(Module &module, torch::Device d) {\n  F;\n  if constexpr (std::is_base_of_v<torch::nn::Module, Module>) {\n    ! module.to(d);\n  } else {\n    ! module->to(d);\n  }\n}", n=n)
        g.say("torch::nn::Sequential inner{0}(torch::nn::Linear(4, 4), torch::nn::Tanh());".format(n))
        g.say("auto &net{0} = *inner{0};".format(n))
        g.say("place{0}({1}, {2});".format(n, g.choice(["inner", "net"]) + n, k(d)))
        y = g.fresh("y")
        g.say("auto {} = net{}.forward({});".format(y, n, x))
        meet(g, y, (d, d))
        return
    g.say("net{}.to({});".format(n, k(d)))
    y = g.fresh("y")
    g.say("auto {} = net{}.forward({});".format(y, n, x))
    meet(g, y, (d, d))


@construct("hierarchies")
def registries(g):
    """Modules that are made by name, and found again by name."""
    n, d, e = g.fresh("k"), place(g), place(g)
    declare(g, """
struct Zoo$n {
  using Maker = std::function<std::shared_ptr<torch::nn::Module>(torch::Device)>;
  std::map<std::string, Maker> makers;
  std::map<std::string, std::shared_ptr<torch::nn::Module>> alive;
  Zoo$n() {
    makers["dense"] = [](torch::Device d) { F; auto m = std::make_shared<torch::nn::LinearImpl>(4, 4); m->to(d); return m; };
    makers["norm"] = [](torch::Device d) { F; auto m = std::make_shared<torch::nn::LayerNormImpl>(torch::nn::LayerNormOptions({4})); m->to(d); return m; };
  }
  std::shared_ptr<torch::nn::Module> get(const std::string &name, torch::Device d) {
    F;
    auto found = alive.find(name);
    if (found != alive.end()) {
      return found->second;
    }
    ! return alive[name] = makers.at(name)(d);
  }
  template <typename Impl> torch::Tensor call(const std::string &name, const torch::Tensor &x) {
    F;
    ! return std::dynamic_pointer_cast<Impl>(alive.at(name))->forward(x);
  }
};""", n=n)
    g.say("Zoo{0} zoo{0};".format(n))
    name, impl = g.choice([("dense", "torch::nn::LinearImpl"), ("norm", "torch::nn::LayerNormImpl")])
    g.say("zoo{}.get(\"{}\", {});".format(n, name, k(d)))
    at = d
    for _ in range(g.rng.randrange(0, 3)):
        form = g.choice(["again", "other", "move", "all"])
        if form == "again":
            g.say("auto kept{} = zoo{}.get(\"{}\", {});".format(g.fresh("k"), n, name, k(e)))
        elif form == "other":
            g.say("zoo{}.get(\"{}\", {});".format(n, "norm" if name == "dense" else "dense", k(e)))
        elif form == "move":
            at = e
            g.say("zoo{}.alive[\"{}\"]->to({});".format(n, name, k(e)))
        else:
            at = e
            statements(g, "for (auto &[name, module] : zoo$n.alive) {\n  ! module->to($d);\n}", n=n, d=k(e))
    y = g.fresh("y")
    x = g.pick(SHAPE, (at, at))
    g.say("auto {} = zoo{}.call<{}>(\"{}\", {});".format(y, n, impl, name, x))
    meet(g, y, (at, at))


@construct("hierarchies")
def forgotten(g):
    """A larger module that moves, with what it registers, keeps and makes."""
    n, d = g.fresh("k"), place(g)
    member = g.choice(["tensor", "vector", "map", "struct", "module", "pointer", "cache", "made", "constant", "lambda"])
    good = g.case.slip() is None
    fields, make_it, call = {
        "tensor": ("torch::Tensor extra;", 'extra = register_buffer("extra", torch::ones({4}));' if good else "extra = torch::ones({4});", "h + extra"),
        "vector": ("std::vector<torch::Tensor> extra;", 'for (int i = 0; i < 2; ++i) extra.push_back(register_parameter("p" + std::to_string(i), torch::ones({4})));' if good else "for (int i = 0; i < 2; ++i) extra.push_back(torch::ones({4}));", "h * extra[0] + extra.back()"),
        "map": ("std::map<std::string, torch::Tensor> extra;", 'extra["a"] = register_buffer("a", torch::ones({4}));' if good else 'extra["a"] = torch::ones({4});', 'h - extra.at("a")'),
        "struct": ("struct { torch::Tensor mean, deviation; } extra;", 'extra.mean = register_buffer("mean", torch::zeros({4}));' if good else "extra.mean = torch::zeros({4});", "h - extra.mean"),
        "module": ("torch::nn::LayerNorm extra{torch::nn::LayerNormOptions({4})};", 'register_module("extra", extra);' if good else "extra->eval();", "extra(h)"),
        "pointer": ("std::shared_ptr<torch::nn::LinearImpl> extra;", 'extra = register_module("extra", std::make_shared<torch::nn::LinearImpl>(4, 4));' if good else "extra = std::make_shared<torch::nn::LinearImpl>(4, 4);", "extra->forward(h)"),
        "cache": ("torch::Tensor extra;", "train();", "h + (extra.defined() ? extra : extra = " + ("torch::ones({4}, h.options()))" if good else "torch::ones({4}))")),
        "made": ("int extra = 4;", "train();", "h + " + ("torch::arange(extra, h.options())" if good else "torch::arange(extra, torch::kFloat)")),
        "constant": ("const torch::Tensor extra = torch::ones({4});", "train();", "h * extra" + (".to(h.device())" if good else "")),
        "lambda": ("std::function<torch::Tensor(torch::Tensor)> extra;", "extra = [%s](torch::Tensor t) { F; return %s; };" % (("this", "layer(t)") if good else ("w = torch::ones({4})", "t * w")), "extra(h)"),
    }[member]
    declare(g, """
struct Net${n}Impl : torch::nn::Module {
  Net${n}Impl() {
    F;
    ! register_module("layer", layer);
    setup();
  }
  torch::Tensor forward(const torch::Tensor &x) {
    F;
    ! auto h = layer(x);
    ! return $call;
  }
  void setup() {
    F;
    ! $make_it
  }
  torch::nn::Linear layer{4, 4};
  $fields
};
TORCH_MODULE(Net$n);""", n=n, call=call, make_it=make_it, fields=fields)
    g.say("Net{0} net{0};".format(n))
    g.say("net{}->to({});".format(n, k(d)))
    x = g.pick(SHAPE, (d, d))
    y = g.fresh("y")
    g.say("auto {} = net{}({});".format(y, n, x))
    meet(g, y, (d, d))
    if g.chance(0.3):
        e = place(g)
        g.say("net{}->to({});".format(n, k(e)))
        g.say("auto again{} = net{}->forward({});".format(n, n, make(g, e)))
    use(g)
