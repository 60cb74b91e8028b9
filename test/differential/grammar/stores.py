"""Containers of structures, of containers, of pointers: filled, sorted, spliced, swapped and searched in random order."""

from .core import CPU, CUDA, Value, construct
from .paste import declare, statements
from .simulate import SHAPE, Sides, k, make, meet, place
from .tensors import binary, use


def shorter(sides):
    return min(len(rows) for rows in sides.states)


@construct("stores")
def rows(g):
    """A sequence of records that are ranked by a number."""
    n = g.fresh("k")
    kind = g.choice(["std::vector", "std::vector", "std::deque"])
    declare(g, "struct Row$n {\n  torch::Tensor x, y;\n  int rank = 0;\n};\nvoid place$n($kind<Row$n> &rows, torch::Device d) {\n  F;\n  for (auto &row : rows) {\n    ! row.y = row.y.to(d);\n  }\n}", n=n, kind=kind)
    name, row, ranks = "rows" + n, "Row" + n, list(range(1, 9))
    g.rng.shuffle(ranks)
    g.say("{}<{}> {};".format(kind, row, name))
    sides = Sides([])

    def add():
        x, y, rank = place(g), place(g), ranks.pop()
        form = g.choice(["{name}.push_back({{{x}, {y}, {rank}}});", "{name}.emplace_back({row}{{{x}, {y}, {rank}}});", "{name}.insert({name}.begin(), {row}{{{x}, {y}, {rank}}});"])
        front = "insert" in form
        sides.step(g, "! " + form.format(name=name, row=row, x=make(g, x), y=make(g, y), rank=rank), lambda s: s.insert(0 if front else len(s), {"x": x, "y": y, "rank": rank}), 0)

    def each(test, field, device):
        def effect(s):
            for r in s:
                if test(r):
                    r[field] = device
        return effect

    def swap(i, j):
        def effect(s):
            s[i], s[j] = s[j], s[i]
        return effect

    for _ in range(3):
        add()
    for _ in range(g.rng.randrange(2, 5)):
        size = shorter(sides)
        i, j, d, f = g.rng.randrange(size), g.rng.randrange(size), place(g), g.choice("xy")
        rank = g.choice([2, 3, 4, 5, 6])
        form = g.choice(["add", "erase", "sort", "reverse", "swap", "swap_fields", "field", "assign", "each", "each_ranked", "remove", "reference", "pop", "move", "copy", "rotate", "helper", "find", "exchange", "moved_row"])
        if form == "add" and ranks:
            add()
        elif form == "erase" and size > 2:
            sides.step(g, "{0}.erase({0}.begin() + {1});".format(name, i), lambda s: s.pop(i), 0.3)
        elif form == "sort":
            down = g.chance(0.5)
            sides.step(g, "std::sort({0}.begin(), {0}.end(), [](const {1} &l, const {1} &r) {{ return l.rank {2} r.rank; }});".format(name, row, ">" if down else "<"), lambda s: s.sort(key=lambda r: r["rank"], reverse=down))
        elif form == "reverse":
            sides.step(g, "std::reverse({0}.begin(), {0}.end());".format(name), lambda s: s.reverse())
        elif form == "swap":
            sides.step(g, g.choice(["std::swap({0}[{1}], {0}[{2}]);", "std::iter_swap({0}.begin() + {1}, {0}.begin() + {2});"]).format(name, i, j), swap(i, j))
        elif form == "swap_fields":
            def fields(s, i=i):
                s[i]["x"], s[i]["y"] = s[i]["y"], s[i]["x"]
            sides.step(g, "std::swap({0}[{1}].x, {0}[{1}].y);".format(name, i), fields)
        elif form == "field":
            def assign(s, i=i, j=j, f=f):
                s[i][f] = s[j]["y"]
            sides.step(g, "{0}[{1}].{3} = {0}[{2}].y;".format(name, i, j, f), assign)
        elif form == "assign":
            def whole(s, i=i, j=j):
                s[i] = dict(s[j])
            sides.step(g, "{0}[{1}] = {0}[{2}];".format(name, i, j), whole)
        elif form == "each":
            sides.step(g, "for (auto &row : {0}) {{\n!   row.{1} = row.{1}.to({2});\n}}".format(name, f, k(d)), each(lambda r: True, f, d))
        elif form == "each_ranked":
            sides.step(g, "for (auto &row : {0}) {{\n  if (row.rank > {3}) {{\n!     row.{1} = row.{1}.to({2});\n  }}\n}}".format(name, f, k(d), rank), each(lambda r: r["rank"] > rank, f, d))
        elif form == "remove" and sides.all(lambda s: sum(r["rank"] != rank for r in s) > 0):
            def remove(s, rank=rank):
                s[:] = [r for r in s if r["rank"] != rank]
            sides.step(g, "{0}.erase(std::remove_if({0}.begin(), {0}.end(), [](const {1} &r) {{ return r.rank == {2}; }}), {0}.end());".format(name, row, rank), remove)
        elif form == "reference":
            r = g.fresh("r")
            def back(s, f=f, d=d):
                s[-1][f] = d
            sides.step(g, "{{\n  auto &{1} = {0}.back();\n!   {1}.{2} = {1}.y.to({3});\n}}".format(name, r, f, k(d)), back)
        elif form == "pop" and size > 1:
            sides.step(g, "{}.pop_back();".format(name), lambda s: s.pop())
        elif form == "move":
            other = g.fresh("rows")
            g.say("auto {} = std::move({});".format(other, name))
            name = other
        elif form == "copy":
            other = g.fresh("rows")
            g.say("auto {} = {};".format(other, name))
            g.raw("for (auto &row : {}) {{".format(g.choice([other, other, name]) if False else other))
            g.say("  row.x = row.x.to({});".format(k(d)))
            g.raw("}")
        elif form == "rotate":
            def rotate(s):
                s.append(s.pop(0))
            sides.step(g, "std::rotate({0}.begin(), {0}.begin() + 1, {0}.end());".format(name), rotate)
        elif form == "helper":
            sides.step(g, "! place{}({}, {});".format(n, name, k(d)), each(lambda r: True, "y", d))
        elif form == "find":
            it = g.fresh("it")
            g.say("auto {3} = std::find_if({0}.begin(), {0}.end(), [&](const {1} &r) {{ return r.rank == {2}; }});".format(name, row, rank, it))
            sides.step(g, "if ({1} != {0}.end()) {{\n!   {1}->{2} = {1}->{2}.to({3});\n}}".format(name, it, f, k(d)), each(lambda r: r["rank"] == rank, f, d), 0)
        elif form == "exchange":
            def exchange(s, i=i, f=f, d=d):
                s[i][f] = d
            sides.step(g, "! auto old{0} = std::exchange({1}[{2}].{3}, {4});".format(g.fresh("k"), name, i, f, make(g, d)), exchange)
        elif form == "moved_row":
            r = g.fresh("r")
            g.say("{} {} = std::move({}[{}]);".format(row, r, name, i))
            g.say("{}.x = {}.x.to({});".format(r, r, k(d)))
            g.say("{}[{}] = std::move({});".format(name, i, r))
            for s in sides.states:
                s[i]["x"] = d
    size = shorter(sides)
    i, f = g.rng.randrange(size), g.choice("xy")
    meet(g, g.choice(["{}[{}].{}", "{}.at({}).{}", "({0}.begin() + {1})->{2}"]).format(name, i, f), sides.read(lambda s: s[i][f]))
    end = g.choice(["back", "max", "min", "stack", "ranked"])
    if end == "back":
        meet(g, "{}.back().{}".format(name, f), sides.read(lambda s: s[-1][f]))
    elif end in ("max", "min"):
        pick = max if end == "max" else min
        meet(g, "std::{3}_element({0}.begin(), {0}.end(), [](const auto &l, const auto &r) {{ return l.rank < r.rank; }})->{2}".format(name, row, f, end), sides.read(lambda s: pick(s, key=lambda r: r["rank"])[f]))
    elif end == "ranked":
        chosen = g.choice(sides.states[0])["rank"]
        found = sides.read(lambda s: next((r[f] for r in s if r["rank"] == chosen), "cpu"))
        w = g.pick(SHAPE, found)
        g.raw("for (const auto &row : {}) {{".format(name))
        g.raw("  if (row.rank == {}) {{".format(chosen))
        g.say("    auto y = {};".format(binary(g, Value("row." + f, SHAPE, found), w)))
        g.raw("  }")
        g.raw("}")
    elif sides.all(lambda s: len({r[f] for r in s}) == 1):
        statements(g, "std::vector<torch::Tensor> all$n;\nfor (const auto &row : $name) all$n.push_back(row.$f);\n! auto joined$n = torch::stack(all$n);", n=n, name=name, f=f)
        meet(g, "joined{}.sum(0)".format(n), sides.read(lambda s: s[0][f]))


@construct("stores")
def shelves(g):
    """A map of sequences."""
    n = g.fresh("k")
    map = g.choice(["std::map", "std::unordered_map"])
    name = "shelf" + n
    g.say("{}<std::string, std::vector<torch::Tensor>> {};".format(map, name))
    sides = Sides({})
    keys = ["a", "b", "c"]

    def append(key, device):
        return lambda s: s.setdefault(key, []).append(device)

    for key in keys[:2]:
        d = place(g)
        sides.step(g, "! {}[\"{}\"].push_back({});".format(name, key, make(g, d)), append(key, d), 0)
    for _ in range(g.rng.randrange(2, 5)):
        key, other, d = g.choice(keys[:2]), g.choice(keys), place(g)
        form = g.choice(["push", "swap", "copy", "append", "each", "count", "try", "assign", "reference", "clear", "structured", "extract", "front", "iterator"])
        if form == "push":
            sides.step(g, "! {}[\"{}\"].{}_back({});".format(name, other, g.choice(["push", "emplace"]), make(g, d)), append(other, d))
        elif form == "swap":
            def swap(s):
                s["a"], s["b"] = s["b"], s["a"]
            sides.step(g, g.choice(["std::swap({0}[\"a\"], {0}[\"b\"]);", "{0}[\"a\"].swap({0}[\"b\"]);", "{0}.at(\"b\").swap({0}.at(\"a\"));"]).format(name), swap)
        elif form == "copy":
            sides.step(g, "{0}[\"{1}\"] = {0}[\"{2}\"];".format(name, other, key), lambda s, key=key, other=other: s.__setitem__(other, list(s[key])))
        elif form == "append":
            g.say("auto from{} = {}[\"{}\"];".format(g.fresh("k"), name, key))
            source = g.lines[-1].split("auto ")[1].split(" =")[0]
            sides.step(g, "{0}[\"{1}\"].insert({0}[\"{1}\"].end(), {2}.begin(), {2}.end());".format(name, other, source), lambda s, key=key, other=other: s.setdefault(other, []).extend(list(s[key])), 0)
        elif form in ("each", "structured"):
            head = "for (auto &entry : {0})\n  for (auto &t : entry.second) {{" if form == "each" else "for (auto &[key, all] : {0})\n  for (auto &t : all) {{"
            def move(s, d=d):
                for v in s.values():
                    v[:] = [d] * len(v)
            sides.step(g, (head + "\n!     t = t.to({1});\n  }}").format(name, k(d)), move)
        elif form == "count":
            def maybe(s, other=other, d=d):
                if other in s:
                    s[other].insert(0, d)
                else:
                    s["a"].append(d)
            there = g.choice(["{0}.count(\"{1}\")", "{0}.count(\"{1}\") > 0", "{0}.find(\"{1}\") != {0}.end()"]).format(name, other)
            sides.step(g, "if ({3}) {{\n!   {0}[\"{1}\"].insert({0}[\"{1}\"].begin(), {2});\n}} else {{\n!   {0}[\"a\"].push_back({2});\n}}".format(name, other, make(g, d), there), maybe, 0)
        elif form == "try":
            def emplace(s, other=other, d=d):
                s.setdefault(other, [d])
            sides.step(g, "! {0}.{3}(\"{1}\", std::vector<torch::Tensor>{{{2}}});".format(name, other, make(g, d), g.choice(["emplace", "try_emplace"])), emplace)
        elif form == "assign":
            def assign(s, other=other, d=d):
                s[other] = [d]
            sides.step(g, "! {0}.insert_or_assign(\"{1}\", std::vector<torch::Tensor>{{{2}}});".format(name, other, make(g, d)), assign)
        elif form == "reference":
            r = g.fresh("r")
            g.say("auto &{} = {}[\"{}\"];".format(r, name, key))
            sides.step(g, "! {}.back() = {}.front().to({});".format(r, r, k(d)), lambda s, key=key, d=d: s[key].__setitem__(-1, d))
        elif form == "clear":
            def clear(s, key=key, d=d):
                s[key] = [d]
            sides.step(g, "{0}[\"{1}\"].clear();\n! {0}[\"{1}\"].push_back({2});".format(name, key, make(g, d)), clear)
        elif form == "extract":
            def extract(s, d=d):
                s["c"] = s.pop("c", [d]) if "c" in s else [d]
            sides.step(g, "{0}.erase(\"c\");\n! {0}[\"c\"] = {{{1}}};".format(name, make(g, d)), lambda s, d=d: s.__setitem__("c", [d]))
        elif form == "front":
            sides.step(g, "! {0}.at(\"{1}\").front() = {2};".format(name, key, make(g, d)), lambda s, key=key, d=d: s[key].__setitem__(0, d))
        else:
            it = g.fresh("it")
            g.say("auto {2} = {0}.find(\"{1}\");".format(name, key, it))
            sides.step(g, "! {0}->second[0] = {0}->second[0].to({1});".format(it, k(d)), lambda s, key=key, d=d: s[key].__setitem__(0, d))
    for _ in range(2):
        key, last = g.choice(keys[:2]), g.chance(0.5)
        index = -1 if last else 0
        meet(g, g.choice(["{}[\"{}\"].{}()", "{}.at(\"{}\").{}()", "{}.find(\"{}\")->second.{}()"]).format(name, key, "back" if last else "front"), sides.read(lambda s: s[key][index]))


@construct("stores")
def buffers(g):
    """Queues with a limit, stacks, lists that are spliced, heaps."""
    n = g.fresh("k")
    form = g.choice(["replay", "queue", "stack", "list", "heap", "grid", "pointers", "optionals", "sets"])
    d, e, f = place(g), place(g), place(g)
    a, b, c = make(g, d), make(g, e), make(g, f)
    if form == "replay":
        limit = g.choice([1, 2, 3])
        declare(g, "struct Buffer$n {\n  std::deque<std::pair<torch::Tensor, double>> items;\n  size_t limit = $limit;\n  void add(torch::Tensor t, double value) {\n    F;\n    items.emplace_back(std::move(t), value);\n    while (items.size() > limit)\n      items.pop_front();\n  }\n  torch::Tensor oldest() const { return items.front().first; }\n  torch::Tensor newest() const { return items.back().first; }\n};", n=n, limit=limit)
        statements(g, "Buffer$n buffer$n;\n! buffer$n.add($a, 1.0);\n! buffer$n.add($b, 2.0);\n! buffer$n.add($c, 3.0);", n=n, a=a, b=b, c=c)
        kept = [d, e, f][-limit:]
        meet(g, "buffer{}.oldest()".format(n), (kept[0],) * 2)
        meet(g, "buffer{}.newest()".format(n), (f,) * 2)
    elif form in ("queue", "stack"):
        take = "front" if form == "queue" else "top"
        statements(g, "$kind<torch::Tensor> line$n;\n! line$n.push($a);\n! line$n.push($b);\n! line$n.push($c);\n! auto first$n = line$n.$take();\nline$n.pop();", n=n, kind="std::" + form, a=a, b=b, c=c, take=take)
        order = [d, e, f] if form == "queue" else [f, e, d]
        meet(g, "first" + n, (order[0],) * 2)
        if g.chance(0.5):
            statements(g, "torch::Tensor last$n;\nwhile (!line$n.empty()) {\n  last$n = line$n.$take();\n  line$n.pop();\n}", n=n, take=take)
            meet(g, "last" + n, (order[2],) * 2)
        else:
            meet(g, "line{}.{}()".format(n, take), (order[1],) * 2)
    elif form == "list":
        statements(g, "std::list<torch::Tensor> one$n{$a}, two$n{$b, $c};\n$splice", n=n, a=a, b=b, c=c, splice=g.choice(["one{0}.splice(one{0}.end(), two{0});", "one{0}.insert(one{0}.end(), two{0}.begin(), two{0}.end());", "for (auto &t : two{0}) one{0}.push_back(t);", "std::copy(two{0}.begin(), two{0}.end(), std::back_inserter(one{0}));", "std::move(two{0}.begin(), two{0}.end(), std::back_inserter(one{0}));"]).format(n))
        meet(g, "one{}.back()".format(n), (f,) * 2)
        meet(g, "*std::next(one{}.begin())".format(n), (e,) * 2)
    elif form == "heap":
        declare(g, "struct Item$n {\n  torch::Tensor t;\n  int rank;\n  bool operator<(const Item$n &other) const { return rank < other.rank; }\n};", n=n)
        ranks = [1, 2, 3]
        g.rng.shuffle(ranks)
        statements(g, "std::priority_queue<Item$n> heap$n;\n! heap$n.push({$a, $r});\n! heap$n.push({$b, $s});\n! heap$n.push(Item$n{$c, $t});", n=n, a=a, b=b, c=c, r=ranks[0], s=ranks[1], t=ranks[2])
        if g.chance(0.5):
            g.say("heap{}.pop();".format(n))
            ranks[ranks.index(3)] = 0
        meet(g, "heap{}.top().t".format(n), ([d, e, f][ranks.index(max(ranks))],) * 2)
    elif form == "grid":
        statements(g, "std::vector<std::array<torch::Tensor, 2>> grid$n(2);\nfor (size_t i = 0; i < 2; ++i) {\n  ! grid$n[i][0] = i == 0 ? $a : $b;\n  ! grid$n[i][1] = $c;\n}\nstd::swap(grid$n[0], grid$n[1]);", n=n, a=a, b=b, c=c)
        meet(g, "grid{}[0][0]".format(n), (e,) * 2)
        meet(g, "grid{}.back()[{}]".format(n, g.choice(["0"])), (d,) * 2)
    elif form == "pointers":
        declare(g, "struct Node$n {\n  torch::Tensor value;\n  std::shared_ptr<Node$n> next;\n};", n=n)
        statements(g, "auto head$n = std::make_shared<Node$n>();\n! head$n->value = $a;\nhead$n->next = std::make_shared<Node$n>();\n! head$n->next->value = $b;\nfor (auto node = head$n; node; node = node->next) {\n  ! node->value = node->value$move;\n}", n=n, a=a, b=b, move=".to({})".format(k(f)) if g.chance(0.5) else " * 2")
        moved = ".to(" in g.lines[-2]
        meet(g, "head{}->next->value".format(n), (f if moved else e,) * 2)
        meet(g, "head{}->value".format(n), (f if moved else d,) * 2)
    elif form == "optionals":
        statements(g, "std::vector<std::optional<torch::Tensor>> slots$n(3);\n! slots$n[0] = $a;\n! slots$n[2] = $b;\n! torch::Tensor found$n = $c;\nfor (const auto &slot : slots$n) {\n  if (slot) {\n    found$n = *slot;\n$leave  }\n}", n=n, a=a, b=b, c=c, leave=g.choice(["    break;\n", ""]))
        meet(g, "found" + n, (d if any("break;" in line for line in g.lines[-3:]) else e,) * 2)
        meet(g, "slots{0}[1].value_or(slots{0}[{1}].value())".format(n, 2), (e,) * 2)
    else:
        statements(g, "std::map<int, std::map<std::string, torch::Tensor>> deep$n;\n! deep$n[1][\"x\"] = $a;\n! deep$n[2][\"x\"] = $b;\n! deep$n[1][\"y\"] = $c;\ndeep$n[3] = deep$n[1];\n! deep$n[1][\"x\"] = deep$n[1][\"x\"].to($m);", n=n, a=a, b=b, c=c, m=k(e))
        meet(g, "deep{}[3][\"x\"]".format(n), (d,) * 2)
        meet(g, "deep{}.at(1).at(\"{}\")".format(n, g.choice(["x"])), (e,) * 2)
    use(g)
