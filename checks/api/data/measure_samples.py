#!/usr/bin/env python3
"""Measure on the CPU, sample by sample, which dtypes an operand may have: what measure_dtypes.py leaves open.

It asks three things more. Integer and bool operands (indices, masks, targets) are turned into other dtypes as well;
samples without elements, which run no kernel, are told apart; and each outcome says whether other tensors were given.
Outcomes are counted by [leaf, dimN or dim0, dtype, situation], where the situation is "empty", "alone" or "many".
Writes op_samples_cpu.json into the folder given. Usage: measure_samples.py OUT_DIR
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

DTYPES = [torch.float32, torch.float64, torch.int64, torch.float16, torch.bfloat16, torch.int32, torch.uint8, torch.bool]
SKIP = re.compile(r"linalg\.lobpcg|svd_lowrank|pca_lowrank|jiterator")
torch.manual_seed(0)

def names_of(tree):
    names = []
    def walk(x, p):
        if isinstance(x, torch.Tensor): names.append((p, x))
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

ops = {}
for op in op_db:
    key = op.name + ("." + op.variant_test_name if op.variant_test_name else "")
    base = next((d for d in (torch.float32, torch.int64, torch.bool) if d in op.dtypes), None)
    if SKIP.search(key) or base is None: continue
    try: samples = [s for _, s in zip(range(8), op.sample_inputs("cpu", base, requires_grad=False))]
    except Exception: continue
    cells = {}; t = time.time()
    for s in samples:
        tree = (s.input, tuple(s.args), dict(s.kwargs)); names = names_of(tree)
        if time.time() - t > 4 or "dtype" in s.kwargs: continue
        try: a, b, c = cast(tree, -1, None); op.op(a, *b, **c)
        except Exception: continue
        empty = any(x.numel() == 0 for _, x in names)
        situation = "empty" if empty else "alone" if len(names) == 1 else "many"
        for i, (leaf, x) in enumerate(names[:6]):
            if x.dtype not in (torch.float32, torch.int64, torch.int32, torch.bool): continue
            for dtype in DTYPES:
                if dtype == x.dtype: continue
                place = "|".join([leaf, "dim0" if x.dim() == 0 else "dimN", str(x.dtype)[6:], str(dtype)[6:], situation])
                cell = cells.setdefault(place, {"ok": 0, "raise": 0, "message": None})
                try: a, b, c = cast(tree, i, dtype); op.op(a, *b, **c); cell["ok"] += 1
                except Exception as e:
                    cell["raise"] += 1
                    text = type(e).__name__ + ": " + re.sub(r"\s+", " ", str(e).strip().split("\n")[0])[:200]
                    cell["message"] = cell["message"] or text
    ops[key] = {"aten": op.aten_name, "cells": cells}
json.dump({"meta": {"torch": torch.__version__}, "ops": ops}, open(os.path.join(sys.argv[1], "op_samples_cpu.json"), "w"), separators=(",", ":"))
print("ops", len(ops), "cells", sum(len(o["cells"]) for o in ops.values()))
