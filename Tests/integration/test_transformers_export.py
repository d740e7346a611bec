"""Folders that training writes, loaded by transformers and by the server: both compute the same.

Run by Tests/transformers: the shipped family, and SmolLM2-135M-Instruct after one step of
`laconic train sft` from its GGUF file. transformers computes in f32, as the server does.
"""

import json
import os
import time
from pathlib import Path

import torch
import transformers
from laconic_process import Server, run
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig

ROOT = Path(__file__).resolve().parents[2]
WORK = Path(os.environ["LACONIC_WORK"])
FAMILY = ROOT / "Sources/laconic/Resources/family"
DATA = ROOT / "Tests/Fixtures/gsm8k_short.jsonl"
COUNT = 64
# Below it the choice between two tokens hangs on rounding.
LEAST_MARGIN = 1e-4
CONVERSATIONS = [
    [("user", "Tom has 12 apples and buys 7 more. How many apples does he have?")],
    [("user", "A baker sells 24 rolls a day at 3 dollars each. What does she earn in 5 days?")],
    [("user", "What is 17 * 23?"), ("assistant", "It is 391."), ("user", "And minus 100?")],
    [("system", "Be brief."), ("user", "Wie viel ist 3 \u00d7 4?  \u2014 \U0001f914\n\nSag es.")],
    [("user", "Write a short story about a fox that learns to count.")],
]


def load(folder):
    """What transformers makes of a folder; nothing may be missing, unexpected or ignored."""
    config = AutoConfig.from_pretrained(folder)
    assert config.dtype == torch.bfloat16, config.dtype
    tokenizer = AutoTokenizer.from_pretrained(folder)
    generation = GenerationConfig.from_pretrained(folder)
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True)
    for name, keys in report.items():
        assert not keys, (folder, name, keys)
    assert len(tokenizer) <= config.vocab_size, (len(tokenizer), config.vocab_size)
    stops = generation.eos_token_id
    stops = {stops} if isinstance(stops, int) else set(stops)
    assert tokenizer.eos_token_id in stops, (tokenizer.eos_token_id, stops)
    return model.eval(), tokenizer, stops


def greedy(model, prompt, stops):
    """The ids that follow, the end of sequence left out, with log-probabilities and margins."""
    ids = torch.tensor([prompt])
    made = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=COUNT, generation_config=
        GenerationConfig(do_sample=False, eos_token_id=sorted(stops), pad_token_id=min(stops)),
        output_logits=True, return_dict_in_generate=True)
    new = made.sequences[0, len(prompt):].tolist()
    logits = torch.stack(made.logits)[:, 0]
    top = logits.topk(2).values
    chosen = logits.log_softmax(-1).gather(1, torch.tensor(new)[:, None])[:, 0]
    is_stopped = new[-1] in stops
    margins = (top[:, 0] - top[:, 1]).tolist()
    return new[: len(new) - is_stopped], chosen.tolist(), margins, is_stopped


def compare(folder, server, name):
    model, tokenizer, stops = load(folder)
    tokens, worst, unsure = 0, 0.0, 0
    for turns in CONVERSATIONS:
        messages = [{"role": role, "content": content} for role, content in turns]
        text = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=False)
        prompt = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=False)
        rendered = server.post("/apply-template", model=name, messages=messages)["prompt"]
        assert rendered == text, (name, rendered, text)
        found = server.post("/tokenize", model=name, messages=messages)["tokens"]
        assert found == prompt, (name, found, prompt)
        # Without the template, with whatever the tokenizer adds of itself.
        plain = turns[-1][1]
        found = server.post("/tokenize", model=name, prompt=plain)["tokens"]
        assert found == tokenizer(plain)["input_ids"], (name, plain, found)

        ids, logprobs, margins, is_stopped = greedy(model, prompt, stops)
        reply = server.post(
            "/v1/completions", model=name, prompt=prompt, max_tokens=COUNT, temperature=0,
            logprobs=1)["choices"][0]
        certain = next((i for i, m in enumerate(margins) if m < LEAST_MARGIN), len(margins))
        unsure += certain < len(margins)
        found = reply["logprobs"]["token_logprobs"]
        assert len(found) >= min(certain, len(ids)), (name, len(found), certain)
        for one, other in zip(found[:certain], logprobs[:certain]):
            worst = max(worst, abs(one - other))
        if certain == len(margins):
            expected = tokenizer.decode(ids, skip_special_tokens=True)
            assert reply["text"] == expected, (name, reply["text"], expected)
            assert reply["finish_reason"] == ("stop" if is_stopped else "length"), reply
        tokens += certain
        # The server's next ids one by one: each is its own first choice after those before it.
        echo = server.post(
            "/v1/completions", model=name, prompt=prompt + ids, max_tokens=0, echo=True,
            logprobs=1)["choices"][0]["logprobs"]
        rows = range(len(prompt), len(prompt) + min(certain, len(ids)))
        for row in rows:
            best = max(echo["top_logprobs"][row].values())
            assert echo["token_logprobs"][row] >= best, (name, row, ids[row - len(prompt)])
    assert tokens > COUNT and unsure < 2, (name, tokens, unsure)
    assert worst < 1e-3, (name, worst)
    return tokens, worst, unsure


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    start = time.monotonic()
    tuned = WORK / "SmolLM2-tuned"
    run("train", "sft", "--model", os.environ["LACONIC_TEST_SMOLLM2"], "--data", str(DATA),
        "--steps", "1", "--tokens-per-step", "128", "--max-length", "256",
        "--learning-rate", "1e-3", "--out", str(tuned))
    flags = ["--family", str(FAMILY), "--model", str(tuned / "model"), "--kv-type", "f32"]
    # transformers multiplies exactly, in f32
    with Server(*flags, "--weights", "stored", "--kv-memory", "256") as server:
        members = [path for path in sorted(FAMILY.iterdir()) if path.is_dir()]
        for folder in [*members, tuned / "model"]:
            tokens, worst, unsure = compare(str(folder), server, folder.name)
            print(
                f"{folder.name}: {len(CONVERSATIONS)} prompts and their {tokens} greedy tokens "
                f"equal, log-probabilities {worst:.1e} apart at most"
                + (f"; {unsure} texts up to a choice that hangs on rounding" if unsure else ""))
    print(f"transformers {transformers.__version__}: passed in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
