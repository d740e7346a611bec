"""What the server and the long commands do when their surroundings fail: see Tests/faults."""

import http.client
import json
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from checks import check, eventually, tell
from faults_places import MAY_MOUNT, Clock, SmallDisk, control_group
from faults_server import (FAMILY, LONG, MEMBER, QUESTION, Server, Stream, answer, fails, key_file,
                           place, usage)
from laconic_process import BINARY

DAY = 86400


def needs_mounts(test):
    """Marks a test that mounts."""
    test.needs_mounts = True
    return test


# Model files

def copy_of_member():
    folder = os.path.join(place("models"), MEMBER)
    shutil.copytree(os.path.join(FAMILY, MEMBER), folder)
    return folder, os.path.join(folder, "model.safetensors")


def test_a_model_file_that_is_deleted_or_replaced_while_mapped_changes_no_answer():
    folder, weights = copy_of_member()
    with Server("--model", folder, "--weights", "stored") as server:
        expected, texts = answer(server), Stream(server).rest()
        stream = Stream(server)
        shutil.copy(os.path.join(FAMILY, "base", "model.safetensors"), f"{weights}.new")
        os.rename(f"{weights}.new", weights)
        check(stream.is_under_way() and stream.rest() == texts, "the stream goes on")
        check(answer(server) == expected, "replaced by another file")
        os.remove(weights)
        check(answer(server) == expected, "deleted")
        with open(f"/proc/{server.pid}/maps") as maps:
            check(f"{weights} (deleted)" in maps.read(), "the old file is what is read")


def test_a_model_file_that_is_truncated_while_mapped_ends_the_process_with_a_reason():
    read, write = os.pipe()
    fill(write)
    for stderr in (None, write):
        folder, weights = copy_of_member()
        with Server("--model", folder, "--weights", "stored", stderr=stderr) as server:
            answer(server)
            os.truncate(weights, 4096)
            try:
                status, reply = server.say(LONG)
                check(False, f"an answer without weights: {status} {reply}")
            except (OSError, http.client.HTTPException):
                pass
            check(server.process.wait(timeout=20) == -signal.SIGBUS, "a death by SIGBUS")
            if stderr is None:
                said = [line for line in server.told().splitlines() if "SIGBUS" in line]
                check(len(said) == 1 and "truncated" in said[0] and "restart" in said[0], said)
    os.close(read)
    os.close(write)


def test_a_member_whose_file_was_truncated_before_it_is_loaded_is_refused_and_others_answer():
    family = place("family")
    shutil.copytree(FAMILY, family)
    with Server("--family", family, "--load", "lazy") as server:
        expected = answer(server, {**LONG, "model": "alpha_0"})
        os.truncate(os.path.join(family, MEMBER, "model.safetensors"), 4096)
        status, reply = server.say(LONG)
        check(status == 503 and f"{MEMBER}/model.safetensors" in reply["error"]["message"], reply)
        check(answer(server, {**LONG, "model": "alpha_0"}) == expected, "another member answers")


# Descriptors

def test_exhausted_descriptors_make_new_clients_wait_and_stop_nobody_else():
    keys, key = key_file()
    state = place("state")
    with Server("--api-key-file", keys, "--state-dir", state) as server:
        early = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        fields = {"x-api-key": key["metered"]}

        def ask(body):
            early.request("POST", "/generate", json.dumps(body), fields)
            reply = early.getresponse()
            text = reply.read().decode()
            return reply.status, text

        counted = 1
        check(ask({"prompt": QUESTION, "budget": 60})[0] == 200, "before")
        used = len(os.listdir(f"/proc/{server.pid}/fd"))
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + 20, used + 20))
        idle = [server.connect() for _ in range(60)]
        eventually("all descriptors are taken",
                   lambda: len(os.listdir(f"/proc/{server.pid}/fd")) >= used + 20)
        start, since = server.processor_seconds(), time.monotonic()
        late = server.connect()
        late.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        late.settimeout(2)
        try:
            check(not late.recv(100), "nobody is there to answer")
        except TimeoutError:
            pass
        spent, waited = server.processor_seconds() - start, time.monotonic() - since
        check(waited >= 2 and spent < 0.25 * waited, f"{spent} s of a processor in {waited} s")
        for body in ({"prompt": QUESTION, "budget": 60},
                     {"prompt": QUESTION, "budget": {"tokens": 60, "latency_ms": 20000}},
                     {"prompt": QUESTION, "budget": 40, "stream": True}):
            status, text = ask(body)
            check(status == 200, f"who is connected is served: {status} {text}")
            counted += 1
        said = [line for line in server.told().splitlines() if "no descriptor or memory is left" in line]
        check(len(said) == 1, said)
        for one in idle:
            one.close()
        late.settimeout(20)
        check(late.recv(100).startswith(b"HTTP/1.1 200"), "who waited is served")
        late.close()
        check(server.say({"prompt": QUESTION, "budget": 60}, key["metered"])[0] == 200, "new ones")
        check(usage(server, key["metered"]) == counted + 1, "each is counted once")
        early.close()


def test_a_low_limit_of_descriptors_is_told_at_the_start_and_a_flood_leaves_the_server_whole():
    with Server(prefix=["prlimit", "--nofile=64:64"]) as server:
        check("only 16 connections" in server.told(), server.told())
        start, since = server.processor_seconds(), time.monotonic()
        idle = [server.connect() for _ in range(300)]
        time.sleep(2)
        spent, waited = server.processor_seconds() - start, time.monotonic() - since
        check(server.process.poll() is None and spent < 0.5 * waited, f"{spent} s in {waited} s")
        for one in idle:
            one.close()
        eventually("it answers again", lambda: server.ask("/health")[0] == 200)
        check(server.say({"prompt": QUESTION, "budget": 60})[0] == 200, "and computes")
        said = [line for line in server.told().splitlines() if "no descriptor" in line]
        check(len(said) <= 1, said)


# Disks

@needs_mounts
def test_a_full_disk_under_the_usage_refuses_quotas_serves_others_and_loses_no_request():
    keys, key = key_file()
    ask = {"prompt": QUESTION, "budget": 60}
    with SmallDisk(place("disk"), 1024) as disk:
        flags = ["--api-key-file", keys, "--state-dir", disk.file("state")]
        with Server(*flags) as server:
            counted = {name: 1 for name in key}
            for name in key:
                check(server.say(ask, key[name])[0] == 200, name)
            disk.fill()

            def refused():
                status, reply = server.say(ask, key["metered"])
                counted["metered"] += status == 200
                check(status == 200 or reply["error"]["code"] == "ledger_unavailable", reply)
                return status == 503

            eventually("keys with quotas are refused", refused)
            for _ in range(20):
                status, reply = server.say(ask, key["free"])
                check(status == 200, reply)
                counted["free"] += 1
            said = [line for line in server.told().splitlines() if "usage cannot be" in line]
            check(len(said) == 1 and disk.path in said[0] and "full" in said[0], said)
            disk.clear()
            eventually("it is written down again",
                       lambda: "usage is written down again" in server.told())
            check(server.say(ask, key["metered"])[0] == 200, "quotas are served again")
            counted["metered"] += 1
            for name in key:
                check(usage(server, key[name]) == counted[name], f"{name}: {counted}")
        with Server(*flags) as server:
            for name in key:
                check(usage(server, key[name]) == counted[name], f"{name} after a restart")
        # SQLite's own files of the server before would do for the next one; who closes it last
        # takes them away.
        last = sqlite3.connect(disk.file("state/usage.sqlite"))
        last.execute("SELECT * FROM usage").fetchall()
        last.close()
        check(disk.names() == ["state"] and sorted(os.listdir(disk.file("state")))
              == ["usage.lock", "usage.sqlite"], os.listdir(disk.file("state")))
        disk.fill()
        fails("serve", "--port", "0", *flags,
              naming=[disk.file("state/usage.sqlite"), "the disk is full"])
        disk.clear()
        with Server(*flags) as server:
            check(usage(server, key["free"]) == counted["free"], "and a start when there is room")


@needs_mounts
def test_a_full_disk_under_the_log_drops_and_counts_lines_and_tears_none():
    with SmallDisk(place("disk"), 64) as disk:
        with Server("--access-log", "json", log_path=disk.file("log")) as server:
            for _ in range(3):
                server.ask("/health")
            disk.fill(leaving=4)
            for _ in range(60):
                check(server.ask("/health")[0] == 200, "answered without a log")
            dropped = server.metric("laconic_log_lines_dropped_total")
            check(dropped >= 20, f"{dropped} lines dropped")
            disk.clear()
            for _ in range(3):
                server.ask("/health")
            lines = server.told().splitlines()
            requests = [json.loads(line) for line in lines if line.startswith("{")]
            check(all(line.startswith("{") or "parameters" in line or "loaded" in line
                      for line in lines), lines)
            # 66 of /health, and /metrics; the last line may be on its way.
            check(67 - 1 <= len(requests) + dropped <= 67, f"{len(requests)} and {dropped}")


@needs_mounts
def test_commands_on_a_full_disk_name_the_file_leave_no_half_and_go_on_when_there_is_room():
    with SmallDisk(place("disk"), 1024) as disk:
        disk.fill(leaving=16)
        out = disk.file("problems.jsonl")
        full = "No space left on device"
        fails("problems", "--count", "1000", "--out", out, naming=[out, full])
        check(disk.names() == [], disk.names())
        between = ["train", "between", f"{FAMILY}/alpha_0.1", f"{FAMILY}/alpha_0.2", "--share",
                   "0.5", "--out", disk.file("between")]
        fails(*between, naming=[disk.file("between"), full])
        check("between" not in disk.names(), disk.names())
        disk.clear()

        data = place("problems")
        subprocess.run([BINARY, "problems", "--tier", "easy", "--count", "60", "--out", data],
                       check=True)
        evaluate = ["evaluate", "--model", f"{FAMILY}/{MEMBER}", "--data", data, "--max-tokens",
                    "200", "--json", "--out"]
        whole = place("samples")
        expected = subprocess.run([BINARY, *evaluate, whole], check=True, capture_output=True).stdout
        disk.fill(leaving=16)
        samples = disk.file("samples.jsonl")
        fails(*evaluate, samples, naming=[samples, full])
        disk.clear()
        kept = sum(line.endswith("}\n") for line in open(samples))
        check(0 < kept < 60, f"{kept} samples were kept")
        found = subprocess.run([BINARY, *evaluate, samples], check=True, capture_output=True).stdout
        check(json.loads(found)["members"] == json.loads(expected)["members"],
              "the same report as without the fault")
        check(sorted(open(samples)) == sorted(open(whole)), "and the same samples, once each")


@needs_mounts
def test_training_on_a_full_disk_keeps_the_state_before_and_goes_on_from_it():
    train = ["train", "sft", "--model", f"{FAMILY}/{MEMBER}", "--data",
             "Tests/Fixtures/gsm8k_short.jsonl", "--steps", "2", "--save-every", "1",
             "--tokens-per-step", "300", "--max-length", "256", "--out"]
    whole = place("trained")
    subprocess.run([BINARY, *train, whole], check=True, capture_output=True)
    with SmallDisk(place("disk"), 40 * 1024) as disk:
        out = disk.file("run")
        state = os.path.join(out, "state.safetensors")
        size = os.path.getsize(os.path.join(whole, "state.safetensors")) // 1024
        # Room for one state and not for the next beside it.
        disk.fill(leaving=size + size // 2)
        fails(*train, out, naming=[state, "No space left on device"])
        check(sorted(os.listdir(out)) == ["metrics.jsonl", "state.safetensors"], os.listdir(out))
        disk.clear()
        subprocess.run([BINARY, *train, out], check=True, capture_output=True)
        for name in ("state.safetensors", "model/model.safetensors"):
            check(tensors(f"{out}/{name}") == tensors(f"{whole}/{name}"),
                  f"{name} is the one of an undisturbed run")


def tensors(path):
    """The bytes of a file's tensors."""
    with open(path, "rb") as file:
        file.seek(int.from_bytes(file.read(8), "little"), os.SEEK_CUR)
        return file.read()


# State

@needs_mounts
def test_a_state_folder_that_cannot_be_used_ends_the_start_and_is_named():
    work = tempfile.mkdtemp(prefix="laconic-state-", dir="/var/tmp")
    try:
        os.chmod(work, 0o755)
        # The checkout may lie where that user cannot go.
        program = os.path.join(work, "laconic")
        shutil.copy(BINARY, program)
        keys = os.path.join(work, "keys")
        with open(keys, "w") as file:
            file.write("a-key\n")
        os.chown(keys, 61234, 61234)
        os.chmod(keys, 0o600)
        state, plain = os.path.join(work, "state"), os.path.join(work, "plain")
        os.mkdir(state)
        os.chown(state, 61234, 61234)
        open(plain, "w").close()

        def refused(folder, naming):
            done = subprocess.run(
                ["setpriv", "--reuid", "61234", "--regid", "61234", "--clear-groups", program,
                 "serve", "--reward-only", "--port", "0", "--api-key-file", keys, "--state-dir",
                 folder], capture_output=True, text=True, timeout=60, cwd="/")
            check(done.returncode == 1 and len(done.stderr.splitlines()) == 1
                  and all(word in done.stderr for word in naming), (naming, done.stderr))

        for mode in (0o000, 0o500):
            os.chmod(state, mode)
            refused(state, [state, "Permission denied"])
            refused(f"{state}/below", [f"{state}/below", "Permission denied"])
        os.chmod(state, 0o700)
        refused(plain, [plain, "File exists"])
        refused(f"{plain}/below", [f"{plain}/below", "Not a directory"])
        with open(f"{state}/usage.sqlite", "w"):
            pass
        os.chmod(f"{state}/usage.sqlite", 0o000)
        refused(state, [f"{state}/usage.sqlite", "unable to open"])
    finally:
        shutil.rmtree(work)


# Memory

@needs_mounts
def test_a_control_groups_limit_refuses_what_does_not_fit_and_bounds_the_cache():
    mebibyte = 1 << 20
    model = ["--model", f"{FAMILY}/{MEMBER}", "--weights", "f32"]

    def group(limit, usage, files=0):
        return control_group(place("cgroup"), limit=limit * mebibyte, usage=usage * mebibyte,
                             files=files * mebibyte)

    limit = str(40 * mebibyte)
    fails("serve", "--port", "0", *model, prefix=group(40, 39),
          naming=[MEMBER, f"memory.{''}", f"which is {limit}", f"leaves {mebibyte} bytes",
                  "the weights take 3"])
    fails("serve", "--port", "0", *model, "--kv-memory", "300", prefix=group(100, 50),
          naming=["the KV cache 3", f"leaves {50 * mebibyte} bytes"])
    fails("serve", "--port", "0", "--family", FAMILY, "--weights", "f32", prefix=group(40, 37),
          naming=[FAMILY, "--family-memory", f"which is {limit}"])

    def cache(*arguments):
        with Server(*model, prefix=group(*arguments)) as server:
            text = server.ask("/metrics")[2]
            pages = server.metric("laconic_kv_cache_pages")
            answer(server)
            return pages, text

    # Pages of files are given up for whoever needs memory, and do not count.
    small, wide, files = cache(100, 60)[0], cache(300, 60)[0], cache(300, 290, 230)[0]
    check(0.9 < 6 * small / wide < 1.1 and files == wide, f"{small}, {wide} and {files} pages")


# Clocks

def test_a_clock_that_jumps_ends_no_stream_fires_no_timeout_and_counts_each_request_once():
    keys, key = key_file()
    clock = Clock(place("clock"))
    ask = {"prompt": QUESTION, "budget": 60}
    with Server("--api-key-file", keys, "--state-dir", place("state"), "--header-timeout", "30",
                "--first-byte-timeout", "30", "--access-log", "json",
                env=clock.environment) as server:

        def day_of(offset):
            return time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset))

        expected = Stream(server, key=key["free"]).rest()
        counted = 1
        for offset, before in ((DAY, 0), (-DAY, DAY), (0, -DAY)):
            clock.set(before)
            stream = Stream(server, key=key["free"])
            halves = server.connect()
            halves.sendall(b"GET /health HTTP/1.1\r\n")
            idle = server.connect()
            idle.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            check(idle.recv(4096).startswith(b"HTTP/1.1 200"), "before the jump")
            clock.set(offset)
            time.sleep(0.3)
            deadline = {**ask, "budget": {"tokens": 60, "latency_ms": 20000}}
            status, reply = server.say(deadline, key["free"])
            check(status == 200 and reply["budget"]["exhausted"] != "latency", reply)
            check(stream.is_under_way(), "a stream under way")
            check(stream.rest() == expected, f"the stream over {before} to {offset}")
            halves.sendall(b"Host: x\r\nConnection: close\r\n\r\n")
            check(halves.recv(4096).startswith(b"HTTP/1.1 200"), "half a head, and the rest")
            idle.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            date = idle.recv(4096).decode()
            check(date.startswith("HTTP/1.1 200"), "a connection that was idle")
            day = time.strftime("%a, %d %b %Y", time.gmtime(time.time() + offset))
            check(f"Date: {day}" in date or f"date: {day}" in date, f"{date} is not of {day}")
            last = json.loads(server.told().splitlines()[-1])
            check(last["time"].startswith(day_of(offset)), f"{last} is not of {day_of(offset)}")
            counted += 2
        check(usage(server, key["free"], "month") >= counted - 4, "this month's")
        clock.set(-40 * DAY)
        check(usage(server, key["free"], "month") == counted, "every request, once")
        # A quota is whole again when the clock says so, and is not when it is set back.
        clock.set(0)
        spent = []
        for offset in (0, DAY, 0, -DAY):
            clock.set(offset)
            check(server.say(ask, key["metered"])[0] == 200, "metered")
            text = server.ask("/v1/usage?period=day", None, {"x-api-key": key["metered"]})[2]
            spent.append(json.loads(text)["quotas"]["tokens"]["spent"])
        one = spent[0]
        check(spent[1] < 2 * one and spent[2] > 2.5 * one and spent[3] > spent[2], spent)


def test_a_process_that_stood_still_goes_on_with_its_streams():
    path = place("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        environment = {**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"}
        with Server("--header-timeout", "1", "--first-byte-timeout", "1", "--write-timeout", "1",
                    "--idle-timeout", "1", "--body-timeout", "1", env=environment) as server:
            expected = Stream(server, slow=False).rest()
            found = []
            while True:
                stream = Stream(server, slow=False)
                reader = threading.Thread(target=lambda: found.append(stream.rest()))
                reader.start()
                os.kill(server.pid, signal.SIGSTOP)
                if stream.is_under_way():
                    break
                os.kill(server.pid, signal.SIGCONT)
                reader.join()
            late = server.connect()
            late.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            time.sleep(3)
            manager.setblocking(False)
            try:
                while manager.recv(65536):
                    pass
            except BlockingIOError:
                pass
            os.kill(server.pid, signal.SIGCONT)
            reader.join(60)
            check(found[-1] == expected, "the stream goes on")
            check(late.recv(100).startswith(b"HTTP/1.1 200"), "who came meanwhile is served")
            late.close()
            check(server.say({"prompt": QUESTION, "budget": 60})[0] == 200, "new ones")
            manager.settimeout(5)
            check(manager.recv(65536) == b"WATCHDOG=1", "the watchdog is fed again")


# Standard descriptors

def fill(descriptor):
    """Fills a pipe."""
    os.set_blocking(descriptor, False)
    try:
        while os.write(descriptor, bytes(4096)):
            pass
    except BlockingIOError:
        os.set_blocking(descriptor, True)


def served(path, **options):
    """Runs a server on a Unix socket and asks it; returns what it has for descriptors 0 to 2."""
    address = place("socket")
    process = subprocess.Popen(["sh", "-c", path, "sh", BINARY, "serve", "--listen",
                                f"unix:{address}", "--access-log", "json"], **options)

    def ask(request):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(address)
            client.sendall(request)
            return b"".join(iter(lambda: client.recv(65536), b""))

    try:
        eventually("it listens", lambda: process.poll() is not None or os.path.exists(address))
        check(process.poll() is None, f"{path}: it ended with {process.returncode}")
        body = json.dumps({"prompt": QUESTION, "budget": 60}).encode()
        for _ in range(40):
            reply = ask(b"POST /generate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        b"Content-Length: %d\r\n\r\n" % len(body) + body)
            check(reply.startswith(b"HTTP/1.1 200"), reply)
        metrics = ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").decode()
        dropped = [line for line in metrics.splitlines()
                   if line.startswith("laconic_log_lines_dropped_total ")]
        return ([os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)],
                float(dropped[0].split()[1]))
    finally:
        process.terminate()
        code = process.wait(timeout=60)
    check(code == 0, f"{path}: it ended with {code}")


def test_closed_standard_descriptors_are_the_null_device_and_never_a_socket():
    for path, closed in (('exec "$@" >&- 2>&-', [1, 2]), ('exec "$@" <&- >&- 2>&-', [0, 1, 2]),
                         ('exec "$@" <&- 2>&-', [0, 2])):
        found, _ = served(path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        check(all(found[number] == "/dev/null" for number in closed), found)


def test_a_log_whose_reader_left_or_stopped_reading_holds_nobody_up():
    for reads in (False, True):
        read, write = os.pipe()
        fill(write)
        if not reads:
            os.close(read)
        try:
            _, dropped = served('exec "$@"', stdin=subprocess.DEVNULL, stdout=write, stderr=write)
            check(dropped >= 40, f"{dropped} lines dropped")
        finally:
            os.close(write)
            if reads:
                os.close(read)


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")
             and (len(sys.argv) < 2 or any(word in name for word in sys.argv[1:]))]
    for test in tests:
        name = test.__name__[5:].replace("_", " ")
        if hasattr(test, "needs_mounts") and not MAY_MOUNT:
            print(f"left out, it takes root and mounts: {name}", flush=True)
            continue
        start = time.monotonic()
        test()
        print(f"{time.monotonic() - start:5.1f} s  {name}", flush=True)
    tell("faults")


main()
