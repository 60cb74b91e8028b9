"""Queues, std::any, futures, autograd functions, modules that are reached through lists, conditions on numbers."""

from .control import block, replace
from .core import CPU, CUDA, Value, construct
from .paste import declare, statements, unless
from .tensors import binary, unary, use

SHAPE = (2, 4)


def place(g):
    return g.choice([CPU, CUDA])


def meet(g, code, device):
    v = g.let(Value(code, SHAPE, device))
    g.let(binary(g, v, g.pick(SHAPE, device)))


@construct("extras")
def numbers(g):
    """Two conditions on one number."""
    n, a, b = g.fresh("n"), g.let(g.new(SHAPE, CPU), type="torch::Tensor"), g.let(g.new(SHAPE, CPU), type="torch::Tensor")
    g.say("const int {} = flag ? {} : {};".format(n, *g.choice([(3, 0), (0, 3)])))
    one, two = g.choice([("{0} > 1", "{0} >= 2"), ("{0} > 0", "{0} != 0"), ("{0} > 0", "!({0} <= 0)"), ("{0} == 3", "{0} > 2"), ("{0} < 1", "{0} == 0"), ("{0} % 2 == 1", "{0} & 1")])
    if g.case.slip():
        two = "!(" + two + ")"
    block(g, "if ({}) {{".format(one.format(n)), lambda: g.say("{0} = {0}.cuda();".format(a)))
    block(g, "if ({}) {{".format(two.format(n)), lambda: g.say("{0} = {0}.cuda();".format(b)))
    g.lines.append("  L; auto s{0} = {1} + {2};  // {3}".format(n, a, b, g.case.construct))
    g.variables.remove(a)
    g.variables.remove(b)


@construct("extras")
def autograd_function(g):
    n, d = g.fresh("Scale"), place(g)
    declare(g, """
struct $n : torch::autograd::Function<$n> {
  static torch::Tensor forward(torch::autograd::AutogradContext *ctx, torch::Tensor x, torch::Tensor w) {
    F;
    ctx->save_for_backward({x, w});
    ! return x * w;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *ctx, torch::autograd::variable_list g) {
    auto saved = ctx->get_saved_variables();
    return {g[0] * saved[1], g[0] * saved[0]};
  }
};""", n=n)
    x, w = g.pick(SHAPE, d), g.pick(SHAPE, d)
    meet(g, "{}::apply({}, {})".format(n, x, w), d)


@construct("extras")
def closure_step(g):
    m, o, d = g.fresh("m"), g.fresh("opt"), place(g)
    x = g.pick(SHAPE, d)
    statements(g, """
! torch::nn::Linear $m(4, 4);
! $m->to($d);
! torch::optim::LBFGS $o($m->parameters(), torch::optim::LBFGSOptions(0.1).max_iter(1));
auto closure$o = [&]() -> torch::Tensor {
  F;
  $o.zero_grad();
  ! auto loss = $m($x).pow(2).sum();
  ! loss.backward();
  return loss;
};
! $o.step(closure$o);""", m=m, o=o, d=g.device(d), x=x)
    use(g)


@construct("extras")
def modules_reached(g):
    m, d = g.fresh("net"), place(g)
    g.say("torch::nn::Sequential {}(torch::nn::Linear(4, 4), torch::nn::ReLU(), torch::nn::Linear(4, 4));".format(m))
    form = g.choice(["for (auto &part : $m->children()) {\n  ! part->to($d);\n}", "for (auto &part : $m->modules()) {\n  if (auto *linear = part->as<torch::nn::Linear>()) {\n    ! linear->to($d);\n  }\n}", "! $m->apply([](torch::nn::Module &part) { part.to($d); });",
                     "for (auto &item : $m->named_children()) {\n  ! item.value()->to($d);\n}", "for (auto &p : $m->parameters()) {\n  ! p.set_data(p.to($d));\n}", "for (auto &item : $m->named_parameters()) {\n  ! item.value().set_data(item.value().to($d));\n}",
                     "for (auto it = $m->begin(); it != $m->end(); ++it) {\n  ! it->ptr()->to($d);\n}", "! $m.ptr()->to($d);", "! $m[0]->to($d);\n! $m[2]->to($d);"])
    statements(g, form, m=m, d=g.device(d))
    x = g.pick(SHAPE, d)
    g.let(x.with_code("{}->forward({})".format(m, x)))


@construct("extras")
def holders(g):
    """What keeps a tensor under another type."""
    n, d, e = g.fresh("k"), place(g), place(g)
    text, code = g.choice([
        ("std::deque<torch::Tensor> q$n;\n! q$n.push_front($a);\n! q$n.push_front($b);", "q{}.back()"),
        ("auto q$n = std::make_unique<std::pair<torch::Tensor, torch::Tensor>>($a, $b);", "q{}->first"),
        ("torch::IValue q$n = $a;", "q{}.toTensor()"),
        ("std::vector<torch::IValue> q$n{$a, $b};", "q{}[0].toTensor()"),
        ("torch::OrderedDict<std::string, torch::Tensor> q$n;\n! q$n.insert(\"a\", $a);\n! q$n.insert(\"b\", $b);", "q{}[\"a\"]"),
        ("std::map<std::pair<int, int>, torch::Tensor> q$n;\n! q$n[{0, 1}] = $a;\n! q$n[{1, 0}] = $b;", "q{}[{{0, 1}}]"),
        ("std::vector<torch::Tensor> q$n{$b}, p$n{$a};\nq$n.swap(p$n);", "q{}[0]"),
        ("auto q$n = std::tuple_cat(std::make_tuple($b), std::make_tuple($a));", "std::get<1>(q{})"),
        ("std::optional<torch::Tensor> q$n = $b;\nq$n.reset();\n! q$n.emplace($a);", "*q{}"),
        ("std::vector<torch::Tensor> q$n(3, $a);", "q{}.at(2)"),
        ("auto q$n = std::make_shared<std::vector<torch::Tensor>>();\n! q$n->push_back($a);\n! q$n->push_back($b);", "(*q{})[0]"),
    ])
    statements(g, text, n=n, a=g.new(SHAPE, d), b=g.new(SHAPE, e))
    meet(g, code.format(n), d)
