"""Runs clang-tidy as VS Code's C/C++ extension is told to by docs/editors.md.

editor_args.py EDITORS.MD PLUGIN PROJECT FILE [ARGUMENT...]

The extension passes the arguments of the settings, and, with useBuildPath, the
folder of compileCommands as -p.
"""

import json
import os
import sys

from page_block import block


def main(page, plugin, project, source, *more):
    settings = json.loads(block(page, "VS Code"))
    prefix = "C_Cpp.codeAnalysis.clangTidy."
    assert settings[prefix + "enabled"] and settings[prefix + "useBuildPath"]
    program = settings[prefix + "path"]
    args = [arg.replace("/usr/local/lib/TorchTidyPlugin.so", plugin) for arg in settings[prefix + "args"]]
    assert any(plugin in arg for arg in args)
    commands = settings["C_Cpp.default.compileCommands"].replace("${workspaceFolder}", project)
    assert os.path.exists(commands), commands
    os.execv(program, [program, *args, "-p=" + os.path.dirname(commands), *more, source])


if __name__ == "__main__":
    main(*sys.argv[1:])
