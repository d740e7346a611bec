"""The release binary under twice the load it can hold: see Tests/soak.

Every request has exactly one outcome, here and in the access log; seeded answers are those of the
idle server, byte for byte; and when the clients have left, nothing of them is left.
"""

import argparse
import asyncio
import collections
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from soak_client import DIALECTS, Wire, call, documents, question, streamed_text, whole_text

BINARY = os.environ["LACONIC_BINARY"]
FAMILY = os.path.join(
    os.path.dirname(__file__), "..", "..", "Sources", "laconic", "Resources", "family")
RUNNING, QUEUE = 4, 12
CLIENTS = 2 * (RUNNING + QUEUE)
MEMBERS = ["base", "alpha_0", "alpha_0.05", "alpha_0.1", "alpha_0.2", "alpha_0.4"]
BAD = [
    ("POST", "/generate", b'{"prompt":'), ("POST", "/generate", b'{"prompt":"x","budget":-4}'),
    ("POST", "/generate", b'{"prompt":"x","model":"nobody"}'), ("GET", "/generate", b""),
    ("POST", "/nowhere", b"{}"), ("POST", "/v1/chat/completions", b'{"messages":[]}'),
    ("POST", "/v1/completions", b'{"prompt":"x","temperature":"hot"}'),
    ("POST", "/generate", b"[" * 500), ("POST", "/api/chat", b'{"messages":3}'),
    ("PATCH", "/v1/generations/gen-none", b'{"budget":5}'),
    ("POST", "/generate", b'{"prompt":"' + b"word " * 9000 + b'"}'),
]


class Process:
    """What the kernel says of the server."""

    def __init__(self, pid):
        self.pid = pid

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def descriptor_targets(self):
        folder = f"/proc/{self.pid}/fd"
        return collections.Counter(
            os.readlink(os.path.join(folder, name)) for name in os.listdir(folder))

    def status(self, name):
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(name + r":\s+(\d+)", file.read()).group(1))

    def processor_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Soak:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.outcomes = collections.Counter()
        self.admitted_ids = {}       # id -> what the client saw of it
        self.failures = []
        self.compared = 0
        self.retries = [0, 0]        # tried again after Retry-After, admitted then
        self.samples = []            # (seconds, resident KiB, descriptors, threads)
        self.references = []
        self.streams = {}            # ids of /generate that stream now
        self.serial = 0
        self.latest_ids = {}         # of each client's task
        self.broken_ids = []         # whose act ended in an error
        self.waits = []

    # The server

    def start(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", self.path("key.pem"), "-out", self.path("cert.pem"), "-days",
             "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
        self.log = open(self.path("log"), "w")
        shutil.copytree(FAMILY, self.path("family"))
        self.server = subprocess.Popen(
            [BINARY, "serve", "--listen", "http://127.0.0.1:0", "--listen", "127.0.0.1:0",
             "--listen", f"unix:{self.path('socket')}", "--tls-cert", self.path("cert.pem"),
             "--tls-key", self.path("key.pem"), "--max-running", str(RUNNING), "--max-queue",
             str(QUEUE), "--kv-memory", "48", "--family", self.path("family"), "--access-log", "json", "--header-timeout", "4",
             "--first-byte-timeout", "10", "--body-timeout", "8", "--write-timeout", "6",
             "--idle-timeout", "5", "--drain", "20"],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.server.stdout.readline()
        assert line.startswith("laconic: ready"), self.tail()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", line).group(1))
        self.tls_port = int(re.search(r"https://127\.0\.0\.1:(\d+)", line).group(1))
        self.process = Process(self.server.pid)

    def path(self, name):
        return os.path.join(self.folder, name)

    def tail(self):
        with open(self.path("log")) as log:
            return log.readlines()[-5:]

    def fail(self, what):
        self.failures.append(what)
        if len(self.failures) < 20:
            print(f"soak: {what}", file=sys.stderr, flush=True)

    async def metrics(self):
        wire = await Wire.connect(self.port, address="127.0.0.9")
        try:
            wire.send("/metrics", b"", "metrics", "GET")
            _, _, payload = await wire.answer()
        finally:
            wire.close()
        values = {}
        for line in payload.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    # Requests whose answers are known

    async def prepare(self):
        """Asks the idle server what the loaded one will be asked."""
        choice = random.Random(self.options.seed)
        for index in range(60):
            dialect = DIALECTS[index % len(DIALECTS)]
            more = {"ignore_eos": True} \
                if dialect in ("chat", "completions") and index % 2 else {}
            arguments = (dialect, question(choice), choice.choice(MEMBERS),
                         choice.choice([12, 60, 120, 300, 700]), choice.choice([0, 0.6, 1]),
                         choice.randint(1, 9999))
            path, body = call(*arguments, False, more)
            wire = await Wire.connect(self.port)
            wire.send(path, body, f"reference-{index}")
            status, _, payload = await wire.answer()
            wire.close()
            assert status == 200, (path, body, payload)
            self.references.append((arguments, more, whole_text(payload, dialect)))
        # What the runtime opens once and keeps, such as the timer of deadlines, is not a leak.
        for more in ({"budget": {"tokens": 9, "latency_ms": 5000}}, {"stream": True}):
            wire = await Wire.connect(self.port)
            wire.send("/generate", {"prompt": question(choice), "budget": 9, **more}, "warm")
            await wire.answer()
            wire.close()

    def next_id(self, kind):
        self.serial += 1
        id = f"{kind}-{self.serial}"
        self.latest_ids[asyncio.current_task()] = id
        return id

    def done(self, id, outcome):
        """Notes the one outcome of a request."""
        if id in self.admitted_ids:
            self.fail(f"{id}: two outcomes, {self.admitted_ids[id]} and {outcome}")
        self.admitted_ids[id] = outcome
        self.outcomes[outcome] += 1

    async def open(self, rng, **options):
        kind = rng.random()
        if kind < 0.15:
            return await Wire.connect(self.tls_port, tls=True, address=self.address(rng))
        if kind < 0.25:
            return await Wire.connect(0, unix=self.path("socket"), **options)
        return await Wire.connect(self.port, address=self.address(rng), **options)

    @staticmethod
    def address(rng):
        return f"127.0.0.{rng.randint(1, 8)}"

    # What clients do

    async def compare(self, rng, *, slow=False):
        """A request whose answer is known, whole or streamed, fast or slowly read."""
        arguments, more, expected = rng.choice(self.references)
        stream = slow or rng.random() < 0.6
        path, body = call(*arguments, stream, more)
        for attempt in range(2):
            id = self.next_id("compare")
            wire = await self.open(rng, **({"receive_buffer": 2048} if slow else {}))
            try:
                start = time.monotonic()
                wire.send(path, body, id)
                status, fields = await wire.head()
                payload = b""
                async for piece in wire.pieces(fields):
                    payload += piece
                    if slow and rng.random() < 0.02:
                        await asyncio.sleep(rng.random() * 0.3)
            finally:
                wire.close()
            if status == 429:
                self.done(id, "refused")
                if attempt:
                    return
                seconds = int(fields["retry-after"])
                if not 1 <= seconds <= 120:
                    self.fail(f"{id}: Retry-After {seconds}")
                await asyncio.sleep(min(seconds, 20))
                self.retries[0] += 1
                continue
            if attempt:
                self.retries[1] += 1
            if status != 200:
                self.done(id, f"status {status}")
                return self.fail(f"{id}: {path} {body}: {status} {payload[:300]}")
            self.done(id, "finished")
            self.waits.append(time.monotonic() - start)
            try:
                read = streamed_text if stream else whole_text
                got = read(payload, arguments[0])
                self.compared += 1
                if got != expected:
                    self.fail(f"{id}: {path} {body}: expected {expected!r}, found {got!r}")
            except Exception as error:
                self.fail(f"{id}: {path} {body}: {error!r} in {payload[-300:]}")
            return

    async def budget(self, rng):
        """A routed request, whose ceiling must hold."""
        tokens = rng.choice([1, 8, 40, 100, 400])
        body = {"prompt": question(rng), "stream": False, "budget": {
            "tokens": tokens, "effort": rng.choice(["minimal", "low", "medium", "max"])}}
        if rng.random() < 0.3:
            body["alpha"] = rng.choice([0.03, 0.07, 0.15, 0.3])
        elif rng.random() < 0.3:
            body["policy"] = "escalate"
        elif rng.random() < 0.3:
            body["budget"]["latency_ms"] = rng.choice([50, 500, 3000])
        elif rng.random() < 0.3:
            body["n"] = rng.randint(2, 4)
        id = self.next_id("budget")
        wire = await self.open(rng)
        try:
            wire.send("/generate", body, id)
            status, _, payload = await wire.answer()
        finally:
            wire.close()
        if status == 429:
            return self.done(id, "refused")
        if status == 400 and json.loads(payload)["error"]["code"] in (
                "budget_infeasible", "unsupported_parameter"):
            return self.done(id, "infeasible")
        self.done(id, "finished" if status == 200 else f"status {status}")
        if status != 200:
            return self.fail(f"{id}: {body}: {status} {payload[:300]}")
        used = json.loads(payload)["usage"]["completion_tokens"]
        if used > tokens * body.get("n", 1):
            self.fail(f"{id}: {used} tokens for a budget of {tokens}: {body}")

    async def leave(self, rng):
        """A client that hangs up: in the queue, in prefill, or while it is answered."""
        tokens = rng.choice([200, 700, 1500])
        dialect = rng.choice(["chat", "completions"])
        words = " ".join(question(rng) for _ in range(rng.choice([1, 1, 6])))
        path, body = call(dialect, words, rng.choice(MEMBERS), tokens, 0.6, 5,
                          rng.random() < 0.7, {"ignore_eos": True})
        id = self.next_id("leave")
        wire = await self.open(rng)
        outcome = "left"
        try:
            wire.send(path, body, id)
            await wire.writer.drain()
            moment = rng.random()
            if moment < 0.3:
                await asyncio.sleep(rng.random() * 0.05)
            else:
                wait = rng.random() * 0.4
                try:
                    async with asyncio.timeout(wait):
                        status, fields = await wire.head()
                        if status == 429:
                            outcome = "refused"
                        elif status != 200:
                            outcome = f"status {status}"
                            self.fail(f"{id}: {body}: {status}")
                        count = 0
                        async for piece in wire.pieces(fields):
                            count += len(piece)
                            if status == 200 and count > rng.randint(1, 9000):
                                break
                        else:
                            outcome = "finished" if status == 200 else outcome
                except TimeoutError:
                    pass
        finally:
            wire.close(reset=rng.random() < 0.5)
        self.done(id, outcome)

    async def bad(self, rng):
        method, path, body = rng.choice(BAD)
        id = self.next_id("bad")
        wire = await self.open(rng)
        try:
            wire.send(path, body, id, method)
            status, _, payload = await wire.answer()
        finally:
            wire.close()
        self.done(id, "bad")
        if not 400 <= status < 500 or b"error" not in payload:
            self.fail(f"{id}: {method} {path} {body[:80]}: {status} {payload[:300]}")

    async def half_open(self, rng):
        """A client that sends part of a request and no more."""
        wire = await self.open(rng)
        try:
            whole = (b"POST /generate HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
                     b'{"prompt":"What')
            wire.writer.write(whole[:rng.randint(0, len(whole))])
            if rng.random() < 0.3:
                wire.writer.write_eof() if wire.writer.can_write_eof() else None
            async with asyncio.timeout(20):
                while await wire.reader.read(4096):
                    pass
            self.outcomes["half-open, closed"] += 1
        except TimeoutError:
            self.fail("a half-open connection was not closed within 20 s")
        finally:
            wire.close(reset=rng.random() < 0.5)

    async def deaf(self, rng):
        """A client that asks for a long stream and reads nothing of it."""
        path, body = call("chat", question(rng), "base", 1500, 0.6, 5, True,
                          {"ignore_eos": True, "logprobs": True, "top_logprobs": 20})
        id = self.next_id("deaf")
        wire = await Wire.connect(self.port, address=self.address(rng), receive_buffer=1024)
        try:
            wire.send(path, body, id)
            await wire.writer.drain()
            wire.writer.transport.pause_reading()
            await asyncio.sleep(rng.random() * 9)
        finally:
            wire.close(reset=True)
        self.done(id, "left")

    async def revise(self, rng):
        """A stream whose budget changes while it runs."""
        body = {"prompt": question(rng), "model": rng.choice(MEMBERS), "stream": True,
                "budget": rng.choice([200, 600]), "temperature": 1,
                "seed": rng.randint(1, 9999)}
        id = self.next_id("revise")
        wire = await self.open(rng)
        try:
            wire.send("/generate", body, id)
            status, fields = await wire.head()
            payload, asked = b"", False
            async for piece in wire.pieces(fields):
                payload += piece
                name = re.search(rb'"type":"start","id":"([^"]+)"', payload)
                if name and not asked:
                    asked = True
                    change = rng.choice([{"answer_now": True}, {"budget": 30}, {"budget": 900},
                                         {"budget": {"reasoning_tokens": 20}}])
                    other = await self.open(rng)
                    try:
                        other.send(f"/v1/generations/{name.group(1).decode()}", change,
                                   self.next_id("patch"), "PATCH")
                        code, _, reply = await other.answer()
                    finally:
                        other.close()
                    self.outcomes[f"revision {code}"] += 1
                    if code not in (200, 404, 409):
                        self.fail(f"{id}: PATCH {change}: {code} {reply[:200]}")
        finally:
            wire.close()
        self.done(id, "refused" if status == 429 else "finished")
        if status == 200 and documents(payload, "generate")[-1]["type"] != "done":
            self.fail(f"{id}: it ends with {payload[-200:]}")

    async def client(self, number, end):
        rng = random.Random(self.options.seed * 1000 + number)
        acts = [(self.compare, 46), (self.leave, 20), (self.budget, 12), (self.revise, 8),
                (self.bad, 6), (lambda rng: self.compare(rng, slow=True), 5),
                (self.half_open, 2), (self.deaf, 1)]
        while time.monotonic() < end:
            act = rng.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
            try:
                async with asyncio.timeout(180):
                    await act(rng)
            except Exception as error:
                if self.server.poll() is not None:
                    return
                id = self.latest_ids.get(asyncio.current_task())
                self.broken_ids.append(id)
                self.fail(f"client {number}: {act}: {id}: {error!r}")

    async def reload(self, end):
        """Loads settings again, and every tenth time all models: a file of theirs has changed.

        Models begin with an empty cache: in a run too short for medians of that, only at first.
        """
        start = time.monotonic()
        last = end if self.options.minutes >= 10 else start + (end - start) / 3
        while time.monotonic() < end:
            await asyncio.sleep(3)
            self.outcomes["reloads"] += 1
            if self.outcomes["reloads"] % 10 == 0 and time.monotonic() < last:
                os.utime(self.path("family/family.json"))
                self.outcomes["reloads of models"] += 1
            self.server.send_signal(signal.SIGHUP)

    async def sample(self, start, end):
        while time.monotonic() < end and self.server.poll() is None:
            await asyncio.sleep(1)
            self.samples.append((
                time.monotonic() - start, self.process.status("VmRSS"),
                self.process.descriptors(), self.process.status("Threads")))
            if len(self.samples) % 60 == 0:
                print(f"soak: {len(self.samples)} s, {self.samples[-1][1]} KiB, "
                      f"{sum(self.outcomes.values())} outcomes", file=sys.stderr, flush=True)

    # The end

    async def settle(self):
        """Waits until nothing is left to do, and says what is left nevertheless."""
        end = time.monotonic() + 30
        while True:
            values = await self.metrics()
            await asyncio.sleep(0.2)
            left = {name: values[f"laconic_{name}"] for name in (
                "num_requests_running", "num_requests_waiting", "kv_cache_pages_used")}
            left["connections"] = values["laconic_http_connections_open"] - 1
            left["descriptors"] = self.process.descriptors() - self.idle[0]
            left["threads"] = self.process.status("Threads") - self.idle[1]
            # A thread that served once may stay; one more than the pools have may not.
            over = {name: value for name, value in left.items()
                    if value > (8 if name == "threads" else 0)}
            if not over:
                return left, values
            if time.monotonic() > end:
                opened = self.process.descriptor_targets() - self.idle_targets
                self.fail(f"left when all clients had gone: {over}; opened since {opened}")
                return left, values
            await asyncio.sleep(0.5)

    def reconcile(self):
        """Holds what clients saw against the access log: one line a request, of one mind."""
        lines = collections.defaultdict(list)
        with open(self.path("log")) as log:
            for line in log:
                if line.startswith("{"):
                    record = json.loads(line)
                    lines[record["id"]].append(record)
                elif "SIGHUP" not in line and "ready" not in line:
                    self.other = line.strip()
        for id in self.broken_ids:
            print(f"soak: {id} in the access log: {lines[id]}", file=sys.stderr)
        agreed = {"finished": ("finished",), "refused": ("refused",), "bad": ("refused",),
                  "infeasible": ("refused",),
                  # The last bytes may have gone before the client did; a request may also have
                  # left before it was read, or have been refused.
                  "left": ("client left", "finished", "refused")}
        for id, outcome in self.admitted_ids.items():
            found = lines[id]
            if not found and outcome == "left":
                self.outcomes["left before it was read"] += 1
                continue
            if len(found) != 1:
                self.fail(f"{id}: {outcome}, and {len(found)} lines in the access log")
                continue
            told = found[0]["outcome"]
            if not told.startswith(agreed.get(outcome, ("failed",))):
                self.fail(f"{id}: {outcome}, and the access log says '{told}'")

    async def run(self):
        self.start()
        await self.prepare()
        await asyncio.sleep(6)
        self.idle = (self.process.descriptors(), self.process.status("Threads"))
        self.idle_targets = self.process.descriptor_targets()
        start = time.monotonic()
        end = start + self.options.minutes * 60 - 30
        used = self.process.processor_seconds()
        await asyncio.gather(*(self.client(number, end) for number in range(CLIENTS)),
                             self.reload(end), self.sample(start, end))
        if self.server.poll() is not None:
            raise SystemExit(f"soak: the server ended: {self.server.returncode} {self.tail()}")
        seconds = time.monotonic() - start
        used = self.process.processor_seconds() - used
        left, values = await self.settle()
        self.server.terminate()
        code = self.server.wait(timeout=60)
        if code != 0:
            self.fail(f"it ended with {code}")
        self.reconcile()
        # A third is warm-up: caches fill, arenas grow.
        third = [row[1] for row in self.samples[len(self.samples) // 3:]]
        early = statistics.median(third[:len(third) // 2])
        late = statistics.median(third[len(third) // 2:])
        growth = (late / early - 1) * 100
        # A short run is half warm-up: pools grow until each thread has met its largest request.
        if growth > (2 if self.options.minutes >= 10 else 5):
            self.fail(f"memory grew by {growth:.1f} %: {early} to {late} KiB")
        overruns = sum(value for name, value in values.items() if "overrun" in name)
        if overruns:
            self.fail(f"{overruns} tokens over budgets")
        bad = values['laconic_reloads_total{outcome="failure"}']
        if bad:
            self.fail(f"{bad} reloads failed")
        return {
            "minutes": round(seconds / 60, 1), "seed": self.options.seed, "clients": CLIENTS,
            "running": RUNNING, "queue": QUEUE,
            "outcomes": dict(sorted(self.outcomes.items())),
            "compared": self.compared, "failures": len(self.failures),
            "tokens": values["laconic_generation_tokens_total"] if
            "laconic_generation_tokens_total" in values else
            sum(value for name, value in values.items()
                if name.startswith("laconic_generation_tokens_total")),
            "processor_seconds": round(used, 1),
            "retried": self.retries[0], "admitted_on_retry": self.retries[1],
            "median_seconds": round(statistics.median(self.waits), 3),
            "resident_kib": [int(early), int(late)], "growth_percent": round(growth, 2),
            "most_descriptors": max(row[2] for row in self.samples),
            "most_threads": max(row[3] for row in self.samples), "left": left,
            "access_log_lines": len(self.admitted_ids),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="in all, the start included")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="where the figures go as JSON")
    options = parser.parse_args()
    if options.minutes < 1:
        parser.error("--minutes: expected at least 1")
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(options, folder)
        try:
            figures = asyncio.run(soak.run())
        finally:
            if soak.server.poll() is None:
                soak.server.kill()
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=1)
    for name, value in figures.items():
        print(f"{name:20} {value}")
    if soak.failures:
        sys.exit(f"soak: {len(soak.failures)} failures, first: {soak.failures[0]}")
    print(f"soak: {sum(soak.outcomes.values())} outcomes in {figures['minutes']} minutes, "
          "nothing lost, nothing left")


main()
