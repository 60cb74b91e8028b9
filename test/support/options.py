"""Keeps docs/options.md, the page of all options, as --help has them.

options.py TOOL SOURCE           says where page and program differ, or where
                                 README and the pages of the uses name an option
                                 that no command has; exits with 1 then
options.py TOOL SOURCE --write   writes the page
"""

import difflib
import glob
import os
import re
import subprocess
import sys

COMMANDS = ["lint", "verify", "lsp", "cache"]

HEAD = """# Options

Written from `--help` by `test/support/options.py --write`. *lint* is `torch-tidy` without a sub-command. Where clang-tidy has
an option of the same name, it means the same.

| option | commands | meaning |
|---|---|---|
"""

TAIL = """
`torch-tidy explain` takes no options: a check, an error's text, or a file with errors in it ([errors.md](errors.md)).
`torch-tidy cache` takes `info`, `prune` or `clear` ([speed.md](speed.md#the-folder)). Options of the analysis itself are in
`.clang-tidy`, under `CheckOptions`: [torch-device-mismatch](checks/torch-device-mismatch.md#options).
"""

# Options of other programs that the pages show.
FOREIGN = {
    # cmake, git, ctest, the linker, a user's own program
    "build", "install", "target", "preset", "no-verify", "epochs", "data", "no-as-needed", "undefined", "as-needed",
    # pre-commit
    "all-files", "hook-stage",
    # test/bench/run
    "runs", "only", "corpus", "database",
    # nvcc, clang
    "options-file", "cuda-path",
}
PAGES = ["README.md", "docs/ci.md", "docs/cmake.md", "docs/editors.md", "docs/errors.md", "docs/pre-commit.md",
         "docs/speed.md", "docs/verify.md", "docs/checks/*.md"]


def options_of(tool, command):
    """Name with its value, and meaning, of each option of a command."""
    text = subprocess.run([tool, command, "--help"], capture_output=True, text=True, check=True).stdout
    found = {}
    name = None
    for line in text.split("torch-tidy", 1)[1].splitlines():
        option = re.match(r"  (-{1,2}[a-z][a-z-]*)(=<[^>]*>| <[^>]*>)? *(?:- (.*))?$", line)
        value = re.match(r"    =(\S+) *(?:- +(.*))?$", line)
        if option:
            name = option[1] + (option[2] or "")
            found[name] = option[3] or ""
        elif value and name:
            meaning = " ({})".format(value[2]) if value[2] else ""
            found[name] += " `{}`{},".format(value[1], meaning)
    return {n: m.rstrip(",") for n, m in found.items() if n not in ("--help", "--help-list")}


def page(tool):
    merged = {}
    for command in COMMANDS:
        for name, meaning in options_of(tool, command).items():
            merged.setdefault((name.replace("=<value>", ""), meaning), []).append(command)
    assert len(merged) > 30
    rows = ""
    for (name, meaning), commands in sorted(merged.items(), key=lambda row: row[0][0].lstrip("-")):
        meaning = re.sub(r"(\[\{.*\}\])", r"`\1`", meaning).replace("|", "\\|")
        rows += "| `{}` | {} | {} |\n".format(name, ", ".join(commands), meaning)
    return HEAD + rows + TAIL


def unknown_options(tool, source):
    known = {name.split("=")[0].split(" ")[0].lstrip("-") for c in COMMANDS for name in options_of(tool, c)}
    for pattern in PAGES:
        paths = sorted(glob.glob(os.path.join(source, pattern)))
        assert paths, pattern
        for path in paths:
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    for name in re.findall(r"(?<![\w-])--([a-z][a-z-]+)", line):
                        if name not in known | FOREIGN:
                            yield "{}:{}: no command has --{}".format(os.path.relpath(path, source), number, name)


def main(tool, source, *write):
    path = os.path.join(source, "docs/options.md")
    wanted = page(tool)
    if write:
        with open(path, "w", encoding="utf-8") as file:
            file.write(wanted)
    with open(path, encoding="utf-8") as file:
        differences = list(difflib.unified_diff(
            file.read().splitlines(), wanted.splitlines(), "docs/options.md", "--help", lineterm=""))
    differences += unknown_options(tool, source)
    print("\n".join(differences), end="\n" if differences else "")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
