#!/usr/bin/env python3
"""Measure a CUDA device with PyTorch's own operator and module databases.

Which tensor of a call may be on the CPU while the rest is on CUDA; which may
have another element type; and whether the numbers are the CPU's. Run it on a
GPU, or on the emulated device:

  LD_PRELOAD=<build>/lib/libtorch_tidy_emulator.so python measure.py OUT

Writes op_contracts.json, module_contracts.json, op_dtypes_cuda.json,
module_dtypes_cuda.json and numbers.json into OUT; see compare.py.
"""

import json
import os
import sys

import torch

if not torch.backends.cuda.is_built():
    import standin  # noqa: F401
from databases import (cast, devices_of, dtypes_of, modules, name_of, operators,
                       place, rebuild, short, some_samples, tensor_paths,
                       tensors_of)

DTYPES = (torch.float32, torch.int64, torch.bool, torch.complex64)
OTHERS = {"float64": torch.float64, "int64": torch.int64,
          "float16": torch.float16, "bfloat16": torch.bfloat16}


class Cell(dict):
    """How the calls with one tensor changed went."""

    def __init__(self, **more):
        super().__init__(ok=0, message=None, result=None, **more)
        self["raise"] = 0

    def run(self, call, describe):
        try:
            result = call()
            torch.cuda.synchronize()
        except Exception as error:
            self["raise"] += 1
            self["message"] = self["message"] or short(error)
        else:
            self["ok"] += 1
            self["result"] = describe(result)


def each_sample(op, dtype, most, record):
    """Samples that run with everything on CUDA, with their tensors' paths."""
    try:
        samples = some_samples(op, "cuda", dtype, most)
    except Exception as error:
        record["error"] = short(error)
        return
    for tree in samples:
        paths = tensor_paths(tree)
        try:
            (first, args, kwargs), count = rebuild(tree, place("cuda"))
            op.op(first, *args, **kwargs)
        except Exception as error:
            record.setdefault("baseline_error", short(error))
            continue
        if count == len(paths) and count:
            yield tree, paths


def operator_devices(op):
    dtype = next((d for d in DTYPES if d in op.dtypesIfCUDA or d in op.dtypes),
                 None)
    record = {"aten": op.aten_name, "leaves": {}}
    if dtype is None:
        return record
    for tree, paths in each_sample(op, dtype, 12, record):
        for index, (path, dimensions, leaf_dtype) in enumerate(paths[:8]):
            slot = record["leaves"].setdefault(path,
                                               {"dim0": None, "dimN": None})
            kind = "dim0" if dimensions == 0 else "dimN"
            slot[kind] = slot[kind] or Cell(dtype=leaf_dtype,
                                            alone=len(paths) == 1)
            (first, args, kwargs), _ = rebuild(tree, place("cuda", index))
            slot[kind].run(lambda: op.op(first, *args, **kwargs), devices_of)
    return record


def operator_dtypes(op):
    record = {"aten": op.aten_name, "leaves": {}}
    if torch.float32 not in op.dtypes:
        return record
    for tree, paths in each_sample(op, torch.float32, 6, record):
        for index, (path, dimensions, dtype) in enumerate(paths[:6]):
            if dtype != "torch.float32":
                continue
            slot = record["leaves"].setdefault(
                path, {"alone": len(paths) == 1, "dim0": {}, "dimN": {}})
            slot = slot["dim0" if dimensions == 0 else "dimN"]
            for name, other in OTHERS.items():
                (first, args, kwargs), _ = rebuild(tree,
                                                   cast("cuda", index, other))
                slot.setdefault(name, Cell()).run(
                    lambda: op.op(first, *args, **kwargs), dtypes_of)
    return record


def each_module(info, most, record):
    """(module on CUDA, inputs) that run together."""
    try:
        inputs = list(info.module_inputs_func(
            info, device="cuda", dtype=torch.float32, requires_grad=False,
            training=False))[:most]
    except Exception as error:
        record["error"] = short(error)
        return
    for one in inputs:
        if one.forward_input is None:
            continue
        tree = (None, tuple(one.forward_input.args),
                dict(one.forward_input.kwargs))
        made = (None, tuple(one.constructor_input.args),
                dict(one.constructor_input.kwargs))
        try:
            (_, args, kwargs), _ = rebuild(made, place("cpu"))
            module = info.module_cls(*args, **kwargs).to("cuda").eval()
            (_, args, kwargs), _ = rebuild(tree, place("cuda"))
            module(*args, **kwargs)
        except Exception as error:
            record.setdefault("baseline_error", short(error))
            continue
        yield module, tree


def outcome(call, describe):
    try:
        result = call()
        torch.cuda.synchronize()
        return {"raised": False, "result": describe(result)}
    except Exception as error:
        return {"raised": True, "message": short(error)}


def has_state(module):
    return any(True for _ in module.parameters()) or any(
        True for _ in module.buffers())


def module_devices(info):
    record = {"cases": []}
    for module, tree in each_module(info, 6, record):
        state = has_state(module)
        for index, (path, dimensions, dtype) in enumerate(
                tensor_paths(tree)[:6]):
            (_, args, kwargs), _ = rebuild(tree, place("cuda", index))
            record["cases"].append(
                {"module": "cuda", "cpu_leaf": path, "dim": dimensions,
                 "dtype": dtype, "state": state,
                 **outcome(lambda: module(*args, **kwargs), devices_of)})
        module.to("cpu")
        (_, args, kwargs), _ = rebuild(tree, place("cuda"))
        record["cases"].append(
            {"module": "cpu", "cuda_leaf": "all", "state": state,
             **outcome(lambda: module(*args, **kwargs), devices_of)})
    return record


def module_dtypes(info):
    record = {"cases": []}
    for module, tree in each_module(info, 5, record):
        for index, (path, dimensions, dtype) in enumerate(
                tensor_paths(tree)[:5]):
            if dtype != "torch.float32":
                continue
            for name, other in OTHERS.items():
                (_, args, kwargs), _ = rebuild(tree, cast("cuda", index, other))
                record["cases"].append(
                    {"leaf": path, "dim": dimensions, "dtype": name,
                     "state": has_state(module),
                     **outcome(lambda: module(*args, **kwargs), dtypes_of)})
    return record


def equal(ours, theirs):
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    ours, theirs = ours.cpu().to_dense(), theirs.cpu().to_dense()
    if not (ours.is_floating_point() or ours.is_complex()):
        return torch.equal(ours, theirs)
    return torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6, equal_nan=True)


def operator_numbers(op):
    """Results on CUDA against those on the CPU. What draws random numbers, so
    that another seed gives other results, is only counted."""
    record = {"same": 0, "random": 0, "different": []}
    dtype = next((d for d in DTYPES if d in op.dtypes and d in op.dtypesIfCUDA),
                 None)
    try:
        samples = some_samples(op, "cpu", dtype, 8) if dtype else []
    except Exception as error:
        return {**record, "error": short(error)}
    for tree in samples:
        def run(device, seed=1):
            torch.manual_seed(seed)
            (first, args, kwargs), _ = rebuild(tree, place(device))
            return tensors_of(op.op(first, *args, **kwargs))
        try:
            theirs, again, ours = run("cpu"), run("cpu", 2), run("cuda")
        except Exception as error:
            record.setdefault("baseline_error", short(error))
            continue
        if not all(map(equal, theirs, again)):
            record["random"] += 1
        elif len(ours) == len(theirs) and all(map(equal, ours, theirs)):
            record["same"] += 1
        else:
            record["different"].append([str(tuple(t.shape)) for t in theirs])
    return record


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    meta = {"torch": torch.__version__, "device": torch.cuda.get_device_name(0)}
    for name, kind, rows, measure in (
            ("op_contracts", "ops", operators(), operator_devices),
            ("module_contracts", "modules", modules(), module_devices),
            ("op_dtypes_cuda", "ops", operators(), operator_dtypes),
            ("module_dtypes_cuda", "modules", modules(), module_dtypes),
            ("numbers", "ops", operators(), operator_numbers)):
        torch.manual_seed(0)
        table = {}
        for row in rows:
            key = name_of(row) if kind == "ops" else row.name
            table[key] = measure(row)
        with open(os.path.join(folder, name + ".json"), "w") as handle:
            json.dump({"meta": meta, kind: table}, handle, indent=0)
        print(f"{name}: {len(table)} {kind}", flush=True)


if __name__ == "__main__":
    main()
