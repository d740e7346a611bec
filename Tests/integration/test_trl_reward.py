"""Trainers against a running server: TRL's RLOOTrainer, verl's function, OpenRLHF's requests.

Run by Tests/trl, which sets LACONIC_REWARD_URL. Every reward is compared with the paper's formula,
written out here once more (arXiv 2502.04463, equations 4 and 5).
"""

import json
import math
import os
import re
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy"))
import laconic_reward

URL = os.environ["LACONIC_REWARD_URL"]
EOS, PAD = "<eos>", "<pad>"
RIGHT, WRONG = "</think>\\boxed{4}", "</think>\\boxed{5}"


def formula(lengths, right, alpha):
    chosen = [length for length, is_right in zip(lengths, right) if is_right]
    if not chosen:
        return [0.0] * len(lengths)
    mean = sum(chosen) / len(chosen)
    deviation = math.sqrt(sum((length - mean) ** 2 for length in chosen) / len(chosen))
    return [
        1 - alpha / (1 + math.exp(-(length - mean) / (deviation + 1e-7))) if is_right else 0.0
        for length, is_right in zip(lengths, right)
    ]


def is_right(text):
    return text.count("</think>") == 1 and re.search(r"</think>\\boxed\{4\}", text) is not None


def close(one, other):
    assert len(one) == len(other), (one, other)
    assert all(abs(a - b) < 1e-6 for a, b in zip(one, other)), (one, other)


def check_verl():
    os.environ["LACONIC_ALPHA"] = "0.1"
    lengths, right = [100, 200, 300, 400], [True, True, True, False]
    texts = [f"think {RIGHT if r else WRONG}" for r in right]
    infos = [{"index": 7, "tokens": length} for length in lengths]
    # Another row's response stands between; it is a group of its own.
    texts.insert(1, RIGHT)
    infos.insert(1, {"index": 8, "tokens": 900})
    scores = laconic_reward.compute_score(["math"] * 5, texts, ["4"] * 5, infos)
    expected = formula(lengths, right, 0.1)
    close(scores, expected[:1] + [0.95] + expected[1:])
    close(expected, [0.97729, 0.95, 0.92271, 0])
    # Many groups, more than one request holds.
    count = laconic_reward.MAX_RESPONSES + 10
    infos = [{"index": i // 2, "tokens": 10 + i % 2} for i in range(count)]
    scores = laconic_reward.compute_score(["m"] * count, [RIGHT] * count, ["4"] * count, infos)
    close(scores, formula([10, 11], [True, True], 0.1) * (count // 2))
    return count + 5


def check_openrlhf():
    alpha, prompt = 0.2, "<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n"
    texts = ["x" * n + (WRONG if n == 300 else RIGHT) for n in (10, 20, 70, 300, 40, 50, 60, 90)]

    def ask(text):
        body = {"query": [prompt + text + "<|im_end|>"], "prompts": [prompt], "labels": ["4"]}
        url = f"{URL}?group_size={len(texts)}&alpha={alpha}&wait_seconds=60"
        request = urllib.request.Request(url, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=120) as reply:
            return json.load(reply)

    with ThreadPoolExecutor(len(texts)) as pool:
        replies = list(pool.map(ask, texts))
    assert all(reply["extra_logs"]["group_complete"] == [1] for reply in replies), replies
    # The server has no model, so it counts bytes.
    assert all(reply["length_unit"] == "utf8_bytes" for reply in replies), replies
    expected = formula([len(t) for t in texts], [is_right(t) for t in texts], alpha)
    close([reply["rewards"][0] for reply in replies], expected)
    return len(replies)


def tiny_model():
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    words = [PAD, EOS, RIGHT, WRONG, "a", "b", "one", "two", "three", "four"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, PAD))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    torch.manual_seed(1)
    config = Qwen2Config(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=128,
        eos_token_id=1, pad_token_id=0, bos_token_id=None,
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=EOS, pad_token=PAD)
    return Qwen2ForCausalLM(config), fast


def check_trl():
    from datasets import Dataset
    from trl import RLOOConfig, RLOOTrainer

    os.environ["LACONIC_ALPHA"] = "0.2"
    os.environ["LACONIC_EOS_IDS"] = "1"
    model, tokenizer = tiny_model()
    steps = []

    def reward(prompts, completions, completion_ids, **kwargs):
        rewards = laconic_reward.trl_reward(prompts, completions, completion_ids, **kwargs)
        steps.append((prompts, completions, [list(ids) for ids in completion_ids], rewards))
        return rewards

    rows = Dataset.from_list([{"prompt": p, "answer": "4"} for p in ("one", "two", "three", "four")])
    with tempfile.TemporaryDirectory() as folder:
        trainer = RLOOTrainer(
            model=model, processing_class=tokenizer, reward_funcs=reward, train_dataset=rows,
            args=RLOOConfig(
                output_dir=folder, max_steps=2, num_generations=16, max_completion_length=8,
                per_device_train_batch_size=64, logging_steps=1, report_to=[], use_cpu=True, seed=3,
                save_strategy="no", beta=0.0, bf16=False, disable_tqdm=True,
            ),
        )
        trainer.train()
    logged = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    assert len(steps) == len(logged) == 2, (len(steps), logged)
    paid = cut = 0
    for (prompts, completions, ids, rewards), mean in zip(steps, logged):
        for prompt in set(prompts):
            group = [i for i, other in enumerate(prompts) if other == prompt]
            assert len(group) == 16, group
            right = [is_right(completions[i]) and ids[i][-1] == 1 for i in group]
            expected = formula([len(ids[i]) for i in group], right, 0.2)
            close([rewards[i] for i in group], expected)
            paid += sum(right)
            cut += sum(is_right(completions[i]) and ids[i][-1] != 1 for i in group)
        assert abs(mean - sum(rewards) / len(rewards)) < 1e-5, (mean, rewards)
    assert paid > 4 and cut > 0, f"{paid} paid, {cut} right but cut off: the test shows little"
    return sum(len(step[3]) for step in steps), paid, cut, logged


def main():
    print(f"verl: {check_verl()} rewards as the formula says")
    print(f"openrlhf: {check_openrlhf()} requests, one group, rewards as the formula says")
    if os.environ.get("LACONIC_TRL") == "no":
        return
    count, paid, cut, logged = check_trl()
    print(
        f"trl: RLOOTrainer, 2 steps, {count} rewards as the formula says, {paid} of them paid, "
        f"{cut} right but cut off; logged means {logged}"
    )


if __name__ == "__main__":
    main()
