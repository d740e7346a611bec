#!/usr/bin/env python3
"""How long a polite client waits for its first token while others flood the server.

    Benchmarks/flood.py [--runs 3] [--seconds 15]

One client sends one short request at a time, beside nobody, beside one client that always has 200
requests under way, and beside eight that together send twice what the server can answer. Clients
are addresses of their own, and take turns; in the rows of plain FIFO all share one address, under
`--schedule fifo`, so that who came first is served first. Who is refused comes again when the
server says so, and its wait goes on. Needs a release build (LACONIC_BINARY names another binary).
"""
import argparse
import asyncio
import os
import pathlib
import random
import re
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("LACONIC_BINARY", str(ROOT / ".build/release/laconic"))
sys.path.insert(0, str(ROOT / "Tests/integration"))
from laconic_process import Server  # noqa: E402
from raw_client import send  # noqa: E402

PROMPT = "Jack has 47 stickers. Jack buys 6 bags of 6 stickers. How many stickers does Jack have now?"
LONG, SHORT = 256, 16


async def ask(port, address, tokens, stream):
    """Status, seconds to wait if refused, and seconds to the first token (or the whole answer)."""
    start = time.monotonic()
    reader, writer = await send(port, address, prompt=PROMPT, model="alpha_0.2",
                                max_tokens=tokens, stream=stream)
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status = int(head.split()[1])
        if status == 200 and stream:
            await reader.readuntil(b'"type":"reasoning"')
        first = time.monotonic() - start
        await reader.read(-1)
        wait = re.search(r"(?i)retry-after-ms: (\d+)", head)
        return status, int(wait[1]) / 1000 if wait else 0, first
    finally:
        writer.close()


async def polite(port, address, end):
    """Seconds to the first token of each request that was begun before the end."""
    waits, refused = [], 0
    while time.monotonic() < end:
        start = time.monotonic()
        while True:
            begun = time.monotonic()
            status, wait, first = await ask(port, address, SHORT, True)
            if status == 200:
                break
            refused += 1
            await asyncio.sleep(wait)
        waits.append(begun - start + first)
        await asyncio.sleep(0.02)
    return waits, refused


async def closed(port, address, count, end):
    """Keeps so many requests under way, and tells how many were answered."""
    async def one():
        done = 0
        while time.monotonic() < end:
            status, wait, _ = await ask(port, address, LONG, False)
            done += status == 200
            await asyncio.sleep(wait)
        return done
    return sum(await asyncio.gather(*(one() for _ in range(count))))


async def opened(port, address, rate, end):
    """Sends so many requests a second, whatever becomes of them."""
    async with asyncio.TaskGroup() as group:
        while time.monotonic() < end:
            group.create_task(ask(port, address, LONG, False))
            await asyncio.sleep(random.expovariate(rate))


async def measure(port, fair, seconds, capacity):
    """Waits by load; where no capacity is given it is measured."""
    def address(number):
        return f"127.0.0.{number + 1 if fair else 1}"

    if not capacity:
        start = time.monotonic()
        answered = await closed(port, address(1), 64, start + 5)
        capacity = answered / (time.monotonic() - start)
    results = {"capacity": capacity}
    for name in ["nobody", "200 requests of one client", "8 clients at twice the capacity"]:
        end = time.monotonic() + seconds + 2
        if name.startswith("200"):
            load = [closed(port, address(1), 200, end)]
        else:
            count = 8 if name.startswith("8") else 0
            load = [opened(port, address(1 + n), capacity / 4, end) for n in range(count)]
        load = [asyncio.create_task(one) for one in load]
        await asyncio.sleep(2)
        results[name] = await polite(port, address(0), end)
        for one in load:
            one.cancel()
        await asyncio.gather(*load, return_exceptions=True)
        await asyncio.sleep(1)
    return results


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    random.seed(1)
    runs = {True: [], False: []}
    for _ in range(options.runs):
        # Both of a pair meet the same rate.
        capacity = None
        for fair in runs:
            order = [] if fair else ["--schedule", "fifo"]
            with Server("--access-log", "off", *order) as server:
                port = int(server.url.rsplit(":", 1)[1])
                runs[fair].append(asyncio.run(measure(port, fair, options.seconds, capacity)))
                capacity = runs[fair][-1]["capacity"]
                print(f"{'turns' if fair else 'fifo'}: {runs[fair][-1]['capacity']:.0f} "
                      "requests/s at most", file=sys.stderr)
    print("| beside | taking turns, p50 / p99 ms | plain FIFO, p50 / p99 ms |\n|---|---:|---:|")
    for name in list(runs[True][0])[1:]:
        cells = []
        for results in runs.values():
            for share in (0.5, 0.99):
                values = [1000 * percentile(run[name][0], share) for run in results]
                cells.append(f"{statistics.median(values):,.0f} "
                             f"({min(values):,.0f}–{max(values):,.0f})")
            print(name, [len(run[name][0]) for run in results],
                  "refused", [run[name][1] for run in results], file=sys.stderr)
        print(f"| {name} | {cells[0]} / {cells[1]} | {cells[2]} / {cells[3]} |")


main()
