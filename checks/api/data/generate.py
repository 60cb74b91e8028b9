#!/usr/bin/env python3
"""Writes the tables that checks/api compiles in: operators.inc, aliases.inc, operands.inc, messages.inc
and results.inc.

Usage: generate.py --contracts DIR --results DIR --torch SITE_PACKAGES [--out DIR] [--tests DIR]

DIR of --contracts holds op_contracts.json and op_dtypes_cuda.json (measure_contracts.py and measure_dtypes.py on a
GPU), DIR of --results op_dtypes_cpu.json (measure_dtypes.py without one) and op_results.json (measure_results.py).
SITE_PACKAGES is the folder that `torch` and `torchgen` are installed in: the operator signatures come from its
native_functions.yaml, the functions of torch::nn::functional from its headers. Needs PyYAML.
"""
import argparse
import json
import os
import re
import sys


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contracts", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--torch", required=True)
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--tests", help="write what was measured as tables for the unit tests into this folder")
    return parser.parse_args()


ARGS = arguments()
sys.path.insert(0, ARGS.torch)
import contracts as measured  # noqa: E402
import operators  # noqa: E402
import results  # noqa: E402


def raw(folder, name, part="ops"):
    with open(os.path.join(folder, name)) as file:
        return json.load(file)[part]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Messages:
    """Each text once, by number; 0 is none."""

    def __init__(self):
        self.texts = [""]

    def number(self, text):
        if not text:
            return 0
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)


# How C++ spells the types that Python's messages name.
CPP_TYPES = [(r"torch\.cuda\.(\w+)Tensor", r"CUDA\1Type"), (r"torch\.(\w+)Tensor", r"CPU\1Type")]
# One dtype in the spellings of messages: c10::ScalarType, C++ type, tensor type.
SPELLED = {"float32": ("Float", "float"), "float64": ("Double", "double"), "int64": ("Long", "long int"),
           "float16": ("Half", "c10::Half"), "bfloat16": ("BFloat16", "c10::BFloat16"),
           "int32": ("Int", "int")}
CUT = 195  # The measurement keeps about this many characters of a message.


def cpp(message):
    """The message as C++ prints it: without the exception's Python name."""
    text = re.sub(r"^\w+: ", "", message)
    for python, here in CPP_TYPES:
        text = re.sub(python, here, text)
    # A location in LibTorch's build tree is not stable; the text before is.
    text = re.sub(r"^(iter\.device\(arg\)\.is_cuda\(\) INTERNAL ASSERT FAILED).*", r"\1", text)
    text = re.sub(r" \(Could this error message be improved\?.*", "", text)
    # The variant for weights that need no gradient; a module's do.
    text = text.replace("_embedding_bag_forward_only", "_embedding_bag")
    return text if len(text) < CUT else text[:text.rfind(" ")]


def dtype_template(cells, order):
    """A message with {W} {w} for the wrong operand's dtype and {B} {b} for the others', from the first dtype of
    `order` that raised."""
    for dtype in order:
        if not cells[dtype].message:
            continue
        text = cpp(cells[dtype].message)
        big, small = SPELLED[dtype]
        text = re.sub(r"(?<![\w:])" + re.escape(small) + r"(?!\w)", "{w}", text)
        text = re.sub(r"(?<![A-Za-z0-9])(CUDA|CPU)?" + big + r"(?=Type|\b)", r"\1{W}", text)
        text = re.sub(r"(?<![\w:])float(?![\w])", "{b}", text)
        text = re.sub(r"(?<![A-Za-z0-9])(CUDA|CPU)?Float(?=Type|\b)", r"\1{B}", text)
        # A list of the dtypes that would do is not a report of the others': the text before it is what stays.
        name = r"(\{[BbWw]\}|c?(float|double)|Half|BFloat16|Float|Double|Int|Long)"
        listed = re.search(name + r"(, (or )?| or )" + name, text)
        if not listed:
            listed = re.search(r"\{[Bb]\} and double", text)
        if listed:
            text = text[:listed.start()].rstrip(" '\"")
        # The sizes are the sample's.
        text = re.sub(r"^[\w.]+\(\{W\}\{\[[^)]*\]\}\): ", "", text)
        return text.split(", but got a signal size of")[0]
    return None


def refined(operand, rank, dtype):
    """The letter of what raised in some samples only, by the samples themselves: those without elements run no kernel,
    and 'p' raises where another tensor is given and not alone."""
    def cell(situation):
        return measured.total(c for (r, base, t, s), c in operand.samples.items()
                              if (r, base, t, s) == (rank, "float32", dtype, situation))
    many, alone = cell("many").letter(), cell("alone").letter()
    if many == "r":
        return "p" if alone == "o" else "r" if alone in "r-" else "m"
    return "r" if many == "-" and alone == "r" else "m"


# Whose dtype is compared on some ways through the operator only: by size (cdist).
OPEN = {("cdist", "x1"), ("cdist", "x2")}


def letters(name, operand, where):
    if (name, operand.role) in OPEN:
        return "m" * 8
    found = ""
    for rank in ("dimN", "dim0"):
        for dtype in measured.DTYPES:
            cell = operand.dtype[where][rank][dtype]
            letter = cell.letter()
            if letter == "m":
                # The CPU has to show the same mixture, in this dtype or in one with the same outcomes on the GPU.
                for like in [dtype] + measured.DTYPES:
                    other = operand.dtype[where][rank][like]
                    if letter == "m" and (other.ok, other.raised) == (cell.ok, cell.raised) \
                            and operand.dtype["cpu"][rank][like].letter() == "m":
                        letter = refined(operand, rank, like)
            found += letter
    return found


def index_cells(operand):
    """Per dtype what became of an operand that is no floating-point tensor: an index, a mask, a target."""
    return {t: measured.total(c for (_, base, tried, situation), c in operand.samples.items()
                              if base != "float32" and tried == t and situation != "empty")
            for t in measured.INDEX_DTYPES}


def index_letters(operand):
    cells = index_cells(operand)
    bases = {base for (_, base, _, _) in operand.samples}
    # What a sample has is fine; an int64 index turned into a mask throws for its shape.
    allowed = bases | ({"uint8"} if "bool" in bases and cells["uint8"].ok else set())
    found = "".join("o" if t in allowed and t != "float32" and set(bases) - {"float32"} else cells[t].letter()
                    for t in measured.INDEX_DTYPES)
    if "float32" in bases and found != "--------":
        # Of cross_entropy's target: class indices here, probabilities there.
        found = "mmmm" + found[4:]
    return found


def wide_letters(operand):
    """What became of a floating-point operand in int32, uint8 and bool, on the CPU."""
    return "".join(measured.total(c for (_, base, tried, situation), c in operand.samples.items()
                                  if base == "float32" and tried == t and situation != "empty").letter()
                   for t in ("int32", "uint8", "bool"))


def merged_cells(operand, where):
    """Per dtype the cell that has a message, N-dimensional first."""
    found = {}
    for dtype in measured.DTYPES:
        many, zero = operand.dtype[where]["dimN"][dtype], operand.dtype[where]["dim0"][dtype]
        found[dtype] = many if many.message else zero
    return found


def device_row(name, operand, override):
    """(letter of dimN, of dim0, message of dimN, of dim0). What raised in some samples and not in others does so
    where another tensor is given and has elements (docs/contracts.md lists them): those count as raised."""
    cells = operand.device
    kept = {"dimN": "r", "dim0": "r"}
    if (name, operand.role) == ("linalg_pinv", "rtol"):
        kept["dim0"] = "m"  # Depends on which algorithm rtol selects.
    if override:
        return list(override[:2]) + [override[2] or (cells[r].message and cpp(cells[r].message))
                                     for r in ("dimN", "dim0")]
    row = [kept[r] if cells[r].letter() == "m" else cells[r].letter() for r in ("dimN", "dim0")]
    return row + [cpp(cells[r].message) if cells[r].message else None for r in ("dimN", "dim0")]


def supplement():
    """The rows of supplement.tsv, without their source."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "supplement.tsv")) as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return [line[:7] for line in lines]


def write(name, lines):
    head = ["// Made by generate.py; do not edit. Sources and licenses: PROVENANCE.md.", ""]
    with open(os.path.join(ARGS.out, name), "w") as file:
        file.write("\n".join(head + lines) + "\n")
    print(name, len(lines), "rows")


def main():
    schemas = measured.load_schemas(
        os.path.join(ARGS.torch, "torchgen/packaged/ATen/native/native_functions.yaml"))
    device_ops = raw(ARGS.contracts, "op_contracts.json")
    dtype_ops = {"cuda": raw(ARGS.contracts, "op_dtypes_cuda.json"), "cpu": raw(ARGS.results, "op_dtypes_cpu.json")}
    table, skipped = measured.merge(device_ops, dtype_ops, raw(ARGS.results, "op_samples_cpu.json"), schemas)
    rules, aliases = results.infer(raw(ARGS.results, "op_results.json"), schemas)
    # No synonym, but nothing else either: aten/src/ATen/native/LinearAlgebra.cpp.
    aliases["chain_matmul"] = "linalg_multi_dot"

    by_hand = supplement()
    # "=" keeps the measured dtypes and adds to the measured devices.
    overrides = {(op, role): (many, zero, text) for op, role, many, zero, text, dtypes, _ in by_hand if dtypes == "="}
    by_hand = [row for row in by_hand if row[5] != "="]
    for op, role, *_ in by_hand:
        table.setdefault(op, {}).pop(role, None)

    messages, rows = Messages(), []
    for name in sorted(table):
        for operand in table[name].values():
            many, zero, many_text, zero_text = device_row(name, operand, overrides.get((name, operand.role)))
            texts = [messages.number(t) for t in (many_text, zero_text)]
            for where in ("cuda", "cpu"):
                cells = merged_cells(operand, where)
                texts.append(messages.number(dtype_template(cells, ["float64", "float16", "bfloat16"])))
                texts.append(messages.number(dtype_template(cells, ["int64"])))
            if zero_text == many_text:
                texts[1] = texts[0]
            texts.append(messages.number(dtype_template(index_cells(operand), ["float32", "int32"])))
            rows.append("OPERAND(%s, %s, '%s', '%s', %s, %s, %s, %s, %s)" % (
                quoted(name), quoted(operand.role), many, zero, quoted(letters(name, operand, "cuda")),
                quoted(letters(name, operand, "cpu")), quoted(index_letters(operand)), quoted(wide_letters(operand)),
                ", ".join(map(str, texts))))
        for op, role, many, zero, text, dtypes, dtype_text in by_hand:
            if op == name:
                on_cuda, _, on_cpu = dtype_text.partition("|")
                on_cpu = on_cpu if "|" in dtype_text else on_cuda
                numbers = [messages.number(t) for t in [text] * 2 + [on_cuda] * 2 + [on_cpu] * 2 + [on_cuda]]
                index = dtypes if len(dtypes) == 8 else "-" * 8
                both = "-" * 8 if len(dtypes) == 8 else dtypes * 2
                rows.append("OPERAND(%s, %s, '%s', '%s', %s, %s, %s, %s, %s)" % (
                    quoted(op), quoted(role), many, zero, quoted(both), quoted(both), quoted(index), quoted("---"),
                    ", ".join(map(str, numbers))))
    write("operands.inc", rows)
    write("messages.inc", ["MESSAGE(%s)" % quoted(t) for t in messages.texts])
    write("operators.inc", operators.rows(schemas, operators.functionals(ARGS.torch)))
    write("results.inc", rules)
    write("aliases.inc", ['ALIAS("%s", "%s")' % a for a in sorted(aliases.items()) if a[0] not in table])
    if ARGS.tests:
        import tables
        tables.write(ARGS.tests, device_ops, dtype_ops, schemas,
                     raw(ARGS.contracts, "module_contracts.json", "modules"),
                     raw(ARGS.contracts, "module_dtypes_cuda.json", "modules"),
                     os.path.join(ARGS.contracts, "cpp_cases.tsv"))
    print("OpInfos without a C++ operator or without tensors:", len(skipped))


if __name__ == "__main__":
    main()
