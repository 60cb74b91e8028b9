"""Infers, from what was observed, the rule that an operator's result follows in dtype and in dimensions.

The first rule of a list that fits every observation wins; where none does, the result is unknown.
"""
import re

import contracts as measured

# Views whose number of dimensions follows from the operand's; the others depend on sizes or numbers.
RANKED_VIEWS = {"unsqueeze", "transpose", "permute", "expand", "expand_as", "narrow", "slice", "flatten", "split", "chunk",
                "detach", "tensor_split", "split_with_sizes", "unsafe_split", "unsafe_chunk", "flip", "movedim", "view_as_real"}

ORDER = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
         "complex32", "complex64", "complex128"]
COMPLEX = {"float16": "complex32", "float32": "complex64", "float64": "complex128"}
INTEGRAL, FLOATING = ORDER[:6], ORDER[6:10]


def category(t):
    return 0 if t == "bool" else 1 if t in INTEGRAL else 2 if t in FLOATING else 3


def join(a, b):
    if a == b:
        return a
    low, high = sorted((a, b), key=ORDER.index)
    if high in ORDER[10:]:
        wide = {"float64": "complex128", "float32": "complex64", "bfloat16": "complex64"}.get(low, high)
        return max(high, wide, key=ORDER.index)
    return "float32" if (low, high) == ("float16", "bfloat16") else "int16" if (low, high) == ("uint8", "int8") else high


def promote(operands):
    """torch.result_type of tensors: a 0-dim one counts only where its category is higher."""
    best = None
    many = [t for _, t, d in operands if d]
    zero = [t for _, t, d in operands if not d]
    for t in many:
        best = t if best is None else join(best, t)
    scalar = None
    for t in zero:
        scalar = t if scalar is None else join(scalar, t)
    if best is None or scalar is None:
        return best or scalar
    if category(scalar) <= category(best) and best != "bool":
        return best
    if category(best) == 2:  # A complex number keeps the precision of the tensor.
        return COMPLEX.get(best, "complex64")
    return join(best, scalar)


def flat(operands):
    best = operands[0][1]
    for _, t, _ in operands[1:]:
        best = join(best, t)
    return best


def to_float(t):
    return "float32" if t in INTEGRAL else t


def to_real(t):
    return {"complex32": "float16", "complex64": "float32", "complex128": "float64"}.get(t, t)


DTYPE_RULES = {
    "Promote": promote,
    "PromoteAll": flat,
    "PromoteFloat": lambda o: to_float(promote(o)),
    "PromoteAllFloat": lambda o: to_float(flat(o)),
    "PromoteReal": lambda o: to_real(promote(o)),
    "PromoteFloatReal": lambda o: to_real(to_float(promote(o))),
    "Sum": lambda o: "int64" if promote(o) in INTEGRAL else promote(o),
    "Complex": lambda o: COMPLEX.get(to_float(promote(o)), promote(o)),
}
ENUMERATORS = {"bool": "Bool", "uint8": "UInt8", "int8": "Int8", "int16": "Int16", "int32": "Int32", "int64": "Int64",
               "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double"}


def masks(observations):
    """Sets of roles that may decide: all, each alone, all but one."""
    names = list(dict.fromkeys(r for operands, _ in observations for r, _, _ in operands))
    yield ()
    for name in names if len(names) > 1 else []:
        yield (name,)
    for name in names if len(names) > 2 else []:
        yield tuple(n for n in names if n != name)


def chosen(operands, mask):
    return [o for o in operands if not mask or o[0] in mask]


def dtype_rule(observations):
    """observations: [(operands, result dtype)] -> (rule, dtype, roles) or None."""
    found = {t for _, t in observations}
    given = {t for operands, _ in observations for _, t, _ in operands}
    if len(found) == 1 and (len(given) > 1 or found <= {"bool", "int64"}):
        only = next(iter(found))
        if only in ENUMERATORS and only not in given or len({flat(o) for o, _ in observations}) > 1:
            return ("Fixed", ENUMERATORS.get(only), ()) if only in ENUMERATORS else None
    for mask in masks(observations):
        for name, rule in DTYPE_RULES.items():
            if all(chosen(o, mask) and rule(chosen(o, mask)) == t for o, t in observations):
                return name, "Unknown", mask
    return None


def rank_rule(observations):
    """observations: [(operands, result dimensions)] -> (rule, roles)."""
    if not any(d for operands, _ in observations for _, _, d in operands):
        return "Unknown", ()
    if all(dim == 0 for _, dim in observations):
        return "Zero", ()
    for mask in masks(observations):
        if all(chosen(o, mask) and bool(dim) == any(d for _, _, d in chosen(o, mask)) for o, dim in observations):
            return "Same", mask
    if all(dim for _, dim in observations):
        return "Some", ()
    return "Unknown", ()


def has_dim(keywords, schemas):
    if "dim" in keywords or "axis" in keywords:
        return True
    names = {a.name for s in schemas for a in s.arguments.flat_non_out}
    return bool(names & {"dim", "dims", "axis"}) and bool(set(keywords) & {"int", "tuple", "list"})


def scalar_operand(schemas):
    """An overload takes a number where another takes a tensor: its category is not known here."""
    return any(str(a.type).startswith("Scalar") and a.name in ("other", "exponent", "min", "max", "end")
               for s in schemas for a in s.arguments.flat_non_out)


def trusted(name, group, seen, schemas):
    """Whether the samples are rich enough to say how many dimensions the result has."""
    if any(s.returns and s.returns[0].annotation and not s.returns[0].annotation.is_write for s in schemas):
        return name in RANKED_VIEWS
    if group != "AlongDim":
        return True
    # Reducing the one dimension of a tensor gives a 0-dim one.
    keeps = any(a.name == "keepdim" for s in schemas for a in s.arguments.flat_non_out)
    return not keeps and any(o[0][2] == 1 for o, _, _ in seen)


def groups(record, name, schemas):
    """{(group, result index): [(operands, dtype, dimensions)]}"""
    found = {}
    for operands, keywords, results in record["seen"]:
        if {"dtype", "out", "reduction", "rounding_mode"} & set(keywords):
            continue
        leaves = [leaf for leaf, _, _ in operands]
        roles = measured.roles(name, leaves, schemas)
        if not roles or not operands:
            continue
        named = [(roles[leaf], t, d) for leaf, t, d in operands]
        group = "Many" if len(operands) > 1 else "AlongDim" if has_dim(keywords, schemas.get(name, [])) else "Alone"
        for index, (dtype, dim) in enumerate(results[:8]):
            found.setdefault((group, index), []).append((named, dtype, dim))
    return found


def infer(ops, schemas):
    """Lines of results.inc, sorted by operator, and {alias: operator}."""
    merged, aliases = {}, {}
    for key, record in ops.items():
        name = measured.aten_name(key, record)
        if name is None:
            continue
        for alias in record["aliases"]:
            aliases[re.sub(r"^(nn_functional|torch_special)_", "", alias.replace(".", "_"))] = name
        for place, seen in groups(record, name, schemas).items():
            merged.setdefault(name, {}).setdefault(place, []).extend(seen)
    for name, places in merged.items():
        # With a number for the second tensor; the samples hardly ever have one.
        if ("Many", 0) in places and ("Alone", 0) not in places and scalar_operand(schemas.get(name, [])):
            places[("Alone", 0)] = places[("Many", 0)]
    lines = []
    for name in sorted(merged):
        for (group, index), seen in sorted(merged[name].items()):
            rule = dtype_rule([(o, t) for o, t, _ in seen]) or ("Unknown", "Unknown", ())
            rank, rank_roles = rank_rule([(o, d) for o, _, d in seen])
            if not trusted(name, group, seen, schemas.get(name, [])):
                rank, rank_roles = "Unknown", ()
            if group == "Alone" and scalar_operand(schemas.get(name, [])) and rule[0].startswith("Promote") \
                    and "Float" not in rule[0]:
                rule = ("KeepFloating", "Unknown", ())
            if rule[0] == rank == "Unknown":
                continue
            lines.append('RESULT("%s", %s, %d, %s, %s, "%s", %s, "%s")' % (
                name, group, index, rule[0], rule[1], " ".join(rule[2]), rank, " ".join(rank_roles)))
    return lines, aliases
