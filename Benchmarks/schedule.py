#!/usr/bin/env python3
"""How long requests of mixed lengths take, shortest work first and first come first served.

    Benchmarks/schedule.py --model CHECKPOINT [--turns 3] [--requests 200] [--load 0.9]

Four in five requests want 4 to 16 tokens, one in five 100 to 300; they come at random moments,
each from a client of its own, at a share of the rate that the server can answer. Both orders meet
the same requests at the same moments, in turns. Needs a release build (LACONIC_BINARY names
another binary).
"""
import argparse
import asyncio
import os
import pathlib
import random
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("LACONIC_BINARY", str(ROOT / ".build/release/laconic"))
sys.path.insert(0, str(ROOT / "Tests/integration"))
from laconic_process import Server  # noqa: E402
from raw_client import send  # noqa: E402

PROMPT = "Jack has 47 stickers. Jack buys 6 bags of 6 stickers. How many stickers does Jack have now?"
RUNNING = 4


def lengths(seed, count):
    choice = random.Random(seed)
    return [choice.randint(4, 16) if choice.random() < 0.8 else choice.randint(100, 300)
            for _ in range(count)]


async def ask(port, number, tokens):
    """Seconds from the connection to the end of the answer."""
    address = f"127.0.{1 + number // 250 % 250}.{1 + number % 250}"
    start = time.monotonic()
    reader, writer = await send(port, address, prompt=PROMPT, max_tokens=tokens)
    try:
        answer = await reader.read(-1)
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit(f"refused: {answer[:200]}")
        return time.monotonic() - start
    finally:
        writer.close()


async def capacity(port):
    """Requests a second where as many as run at once are always under way."""
    wanted, start = lengths(0, 100), time.monotonic()

    async def one():
        while wanted:
            await ask(port, len(wanted), wanted.pop())
    await asyncio.gather(*(one() for _ in range(2 * RUNNING)))
    return 100 / (time.monotonic() - start)


async def measure(port, seed, count, rate):
    """Pairs of tokens and seconds."""
    moments, times = random.Random(seed + 1000), []

    async def one(number, tokens):
        times.append((tokens, await ask(port, number, tokens)))
    async with asyncio.TaskGroup() as group:
        for number, tokens in enumerate(lengths(seed, count)):
            group.create_task(one(number, tokens))
            await asyncio.sleep(moments.expovariate(rate))
    return times


def cell(turns, figure):
    values = [1000 * figure(times) for times in turns]
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, help="one large enough to be what takes time")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--load", type=float, default=0.9, help="share of the capacity")
    options = parser.parse_args()
    flags = ["--model", options.model, "--max-running", str(RUNNING), "--max-queue", "4096", "--access-log", "off",
             "--speculation", "off"]
    with Server(*flags) as server:
        rate = asyncio.run(capacity(int(server.url.rsplit(":", 1)[1])))
    print(f"{rate:.0f} requests/s at most", file=sys.stderr)
    turns = {"shortest": [], "fifo": []}
    for turn in range(options.turns):
        for order in turns:
            with Server("--schedule", order, *flags) as server:
                port = int(server.url.rsplit(":", 1)[1])
                turns[order].append(asyncio.run(
                    measure(port, turn + 1, options.requests, options.load * rate)))
    rows = {
        "mean": lambda times: statistics.mean(time for _, time in times),
        "median": lambda times: statistics.median(time for _, time in times),
        "mean of short ones": lambda times: statistics.mean(t for n, t in times if n <= 16),
        "mean of long ones": lambda times: statistics.mean(t for n, t in times if n > 16),
        "longest": lambda times: max(time for _, time in times),
    }
    print("| milliseconds to the whole answer | shortest first | first come, first served |")
    print("|---|---:|---:|")
    for name, figure in rows.items():
        print(f"| {name} | {cell(turns['shortest'], figure)} | {cell(turns['fifo'], figure)} |")


main()
