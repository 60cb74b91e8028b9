"""Does `torch-tidy explain` know every message that the checks predict?

explained.py TOOL MESSAGES.INC prints those that it does not, and exits with 1.
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def messages(path):
    """Each message once, with the operands' names and methods all alike."""
    found = set()
    with open(path, encoding="utf-8") as file:
        for text in re.findall(r'^MESSAGE\("(.+)"\)$', file.read(), re.M):
            text = text.replace('\\"', '"')
            text = re.sub(r"but got \w+ is on", "but got x is on", text)
            text = re.sub(r"wrapper_\w+", "wrapper", text)
            for mark, name in ("{W}", "Double"), ("{B}", "Float"), ("{w}", "double"), ("{b}", "float"):
                text = text.replace(mark, name)
            found.add(text)
    return sorted(found)


def main(tool, path):
    texts = messages(path)
    assert len(texts) > 200, "no messages in " + path

    def known(text):
        return subprocess.run([tool, "explain", text], capture_output=True).returncode == 0

    with ThreadPoolExecutor(2) as pool:
        unknown = [text for text, ok in zip(texts, pool.map(known, texts)) if not ok]
    for text in unknown:
        print("not explained:", text)
    print("{} of {} messages explained".format(len(texts) - len(unknown), len(texts)))
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
