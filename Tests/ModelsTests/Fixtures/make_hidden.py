"""Writes hidden.json: what transformers gives as the last hidden state behind golden.json's prompt.

    OMP_NUM_THREADS=1 python make_hidden.py

It is `hidden_states[-1]` of the last position, which is the final norm's output, in f32.
"""

import json
import pathlib

import torch
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent

torch.set_num_threads(1)
torch.set_grad_enabled(False)

for name in ["qwen2-tied-f32", "qwen2-untied-bf16-sharded", "llama3-rope-f16", "qwen3-f32"]:
    golden = json.loads((HERE / name / "golden.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(
        HERE / name, dtype=torch.float32, attn_implementation="eager")
    output = model(torch.tensor([golden["prompt"]]), output_hidden_states=True)
    state = output.hidden_states[-1][0, -1]
    assert torch.allclose(model.lm_head(state), output.logits[0, -1], atol=1e-4)
    text = json.dumps([round(value, 7) for value in state.tolist()])
    (HERE / name / "hidden.json").write_text(text + "\n")
