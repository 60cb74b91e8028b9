"""Forks whose conditions are of several variables: flags, counters, kinds, names, pointers, optionals, places of tensors."""

from .core import CPU, CUDA, construct
from .paste import declare, statements
from .simulate import SHAPE, Sides, k, make, meet, place
from .tensors import use


class Program:
    """The variables of a random program, and its conditions and statements; `sides` has their values."""

    def __init__(self, g):
        self.g, self.n = g, g.fresh("k")
        n = self.n
        declare(g, "enum class Mode$n { Idle, Warm, Run };\nbool there$n(const torch::Tensor &t) {\n  return t.is_cuda();\n}\nbool both$n(bool a, bool b) {\n  if (a)\n    return b;\n  return false;\n}", n=n)
        self.tensors = ["a" + n, "b" + n, "c" + n]
        state = {"p": g.chance(0.5), "q": g.chance(0.5), "i": g.choice([0, 1, 2]), "mode": g.choice(["Idle", "Warm", "Run"]), "name": g.choice(["cpu", "gpu"]), "maybe": None}
        for t in self.tensors:
            state[t] = place(g)
            g.say("torch::Tensor {} = {};".format(t, make(g, state[t])))
        state["ptr"] = self.tensors[0] if g.chance(0.5) else None
        self.sides = Sides(state)
        g.say("bool p{0} = {1}, q{0} = {2};".format(n, *(str(state[x]).lower() for x in "pq")))
        g.say("int i{} = {};".format(n, state["i"]))
        g.say("Mode{0} mode{0} = Mode{0}::{1};".format(n, state["mode"]))
        g.say("std::string name{} = \"{}\";".format(n, state["name"]))
        g.say("std::optional<int> maybe{};".format(n))
        g.say("torch::Tensor *ptr{} = {};".format(n, "&" + state["ptr"] if state["ptr"] else "nullptr"))
        side = g.choice([0, 1])
        where = "flag" if side else "!flag"
        self.sides.states[side]["p"] = not state["p"]
        g.say("if ({1}) p{0} = !p{0};".format(n, where))

    def simple(self):
        """A condition: its text, and its value in a state."""
        g, n = self.g, self.n
        t, u = g.choice(self.tensors), g.choice(self.tensors)
        number, mode = g.choice([0, 1, 2, 3]), g.choice(["Idle", "Warm", "Run"])
        return g.choice([
            ("p" + n, lambda s: s["p"]), ("q" + n, lambda s: s["q"]), ("!p" + n, lambda s: not s["p"]), ("p{0} != q{0}".format(n), lambda s: s["p"] != s["q"]),
            ("i{} > {}".format(n, number), lambda s: s["i"] > number), ("i{} == {}".format(n, number), lambda s: s["i"] == number), ("i{} % 2".format(n), lambda s: s["i"] % 2 == 1),
            ("mode{0} == Mode{0}::{1}".format(n, mode), lambda s: s["mode"] == mode), ("mode{0} != Mode{0}::{1}".format(n, mode), lambda s: s["mode"] != mode),
            ("name{} == \"gpu\"".format(n), lambda s: s["name"] == "gpu"), ("name{}.empty()".format(n), lambda s: False), ("bool(maybe{})".format(n), lambda s: s["maybe"] is not None),
            ("maybe{}.has_value()".format(n), lambda s: s["maybe"] is not None), ("maybe{}.value_or(0) == {}".format(n, number), lambda s: (s["maybe"] or 0) == number),
            ("ptr" + n, lambda s: s["ptr"] is not None), ("ptr{} == nullptr".format(n), lambda s: s["ptr"] is None), ("ptr{} == &{}".format(n, t), lambda s: s["ptr"] == t),
            (t + ".is_cuda()", lambda s: s[t] == "cuda"), ("{}.device() == {}.device()".format(t, u), lambda s: s[t] == s[u]), ("there{}({})".format(n, t), lambda s: s[t] == "cuda"),
            ("both{0}(p{0}, q{0})".format(n), lambda s: s["p"] and s["q"]),
        ])

    def condition(self):
        g = self.g
        one, first = self.simple()
        form = g.rng.randrange(6)
        if form == 0:
            two, second = self.simple()
            return "({}) && ({})".format(one, two), lambda s: first(s) and second(s)
        if form == 1:
            two, second = self.simple()
            return "({}) || ({})".format(one, two), lambda s: first(s) or second(s)
        if form == 2:
            return "!({})".format(one), lambda s: not first(s)
        return one, first

    def simple_statement(self):
        """A statement: its lines, and what it does to a state."""
        g, n = self.g, self.n
        t, u, d = g.choice(self.tensors), g.choice(self.tensors), place(g)

        def put(**values):
            return lambda s: s.update(values)

        def through(s):
            if s["ptr"]:
                s[s["ptr"]] = d

        test, truth = self.simple()
        number, mode, name = g.choice([0, 1, 2, 3]), g.choice(["Idle", "Warm", "Run"]), g.choice(["cpu", "gpu"])
        value = g.chance(0.5)
        return g.choice([
            ("{0} = {0}.to({1});".format(t, k(d)), put(**{t: d})), ("{0} = {0}.to({1});".format(t, k(d)), put(**{t: d})), ("{0} = {1};".format(t, make(g, d)), put(**{t: d})),
            ("{0} = {0}.to({1}.device());".format(t, u), lambda s: s.update({t: s[u]})), ("{} = {};".format(t, u), lambda s: s.update({t: s[u]})), ("std::swap({}, {});".format(t, u), lambda s: s.update({t: s[u], u: s[t]})),
            ("q{} = {};".format(n, test), lambda s: s.update(q=truth(s))), ("p{0} = {1};".format(n, str(value).lower()), put(p=value)), ("++i{};".format(n), lambda s: s.update(i=s["i"] + 1)), ("i{} = {};".format(n, number), put(i=number)),
            ("mode{0} = Mode{0}::{1};".format(n, mode), put(mode=mode)), ("name{} = \"{}\";".format(n, name), put(name=name)), ("maybe{} = {};".format(n, number), put(maybe=number)), ("maybe{}.reset();".format(n), put(maybe=None)),
            ("ptr{} = &{};".format(n, t), put(ptr=t)), ("if (ptr{0}) *ptr{0} = ptr{0}->to({1});".format(n, k(d)), through), ("{0} = {1} ? {0}.cpu() : {0}.cuda();".format(t, "(" + test + ")"), lambda s: s.update({t: "cpu" if truth(s) else "cuda"})),
            ("({0}) && ({1} = {1}.to({2}), true);".format(test, t, k(d)), lambda s: s.update({t: d}) if truth(s) else None),
        ])

    def statement(self, depth=0):
        """Writes one; what it does to a state."""
        g, n = self.g, self.n
        if depth < 2 and g.chance(0.55):
            test, truth = self.condition()
            form = g.choice(["if", "if_else", "if_else", "switch", "loop"])
            if form in ("if", "if_else"):
                g.raw("if ({}) {{".format(test))
                then = self.body(depth + 1)
                otherwise = lambda s: None
                if form == "if_else":
                    g.raw("} else {")
                    otherwise = self.body(depth + 1)
                g.raw("}")
                return lambda s: then(s) if truth(s) else otherwise(s)
            if form == "switch":
                order = g.rng.sample(["Idle", "Warm", "Run"], 2)
                g.raw("switch (mode{}) {{".format(n))
                effects, falls = [], []
                for mode in order:
                    g.raw("case Mode{}::{}:".format(n, mode))
                    effects.append(self.body(depth + 1))
                    falls.append(g.chance(0.25))
                    if not falls[-1]:
                        g.raw("  break;")
                g.raw("default:")
                effects.append(self.body(depth + 1))
                g.raw("}")

                def switch(s):
                    at = order.index(s["mode"]) if s["mode"] in order else 2
                    for index in range(at, 3):
                        effects[index](s)
                        if index < 2 and not falls[index]:
                            break
                return switch
            rounds, leave = g.choice([1, 2]), g.choice(["", "break;", "continue;"])
            g.raw("for (int r = 0; r < {}; ++r) {{".format(rounds))
            before = self.body(depth + 1)
            if leave:
                g.raw("  if ({}) {}".format(test, leave))
            after = self.body(depth + 1)
            g.raw("}")

            def loop(s):
                for _ in range(rounds):
                    before(s)
                    if leave and truth(s):
                        if leave == "break;":
                            break
                        continue
                    after(s)
            return loop
        code, effect = self.simple_statement()
        g.say(code)
        return effect

    def body(self, depth):
        self.g.depth += 1
        effects = [self.statement(depth) for _ in range(self.g.choice([1, 1, 2]))]
        self.g.depth -= 1

        def run(s):
            for effect in effects:
                effect(s)
        return run

    def run(self, count):
        for _ in range(count):
            effect = self.statement()
            for state in self.sides.states:
                effect(state)


@construct("branches")
def forks(g):
    program = Program(g)
    program.run(g.rng.randrange(3, 7))
    for t in g.rng.sample(program.tensors, 2):
        meet(g, t, program.sides.read(lambda s: s[t]))


@construct("branches")
def same_place(g):
    """What is done under a condition and undone or done to another one under it again."""
    program = Program(g)
    program.run(g.rng.randrange(1, 4))
    test, truth = program.condition()
    n, d = program.n, place(g)
    one, two = g.rng.sample(program.tensors, 2)
    g.say("const bool held{} = {};".format(n, test))
    held = [bool(truth(s)) for s in program.sides.states]
    for t in (one, two):
        code = "{0} = {0}.to({1});".format(t, k(d))
        if g.chance(0.3):
            g.say("if (!held{}) {{}} else {}".format(n, code))
        else:
            g.say("if (held{}) {}".format(n, code))
        for truth, state in zip(held, program.sides.states):
            if truth:
                state[t] = d
    if all(s[one] == s[two] for s in program.sides.states):
        g.say("auto sum{} = {} + {};".format(n, one, two))
    meet(g, one, program.sides.read(lambda s: s[one]))
    meet(g, two, program.sides.read(lambda s: s[two]))


@construct("branches")
def in_helper(g):
    """The forks of a helper that is told which way to go."""
    n, d, e = g.fresh("k"), place(g), place(g)
    declare(g, """
enum Way$n { Stay, Go, Both };
torch::Tensor walk$n(torch::Tensor x, Way$n way, bool twice = false, torch::Tensor *side = nullptr) {
  F;
  torch::Tensor result = x;
  for (int i = 0; i < (twice ? 2 : 1); ++i) {
    if (way == Stay)
      continue;
    if (way == Both && i == 1) {
      ! result = result.to($e);
      break;
    }
    ! result = result.to($d);
  }
  if (side) {
    ! *side = side->to(result.device());
  } else if (twice && way != Go) {
    return x;
  }
  return result;
}""", n=n, d=k(d), e=k(e))
    start, other = place(g), place(g)
    g.say("torch::Tensor x{} = {};".format(n, make(g, start)))
    g.say("torch::Tensor y{} = {};".format(n, make(g, other)))
    ways = [g.choice(["Stay", "Go", "Both"]) for _ in range(2)] if g.chance(0.5) else [g.choice(["Stay", "Go", "Both"])] * 2
    way = "Way%s::%s" % (n, ways[0]) if ways[0] == ways[1] else "flag ? Way{0}::{1} : Way{0}::{2}".format(n, ways[1], ways[0])
    twice, side = g.chance(0.5), g.chance(0.5)
    g.say("torch::Tensor z{0} = walk{0}(x{0}, {1}, {2}{3});".format(n, way, str(twice).lower(), ", &y" + n if side else ""))

    def end(way):
        result = start
        for i in range(2 if twice else 1):
            if way == "Stay":
                continue
            if way == "Both" and i == 1:
                result = e
                break
            result = d
        if side:
            return result, result
        if twice and way != "Go":
            return start, other
        return result, other

    meet(g, "z" + n, tuple(end(w)[0] for w in ways))
    meet(g, "y" + n, tuple(end(w)[1] for w in ways))
