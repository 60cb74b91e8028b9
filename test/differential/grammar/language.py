"""C++ around tensors: globals, operators, closures that keep state, function pointers, variants, short circuits."""

from .control import block, replace
from .core import CPU, CUDA, FLOAT, Value, construct
from .tensors import binary, unary, use

SHAPE = (2, 4)


def ends(g, code, device):
    """A variable of `code`, and one more tensor that meets it."""
    v = g.let(Value(code, SHAPE, device))
    g.let(binary(g, v, g.pick(SHAPE, device)))


@construct("language")
def global_device(g):
    n, d = g.fresh("kDevice"), g.choice([CPU, CUDA])
    form = g.choice(["const torch::Device {n}{{{d}}};", "static const torch::Device {n} = {d};", "constexpr auto {n} = torch::k{D};", "inline torch::Device {n}() {{ return {d}; }}", "static torch::DeviceType {n} = torch::k{D};", "#define {n} torch::k{D}"])
    if "#define" in form:  # knows no namespaces
        n = g.case.name + n
    g.helper([form.format(n=n, d=g.device(d), D=d[0].upper())])
    n += "()" if "inline" in form else ""
    ends(g, g.choice(["torch::rand({{2, 4}}, {})", "torch::rand({{2, 4}}).to({})", "torch::zeros({{2, 4}}, torch::TensorOptions({}))"]).format(n), d)


@construct("language")
def static_tensor(g):
    """A local static: made at the first call."""
    f, d = g.fresh("f"), g.choice([CPU, CUDA])
    a = g.pick(SHAPE, d)
    g.helper(["torch::Tensor {}(torch::Tensor x) {{".format(f), "  F;", "  static torch::Tensor kept = {};".format(g.choice(["torch::ones({2, 4})", "x.clone()", "torch::ones({2, 4}, torch::kCUDA)"])),
              "  L; return {};".format(binary(g, Value("x", SHAPE, d), Value("kept", SHAPE, d))), "}"])
    ends(g, "{}({})".format(f, a), d)
    if g.chance(0.5):
        ends(g, "{}({})".format(f, g.pick(SHAPE, d)), d)


@construct("language")
def device_name(g):
    d = g.choice([CPU, CUDA])
    n = g.fresh("name")
    g.say(g.choice(['std::string {} = "{}";', 'const char *{} = "{}";', 'auto {} = std::string("{}");']).format(n, d[0]))
    code = g.choice(["torch::Device({n})", "torch::Device({n})", 'torch::Device({n} == std::string("cuda") ? torch::kCUDA : torch::kCPU)'] + ([n.join(["torch::Device(", " + std::string(\":0\"))"])] if d == CUDA and "char" not in g.lines[-1] else []))
    ends(g, "torch::rand({{2, 4}}).to({})".format(code.format(n=n)), d)


@construct("language")
def enumeration(g):
    e, f = g.fresh("Place"), g.fresh("device")
    g.helper(["enum class {} {{ Host, Gpu }};".format(e), "torch::Device {}({} place) {{".format(f, e), "  F;", "  switch (place) {", "  case {}::Host:".format(e), "    return torch::kCPU;", "  case {}::Gpu:".format(e), "    return torch::kCUDA;", "  }", "  return torch::kCPU;", "}"])
    d = g.any_device()
    names = {"cpu": e + "::Host", "cuda": e + "::Gpu"}
    code = names[d[0]] if d[0] == d[1] else "flag ? {} : {}".format(names[d[1]], names[d[0]])
    ends(g, "torch::ones({{2, 4}}, {}({}))".format(f, code), d)


@construct("language")
def closures(g):
    a = g.let(g.new(SHAPE, g.choice([CPU, CUDA])), type="torch::Tensor")
    form, f = g.choice(["init", "mutable", "returned", "called", "this", "nested", "recursive"]), g.fresh("f")
    to = g.choice([CPU, CUDA])
    if form == "init":
        g.say("auto {} = [kept = {}.to({})] {{ F; return kept * 2; }};".format(f, a, g.device(to)))
        ends(g, f + "()", to)
    elif form == "mutable":
        g.say("auto {} = [kept = {}](const torch::Tensor &x) mutable {{ F; kept = kept + x; return kept; }};".format(f, a))
        ends(g, "{}({})".format(f, g.pick(SHAPE, a.device)), a.device)
        ends(g, "{}({})".format(f, g.pick(SHAPE, a.device)), a.device)
    elif form == "returned":
        h = g.fresh("adder")
        g.helper(["auto {}(torch::Tensor kept) {{".format(h), "  F;", "  return [kept](torch::Tensor x) { F; return kept + x; };", "}"])
        g.say("auto {} = {}({});".format(f, h, a))
        ends(g, "{}({})".format(f, g.pick(SHAPE, a.device)), a.device)
    elif form == "called":
        ends(g, "[&] {{ F; if (flag) return {0}.to(torch::kCUDA); return {0}.clone(); }}()".format(a), (a.device[0], "cuda"))
    elif form == "this":
        s = g.fresh("Holder")
        g.helper(["struct {} {{".format(s), "  torch::Tensor kept;", "  auto adder() {", "    F;", "    return [this](torch::Tensor x) { F; return kept + x; };", "  }", "};"])
        g.say("{} {}{{{}}};".format(s, f, a))
        if g.chance(0.3):
            g.say("{0}.kept = {0}.kept.to({1});".format(f, g.device(to)))
            a = a.with_code(str(a), device=to)
        ends(g, "{}.adder()({})".format(f, g.pick(SHAPE, a.device)), a.device)
    elif form == "nested":
        g.say("auto {0} = [&] {{ F; auto inner = [&] {{ F; {1} = {1}.to({2}); }}; inner(); return {1} + 1; }};".format(f, a, g.device(to)))
        a = replace(g, a, device=to)
        ends(g, f + "()", to)
    else:
        g.say("std::function<torch::Tensor(torch::Tensor, int)> {0} = [&](torch::Tensor x, int n) -> torch::Tensor {{ F; return n == 0 ? x : {0}(x + {1}, n - 1); }};".format(f, a))
        ends(g, "{}({}, {})".format(f, g.pick(SHAPE, a.device), g.choice([0, 1, 2])), a.device)


@construct("language")
def function_pointers(g):
    a = g.pick(SHAPE)
    f, p, to = g.fresh("f"), g.fresh("p"), g.choice([CPU, CUDA])
    g.helper(["torch::Tensor {}Move(const torch::Tensor &x) {{".format(f), "  F;", "  L; return x.to({});".format(g.device(to)), "}", "torch::Tensor {}Keep(const torch::Tensor &x) {{".format(f), "  F;", "  L; return x * 2;", "}"])
    chosen = g.choice(["Move", "Keep", "flag"])
    code = "flag ? &{0}Move : &{0}Keep".format(f) if chosen == "flag" else g.choice(["&", ""]) + f + chosen
    g.say(g.choice(["torch::Tensor (*{})(const torch::Tensor &) = {};", "std::function<torch::Tensor(const torch::Tensor &)> {}({});" if chosen != "flag" else "auto {} = {};"]).format(p, code))
    d = {"Move": to, "Keep": a.device, "flag": (a.device[0], to[1])}[chosen]
    ends(g, g.choice(["{}({})", "{}({})" if "function" in g.lines[-1] else "(*{})({})"]).format(p, a), d)


@construct("language")
def member_pointers(g):
    s, to = g.fresh("Pair"), g.choice([CPU, CUDA])
    g.helper(["struct {} {{".format(s), "  torch::Tensor a, b;", "  torch::Tensor both() const {", "    F;", "    L; return a + b;", "  }", "};"])
    a = g.pick(SHAPE)
    b = g.pick(SHAPE, a.device)
    n, m = g.fresh("pair"), g.fresh("m")
    g.say("{} {}{{{}, {}}};".format(s, n, a, b))
    if g.chance(0.5):
        g.say("auto {} = &{}::{};".format(m, s, g.choice("ab")))
        ends(g, "{}.*{}".format(n, m), a.device)
    else:
        g.say("auto {} = &{}::both;".format(m, s))
        ends(g, g.choice(["({}.*{})()", "std::invoke({1}, {0})", "std::mem_fn({1})({0})"]).format(n, m), a.device)


@construct("language")
def operators(g):
    s = g.fresh("Boxed")
    d = g.choice([CPU, CUDA])
    g.helper(["struct {} {{".format(s), "  torch::Tensor value;", "  {0} operator+(const {0} &other) const {{".format(s), "    F;", "    L; return {value + other.value};", "  }",
              "  torch::Tensor operator()(const torch::Tensor &x) const {", "    F;", "    L; return value * x;", "  }", "  torch::Tensor operator[](int i) const { return value[i]; }",
              "  operator torch::Tensor() const { return value; }", "  {} &operator<<(torch::Device device) {{".format(s), "    F;", "    L; value = value.to(device);", "    return *this;", "  }", "};"])
    n, m = g.fresh("box"), g.fresh("box")
    a = g.pick(SHAPE, d)
    b = g.pick(SHAPE, d)
    g.say("{} {}{{{}}}, {}{{{}}};".format(s, n, a, m, b))
    if g.chance(0.4):
        d = g.choice([CPU, CUDA])
        g.say("{} << {};".format(n, g.device(d)))
        if g.chance(0.7):
            g.say("{} << {};".format(m, g.device(d)))
    code = g.choice(["({} + {}).value", "{}({}.value)", "{}.value + {}.value", "torch::Tensor({}) + torch::Tensor({})"])
    ends(g, code.format(n, m), d)


@construct("language")
def short_circuit(g):
    a = g.let(g.new(SHAPE, g.choice([CPU, CUDA])), type="torch::Tensor")
    to = g.choice(["cpu", "cuda"])
    form = g.choice(["{f} && ({v} = {v}.to({d}), true);", "if ({f} && !{v}.is_cuda()) {{ {v} = {v}.to({d}); }}", "{f} ? ({v} = {v}.to({d})) : {v};", "if (!({f})) {{ }} else {{ {v} = {v}.to({d}); }}", "if (bool go = {f}; go) {{ {v} = {v}.to({d}); }}"])
    side = g.chance(0.5)
    g.say(form.format(f="flag" if side else "!flag", v=a, d=g.device((to, to))))
    new = (a.device[0], to) if side else (to, a.device[1])
    a = replace(g, a, device=new)
    g.let(binary(g, a, g.pick(SHAPE, a.device)))


@construct("language")
def variants(g):
    a = g.pick(SHAPE)
    n = g.fresh("v")
    g.say("std::variant<int, torch::Tensor> {} = {};".format(n, a))
    code = g.choice(["std::get<torch::Tensor>({})", "std::get<1>({})", "*std::get_if<torch::Tensor>(&{})"])
    ends(g, code.format(n), a.device)


@construct("language")
def bound(g):
    a = g.pick(SHAPE)
    f, h = g.fresh("f"), g.fresh("h")
    g.helper(["torch::Tensor {}(const torch::Tensor &x, const torch::Tensor &y) {{".format(f), "  F;", "  L; return x - y;", "}"])
    g.say("auto {} = std::bind({}, {}, std::placeholders::_1);".format(h, f, a) if g.chance(0.6) else "auto {} = std::bind({}, std::placeholders::_1, {});".format(h, f, a))
    ends(g, "{}({})".format(h, g.pick(SHAPE, a.device)), a.device)


@construct("language")
def guard_object(g):
    """A destructor that moves a tensor back."""
    s, d = g.fresh("Moved"), g.choice([CPU, CUDA])
    a = g.let(g.new(SHAPE, d), type="torch::Tensor")
    g.helper(["struct {} {{".format(s), "  torch::Tensor &tensor;", "  torch::Device before;", "  {}(torch::Tensor &t, torch::Device where) : tensor(t), before(t.device()) {{ tensor = tensor.to(where); }}".format(s), "  ~{}() {{ tensor = tensor.to(before); }}".format(s), "};"])
    to = g.choice([CPU, CUDA])

    def body():
        g.say("{} guard({}, {});".format(s, a, "torch::kCUDA" if to == CUDA else "torch::kCPU"))
        g.let(binary(g, a.with_code(str(a), device=to), g.pick(SHAPE, to)))

    block(g, "{", body)
    g.let(binary(g, a, g.pick(SHAPE, d)))


@construct("language")
def class_template(g):
    s, d = g.fresh("Keeper"), g.choice([CPU, CUDA])
    a = g.pick(SHAPE, d)
    g.helper(["template <typename T, int N = 1> class {} {{".format(s), "  T kept;", "public:", "  explicit {}(T t) : kept(t) {{}}".format(s), "  T add(const T &t) {", "    F;", "    for (int i = 0; i < N; ++i) {", "      L; kept = kept + t;", "    }", "    return kept;", "  }", "};"])
    n = g.fresh("k")
    g.say("{}<torch::Tensor{}> {}({});".format(s, g.choice(["", ", 2", ", 3"]), n, a))
    ends(g, "{}.add({})".format(n, g.pick(SHAPE, d)), d)
