"""The release binary, run and asked."""

import json
import os
import re
import subprocess
import urllib.error
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


class LoggedServer:
    """A server whose standard error is the file `log`, or `stderr`, while the block lasts."""

    def __init__(self, *arguments, log=None, stderr=None, prefix=(), **options):
        """`prefix` is a command that runs the server as itself; options are those of Popen."""
        self.log = log
        self.process = subprocess.Popen(
            [*prefix, BINARY, "serve", "--host", "127.0.0.1", "--port", "0", *arguments],
            stdout=subprocess.PIPE, stderr=stderr or log, text=True, **options)
        line = self.process.stdout.readline()
        assert line.startswith("laconic: ready"), f"no ready line: {line}{self.told()[-2000:]}"
        self.url = re.search(r"http:[^ ,\n]*", line).group()

    def told(self):
        """What it has written on standard error."""
        if self.log is None:
            return ""
        with open(self.log.name) as log:
            return log.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()
        if self.log is not None:
            self.log.close()

    def ask(self, path, body=None, headers=None, method=None):
        """Status, fields and text of an answer."""
        data = None if body is None else body if isinstance(body, bytes) \
            else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()
