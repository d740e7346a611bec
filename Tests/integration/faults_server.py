"""The server and its clients as Tests/faults sees them, and what it checks them by."""

import atexit
import collections
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

from checks import check
from laconic_process import BINARY, LoggedServer

WORK = tempfile.mkdtemp(prefix="laconic-faults-")
atexit.register(shutil.rmtree, WORK, ignore_errors=True)
FAMILY = os.path.realpath("Sources/laconic/Resources/family")
MEMBER = "alpha_0.2"
QUESTION = "Jack has 47 stickers. Jack buys 6 bags of 6 stickers. How many stickers does Jack have now?"
LONG = {"prompt": QUESTION, "model": MEMBER, "max_tokens": 900, "ignore_eos": True,
        "temperature": 0}


def place(name):
    """A fresh path below the work folder."""
    return os.path.join(WORK, f"{name}-{time.monotonic_ns()}")


class Server(LoggedServer):
    """A server whose standard error is a file of its own, or `stderr`, while the block lasts."""

    def __init__(self, *arguments, log_path=None, stderr=None, **options):
        log = open(log_path or place("log"), "a+") if stderr is None else None
        super().__init__(*arguments, log=log, stderr=stderr, **options)
        self.port = urllib.parse.urlsplit(self.url).port
        self.pid = self.process.pid

    def connect(self, **options):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30, **options)

    def say(self, body, key=None):
        """Status and JSON of an answer of /generate."""
        status, _, text = self.ask("/generate", body, {"x-api-key": key} if key else None)
        return status, json.loads(text)

    def metric(self, name, key=None):
        text = self.ask("/metrics", None, {"x-api-key": key} if key else None)[2]
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.split("{")[0].split(" ")[0] == name)

    def processor_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stream:
    """Answers that are being streamed, of more bytes than lie unread on the way to `rest()`.

    One that is `slow` stays under way until then; others are soon at their end.
    """

    def __init__(self, server, count=6, key=None, slow=True):
        self.server, self.id = server, f"stream-{time.monotonic_ns()}"
        fields = {"x-request-id": self.id, **({"x-api-key": key} if key else {})}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.connection.sock = socket.socket()
        if slow:
            # What the kernel keeps for a slow reader goes by the size of segments on the sender's
            # side and by this buffer on the reader's, which Linux 6.17 else grows to megabytes.
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.connection.sock.settimeout(60)
        self.connection.sock.connect(("127.0.0.1", server.port))
        self.connection.request("POST", "/generate",
                                json.dumps({**LONG, "n": count, "stream": True}), fields)
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200, self.reply.read()
        self.lines = [self.reply.readline() for _ in range(4)]

    def is_under_way(self):
        """Whether it has no line in the log, as every request has that has ended."""
        return self.id not in self.server.told()

    def rest(self):
        """The answers, thought and all, once they are there to their end."""
        lines = [*self.lines, *self.reply.read().split(b"\n")]
        self.connection.close()
        events = [json.loads(line[6:]) for line in lines if line.startswith(b"data: {")]
        assert events and events[-1]["type"] == "done", events[-1:]
        texts = collections.defaultdict(str)
        for event in events:
            texts[event.get("index")] += event.get("text", "")
        return texts


def answer(server, body=LONG):
    status, reply = server.say(body)
    assert status == 200, reply
    return reply["reasoning"], reply["text"], reply["usage"]["completion_tokens"]


def key_file():
    """A file of two keys, without and with a quota, and the keys."""
    path, keys = place("keys"), {}
    for name, flags in (("free", []), ("metered", ["--tokens", "1000000/day"])):
        done = subprocess.run([BINARY, "keys", "add", "--file", path, "--name", name, "--json",
                               *flags], capture_output=True, text=True, check=True)
        keys[name] = json.loads(done.stdout)["key"]
    return path, keys


def usage(server, key, period="day"):
    status, _, text = server.ask(f"/v1/usage?period={period}", None, {"x-api-key": key})
    assert status == 200, text
    return sum(row["requests"] for row in json.loads(text)["data"])


def fails(*arguments, naming, prefix=(), **options):
    """Checks that a command ends with 1 and one line that holds each of the words."""
    done = subprocess.run([*prefix, BINARY, *arguments], capture_output=True, text=True, timeout=120,
                          **options)
    check(done.returncode == 1, (arguments, done.returncode, done.stderr[-2000:]))
    last = done.stderr.strip().splitlines()[-1]
    check(last.startswith("laconic: ") and all(word in last for word in naming),
          f"{last} does not name {naming}")
