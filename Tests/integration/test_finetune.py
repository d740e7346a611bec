"""SmolLM2-135M-Instruct is fine-tuned from its GGUF file, supervised and by reinforcement.

Run by Tests/finetune. Losses are compared with those of the server's forward pass, and what was
written is served again.
"""

import hashlib
import json
import os
import shutil
import struct
import time
from pathlib import Path

from laconic_process import Server, run

WORK = Path(os.environ["LACONIC_WORK"])
START = os.environ["LACONIC_TEST_SMOLLM2"]
DATA = Path(__file__).resolve().parents[1] / "Fixtures" / "gsm8k_short.jsonl"
PROBLEMS = [json.loads(line) for line in DATA.read_text().splitlines()]
INSTRUCTION = "Please reason step by step, and put your final answer within \\boxed{}. "
END = "<|im_end|>"


def metrics(folder):
    return [json.loads(line) for line in (WORK / folder / "metrics.jsonl").read_text().splitlines()]


def examples(server):
    """Token ids of each problem with its solution, and how many of them are the prompt's."""
    for problem in PROBLEMS:
        message = {"role": "user", "content": INSTRUCTION + f"Question: {problem['question']}"}
        prompt = server.post("/tokenize", messages=[message])["tokens"]
        body = server.post("/tokenize", content=problem["solution"])["tokens"]
        end = server.post("/tokenize", content=END)["tokens"]
        assert len(end) == 1, end
        yield prompt + body + end, len(prompt)


def loss(path):
    """Mean of -log p over the solutions' tokens in a forward pass of the server; all tokens."""
    total, learned, tokens = 0.0, 0, 0
    exact = ["--weights", "stored", "--kv-type", "f32"]
    with Server("--model", path, *exact, "--kv-memory", "256") as server:
        for ids, prompt_count in examples(server):
            reply = server.post(
                "/v1/completions", prompt=ids, max_tokens=0, echo=True, logprobs=1)
            found = reply["choices"][0]["logprobs"]["token_logprobs"]
            assert len(found) == len(ids), (len(found), len(ids))
            total -= sum(found[prompt_count:])
            learned += len(ids) - prompt_count
            tokens += len(ids)
    return total / learned, learned, tokens


def answer(path, problem):
    return json.loads(run(
        "generate", "--model", path, "--temperature", "0", "--budget", "80", "--json",
        INSTRUCTION + f"Question: {problem['question']}"))["text"]


def tensors(path):
    """Bytes of each tensor of a safetensors file, by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell()
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            file.seek(start + begin)
            yield name, file.read(end - begin)


def check_supervised():
    expected, learned, tokens = loss(START)
    # Each step takes every example once, since without the shortest there are not enough tokens.
    command = [
        "train", "sft", "--model", START, "--data", str(DATA), "--steps", "3",
        "--tokens-per-step", str(tokens - 50), "--max-length", "256", "--learning-rate", "2e-3",
        "--out", str(WORK / "sft")]
    run(*command)
    steps = metrics("sft")
    assert [step["tokens"] for step in steps] == [tokens] * 3, (steps, tokens)
    assert [step["learned_tokens"] for step in steps] == [learned] * 3, (steps, learned)
    losses = [step["loss"] for step in steps]
    assert abs(losses[0] - expected) < 1e-4, (losses, expected)
    after = loss(str(WORK / "sft/model"))[0]
    # The file is bf16; the last step's loss is that of the parameters before it.
    assert losses[0] > losses[1] > losses[2] > after, (losses, after)
    # With its state alone the finished run writes the same folder.
    written = WORK / "sft/model/model.safetensors"
    digest = hashlib.sha256(written.read_bytes()).digest()
    shutil.rmtree(written.parent)
    run(*command)
    assert hashlib.sha256(written.read_bytes()).digest() == digest
    assert metrics("sft") == steps
    return losses, expected, after


def check_reinforcement():
    model = str(WORK / "sft/model")
    run("train", "rl", "--model", model, "--data", str(DATA), "--alpha", "0.1", "--steps", "1",
        "--prompts", "4", "--samples", "4", "--max-tokens", "64", "--learning-rate", "3e-4",
        "--out", str(WORK / "rl"))
    [step] = metrics("rl")
    # Rewards that are all alike would teach nothing.
    assert 0 < step["accuracy"] < 1 and step["gradient_norm"] > 0, step
    before = dict(tensors(f"{model}/model.safetensors"))
    after = dict(tensors(WORK / "rl/model/model.safetensors"))
    assert before.keys() == after.keys()
    same = [name for name in before if before[name] == after[name]]
    assert not any("proj" in name or "embed" in name for name in same), same
    return step, len(before) - len(same), len(before)


def main():
    start = time.monotonic()
    losses, expected, after = check_supervised()
    print(
        f"sft: losses {', '.join(f'{loss:.4f}' for loss in losses)}, then {after:.4f} as served; "
        f"a forward pass before the first said {expected:.4f} ({losses[0] - expected:+.1e})")
    step, changed, count = check_reinforcement()
    print(
        f"rl: {100 * step['accuracy']:.0f} % right, gradient {step['gradient_norm']:.3f}; "
        f"{changed} of {count} tensors changed")
    for folder in ("sft", "rl"):
        path = str(WORK / folder / "model")
        run("inspect", path)
        text = answer(path, PROBLEMS[0])
        assert "</think>" in text, text
        print(f"{folder} answers: {json.dumps(text)}")
    print(f"finetune: passed in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
