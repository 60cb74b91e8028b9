#!/usr/bin/env python3
"""Lints the C++ cases that were measured on a GPU and compares each verdict.

Each case becomes a function of its own; cpp_cases.tsv says which ones threw.
A finding inside the classes that the cases share counts for the case that
calls them, which its `LEADS` entry names.

Usage: cpp_cases.py TOOL FLAGS CASES.cpp CASES.tsv OUT.cpp
"""

import pathlib
import re
import shlex
import subprocess
import sys

CASE = re.compile(r'  tryit\("((?:[^"\\]|\\.)*)", \[&\]\{(.*)\}\);\n')
# The throwing call is in the forward of the class above, not in the case.
LEADS = {"LSTM hidden created on cpu in forward": "struct Rnn"}
HELPERS = """template <class M> M on(M m) { m->to(torch::kCUDA); m->eval(); return m; }
static Tensor x(at::IntArrayRef s) { return torch::rand(s); }
"""


def main():
    tool, flags, cases, table, out = sys.argv[1:6]
    source = pathlib.Path(cases).read_text()
    text = source[: source.index("static void tryit")]
    text += source[source.index("struct Unregistered") : source.index("int main()")] + HELPERS
    lines = {}
    for name, body in CASE.findall(source):
        text += f"Tensor case{len(lines)}() {{ auto D = torch::kCUDA; (void)D; {body} }}\n"
        lines[name] = text.count("\n")
    pathlib.Path(out).write_text(text)
    measured = dict(line.split("\t")[:2] for line in pathlib.Path(table).read_text().splitlines())
    if not lines or set(lines) != set(measured):
        sys.exit(f"{cases} and {table} name other cases: {sorted(set(lines) ^ set(measured))}")
    command = [*shlex.split(tool), "--quiet", "--use-color=0", out, "--", *shlex.split(flags)]
    run = subprocess.run(command, capture_output=True, text=True)
    found = {int(n) for n in re.findall(r"^[^:\n]+:(\d+):\d+: (?:warning|error): ", run.stdout, re.M)}
    for name, start in LEADS.items():
        first = text[: text.index(start)].count("\n") + 1
        if found & {first, first + 1}:
            found.add(lines[name])
    wrong = 0
    for name, line in lines.items():
        told = line in found
        if told != (measured[name] != "OK"):
            wrong += 1
            print(f"{name}: {'a finding' if told else 'no finding'}, measured {measured[name]}")
    print(f"{len(lines) - wrong} of {len(lines)} cases judged as measured")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
