"""What the server reports, against the release binary: see Tests/metrics."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

from checks import check, eventually, tell
from laconic_process import LoggedServer
from stopped_thread import Stopped

PROMTOOL = os.environ["PROMTOOL"]
MONITORING = "deploy/monitoring"
MARKER = "MARK3R"

# vLLM's name for a histogram; promtool wants `_total` of counters alone.
ACCEPTED = 'laconic_iteration_tokens_total non-counter metrics should not have "_total" suffix'


class Server(LoggedServer):
    """A server whose standard error is a file of its own, or `stderr`, while the block lasts."""

    def __init__(self, *arguments, stderr=None):
        log = open(os.path.join(WORK, f"log-{time.monotonic_ns()}"), "w+") \
            if stderr is None else None
        super().__init__(*arguments, log=log, stderr=stderr)
        self.port = urllib.parse.urlsplit(self.url).port

    def lines(self):
        """The lines on standard error so far."""
        return self.told().splitlines()

    def records(self):
        """The access log's lines, read."""
        return [json.loads(line) for line in self.lines() if line.startswith("{")]

    def metrics(self):
        """The samples of /metrics by name and labels, and its text."""
        text = self.ask("/metrics")[2]
        samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples, text


def total(samples, name):
    return sum(value for key, value in samples.items() if key.split("{")[0] == name)


def promtool(*arguments, text=None):
    done = subprocess.run([PROMTOOL, *arguments], input=text, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def hang_up(server, body, until=b""):
    """Sends a request and leaves, once `until` was read."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        data = json.dumps(body).encode()
        client.sendall(b"POST /generate HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                       % len(data) + data)
        got = b""
        while until not in got:
            piece = client.recv(65536)
            assert piece, got
            got += piece
        # A reset, so that the server need not guess.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def test_known_load():
    """Every ending, counted exactly; the log's lines say the same."""
    with Server("--access-log", "json", "--vllm-metrics") as server:
        used = {"prompt": 0, "new": 0, "thought": 0}
        question = "What is 17 + 25?"

        def add(usage):
            used["prompt"] += usage["prompt_tokens"]
            used["new"] += usage["completion_tokens"]
            used["thought"] += usage["completion_tokens_details"]["reasoning_tokens"]

        for count in (1, 2):
            status, _, text = server.ask("/generate", {
                "prompt": question, "n": count, "budget": 64},
                {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                 "x-request-id": f"mine-{count}"})
            check(status == 200, text)
            add(json.loads(text)["usage"])
        # Cut short: an end by length.
        status, _, text = server.ask("/v1/chat/completions", {
            "messages": [{"role": "user", "content": question}], "max_tokens": 3,
            "model": "base"})
        check(json.loads(text)["choices"][0]["finish_reason"] == "length", text)
        add(json.loads(text)["usage"])
        # A stream.
        text = server.ask("/v1/chat/completions", {
            "messages": [{"role": "user", "content": question}], "stream": True,
            "stream_options": {"include_usage": True}})[2]
        add(json.loads(text.split("data: ")[-2])["usage"])
        finished = {key: value for key, value in server.metrics()[0].items() if value
                    and key.startswith("laconic_request_success_total")}
        check(sum(finished.values()) == 5, finished)
        samples, _ = server.metrics()
        for name, field in [("prompt", "prompt"), ("generation", "new"), ("reasoning", "thought")]:
            check(total(samples, f"laconic_{name}_tokens_total") == used[field], (name, used))
            check(total(samples, f"laconic_request_{name}_tokens_sum") == used[field], name)
        # Clients that leave, plain and streaming, in the middle of endless answers.
        endless = {"prompt": "x", "ignore_eos": True, "max_tokens": 2000, "model": "base"}
        hang_up(server, {**endless, "stream": True}, until=b"data: ")
        leaver = threading.Thread(target=hang_up, args=(server, endless))
        leaver.start()
        leaver.join()
        key = 'laconic_request_success_total{model_name="base",finished_reason="abort"}'
        eventually("both that left are counted", lambda: server.metrics()[0][key] >= 1)
        # The plain one may have left before it was accepted.
        eventually("nothing runs", lambda: server.metrics()[0]["laconic_num_requests_running"] == 0)
        # Refusals.
        for body in [b'{"prompt":', {"prompt": "x", "budget": 0}, {"prompt": "x", "n": 0}]:
            check(server.ask("/generate", body)[0] == 400, body)
        check(server.ask("/generate", {"prompt": "x", "model": "nobody"})[0] == 404, "model")
        check(server.ask(f"/nowhere?secret={MARKER}")[0] == 404, "path")
        samples, text = server.metrics()
        for code, count in [("invalid_json", 1), ("invalid_value", 1), ("model_not_found", 1),
                            ("not_found", 1)]:
            check(samples[f'laconic_request_failures_total{{code="{code}"}}'] == count, code)
        check(samples['laconic_http_requests_total{handler="none",method="GET",status="404"}'] == 1,
              "unknown paths are one label")
        check(samples["laconic_num_preemptions_total"] == 0, "preemptions")
        check(samples["laconic_budget_overrun_tokens_total"] == 0, "overruns")
        check(samples["laconic_http_sent_bytes_total"] > len(text), "bytes")
        check(samples['vllm:num_requests_waiting{model_name="alpha_0"}'] == 0, "vLLM's names")
        lint(text)
        check_expressions(text)
        records = server.records()
        mine = next(record for record in records if record["id"] == "mine-2")
        check(mine["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736", mine)
        check(mine["outcome"] == "finished" and mine["status"] == 200, mine)
        check(mine["client"].startswith("127.0.0.1:") and mine["account"] is None, mine)
        check(mine["model"].startswith("alpha_") and mine["alpha"] >= 0, mine)
        whole = [record for record in records if record["finish_reason"] in ("stop", "length")]
        check(sum(record["reasoning_tokens"] + record["answer_tokens"] for record in whole)
              == used["new"], "the log's tokens are those of usage")
        check(any(record["outcome"] == "client left" for record in records), "who left")
        check(any(record["outcome"] == "refused: invalid_json" for record in records), "refused")
        check(not any(MARKER in line for line in server.lines()), "a query in the log")


def lint(text):
    """promtool's own rules, and vLLM's names where they break them."""
    code, found = promtool("check", "metrics", text=text)
    left = [line for line in found.splitlines()
            if line != ACCEPTED and not line.endswith("metric names should not contain ':'")]
    check(code in (0, 3) and not left, found)
    check(all(line.startswith("vllm:") for line in found.splitlines() if line.endswith("':'")),
          found)


def check_expressions(text):
    """Every metric that alerts and dashboard ask for is one that the server tells."""
    known = {"up"}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M):
        known |= {f"{name}{suffix}" for suffix in ("_bucket", "_sum", "_count")} \
            if kind == "histogram" else {name}
    with open(f"{MONITORING}/grafana-dashboard.json") as file:
        dashboard = json.load(file)
    expressions = [target["expr"] for panel in dashboard["panels"]
                   for target in panel.get("targets", [])]
    check(len(expressions) > 30 and dashboard["uid"] == "laconic", "the dashboard")
    expressions += [variable["query"]["query"].split("(")[1].split(",")[0]
                    for variable in dashboard["templating"]["list"]
                    if variable["type"] == "query"]
    with open(f"{MONITORING}/alerts.yml") as file:
        expressions.append(re.sub(r"(?m)^ *(summary|description|- alert):.*$", "", file.read()))
    for expression in expressions:
        bare = re.sub(r'"[^"]*"', "", expression)
        for name in re.findall(r"\b(?:laconic|process)_[a-z0-9_]+", bare):
            check(name in known, f"{name} is in no answer of /metrics: {expression[:200]}")
    # The dashboard's own language is what promtool reads, once its variables are set.
    rules = "groups:\n- name: dashboard\n  rules:\n"
    for number, target in enumerate(expressions[:-3]):
        target = target.replace("$__rate_interval", "5m")
        rules += f"  - record: dashboard:{number}\n    expr: {json.dumps(target)}\n"
    path = os.path.join(WORK, "dashboard.yml")
    with open(path, "w") as file:
        file.write(rules)
    code, found = promtool("check", "rules", path)
    check(code == 0, found)


def test_monitoring():
    """promtool on what deploy/monitoring holds."""
    for arguments in [("check", "config", f"{MONITORING}/prometheus.yml"),
                      ("check", "rules", f"{MONITORING}/alerts.yml"),
                      ("test", "rules", "Tests/integration/alerts_test.yml")]:
        code, found = promtool(*arguments)
        check(code == 0, f"{arguments}: {found}")
    with open(f"{MONITORING}/alerts.yml") as file:
        alerts = set(re.findall(r"- alert: (\w+)", file.read()))
    with open("Tests/integration/alerts_test.yml") as file:
        tested = set(re.findall(r"alertname: (\w+)", file.read()))
    check(alerts == tested, f"alerts without a test: {alerts ^ tested}")


def test_queue_full():
    """Requests that find the queue full are 429, in the metrics too."""
    with Server("--max-running", "1", "--max-queue", "1", "--access-log", "json") as server:
        endless = {"prompt": "x", "ignore_eos": True, "max_tokens": 1500, "model": "base"}
        statuses = []
        threads = [threading.Thread(
            target=lambda: statuses.append(server.ask("/generate", endless)[0]))
            for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = statuses.count(429)
        check(refused > 0 and statuses.count(200) + refused == 12, statuses)
        samples, _ = server.metrics()
        check(samples['laconic_request_failures_total{code="queue_full"}'] == refused, "failures")
        name = 'laconic_http_requests_total{handler="/generate",method="POST",status="429"}'
        check(samples[name] == refused, "requests")
        check(sum(record["outcome"] == "refused: queue_full" for record in server.records())
              == refused, "the log")


def test_saturated():
    """Probes are answered in time while every processor decodes."""
    with Server("--access-log", "off") as server:
        endless = {"prompt": "x", "ignore_eos": True, "max_tokens": 1200, "model": "base"}
        threads = [threading.Thread(target=server.ask, args=("/generate", endless))
                   for _ in range(32)]
        for thread in threads:
            thread.start()
        slowest, probes = 0, 0
        while any(thread.is_alive() for thread in threads):
            start = time.monotonic()
            check(server.ask("/health")[0] == 200, "health")
            slowest, probes = max(slowest, time.monotonic() - start), probes + 1
            time.sleep(0.02)
        check(slowest < 2, f"/health took {slowest:.2f} s of {probes}")
        samples, _ = server.metrics()
        check(samples["laconic_iteration_tokens_total_count"] > 1000, "steps")
        check(server.lines()[-1].startswith("laconic:") or "member" in server.lines()[-1],
              "the log is off")
        print(f"metrics: the slowest of {probes} probes beside 32 clients took {slowest:.3f} s")


def test_stuck_stderr():
    """A standard error that nobody reads costs lines, never an answer, nor the end."""
    for format in ("json", "text"):
        reading, writing = os.pipe()
        with Server("--access-log", format, stderr=writing) as server:
            os.close(writing)
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            for number in range(3000):
                client.request("GET", f"/api/version?{number}")
                reply = client.getresponse()
                reply.read()
                assert reply.status == 200
            client.close()
            dropped = server.metrics()[0]["laconic_log_lines_dropped_total"]
            check(dropped > 1000, f"{format}: {dropped} lines dropped")
            check(server.ask("/generate", {"prompt": "1+1", "budget": 20})[0] == 200, format)
            # Room again: lines go on, whole ones.
            os.set_blocking(reading, False)
            text = drain(reading)
            server.ask("/api/version", headers={"x-request-id": "afterwards"})
            eventually("lines go on", lambda: b"afterwards" in drain(reading))
            lines = text.decode().splitlines()
            if format == "json":
                for line in lines[:-1]:
                    if line.startswith("{"):
                        json.loads(line)
            server.process.send_signal(signal.SIGTERM)
            check(server.process.wait(timeout=20) == 0, "it stops when told to")
        os.close(reading)


def test_stuck_engine():
    """While the decode loop's thread stands still, /health says so, and so do the metrics."""
    with Server("--access-log", "off") as server:
        answers = []
        asking = threading.Thread(target=lambda: answers.append(server.ask("/generate", {
            "prompt": "x", "ignore_eos": True, "max_tokens": 1900, "model": "base", "n": 8})))
        asking.start()
        eventually("it decodes", lambda: server.metrics()[0]["laconic_num_requests_running"] > 0)
        with Stopped(server.process, "laconic.engine") as engine:
            if engine is None:
                return
            stopped = time.monotonic()
            check(server.ask("/health")[0] == 200, "a moment is no fault")
            while time.monotonic() - stopped < 28:
                time.sleep(1)
                check(server.ask("/health")[0] == 200, "half a minute is no fault")
            eventually("/health answers 503", lambda: server.ask("/health")[0] == 503)
            check('"status":"stuck"' in server.ask("/health")[2], "the reason")
            samples, _ = server.metrics()
            check(samples["laconic_decode_heartbeat_age_seconds"] > 30, "the heartbeat's age")
            check(samples["laconic_num_requests_running"] == 8, "what is held")
        eventually("it is healthy again", lambda: server.ask("/health")[0] == 200)
        asking.join()
        check(answers[0][0] == 200, "and the answer is whole")


def drain(descriptor):
    pieces = b""
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except BlockingIOError:
            return pieces
        if not piece:
            return pieces
        pieces += piece


def test_prompts_stay_out():
    """Neither log has prompt, answer, key or query; both are there for who asks for them."""
    key = f"{MARKER}-key"
    path = os.path.join(WORK, "keys")
    with open(path, "w") as file:
        file.write(key + "\n")
    for format in ("json", "text"):
        with Server("--access-log", format, "--api-key-file", path) as server:
            for authorization in (key, f"wrong-{MARKER}"):
                for stream in (False, True):
                    server.ask(f"/v1/chat/completions?api_key={MARKER}", {
                        "messages": [{"role": "user", "content": f"Say {MARKER} 1+1"}],
                        "max_tokens": 9, "stream": stream, "stop": [MARKER], "user": MARKER},
                        {"authorization": f"Bearer {authorization}"})
                server.ask("/generate", {"prompt": MARKER, "n": MARKER},
                           {"x-api-key": authorization})
            server.ask("/v1/models/a%0d%0aforged", headers={"x-api-key": key})
            lines = server.lines()
            check(sum("/v1/chat/completions" in line for line in lines) == 4, lines)
            check(not any(MARKER in line for line in lines), f"{format}: {lines}")
            check(not any(line.startswith("forged") for line in lines), lines)
    with Server("--access-log", "json", "--log-prompts") as server:
        check(any("--log-prompts" in line for line in server.lines()), "a warning at the start")
        server.ask("/generate", {"prompt": f"{MARKER}\n1+1", "budget": 20})
        record = server.records()[0]
        check(MARKER in record["prompts"][0] and len(record["answers"]) == 1, record)


class Beside(threading.Thread):
    """A test that mostly waits, beside the others."""

    def __init__(self, test):
        super().__init__()
        self.test, self.error = test, None

    def run(self):
        try:
            self.test()
        except BaseException as error:  # told by `end`
            self.error = error

    def end(self):
        self.join()
        if self.error:
            raise self.error


WORK = subprocess.check_output(["mktemp", "-d"], text=True).strip()
beside = Beside(test_stuck_engine)
beside.start()
try:
    for test in [test_monitoring, test_known_load, test_queue_full, test_saturated,
                 test_stuck_stderr, test_prompts_stay_out]:
        test()
finally:
    beside.join()
    subprocess.run(["rm", "-rf", WORK], check=False)
beside.end()
tell("metrics")
