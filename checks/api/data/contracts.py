"""Reads the raw measurements and gives, per ATen operator and parameter, what was measured."""
import json
import re

from torchgen.model import FunctionSchema

# OpInfo's name -> ATen's base name, where dropping the namespace is not enough.
NAMES = {
    "cross_entropy": "cross_entropy_loss",
    "grid_sample": "grid_sampler",
    "multi_head_attention_forward": None,  # its arguments are a Python wrapper's
    "triplet_margin_with_distance_loss": None,  # runs a Python callable
    "__getitem__": "index",
}
# Python only: no C++ function has these semantics.
PYTHON_ONLY = re.compile(r"^(masked\.|jiterator|__r\w+__|torch\.ops\.|signal\.|broadcast_shapes|sparse\.)")
# Operators whose OpInfo hides a list, or another order of arguments, behind a lambda.
VARIADIC = {"broadcast_tensors", "block_diag", "cartesian_prod", "meshgrid", "einsum",
            "atleast_1d", "atleast_2d", "atleast_3d"}
POSITIONAL = {
    "where": ["self", "condition", "other"],
    "cross_entropy_loss": ["self", "target"],
    "multilabel_soft_margin_loss": ["self", "target"],
    "grid_sampler": ["input", "grid"],
    "gaussian_nll_loss": ["input", "target", "var"],
    "max_unpool1d": ["self", "indices"],
    "index": ["self", "indices"],
    "repeat_interleave": ["self", "repeats"],
    # torch.nn.functional's order, not ATen's.
    "batch_norm": ["input", "running_mean", "running_var", "weight", "bias"],
}
DTYPES = ["float64", "int64", "float16", "bfloat16"]
# The dtypes that an index, a mask or a target was tried in.
INDEX_DTYPES = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"]


def load_schemas(path):
    """{base name: [FunctionSchema]} of native_functions.yaml."""
    import yaml
    schemas = {}
    for entry in yaml.safe_load(open(path)):
        schema = FunctionSchema.parse(entry["func"])
        schemas.setdefault(str(schema.name.name), []).append(schema)
    return schemas


def aten_name(key, record):
    """ATen's base name of an OpInfo, or None for Python-only ones."""
    if PYTHON_ONLY.match(key):
        return None
    name = record["aten"].replace("nn.functional.", "").replace(".", "_")
    return NAMES.get(name, name)


def split_leaf(leaf):
    """'args[1][0]' -> (2, None): the position; 'weight' -> (None, 'weight')."""
    match = re.match(r"(?:(input)|args\[(\d+)\]|(\w+))", leaf)
    if match[1]:
        return 0, None
    if match[2]:
        return int(match[2]) + 1, None
    return None, match[3]


def roles(name, leaves, schemas):
    """{leaf: parameter name}, or None where no overload fits."""
    if name in VARIADIC:
        return {leaf: "tensors" for leaf in leaves}
    if name in POSITIONAL:
        given = POSITIONAL[name]
        return {leaf: given[p] if p is not None and p < len(given) else n
                for leaf in leaves for p, n in [split_leaf(leaf)]}
    for schema in schemas.get(name, []) or schemas.get(name + "_", []):
        params = list(schema.arguments.flat_non_out)
        found = {}
        for leaf in leaves:
            position, keyword = split_leaf(leaf)
            if position is None:
                position = next((i for i, p in enumerate(params) if p.name == keyword), len(params))
            if position >= len(params) or "Tensor" not in str(params[position].type):
                break
            found[leaf] = params[position].name
        else:
            return found
    return {leaf: "input" for leaf in leaves} if len(leaves) == 1 else None


class Cell:
    """Counts of one situation, and the first message."""

    def __init__(self):
        self.ok = self.raised = 0
        self.message = None

    def add(self, raw):
        if raw:
            self.ok += raw["ok"]
            self.raised += raw["raise"]
            self.message = self.message or raw["message"]

    def letter(self):
        if self.ok and self.raised:
            return "m"
        return "o" if self.ok else "r" if self.raised else "-"


def total(cells):
    """The sum of cells."""
    cell = Cell()
    for c in cells:
        cell.ok += c.ok
        cell.raised += c.raised
        cell.message = cell.message or c.message
    return cell


class Operand:
    def __init__(self, role):
        self.role = role
        self.device = {"dimN": Cell(), "dim0": Cell()}
        # (dimensionality, dtype of the sample, dtype tried, situation) -> Cell, of measure_samples.py.
        self.samples = {}
        # Where -> dimensionality -> dtype.
        self.dtype = {w: {d: {t: Cell() for t in DTYPES} for d in ("dimN", "dim0")} for w in ("cuda", "cpu")}


def merge(device_ops, dtype_ops, sample_ops, schemas):
    """{ATen name: {role: Operand}}; dtype_ops is {'cuda': ops, 'cpu': ops}. Also lists what has no C++ operator."""
    merged, skipped = {}, []

    def operands(key, record):
        name = aten_name(key, record)
        if name is None or not record["leaves"]:
            skipped.append(key)
            return {}, {}
        found = roles(name, list(record["leaves"]), schemas)
        if found is None:
            skipped.append(key)
            return {}, {}
        table = merged.setdefault(name, {})
        for role in found.values():
            table.setdefault(role, Operand(role))
        return table, found

    for key, record in device_ops.items():
        table, found = operands(key, record)
        for leaf, role in found.items():
            if len(record["leaves"]) > 1:  # a lone tensor cannot disagree
                for rank in ("dimN", "dim0"):
                    table[role].device[rank].add(record["leaves"][leaf][rank])
    for where, ops in dtype_ops.items():
        for key, record in ops.items():
            if "with_dtype" in key:  # Converts first.
                continue
            table, found = operands(key, record)
            for leaf, role in found.items():
                for rank in ("dimN", "dim0"):
                    for dtype, raw in record["leaves"][leaf][rank].items():
                        table[role].dtype[where][rank][dtype].add(raw)
    for key, record in sample_ops.items():
        places = [place.split("|") for place in record["cells"]]
        if "with_dtype" in key:
            continue
        table, found = operands(key, {"aten": record["aten"], "leaves": dict.fromkeys(p[0] for p in places)})
        for (leaf, *place), cell in zip(places, record["cells"].values()):
            if found:
                table[found[leaf]].samples.setdefault(tuple(place), Cell()).add(cell)
    return merged, sorted(set(skipped))
