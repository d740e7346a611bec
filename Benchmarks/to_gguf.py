#!/usr/bin/env python3
"""Writes a Qwen2 folder in bf16 as a GGUF file that llama.cpp loads, for measuring speed.

    to_gguf.py FOLDER FILE [bf16|q8_0|q4_0]         needs numpy and gguf

Of q4_0 the embedding and the output head are q8_0.

Weights, shape and tokens are the folder's; how text is cut before merging is not said, so ids may
differ from the folder's own: the time of a pass does not depend on them.
"""
import json
import mmap
import pathlib
import struct
import sys

import gguf
import numpy as np

NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def tensors(path):
    with open(path, "rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    for name, entry in header.items():
        if name != "__metadata__":
            assert entry["dtype"] == "BF16", (name, entry["dtype"])
            start, end = entry["data_offsets"]
            words = np.frombuffer(data, "<u2", (end - start) // 2, 8 + size + start)
            yield name, words.reshape(entry["shape"])


def renamed(name):
    if name.startswith("model.layers."):
        layer, part, kind = name.removeprefix("model.layers.").split(".", 1)[0], *name.split(
            ".", 3)[3].rsplit(".", 1)
        return f"blk.{layer}.{NAMES[part]}.{kind}"
    return {
        "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight":
        "output_norm.weight", "lm_head.weight": "output.weight"}[name]


def quantized(words, kind):
    """Blocks of a matrix, some rows at a time."""
    rows = max(1, (1 << 24) // words.shape[1])
    return np.concatenate([
        gguf.quants.quantize(
            (words[start:start + rows].astype(np.uint32) << 16).view(np.float32), kind)
        for start in range(0, len(words), rows)])


def main(folder, target, kind):
    config = json.loads((folder / "config.json").read_text())
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    writer = gguf.GGUFWriter(target, "qwen2")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])

    tokens = {id: text for text, id in tokenizer["model"]["vocab"].items()}
    specials = {token["id"]: token["content"] for token in tokenizer["added_tokens"]}
    count = config["vocab_size"]
    kinds = gguf.TokenType
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(
        [specials.get(id) or tokens.get(id) or f"[PAD{id}]" for id in range(count)])
    writer.add_token_types([
        kinds.CONTROL if id in specials else kinds.NORMAL if id in tokens else kinds.UNUSED
        for id in range(count)])
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
    writer.add_token_merges(merges or ["a b"])
    writer.add_eos_token_id(config["eos_token_id"])

    for name, words in tensors(folder / "model.safetensors"):
        if len(words.shape) == 1:
            writer.add_tensor(
                renamed(name), (words.astype(np.uint32) << 16).view(np.float32))
        elif kind != "bf16":
            plain = kind == "q8_0" or name in ("model.embed_tokens.weight", "lm_head.weight")
            block = gguf.GGMLQuantizationType.Q8_0 if plain else gguf.GGMLQuantizationType.Q4_0
            writer.add_tensor(renamed(name), quantized(words, block), raw_dtype=block)
        else:
            # The writer counts bytes of a raw type.
            writer.add_tensor(
                renamed(name), words.view(np.uint8), raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "bf16")
