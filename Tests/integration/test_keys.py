"""Keys, limits and usage, against the release binary: see Tests/keys."""

import concurrent.futures
import datetime
import json
import os
import random
import re
import signal
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
import urllib.request

from checks import check, eventually, tell
from laconic_process import BINARY, LoggedServer

QUESTION = "Jack has 47 stickers. Jack buys 6 bags of 6 stickers. How many stickers does Jack have now?"
SEED = 20261126
ROUNDS = 15


class Server(LoggedServer):
    """A server with keys and a state folder, while the block lasts."""

    def __init__(self, keys, state, *arguments):
        log = open(os.path.join(WORK, "log"), "a+")
        self.mark = log.seek(0, os.SEEK_END)
        super().__init__("--api-key-file", keys, "--state-dir", state, *arguments, log=log)

    def told(self):
        """What this one has written on standard error."""
        with open(self.log.name) as log:
            log.seek(self.mark)
            return log.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, path, body=None, key=None, headers=None, method=None):
        """Status, fields and text of an answer, asked with a key."""
        fields = dict(headers or {})
        if key:
            fields["Authorization"] = f"Bearer {key}"
        return super().ask(path, body, fields, method)

    def usage(self, key, period="day"):
        status, _, text = self.ask(f"/v1/usage?period={period}", key=key)
        assert status == 200, text
        return json.loads(text)


def run(*arguments, code=0):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout.strip(), done.stderr


def add(path, name, *flags):
    return json.loads(run("keys", "add", "--file", path, "--name", name, "--json", *flags)[0])["key"]


def commands(path):
    key, note = run("keys", "add", "--file", path, "--name", "plain")
    check(re.fullmatch(r"lk-[A-Za-z0-9_-]{43}", key), key)
    check("shown this once" in note, note)
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "mode 0600")
    check(key not in open(path).read(), "no key at rest")
    keys = {"plain": key}
    keys["admin"] = add(path, "admin", "--admin")
    keys["slow"] = add(path, "slow", "--requests-per-minute", "3")
    keys["one"] = add(path, "one", "--concurrency", "1")
    keys["poor"] = add(path, "poor", "--spend", "0.0002/month")
    keys["few"] = add(path, "few", "--tokens", "400/day")
    keys["picky"] = add(path, "picky", "--allow-model", "alpha_0.2")
    listed = json.loads(run("keys", "list", "--file", path, "--json")[0])["keys"]
    check([entry["name"] for entry in listed] == list(keys), "list --json")
    check("poor" in run("keys", "list", "--file", path)[0], "list")
    for flags in (["--name", "poor"], ["--name", "a b"], ["--name", "x", "--spend", "1"],
                  ["--name", "x", "--spend", "-1/day"], ["--name", "x", "--concurrency", "0"],
                  ["--name", "x", "--tokens", "1.5/day"]):
        error = subprocess.run([BINARY, "keys", "add", "--file", path, *flags],
                               capture_output=True, text=True)
        check(error.returncode != 0 and "--" in error.stderr, flags)
    add(path, "gone")
    run("keys", "remove", "--file", path, "--name", "gone")
    check(len(json.loads(run("keys", "list", "--file", path, "--json")[0])["keys"]) == 7, "remove")
    check(run("keys", "remove", "--file", path, "--name", "gone", code=64), "removed twice")
    many = os.path.join(WORK, "many.json")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda index: add(many, f"k{index}"), range(16)))
    check(len(json.loads(run("keys", "list", "--file", many, "--json")[0])["keys"]) == 16,
          "all of those that were added at once")
    return keys


def bad_files(state):
    """A start that cannot be says why in one line."""
    path = os.path.join(WORK, "bad")
    for text, expected in (
            ('{"keys": [{"name": "a", "sha256": "%s", "spend": {"limit": -1, "period": "day"}}]}'
             % ("0a" * 32), "keys[0].spend.limit is -1; expected"),
            ('{"keys": [{"name": "a"}]}', "keys[0].sha256"), ('{"keys": [', "not valid JSON"),
            ("", "expected a key a line")):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o600)
        error = subprocess.run([BINARY, "serve", "--port", "0", "--api-key-file", path,
                                "--state-dir", state], capture_output=True, text=True, timeout=60)
        check(error.returncode != 0 and expected in error.stderr
              and len(error.stderr.splitlines()) == 1, (text, error.stderr))
    damaged = os.path.join(WORK, "damaged")
    os.mkdir(damaged)
    with open(os.path.join(damaged, "usage.sqlite"), "wb") as file:
        file.write(b"no database" * 1000)
    with open(path, "w") as file:
        file.write("a-key\n")
    error = subprocess.run([BINARY, "serve", "--port", "0", "--api-key-file", path, "--state-dir",
                            damaged], capture_output=True, text=True, timeout=60)
    check(error.returncode != 0 and "usage.sqlite is damaged" in error.stderr, error.stderr)


def authorisation(server, keys):
    paths = json.loads(server.ask("/openapi.json", key=keys["plain"])[2])["paths"]
    check(len(paths) > 25, "paths")
    for path in paths:
        name = path.replace("{id}", "alpha_0.2").replace("{name}", "x")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
            for key in (None, "wrong"):
                status, headers, _ = server.ask(name, key=key, method=method)
                # The page is the one thing that a browser opens without a key.
                is_open = path in ("/health", "/v1/health", "/ready")
                check((status == 401) != is_open, (method, path, status))
                check(is_open or headers["WWW-Authenticate"] == "Bearer", (method, path))
    check(server.ask("/v1/models", headers={"x-api-key": keys["plain"]})[0] == 200, "x-api-key")
    check(server.ask("/metrics", key=keys["plain"])[0] == 200, "metrics with a key")
    status, _, text = server.ask("/api/tags")
    check(status == 401 and isinstance(json.loads(text)["error"], str), "Ollama's shape")
    status, _, text = server.ask("/generate_stream", {"inputs": "x"})
    check(status == 401 and "error_type" in json.loads(text), "TGI's shape")
    status, _, text = server.ask("/generate", {"prompt": "x", "model": "alpha_0.1"}, keys["picky"])
    check(status == 403 and json.loads(text)["error"]["type"] == "permission_error", text)
    for _ in range(3):
        status, _, text = server.ask("/generate", {"prompt": QUESTION, "budget": 60}, keys["picky"])
        check(status == 200 and json.loads(text)["model"] == "alpha_0.2", text)


def limits(server, keys):
    for left in (2, 1, 0):
        _, headers, _ = server.ask("/v1/models", key=keys["slow"])
        check(headers["x-ratelimit-remaining-requests"] == str(left), "remaining")
    status, headers, text = server.ask("/v1/models", key=keys["slow"])
    check(status == 429 and json.loads(text)["error"]["code"] == "rate_limit_exceeded", text)
    check(1 <= int(headers["Retry-After"]) <= 20 and headers["x-ratelimit-limit-requests"] == "3",
          "Retry-After")
    time.sleep(int(headers["retry-after-ms"]) / 1000)
    check(server.ask("/v1/models", key=keys["slow"])[0] == 200, "the wait was enough")

    body = {"prompt": QUESTION, "model": "alpha_0", "max_tokens": 900, "ignore_eos": True,
            "stream": True}
    request = urllib.request.Request(server.url + "/generate", json.dumps(body).encode(),
                                     {"x-api-key": keys["one"]})
    with urllib.request.urlopen(request, timeout=60) as stream:
        stream.readline()
        status, _, text = server.ask("/v1/models", key=keys["one"])
        check(status == 429 and "at a time" in text, text)
    eventually("given back when the client leaves",
               lambda: server.ask("/v1/models", key=keys["one"])[0] == 200, seconds=20)
    eventually("who leaves pays", lambda: server.usage(keys["one"])["data"], seconds=20)
    row = server.usage(keys["one"])["data"][0]
    check(row["requests"] == 1 and row["prompt_tokens"] > 0, row)
    check(row["reasoning_tokens"] + row["answer_tokens"] < 900, row)

    # Twenty at once, each of which may take 100 tokens and 30 of the prompt, of 400.
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: server.ask(
            "/generate", {"prompt": QUESTION, "budget": 100}, keys["few"]), range(20)))
    check({reply[0] for reply in replies} == {200, 429}, [reply[0] for reply in replies])
    standing = server.usage(keys["few"])["quotas"]["tokens"]
    check(0 < standing["spent"] <= 400 and standing["reserved"] == 0, standing)
    while True:
        status, headers, text = server.ask("/generate", {"prompt": QUESTION, "budget": 100},
                                           keys["poor"])
        if status != 200:
            break
    check(status == 429 and json.loads(text)["error"]["code"] == "insufficient_quota", text)
    check(headers["x-should-retry"] == "false", "x-should-retry")
    standing = server.usage(keys["poor"])["quotas"]["spend"]
    check(0 < standing["spent"] <= 0.0002, standing)
    everybody = {row["account"] for row in server.usage(keys["admin"])["data"]}
    check({"one", "few", "poor", "picky"} <= everybody, everybody)
    check({row["account"] for row in server.usage(keys["poor"])["data"]} == {"poor"}, "own")
    usage_of_a_range(server, keys)
    check(re.search(r"account[=:] ?one\b", server.told()), "the log names the account")


def usage_of_a_range(server, keys):
    """Sums of a range and of its days are those of the periods, and what is no range is told so."""
    def total(rows):
        return sum(row["prompt_tokens"] + row["reasoning_tokens"] + row["answer_tokens"]
                   for row in rows)

    today = datetime.datetime.now(datetime.timezone.utc).date()
    start = today - datetime.timedelta(days=2)
    everything = total(server.usage(keys["admin"])["data"])
    for more in ["", "&bucket=hour", "&bucket=day", "&bucket=month",
                 f"&to={today + datetime.timedelta(days=2)}"]:
        status, _, text = server.ask(f"/v1/usage?from={start}{more}", key=keys["admin"])
        check(status == 200 and total(json.loads(text)["data"]) == everything > 0, text)
    status, _, text = server.ask(f"/v1/usage?from={start}", key=keys["poor"])
    check({row["account"] for row in json.loads(text)["data"]} == {"poor"}, "own range")
    status, _, text = server.ask(f"/v1/usage?from={start}T00:00:00Z&to={start}T01:00:00Z",
                                 key=keys["admin"])
    check(status == 200 and json.loads(text)["data"] == [], text)
    for query, name in [(f"from={start}&to={start}", "to"), ("from=2020-01-01", "from"),
                        (f"from={start}&period=day", "period"), (f"to={start}", "from"),
                        (f"from={start}&from={start}", "from"), ("since=today", "since")]:
        status, _, text = server.ask(f"/v1/usage?{query}", key=keys["one"])
        check(status == 400 and json.loads(text)["error"]["param"] == name, (query, text))


def reload(server, path, keys):
    def hangup(line):
        mark = len(server.told())
        server.process.send_signal(signal.SIGHUP)
        eventually(line, lambda: line in server.told()[mark:], seconds=20)

    late = add(path, "late")
    check(server.ask("/v1/models", key=late)[0] == 401, "not before SIGHUP")
    hangup("keys are loaded again")
    check(server.ask("/v1/models", key=late)[0] == 200, "after SIGHUP")
    with open(path) as file:
        good = file.read()
    with open(path, "w") as file:
        file.write(good.replace('"admin": true', '"admin": 1'))
    hangup("keys[1].admin is 1; expected true or false")
    check(server.ask("/v1/models", key=late)[0] == 200, "a bad file keeps the old keys")
    with open(path, "w") as file:
        file.write(good)
    os.chmod(path, 0o644)
    hangup("others can read it")
    os.chmod(path, 0o600)
    run("keys", "remove", "--file", path, "--name", "late")
    hangup("keys are loaded again")
    check(server.ask("/v1/models", key=late)[0] == 401, "removed")
    check(server.ask("/v1/models", key=keys["plain"])[0] == 200, "the others stay")


def killed(path, state, keys):
    """What was received to its end is counted once; of what was not, at most what was under way."""
    generator = random.Random(SEED)
    received, lock = [], threading.Lock()
    sent = 0
    clients = 4

    def client(server, seed, stop):
        nonlocal sent
        choice = random.Random(seed)
        while not stop.is_set():
            streams = choice.random() < 0.5
            body = {"prompt": QUESTION, "budget": choice.choice([40, 80, 200]), "stream": streams,
                    "seed": choice.randrange(1 << 30)}
            request = urllib.request.Request(server.url + "/generate", json.dumps(body).encode(),
                                             {"x-api-key": keys["plain"]})
            with lock:
                sent += 1
            try:
                with urllib.request.urlopen(request, timeout=30) as reply:
                    text = reply.read().decode()
            except Exception:
                return
            if streams:
                done = [line for line in text.splitlines() if line.startswith('data: {"type":"done"')]
                if not done:
                    return
                text = done[0][6:]
            with lock:
                received.append(json.loads(text)["budget"]["spent"])

    least = 0
    for turn in range(ROUNDS):
        with Server(path, state) as server:
            counted = server.usage(keys["plain"])
            check(not counted["quotas"], "no quota")
            rows = [row for row in counted["data"] if row["account"] == "plain"]
            verify(rows, received, sent, turn, clients)
            least = len(received)
            stop = threading.Event()
            threads = [threading.Thread(target=client, args=(server, SEED + 97 * turn + index, stop))
                       for index in range(clients)]
            for thread in threads:
                thread.start()
            time.sleep(generator.uniform(0.02, 0.5))
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
    check(least > ROUNDS, f"only {least} answers received")
    with Server(path, state) as server:
        rows = [row for row in server.usage(keys["plain"])["data"] if row["account"] == "plain"]
        verify(rows, received, sent, ROUNDS, clients)
    with sqlite3.connect(os.path.join(state, "usage.sqlite")) as database:
        check(database.execute("PRAGMA integrity_check").fetchone() == ("ok",), "integrity")
    return len(received), sum(row["requests"] for row in rows)


def verify(rows, received, sent, rounds, clients):
    def total(name):
        return sum(row[name] for row in rows)

    extra = total("requests") - len(received)
    # Counted and not received: at most what each client had under way at each kill.
    check(0 <= extra <= rounds * clients, f"{extra} more counted than received")
    check(total("requests") <= sent, "more counted than sent")
    for name, most in (("prompt_tokens", 60), ("reasoning_tokens", 200), ("answer_tokens", 200)):
        surplus = total(name) - sum(spent[name] for spent in received)
        check(0 <= surplus <= extra * most, f"{name}: {surplus} beyond {extra} requests")
    surplus = total("cost") - sum(spent["cost"] for spent in received)
    check(-1e-9 <= surplus <= extra * 0.001 + 1e-9, f"cost: {surplus}")


def main():
    path, state = os.path.join(WORK, "keys.json"), os.path.join(WORK, "state")
    keys = commands(path)
    bad_files(state)
    with Server(path, state) as server:
        check(os.path.exists(os.path.join(state, "usage.sqlite")), "the ledger's place")
        authorisation(server, keys)
        limits(server, keys)
        reload(server, path, keys)
        before = server.usage(keys["admin"])["data"]
        second = subprocess.run([BINARY, "serve", "--port", "0", "--api-key-file", path,
                                 "--state-dir", state], capture_output=True, text=True, timeout=60)
        check("another server has it" in second.stderr, second.stderr)
    with Server(path, state, "--open-metrics") as server:
        check(server.usage(keys["admin"])["data"] == before, "usage outlives the server")
        check(server.ask("/metrics")[0] == 200, "--open-metrics")
        check(server.ask("/v1/models")[0] == 401, "and nothing else")
        check(server.ask("/generate", {"prompt": QUESTION, "budget": 100}, keys["poor"])[0] == 429,
              "quotas outlive the server")
    got, counted = killed(path, os.path.join(WORK, "killed"), keys)
    print(f"kill -9, {ROUNDS} times: {got} answers received, {counted} counted")
    tell("keys")


with tempfile.TemporaryDirectory(prefix="laconic-keys-") as WORK:
    main()
