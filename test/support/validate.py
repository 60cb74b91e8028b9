"""Validates JSON files against a schema: validate.py SCHEMA FILE..."""

import json
import sys

import jsonschema


def main(schema, *files):
    with open(schema, encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    wrong = 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            document = json.load(file)
        for error in validator(schema).iter_errors(document):
            print("{}: {}: {}".format(name, error.json_path, error.message))
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
