"""Compares what the plugin says in clang-tidy with what the tool says.

    compare_plugin.py --tool=PROGRAM --clang-tidy=PROGRAM --plugin=FILE --pch=FILE [--plugin-reads-pch]
        --flags=FLAGS --folder=FOLDER SOURCE...

All sources become one, each in a namespace of its own, since what takes time
is LibTorch's templates; and each comes twice, once as it is and once with half
of its findings suppressed, by each form of NOLINT in turn. The two outputs have
to be the same, to the byte: warnings, notes, fix-its, places.
"""

import argparse
import difflib
import itertools
import os
import shlex
import subprocess
import sys


def suppressed(lines):
    """Every other line that expects a finding, in one of the forms."""
    forms = itertools.cycle(
        [
            "{0} // NOLINT",
            None,
            "{0} // NOLINT(torch-*)",
            None,
            "// NOLINTNEXTLINE(torch-device-mismatch, torch-dtype-mismatch)\n{0}",
            None,
            "// NOLINTBEGIN(torch-device-mismatch)\n{0}\n// NOLINTEND(torch-device-mismatch)",
            None,
            "{0} // NOLINT(bugprone-use-after-move)",
            None,
        ]
    )
    for line in lines:
        code, expected, _ = line.partition("// expect:")
        form = next(forms) if expected else None
        yield form.format(code.rstrip()) if form else line


def joined(sources):
    includes, plain, silenced = [], [], []
    for number, source in enumerate(sources):
        with open(source, encoding="utf-8") as file:
            lines = file.read().splitlines()
        includes += [line for line in lines if line.startswith("#include")]
        code = [line for line in lines if not line.startswith("#include")]
        plain += ["namespace plain{} {{".format(number), *code, "}"]
        silenced += ["namespace silenced{} {{".format(number), *suppressed(code), "}"]
    text = [*dict.fromkeys(includes), *plain]
    return "\n".join(text + silenced) + "\n", len(text)


def output(command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=500)
    if "error:" in result.stdout + result.stderr or result.returncode not in (0, 2):
        print(" ".join(map(shlex.quote, command)))
        sys.exit(result.stdout + result.stderr)
    return result.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("tool", "clang-tidy", "plugin", "pch", "flags", "folder"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--plugin-reads-pch", action="store_true")
    parser.add_argument("sources", nargs="+")
    given = parser.parse_args()

    os.chdir(given.folder)
    text, half = joined(given.sources)
    with open("corpus.cpp", "w", encoding="utf-8") as file:
        file.write(text)

    common = ["corpus.cpp", "--quiet", "--checks=-*,torch-*"]
    flags = ["--", *shlex.split(given.flags)]
    pch = ["--extra-arg=-include-pch", "--extra-arg=" + given.pch]
    tool = output([given.tool, *common, *pch, *flags])
    if not given.plugin_reads_pch:
        pch = []
    host = output([given.clang_tidy, "-load=" + given.plugin, *common, *pch, *flags])
    # The tool shortens names below the current folder.
    host = host.replace(given.folder + "/", "")
    sys.stdout.writelines(difflib.unified_diff(host.splitlines(True), tool.splitlines(True), "plugin", "tool"))

    places = [int(line.split(":")[1]) for line in tool.splitlines() if ": warning: " in line]
    plain = sum(place <= half for place in places)
    silenced = len(places) - plain
    print("{} warnings, {} of them with NOLINT around".format(plain, silenced))
    return tool != host or not 0 < silenced < plain


if __name__ == "__main__":
    sys.exit(main())
