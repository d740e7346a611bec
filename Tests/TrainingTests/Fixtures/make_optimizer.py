"""Writes optimizer.json: four steps of AdamW by torch, and of Muon by numpy in f64.

    python make_optimizer.py

Parameters and gradients are numbers of SplitMix64, so that only results are stored. The second step's
gradients are large, so that their norm is cut to 1 by all of them together; the learning rates move
from step to step; vectors are spared weight decay, and in the second run embeddings and vectors stay
with AdamW.
"""

import json
import pathlib

import numpy as np
import torch

SHAPES = {
    "model.embed_tokens.weight": (16, 8),
    "model.norm.weight": (8,),
    "model.layers.0.input_layernorm.weight": (8,),
    "model.layers.0.self_attn.q_proj.weight": (8, 8),
    "model.layers.0.self_attn.q_proj.bias": (8,),
    "model.layers.0.self_attn.k_proj.weight": (4, 8),
    "model.layers.0.self_attn.k_proj.bias": (4,),
    "model.layers.0.self_attn.v_proj.weight": (4, 8),
    "model.layers.0.self_attn.v_proj.bias": (4,),
    "model.layers.0.self_attn.o_proj.weight": (8, 8),
    "model.layers.0.post_attention_layernorm.weight": (8,),
    "model.layers.0.mlp.gate_proj.weight": (12, 8),
    "model.layers.0.mlp.up_proj.weight": (12, 8),
    "model.layers.0.mlp.down_proj.weight": (8, 12),
}
STEPS = [(0.01, 0.25), (5.0, 0.5), (0.05, 1.0), (0.02, 0.75)]  # size of gradients, rate factor
RATE, MATRIX_RATE, DECAY, BETAS, EPSILON, CLIP = 0.01, 0.02, 0.1, (0.9, 0.98), 1e-8, 1.0
MOMENTUM, ITERATIONS, COEFFICIENTS = 0.95, 5, (3.4445, -4.7750, 2.0315)


def uniform(seed, shape):
    """Numbers of SplitMix64 over [-1, 1), exact in f32."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        mixed = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return ((mixed >> np.uint64(40)).astype(np.float64) / 2**23 - 1).reshape(shape)


def start():
    return {
        name: torch.nn.Parameter(torch.from_numpy(uniform(seed, shape).astype(np.float32)))
        for seed, (name, shape) in enumerate(SHAPES.items())
    }


def set_gradients(parameters, step, size):
    for seed, (name, shape) in enumerate(SHAPES.items()):
        values = (uniform(1000 * (step + 1) + seed, shape).astype(np.float32) * np.float32(size))
        parameters[name].grad = torch.from_numpy(values)
    return float(torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP))


def is_matrix(name):
    return len(SHAPES[name]) == 2 and "embed" not in name


def orthogonal(matrix):
    a, b, c = COEFFICIENTS
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def run(muon):
    parameters = start()
    adam = torch.optim.AdamW(
        [
            dict(params=[p for n, p in parameters.items() if p.ndim == 2
                         and not (muon and is_matrix(n))], weight_decay=DECAY),
            dict(params=[p for n, p in parameters.items() if p.ndim == 1], weight_decay=0.0),
        ],
        lr=RATE, betas=BETAS, eps=EPSILON)
    matrices = [name for name in SHAPES if muon and is_matrix(name)]
    values = {name: parameters[name].detach().numpy().astype(np.float64) for name in matrices}
    moments = {name: np.zeros(SHAPES[name]) for name in matrices}
    norms = []
    for step, (size, factor) in enumerate(STEPS):
        norms.append(set_gradients(parameters, step, size))
        for group in adam.param_groups:
            group["lr"] = RATE * factor
        adam.step()
        for name in matrices:
            gradient = parameters[name].grad.numpy().astype(np.float64)
            moments[name] = MOMENTUM * moments[name] + gradient
            direction = orthogonal(gradient + MOMENTUM * moments[name])
            rate = MATRIX_RATE * factor
            scale = max(1.0, SHAPES[name][0] / SHAPES[name][1]) ** 0.5
            values[name] = values[name] * (1 - rate * DECAY) - rate * scale * direction
    results = {n: p.detach().numpy().astype(np.float64) for n, p in parameters.items()} | values
    return {n: [float(f"{v:.9g}") for v in r.reshape(-1)] for n, r in results.items()}, norms


adam, norms = run(muon=False)
muon, _ = run(muon=True)
golden = dict(
    sizes=[size for size, _ in STEPS], factors=[factor for _, factor in STEPS],
    learningRate=RATE, matrixLearningRate=MATRIX_RATE, weightDecay=DECAY, norms=norms,
    tensors=[
        dict(name=name, seed=seed, adam=adam[name], muon=muon[name])
        for seed, name in enumerate(SHAPES)
    ])
path = pathlib.Path(__file__).parent / "optimizer.json"
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(path.stat().st_size, norms)
