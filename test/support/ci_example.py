"""Runs what CI would run of an example, in the current folder.

    ci_example.py shell docs/ci.md HEADING         the block below the heading
    ci_example.py gitlab docs/ci.md HEADING        the scripts of its jobs
    ci_example.py github docs/ci.md HEADING action.yml
                                                   the steps of its jobs, all but the checkout, what apt-get
                                                   installs, and the upload of a file that has to be there
    ci_example.py action action.yml NAME=VALUE...  the steps, with these inputs
"""

import os
import re
import subprocess
import sys

import yaml

from page_block import block


def bash(script, env=None):
    # As GitHub and GitLab do: stop at the first error.
    return subprocess.run(["bash", "-eo", "pipefail", "-c", script], env=env).returncode


def gitlab(path, heading):
    for job in yaml.safe_load(block(path, heading)).values():
        code = bash("\n".join(job["script"]))
        if code:
            return code
    return 0


def action(path, *given):
    with open(path, encoding="utf-8") as file:
        definition = yaml.safe_load(file)
    values = {name: spec.get("default") for name, spec in definition["inputs"].items()}
    for setting in given:
        name, value = setting.split("=", 1)
        assert name in values, name
        values[name] = value
    contexts = {"inputs." + name: value for name, value in values.items()}
    contexts["github.action_path"] = os.path.dirname(path)
    assert definition["runs"]["using"] == "composite"
    for step in definition["runs"]["steps"]:
        assert step["shell"] == "bash"
        env = dict(os.environ)
        for name, value in step["env"].items():
            env[name] = re.sub(r"\$\{\{ (.*?) \}\}", lambda match: contexts[match.group(1)], value)
        code = bash(step["run"], env)
        if code:
            return code
    return 0


def github(path, heading, action_file):
    failed = 0
    uploaded = False
    for job in yaml.safe_load(block(path, heading))["jobs"].values():
        for step in job["steps"]:
            # After a failure only what asks for it goes on.
            if failed and step.get("if") != "always()":
                continue
            if "run" in step:
                failed = failed or (not step["run"].startswith("apt-get ") and bash(step["run"]))
            elif "torch-tidy@" in step["uses"]:
                failed = action(action_file, *("{}={}".format(*item) for item in step["with"].items()))
            elif "upload-sarif" in step["uses"]:
                assert os.path.exists(step["with"]["sarif_file"])
                uploaded = True
            else:
                assert step["uses"].startswith("actions/checkout@")
    assert uploaded
    return failed


def main(kind, *arguments):
    if kind == "shell":
        return bash(block(*arguments))
    return {"gitlab": gitlab, "action": action, "github": github}[kind](*arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
