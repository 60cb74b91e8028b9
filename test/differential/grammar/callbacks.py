"""Functions that are kept: in tables, members, queues; bound, chained, exchanged, chosen by a fork."""

from .core import construct
from .paste import declare, statements
from .simulate import SHAPE, Sides, k, make, meet, place
from .tensors import use


def function(g, n):
    """A callback from tensor to tensor: its text, and the device of its result from that of its argument."""
    d, e = place(g), place(g)
    form = g.choice(["move", "keep", "captured", "by_reference", "named", "bound", "state", "counted", "member"])
    if form == "move":
        return "[](torch::Tensor t) {{ F; return t.to({}); }}".format(k(d)), lambda x: d
    if form == "keep":
        return g.choice(["[](const torch::Tensor &t) { F; return t * 2; }", "[](auto t) { F; return torch::relu(t); }"]), lambda x: x
    if form == "captured":
        kept = g.fresh("kept")
        g.say("auto {} = {};".format(kept, make(g, d)))
        return g.choice(["[{0}](torch::Tensor t) {{ F; return t.to({0}.device()) + {0}; }}", "[&](torch::Tensor t) {{ F; return {0} - t.to({0}); }}", "[held = std::move({0})](const torch::Tensor &t) {{ F; return held * t.to(held.device()); }}"]).format(kept), lambda x: d
    if form == "by_reference":
        where = g.fresh("where")
        g.say("torch::Device {} = {};".format(where, k(d)))
        code = "[&{0}](torch::Tensor t) {{ F; return t.to({0}); }}".format(where)
        return code, lambda x: d
    if form == "named":
        f = g.fresh("step")
        declare(g, "torch::Tensor $f(const torch::Tensor &t) {\n  F;\n  ! return t.to($d);\n}", f=f, d=k(d))
        return g.choice(["{}", "&{}"]).format(f), lambda x: d
    if form == "bound":
        f = g.fresh("shift")
        declare(g, "torch::Tensor $f(torch::Device d, torch::Tensor t) {\n  F;\n  ! return t.to(d);\n}", f=f)
        return "std::bind({}, {}, std::placeholders::_1)".format(f, "torch::Device({})".format(k(d))), lambda x: d
    if form == "state":
        f = g.fresh("Functor")
        declare(g, "struct $f {\n  torch::Device d;\n  torch::Tensor operator()(const torch::Tensor &t) const {\n    F;\n    ! return t.to(d);\n  }\n};", f=f)
        return "{}{{{}}}".format(f, k(d)), lambda x: d
    if form == "counted":
        return "[first = true](torch::Tensor t) mutable {{ F; if (first) {{ first = false; return t.to({}); }} return t.to({}); }}".format(k(d), k(d)), lambda x: d
    f = g.fresh("unit")
    declare(g, "struct Type$f {\n  torch::Tensor scale;\n  torch::Tensor run(torch::Tensor t) const {\n    F;\n    ! return scale * t.to(scale.device());\n  }\n};", f=f)
    g.say("Type{0} {0}{{{1}}};".format(f, make(g, d)))
    return g.choice(["[&](torch::Tensor t) {{ F; return {0}.run(t); }}", "std::bind(&Type{0}::run, &{0}, std::placeholders::_1)"]).format(f), lambda x: d


SIGNATURE = "std::function<torch::Tensor(torch::Tensor)>"


@construct("callbacks")
def tables(g):
    """A table of callbacks by name, that is changed before they are called."""
    n, name = g.fresh("k"), None
    name = "table" + n
    kind = g.choice(["std::map<std::string, {}>", "std::unordered_map<std::string, {}>", "std::map<int, {}>"]).format(SIGNATURE)
    keys = ["1", "2", "3"] if "int" in kind else ['"a"', '"b"', '"c"']
    g.say("{} {};".format(kind, name))
    sides = Sides({})

    def put(key, effect):
        return lambda s: s.update({key: effect})

    for key in keys[:2]:
        code, effect = function(g, n)
        sides.step(g, g.choice(["! {0}[{1}] = {2};", "! {0}.emplace({1}, {2});", "! {0}.insert({{{1}, {2}}});"]).format(name, key, code), put(key, effect), 0)
    for _ in range(g.rng.randrange(1, 4)):
        key, other = g.choice(keys[:2]), g.choice(keys)
        form = g.choice(["replace", "swap", "copy", "wrap", "erase"])
        if form == "replace":
            code, effect = function(g, n)
            sides.step(g, "! {}[{}] = {};".format(name, other, code), put(other, effect))
        elif form == "swap":
            sides.step(g, g.choice(["std::swap({0}[{1}], {0}[{2}]);", "{0}[{1}].swap({0}[{2}]);"]).format(name, *keys[:2]), lambda s: s.update({keys[0]: s[keys[1]], keys[1]: s[keys[0]]}))
        elif form == "copy":
            sides.step(g, "{0}[{1}] = {0}[{2}];".format(name, other, key), lambda s, key=key, other=other: s.update({other: s[key]}))
        elif form == "wrap":
            d = place(g)
            def wrap(s, key=key, d=d):
                s[key] = lambda x: d
            sides.step(g, "{0}[{1}] = [inner = {0}[{1}]](torch::Tensor t) {{ F; return inner(t).to({2}); }};".format(name, key, k(d)), wrap)
        else:
            sides.step(g, "{}.erase({});".format(name, keys[2]), lambda s: s.pop(keys[2], None))
    x, key, d = g.fresh("x"), g.choice(keys[:2]), place(g)
    g.say("torch::Tensor {} = {};".format(x, make(g, d)))
    form = g.choice(["index", "at", "find", "all", "count"])
    if form == "find":
        g.say("auto it{0} = {1}.find({2});".format(n, name, key))
        meet(g, "it{}->second({})".format(n, x), sides.read(lambda s: s[key](d)))
    elif form == "all" and "unordered" not in kind:
        statements(g, "for (auto &[key, step] : $name) {\n  ! $x = step($x);\n}", name=name, x=x)
        def run(s):
            at = d
            for name in sorted(s):
                at = s[name](at)
            return at
        meet(g, x, sides.read(run))
    elif form == "count":
        statements(g, "if ($name.count($key)) {\n  ! $x = $name[$key]($x);\n}", name=name, x=x, key=keys[2])
        meet(g, x, sides.read(lambda s: s[keys[2]](d) if keys[2] in s else d))
    else:
        meet(g, g.choice(["{}[{}]({})", "{}.at({})({})"]).format(name, key, x), sides.read(lambda s: s[key](d)))
    use(g)


@construct("callbacks")
def pipelines(g):
    """Stages of an object, that run one after the other."""
    n = g.fresh("k")
    order = g.choice(["forwards", "backwards"])
    loop = "for (auto &stage : stages) {\n      ! t = stage(t);\n    }" if order == "forwards" else "for (auto it = stages.rbegin(); it != stages.rend(); ++it) {\n      ! t = (*it)(t);\n    }"
    declare(g, """
class Pipe$n {
public:
  using Stage = $signature;
  Pipe$n &then(Stage stage) {
    stages.push_back(std::move(stage));
    return *this;
  }
  template <typename Function> void first(Function &&function) { stages.insert(stages.begin(), std::forward<Function>(function)); }
  void onResult(std::function<void(torch::Tensor &)> function) { observer = std::move(function); }
  torch::Tensor operator()(torch::Tensor t) const {
    F;
    $loop
    if (observer) {
      ! observer(t);
    }
    return t;
  }
private:
  std::vector<Stage> stages;
  std::function<void(torch::Tensor &)> observer;
};""", n=n, signature=SIGNATURE, loop=loop)
    g.say("Pipe{0} pipe{0};".format(n))
    sides = Sides({"stages": [], "observer": None})
    for _ in range(g.rng.randrange(1, 4)):
        code, effect = function(g, n)
        front = g.chance(0.3)
        sides.step(g, "! pipe{}.{}({});".format(n, "first" if front else "then", code), lambda s, effect=effect, front=front: s["stages"].insert(0 if front else len(s["stages"]), effect))
    if g.chance(0.5):
        d = place(g)
        seen = g.fresh("seen")
        g.say("torch::Tensor {} = {};".format(seen, make(g, d)))
        change = g.chance(0.5)
        g.say("pipe{}.onResult([&](torch::Tensor &t) {{ F; {} = t;{} }});".format(n, seen, " t = t.to({});".format(k(d)) if change else ""))
        for s in sides.states:
            s["observer"] = d if change else "same"
    else:
        seen = None
    d = place(g)

    def run(s, last=True):
        at = d
        for stage in (s["stages"] if order == "forwards" else reversed(s["stages"])):
            at = stage(at)
        return s["observer"] if last and s["observer"] in ("cpu", "cuda") else at

    meet(g, "pipe{}({})".format(n, make(g, d)), sides.read(run))
    if seen:
        meet(g, seen, sides.read(lambda s: run(s, False)))
    use(g)


@construct("callbacks")
def chosen(g):
    """A callback that a fork, a condition or an index chooses."""
    n, d = g.fresh("k"), place(g)
    (one, first), (two, second) = function(g, n), function(g, n)
    x = make(g, d)
    form = g.choice(["fork", "ternary", "array", "optional", "argument", "returned", "visit", "pointer", "pair"])
    left, right = first(d), second(d)
    if form == "fork":
        statements(g, "$sig f$n = $one;\nif (flag) {\n  f$n = $two;\n}", n=n, sig=SIGNATURE, one=one, two=two)
        meet(g, "f{}({})".format(n, x), (left, right))
    elif form == "ternary":
        g.say("{0} f{1} = flag ? {0}({2}) : {0}({3});".format(SIGNATURE, n, two, one))
        meet(g, "f{}({})".format(n, x), (left, right))
    elif form == "array":
        g.say("std::array<{0}, 2> f{1}{{{0}({2}), {0}({3})}};".format(SIGNATURE, n, one, two))
        i = g.choice([0, 1])
        meet(g, "f{}[{}]({})".format(n, i, x), ([left, right][i],) * 2)
    elif form == "optional":
        g.say("std::optional<{}> f{};".format(SIGNATURE, n))
        g.say("if (flag) f{} = {};".format(n, one))
        meet(g, "f{0} ? (*f{0})({1}) : {2}".format(n, x, make(g, left)), (left, left))
    elif form == "argument":
        declare(g, "torch::Tensor twice$n(const $sig &f, torch::Tensor t, int times = 2) {\n  F;\n  for (int i = 0; i < times; ++i) {\n    ! t = f(t);\n  }\n  return t;\n}", n=n, sig=SIGNATURE)
        times = g.choice([0, 1, 2])
        at = d
        for _ in range(times):
            at = first(at)
        meet(g, "twice{}({}, {}, {})".format(n, one, x, times), (at, at))
    elif form == "returned":
        declare(g, "$sig compose$n($sig f, $sig h) {\n  return [f, h](torch::Tensor t) { F; return h(f(t)); };\n}", n=n, sig=SIGNATURE)
        at = second(first(d))
        meet(g, "compose{}({}, {})({})".format(n, one, two, x), (at, at))
    elif form == "visit":
        declare(g, "struct Visit$n {\n  torch::Tensor operator()(int) const { return torch::ones({2, 4}, $d); }\n  torch::Tensor operator()(const torch::Tensor &t) const {\n    F;\n    ! return t.to($e);\n  }\n};", n=n, d=k(left), e=k(right))
        g.say("std::variant<int, torch::Tensor> v{} = {};".format(n, "1" if g.chance(0.5) else x))
        empty = g.lines[-1].split("= ")[1].startswith("1;")
        meet(g, "std::visit(Visit{0}{{}}, v{0})".format(n), (left if empty else right,) * 2)
    elif form == "pointer":
        declare(g, "torch::Tensor up$n(const torch::Tensor &t) {\n  F;\n  ! return t.cuda();\n}\ntorch::Tensor down$n(const torch::Tensor &t) {\n  F;\n  ! return t.cpu();\n}\nusing Pointer$n = torch::Tensor (*)(const torch::Tensor &);\nconst Pointer$n pointers$n[] = {up$n, down$n};\nPointer$n find$n(bool up) { return up ? &up$n : &down$n; }", n=n)
        code, at = g.choice([("pointers{}[0]", ("cuda",) * 2), ("pointers{}[1]", ("cpu",) * 2), ("pointers{}[flag ? 0 : 1]", ("cpu", "cuda")), ("find{}(flag)", ("cpu", "cuda")), ("find{}(false)", ("cpu",) * 2), ("(*find{}(true))", ("cuda",) * 2)])
        meet(g, "{}({})".format(code.format(n), x), at)
    else:
        g.say("std::vector<std::pair<std::string, {}>> f{}{{{{\"one\", {}}}, {{\"two\", {}}}}};".format(SIGNATURE, n, one, two))
        name = g.choice(["one", "two"])
        g.say("torch::Tensor y{} = {};".format(n, x))
        statements(g, "for (const auto &[name, f] : f$n) {\n  if (name == \"$name\") {\n    ! y$n = f(y$n);\n  }\n}", n=n, name=name)
        meet(g, "y" + n, ((left if name == "one" else right),) * 2)
    use(g)


@construct("callbacks")
def events(g):
    """Callbacks that change what they were told of, captured objects and this."""
    n, d, e, f = g.fresh("k"), place(g), place(g), place(g)
    declare(g, """
struct Bus$n {
  std::map<std::string, std::vector<std::function<void(torch::Tensor &)>>> handlers;
  void on(const std::string &name, std::function<void(torch::Tensor &)> handler) { handlers[name].push_back(std::move(handler)); }
  void emit(const std::string &name, torch::Tensor &t) {
    F;
    auto found = handlers.find(name);
    if (found == handlers.end())
      return;
    for (auto &handler : found->second) {
      ! handler(t);
    }
  }
};
struct Listener$n {
  torch::Tensor last = torch::zeros({2, 4});
  int heard = 0;
  void listen(Bus$n &bus) {
    bus.on("data", [this](torch::Tensor &t) {
      F;
      ++heard;
      ! last = t * 2;
    });
    bus.on("move", [this](torch::Tensor &t) { F; t = t.to(last.device()); });
  }
};""", n=n)
    statements(g, "Bus$n bus$n;\nListener$n listener$n;\nlistener$n.listen(bus$n);\n! torch::Tensor one$n = $a;\n! torch::Tensor two$n = $b;", n=n, a=make(g, d), b=make(g, e))
    sides = Sides({"one": d, "two": e, "last": "cpu", "extra": False})
    for _ in range(g.rng.randrange(1, 5)):
        which = g.choice(["one", "two"])
        form = g.choice(["data", "data", "move", "nothing", "extra"])
        def effect(s, form=form, which=which):
            if form == "data":
                s["last"] = s[which]
                if s["extra"]:
                    s[which] = f
            elif form == "move":
                s[which] = s["last"]
            elif form == "extra":
                s["extra"] = True
        if form == "extra":
            sides.step(g, "bus{}.on(\"data\", [](torch::Tensor &t) {{ F; t = t.to({}); }});".format(n, k(f)), effect)
        else:
            sides.step(g, "! bus{0}.emit(\"{1}\", {2}{0});".format(n, form, which), effect)
    for which in ("one", "two"):
        meet(g, which + n, sides.read(lambda s: s[which]))
    meet(g, "listener{}.last".format(n), sides.read(lambda s: s["last"]))
