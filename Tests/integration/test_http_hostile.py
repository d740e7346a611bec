"""Hostile clients beside a normal one: its answers stay quick, and nothing is left behind.

A thousand idle connections, two hundred that send a byte now and then, and floods of random bytes;
meanwhile a client asks every few milliseconds, each time on a connection of its own.
"""

import os
import random
import resource
import socket
import sys
import threading
import time

from http_wire import Wire
from laconic_process import Server

IDLE, SLOW, FLOODERS, SECONDS = 1000, 200, 4, 10
GET = "GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def memory(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def settled(server, count):
    """Whether the descriptors come down to a count, which they do as connections are drained."""
    for _ in range(100):
        if descriptors(server) <= count:
            return True
        time.sleep(0.1)
    return False


def flood(address, stop, seed):
    generator = random.Random(seed)
    while not stop.is_set():
        try:
            with socket.create_connection(address, timeout=5) as client:
                beginning = generator.choice([b"", b"GET ", b"POST / HTTP/1.1\r\n", b"\x16\x03"])
                client.sendall(beginning + generator.randbytes(generator.randrange(2000)))
                if generator.random() < 0.5:
                    client.recv(1000)
        except OSError:
            pass


def drip(clients, stop):
    while not stop.is_set():
        for client in clients:
            try:
                client.send(b"X")
            except OSError:
                pass
        time.sleep(0.5)


def ask(address, seconds):
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        with Wire(address, timeout=30) as wire:
            wire.send(GET)
            assert wire.reply().status == 200
        times.append(time.monotonic() - start)
        time.sleep(0.005)
    return sorted(times)


def attack(address, seconds, seed):
    stop = threading.Event()
    held = [socket.create_connection(address, timeout=5) for _ in range(IDLE + SLOW)]
    slow = held[IDLE:]
    for client in slow:
        client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nX: ")
    threads = [threading.Thread(target=drip, args=(slow, stop))]
    threads += [threading.Thread(target=flood, args=(address, stop, seed + number))
                for number in range(FLOODERS)]
    for thread in threads:
        thread.start()
    try:
        return ask(address, seconds)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for client in held:
            client.close()


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Server("--reward-only", "--log-level", "critical") as server:
        host, port = server.url.removeprefix("http://").split(":")
        address = (host, int(port))
        ask(address, 0.5)
        at_first = descriptors(server)
        start_memory = memory(server)
        held = [socket.create_connection(address, timeout=5) for _ in range(IDLE)]
        time.sleep(0.5)
        per_connection = (memory(server) - start_memory) / IDLE
        for client in held:
            client.close()
        attack(address, 2, seed=1)
        assert settled(server, at_first + 2), f"{descriptors(server)} descriptors, {at_first} before"
        before = memory(server)
        times = attack(address, SECONDS, seed=100)
        assert settled(server, at_first + 2), f"{descriptors(server)} descriptors, {at_first} before"
        grown = memory(server) - before
        worst, middle = times[int(len(times) * 0.99)], times[len(times) // 2]
        print(f"hostile: {len(times)} answers beside {IDLE} idle, {SLOW} slow and {FLOODERS} "
              f"flooding clients: median {middle * 1e3:.1f} ms, 99 % {worst * 1e3:.1f} ms, worst "
              f"{times[-1] * 1e3:.1f} ms; {per_connection:.1f} KiB an idle connection, "
              f"{grown} KiB grown")
        if worst > 0.1 or per_connection > 16 or grown > 8192:
            sys.exit("hostile: expected 99 % within 100 ms, 16 KiB a connection, 8 MiB of growth")


if __name__ == "__main__":
    main()
