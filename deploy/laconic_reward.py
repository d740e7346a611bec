"""The length-penalised reward of a Laconic server, for trainers that take a Python function.

TRL, `RLOOTrainer` or `GRPOTrainer`, the data set with a column `answer`:
    export LACONIC_REWARD_URL=http://localhost:8080/v1/reward LACONIC_ALPHA=0.1
    export LACONIC_EOS_IDS=151643            # the tokenizer's end ids; or eos_ids=[…] by partial()
    RLOOTrainer(model, reward_funcs=trl_reward, train_dataset=rows, …)

verl, with the `batch` reward manager:
    reward_model.reward_manager=batch
    custom_reward_function.path=deploy/laconic_reward.py
    custom_reward_function.name=compute_score     # rows need extra_info.index, as verl's own have

A response is paid for if it has one closed \\boxed{…} behind one </think>; LACONIC_GRADING=evaluation
takes an answer in any form. LACONIC_API_KEY is sent where the server asks for a key.
"""

import json
import os
import time
import urllib.error
import urllib.request

MAX_BODY_BYTES = 8 << 20
MAX_RESPONSES = 2048
TRIES = 5


def trl_reward(prompts, completions, completion_ids, answer=None, eos_ids=None, **kwargs):
    """Rewards in TRL's order; the completions of one prompt are a group."""
    if answer is None:
        raise ValueError("laconic_reward: the data set needs a column 'answer'")
    if eos_ids is None:
        eos_ids = [int(i) for i in os.environ.get("LACONIC_EOS_IDS", "").split(",") if i.strip()]
    if not eos_ids:
        raise ValueError("laconic_reward: without LACONIC_EOS_IDS what was cut off cannot be told")
    responses = []
    for completion, ids in zip(completions, completion_ids, strict=True):
        text = completion if isinstance(completion, str) else completion[-1]["content"]
        finished = len(ids) > 0 and int(ids[-1]) in eos_ids
        responses.append({"text": text, "tokens": len(ids), "finished": finished})
    keys = [(json.dumps(prompt), str(gold)) for prompt, gold in zip(prompts, answer, strict=True)]
    return _rewards(keys, responses)


def compute_score(data_sources, solution_strs, ground_truths, extra_infos, **kwargs):
    """Rewards in verl's order; the responses to one row of the data are a group.

    verl shows neither token ids nor ends: the server counts the tokens, and what was cut off before
    its box was closed is wrong because it has no answer. `extra_info` may say `finished` and,
    for all responses, `tokens`.
    """
    keys, responses = [], []
    for source, text, gold, info in zip(
        data_sources, solution_strs, ground_truths, extra_infos, strict=True
    ):
        row = next((info[k] for k in ("index", "question", "problem") if k in (info or {})), None)
        if row is None:
            raise ValueError("laconic_reward: extra_info needs 'index' to tell the groups apart")
        keys.append((json.dumps([str(source), str(row)]), str(gold)))
        response = {"text": text, "finished": bool(info.get("finished", True))}
        if "tokens" in info:
            response["tokens"] = int(info["tokens"])
        responses.append(response)
    return _rewards(keys, responses)


def _rewards(keys, responses):
    """One reward for each response; equal keys, (prompt, answer), make a group."""
    groups = {}
    for position, key in enumerate(keys):
        groups.setdefault(key, []).append(position)
    rewards = [0.0] * len(keys)
    batch, count, size = [], 0, 0
    for (_, answer), positions in groups.items():
        group = {"answer": answer, "responses": [responses[p] for p in positions]}
        cost = len(json.dumps(group))
        if batch and (size + cost > MAX_BODY_BYTES or count + len(positions) > MAX_RESPONSES):
            _post(batch, rewards)
            batch, count, size = [], 0, 0
        batch.append((group, positions))
        count, size = count + len(positions), size + cost
    if batch:
        _post(batch, rewards)
    return rewards


def _post(batch, rewards):
    body = {"groups": [group for group, _ in batch]}
    if "LACONIC_ALPHA" in os.environ:
        body["alpha"] = float(os.environ["LACONIC_ALPHA"])
    if "LACONIC_GRADING" in os.environ:
        body["grading"] = os.environ["LACONIC_GRADING"]
    url = os.environ.get("LACONIC_REWARD_URL", "http://localhost:8080/v1/reward")
    headers = {"Content-Type": "application/json"}
    if "LACONIC_API_KEY" in os.environ:
        headers["Authorization"] = "Bearer " + os.environ["LACONIC_API_KEY"]
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    for attempt in range(1, TRIES + 1):
        try:
            with urllib.request.urlopen(request, timeout=180) as reply:
                groups = json.load(reply)["groups"]
            break
        except urllib.error.HTTPError as error:
            # A request that is wrong stays wrong; a busy or starting server does not stay so.
            if attempt == TRIES or error.code not in (429, 503):
                raise RuntimeError(f"{url}: {error.code} {error.read().decode()}") from error
        except OSError as error:
            if attempt == TRIES:
                raise RuntimeError(f"{url}: {error}") from error
        time.sleep(attempt)
    for (_, positions), group in zip(batch, groups, strict=True):
        for position, reward in zip(positions, group["rewards"], strict=True):
            rewards[position] = reward
