"""Writes gradients.json into every checkpoint's folder: what torch makes of a loss's gradient.

    OMP_NUM_THREADS=1 python make_gradients.py

The loss is the sum over three sequences of weight * -log p(target); some positions have no target
(-1) and some weights are negative or 0. The sequences are longer than every window and reach beyond
YaRN's original context. transformers runs them one by one, in f32 with eager attention, on the stored
weights. Of every parameter's gradient the file keeps the norm, the sum, the product with signs drawn
by SplitMix64 and the first 64 values, in the order of Hugging Face's rows, which training keeps.
"""

import json
import pathlib

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent
VOCABULARY = 256
LENGTHS = [300, 61, 1]
KEPT = 64

# A GGUF file and the folder whose config.json describes it.
GGUF_SOURCES = {
    "llama3-rope-gguf-f16": "llama3-rope-f16",
    "llama3-rope-gguf-q8": "llama3-rope-f16",
    "qwen2-yarn-gguf-f32": "qwen2-yarn-f32",
    "qwen3-gguf-mixed": "qwen3-f32",
}

GGUF_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

torch.set_num_threads(1)


def plain_name(name):
    """The Hugging Face name of a GGUF tensor."""
    stem, kind = name.rsplit(".", 1)
    if stem.startswith("blk."):
        _, layer, rest = stem.split(".", 2)
        return f"model.layers.{layer}.{GGUF_NAMES[rest]}.{kind}"
    return f"{GGUF_NAMES[stem]}.{kind}"


def halves(rows, heads):
    """Rows of each head from pairs of neighbours to halves, as Hugging Face has them."""
    width = rows.shape[0] // heads // 2
    split = rows.reshape(heads, width, 2, *rows.shape[1:])
    return np.ascontiguousarray(split.swapaxes(1, 2).reshape(rows.shape))


def paired_heads(name, config):
    """How many heads of a tensor a Llama GGUF keeps as pairs; None for other tensors."""
    if config["model_type"] != "llama":
        return None
    if "q_proj" in name:
        return config["num_attention_heads"]
    return config["num_key_value_heads"] if "k_proj" in name else None


def load(name):
    """A model and its config; a GGUF's weights as they dequantise."""
    source = HERE / GGUF_SOURCES.get(name, name)
    config = json.loads((source / "config.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(
        source, dtype=torch.float32, attn_implementation="eager").eval()
    if name not in GGUF_SOURCES:
        return model, config
    stored = model.state_dict()
    for tensor in gguf.GGUFReader(HERE / name / "model.gguf").tensors:
        if tensor.name == "rope_freqs.weight":
            continue
        key = plain_name(tensor.name)
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        values = values.reshape(stored[key].shape)
        if heads := paired_heads(key, config):
            values = halves(values, heads)
        stored[key].copy_(torch.from_numpy(np.array(values)))
    return model, config


def signs(count, seed):
    """1 or -1 by the lowest bit of SplitMix64's numbers."""
    with np.errstate(over="ignore"):
        mixed = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return np.where(mixed & np.uint64(1), 1.0, -1.0)


def summary(gradient, index):
    flat = gradient.reshape(-1).astype(np.float64)
    return dict(
        count=flat.size, norm=float(np.sqrt(flat @ flat)), sum=float(flat.sum()),
        dot=float(flat @ signs(flat.size, index)),
        first=[float(f"{value:.9g}") for value in flat[:KEPT]],
    )


def make(name):
    model, config = load(name)
    generator = np.random.default_rng(len(name))
    sequences, loss = [], 0.0
    for length in LENGTHS:
        tokens = generator.integers(0, VOCABULARY, length)
        targets = generator.integers(0, VOCABULARY, length)
        weights = generator.integers(-4, 9, length) / 8
        if length > 1:
            targets[generator.random(length) < 0.3] = -1
        else:
            weights[:] = 0.5
        sequences.append(dict(
            tokens=tokens.tolist(), targets=targets.tolist(), weights=weights.tolist()))
        logits = model(torch.from_numpy(tokens)[None], use_cache=False).logits[0]
        asked = torch.from_numpy(targets) >= 0
        chosen = torch.log_softmax(logits, dim=-1)[asked, torch.from_numpy(targets)[asked]]
        term = -(chosen * torch.from_numpy(weights[asked.numpy()]).float()).sum()
        term.backward()
        loss += float(term)
    tensors = {}
    for index, (key, parameter) in enumerate(model.named_parameters()):
        tensors[key] = dict(seed=index, **summary(parameter.grad.numpy(), index))
    golden = dict(loss=loss, sequences=sequences, tensors=tensors)
    path = HERE / name / "gradients.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(name, path.stat().st_size, loss)


for folder in sorted(HERE.iterdir()):
    if (folder / "golden.json").exists():
        make(folder.name)
