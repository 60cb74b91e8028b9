"""Prints values of a JSON file, one a line: json_query.py FILE PATH...

A path is keys and indices joined by dots, '*' for every element:
'runs.0.results.*.ruleId'. A missing key prints 'none'.
"""

import json
import sys


def query(value, keys):
    if not keys:
        yield value
        return
    key, rest = keys[0], keys[1:]
    if key == "*":
        for element in value:
            yield from query(element, rest)
    elif isinstance(value, list):
        yield from query(value[int(key)], rest)
    elif key in value:
        yield from query(value[key], rest)
    else:
        yield "none"


def main(name, *paths):
    with open(name, encoding="utf-8") as file:
        document = json.load(file)
    for path in paths:
        for value in query(document, path.split(".")):
            print(value if isinstance(value, str) else json.dumps(value))


if __name__ == "__main__":
    main(*sys.argv[1:])
