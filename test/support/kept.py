"""Programs that tests compile, kept while nothing changes that goes into them."""

import hashlib
import os


def stamp(path):
    """Which file this is, without reading it: compilers and libraries are large."""
    path = os.path.realpath(path)
    status = os.stat(path)
    return "{} {} {}".format(path, status.st_size, status.st_mtime_ns)


def keep(program, inputs, make):
    """Calls `make` unless the program is there and was made of the same `inputs`, which are texts."""
    key = hashlib.sha256("\0".join(inputs).encode()).hexdigest()
    note = program + ".made-of"
    if os.path.exists(program) and os.path.exists(note):
        with open(note, encoding="utf-8") as text:
            if text.read() == key:
                return
    if os.path.exists(note):
        os.remove(note)
    make()
    with open(note, "w", encoding="utf-8") as out:
        out.write(key)
