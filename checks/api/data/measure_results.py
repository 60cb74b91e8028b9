#!/usr/bin/env python3
"""Measure how the dtype and the number of dimensions of an operator's results follow from its operands.

Every sample of PyTorch's operator database runs on the CPU in several dtypes, and again with one operand at a time
in another dtype. Each observation is [operands, keywords, results]: an operand is [leaf, dtype, dimensions], a result
[dtype, dimensions], keywords the names of the non-tensor arguments that were given. Writes op_results.json into the
folder given. Usage: measure_results.py OUT_DIR
"""
import json, os, sys, time, types, unittest, warnings, re
warnings.filterwarnings("ignore")
try:
    import expecttest  # noqa: F401
except ImportError:  # PyTorch's test database imports it and never uses it here
    stub = types.ModuleType("expecttest"); stub.TestCase = unittest.TestCase; sys.modules["expecttest"] = stub
import torch
from torch.utils._pytree import tree_flatten, tree_unflatten
from torch.testing._internal.common_methods_invocations import op_db

BASE = [torch.float32, torch.float64, torch.int64, torch.int32, torch.bool, torch.bfloat16, torch.complex64]
OTHER = [torch.float64, torch.int64, torch.float16, torch.bool]
SKIP = re.compile(r"^(linalg\.lobpcg|svd_lowrank|pca_lowrank|empty|new_empty|jiterator)")
MAX_SAMPLES = 10
torch.manual_seed(0)

def names_of(tree):
    names = []
    def walk(x, p):
        if isinstance(x, torch.Tensor): names.append([p, str(x.dtype)[6:], x.dim()])
        elif isinstance(x, (list, tuple)):
            for i, y in enumerate(x): walk(y, f"{p}[{i}]")
        elif isinstance(x, dict):
            for k in x: walk(x[k], k if p == "kwargs" else f"{p}.{k}")
    walk(tree[0], "input")
    for i, a in enumerate(tree[1]): walk(a, f"args[{i}]")
    walk(tree[2], "kwargs")
    return names

def cast(tree, which, dtype):
    leaves, spec = tree_flatten(tree); out = []; k = 0
    for x in leaves:
        if isinstance(x, torch.Tensor):
            y = x.detach().clone(); out.append(y.to(dtype) if k == which else y); k += 1
        else: out.append(x)
    return tree_unflatten(out, spec)

def results(r):
    return [[str(x.dtype)[6:], x.dim()] for x in tree_flatten(r)[0] if isinstance(x, torch.Tensor)]

def keywords(tree):
    given = sorted(k for k, v in tree[2].items() if not isinstance(v, torch.Tensor))
    positional = [type(a).__name__ for a in tree[1] if not isinstance(a, torch.Tensor)]
    return given + positional

ops = {}
for op in op_db:
    key = op.name + ("." + op.variant_test_name if op.variant_test_name else "")
    if SKIP.match(key): continue
    seen = []; t = time.time()
    for dtype in BASE:
        if dtype not in op.dtypes or time.time() - t > 4: continue
        try: samples = [s for _, s in zip(range(MAX_SAMPLES), op.sample_inputs("cpu", dtype, requires_grad=False))]
        except Exception: continue
        for s in samples:
            tree = (s.input, tuple(s.args), dict(s.kwargs)); n = len(names_of(tree))
            for which, other in [(-1, None)] + [(i, d) for i in range(min(n, 4)) for d in OTHER if n > 1 and d != dtype]:
                a, b, c = cast(tree, which, other); operands = names_of((a, b, c))
                try: r = op.op(a, *b, **c)
                except Exception: continue
                seen.append([operands, keywords(tree), results(r)])
    unique = {json.dumps(o): o for o in seen}
    ops[key] = {"aten": op.aten_name, "aliases": [a.name for a in op.aliases], "seen": list(unique.values())}
json.dump({"meta": {"torch": torch.__version__}, "ops": ops}, open(os.path.join(sys.argv[1], "op_results.json"), "w"), separators=(",", ":"))
print("ops", len(ops), "observations", sum(len(o["seen"]) for o in ops.values()))
