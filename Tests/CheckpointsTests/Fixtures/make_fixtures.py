"""Writes the golden checkpoints of this folder with the formats' own Python packages.

Values are small and exact in every element type, so that `expected.json` needs no tolerance.
"""

import json
import pathlib

import gguf
import numpy as np
import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent
expected = {}


def exact(generator, *shape):
    """Multiples of 1/8 in -16...16: exact in f32, f16 and bf16."""
    return torch.from_numpy(generator.integers(-128, 129, shape).astype(np.float32) / 8)


def note(file, name, tensor):
    expected.setdefault(file, {})[name] = {
        "shape": list(tensor.shape),
        "values": tensor.flatten().to(torch.float32).tolist(),
    }


def make_safetensors():
    generator = np.random.default_rng(1)
    tensors = {
        "embed.weight": exact(generator, 5, 7),
        "half.weight": exact(generator, 3, 4).to(torch.float16),
        "brain.weight": exact(generator, 2, 3, 2).to(torch.bfloat16),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 4),
        "näme with ünicode": exact(generator, 2),
    }
    for name, tensor in tensors.items():
        note("tiny.safetensors", name, tensor)
    other = {
        "ids": torch.arange(4),
        "mask": torch.tensor([True, False]),
        "double": torch.tensor([1.5], dtype=torch.float64),
        "tiny": torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn),
    }
    safetensors.torch.save_file(
        tensors | other, HERE / "tiny.safetensors", metadata={"format": "pt", "note": 'a "b"\n'}
    )


def make_sharded():
    generator = np.random.default_rng(2)
    folder = HERE / "sharded"
    folder.mkdir(exist_ok=True)
    weight_map = {}
    for number in (1, 2):
        shard = f"model-{number:05}-of-00002.safetensors"
        tensors = {
            f"layers.{number}.{part}": exact(generator, 4, 2).to(torch.bfloat16)
            for part in ("up", "down")
        }
        for name, tensor in tensors.items():
            note("sharded", name, tensor)
            weight_map[name] = shard
        safetensors.torch.save_file(tensors, folder / shard, metadata={"format": "pt"})
    index = {"metadata": {"total_size": 64}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    config = {"model_type": "tiny", "hidden_size": 2, "rope_theta": 10000.0, "pad": None}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def make_gguf():
    generator = np.random.default_rng(3)
    writer = gguf.GGUFWriter(HERE / "tiny.gguf", "tiny")
    writer.add_uint8("t.uint8", 200)
    writer.add_int8("t.int8", -100)
    writer.add_uint16("t.uint16", 60000)
    writer.add_int16("t.int16", -30000)
    writer.add_uint32("t.uint32", 4000000000)
    writer.add_int32("t.int32", -2000000000)
    writer.add_uint64("t.uint64", 2**63 + 5)
    writer.add_int64("t.int64", -(2**62))
    writer.add_float32("t.float32", 0.5)
    writer.add_float64("t.float64", 0.1)
    writer.add_bool("t.true", True)
    writer.add_bool("t.false", False)
    writer.add_string("t.string", "grüße\n")
    writer.add_array("t.strings", ["a", "", "Ġhello", "日本"])
    writer.add_array("t.ints", [1, -2, 3])
    writer.add_array("t.floats", [0.5, -1.25])
    writer.add_array("t.bools", [True, False])
    writer.add_array("t.nested", [[1, 2], [3]])
    for name, kind in (("f32", np.float32), ("f16", np.float16)):
        values = exact(generator, 3, 5)
        note("tiny.gguf", name, values)
        writer.add_tensor(name, values.numpy().astype(kind))
    values = exact(generator, 2, 64).numpy()
    kinds = gguf.GGMLQuantizationType
    for kind in (kinds.BF16, kinds.Q4_0, kinds.Q4_1, kinds.Q5_0, kinds.Q5_1, kinds.Q8_0):
        raw = gguf.quantize(values, kind)
        note("tiny.gguf", kind.name, torch.from_numpy(gguf.dequantize(raw, kind)))
        writer.add_tensor(kind.name, raw, raw_dtype=kind)
    for kind in (kinds.Q2_K, kinds.Q3_K, kinds.Q4_K, kinds.Q5_K, kinds.Q6_K, kinds.IQ4_XS):
        size = gguf.GGML_QUANT_SIZES[kind][1]
        raw = np.zeros((2, size), dtype=np.uint8)
        writer.add_tensor(kind.name, raw, raw_dtype=kind)
        if kind != kinds.IQ4_XS:
            note("tiny.gguf", kind.name, torch.zeros(2, 256))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


make_safetensors()
make_sharded()
make_gguf()
(HERE / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")
