"""Two names for one tensor: references, pointers, wrappers, objects with a meaning of their own, callbacks that are kept."""

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


def fresh_tensor(g, device=None):
    return g.let(g.new(SHAPE, device or place(g)), type="torch::Tensor")


@construct("aliases")
def pointers(g):
    """A loop over addresses; a pointer that is turned to another tensor."""
    a, b = fresh_tensor(g), fresh_tensor(g)
    d, n = place(g), g.fresh("k")
    form = g.choice(["loop", "turn", "vector", "wrapper", "iterator", "member"])
    if form == "loop":
        g.raw("for (torch::Tensor *p : {{&{}, &{}}})".format(a, b) + " {")
        g.raw("  L; *p = p->to({});".format(g.device(d)))
        g.raw("}")
        a, b = replace(g, a, device=d), replace(g, b, device=d)
    elif form == "turn":
        side = g.chance(0.5)
        g.say("torch::Tensor *p{} = {};".format(n, "flag ? &{} : &{}".format(a, b)))
        g.say("*p{0} = p{0}->to({1});".format(n, g.device(d)))
        a, b = replace(g, a, device=(a.device[0], d[1])), replace(g, b, device=(d[0], b.device[1]))
    elif form == "vector":
        g.say("std::vector<torch::Tensor *> p{}{{&{}, &{}}};".format(n, a, b))
        g.raw("for (auto *p : p{})".format(n) + " {")
        g.raw("  L; *p = p->to({});".format(g.device(d)))
        g.raw("}")
        a, b = replace(g, a, device=d), replace(g, b, device=d)
    elif form == "wrapper":
        g.say("std::vector<std::reference_wrapper<torch::Tensor>> p{}{{{}, {}}};".format(n, a, b))
        g.raw("for (torch::Tensor &p : p{})".format(n) + " {")
        g.raw("  L; p = p.to({});".format(g.device(d)))
        g.raw("}")
        a, b = replace(g, a, device=d), replace(g, b, device=d)
    elif form == "iterator":
        g.say("std::vector<torch::Tensor> v{}{{{}, {}}};".format(n, a, b))
        g.say("auto it{0} = v{0}.begin();".format(n))
        g.say(g.choice(["++it{0};", "it{0}++;", "std::advance(it{0}, 1);", "it{0} += 1;"]).format(n))
        g.say("*it{0} = it{0}->to({1});".format(n, g.device(d)))
        meet(g, g.choice(["v{0}[1]", "*it{0}", "v{0}.back()", "*std::prev(v{0}.end())"]).format(n), d)
        meet(g, g.choice(["v{0}[0]", "v{0}.front()"]).format(n), a.device)
    else:
        declare(g, "struct Holder$n {\n  torch::Tensor &one;\n  torch::Tensor two;\n  void move(torch::Device d) {\n    F;\n    ! one = one.to(d);\n    ! two = two.to(d);\n  }\n};", n=n)
        g.say("Holder{0} h{0}{{{1}, {2}}};".format(n, a, b))
        g.say("h{}.move({});".format(n, g.device(d)))
        a = replace(g, a, device=d)
        meet(g, "h{}.two".format(n), d)
    g.let(binary(g, a, g.pick(SHAPE, a.device)))
    g.let(binary(g, g.pick(SHAPE, b.device), b))


@construct("aliases")
def reference_chosen(g):
    a, b, d, n = fresh_tensor(g), fresh_tensor(g), place(g), g.fresh("r")
    form = g.choice(["reference", "assigned", "const"])
    if form == "reference":
        g.say("auto &{} = flag ? {} : {};".format(n, a, b))
        g.say("{0} = {0}.to({1});".format(n, g.device(d)))
    elif form == "assigned":
        g.say("(flag ? {} : {}) = {};".format(a, b, g.new(SHAPE, d)))
    else:
        g.say("const auto &{} = {};".format(n, a))
        g.say("{0} = {0}.to({1});".format(a, g.device(d)))
        meet(g, n, d)
        return
    a, b = replace(g, a, device=(a.device[0], d[1])), replace(g, b, device=(d[0], b.device[1]))
    g.let(binary(g, a, g.pick(SHAPE, a.device)))
    g.let(binary(g, b, g.pick(SHAPE, b.device)))


@construct("aliases")
def bound_by_reference(g):
    n, d, e, f = g.fresh("k"), place(g), place(g), place(g)
    kind = g.choice(["std::pair<torch::Tensor, torch::Tensor>", "std::tuple<torch::Tensor, torch::Tensor>", "std::array<torch::Tensor, 2>", "Both" + n])
    if kind.startswith("Both"):
        declare(g, "struct Both$n {\n  torch::Tensor first, second;\n};", n=n)
    g.say("{} both{}{{{}, {}}};".format(kind, n, g.new(SHAPE, d), g.new(SHAPE, e)))
    by = g.choice(["auto &", "auto ", "auto &&"])
    g.say("{1}[x{0}, y{0}] = both{0};".format(n, by))
    g.say("x{0} = x{0}.to({1});".format(n, g.device(f)))
    first = "std::get<0>(both%s)" % n if "tuple" in kind else "both%s[0]" % n if "array" in kind else "both%s.first" % n
    meet(g, first, f if "&" in by else d)
    meet(g, "y" + n, e)


@construct("aliases")
def chained(g):
    n, d, e = g.fresh("k"), place(g), place(g)
    statements(g, "torch::Tensor a$n, b$n, c$n;\n! a$n = b$n = c$n = $new;", n=n, new=g.new(SHAPE, d))
    g.say(g.choice(["b{0} = b{0}.to({1});", "(b{0} = c{0}) = a{0}.to({1});", "b{0} = std::move(b{0}).to({1});", "b{0} = (a{0}, c{0}.to({1}));"]).format(n, g.device(e)))
    meet(g, "a" + n, d)
    meet(g, "b" + n, e)
    meet(g, "c" + n, d)


@construct("aliases")
def data_of_tensor(g):
    """What changes the tensor itself and so all who share it."""
    a, n, d = fresh_tensor(g), g.fresh("k"), place(g)
    g.say("auto b{} = {};".format(n, a))
    g.say(g.choice(["{0}.set_data({0}.to({1}));", "b{2}.set_data({0}.to({1}));"]).format(a, g.device(d), n))
    a = replace(g, a, device=d)
    meet(g, "b" + n, d)
    g.let(binary(g, a, g.pick(SHAPE, d)))


@construct("aliases")
def value_class(g):
    """A class with operators and conversions."""
    n, d = g.fresh("Box"), place(g)
    declare(g, """
struct $n {
  torch::Tensor value;
  $n operator+(const $n &other) const {
    F;
    ! return $n{value + other.value};
  }
  $n &operator+=(const torch::Tensor &other) {
    F;
    ! value = value + other;
    return *this;
  }
  torch::Tensor operator()(const torch::Tensor &x) const {
    F;
    ! return value * x;
  }
  torch::Tensor &operator*() { return value; }
  torch::Tensor *operator->() { return &value; }
  operator torch::Tensor() const { return value; }
  torch::Tensor operator[](int i) const {
    F;
    ! return value[i];
  }
  bool operator<(const $n &other) const {
    F;
    ! return (value < other.value).all().item<bool>();
  }
};""", n=n)
    a, b = g.fresh("box"), g.fresh("box")
    g.say("{} {}{{{}}};".format(n, a, g.new(SHAPE, d)))
    e = g.other(d) if g.case.slip() else d
    g.say("{} {}{{{}}};".format(n, b, g.new(SHAPE, e)))
    if g.chance(0.4):
        d = place(g)
        g.say(g.choice(["*{0} = (*{0}).to({1});", "{0}.value = {0}->to({1});", "*{0} = {0}->to({1});"]).format(a, g.device(d)))
    form = g.choice(["({0} + {1}).value", "{0}({1}.value)", "*({0} += {1}.value)", "torch::Tensor({0}).mul({1})", "{0}->add(*{1})", "{0} < {1} ? {0}.value : {1}.value"])
    g.say("auto out{} = {};".format(a, form.format(a, b)))
    meet(g, g.choice(["*{}", "{}.value", "torch::Tensor({})", "{}->clone()"]).format(b), e)


@construct("aliases")
def kept_callbacks(g):
    """Functions in containers, members, returned by functions, bound."""
    n, d = g.fresh("k"), place(g)
    a = fresh_tensor(g, d)
    x = g.pick(SHAPE, d)
    form = g.choice(["vector", "member", "returned", "bind", "pointer", "method", "map", "nested", "recursive", "visitor", "mutable"])
    if form == "vector":
        g.say("std::vector<std::function<torch::Tensor(torch::Tensor)>> steps{};".format(n))
        g.say("steps{}.push_back([](torch::Tensor t) {{ F; return t * 2; }});".format(n))
        g.say("steps{}.push_back([&](torch::Tensor t) {{ F; return {}; }});".format(n, binary(g, Value("t", SHAPE, d), a)))
        if g.case.slip():
            g.say("{0} = {0}.to({1});".format(a, g.device(g.other(d))))
            a = replace(g, a, device=g.other(d))
        statements(g, "! torch::Tensor y$n = $x;\nfor (const auto &step : steps$n) {\n  ! y$n = step(y$n);\n}", n=n, x=x)
        return
    if form == "member":
        declare(g, "struct Runner$n {\n  std::function<torch::Tensor(const torch::Tensor &)> action;\n  torch::Tensor run(const torch::Tensor &t) {\n    F;\n    ! return action ? action(t) : t;\n  }\n};", n=n)
        g.say("Runner{0} runner{0}{{[&](const torch::Tensor &t) {{ F; return {1}; }}}};".format(n, binary(g, a, Value("t", SHAPE, d))))
        code = "runner{}.run({})".format(n, x)
    elif form == "returned":
        declare(g, "std::function<torch::Tensor(torch::Tensor)> make$n(torch::Tensor kept) {\n  F;\n  return [kept](torch::Tensor t) { F; return t + kept; };\n}\nauto plain$n(torch::Device d) {\n  return [d](const torch::Tensor &t) { F; return t.to(d); };\n}", n=n)
        if g.chance(0.5):
            g.say("auto f{0} = make{0}({1});".format(n, a))
            code = "f{}({})".format(n, x)
        else:
            d = place(g)
            code = "plain{}({})({})".format(n, g.device(d), x)
    elif form == "bind":
        declare(g, "torch::Tensor both$n(const torch::Tensor &s, const torch::Tensor &t) {\n  F;\n  ! return s * t;\n}", n=n)
        g.say("auto f{0} = std::bind(both{0}, {1}, std::placeholders::_1);".format(n, a))
        code = "f{}({})".format(n, x)
    elif form == "pointer":
        declare(g, "torch::Tensor up$n(torch::Tensor t) {\n  F;\n  ! return t.cuda();\n}\ntorch::Tensor down$n(torch::Tensor t) {\n  F;\n  ! return t.cpu();\n}", n=n)
        side = g.choice(["flag ? up{0} : down{0}", "up{0}", "&down{0}"])
        d = ("cpu", "cuda") if "?" in side else CUDA if "up" in side else CPU
        g.say("torch::Tensor (*f{0})(torch::Tensor) = {1};".format(n, side.format(n)))
        code = "f{}({})".format(n, x)
    elif form == "method":
        declare(g, "struct Unit$n {\n  torch::Tensor kept;\n  torch::Tensor one(torch::Tensor t) {\n    F;\n    ! return t + kept;\n  }\n  torch::Tensor two(torch::Tensor t) {\n    F;\n    ! return t * 2;\n  }\n};", n=n)
        g.say("Unit{0} unit{0}{{{1}}};".format(n, a))
        g.say("auto f{0} = &Unit{0}::{1};".format(n, g.choice(["one", "two"])))
        code = g.choice(["(unit{0}.*f{0})({1})", "std::invoke(f{0}, unit{0}, {1})", "std::mem_fn(f{0})(unit{0}, {1})"]).format(n, x)
    elif form == "map":
        g.say("std::map<std::string, std::function<torch::Tensor()>> make{0}{{{{\"a\", [&] {{ F; return {1} * 2; }}}}, {{\"b\", [] {{ F; return torch::rand({{2, 4}}); }}}}}};".format(n, a))
        key = g.choice("ab")
        d = d if key == "a" else CPU
        code = "make{}{}()".format(n, g.choice(['["%s"]', '.at("%s")']) % key)
    elif form == "nested":
        g.say("auto outer{} = [&](auto s) {{ return [s, &{}](auto t) {{ F; return s * t + {}; }}; }};".format(n, a, a))
        code = "outer{}({})({})".format(n, g.pick(SHAPE, d), x)
    elif form == "recursive":
        g.say("std::function<torch::Tensor(torch::Tensor, int)> again{0} = [&](torch::Tensor t, int left) -> torch::Tensor {{ F; return left == 0 ? t : again{0}(t + {1}, left - 1); }};".format(n, a))
        code = "again{}({}, {})".format(n, x, g.choice([0, 1, 2]))
    elif form == "visitor":
        g.say("std::variant<int, torch::Tensor> either{}{{{}}};".format(n, a))
        code = g.choice(["std::get<torch::Tensor>(either{0})", "std::get<1>(either{0})", "*std::get_if<torch::Tensor>(&either{0})"]).format(n)
    else:
        e = place(g)
        g.say("auto next{0} = [t = {1}]() mutable {{ F; t = t.to({2}); return t; }};".format(n, a, g.device(e)))
        g.say("next{}();".format(n))
        d = e
        code = "next{}()".format(n)
    meet(g, code, d)
    g.let(binary(g, a, g.pick(SHAPE, a.device)))


@construct("aliases")
def guards(g):
    """A destructor that moves, an object with a lifetime."""
    n, a = g.fresh("Guard"), fresh_tensor(g)
    d = place(g)
    declare(g, "struct $n {\n  torch::Tensor &t;\n  torch::Device back;\n  $n(torch::Tensor &t, torch::Device d) : t(t), back(t.device()) {\n    F;\n    ! t = t.to(d);\n  }\n  ~$n() { t = t.to(back); }\n};", n=n)
    g.raw("{")
    g.depth += 1
    g.raw("L; {} guard({}, {});".format(n, a, g.device(d)))
    g.raw("L; auto in = {};".format(binary(g, a, g.new(SHAPE, g.other(d) if g.case.slip() else d))))
    g.depth -= 1
    g.raw("}")
    g.let(binary(g, a, g.pick(SHAPE, a.device)))


@construct("aliases")
def nested_containers(g):
    n, d, e = g.fresh("k"), place(g), place(g)
    form = g.choice(["vectors", "map_vector", "struct_vector", "optional_pair", "pairs", "array2"])
    if form == "vectors":
        g.say("std::vector<std::vector<torch::Tensor>> all{}{{{{{}}}, {{{}, {}}}}};".format(n, g.new(SHAPE, d), g.new(SHAPE, e), g.new(SHAPE, e)))
        move = g.chance(0.4)
        if move:
            d = e = place(g)
            statements(g, "for (auto &row : all$n)\n  for (auto &t : row) {\n    ! t = t.to($d);\n  }", n=n, d=g.device(d))
        meet(g, g.choice(["all{0}[0][0]", "all{0}.front().front()", "all{0}.at(0).back()"]).format(n), d)
        meet(g, g.choice(["all{0}[1][1]", "all{0}.back()[0]"]).format(n), e)
    elif form == "map_vector":
        statements(g, "std::map<std::string, std::vector<torch::Tensor>> all$n;\n! all$n[\"a\"].push_back($a);\n! all$n[\"b\"].push_back($b);", n=n, a=g.new(SHAPE, d), b=g.new(SHAPE, e))
        meet(g, 'all{}["a"][0]'.format(n), d)
        meet(g, 'all{}.at("b").back()'.format(n), e)
    elif form == "struct_vector":
        declare(g, "struct Row$n {\n  torch::Tensor x, y;\n  int label = 0;\n};", n=n)
        g.say("std::vector<Row{0}> rows{0};".format(n))
        g.say("rows{0}.push_back({{{1}, {2}}});".format(n, g.new(SHAPE, d), g.new(SHAPE, e)))
        g.say("rows{0}.emplace_back(Row{0}{{{1}, {2}, 1}});".format(n, g.new(SHAPE, d), g.new(SHAPE, e)))
        if g.chance(0.5):
            e = place(g)
            statements(g, "for (auto &row : rows$n) {\n  ! row.y = row.y.to($d);\n}", n=n, d=g.device(e))
        meet(g, g.choice(["rows{0}[1].x", "rows{0}.front().x", "rows{0}.begin()->x"]).format(n), d)
        meet(g, g.choice(["rows{0}[0].y", "rows{0}.back().y", "std::prev(rows{0}.end())->y"]).format(n), e)
        w = g.pick(SHAPE, e)
        g.raw("for (const auto &[x, y, label] : rows{}) {{".format(n))
        g.raw("  L; auto s = {};".format(binary(g, Value("y", SHAPE, e), w)))
        g.raw("}")
    elif form == "optional_pair":
        g.say("std::optional<std::pair<torch::Tensor, torch::Tensor>> maybe{};".format(n))
        g.say("maybe{} = std::make_pair({}, {});".format(n, g.new(SHAPE, d), g.new(SHAPE, e)))
        meet(g, "maybe{}->first".format(n), d)
        meet(g, "maybe{}.value().second".format(n), e)
    elif form == "pairs":
        g.say("std::vector<std::pair<std::string, torch::Tensor>> named{}{{{{\"a\", {}}}, {{\"b\", {}}}}};".format(n, g.new(SHAPE, d), g.new(SHAPE, e)))
        meet(g, "named{}[0].second".format(n), d)
        w = g.pick(SHAPE, d)
        g.raw("for (auto &[name, t] : named{})".format(n) + " {")
        g.raw("  if (name == \"a\") {")
        g.raw("    L; auto s = {};".format(binary(g, Value("t", SHAPE, d), w)))
        g.raw("  }")
        g.raw("}")
    else:
        g.say("std::array<std::array<torch::Tensor, 2>, 2> grid{};".format(n))
        statements(g, "for (int i = 0; i < 2; ++i)\n  for (int j = 0; j < 2; ++j) {\n    ! grid$n[i][j] = torch::rand({2, 4}, i == j ? $d : $e);\n  }", n=n, d="torch::k" + d[0].upper(), e="torch::k" + e[0].upper())
        meet(g, "grid{}[1][1]".format(n), d)
        meet(g, "grid{}[0][1]".format(n), e)


@construct("aliases")
def more_algorithms(g):
    n, d = g.fresh("k"), place(g)
    odd = g.other(d) if g.case.slip() else d
    g.say("std::vector<torch::Tensor> all{}{{{}, {}, {}}};".format(n, g.new(SHAPE, d), g.new(SHAPE, odd), g.new(SHAPE, d)))
    w = g.pick(SHAPE, d)
    form = g.choice(["binary", "find", "count", "reduce", "inner", "partition", "reverse", "functor", "adjacent", "zip", "insert", "assign", "erase", "index", "max"])
    if form == "binary":
        g.say("std::transform(all{0}.begin(), all{0}.end(), all{0}.rbegin(), all{0}.begin(), [](const torch::Tensor &s, const torch::Tensor &t) {{ F; return s + t; }});".format(n))
    elif form == "find":
        g.say("auto it{0} = std::find_if(all{0}.begin(), all{0}.end(), [](const torch::Tensor &t) {{ return t.is_cuda(); }});".format(n))
        block(g, "if (it{0} != all{0}.end()) {{".format(n), lambda: g.say("auto y = *it{} + {};".format(n, g.new(SHAPE, CPU if g.case.slip() else CUDA))))
    elif form == "count":
        g.say("bool all_there{0} = std::{1}(all{0}.begin(), all{0}.end(), [](const torch::Tensor &t) {{ return t.is_cuda(); }});".format(n, g.choice(["all_of", "any_of", "none_of"])))
        block(g, "if (all_there{}) {{".format(n), lambda: g.say("auto y = all{}[0] * 2;".format(n)))
    elif form == "reduce":
        g.say("auto sum{0} = std::accumulate(std::next(all{0}.begin()), all{0}.end(), all{0}[0]{1});".format(n, g.choice(["", ", std::plus<torch::Tensor>()", ", [](const auto &s, const auto &t) { F; return torch::max(s, t); }"])))
    elif form == "inner":
        g.say("auto dot{0} = std::inner_product(all{0}.begin(), all{0}.end(), all{0}.begin(), {1});".format(n, g.new(SHAPE, d)))
    elif form == "partition":
        g.say("std::vector<torch::Tensor> there{};".format(n))
        g.say("std::copy_if(all{0}.begin(), all{0}.end(), std::back_inserter(there{0}), [](const torch::Tensor &t) {{ return t.is_cuda(); }});".format(n))
        g.raw("for (const auto &t : there{}) {{".format(n))
        g.raw("  L; auto y = {};".format(binary(g, Value("t", SHAPE, CUDA), g.pick(SHAPE, CUDA) if False else g.new(SHAPE, CUDA))))
        g.raw("}")
    elif form == "reverse":
        g.say(g.choice(["std::reverse(all{0}.begin(), all{0}.end());", "std::rotate(all{0}.begin(), all{0}.begin() + 1, all{0}.end());", "std::swap(all{0}[0], all{0}[1]);", "std::iter_swap(all{0}.begin(), all{0}.begin() + 1);"]).format(n))
        meet(g, "all{}[{}]".format(n, g.choice([0, 1, 2])), d)
    elif form == "functor":
        declare(g, "struct Add$n {\n  torch::Tensor total;\n  void operator()(const torch::Tensor &t) {\n    F;\n    ! total = total.defined() ? total + t : t;\n  }\n};", n=n)
        g.say("auto add{0} = std::for_each(all{0}.begin(), all{0}.end(), Add{0}());".format(n))
        meet(g, "add{}.total".format(n), d)
    elif form == "adjacent":
        statements(g, "for (size_t i = 1; i < all$n.size(); ++i) {\n  ! auto step = all$n[i] - all$n[i - 1];\n}", n=n)
    elif form == "zip":
        statements(g, "std::vector<torch::Tensor> twin$n(all$n);\nfor (auto &t : twin$n) {\n  ! t = t.to($d);\n}\nfor (size_t i = 0; i < all$n.size(); ++i) {\n  ! auto both = all$n.at(i) * twin$n[i];\n}", n=n, d=g.device(d))
    elif form == "insert":
        g.say("all{0}.insert(all{0}.{1}, {2});".format(n, g.choice(["begin()", "end()", "begin() + 1"]), g.new(SHAPE, d)))
        g.say("auto joined{0} = torch::{1}(all{0});".format(n, g.choice(["cat", "stack"])))
    elif form == "assign":
        e = place(g)
        g.say("all{0}.assign(2, {1});".format(n, g.new(SHAPE, e)))
        meet(g, "all{}[1]".format(n), e)
    elif form == "erase":
        g.say(g.choice(["all{0}.erase(all{0}.begin() + 1);", "all{0}.resize(1);", "all{0}.erase(all{0}.begin(), all{0}.begin() + 2);"]).format(n))
        meet(g, "all{}.back()".format(n), d)
    elif form == "index":
        g.say("auto joined{0} = torch::cat(std::vector<torch::Tensor>(all{0}.begin(), all{0}.begin() + {1}));".format(n, g.choice([1, 2, 3])))
    else:
        statements(g, "! torch::Tensor best$n = all$n[0];\nfor (const auto &t : all$n) {\n  ! if (t.sum().item<float>() > 100) best$n = t;\n}", n=n)
        meet(g, "best" + n, d)
    use(g)
