"""Measures how many tokens a second PyTorch trains on the CPU: the family's model, AdamW.

    python train_speed.py [--steps 5] [--warmup 2] [--threads 2] [--precision f32,bf16]
                          [--samples test.jsonl]

The model is a Qwen2 of hidden 128, 4 layers, 4 heads over 2 key-value heads, feed-forward 352 and a
tied vocabulary of 768, as transformers builds it, with fused causal attention (SDPA). A step is 20
sequences of 350 tokens, 7,000 in all: every sequence as long as the mean, so that nothing is padded
and shapes never change. That is in PyTorch's favour: real sequences differ in length. The loss is
computed over all logits at once. With `--samples`, a file that `laconic evaluate` kept, the
sequences are as long as the base's answers to as many easy, medium and hard problems as the recipe
mixes, up to as many tokens, padded to the longest with a mask; only real tokens are counted. bf16 is autocast, with f32 parameters; `--compile` adds
torch.compile. Prints one line per precision and, last, a line of JSON.
"""

import argparse
import json
import statistics
import time

import torch
from transformers import AutoConfig, AutoModelForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=5)
parser.add_argument("--warmup", type=int, default=2)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--sequences", type=int, default=20)
parser.add_argument("--length", type=int, default=350)
parser.add_argument("--precision", default="f32,bf16")
parser.add_argument("--compile", action="store_true")
parser.add_argument("--samples")
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
torch.set_flush_denormal(True)
torch.manual_seed(0)

config = AutoConfig.for_model(
    "qwen2", hidden_size=128, intermediate_size=352, num_hidden_layers=4, num_attention_heads=4,
    num_key_value_heads=2, vocab_size=768, max_position_embeddings=4096,
    tie_word_embeddings=True, use_sliding_window=False)
config._attn_implementation = "sdpa"
shape = (arguments.sequences, arguments.length)
mask = None
if arguments.samples:
    by_tier = {"easy": [], "medium": [], "hard": []}
    with open(arguments.samples) as file:
        for record in map(json.loads, file):
            if record["member"] == "base":
                by_tier[record["difficulty"]].append(
                    record["prompt_tokens"] + record["completion_tokens"])
    mix = [tier for tier, share in (("easy", 4), ("medium", 4), ("hard", 3)) for _ in range(share)]
    lengths, wanted = [], arguments.sequences * arguments.length
    while sum(lengths) < wanted:
        lengths.append(by_tier[mix[len(lengths) % len(mix)]].pop())
    shape = (len(lengths), max(lengths))
    mask = (torch.arange(shape[1])[None] < torch.tensor(lengths)[:, None]).long()
tokens = torch.randint(0, 768, shape)
targets = torch.roll(tokens, -1, dims=1)
if mask is not None:
    targets[mask == 0] = -100
targets = targets.reshape(-1)
count = tokens.numel() if mask is None else int(mask.sum())


def measure(precision):
    model = AutoModelForCausalLM.from_config(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), fused=True)
    network = torch.compile(model) if arguments.compile else model

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            logits = network(tokens, attention_mask=mask, use_cache=False).logits
            loss = torch.nn.functional.cross_entropy(logits.view(-1, 768).float(), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    for _ in range(arguments.warmup):
        step()
    seconds = []
    for _ in range(arguments.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    speeds = sorted(count / value for value in seconds)
    print(f"{precision}: {statistics.median(speeds):,.0f} tokens/s "
          f"({speeds[0]:,.0f}-{speeds[-1]:,.0f})", flush=True)
    return dict(median=statistics.median(speeds), least=speeds[0], most=speeds[-1])


results = {name: measure(name) for name in arguments.precision.split(",")}
print(json.dumps(dict(
    torch=torch.__version__, threads=arguments.threads, tokens=count, padded=tokens.numel(),
    compiled=arguments.compile, results=results)))
