"""Objects whose state changes from call to call: moved, swapped, copied, cached, switched, kept in containers."""

from .core import construct
from .paste import declare, statements
from .simulate import SHAPE, Sides, k, make, meet, place
from .tensors import use

CLASS = """
class $n {
public:
  enum class Phase { Cold, Warm, Hot };
  explicit $n(torch::Tensor first, torch::Tensor second = torch::ones({2, 4})) : a(std::move(first)), b(second) { F; }
  void move(torch::Device d) {
    F;
    device = d;
    ! a = a.to(device);
  }
  $n &both(torch::Device d) {
    F;
    move(d);
    ! b = b.to(a.device());
    return *this;
  }
  void exchange() { std::swap(a, b); }
  torch::Tensor take(torch::Tensor fresh) { return std::exchange(a, std::move(fresh)); }
  void keep() { kept.push_back(a); }
  torch::Tensor last() const { return kept.empty() ? b : kept.back(); }
  const torch::Tensor &cached() {
    F;
    if (!cache) {
      ! cache = a * 2;
    }
    return *cache;
  }
  void forget() { cache.reset(); }
  void advance() {
    F;
    switch (phase) {
    case Phase::Cold:
      phase = Phase::Warm;
      break;
    case Phase::Warm:
      phase = Phase::Hot;
      ! a = a.cuda();
      break;
    case Phase::Hot:
      phase = Phase::Cold;
      ! a = a.cpu();
      break;
    }
  }
  torch::Tensor &slot(const std::string &key) { return named[key]; }
  bool has(const std::string &key) const { return named.count(key) != 0; }
  void toggle() {
    F;
    on = !on;
    ! b = on ? b.cuda() : b.cpu();
  }
  torch::Tensor answer() {
    F;
    if (++calls % 2 == 0) {
      return b;
    }
    return a;
  }
  friend void swap($n &l, $n &r) {
    using std::swap;
    swap(l.a, r.a);
    swap(l.kept, r.kept);
  }
  torch::Tensor a, b;
  torch::Device device = torch::kCPU;
private:
  std::vector<torch::Tensor> kept;
  std::optional<torch::Tensor> cache;
  std::map<std::string, torch::Tensor> named;
  Phase phase = Phase::Cold;
  bool on = false;
  int calls = 0;
};"""


def new_object(a, b):
    return {"a": a, "b": b, "device": "cpu", "kept": [], "cache": None, "named": {}, "phase": 0, "on": False, "calls": 0}


def calls(g, sides, name, reach, pick):
    """One random call of an object; `pick` finds the object in a state."""
    d, key = place(g), g.choice(["x", "y"])

    def act(effect):
        return lambda s: effect(pick(s))

    def advance(o):
        o["phase"] = (o["phase"] + 1) % 3
        o["a"] = {2: "cuda", 0: "cpu"}.get(o["phase"], o["a"])

    def toggle(o):
        o["on"] = not o["on"]
        o["b"] = "cuda" if o["on"] else "cpu"

    def cached(o):
        o["cache"] = o["cache"] or o["a"]

    form = g.choice(["move", "both", "exchange", "keep", "keep", "cached", "forget", "advance", "advance", "slot", "toggle", "answer", "field", "take", "pointer", "lambda"])
    if form == "move":
        sides.step(g, "! {}move({});".format(reach, k(d)), act(lambda o: o.update(device=d, a=d)))
    elif form == "both":
        sides.step(g, "! {}both({});".format(reach, k(d)), act(lambda o: o.update(device=d, a=d, b=d)))
    elif form == "exchange":
        sides.step(g, "{}exchange();".format(reach), act(lambda o: o.update(a=o["b"], b=o["a"])))
    elif form == "keep":
        sides.step(g, "{}keep();".format(reach), act(lambda o: o["kept"].append(o["a"])))
    elif form == "cached":
        sides.step(g, "! {}cached();".format(reach), act(cached))
    elif form == "forget":
        sides.step(g, "{}forget();".format(reach), act(lambda o: o.update(cache=None)))
    elif form == "advance":
        sides.step(g, "! {}advance();".format(reach), act(advance))
    elif form == "slot":
        sides.step(g, "! {}slot(\"{}\") = {};".format(reach, key, make(g, d)), act(lambda o: o["named"].update({key: d})))
    elif form == "toggle":
        sides.step(g, "! {}toggle();".format(reach), act(toggle))
    elif form == "answer":
        sides.step(g, "! {}answer();".format(reach), act(lambda o: o.update(calls=o["calls"] + 1)))
    elif form == "field":
        sides.step(g, "! {0}b = {0}a.to({1});".format(reach, k(d)), act(lambda o: o.update(b=d)))
    elif form == "take":
        sides.step(g, "! {0}b = {0}take({1});".format(reach, make(g, d)), act(lambda o: o.update(b=o["a"], a=d)))
    elif form == "pointer":
        sides.step(g, "for (torch::Tensor *p : {{&{0}a, &{0}b}}) {{\n!   *p = p->to({1});\n}}".format(reach, k(d)), act(lambda o: o.update(a=d, b=d)))
    else:
        f = g.fresh("f")
        g.say("auto {} = [&] {{ F; {}keep(); }};".format(f, reach))
        sides.step(g, "{}();".format(f), act(lambda o: o["kept"].append(o["a"])))


def observe(g, sides, reach, pick):
    """Something that the object gives, where it should be."""
    form = g.choice(["a", "b", "last", "cached", "slot", "answer", "whole"])
    if form in "ab":
        meet(g, reach + form, sides.read(lambda s: pick(s)[form]))
    elif form == "last":
        meet(g, reach + "last()", sides.read(lambda s: pick(s)["kept"][-1] if pick(s)["kept"] else pick(s)["b"]))
    elif form == "cached":
        meet(g, reach + "cached()", sides.read(lambda s: pick(s)["cache"] or pick(s)["a"]))
        for s in sides.states:
            pick(s)["cache"] = pick(s)["cache"] or pick(s)["a"]
    elif form == "slot" and sides.all(lambda s: "x" in pick(s)["named"]):
        meet(g, reach + "slot(\"x\")", sides.read(lambda s: pick(s)["named"]["x"]))
    elif form == "answer":
        for s in sides.states:
            pick(s)["calls"] += 1
        meet(g, reach + "answer()", sides.read(lambda s: pick(s)["a" if pick(s)["calls"] % 2 else "b"]))
    elif sides.all(lambda s: pick(s)["a"] == pick(s)["b"]):
        g.say("auto whole{} = {}a + {}b;".format(g.fresh("k"), reach, reach))


@construct("states")
def object_history(g):
    """One or two objects, and what happens to them."""
    n = g.fresh("Cell")
    declare(g, CLASS, n=n)
    form = g.choice(["values", "values", "shared", "vector", "map", "module"])
    d = [place(g) for _ in range(4)]
    sides = Sides({"one": new_object(*d[:2]), "two": new_object(*d[2:])})
    one, two = g.fresh("one"), g.fresh("two")
    picks = [lambda s: s["one"], lambda s: s["two"]]
    if form == "values":
        g.say("{} {}({}, {});".format(n, one, make(g, d[0]), make(g, d[1])))
        g.say("{} {}{{{}, {}}};".format(n, two, make(g, d[2]), make(g, d[3])))
        reaches = [one + ".", two + "."]
    elif form == "shared":
        g.say("auto {} = std::make_shared<{}>({}, {});".format(one, n, make(g, d[0]), make(g, d[1])))
        alias = g.chance(0.5)
        g.say("std::shared_ptr<{}> {} = {};".format(n, two, one if alias else "std::make_shared<{}>({}, {})".format(n, make(g, d[2]), make(g, d[3]))))
        reaches = [one + "->", two + "->"]
        if alias:
            picks[1] = picks[0]
    elif form == "vector":
        g.say("std::vector<{}> {};".format(n, one))
        g.say("{}.emplace_back({}, {});".format(one, make(g, d[0]), make(g, d[1])))
        g.say("{}.push_back({}({}, {}));".format(one, n, make(g, d[2]), make(g, d[3])))
        reaches = [one + "[0].", one + ".back()."]
    elif form == "map":
        g.say("std::map<int, {}> {};".format(n, one))
        g.say("{}.emplace(1, {}({}, {}));".format(one, n, make(g, d[0]), make(g, d[1])))
        g.say("{}.insert({{2, {}({}, {})}});".format(one, n, make(g, d[2]), make(g, d[3])))
        reaches = [one + ".at(1).", one + ".find(2)->second."]
    else:
        declare(g, "struct Owner$n {\n  $n first, second;\n  $n &get(bool other) { return other ? second : first; }\n};", n=n)
        g.say("Owner{0} {1}{{{0}({2}, {3}), {0}({4}, {5})}};".format(n, one, *(make(g, x) for x in d)))
        reaches = [one + ".first.", one + ".get(true)."]
    for _ in range(g.rng.randrange(3, 8)):
        which = g.choice([0, 1])
        if form == "values" and g.chance(0.2):
            other = g.choice(["swap", "copy", "move", "friend"])
            if other == "swap":
                sides.step(g, "std::swap({}, {});".format(one, two), lambda s: s.update(one=s["two"], two=s["one"]))
            elif other == "copy":
                import copy
                sides.step(g, "{} = {};".format(two, one), lambda s: s.update(two=copy.deepcopy(s["one"])))
            elif other == "move":
                g.say("{} = std::move({});".format(one, two))
                g.say("{} = {}({}, {});".format(two, n, make(g, d[0]), make(g, d[1])))
                for s in sides.states:
                    s["one"], s["two"] = s["two"], new_object(d[0], d[1])
            else:
                def friend(s):
                    for field in ("a", "kept"):
                        s["one"][field], s["two"][field] = s["two"][field], s["one"][field]
                sides.step(g, "swap({}, {});".format(one, two), friend)
        else:
            calls(g, sides, one, reaches[which], picks[which])
    for _ in range(2):
        which = g.choice([0, 1])
        observe(g, sides, reaches[which], picks[which])
    use(g)


@construct("states")
def referring(g):
    """Structures that refer to tensors of others, and outlive their change."""
    n, d, e, f = g.fresh("k"), place(g), place(g), place(g)
    declare(g, """
struct View$n {
  torch::Tensor &target;
  const torch::Tensor *other = nullptr;
  void pull() {
    F;
    if (other) {
      ! target = target.to(other->device());
    }
  }
  View$n &with(const torch::Tensor &t) {
    other = &t;
    return *this;
  }
};
struct Holder$n {
  torch::Tensor value;
  View$n view() { return View$n{value}; }
  torch::Tensor &operator*() { return value; }
  torch::Tensor *operator->() { return &value; }
};""", n=n)
    g.say("Holder{0} holder{0}{{{1}}};".format(n, make(g, d)))
    g.say("torch::Tensor guide{0} = {1};".format(n, make(g, e)))
    g.say("auto view{0} = holder{0}.view(){1};".format(n, g.choice([".with(guide{0})".format(n), ""])))
    guided = "with" in g.lines[-1]
    moved = g.chance(0.5)
    if moved:
        g.say("guide{0} = guide{0}.to({1});".format(n, k(f)))
    pulled = g.chance(0.7)
    if pulled:
        g.say("view{}.pull();".format(n))
    end = (f if moved else e) if guided and pulled else d
    meet(g, g.choice(["holder{0}.value", "*holder{0}", "view{0}.target", "holder{0}->clone()"]).format(n), (end, end))
    if g.chance(0.5):
        last = place(g)
        g.say("view{0}.target = view{0}.target.to({1});".format(n, k(last)))
        meet(g, "holder{0}.value".format(n), (last, last))
    use(g)


@construct("states")
def special_members(g):
    """Constructors and assignments of one's own, that move or keep."""
    n, d, e, f = g.fresh("Own"), place(g), place(g), place(g)
    declare(g, """
struct $n {
  torch::Tensor t;
  int copies = 0;
  explicit $n(torch::Tensor t) : t(std::move(t)) {}
  $n(const $n &other) : t(other.t), copies(other.copies + 1) {
    F;
    ! t = t$copied;
  }
  $n($n &&other) noexcept : t(std::move(other.t)), copies(other.copies) {}
  $n &operator=(const $n &other) {
    F;
    if (this != &other) {
      ! t = other.t$assigned;
    }
    return *this;
  }
  $n &operator=($n &&other) noexcept {
    t = std::move(other.t);
    return *this;
  }
};
$n made$n(torch::Device d) {
  F;
  $n result(torch::rand({2, 4}, d));
  return result;
}""", n=n, copied=g.choice(["", ".to({})".format(k(e))]), assigned=g.choice(["", ".to({})".format(k(f))]))
    text = "\n".join(g.case.helpers[-1])
    copied = e if "t = t.to" in text else None
    assigned = f if "other.t.to" in text else None
    a, b = g.fresh("own"), g.fresh("own")
    g.say("{} {} = made{}({});".format(n, a, n, k(d)))
    form = g.choice(["copy", "move", "assign", "assign_move", "vector", "optional"])
    end = d
    if form == "copy":
        g.say("{} {}({});".format(n, b, a))
        end = copied or d
    elif form == "move":
        g.say("{} {}(std::move({}));".format(n, b, a))
    elif form == "assign":
        g.say("{} {} = made{}({});".format(n, b, n, k(place(g))))
        g.say("{} = {};".format(b, a))
        end = assigned or d
    elif form == "assign_move":
        g.say("{} {} = made{}({});".format(n, b, n, k(place(g))))
        g.say("{} = std::move({});".format(b, a))
    elif form == "vector":
        g.say("std::vector<{}> all{};".format(n, b))
        g.say("all{}.push_back({});".format(b, a))
        b, end = "all{}[0]".format(b), copied or d
    else:
        g.say("std::optional<{}> {}{{{}}};".format(n, b, a))
        b, end = "(*{})".format(b), copied or d
    meet(g, b + ".t", (end, end))
    use(g)
