"""Models, keys and certificates that change under a running server: see Tests/reload."""

import http.client
import json
import os
import shutil
import signal
import tempfile
import threading
import time

from checks import check, eventually, tell
from laconic_process import LoggedServer

WORK = tempfile.mkdtemp(prefix="laconic-reload-")
SHIPPED = os.environ["SHIPPED_FAMILY"]
PROMPT = {"prompt": "What is 17 + 25?", "temperature": 0, "ignore_eos": True}


def put(name, members, manifest=True):
    """A family of some of the shipped members, by the names that they get."""
    folder = os.path.join(WORK, name)
    os.makedirs(folder)
    for called, member in members.items():
        shutil.copytree(os.path.join(SHIPPED, member), os.path.join(folder, called))
    if manifest:
        shutil.copy(os.path.join(SHIPPED, "family.json"), folder)
    return folder


def turn(link, folder):
    """Lets a link lead to another folder, at once."""
    os.symlink(folder, f"{link}.new")
    os.replace(f"{link}.new", link)


class Server(LoggedServer):
    """A server that is told to load its files again."""

    def __init__(self, *arguments):
        log = open(os.path.join(WORK, f"log-{time.monotonic_ns()}"), "w")
        super().__init__(*arguments, log=log)

    def models(self):
        models = json.loads(self.ask("/v1/models")[2])["data"]
        return [model["id"] for model in models if model["id"] != "auto"]

    def metrics(self):
        values = {}
        for line in self.ask("/metrics")[2].splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def reload(self, outcome="success"):
        """Tells it and waits for what came of that."""
        name = f'laconic_reloads_total{{outcome="{outcome}"}}'
        before = self.metrics()[name]
        self.process.send_signal(signal.SIGHUP)
        eventually(f"a reload with {outcome}", lambda: self.metrics()[name] == before + 1,
                   seconds=60)

    def generate(self, model, tokens, **more):
        status, _, text = self.ask(
            "/generate", {**PROMPT, "model": model, "max_tokens": tokens, **more})
        check(status == 200, text)
        return json.loads(text)

    def text(self, model, tokens):
        answer = self.generate(model, tokens)
        return (answer.get("reasoning") or "") + answer["text"]


class Stream(threading.Thread):
    """An answer that is read while it comes."""

    def __init__(self, server, model, tokens):
        super().__init__()
        self.address = server.url.removeprefix("http://")
        self.body = {**PROMPT, "model": model, "max_tokens": tokens, "stream": True}
        self.begun = threading.Event()
        self.text, self.end = "", None
        self.start()
        assert self.begun.wait(60), "the stream does not begin"

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=300)
        connection.request("POST", "/generate", json.dumps(self.body))
        for line in connection.getresponse():
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if event.get("type") in ("reasoning", "answer"):
                self.text += event["text"]
                self.begun.set()
            self.end = event
        connection.close()


def test_a_family_is_replaced_under_running_streams():
    """Streams end as they began, whoever comes later finds the new members, and the old are freed."""
    old = put("v1", {"alpha_0.1": "alpha_0.1", "base": "base"}, manifest=False)
    # The same names with other weights, and one more.
    new = put("v2", {"alpha_0.1": "alpha_0.4", "alpha_0.2": "alpha_0.2", "base": "base"},
              manifest=False)
    link = os.path.join(WORK, "current")
    turn(link, old)
    with Server("--family", link, "--access-log", "off") as server:
        check(server.models() == ["alpha_0.1", "base"], server.models())
        expected = server.text("alpha_0.1", 1500)
        short = server.text("alpha_0.1", 40)
        before = server.metrics()
        streams = [Stream(server, "alpha_0.1", 1500) for _ in range(6)]
        turn(link, new)
        server.reload()
        running = server.metrics()["laconic_num_requests_running"]
        check(server.models() == ["alpha_0.1", "alpha_0.2", "base"], server.models())
        check(server.text("alpha_0.1", 40) != short, "other weights under the same name")
        check(server.text("alpha_0.2", 40), "a member that came")
        for stream in streams:
            stream.join()
            check(stream.end["type"] == "done", stream.end)
            check(stream.text == expected, "a stream that the reload changed")
        after = server.metrics()
        falls = [name for name in before
                 if name.split("{")[0].endswith(("_total", "_count", "_sum", "_bucket"))
                 and after.get(name, -1) < before[name]]
        check(not falls, f"counters that fell: {falls}")
        check(running > 0, "the reload came while streams ran")
        check(after["laconic_num_requests_running"] == 0, after)
        pages = server.metrics()
        check(pages["laconic_last_reload_successful"] == 1, pages)
        # There and back, many times: what was replaced leaves neither threads nor memory behind.
        sizes, threads = [], []
        for _ in range(4):
            for number in range(8):
                turn(link, (old, new)[number % 2])
                server.reload()
                server.text("base", 20)
            # Memory of small blocks is given back a second after their models are gone.
            time.sleep(1.6)
            sizes.append(server.metrics()["process_resident_memory_bytes"])
            threads.append(len(os.listdir(f"/proc/{server.process.pid}/task")))
        # Any one look may meet memory that is about to go; what leaks is there at every later one.
        check(min(sizes[2:]) < 1.08 * min(sizes[:2]), f"memory grows: {sizes}")
        check(max(threads[2:]) <= max(threads[:2]) + 1, f"threads grow: {threads}")
        print("reload:", *(f"{size / 1e6:.0f}" for size in sizes), "MB resident, 8 reloads apart")


def test_what_did_not_change_is_not_loaded_again():
    with Server("--family", put("same", {"alpha_0.1": "alpha_0.1"}, manifest=False)) as server:
        loads = server.metrics()["laconic_member_loads_total"]
        server.reload()
        check(server.metrics()["laconic_member_loads_total"] == loads, "loaded again")
        check("as they were" in server.told(), server.told())


def test_what_is_broken_changes_nothing():
    """A bad family, then a good one: the log names what is wrong and where."""
    folder = put("broken", {"alpha_0.1": "alpha_0.1", "base": "base"}, manifest=False)
    config = os.path.join(folder, "alpha_0.1", "config.json")
    weights = os.path.join(folder, "alpha_0.1", "model.safetensors")
    good = open(config).read()
    with Server("--family", folder, "--access-log", "off") as server:
        text = server.text("alpha_0.1", 40)
        for path, content, word in [
                (config, "{", "config.json"), (config, None, "config.json"),
                (weights, None, "alpha_0.1"),
        ]:
            kept = open(path, "rb").read()
            if content is None:
                os.remove(path)
            else:
                # Another file in its place: the one that is served is not written into.
                with open(f"{path}.new", "w") as file:
                    file.write(content)
                os.replace(f"{path}.new", path)
            server.reload("failure")
            line = server.told().splitlines()[-1]
            check("the models before stay in use" in line and word in line, line)
            check(server.metrics()["laconic_last_reload_successful"] == 0, "the gauge")
            check(server.text("alpha_0.1", 40) == text, "the models before")
            with open(f"{path}.new", "wb") as file:
                file.write(kept)
            os.replace(f"{path}.new", path)
        server.reload()
        check(server.metrics()["laconic_last_reload_successful"] == 1, "the gauge")
        check(server.text("alpha_0.1", 40) == text, "the same model again")
    check(good, "read")


def test_a_single_checkpoint_and_a_lazy_family():
    folder = put("single", {"one": "alpha_0.1"}, manifest=False)
    model = os.path.join(folder, "one")
    with Server("--model", model, "--access-log", "off") as server:
        stream = Stream(server, "one", 1200)
        other = os.path.join(put("other", {"one": "alpha_0.4"}, manifest=False), "one")
        os.rename(model, f"{model}.old")
        os.rename(other, model)
        server.reload()
        stream.join()
        check(stream.end["type"] == "done", stream.end)
        check(server.text("one", 20), "the new one")
    folder = put("lazy", {"alpha_0.1": "alpha_0.1", "alpha_0.4": "alpha_0.4"}, manifest=False)
    with Server("--family", folder, "--load", "lazy", "--access-log", "off") as server:
        text = server.text("alpha_0.4", 30)
        shutil.copytree(os.path.join(SHIPPED, "base"), os.path.join(folder, "base"))
        server.reload()
        check(server.models() == ["alpha_0.1", "alpha_0.4", "base"], server.models())
        check(server.text("alpha_0.4", 30) == text, "the same member, loaded anew")


def test_reloads_under_load_lose_nobody():
    """Clients in a row, a reload every moment: every answer is whole."""
    sides = [put("side-a", {"alpha_0.1": "alpha_0.1", "base": "base"}, manifest=False),
             put("side-b", {"alpha_0.1": "alpha_0.1", "base": "base"}, manifest=False)]
    link = os.path.join(WORK, "live")
    turn(link, sides[0])
    with Server("--family", link, "--access-log", "off", "--max-running", "8") as server:
        expected = server.text("alpha_0.1", 60)
        done, faults, answers = threading.Event(), [], []

        def client():
            while not done.is_set():
                status, _, text = server.ask(
                    "/generate", {**PROMPT, "model": "alpha_0.1", "max_tokens": 60})
                answer = json.loads(text)
                if status != 200:
                    faults.append(answer)
                elif (answer.get("reasoning") or "") + answer["text"] != expected:
                    faults.append(answer)
                answers.append(status)

        clients = [threading.Thread(target=client) for _ in range(12)]
        for thread in clients:
            thread.start()
        for number in range(10):
            turn(link, sides[(number + 1) % 2])
            server.reload()
        done.set()
        for thread in clients:
            thread.join()
        check(not faults and len(answers) > 50, f"{len(answers)} answers, faults: {faults[:3]}")
        print(f"reload: {len(answers)} answers over ten reloads, each whole")


try:
    test_a_family_is_replaced_under_running_streams()
    test_what_did_not_change_is_not_loaded_again()
    test_what_is_broken_changes_nothing()
    test_a_single_checkpoint_and_a_lazy_family()
    test_reloads_under_load_lose_nobody()
finally:
    shutil.rmtree(WORK, ignore_errors=True)
tell("reload")
