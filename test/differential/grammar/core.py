"""What a generated case is made of.

A case is a namespace with helpers and a function `run(bool flag)`. The
generator knows the shape of every tensor, so that shapes always fit, and
believes to know where it is and of what element type, for `flag` false and
true; only these two make a case throw. Whether it does is found out by
running it: a wrong belief costs variety and never truth.
"""

import random

CPU, CUDA = ("cpu", "cpu"), ("cuda", "cuda")
NAMES = {"cpu": "torch::kCPU", "cuda": "torch::kCUDA"}
FLOAT, DOUBLE, LONG = "kFloat", "kDouble", "kLong"

CONSTRUCTS = {}  # name -> (group, function)


def construct(group, name=None):
    """Registers a function that adds statements to a Scope."""

    def register(function):
        key = name or function.__name__
        if key in CONSTRUCTS:
            raise ValueError("two constructs are called " + key)
        CONSTRUCTS[key] = (group, function)
        return function

    return register


class Value:
    """A tensor-valued C++ expression."""

    def __init__(self, code, shape, device, dtype=FLOAT):
        self.code, self.shape, self.device, self.dtype = code, tuple(shape), device, dtype

    def with_code(self, code, **changes):
        new = Value(code, self.shape, self.device, self.dtype)
        for key, value in changes.items():
            setattr(new, key, value)
        return new

    def __str__(self):
        return self.code


class Case:
    """One case: its helpers, and how much of it goes wrong."""

    def __init__(self, name, seed):
        self.name = name
        self.construct = "tensors"  # which one is being written
        self.used = set()  # all that were
        self.rng = random.Random(seed)
        self.helpers = []
        self.counter = 0
        # A case with a fault has one pick of an operand that does not fit.
        self.fault = self.rng.choice([None, "device", "device", "any"])
        self.patience = self.rng.randrange(0, 2)
        self.split = False  # whether a device depends on flag

    def fresh(self, stem):
        self.counter += 1
        return "{}{}".format(stem, self.counter)

    def slip(self):
        """What shall be wrong with the operand that is picked now, if anything."""
        if not self.fault:
            return None
        self.patience -= 1
        if self.patience >= 0 or self.rng.random() < 0.5:
            return None
        fault, self.fault = self.fault, None
        return "dtype" if fault == "any" and self.rng.random() < 0.4 else "device"

    def text(self, main):
        parts = ["namespace {} {{".format(self.name)]
        for helper in self.helpers:
            parts += helper
        parts += ["void run(bool flag) {"] + main + ["}", "}} // namespace {}".format(self.name)]
        return parts


class Scope:
    """The body of one function while it is written."""

    def __init__(self, case, inside_case=True):
        self.case, self.rng = case, case.rng
        self.inside_case = inside_case  # `flag` is there
        self.lines = [] if inside_case else ["  F;"]
        self.variables = []
        self.depth = 1

    # Writing.
    def raw(self, text):
        assert "\n" not in text  # the judge counts lines
        self.lines.append("  " * self.depth + text)

    def say(self, statement):
        tag = "  // " + self.case.construct if self.inside_case else ""
        self.raw("L; " + statement + tag)

    def write(self, construct):
        self.case.used.add(construct)
        CONSTRUCTS[construct][1](self)

    def helper(self, lines):
        self.case.helpers.append(lines)

    def child(self):
        """The body of a helper."""
        return Scope(self.case, inside_case=False)

    def fresh(self, stem="t"):
        return self.case.fresh(stem)

    def chance(self, probability):
        return self.rng.random() < probability

    def choice(self, options):
        return self.rng.choice(options)

    # Devices.
    def any_device(self):
        if self.inside_case and self.chance(0.1):
            return self.choice([("cpu", "cuda"), ("cuda", "cpu")])
        return self.choice([CPU, CUDA])

    def device(self, device):
        """A C++ expression of a device."""
        if device[0] != device[1] and not self.inside_case:
            like = [v for v in self.variables if v.device == device]
            return "{}.device()".format(like[0]) if like and not like[0].code.startswith("*") else NAMES[device[0]]
        if device[0] != device[1]:
            return "(flag ? {} : {})".format(NAMES[device[1]], NAMES[device[0]])
        if device == CUDA:
            return self.choice(["torch::kCUDA"] * 4 + ["torch::Device(torch::kCUDA, 0)", 'torch::Device("cuda")', 'torch::Device("cuda:0")'])
        return self.choice(["torch::kCPU"] * 3 + ["torch::Device(torch::kCPU)", 'torch::Device("cpu")'])

    def other(self, device):
        return tuple("cuda" if d == "cpu" else "cpu" for d in device)

    # Values.
    def add(self, value):
        self.variables.append(value)
        return value

    def let(self, value, type="auto", stem="t"):
        """Declares a variable."""
        name = self.fresh(stem)
        self.say("{} {} = {};".format(type, name, value.code))
        return self.add(value.with_code(name))

    def shape(self):
        return self.choice([(4,), (2, 4), (4, 4), (2, 3, 4)])

    def new(self, shape, device, dtype=FLOAT):
        """An expression that makes a tensor."""
        dims = "{" + ", ".join(map(str, shape)) + "}"
        makers = ["torch::rand", "torch::randn", "torch::zeros", "torch::ones"]
        if dtype == LONG:
            makers = ["torch::zeros", "torch::ones"]
        maker = self.choice(makers)
        options = None
        place = self.device(device)
        bare = dtype == FLOAT and device == CPU
        if dtype == FLOAT:
            options = [place, "torch::TensorOptions().device({})".format(place), "torch::dtype(torch::kFloat).device({})".format(place)]
            if place == "torch::kCUDA" or place == "torch::kCPU":
                options.append("torch::device({})".format(place))
        else:
            options = ["torch::TensorOptions().dtype(torch::{}).device({})".format(dtype, place), "torch::dtype(torch::{}).device({})".format(dtype, place)]
        form = self.rng.randrange(8)
        if bare and form < 5:
            return Value("{}({})".format(maker, dims), shape, device, dtype)
        if form == 5 and dtype == FLOAT:
            return Value("{}({}).to({})".format(maker, dims, place), shape, device, dtype)
        if form == 6 and dtype == FLOAT and device == CUDA:
            return Value("{}({}).cuda()".format(maker, dims), shape, device, dtype)
        if form == 7 and dtype == FLOAT:
            return Value("torch::full({}, 0.5, {})".format(dims, self.choice(options)), shape, device, dtype)
        return Value("{}({}, {})".format(maker, dims, self.choice(options)), shape, device, dtype)

    def pick(self, shape=None, device=None, dtype=FLOAT):
        """A variable; one that does not fit where the case's fault is."""
        slip = self.case.slip() if device is not None else None
        if slip == "device":
            device = self.other(device)
        elif slip == "dtype" and dtype in (FLOAT, DOUBLE):
            dtype = DOUBLE if dtype == FLOAT else FLOAT
        fitting = [
            v
            for v in self.variables
            if (shape is None or v.shape == tuple(shape)) and (device is None or v.device == device) and v.dtype == dtype
        ]
        if fitting and self.chance(0.8):
            return self.choice(fitting)
        if shape is None:
            shape = self.shape()
        if device is None:
            device = self.any_device()
        return self.let(self.new(shape, device, dtype))
