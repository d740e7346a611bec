"""A server built with a sanitizer, driven for --seconds S (20): see Tests/sanitize.

Streams in every dialect, whole answers, hang-ups, revisions, bad requests, in plain text, over TLS
and a Unix socket, certificates read again by SIGHUP, and a stop while a stream runs. What the
sanitizer has to say is in the files that its options name; here the server must answer and end
with 0.
"""

import argparse
import asyncio
import collections
import os
import random
import re
import signal
import subprocess
import tempfile
import time

from soak_client import DIALECTS, Wire, call, documents, question, streamed_text, whole_text

BINARY = os.environ["LACONIC_BINARY"]
CLIENTS = 8
BAD = [
    ("POST", "/generate", b'{"prompt":'), ("GET", "/generate", b""), ("POST", "/nowhere", b"{}"),
    ("POST", "/generate", b'{"prompt":"x","model":"nobody"}'),
    ("POST", "/v1/chat/completions", b'{"messages":[]}'), ("POST", "/generate", b"[" * 500),
    ("PATCH", "/v1/generations/gen-none", b'{"budget":5}'),
]
GOOD = ["/health", "/metrics", "/v1/models", "/openapi.json", "/", "/api/tags"]


class Drive:
    def __init__(self, folder, seconds):
        self.folder = folder
        self.seconds = seconds
        self.outcomes = collections.Counter()

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", self.path("key.pem"), "-out", self.path("cert.pem"), "-days",
             "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
        self.log = open(self.path("log"), "w")
        self.server = subprocess.Popen(
            [BINARY, "serve", "--listen", "http://127.0.0.1:0", "--listen", "127.0.0.1:0",
             "--listen", f"unix:{self.path('socket')}", "--tls-cert", self.path("cert.pem"),
             "--tls-key", self.path("key.pem"), "--max-running", "4", "--max-queue", "8",
             "--kv-memory", "48", "--access-log", "json", "--drain", "60"],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.server.stdout.readline()
        assert line.startswith("laconic: ready"), f"not ready: {line} {self.tail()}"
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", line).group(1))
        self.tls_port = int(re.search(r"https://127\.0\.0\.1:(\d+)", line).group(1))

    def tail(self):
        with open(self.path("log")) as log:
            return "".join(log.readlines()[-5:])

    async def open(self, rng):
        kind = rng.random()
        if kind < 0.2:
            return await Wire.connect(self.tls_port, tls=True)
        if kind < 0.4:
            return await Wire.connect(0, unix=self.path("socket"))
        return await Wire.connect(self.port)

    async def answer(self, rng):
        """An answer to its end, whole or streamed."""
        dialect, stream = rng.choice(DIALECTS), rng.random() < 0.6
        path, body = call(dialect, question(rng), "alpha_0.4", rng.choice([8, 40, 80]),
                          rng.choice([0, 0.6]), rng.randint(1, 99), stream)
        wire = await self.open(rng)
        try:
            wire.send(path, body, "answer")
            status, _, payload = await wire.answer()
        finally:
            wire.close()
        if status == 200:
            (streamed_text if stream else whole_text)(payload, dialect)
        else:
            assert status == 429, (path, body, status, payload)
        self.outcomes[f"{status}"] += 1

    async def leave(self, rng):
        """A client that hangs up at some point of its stream, politely or not."""
        path, body = call("chat", question(rng), "base", 600, 0.6, 5, rng.random() < 0.7,
                          {"ignore_eos": True})
        wire = await self.open(rng)
        try:
            wire.send(path, body, "leave")
            async with asyncio.timeout(rng.random()):
                await wire.answer()
        except TimeoutError:
            pass
        finally:
            wire.close(reset=rng.random() < 0.5)
        self.outcomes["left"] += 1

    async def revise(self, rng):
        """A stream whose terms change as it runs."""
        path, body = call("generate", question(rng), "base", 300, 1, 5, True)
        wire = await self.open(rng)
        try:
            wire.send(path, body, "revise")
            status, fields = await wire.head()
            payload, asked = b"", False
            async for piece in wire.pieces(fields):
                payload += piece
                name = re.search(rb'"type":"start","id":"([^"]+)"', payload)
                if name and not asked:
                    asked = True
                    other = await self.open(rng)
                    other.send(f"/v1/generations/{name.group(1).decode()}",
                               rng.choice([{"answer_now": True}, {"budget": 30}]), "patch",
                               "PATCH")
                    await other.answer()
                    other.close()
        finally:
            wire.close()
        if status == 200:
            assert documents(payload, "generate")[-1]["type"] == "done", payload[-200:]
        self.outcomes["revised"] += 1

    async def ask(self, rng):
        """Requests that are bad, and some that need no model, on one connection."""
        wire = await self.open(rng)
        try:
            for _ in range(3):
                wire.send(rng.choice(GOOD), b"", "good", "GET")
                status, _, _ = await wire.answer()
                assert status == 200, status
            method, path, body = rng.choice(BAD)
            wire.send(path, body, "bad", method)
            status, _, payload = await wire.answer()
            assert 400 <= status < 500 and b"error" in payload, (path, status, payload)
        finally:
            wire.close()
        self.outcomes["asked"] += 1

    async def client(self, number, end):
        rng = random.Random(number)
        acts = [self.answer, self.leave, self.revise, self.ask]
        turn = number
        while time.monotonic() < end or turn < number + len(acts):
            await acts[turn % len(acts)](rng)
            turn += 1

    async def reload(self, end):
        while time.monotonic() < end:
            self.server.send_signal(signal.SIGHUP)
            self.outcomes["reloads"] += 1
            await asyncio.sleep(2)

    async def run(self):
        self.start()
        end = time.monotonic() + self.seconds
        await asyncio.gather(*(self.client(number, end) for number in range(CLIENTS)),
                             self.reload(end))
        # It is told to stop while it streams: what runs is finished.
        rng = random.Random(0)
        wire = await Wire.connect(self.port)
        path, body = call("generate", question(rng), "base", 120, 0, 1, True)
        wire.send(path, body, "last")
        await wire.head()
        self.server.terminate()
        last = b""
        while not last.endswith(b"0\r\n\r\n"):
            piece = await wire.reader.read(4096)
            assert piece, last[-200:]
            last += piece
        wire.close()
        code = self.server.wait(timeout=120)
        assert code == 0, f"it ended with {code}: {self.tail()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        drive = Drive(folder, options.seconds)
        try:
            asyncio.run(drive.run())
        finally:
            if drive.server.poll() is None:
                drive.server.kill()
    told = ", ".join(f"{count} {name}" for name, count in sorted(drive.outcomes.items()))
    print(f"sanitized server: {told}, stopped")


main()
