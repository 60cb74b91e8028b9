"""The operators of LibTorch and how their results relate to their operands, from the signatures."""
import glob
import os
import re

# Names of the C++ API that native_functions.yaml does not have.
CPP_ONLY = {
    "tensor": ("Factory", 1, False), "from_blob": ("Factory", 1, False),
    "cpu": ("LikeSelf", 1, False), "cuda": ("LikeSelf", 1, False), "toType": ("LikeSelf", 1, False),
    "toBackend": ("LikeSelf", 1, False), "hip": ("LikeSelf", 1, False), "xpu": ("LikeSelf", 1, False),
    "data": ("View", 1, False), "tensor_data": ("View", 1, False), "variable_data": ("View", 1, False),
    "grad": ("LikeSelf", 1, False), "mutable_grad": ("LikeSelf", 1, False),
    "index": ("Computed", 1, False), "index_put_": ("InPlace", 1, False),
    "set_requires_grad": ("InPlace", 1, False), "type_as": ("Computed", 1, False),
    "pack_padded_sequence": ("NotTensor", 0, False), "pack_sequence": ("NotTensor", 0, False),
}
NOT_TENSOR = """sizes strides size stride dim ndimension numel nbytes itemsize element_size defined is_cuda is_cpu
    device dtype scalar_type options layout data_ptr const_data_ptr mutable_data_ptr accessor packed_accessor32
    packed_accessor64 get_device storage has_storage use_count requires_grad is_leaf grad_fn backward toString
    print name is_sparse is_contiguous is_floating_point is_complex is_same has_names reset unsafeGetTensorImpl
    getIntrusivePtr suggest_memory_format is_quantized is_alias_of register_hook""".split()
# `to` and its like are copies or the tensor itself; the options decide.
LIKE_SELF = {"to", "_to_copy", "contiguous", "detach_copy", "to_dense", "clone"}


def tensors(returns):
    return [r for r in returns if "Tensor" in str(r.type)]


def kind(schema):
    """(ResultKind, tensors returned, returns a list)"""
    name, args, returns = schema.name.name, schema.arguments, schema.returns
    results = tensors(returns)
    as_list = any("[]" in str(r.type) for r in results)
    if not results:
        # `set_`-like functions without a result change self.
        return ("NotTensor", 0, False)
    if name.inplace:
        return ("InPlace", len(results), as_list)
    takes_tensor = any("Tensor" in str(a.type) for a in args.flat_non_out)
    if args.tensor_options is not None:
        if not takes_tensor:
            return ("Factory", len(results), as_list)
        if str(name).endswith("_like") or str(name).startswith("new_") or str(name) in LIKE_SELF:
            return ("LikeSelf", len(results), as_list)
    if str(name) in LIKE_SELF or str(name).endswith("_like") or str(name).startswith("new_"):
        return ("LikeSelf", len(results), as_list)
    if results[0].annotation is not None and not results[0].annotation.is_write:
        return ("View", len(results), as_list)
    return ("Computed", len(results), as_list)


def merge(schemas):
    """One answer for a base name: that of its first overload; whether another one is a factory."""
    plain = [s for s in schemas if not s.arguments.out] or schemas
    kinds = [kind(s) for s in plain]
    best = next((k for k in kinds if k[0] not in ("Factory", "NotTensor")), kinds[0])
    if kinds[0][0] == "Factory" and best[0] == "Computed" and plain[0].arguments.tensor_options is not None:
        best = kinds[0]  # linspace(Tensor start, ...): a factory in spirit, all the same
    return best, any(k[0] == "Factory" for k in kinds) and best[0] != "Factory"


def functionals(site_packages):
    """{name: (results, list)} of torch::nn::functional, from its headers."""
    found = {}
    folder = os.path.join(site_packages, "torch/include/torch/csrc/api/include/torch/nn/functional")
    for path in sorted(glob.glob(os.path.join(folder, "*.h"))):
        for match in re.finditer(r"^inline (Tensor|std::tuple<([^>]*)>|ASMoutput) (\w+)\(", open(path).read(), re.M):
            if not match[3].startswith("_"):
                found[match[3]] = 1 if match[1] == "Tensor" else 2
    return found


def rows(schemas, functional):
    """OPERATOR(name, kind, results, list, has an out variant, factory without tensors)."""
    lines = {}
    for name, overloads in schemas.items():
        (result, count, as_list), factory = merge(overloads)
        has_out = any(s.arguments.out for s in overloads)
        lines[name] = (result, count, as_list, has_out, factory)
    for name, count in functional.items():
        lines.setdefault(name, ("Computed", count, False, False, False))
    for name, (result, count, as_list) in CPP_ONLY.items():
        lines[name] = (result, count, as_list, False, False)
    for name in NOT_TENSOR:
        lines.setdefault(name, ("NotTensor", 0, False, False, False))
    text = {True: "true", False: "false"}
    return ['OPERATOR("%s", %s, %d, %s, %s, %s)' % (n, k, min(c, 255), text[l], text[o], text[f])
            for n, (k, c, l, o, f) in sorted(lines.items())]
