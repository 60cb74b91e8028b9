"""Samples of PyTorch's operator and module databases, with their tensors moved
or cast one at a time: what the measurements have in common."""

import re

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db
from torch.utils._pytree import tree_flatten, tree_unflatten

# They take minutes.
SKIPPED = re.compile(r"^(linalg\.lobpcg|svd_lowrank|pca_lowrank)")


def short(error):
    text = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: " + re.sub(r"\s+", " ", text)[:220]


def name_of(op):
    return op.name + ("." + op.variant_test_name
                      if op.variant_test_name else "")


def operators():
    return [op for op in op_db if not SKIPPED.match(name_of(op))]


def modules():
    return list(module_db)


def tensor_paths(tree):
    """[(path, dimensions, dtype)] of the tensors in (input, args, kwargs)."""
    found = []

    def walk(value, path):
        if isinstance(value, torch.Tensor):
            found.append((path, value.dim(), str(value.dtype)))
        elif isinstance(value, (list, tuple)):
            for index, part in enumerate(value):
                walk(part, f"{path}[{index}]")
        elif isinstance(value, dict):
            for key in value:
                walk(value[key], key if path == "kwargs" else f"{path}.{key}")

    walk(tree[0], "input")
    for index, value in enumerate(tree[1]):
        walk(value, f"args[{index}]")
    walk(tree[2], "kwargs")
    return found


def rebuild(tree, change):
    """A copy of `tree`; change(index, tensor) gives each tensor's successor."""
    leaves, spec = tree_flatten(tree)
    count = 0
    for position, leaf in enumerate(leaves):
        if isinstance(leaf, torch.Tensor):
            leaves[position] = change(count, leaf)
            count += 1
    return tree_unflatten(leaves, spec), count


def place(device, odd=None, odd_device="cpu"):
    """Every tensor on `device`, the one with index `odd` on `odd_device`."""
    def change(index, tensor):
        where = odd_device if odd in (index, "all") else device
        return tensor.detach().to(where).clone()
    return change


def cast(device, odd, dtype):
    def change(index, tensor):
        copy = tensor.detach().to(device).clone()
        return copy.to(dtype) if index == odd else copy
    return change


def tensors_of(result):
    return [t for t in tree_flatten(result)[0] if isinstance(t, torch.Tensor)]


def devices_of(result):
    return sorted({t.device.type for t in tensors_of(result)})


def dtypes_of(result):
    return sorted({str(t.dtype) for t in tensors_of(result)})


def some_samples(op, device, dtype, most):
    found = []
    for sample in op.sample_inputs(device, dtype, requires_grad=False):
        found.append((sample.input, tuple(sample.args), dict(sample.kwargs)))
        if len(found) >= most:
            break
    return found
