"""The release binary, run and asked."""

import json
import os
import re
import subprocess
import urllib.request

BINARY = os.environ["LACONIC_BINARY"]


def run(*arguments):
    """Runs a command to its end and returns what it printed."""
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"laconic {' '.join(arguments)}: {done.stderr[-2000:]}"
    return done.stdout


class Server:
    """A server on a port of its own, while the block lasts."""

    def __init__(self, *arguments):
        flags = ["--host", "127.0.0.1", "--port", "0", *arguments]
        self.process = subprocess.Popen([BINARY, "serve", *flags], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        log = ""
        for line in self.process.stdout:
            log += line
            if line.startswith("laconic: ready"):
                self.url = re.search(r"http:[^ ,\n]*", line).group()
                return
        raise AssertionError(f"the server ended before it was ready: {log}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=60)

    def post(self, route, **body):
        request = urllib.request.Request(self.url + route, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=300) as reply:
            return json.load(reply)
