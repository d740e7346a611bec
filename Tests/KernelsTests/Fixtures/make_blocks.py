"""Writes blocks.bin: random blocks of every quantised type and what gguf makes of them.

For each type, in the order of TYPES: four blocks as they lie in a file, then their elements as
little-endian f32. All bytes of a block are random but for its f16 scales, which are finite.
"""

import pathlib

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf import GGML_QUANT_SIZES, quants

# type, byte offsets of its f16 scales
TYPES = [
    (T.Q8_0, [0]), (T.Q4_0, [0]), (T.Q4_1, [0, 2]), (T.Q5_0, [0]), (T.Q5_1, [0, 2]),
    (T.Q2_K, [80, 82]), (T.Q3_K, [108]), (T.Q4_K, [0, 2]), (T.Q5_K, [0, 2]), (T.Q6_K, [208]),
]
BLOCKS = 4

random = np.random.default_rng(7)
with open(pathlib.Path(__file__).parent / "blocks.bin", "wb") as out:
    for kind, scales in TYPES:
        _, size = GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
        for block in blocks:
            for offset in scales:
                # signs, normal and subnormal scales
                value = np.float16(random.normal() * 10.0 ** random.integers(-7, 3))
                block[offset:offset + 2] = np.frombuffer(value.tobytes(), dtype=np.uint8)
        out.write(blocks.tobytes())
        out.write(quants.dequantize(blocks, kind).astype("<f4").tobytes())
