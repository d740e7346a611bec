"""Writes smollm2_greedy.json: what transformers answers on SmolLM2-135M-Instruct's GGUF.

    OMP_NUM_THREADS=1 python make_smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf

The weights are dequantised and run in f32 with eager attention. The tokenizer is built from the
file's own tables with the pre-tokenizer that its `tokenizer.ggml.pre` (smollm) names: digits one by
one, then the byte-level pattern of GPT-2.
"""

import json
import pathlib
import sys

import jinja2
import torch
from gguf import GGUFReader
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
torch.set_grad_enabled(False)
path = pathlib.Path(sys.argv[1])
COUNT = 64

PLAIN = [
    "The capital of France is",
    "Once upon a time, in a small village by the sea,",
    "def fibonacci(n):\n",
    "In 1969, Neil Armstrong 12345",
]
CHATS = [
    [{"role": "user", "content": "What is 17 times 23?"}],
    [{"role": "user", "content": "Name three colours of the rainbow."}],
    [
        {"role": "system", "content": "You answer in one short sentence."},
        {"role": "user", "content": "Why is the sky blue?"},
    ],
    [
        {"role": "user", "content": "My name is Ada."},
        {"role": "assistant", "content": "Hello Ada! How can I help you today?"},
        {"role": "user", "content": "What is my name? Write it with a wave: 👋"},
    ],
]


def tokenizer_of(fields):
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([
        AddedToken(t, special=True, normalized=False) for t, k in zip(tokens, kinds) if k == 3])
    return tokenizer


def greedy(model, ids):
    """The next ids, how far each led the runner-up, and the log-probability of each."""
    chosen, margins, logprobs = [], [], []
    step, cache = torch.tensor([ids]), None
    for _ in range(COUNT):
        output = model(step, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        row = output.logits[0, -1].float()
        top = row.topk(2)
        chosen.append(int(top.indices[0]))
        margins.append(round(float(top.values[0] - top.values[1]), 5))
        logprobs.append(round(float(torch.log_softmax(row, -1)[chosen[-1]]), 6))
        step = torch.tensor([[chosen[-1]]])
    return chosen, margins, logprobs


fields = GGUFReader(path).fields
tokenizer = tokenizer_of(fields)
environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
template = environment.from_string(fields["tokenizer.chat_template"].contents())
model = AutoModelForCausalLM.from_pretrained(
    path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager").eval()

cases = [dict(messages=None, text=text) for text in PLAIN]
for messages in CHATS:
    text = template.render(messages=messages, add_generation_prompt=True)
    cases.append(dict(messages=messages, text=text))
for case in cases:
    case["ids"] = tokenizer.encode(case["text"], add_special_tokens=False).ids
    case["greedy"], case["margins"], case["logprobs"] = greedy(model, case["ids"])
    case["completion"] = tokenizer.decode(case["greedy"], skip_special_tokens=False)
    print(len(case["ids"]), repr(case["completion"][:100]), min(case["margins"]))

out = pathlib.Path(__file__).parent / "smollm2_greedy.json"
lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
out.write_text(f"[\n{lines}\n]\n")
