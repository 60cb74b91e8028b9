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


def raw(folder, name):
    with open(os.path.join(folder, name)) as file:
        return json.load(file)["ops"]


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
SPELLED = {"float64": ("Double", "double"), "int64": ("Long", "long int"),
           "float16": ("Half", "c10::Half"), "bfloat16": ("BFloat16", "c10::BFloat16")}
CUT = 195  # The measurement keeps about this many characters of a message.


def cpp(message):
    """The message as C++ prints it: without the exception's Python name."""
    text = re.sub(r"^\w+: ", "", message)
    for python, here in CPP_TYPES:
        text = re.sub(python, here, text)
    # A location in LibTorch's build tree is not stable; the text before is.
    text = re.sub(r"^(iter\.device\(arg\)\.is_cuda\(\) INTERNAL ASSERT FAILED).*", r"\1", text)
    text = re.sub(r" \(Could this error message be improved\?.*", "", text)
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
        # A list of the dtypes that would do is not a report of the others'.
        if re.search(r"\{B\},? (or|and) \{W\}|\{W\}, \{B\}|\{B\}, (or )?\{W\}", text) and "got" in text:
            text = text[:re.search(r"\{[BW]\}", text).start()].rstrip(" '\"")
        return text
    return None


def letters(operand, where):
    return "".join(operand.dtype[where][rank][t].letter() for rank in ("dimN", "dim0") for t in measured.DTYPES)


def merged_cells(operand, where):
    """Per dtype the cell that has a message, N-dimensional first."""
    found = {}
    for dtype in measured.DTYPES:
        many, zero = operand.dtype[where]["dimN"][dtype], operand.dtype[where]["dim0"][dtype]
        found[dtype] = many if many.message else zero
    return found


def device_row(name, operand):
    """(letter of dimN, of dim0, message of dimN, of dim0). What raised in some samples and not in others does so
    where another tensor is given and has elements (docs/contracts.md lists them): those count as raised."""
    cells = operand.device
    kept = {"dimN": "r", "dim0": "r"}
    if (name, operand.role) == ("linalg_pinv", "rtol"):
        kept["dim0"] = "m"  # Depends on which algorithm rtol selects.
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
    table, skipped = measured.merge(device_ops, dtype_ops, schemas)
    rules, aliases = results.infer(raw(ARGS.results, "op_results.json"), schemas)

    by_hand = supplement()
    for name in {op for op, *_ in by_hand}:
        table.setdefault(name, {})

    messages, rows = Messages(), []
    for name in sorted(table):
        corrected = {}
        for op, role, many, zero, text, dtypes, dtype_text in by_hand:
            if op != name:
                continue
            if dtypes == "=":  # Only the devices' part differs from the measurement.
                corrected[role] = many, zero, text
                continue
            table[name].pop(role, None)
            numbers = [messages.number(text)] * 2 + [messages.number(dtype_text)] * 4
            rows.append("OPERAND(%s, %s, '%s', '%s', %s, %s, %s)" % (
                quoted(op), quoted(role), many, zero, quoted(dtypes * 2), quoted(dtypes * 2),
                ", ".join(map(str, numbers))))
        for operand in table[name].values():
            many, zero, many_text, zero_text = device_row(name, operand)
            if operand.role in corrected:
                many, zero, many_text = corrected[operand.role]
                zero_text = many_text
            texts = [messages.number(t) for t in (many_text, zero_text)]
            for where in ("cuda", "cpu"):
                cells = merged_cells(operand, where)
                texts.append(messages.number(dtype_template(cells, ["float64", "float16", "bfloat16"])))
                texts.append(messages.number(dtype_template(cells, ["int64"])))
            if zero_text == many_text:
                texts[1] = texts[0]
            rows.append("OPERAND(%s, %s, '%s', '%s', %s, %s, %s)" % (
                quoted(name), quoted(operand.role), many, zero, quoted(letters(operand, "cuda")),
                quoted(letters(operand, "cpu")), ", ".join(map(str, texts))))
    write("operands.inc", rows)
    write("messages.inc", ["MESSAGE(%s)" % quoted(t) for t in messages.texts])
    write("operators.inc", operators.rows(schemas, operators.functionals(ARGS.torch)))
    write("results.inc", rules)
    write("aliases.inc", ['ALIAS("%s", "%s")' % a for a in sorted(aliases.items()) if a[0] not in table])
    if ARGS.tests:
        import tables
        tables.write(ARGS.tests, device_ops, dtype_ops, schemas)
    print("OpInfos without a C++ operator or without tensors:", len(skipped))


if __name__ == "__main__":
    main()
