#!/usr/bin/env python3
"""Which library headers a preamble holds, and where it can stand in front.

Usage: prefix_cases.py --tool=PROGRAM --folder=FOLDER [case...]
"""

import sys

from cache_project import MAIN, OWN, PART, case, expect, main


@case
def code_in_front(p):
    """The library stands in front of the project's code, unless that makes a difference."""
    own = "#pragma once\nnamespace own { inline int small(int x) { return x; } }\n#include <torch/torch.h>\n"
    p.write("src/own.h", own + "using OwnNumber = int;\n")
    p.expect(0, 0, 1)
    # The library makes a macro of what the code names.
    part = PART.format("int ")
    p.write("lib/include/torch/part.h", part + "#define small(x) 7\n")
    p.expect(0, 0, 0)
    p.write("lib/include/torch/part.h", part)
    # The code means something else behind the library, or nothing.
    p.write("src/own.h", "#pragma once\nnamespace own { struct Number { short x; }; }\nusing namespace own;\n"
            "inline Number small() { return {1}; }\n#include <torch/torch.h>\nusing OwnNumber = int;\n")
    p.write("src/main.cpp", MAIN.replace("sizeof(Number)", "sizeof(::Number)"))
    p.expect(0, 0, 0)
    # Code between two libraries may name macros of the first one.
    p.write("lib/include/other.h", "#pragma once\nstruct Other { int x; };\n")
    p.write("lib/include/torch/part.h", part + "#define small(x) 7\n")
    between = "#pragma once\n#include <torch/torch.h>\nnamespace own {{ {} }}\n#include <other.h>\nusing OwnNumber = int;\n"
    p.write("src/own.h", between.format("constexpr int seven = small(1);"))
    p.write("src/main.cpp", MAIN)
    p.expect(0, 0, 1)
    p.write("src/main.cpp", MAIN + "static_assert(own::seven == 7, \"LibTorch's\");\n")
    p.expect(0, 0, 1)
    expect(len(p.files(".pch")) == 3, "two of LibTorch, as it changed, and one of other.h")
    # Where the second cannot stand before that, the first can.
    p.write("lib/include/other.h", "#pragma once\n#define before 1\n")
    p.write("src/own.h", between.format("inline int before() { return 1; }"))
    p.write("src/main.cpp", MAIN)
    p.expect(0, 0, 1)
    p.expect(0, 1, 0)
    p.write("src/main.cpp", MAIN + "\n")
    p.expect(0, 0, 1)
    p.write("lib/include/torch/part.h", part)
    # So behind another library, and where LibTorch is included again.
    p.write("lib/include/other.h", "#pragma once\nstruct Other { int x; };\n")
    p.write("lib/include/torch/part.h", part + "#define small(x) 7\n")
    p.write("src/own.h", "#include <other.h>\n#include <torch/torch.h>\nconst int seven = small(1);\n"
            "#include <torch/torch.h>\nusing OwnNumber = int;\n")
    p.write("src/main.cpp", MAIN)
    p.expect(0, 0, 1)
    p.write("lib/include/torch/part.h", part)
    # In a namespace the library is not the library.
    p.write("src/own.h", "#pragma once\nusing OwnNumber = int;\nnamespace inner {\n#include <torch/part.h>\n}\n"
            "using inner::Number;\n")
    p.write("src/main.cpp", MAIN.replace("#include <torch/torch.h>\n", "").replace("at::Tensor", "int"))
    p.expect(0, 0, 0)


@case
def defined_in_front(p):
    """A macro that stands before the library is one that the library sees."""
    asks = "#pragma once\n#ifdef WIDE\nusing Number = WIDE;\n#else\nusing Number = int;\n#endif\n"
    p.write("lib/include/torch/part.h", asks)
    p.write("src/own.h", "#define NARROW \"//\" // A comment.\n" + OWN + "#define WIDE long\nWIDE wide = sizeof(NARROW);\n")
    p.expect(0, 0, 1)
    p.write("src/own.h", "#define WIDE long\n" + OWN)
    expect(p.lint()[0] == 3, "Number is another type")
    p.write("src/main.cpp", MAIN.replace("(Number) == 4", "(Number) == 8"))
    p.expect(0, 0, 1)
    p.write("src/own.h", "#define WIDE int\n" + OWN)
    expect(p.lint()[0] == 3, "Number is another type")
    # Between two libraries, and behind what the standard has.
    p.write("lib/include/other.h", "#pragma once\nstruct Other { NUMBER x; };\n")
    other = "#include <vector>\n#include <torch/torch.h>\n#define NUMBER {}\n#include <other.h>\nusing OwnNumber = int;\n"
    p.write("src/main.cpp", MAIN + "static_assert(sizeof(Other) == 4, \"\");\n")
    for number in ("int", "float"):
        p.write("src/own.h", other.format(number))
        p.expect(0, 0, 1)
        p.forget_results()
        p.expect(0, 0, 1)
    p.write("src/own.h", other.format("long"))
    expect(p.lint()[0] == 3, "Other is another type")
    # What is taken back, or means something before, is no macro of the library's.
    p.write("src/main.cpp", MAIN)
    for own in ("#define WIDE long\n#undef WIDE\n", "static int WIDE = 1;\n#define WIDE int\n"):
        p.write("src/own.h", own + OWN)
        p.expect(0, 0, 0)


@case
def without_torch(p):
    """A file of the project that has nothing to do with LibTorch, but with another library."""
    p.write("lib/include/other.h", "#pragma once\nstruct Other { int x; };\n")
    other = "#include <other.h>\nint x = Other{{{}}}.x;\n"
    p.write("src/main.cpp", other.format(1))
    p.expect(0, 0, 0)
    p.write("src/main.cpp", other.format(2))
    p.expect(0, 0, 1)
    p.write("lib/include/other.h", "#pragma once\nstruct Other { int *x; };\n")
    p.expect(3, 0, 1)
    p.write("src/main.cpp", "#include <vector>\nstd::vector<int> v;\n")
    p.expect(0, 0, 0)
    p.write("src/main.cpp", "#include <vector>\nstd::vector<long> v;\n")
    p.expect(0, 0, 0)


@case
def included_by_the_command(p):
    p.expect(0, 0, 1)
    p.write("src/main.cpp", "#include \"own.h\"\nat::Tensor twice(at::Tensor x) { return x; }\n")
    p.expect(0, 0, 1, "--extra-arg=-include", "--extra-arg=torch/torch.h")
    p.write("src/forced.h", "#pragma once\n#include <torch/torch.h>\nusing Forced = int;\n")
    p.expect(0, 0, 1, "--extra-arg=-include", "--extra-arg=" + p.path("src/forced.h"))
    expect(len(p.files(".pch")) == 1, "one precompiled header")


@case
def shared_libraries(p):
    """CMake defines a macro for each of them, which no other project's headers ask for."""
    p.write("src/main.cpp", MAIN + "#ifdef mine_EXPORTS\nstatic_assert(mine_EXPORTS == 1, \"given\");\n"
            "#else\nstatic_assert(sizeof(int) == 4, \"\");\n#error not given\n#endif\n")
    p.expect(0, 0, 1, "--extra-arg=-Dmine_EXPORTS")
    p.write("src/main.cpp", MAIN)
    p.expect(0, 0, 1, "--extra-arg=-Dother_EXPORTS")
    p.expect(0, 0, 1)
    expect(len(p.files(".pch")) == 1, "one precompiled header")
    # A library that does ask.
    asks = "#ifdef mine_EXPORTS\nusing Number = int;\n#else\nusing Number = long;\n#endif\n"
    p.write("lib/include/torch/part.h", "#pragma once\n" + asks)
    p.expect(0, 0, 1, "--extra-arg=-Dmine_EXPORTS")
    expect(p.lint("--extra-arg=-Dother_EXPORTS")[0] == 3, "Number is another type")


if __name__ == "__main__":
    sys.exit(main(__doc__))
