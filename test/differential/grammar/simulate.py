"""Programs whose effect is simulated for both values of `flag`, so that they may be long and still be predicted."""

import copy

from .core import CPU, CUDA, Value
from .tensors import binary

SHAPE = (2, 4)


def place(g):
    return g.choice(["cpu", "cuda"])


def k(device):
    return "torch::k" + device.upper()


def make(g, device):
    """A new tensor on one of the devices."""
    return g.new(SHAPE, CUDA if device == "cuda" else CPU).code


def meet(g, code, device):
    """A statement in which `code`, which should be at `device`, meets a tensor that is there, or one that is not."""
    v = g.let(Value(code, SHAPE, device))
    w = g.pick(SHAPE, device)
    g.let(binary(g, *g.choice([(v, w), (w, v)])))


class Sides:
    """The state of a program where `flag` is false, and where it is true."""

    def __init__(self, state):
        self.states = [copy.deepcopy(state), copy.deepcopy(state)]

    def read(self, look):
        """What `look` finds in each state: a device, if `look` gives one."""
        return tuple(look(state) for state in self.states)

    def all(self, test):
        return all(test(state) for state in self.states)

    def step(self, g, code, effect, often=0.2):
        """Says a statement, sometimes for one value of `flag` only."""
        sides = (0, 1)
        if g.inside_case and g.chance(often):
            side = g.choice([0, 1])
            sides = (side,)
            g.raw("if ({}) {{".format("flag" if side else "!flag"))
            g.depth += 1
        for line in code.split("\n"):
            if line.startswith("! "):
                g.say(line[2:])
            else:
                g.raw(line)
        if len(sides) == 1:
            g.depth -= 1
            g.raw("}")
        for side in sides:
            effect(self.states[side])
