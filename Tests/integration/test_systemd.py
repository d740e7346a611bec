"""The server as a service manager sees it, against the release binary: see Tests/systemd."""

import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from checks import check, eventually, tell
from laconic_process import BINARY
from stopped_thread import Stopped

WORK = tempfile.mkdtemp(prefix="laconic-systemd-")
ENDLESS = {"prompt": "x", "ignore_eos": True, "model": "base"}

# What systemd does between fork and exec: the variables name the process that comes to be.
WRAPPER = """
import os, sys
for name in os.environ.pop("OF_THIS_PROCESS", "").split():
    os.environ[name] = str(os.getpid())
os.execv(sys.argv[1], sys.argv[1:])
"""


class Manager:
    """A service manager's end of the notices."""

    def __init__(self, abstract=False):
        name = f"notify-{time.monotonic_ns()}"
        self.path = f"@laconic-{os.getpid()}-{name}" if abstract else os.path.join(WORK, name)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path.replace("@", "\0") if abstract else self.path)
        self.told = []

    def listen(self, seconds=0.0):
        """What comes within some seconds: each notice's fields, and when it came."""
        end, fresh = time.monotonic() + seconds, []
        while select.select([self.socket], [], [], max(0, end - time.monotonic()))[0]:
            fields = dict(line.split("=", 1) for line in self.socket.recv(65536).decode().split("\n"))
            fresh.append((fields, time.monotonic()))
        self.told += fresh
        return fresh

    def wait_for(self, field, value="1", seconds=30):
        """The first notice with a field, and those before it."""
        end, before = time.monotonic() + seconds, []
        while time.monotonic() < end:
            if not select.select([self.socket], [], [], 0.05)[0]:
                continue
            fields = dict(line.split("=", 1) for line in self.socket.recv(65536).decode().split("\n"))
            self.told.append((fields, time.monotonic()))
            if fields.get(field) == value:
                return fields, before
            before.append(fields)
        raise AssertionError(f"no {field}={value} within {seconds} s: {self.told}")


class Service:
    """The server with a manager's environment, until the block ends."""

    def __init__(self, *arguments, environment=None, of_this_process=(), inherits=None,
                 port=None):
        self.log = open(os.path.join(WORK, f"log-{time.monotonic_ns()}"), "w+")
        self.port = port
        place = [] if inherits else ["--port", str(port or 0)]

        def hand_over():
            # It is 3, as systemd numbers them.
            os.dup2(inherits.fileno(), 3, inheritable=True)

        self.process = subprocess.Popen(
            [sys.executable, "-c", WRAPPER, BINARY, "serve", *place, *arguments],
            env={**os.environ, **(environment or {}), "OF_THIS_PROCESS": " ".join(of_this_process)},
            stdout=self.log, stderr=self.log, close_fds=not inherits,
            preexec_fn=hand_over if inherits else None)

    def text(self):
        with open(self.log.name) as log:
            return log.read()

    def find_port(self):
        """The port by the ready line."""
        eventually("the ready line", lambda: self.process.poll() is not None
                   or "laconic: ready" in self.text())
        assert "laconic: ready" in self.text(), self.text()
        self.port = int(self.text().split("at http://127.0.0.1:")[1].split(",")[0])
        return self.port

    def ask(self, path, body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST" if body else "GET", path, json.dumps(body) if body else None)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    def metric(self, name):
        text = self.ask("/metrics")[1]
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.split("{")[0].split(" ")[0] == name)

    def stop(self, number=signal.SIGTERM, seconds=60):
        self.process.send_signal(number)
        return self.process.wait(timeout=seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=60)
        self.log.close()


def test_ready_is_told_after_a_token_and_when_requests_are_answered(abstract):
    """The notices of a life, in their order; pain 20."""
    manager = Manager(abstract)
    with Service(environment={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "1000000"},
                 of_this_process=["WATCHDOG_PID"]) as service:
        ready, before = manager.wait_for("READY")
        start = time.monotonic()
        service.find_port()
        check(service.ask("/ready")[0] == 200, "/ready, when READY=1 has come")
        status, text = service.ask("/generate", {"prompt": "What is 17 + 25?", "budget": 60})
        check(status == 200 and json.loads(text)["text"], text)
        check(time.monotonic() - start < 10, "an answer at once")
        members = len(json.loads(service.ask("/v1/models")[1])["data"])
        check(service.metric("laconic_decode_steps_total") > members, "steps of the warm-up")
        check(before and all("STATUS" in fields for fields in before), before)
        check(all(key in ("STATUS", "EXTEND_TIMEOUT_USEC") for fields in before for key in fields),
              before)
        check(all(int(fields["EXTEND_TIMEOUT_USEC"]) > 10e6 for fields in before), before)
        check(any("alpha_0.1" in fields["STATUS"] for fields in before), "what is loaded")
        check("first token" in before[-1]["STATUS"], before)
        check("alpha_0.1" in ready["STATUS"] and f":{service.port}" in ready["STATUS"], ready)
        # Meals: half a second apart or more, never a second.
        notices = manager.listen(3.2)
        times = [at for fields, at in notices if fields == {"WATCHDOG": "1"}]
        check(len(notices) == len(times) and 4 <= len(times) <= 7, notices)
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        check(all(0.4 < gap < 1 for gap in gaps), gaps)
        # A reload.
        service.process.send_signal(signal.SIGHUP)
        reloading, _ = manager.wait_for("RELOADING")
        moment = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
        check(0 <= moment - int(reloading["MONOTONIC_USEC"]) < 5e6, reloading)
        again, between = manager.wait_for("READY")
        check(again["STATUS"] == ready["STATUS"] and not between, again)
        # The end.
        check(service.stop() == 0, service.text())
        stopping, _ = manager.wait_for("STOPPING")
        check(int(stopping["EXTEND_TIMEOUT_USEC"]) >= 30e6 and stopping["STATUS"], stopping)
        check(all(fields == {"WATCHDOG": "1"} for fields, _ in manager.listen()), manager.told)
        fields = [fields for fields, _ in manager.told]
        check(sum("READY" in notice for notice in fields) == 2, fields)
        # Nothing that the server starts would be taken for it.
        check("NOTIFY_SOCKET" not in service.text(), service.text())


def test_rewards_alone():
    """Without a model the event loops feed the watchdog."""
    manager = Manager()
    with Service("--reward-only", environment={
            "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "600000"}) as service:
        ready, _ = manager.wait_for("READY")
        check("rewards" in ready["STATUS"], ready)
        meals = [fields for fields, _ in manager.listen(1.6) if "WATCHDOG" in fields]
        check(3 <= len(meals) <= 6, meals)
        check(service.stop() == 0, service.text())


def test_a_stuck_loop_starves_the_watchdog():
    """Whatever loop stands still, with work or idle, there are no meals until it turns again."""
    manager = Manager()
    with Service("--access-log", "off", environment={
            "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "600000"}) as service:
        manager.wait_for("READY")
        service.find_port()
        answers = []
        for name, is_busy in [("laconic.engine", False), ("laconic.engine", True),
                              ("http-loop", False)]:
            asking = threading.Thread(target=lambda: answers.append(service.ask(
                "/generate", {**ENDLESS, "max_tokens": 1500, "n": 8})))
            if is_busy:
                asking.start()
                eventually("it decodes",
                           lambda: service.metric("laconic_num_requests_running") > 0)
            what = f"{name}, {'busy' if is_busy else 'idle'}"
            with Stopped(service.process, name) as stopped:
                if stopped is None:
                    asking.join() if is_busy else None
                    return
                # One that was on its way.
                manager.listen(0.4)
                check(not manager.listen(1.8), f"{what}: meals of a loop that stands still")
                if name != "http-loop":
                    check(service.ask("/health", timeout=5)[0] == 200,
                          f"{what}: the event loop goes on")
            check(manager.wait_for("WATCHDOG", seconds=10), f"{what}: meals go on")
            if is_busy:
                asking.join()
        check(answers[0][0] == 200, "the answer is whole")
        check(service.stop() == 0, service.text())


def test_a_manager_that_does_not_listen():
    """Notices that nobody reads, or that go nowhere, disturb nothing."""
    unread, gone = Manager(), Manager()
    gone.socket.close()
    os.remove(gone.path)
    for path, word in [(unread.path, None), (gone.path, "NOTIFY_SOCKET"),
                       ("@laconic-nobody-here", "NOTIFY_SOCKET"),
                       ("vsock:2:1234", "vsock:2:1234"), ("relative", "expected /PATH")]:
        with Service("--access-log", "off", environment={
                "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000"}) as service:
            service.find_port()
            for _ in range(5):
                status, _ = service.ask("/generate", {"prompt": "1+1", "budget": 20})
                check(status == 200, path)
                time.sleep(0.05)
            check(service.stop() == 0, service.text())
            lines = [line for line in service.text().splitlines() if "NOTIFY_SOCKET" in line]
            check(len(lines) == (1 if word else 0), f"{path}: {lines}")
            check(word is None or word in lines[0], lines)


def test_variables_of_another_process():
    """What WATCHDOG_PID and LISTEN_PID mean for others is left alone."""
    manager = Manager()
    listener = socket.create_server(("127.0.0.1", 0))
    environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000", "WATCHDOG_PID": "1",
                   "LISTEN_PID": "1", "LISTEN_FDS": "1"}
    with Service("--port", "0", environment=environment, inherits=listener) as service:
        manager.wait_for("READY")
        check(service.find_port() != listener.getsockname()[1], "its own port")
        check(service.ask("/ready")[0] == 200, "it serves")
        check(not manager.listen(1), "another's watchdog")
        check(service.stop() == 0, service.text())
    listener.close()


def activated(listener, *arguments, manager):
    service = Service(*arguments, environment={
        "LISTEN_FDS": "1", "LISTEN_FDNAMES": "laconic.socket", "NOTIFY_SOCKET": manager.path},
        of_this_process=["LISTEN_PID"], inherits=listener)
    service.port = listener.getsockname()[1]
    return service


def test_socket_activation():
    """A request sent before the start is answered, and restarts refuse nobody."""
    manager = Manager()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    early = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=60)
    early.request("POST", "/generate", json.dumps({"prompt": "1+1", "budget": 20}))
    with activated(listener, manager=manager) as service:
        manager.wait_for("READY")
        reply = early.getresponse()
        check(reply.status == 200, reply.read())
        early.close()
        check(service.stop() == 0, service.text())
    # Clients that connect anew for each request, over four restarts.
    ends, asked, done = [], 0, threading.Event()

    def client():
        while not done.is_set():
            connection = http.client.HTTPConnection(
                "127.0.0.1", listener.getsockname()[1], timeout=60)
            try:
                connection.request("GET", "/v1/models", headers={"Connection": "close"})
                ends.append(connection.getresponse().status)
            except (OSError, http.client.HTTPException) as error:
                ends.append(repr(error))
            connection.close()

    clients = [threading.Thread(target=client) for _ in range(4)]
    for number in range(4):
        with activated(listener, "--access-log", "off", manager=manager) as service:
            manager.wait_for("READY")
            if number == 0:
                for thread in clients:
                    thread.start()
            asked = len(ends)
            eventually("requests are answered", lambda: len(ends) > asked + 50)
            if number == 3:
                done.set()
                for thread in clients:
                    thread.join()
            check(service.stop() == 0, service.text())
    check(set(ends) == {200}, {end: ends.count(end) for end in set(ends)})
    print(f"systemd: {len(ends)} connections over three restarts, each answered")
    listener.close()


def test_drain():
    """SIGTERM under load: what was admitted is answered, and the end is a good one in time."""
    manager = Manager()
    with Service("--access-log", "off", "--max-running", "8", environment={
            "NOTIFY_SOCKET": manager.path}) as service:
        manager.wait_for("READY")
        service.find_port()
        ends = []

        def client():
            try:
                ends.append(service.ask("/generate", {**ENDLESS, "max_tokens": 600})[0])
            except (OSError, http.client.HTTPException) as error:
                ends.append(repr(error))

        clients = [threading.Thread(target=client) for _ in range(24)]
        for thread in clients:
            thread.start()
        eventually("all are admitted", lambda: service.metric("laconic_num_requests_running")
                   + service.metric("laconic_num_requests_waiting") + len(ends) == 24)
        check(len(ends) < 24, "the load lasts")
        start = time.monotonic()
        check(service.stop() == 0, service.text())
        check(time.monotonic() - start < 30, "within the drain")
        for thread in clients:
            thread.join()
        check(ends == [200] * 24, ends)
        manager.wait_for("STOPPING")


def test_second_signal():
    """A second SIGTERM ends the server at once, whatever runs."""
    manager = Manager()
    with Service("--access-log", "off", environment={"NOTIFY_SOCKET": manager.path}) as service:
        manager.wait_for("READY")
        service.find_port()

        def client():
            try:
                service.ask("/generate", {**ENDLESS, "max_tokens": 1900, "n": 32})
            except (OSError, http.client.HTTPException):
                pass

        thread = threading.Thread(target=client)
        thread.start()
        eventually("it decodes", lambda: service.metric("laconic_num_requests_running") > 0)
        service.process.send_signal(signal.SIGTERM)
        manager.wait_for("STOPPING")
        check(service.process.poll() is None, "the first one waits")
        start = time.monotonic()
        check(service.stop() != 0, "it did not end by itself")
        check(time.monotonic() - start < 2, "at once")
        thread.join()


try:
    for abstract in (False, True):
        test_ready_is_told_after_a_token_and_when_requests_are_answered(abstract)
    test_rewards_alone()
    test_a_stuck_loop_starves_the_watchdog()
    test_a_manager_that_does_not_listen()
    test_variables_of_another_process()
    test_socket_activation()
    test_drain()
    test_second_signal()
finally:
    shutil.rmtree(WORK, ignore_errors=True)
tell("systemd")
