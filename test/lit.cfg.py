# How lit runs the tests below test/checks, test/tool and test/runtime.
#
# What a RUN line may use:
#   %torch-tidy     the tool
#   %plugin         TorchTidyPlugin.so
#   %clang_tidy     clang-tidy of the LLVM that the plugin was built for
#   %torch_flags    compiler flags for a file that includes <torch/torch.h>
#   %torch_pch      the tool's options that take <torch/torch.h> from a precompiled header
#   %check_torch    test/check_torch.py: expectations on the lines themselves
#   %llvm_bin       the folder of LLVM's programs
#   %build, %source the two trees
#   %python         the Python that lit runs in
#   %nvim           Neovim, where there is one ("REQUIRES: neovim"; also vim, ale, emacs)
#   FileCheck, not  from LLVM

import os
import shutil
import sys

import lit.formats

config.name = "torch-tidy"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".cpp", ".cu", ".test"]
config.excludes = ["Inputs", "support", "unit", "bench"]
config.excludes += ["VerifyMarks.cpp"]  # a program that tests use, not a test
config.test_source_root = os.path.join(config.source_dir, "test")
config.test_exec_root = os.path.join(config.build_dir, "test")

config.environment["PATH"] = os.pathsep.join(
    [config.llvm_tools, os.path.join(config.build_dir, "bin"), config.environment["PATH"]]
)
for name in ("CMAKE_PREFIX_PATH", "Torch_DIR", "HOME"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
# One cache for all tests, and the user's left alone.
config.environment["TORCH_TIDY_CACHE_DIR"] = os.path.join(config.test_exec_root, "cache")

tool = os.path.join(config.build_dir, "bin", "torch-tidy")
pch = "--extra-arg=-include-pch --extra-arg=" + config.torch_pch
check = " ".join(
    [
        sys.executable,
        os.path.join(config.test_source_root, "check_torch.py"),
        "--tool=" + tool,
        "--flags='{}'".format(config.torch_flags),
        pch,
    ]
)
# The longer of two names that begin alike comes first.
config.substitutions += [
    ("%torch-tidy", tool),
    ("%check_torch", check),
    ("%torch_flags", config.torch_flags),
    ("%torch_pch", pch),
    ("%torch_lib", config.torch_lib),
    ("%plugin", os.path.join(config.build_dir, "lib", "TorchTidyPlugin.so")),
    ("%llvm_bin", config.llvm_tools),
    ("%clang_tidy", os.path.join(config.llvm_tools, "clang-tidy")),
    ("%python", sys.executable),
    ("%build", config.build_dir),
    ("%source", config.source_dir),
]

if os.path.exists(config.torch_pch):
    config.available_features.add("libtorch")
if os.path.exists("/usr/lib/llvm-19/bin/clang-tidy") and os.path.exists("/usr/lib/llvm-19/lib/cmake/clang"):
    config.available_features.add("clang-tidy-19")
if os.path.exists("/usr/share/vim-ale"):
    config.available_features.add("ale")
for editor in ("emacs", "vim"):
    if shutil.which(editor):
        config.available_features.add(editor)
nvim = shutil.which("nvim")
if nvim:
    config.available_features.add("neovim")
    config.substitutions.append(("%nvim", nvim))
