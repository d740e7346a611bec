"""How a peer that is driven from Python is measured; runs inside the peer's own environment.

A decoder gives `passes(prompts, count)`: it generates `count` tokens for each prompt, greedily and
past any end, and returns the clock after each pass of the model, counted from the first request.
"""
import argparse
import json
import pathlib
import random
import statistics

REPETITIONS = 3
# Fewer passes than this are too short a time to divide by.
LEAST_STEPS = 32


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    for name in ("prompts", "batches"):
        parser.add_argument(f"--{name}", type=lambda t: [int(word) for word in t.split(",")])
    for name in ("cached", "steps", "threads"):
        parser.add_argument(f"--{name}", type=int)
    found = parser.parse_args()
    found.steps = max(found.steps, LEAST_STEPS)
    # All prompts of a batch enter in one pass, so every later pass is one token of each sequence.
    found.budget = max(*found.prompts, found.cached * max(found.batches))
    found.context = max(*found.prompts, found.cached + found.steps) + 16
    return found


def measure(asked, passes):
    size = json.loads((asked.model / "config.json").read_text())["vocab_size"]
    dice = random.Random(1)

    def timed(sequences, length, count):
        times = passes([dice.choices(range(size), k=length) for _ in range(sequences)], count)
        if len(times) != count:
            raise SystemExit(f"{sequences} sequences took {len(times)} passes, not {count}")
        return times

    def median(speed):
        speed()
        return statistics.median(speed() for _ in range(REPETITIONS))

    rows = {}
    for length in asked.prompts:
        rows[f"prefill {length}"] = median(lambda: length / timed(1, length, 1)[0])
    for batch in asked.batches:
        def decode():
            times = timed(batch, asked.cached, asked.steps + 1)
            # The same prompts with one token less the same with all, of one and the same run.
            return batch * asked.steps / (times[-1] - times[0])
        rows[f"decode {batch} at {asked.cached}"] = median(decode)
    print(json.dumps(rows), flush=True)
