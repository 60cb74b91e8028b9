"""Further control flow: conditions of several parts, nested loops, states that a function keeps, programs that branch by place."""

from .control import block, replace
from .core import CPU, CUDA, Value, construct
from .paste import declare, statements, unless
from .tensors import binary, unary, use

SHAPE = (2, 4)
BOTH = [("cpu", "cuda"), ("cuda", "cpu")]


def place(g):
    return g.choice([CPU, CUDA])


def k(device, side):
    return "torch::k" + device[side].upper()


def fresh_tensor(g, device=None):
    return g.let(g.new(SHAPE, device or place(g)), type="torch::Tensor")


@construct("flow")
def conjunctions(g):
    """Two conditions of the same facts, in other words."""
    a, b, n = fresh_tensor(g, CPU), fresh_tensor(g, CPU), g.fresh("k")
    g.say("const bool on{} = {};".format(n, g.choice(["torch::cuda::is_available() && flag", "flag && torch::cuda::device_count() > 0", "flag || !torch::cuda::is_available()", "!(!flag)", "flag == true", "flag != false", "flag ? true : false", "bool(flag)"])))
    block(g, "if (on{}) {{".format(n), lambda: g.say("{0} = {0}.cuda();".format(a)))
    a = replace(g, a, device=("cpu", "cuda"))
    test = g.choice(["flag", "on{0}", "on{0} && flag", "{1}.is_cuda()", "{1}.device().is_cuda()", "{1}.device() == torch::kCUDA", "{1}.device().type() == torch::kCUDA", "!{1}.is_cpu()", "flag || on{0}", "on{0} == flag && flag"])
    if g.case.slip():
        test = g.choice(["!flag", "!on{0}", "{1}.is_cpu()", "on{0} && !flag"])
    block(g, "if ({}) {{".format(test.format(n, a)), lambda: g.say("{0} = {0}.to(torch::kCUDA);".format(b)))
    b = replace(g, b, device=("cpu", "cuda"))
    g.let(binary(g, a, b))


@construct("flow")
def flag_rewritten(g):
    """A bool that follows what happened."""
    a, n, to = fresh_tensor(g, CPU), g.fresh("moved"), g.choice(["flag", "!flag"])
    b = fresh_tensor(g, CPU)
    forget = g.case.slip()
    statements(g, """
bool $n = false;
if ($to) {
  ! $a = $a.cuda();
  $note
}
if ($n) {
  ! $b = $b.cuda();
}""", n=n, to=to, a=a, b=b, note=n + " = true;" if not forget else "")
    a, b = replace(g, a, device=BOTH[to == "!flag"]), replace(g, b, device=BOTH[to == "!flag"] if not forget else CPU)
    g.let(binary(g, a, b.with_code(b.code, device=a.device)))


@construct("flow")
def kinds(g):
    """An enum class of places in a switch, in a helper."""
    n = g.fresh("Kind")
    f = "place" + n
    declare(g, """
enum class $n { Host, Device, Same };
torch::Device $f($n kind, const torch::Tensor &like) {
  F;
  switch (kind) {
  case $n::Host:
    return torch::kCPU;
  case $n::Device:
    return torch::kCUDA;
  case $n::Same:
    break;
  }
  return like.device();
}""", n=n, f=f)
    like = g.pick(SHAPE, None)
    kind, d = g.choice([("Host", CPU), ("Device", CUDA), ("Same", like.device)])
    code, where = "{}::{}".format(n, kind), d
    if g.chance(0.3):
        code, where = "flag ? {0}::Device : {0}::Host".format(n), ("cpu", "cuda")
    v = g.let(Value("torch::rand({{2, 4}}, {}({}, {}))".format(f, code, like), SHAPE, where))
    g.let(binary(g, v, g.pick(SHAPE, where)))


@construct("flow")
def nested_loops(g):
    a, d = fresh_tensor(g), place(g)
    w = g.pick(SHAPE, a.device)
    i, j = g.choice([0, 1, 2]), g.choice([0, 1])
    leave = g.choice(["break;", "continue;", "return;", "goto done;"])
    n = g.fresh("done")
    statements(g, """
for (int i = 0; i < 3; ++i) {
  for (int j = 0; j < 2; ++j) {
    if (i == $i && j == $j) {
      $move
      $leave
    }
    ! auto y = $use;
  }
}""", i=i, j=j, move="L; {0} = {0}.to({1});".format(a, g.device(d)), leave=leave.replace("done", n), use=binary(g, a, w))
    if "goto" in leave:
        g.raw(n + ":;")
    a = replace(g, a, device=d)
    g.raw("{")
    g.raw("  L; auto y = {};".format(binary(g, a, g.new(SHAPE, a.device))))
    g.raw("}")


@construct("flow")
def by_round(g):
    """What a loop does depends on its counter."""
    n, d = g.fresh("k"), place(g)
    w = g.new(SHAPE, d)
    test, hits = g.choice([("i % 2 == 0", True), ("i % 2 == 1", True), ("i > 1", True), ("i == 5", False), ("i < 0", False), ("i + 1 == 3", True), ("i >= 3", False)])
    forget = g.case.slip()
    statements(g, """
! const torch::Tensor w$n = $w;
for (int i = 0; i < 3; ++i) {
  ! torch::Tensor x = torch::rand({2, 4}, $a);
  if ($test) {
    ! x = torch::rand({2, 4}, $b);
  }
  ! auto y = x + w$n;
}""", n=n, w=w, a=k(d, 0), b=k(g.other(d) if forget else d, 0), test=test)
    use(g)


@construct("flow")
def lazy_static(g):
    """A local static, a global, a member that is made at the first call."""
    f, d = g.fresh("shared"), place(g)
    form = g.choice(["static", "global", "singleton", "counter"])
    if form == "static":
        declare(g, "torch::Tensor &$f() {\n  F;\n  static torch::Tensor kept = torch::ones({2, 4}, $d);\n  return kept;\n}", f=f, d=k(d, 0))
        code = f + "()"
    elif form == "global":
        declare(g, "torch::Tensor $f;\nvoid set$f(torch::Device d) {\n  F;\n  ! $f = torch::ones({2, 4}, d);\n}", f=f)
        g.say("set{}({});".format(f, g.device(d)))
        code = f
    elif form == "singleton":
        declare(g, "struct One$f {\n  static One$f &get() {\n    static One$f one;\n    return one;\n  }\n  torch::Tensor value = torch::zeros({2, 4}, $d);\n};", f=f, d=k(d, 0))
        code = "One{}::get().value".format(f)
    else:
        declare(g, "torch::Tensor $f() {\n  F;\n  static int calls = 0;\n  ! return calls++ == 0 ? torch::ones({2, 4}) : torch::ones({2, 4}, torch::kCUDA);\n}", f=f)
        g.say("{}();".format(f))
        d = CUDA
        code = f + "()"
    x = g.pick(SHAPE, d)
    g.let(binary(g, x, Value(code, SHAPE, d)))
    if form in ("static", "global", "singleton") and g.chance(0.5):
        e = place(g)
        g.say("{0} = {0}.to({1});".format(code, g.device(e)))
        g.let(binary(g, g.pick(SHAPE, e), Value(code, SHAPE, e)))


@construct("flow")
def initialised_if(g):
    a, b = g.pick(SHAPE), g.pick(SHAPE)
    g.raw(g.choice(["if (auto where = {}.device(); where.is_cuda()) {{", "if (const bool on = {}.is_cuda(); on) {{", "switch (auto t = {}.device().type(); t == torch::kCUDA) {{ case true:"]).format(a))
    g.depth += 1
    kept = list(g.variables)
    g.let(binary(g, a, g.pick(SHAPE, CUDA)))
    g.depth -= 1
    g.raw("}")
    g.variables = kept
    g.let(binary(g, a, b.with_code("{}.to({}.device())".format(b, a), device=a.device)))


@construct("flow")
def rethrown(g):
    """Exceptions of one's own; what a try block did before it threw."""
    a, d, n = fresh_tensor(g), place(g), g.fresh("k")
    side = g.choice(["flag", "!flag"])
    statements(g, """
try {
  $before
  if ($side) throw std::runtime_error("no");
  ! $a = $a.to($d);
} catch (const std::runtime_error &) {
  $after
}""", a=a, d=g.device(d), side=side, before="L; auto y = {};".format(unary(g, a)), after=g.choice(["", "L; {0} = {0}.to({1});".format(a, g.device(d)), "return;"]))
    where = (a.device[0], d[1]) if side == "!flag" else (d[0], a.device[1])
    after = g.lines[-2].strip()
    if after:
        where = d
    a = replace(g, a, device=where)
    g.let(binary(g, a, g.pick(SHAPE, where)))


@construct("flow")
def several_returns(g):
    """A function with several ways out, one of which brings another place."""
    f, d = g.fresh("f"), place(g)
    x = g.pick(SHAPE, d)
    n = g.choice([0, 1, 2, 3])
    declare(g, """
torch::Tensor $f(const torch::Tensor &x, int n$more) {
  F;
  if (n == 0)
    return x;
  if (n == 1) {
    ! auto y = x * 2;
    return y$odd;
  }
  for (int i = 0; i < n; ++i) {
    if (i == 2)
      return torch::zeros_like(x);
  }
  ! return x.to($d);
}""", f=f, d=g.device(d), odd=unless(g, "", g.choice([".cpu()", ".cuda()"])), more=g.choice(["", " = 0", ", bool = false"]))
    v = g.let(Value("{}({}, {})".format(f, x, g.choice([str(n), "flag ? {} : {}".format(n, g.choice([0, 1, 2]))])), SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("flow")
def constants(g):
    """What the compiler decides."""
    n, d = g.fresh("k"), place(g)
    cuda = "true" if d == CUDA else "false"
    form = g.choice(["constexpr", "enum", "template", "trait", "macro_like", "sizeof"])
    if form == "constexpr":
        declare(g, "constexpr bool use$n = $b;\nconstexpr auto kind$n = use$n ? torch::kCUDA : torch::kCPU;", n=n, b=cuda)
        code = g.choice(["torch::rand({2, 4}, kind%s)", "torch::rand({2, 4}, use%s ? torch::kCUDA : torch::kCPU)", "torch::rand({2, 4}).to(kind%s)"]) % n
    elif form == "enum":
        declare(g, "enum { Use$n = $b };", n=n, b="1" if d == CUDA else "0")
        code = "torch::rand({2, 4}, Use%s ? torch::kCUDA : torch::kCPU)" % n
    elif form == "template":
        declare(g, "template <c10::DeviceType Type> torch::Tensor make$n() {\n  F;\n  ! return torch::rand({2, 4}, Type);\n}", n=n)
        code = "make{}<{}>()".format(n, k(d, 0))
    elif form == "trait":
        declare(g, "template <typename T> struct Place$n { static constexpr auto value = torch::kCPU; };\ntemplate <> struct Place$n<float> { static constexpr auto value = torch::kCUDA; };", n=n)
        code = "torch::rand({2, 4}, Place%s<%s>::value)" % (n, "float" if d == CUDA else "int")
    elif form == "macro_like":
        declare(g, "inline const torch::Device place$n{$d};\nnamespace options$n {\nconst auto here = torch::TensorOptions().device(place$n);\n}", n=n, d=k(d, 0))
        code = g.choice(["torch::rand({2, 4}, place%s)", "torch::rand({2, 4}, options%s::here)"]) % n
    else:
        g.say("torch::Tensor v{};".format(n))
        statements(g, "if constexpr (sizeof(int) $op 4) {\n  ! v$n = torch::rand({2, 4}, torch::kCUDA);\n} else {\n  ! v$n = torch::rand({2, 4});\n}", n=n, op="==" if d == CUDA else ">")
        code = "v" + n
    v = g.let(Value(code, SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("flow")
def names_of_devices(g):
    """Devices from strings, indices, arguments of a program."""
    n, d = g.fresh("k"), place(g)
    form = g.choice(["string", "index", "vector", "parsed", "set_index", "optional", "map"])
    if form == "string":
        g.say("std::string name{} = \"{}\";".format(n, d[0]))
        code = g.choice(["torch::Device(name%s)", "torch::Device(name%s.c_str())"]) % n
    elif form == "index":
        g.say("int gpu{} = {};".format(n, 0 if d == CUDA else -1))
        code = "(gpu{0} >= 0 ? torch::Device(torch::kCUDA, gpu{0}) : torch::Device(torch::kCPU))".format(n)
    elif form == "vector":
        g.say("std::vector<torch::Device> places{}{{torch::kCPU, torch::kCUDA}};".format(n))
        code = g.choice(["places%s[%d]" % (n, d == CUDA), "places%s.%s()" % (n, "back" if d == CUDA else "front")])
    elif form == "parsed":
        declare(g, "torch::Device parse$n(const std::string &name) {\n  F;\n  if (name == \"gpu\")\n    return torch::kCUDA;\n  return torch::kCPU;\n}", n=n)
        code = "parse{}(\"{}\")".format(n, "gpu" if d == CUDA else "cpu")
    elif form == "set_index":
        g.say("torch::Device d{}({});".format(n, k(d, 0)))
        if d == CUDA:
            g.say("d{}.set_index(0);".format(n))
        code = "d" + n
    elif form == "optional":
        g.say("std::optional<torch::Device> d{}{};".format(n, " = torch::Device(torch::kCUDA)" if d == CUDA else ""))
        code = "d{}.value_or(torch::Device(torch::kCPU))".format(n)
    else:
        g.say("std::map<std::string, torch::Device> d{}{{{{\"a\", torch::kCPU}}, {{\"b\", torch::kCUDA}}}};".format(n))
        code = "d{}.at(\"{}\")".format(n, "b" if d == CUDA else "a")
    v = g.let(Value(g.choice(["torch::rand({2, 4}, %s)", "torch::rand({2, 4}, torch::TensorOptions(%s))", "torch::rand({2, 4}).to(%s)"]) % code, SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("flow")
def checked(g):
    """TORCH_CHECK, assert-like helpers, early throws."""
    a, f = g.pick(SHAPE), g.fresh("require")
    b = g.pick(SHAPE, a.device)
    declare(g, """
void $f(bool ok) {
  if (!ok)
    throw std::invalid_argument("cuda: same device wanted");
}
torch::Tensor sum$f(torch::Tensor x, torch::Tensor y) {
  F;
  $test
  ! return x + y;
}""", f=f, test=g.choice(["if (x.device() != y.device())\n    L; y = y.to(x.device());", "if (!x.is_cuda())\n    return x;", "if (x.is_cuda() && !y.is_cuda())\n    L; y = y.cuda();", "auto where = x.is_cuda() ? torch::kCUDA : torch::kCPU;\n  L; y = y.to(where);",
                             "if (x.is_cpu() != y.is_cpu())\n    return x;", "if (x.get_device() != y.get_device())\n    return y;", "if (!x.device().is_cuda())\n    L; y = y.cpu();"]))
    v = g.let(Value("sum{}({}, {})".format(f, a, b), SHAPE, a.device))
    use(g)
