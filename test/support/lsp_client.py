"""A language client for what no editor does on purpose.

    lsp_client.py SCENARIO TORCH_TIDY [options...] -- FILE

Prints what the server says, shortened, and its exit code.
"""

import json
import queue
import subprocess
import sys
import threading
import time


class Client:
    def __init__(self, command):
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.inbox = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.server.stdout
        while True:
            size = None
            while True:
                line = out.readline().strip()
                if not line:
                    break
                name, value = line.split(b":")
                if name.lower() == b"content-length":
                    size = int(value)
            if size is None:
                self.inbox.put(None)
                return
            self.inbox.put(json.loads(out.read(size)))

    def raw(self, text):
        data = text.encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.server.stdin.flush()

    def send(self, method, params=None, number=None):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if number is not None:
            message["id"] = number
        self.raw(json.dumps(message))

    def get(self, wanted):
        """The next message that `wanted` is true of."""
        while True:
            message = self.inbox.get(timeout=120)
            assert message is not None, "the server ended"
            if wanted(message):
                return message

    def published(self):
        return self.get(lambda m: m.get("method") == "textDocument/publishDiagnostics")["params"]

    def start(self, capabilities=None):
        self.send("initialize", {"capabilities": capabilities or {}}, 1)
        return self.get(lambda m: m.get("id") == 1)["result"]

    def open(self, uri, text):
        self.send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "cpp", "version": 1, "text": text}})

    def change(self, uri, text, version):
        self.send(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]},
        )

    def end(self, polite=True):
        if polite:
            self.send("shutdown", None, 99)
            assert self.get(lambda m: m.get("id") == 99)["result"] is None
        self.send("exit")
        print("exit code", self.server.wait(60))


def typing(client, uri, text):
    """Keys faster than any lint: nothing queues up, and the last text counts."""
    client.start()
    client.open(uri, text)
    for version in range(2, 62):
        client.change(uri, text + "// " + "x" * version, version)
        time.sleep(0.03)
    seen = [client.published()["version"]]
    while seen[-1] != 61:
        seen.append(client.published()["version"])
    print("published at most three:", len(seen) <= 3)
    time.sleep(1)
    print("and nothing after:", client.inbox.empty())
    client.end()


def rude(client, uri, text):
    """Nonsense, a request that is unknown, an end without farewell."""
    client.start()
    client.raw("{nonsense")
    client.send("textDocument/didOpen", {"textDocument": {"uri": 7}})
    client.send("textDocument/didChange", {"textDocument": {"uri": uri, "version": 4}, "contentChanges": []})
    client.send("textDocument/hover", {}, 5)
    print("unknown request:", client.get(lambda m: m.get("id") == 5)["error"]["message"])
    client.open(uri, text)
    print("still serves:", len(client.published()["diagnostics"]))
    client.end(polite=False)


def gone(client, uri, text):
    """The editor dies while a lint runs."""
    client.start()
    client.open(uri, text)
    client.server.stdin.close()
    print("exit code", client.server.wait(60))


def plain(client, uri, text):
    """A client that shows no related information; closing takes findings away."""
    client.start()
    client.open(uri, text)
    print(client.published()["diagnostics"][0]["message"])
    client.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    print("closed:", client.published()["diagnostics"])
    client.end()


def crash(client, uri, text):
    """A parse that dies takes nothing else along."""
    client.start()
    client.open(uri, "#pragma clang __debug crash\n")
    print("died:", client.published()["diagnostics"][0]["message"])
    client.change(uri, text, 2)
    print("still serves:", len(client.published()["diagnostics"]))
    client.end()


def main(scenario, *command):
    split = len(command) - 2
    assert command[split] == "--"
    with open(command[-1], encoding="utf-8") as file:
        text = file.read()
    client = Client(command[:split])
    {"typing": typing, "rude": rude, "gone": gone, "plain": plain, "crash": crash}[scenario](
        client, "file://" + command[-1], text
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
