#!/usr/bin/env python3
"""Compare what measure.py wrote with the tables of a real GPU.

Usage: compare.py MEASURED REFERENCE      (two folders)

Reports every disagreement on its own line and the shares at the end. Leaves
that are the only tensor of their call say nothing on mixing and are left out.
"""

import collections
import json
import os
import sys


def read(folder, name, kind):
    with open(os.path.join(folder, name + ".json")) as handle:
        return json.load(handle)[kind]


def state(cell):
    if cell["raise"] and cell["ok"]:
        return "mixed"
    return "throws" if cell["raise"] else "runs"


class Tally:
    def __init__(self, name):
        self.name, self.agreed, self.all = name, 0, 0
        self.words, self.same_words = 0, 0

    def add(self, label, want, got, want_result, got_result, want_text,
            got_text):
        self.all += 1
        if want != got:
            print(f"{self.name}: {label}: {want} on the GPU, {got} here: "
                  f"{want_text or got_text}")
        elif want == "runs" and want_result != got_result:
            print(f"{self.name}: {label}: gives {want_result} on the GPU, "
                  f"{got_result} here")
        else:
            self.agreed += 1
        if want == got == "throws":
            self.words += 1
            self.same_words += want_text == got_text
            if want_text != got_text:
                print(f"{self.name}: {label}: says '{want_text}' on the GPU, "
                      f"'{got_text}' here")

    def close(self):
        share = 100 * self.agreed / max(self.all, 1)
        print(f"{self.name}: {self.agreed} of {self.all} agree "
              f"({share:.2f} %), {self.same_words} of {self.words} messages "
              "are identical")


def compare_cell(tally, label, want, got, record):
    if got is None:
        why = record.get("error") or record.get("baseline_error") or "no sample"
        tally.add(label, state(want), "not measured", None, None, why, None)
    else:
        tally.add(label, state(want), state(got), want["result"],
                  got["result"], want["message"], got["message"])


def operators(ours, theirs):
    tally = Tally("devices of operators")
    for name, want in theirs.items():
        got = ours.get(name, {})
        for leaf, slots in want["leaves"].items():
            for kind, cell in slots.items():
                if cell and not cell["alone"]:
                    slot = got.get("leaves", {}).get(leaf) or {}
                    compare_cell(tally, f"{name} {leaf} {kind}", cell,
                                 slot.get(kind), got)
    tally.close()


def operator_dtypes(ours, theirs):
    tally = Tally("types of operators")
    for name, want in theirs.items():
        got = ours.get(name, {})
        for leaf, slots in want["leaves"].items():
            if slots["alone"]:
                continue
            for kind in ("dim0", "dimN"):
                for dtype, cell in slots[kind].items():
                    slot = got.get("leaves", {}).get(leaf, {}).get(kind, {})
                    compare_cell(tally, f"{name} {leaf} {kind} {dtype}", cell,
                                 slot.get(dtype), got)
    tally.close()


def by_case(record, keys):
    found = collections.defaultdict(set)
    for case in record.get("cases", []):
        found[tuple(case.get(k) for k in keys)].add(
            (case["raised"], tuple(case.get("result") or ())))
    return found


def modules(ours, theirs, name, keys):
    """By kind of case: another release's database has other samples."""
    agreed = 0
    for module, want in theirs.items():
        wanted = by_case(want, keys)
        got = by_case(ours.get(module, {}), keys)
        bad = [(k, v, got[k]) for k, v in wanted.items()
               if k in got and got[k] != v]
        if wanted and not got:
            bad = [("all", "measured", "not measured")]
        for case in bad:
            print(f"{name}: {module} {case[0]}: {case[1]} on the GPU, "
                  f"{case[2]} here")
        agreed += not bad
    print(f"{name}: {agreed} of {len(theirs)} agree")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ours, theirs = sys.argv[1:]
    operators(read(ours, "op_contracts", "ops"),
              read(theirs, "op_contracts", "ops"))
    modules(read(ours, "module_contracts", "modules"),
            read(theirs, "module_contracts", "modules"), "devices of modules",
            ("module", "cpu_leaf", "cuda_leaf", "dim", "state"))
    operator_dtypes(read(ours, "op_dtypes_cuda", "ops"),
                    read(theirs, "op_dtypes_cuda", "ops"))
    modules(read(ours, "module_dtypes_cuda", "modules"),
            read(theirs, "module_dtypes_cuda", "modules"), "types of modules",
            ("leaf", "dim", "dtype", "state"))
    numbers = read(ours, "numbers", "ops")
    for name, record in numbers.items():
        if record["different"]:
            print(f"numbers: {name} differs from the CPU")
    print(f"numbers: {sum(r['same'] for r in numbers.values())} samples equal, "
          f"{sum(len(r['different']) for r in numbers.values())} different, "
          f"{sum(r['random'] for r in numbers.values())} random")


if __name__ == "__main__":
    main()
