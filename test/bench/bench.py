#!/usr/bin/env python3
"""Measures torch-tidy beside the compilers and clang-tidy, in one run.

Each figure is the median of --runs runs, and the programs that are compared
take turns, so that a busy machine slows all of them. CPU is user and system
time; ratios are of CPU, which other programs on the machine disturb least, with
those of wall time beside them.

The programs are test/bench/small.cpp and generated ones; --corpus adds files,
and --database those of a compile_commands.json, each with its own flags.
"""

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def measure(command, folder=None):
    """Returns (wall s, CPU s, peak MB) of one run; its exit code may be any below 128."""
    begin = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begin
    if process.returncode < 0 or process.returncode > 127:
        sys.exit("died: " + shlex.join(command))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compiles(command):
    """Only what compiles can be compared: an error ends a parse early."""
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def flags_of(entry):
    """Of an entry of a compile database, without the source and the output."""
    words = entry.get("arguments") or shlex.split(entry["command"])
    flags, rest = [], iter(words[1:])
    for word in rest:
        if word == "-o":
            next(rest, None)
        elif word not in ("-c", entry["file"]):
            flags.append(word)
    return flags


def medians(commands, runs):
    """Of several commands that take turns: {name: (wall, CPU, MB)}. A command
    may be a pair: what to do before each run, and the command."""
    seen = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            if isinstance(command, tuple):
                command[0]()
                command = command[1]
            seen[name].append(measure(command))
    return {n: tuple(statistics.median(x) for x in zip(*s)) for n, s in seen.items()}


def table(title, rows, against):
    print("\n## " + title)
    print("| run | wall s | CPU s | peak MB | CPU of {0} | wall of {0} | memory of {0} |".format(against))
    print("|---|---|---|---|---|---|---|")
    base = rows[against]
    for name, row in rows.items():
        ratios = " | ".join("{:.3f}".format(row[i] / base[i]) for i in (1, 0, 2))
        print("| {} | {:.3f} | {:.3f} | {:.0f} | {} |".format(name, *row, ratios))
    sys.stdout.flush()


class Bench:
    def __init__(self, arguments, work):
        self.a, self.work = arguments, work
        self.cache = os.path.join(work, "cache")
        self.flags = shlex.split(arguments.flags)

    def tool(self, files, *options, jobs=1, flags=None):
        command = [self.a.tool, "--quiet", "-j{}".format(jobs), "--cache-dir=" + self.cache, *options]
        return command + list(files) + ["--"] + (flags or self.flags)

    def clang_tidy(self, files, flags=None):
        command = [self.a.clang_tidy, "--quiet", "--load=" + self.a.plugin, "--checks=-*,torch-*"]
        return command + list(files) + ["--", "-w"] + (flags or self.flags)

    def clang(self, file, flags=None):
        return [self.a.clang, "-fsyntax-only", "-w", *(flags or self.flags), file]

    def forget_results(self):
        shutil.rmtree(os.path.join(self.cache, "results"), ignore_errors=True)

    def prepare(self, file, flags=None):
        """The preambles are made; the second for the files that want one."""
        for _ in range(2):
            measure(self.tool([file], flags=flags))
            self.forget_results()
        measure(self.tool([file], flags=flags))

    def ours(self, file, flags=None):
        return {
            "torch-tidy cold": self.tool([file], "--no-cache", flags=flags),
            "torch-tidy warm": (self.forget_results, self.tool([file], flags=flags)),
            "torch-tidy unchanged": self.tool([file], flags=flags),
        }

    def small(self):
        file = os.path.join(HERE, "small.cpp")
        first = measure(self.tool([file]))
        self.prepare(file)
        others = {
            "clang -fsyntax-only": self.clang(file),
            "g++ -fsyntax-only": ["g++", "-fsyntax-only", "-w", *self.flags, file],
            "clang --analyze": [self.a.clang, "--analyze", "-w", "-o", os.devnull, *self.flags, file],
            "clang-tidy with the plugin": self.clang_tidy([file]),
        }
        rows = medians({**self.ours(file), **others}, self.a.runs)
        rows["torch-tidy, first run of all"] = first
        table("The small program", rows, "clang-tidy with the plugin")
        print("\ncold is {:.2f} x clang -fsyntax-only".format(
            rows["torch-tidy cold"][1] / rows["clang -fsyntax-only"][1]))

    def corpus(self):
        """Other people's files: a line for each, and the ratios that count."""
        files = [(file, self.flags) for file in sorted(self.a.corpus)]
        if self.a.database:
            with open(self.a.database, encoding="utf-8") as database:
                files += [(e["file"], flags_of(e)) for e in json.load(database)]
        print("\n## {} more files".format(len(files)))
        print("| file | clang CPU s | clang-tidy CPU s | cold of clang | warm of clang-tidy | unchanged s "
              "| memory cold | memory warm | analysis s | user's lines |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        rows, left_out = [], 0
        for file, flags in files:
            clang = self.clang(file, flags)
            if not compiles(clang):
                left_out += 1
                continue
            self.prepare(file, flags)
            row = medians({**self.ours(file, flags), "clang": clang, "tidy": self.clang_tidy([file], flags)},
                          self.a.runs)
            cold, warm, same = (row["torch-tidy " + name] for name in ("cold", "warm", "unchanged"))
            tidy, clang = row["tidy"], row["clang"]
            figures = (clang[1], tidy[1], cold[1] / clang[1], warm[1] / tidy[1], same[0], cold[2] / tidy[2],
                       warm[2] / tidy[2], self.analysis(file, flags), self.users_lines(file, flags))
            rows.append((file, figures))
            print("| {} | {:.1f} | {:.1f} | {:.3f} | {:.4f} | {:.3f} | {:.2f} | {:.2f} | {:.3f} | {} |".format(
                "/".join(file.split("/")[-3:]), *figures))
            sys.stdout.flush()
        print("\n{} files, {} that do not compile left out".format(len(rows), left_out))
        for title, at in (("cold of clang -fsyntax-only", 2), ("warm of clang-tidy", 3),
                          ("memory cold of clang-tidy", 5), ("memory warm of clang-tidy", 6)):
            ratios = sorted((figures[at], file) for file, figures in rows)
            print("{}: median {:.3f}, most {:.3f} ({})".format(
                title, statistics.median(r for r, _ in ratios), *ratios[-1]))
        seconds, lines = (sum(figures[at] for _, figures in rows) for at in (7, 8))
        print("analysis: {:.0f} ms for 1,000 lines of the user's over all files, median of a file {:.0f} ms".format(
            seconds * 1e6 / lines, statistics.median(f[7] * 1e6 / f[8] for _, f in rows if f[8])))

    def users_lines(self, file, flags):
        """Of the source and of the headers that clang does not take for the system's."""
        rule = subprocess.run([self.a.clang, "-MM", "-w", *flags, file], capture_output=True, text=True, check=True)
        lines = 0
        for name in shlex.split(rule.stdout.split(":", 1)[1].replace("\\\n", " ")):
            with open(name, encoding="utf-8", errors="replace") as text:
                lines += text.read().count("\n")
        return lines

    def analysis(self, file, flags=None):
        """The engine's own seconds."""
        self.forget_results()
        result = subprocess.run(self.tool([file], "--stats", flags=flags), capture_output=True, text=True)
        return float(result.stderr.split("analysed in ")[1].split()[0])

    def many(self, number):
        """Files that did not change: what one costs, and all of them."""
        files = self.project(number)
        measure(self.tool(files, jobs=2))
        rows = medians({"one file": self.tool(files[:1]), "{} files".format(number): self.tool(files, jobs=2)},
                       self.a.runs)
        table("Nothing changed", rows, "one file")

    def unchanged(self, number):
        """Many files of one project, linted for the first time and again."""
        files = self.project(number)
        shutil.rmtree(self.cache, ignore_errors=True)
        first = measure(self.tool(files, jobs=2))
        rows = {
            "first run, empty cache": first,
            "nothing changed": medians({"x": self.tool(files, jobs=2)}, self.a.runs)["x"],
        }
        # What a file costs there does not depend on the others: some stand for all.
        sample = files[: self.a.sample]
        with open(os.path.join(self.work, "compile_commands.json"), "w", encoding="utf-8") as out:
            json.dump([{"directory": self.work, "file": f, "arguments": ["clang++", "-w", *self.flags, "-c", f]}
                       for f in sample], out)
        tidy = measure([self.a.run_clang_tidy, "-quiet", "-j2", "-load=" + self.a.plugin, "-checks=-*,torch-*",
                        "-clang-tidy-binary=" + shutil.which(self.a.clang_tidy), "-p", self.work])
        name = "run-clang-tidy -j2 (from {})".format(len(sample))
        rows[name] = tuple(x * number / len(sample) for x in tidy[:2]) + (tidy[2],)
        table("A project of {} files".format(number), rows, name)

    def project(self, number):
        folder = os.path.join(self.work, "project")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(HERE, "small.cpp"), encoding="utf-8") as file:
            text = file.read()
        files = []
        for i in range(number):
            files.append(os.path.join(folder, "part{}.cpp".format(i)))
            with open(files[-1], "w", encoding="utf-8") as file:
                file.write(text.replace("Net", "Net{}".format(i)))
        return files

    def growth(self):
        """The engine's own seconds, by functions and by the length of one."""
        print("\n## Growth: the analysis alone")
        print("| program | lines | analysis s | s per 1,000 lines |")
        print("|---|---|---|---|")
        line = "  x = torch::relu(x + {}.0);\n"
        function = "torch::Tensor f{}(torch::Tensor x) {{\n{}  return x;\n}}\n"
        took = {}
        for functions, statements in ((10, 20), (100, 20), (1000, 20), (1, 1000), (1, 10000), (1, 20000)):
            text = "#include <torch/torch.h>\n"
            for i in range(functions):
                text += function.format(i, "".join(line.format(j) for j in range(statements)))
            file = os.path.join(self.work, "growth.cpp")
            with open(file, "w", encoding="utf-8") as out:
                out.write(text)
            seconds = [self.analysis(file) for _ in range(self.a.runs)]
            lines, median = text.count("\n"), statistics.median(seconds)
            print("| {} x {} | {} | {:.3f} | {:.4f} |".format(
                functions, statements, lines, median, median * 1000 / lines))
            took[functions, statements] = median
            sys.stdout.flush()
        print("\ntwice the statements take {:.2f} x as long".format(took[1, 20000] / took[1, 10000]))


def torch_flags():
    """As the tests were configured."""
    site = os.path.join(ROOT, "build", "test", "lit.site.cfg.py")
    if os.path.exists(site):
        with open(site, encoding="utf-8") as file:
            for line in file:
                if line.startswith("config.torch_flags"):
                    return json.loads(line.split("=", 1)[1])
    return "-std=c++17"


def main():
    build = os.path.join(ROOT, "build")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tool", default=os.path.join(build, "bin", "torch-tidy"))
    parser.add_argument("--plugin", default=os.path.join(build, "lib", "TorchTidyPlugin.so"))
    parser.add_argument("--clang", default="clang++-22")
    parser.add_argument("--clang-tidy", default="clang-tidy-22")
    parser.add_argument("--run-clang-tidy", default="run-clang-tidy-22")
    parser.add_argument("--flags", default=torch_flags(), help="compiler flags for all files")
    parser.add_argument("--project", type=int, default=200, help="files of the generated project")
    parser.add_argument("--sample", type=int, default=4, help="of them, how many clang-tidy is measured on")
    parser.add_argument("--corpus", nargs="*", default=[], metavar="FILE", help="more files, all with --flags")
    parser.add_argument("--database", metavar="FILE", help="more files, those of a compile_commands.json")
    parser.add_argument("--many", type=int, default=1000, help="unchanged files of the generated project")
    parser.add_argument("--only", choices=["small", "corpus", "project", "many", "growth"], help="one table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="torch-tidy-bench-") as work:
        bench = Bench(arguments, work)
        wanted = lambda name: arguments.only in (None, name)
        if wanted("small"):
            bench.small()
        if wanted("growth"):
            bench.growth()
        if wanted("project"):
            bench.unchanged(arguments.project)
        if wanted("many"):
            bench.many(arguments.many)
        if wanted("corpus") and (arguments.corpus or arguments.database):
            bench.corpus()


if __name__ == "__main__":
    main()
