"""Writes the tiny random checkpoints of this folder and what transformers computes with them.

    OMP_NUM_THREADS=1 python make_models.py

Each folder gets a checkpoint (config.json and safetensors, or model.gguf), golden.bin (f32 rows of
log-probabilities over the vocabulary) and golden.json (the tokens, which positions the rows belong
to, and a greedy continuation with the margin of every choice). The reference runs in f32 with eager
attention on the stored weights, so a 16-bit checkpoint is compared after exact upcasting.
rope.json holds inverse frequencies of many rope settings.
"""

import json
import math
import pathlib
import shutil

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Quantization
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

HERE = pathlib.Path(__file__).parent
VOCABULARY = 256
LONG = [0, 1, 2, 7, 31, 63, 127, 255, 511, 777, 1023, 1500, 1999]
SHORT = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 119]

torch.manual_seed(0)
torch.set_num_threads(1)
torch.set_grad_enabled(False)


def base(architecture, model_type, **fields):
    common = dict(
        architectures=[architecture],
        model_type=model_type,
        vocab_size=VOCABULARY,
        hidden_act="silu",
        max_position_embeddings=4096,
        rms_norm_eps=1e-6,
        # Wrong on purpose, as in the R1 distillations: nothing may rely on it.
        bos_token_id=3,
        eos_token_id=3,
    )
    common.update(fields)
    return common


CONFIGURATIONS = {
    "qwen2-tied-f32": (
        base(
            "Qwen2ForCausalLM", "qwen2", hidden_size=48, intermediate_size=80,
            num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            rope_theta=10000.0, tie_word_embeddings=True, use_sliding_window=False,
            sliding_window=4096, max_window_layers=2, torch_dtype="float32",
        ),
        torch.float32, LONG, 1,
    ),
    "qwen2-untied-bf16-sharded": (
        base(
            "Qwen2ForCausalLM", "qwen2", hidden_size=64, intermediate_size=112,
            num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=1,
            rope_theta=1000000.0, tie_word_embeddings=False, use_sliding_window=False,
            sliding_window=None, max_window_layers=3, dtype="bfloat16",
        ),
        torch.bfloat16, LONG, 3,
    ),
    "llama3-rope-f16": (
        base(
            "LlamaForCausalLM", "llama", hidden_size=64, intermediate_size=96,
            num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
            rms_norm_eps=1e-5, rope_theta=5000.0, tie_word_embeddings=False,
            attention_bias=False, mlp_bias=False, torch_dtype="float16",
            rope_scaling=dict(
                factor=8.0, high_freq_factor=4.0, low_freq_factor=1.0,
                original_max_position_embeddings=128, rope_type="llama3",
            ),
        ),
        torch.float16, LONG, 1,
    ),
    "llama-linear-biased-f32": (
        base(
            "LlamaForCausalLM", "llama", hidden_size=36, intermediate_size=52,
            num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=3,
            rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True,
            attention_bias=True, mlp_bias=True, pretraining_tp=1,
            rope_scaling=dict(type="linear", factor=4.0),
        ),
        torch.float32, SHORT, 1,
    ),
    "qwen3-f32": (
        base(
            "Qwen3ForCausalLM", "qwen3", hidden_size=40, intermediate_size=72,
            num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=24,
            tie_word_embeddings=True, attention_bias=False, use_sliding_window=False,
            sliding_window=None, max_window_layers=2,
            layer_types=["full_attention", "full_attention"],
            rope_parameters=dict(rope_type="default", rope_theta=1000000.0),
        ),
        torch.float32, SHORT, 1,
    ),
    "qwen2-yarn-f32": (
        base(
            "Qwen2ForCausalLM", "qwen2", hidden_size=32, intermediate_size=48,
            num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
            tie_word_embeddings=False, use_sliding_window=False,
            rope_parameters=dict(
                rope_type="yarn", rope_theta=10000.0, factor=4.0,
                original_max_position_embeddings=256,
            ),
        ),
        torch.float32, LONG, 1,
    ),
    "qwen2-sliding-f32": (
        base(
            "Qwen2ForCausalLM", "qwen2", hidden_size=32, intermediate_size=48,
            num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
            rope_theta=10000.0, tie_word_embeddings=True, use_sliding_window=True,
            sliding_window=11, max_window_layers=1,
        ),
        torch.float32, SHORT, 1,
    ),
    "mistral-sliding-bf16": (
        base(
            "MistralForCausalLM", "mistral", hidden_size=32, intermediate_size=64,
            num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
            rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=False,
            sliding_window=20, torch_dtype="bfloat16",
        ),
        torch.bfloat16, SHORT, 1,
    ),
}


def deviation(name, shape, tied):
    if "embed_tokens" in name:
        # A tied embedding large beside the layers' outputs would only repeat the last token.
        return 0.12 if tied else 0.5
    if "q_proj" in name or "k_proj" in name:
        return 1.6 / math.sqrt(shape[-1])
    return 1.1 / math.sqrt(shape[-1])


def random_weights(configuration):
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**configuration))
    tied = configuration["tie_word_embeddings"]
    weights = {}
    for name, value in model.state_dict().items():
        if name == "lm_head.weight" and tied:
            continue
        if name == "model.norm.weight" and tied:
            weights[name] = 2 + 2 * torch.rand(value.shape)
        elif name.endswith("norm.weight"):
            weights[name] = 0.5 + torch.rand(value.shape)
        elif name.endswith(".bias"):
            weights[name] = torch.randn(value.shape) * 0.3
        else:
            weights[name] = torch.randn(value.shape) * deviation(name, value.shape, tied)
    return weights


def save(folder, weights, dtype, shards):
    weights = {name: value.to(dtype).contiguous() for name, value in weights.items()}
    if shards == 1:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return
    names = sorted(weights)
    index = {"metadata": {}, "weight_map": {}}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = names[shard * len(names) // shards:(shard + 1) * len(names) // shards]
        save_file({n: weights[n] for n in part}, folder / file, metadata={"format": "pt"})
        index["weight_map"].update({n: file for n in part})
    index["metadata"]["total_size"] = sum(v.numel() * v.element_size() for v in weights.values())
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))


def write_golden(folder, model, positions, tolerance):
    generator = torch.Generator().manual_seed(len(folder.name))
    tokens = torch.randint(0, VOCABULARY, (positions[-1] + 1,), generator=generator)
    logits = model(tokens[None]).logits[0].float()
    rows = torch.log_softmax(logits, dim=-1)[positions].numpy().astype("<f4")
    (folder / "golden.bin").write_bytes(rows.tobytes())

    prompt = tokens[:9].tolist()
    ids, margins = [], []
    for _ in range(64):
        last = model(torch.tensor([prompt + ids])).logits[0, -1].float()
        top = last.topk(2)
        ids.append(int(top.indices[0]))
        margins.append(round(float(top.values[0] - top.values[1]), 6))
    golden = dict(
        tolerance=tolerance, vocabularySize=VOCABULARY, tokens=tokens.tolist(),
        positions=positions, prompt=prompt, greedy=ids, margins=margins,
    )
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(folder.name, sum(f.stat().st_size for f in folder.iterdir()), ids[:8], min(margins))


def load(folder):
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()


def make(name):
    configuration, dtype, positions, shards = CONFIGURATIONS[name]
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(configuration, indent=2) + "\n")
    save(folder, random_weights(json.loads(json.dumps(configuration))), dtype, shards)
    tolerance = 1e-3 if dtype == torch.float32 else 2e-2
    write_golden(folder, load(folder), positions, tolerance)


GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def gguf_name(name):
    stem, kind = name.rsplit(".", 1)
    if stem in GGUF_NAMES:
        return f"{GGUF_NAMES[stem]}.{kind}"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{GGUF_NAMES[rest]}.{kind}"


def interleave(weight, heads):
    """Rows of a head from halves [a0 a1 .. b0 b1 ..] to pairs [a0 b0 a1 b1 ..]."""
    rows = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return np.ascontiguousarray(rows.swapaxes(1, 2).reshape(weight.shape))


def rope_factors(config):
    """What a llama3-scaled model's rope_freqs.weight divides each frequency by."""
    plain = 1.0 / (config["rope_theta"] ** (torch.arange(0, 16, 2).float() / 16))
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](AutoConfig.for_model(**config))
    return (plain / scaled).numpy().astype(np.float32)


def make_gguf(name, source, quantization):
    """A GGUF twin of a safetensors fixture; the reference sees the dequantised weights."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = json.loads((HERE / source / "config.json").read_text())
    architecture = config["model_type"]
    model = load(HERE / source)
    writer = gguf.GGUFWriter(folder / "model.gguf", architecture)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    writer.add_rope_freq_base(rope.get("rope_theta", config.get("rope_theta")))
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
        writer.add_rope_dimension_count(config["head_dim"])
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
        writer.add_rope_scaling_factor(rope["factor"])
    if kind == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if kind == "llama3":
        writer.add_tensor("rope_freqs.weight", rope_factors(config))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{i}" for i in range(VOCABULARY)])

    stored = model.state_dict()
    for tensor_name, value in list(stored.items()):
        if tensor_name == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        array = value.numpy()
        matrix = array.ndim == 2
        if matrix and quantization != Quantization.F32:
            block = gguf.GGML_QUANT_SIZES[quantization][0]
            used = quantization if array.shape[1] % block == 0 else Quantization.F16
            packed = gguf.quants.quantize(array, used)
            exact = gguf.quants.dequantize(packed, used)
            stored[tensor_name].copy_(torch.from_numpy(np.array(exact)))
            array = exact
        else:
            used = Quantization.F32
        if architecture == "llama" and ("q_proj" in tensor_name or "k_proj" in tensor_name):
            key = "num_attention_heads" if "q_proj" in tensor_name else "num_key_value_heads"
            array = interleave(array, config[key])
        out = gguf.quants.quantize(array, used) if used != Quantization.F32 else array
        writer.add_tensor(gguf_name(tensor_name), np.ascontiguousarray(out), raw_dtype=used)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tolerance = 1e-3 if quantization == Quantization.F32 else 2e-2
    write_golden(folder, model, SHORT + [999], tolerance)


ROPE = {
    "default": dict(rope_type="default"),
    "linear": dict(rope_type="linear", factor=2.5),
    "llama3": dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=8192),
    "llama3 factor 32": dict(
        rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=2048),
    "yarn": dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=4096),
    "yarn attention factor": dict(
        rope_type="yarn", factor=4.0, original_max_position_embeddings=4096,
        attention_factor=0.75),
    "yarn betas": dict(
        rope_type="yarn", factor=40.0, original_max_position_embeddings=4096, beta_fast=16,
        beta_slow=2.0),
    "yarn mscale": dict(
        rope_type="yarn", factor=40.0, original_max_position_embeddings=4096, mscale=0.707,
        mscale_all_dim=1.0),
    "yarn equal mscale": dict(
        rope_type="yarn", factor=40.0, original_max_position_embeddings=4096, mscale=1.0,
        mscale_all_dim=1.0),
    "yarn mscale alone": dict(
        rope_type="yarn", factor=40.0, original_max_position_embeddings=4096, mscale=0.707),
    "yarn not truncated": dict(
        rope_type="yarn", factor=8.0, original_max_position_embeddings=2048, truncate=False),
    "yarn without original": dict(rope_type="yarn", factor=2.0),
    "dynamic": dict(rope_type="dynamic", factor=2.0),
}


def make_rope():
    cases = []
    for name, rope in ROPE.items():
        for theta, head in [(10000.0, 64), (1000000.0, 128), (500000.0, 10)]:
            config = base(
                "LlamaForCausalLM", "llama", hidden_size=head * 2, intermediate_size=8,
                num_hidden_layers=1, num_attention_heads=2, head_dim=head,
                max_position_embeddings=16384, rope_parameters=dict(rope, rope_theta=theta))
            parsed = AutoConfig.for_model(**json.loads(json.dumps(config)))
            if rope["rope_type"] == "default":
                frequencies = 1.0 / (theta ** (torch.arange(0, head, 2).float() / head))
                factor = 1.0
            else:
                frequencies, factor = ROPE_INIT_FUNCTIONS[rope["rope_type"]](parsed)
            cases.append(dict(
                name=f"{name}, theta {theta:g}, head {head}", config=config,
                frequencies=[float(f) for f in frequencies], attentionFactor=float(factor)))
    (HERE / "rope.json").write_text(
        "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


for fixture in CONFIGURATIONS:
    make(fixture)
make_gguf("llama3-rope-gguf-f16", "llama3-rope-f16", Quantization.F16)
make_gguf("llama3-rope-gguf-q8", "llama3-rope-f16", Quantization.Q8_0)
make_gguf("qwen2-yarn-gguf-f32", "qwen2-yarn-f32", Quantization.F32)
make_gguf("qwen3-gguf-mixed", "qwen3-f32", Quantization.Q8_0)
make_rope()
