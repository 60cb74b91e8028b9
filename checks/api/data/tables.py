"""Writes what was measured, sample counts and all, as tables that the unit tests hold the judgements against."""
import os

import contracts as measured

# Parameters of the C++ modules' forward, where the first is not the only `input`.
FORWARD = {
    "Bilinear": ["input1", "input2"], "CosineEmbeddingLoss": ["input1", "input2", "target"],
    "MarginRankingLoss": ["input1", "input2", "target"], "MultiheadAttention": ["query", "key", "value"],
    "CTCLoss": ["log_probs", "targets", "input_lengths", "target_lengths"], "PoissonNLLLoss": ["log_input", "targets"],
    "Transformer": ["src", "tgt"], "TransformerEncoder": ["src"], "TransformerEncoderLayer": ["src"],
    "TransformerDecoderLayer": ["tgt", "memory"], "TripletMarginLoss": ["anchor", "positive", "negative"],
    "HuberLoss": ["input", "target"], "Embedding": ["indices"], "EmbeddingBag": ["input", "offsets"],
    "LSTM": ["input", "hx_opt"], "GRU": ["input", "hx"], "RNN": ["input", "hx"],
    "LSTMCell": ["input", "hx_opt"], "GRUCell": ["input", "hx"], "RNNCell": ["input", "hx"],
}


def spelled(text):
    return '"%s"' % text


def letter(cell):
    """'o' never raised, 'r' always, 'm' in some samples, '-' not measured."""
    if not cell:
        return "-"
    return "m" if cell["ok"] and cell["raise"] else "r" if cell["raise"] else "o"


def leaf_rows(device_ops, dtype_ops, schemas):
    """DEVICES and DTYPES rows of every OpInfo, its leaves one after another; and what is left out."""
    devices, dtypes, skipped = [], [], []
    for key, record in device_ops.items():
        name = measured.aten_name(key, record)
        found = measured.roles(name, list(record["leaves"]), schemas) if name and record["leaves"] else None
        if not found:
            skipped.append((key, bool(record["leaves"])))
            continue
        for leaf, cell in record["leaves"].items():
            counts, kinds = [], set()
            for rank in ("dimN", "dim0"):
                c = cell[rank] or {"ok": 0, "raise": 0, "dtype": None}
                counts += [c["ok"], c["raise"]]
                kinds |= {c["dtype"]} - {None}
            # 1: what was fine with dimensions was one tensor alone; 2: the same of 0-dim.
            alone = sum(bit for bit, r in ((1, "dimN"), (2, "dim0")) if cell[r] and cell[r]["alone"])
            results = ["/".join(cell[r]["result"] or []) if cell[r] else "" for r in ("dimN", "dim0")]
            devices.append("DEVICES(%s, %s, %s, %s, %d, %s, %s)" % (
                spelled(key), spelled(name), spelled(found[leaf]), spelled(sorted(kinds)[0][6:]), alone,
                ", ".join(map(str, counts)), ", ".join(map(spelled, results))))
    for where, ops in dtype_ops.items():
        for key, record in ops.items():
            if "with_dtype" in key:  # Another call: it names the dtype to convert to.
                continue
            name = measured.aten_name(key, record)
            found = measured.roles(name, list(record["leaves"]), schemas) if name and record["leaves"] else None
            if not found:
                continue
            for leaf, cell in record["leaves"].items():
                for zero, rank in enumerate(("dimN", "dim0")):
                    if cell[rank]:
                        dtypes.append("DTYPES(%s, %s, %s, %s, %d, %d, %s)" % (
                            where.upper(), spelled(key), spelled(name), spelled(found[leaf]), cell["alone"], zero,
                            spelled("".join(letter(cell[rank].get(t)) for t in measured.DTYPES))))
    return devices, dtypes, skipped


def forward_role(module, leaf):
    """The parameter of the C++ forward that a leaf of the Python one stands for."""
    position, keyword = measured.split_leaf(leaf)
    if keyword or position == 0:
        return keyword or "input"
    names = FORWARD.get(module, ["input", "target"])
    return names[position - 1] if position <= len(names) else None


def module_rows(device_modules, dtype_modules):
    devices, dtypes = [], []
    for key, record in device_modules.items():
        name = key[3:]
        inputs = {}
        for case in record.get("cases", []):
            if "cpu_leaf" in case:
                inputs.setdefault("%s:%s" % (forward_role(name, case["cpu_leaf"]), case["dtype"][6:]))
        for case in record.get("cases", []):
            leaf = case.get("cpu_leaf")
            role = forward_role(name, leaf) if leaf else "all"
            devices.append("MODULE_DEVICES(%s, %s, %s, %d, %d, %d)" % (
                spelled(name), spelled(" ".join(inputs)), spelled(role),
                case["state"], case.get("dim") == 0, case["raised"]))
    for key, record in dtype_modules.items():
        name = key[3:]
        cells = {}
        for case in record.get("cases", []):
            place = forward_role(name, case["leaf"]), case["state"], case["dim"] == 0
            cell = cells.setdefault(place, {}).setdefault(case["dtype"], {"ok": 0, "raise": 0})
            cell["raise" if case["raised"] else "ok"] += 1
        for (role, state, zero), cell in cells.items():
            dtypes.append("MODULE_DTYPES(%s, %s, %d, %d, %s)" % (
                spelled(name), spelled(role), state, zero,
                spelled("".join(letter(cell.get(t)) for t in measured.DTYPES))))
    return sorted(set(devices)), sorted(set(dtypes))


def case_rows(path):
    """CASE(what was run, what it did, message or device of the result) of the C++ program."""
    with open(path) as file:
        return ["CASE(%s)" % ", ".join(spelled(cell) for cell in line.rstrip("\n").split("\t")) for line in file]


def write(folder, device_ops, dtype_ops, schemas, device_modules, dtype_modules, cases):
    devices, dtypes, skipped = leaf_rows(device_ops, dtype_ops, schemas)
    module_devices, module_dtypes = module_rows(device_modules, dtype_modules)
    left = ["NOT_IN_CPP(%s, %d)" % (spelled(key), tensors) for key, tensors in skipped]
    for name, lines in (("op_devices.inc", devices), ("op_dtypes.inc", dtypes), ("not_in_cpp.inc", left),
                        ("cpp_cases.inc", case_rows(cases)), ("module_devices.inc", module_devices), ("module_dtypes.inc", module_dtypes)):
        with open(os.path.join(folder, name), "w") as file:
            file.write("\n".join(["// Made by checks/api/data/generate.py from the measurements; do not edit."] + lines) + "\n")
        print(name, len(lines), "rows")
