#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes importance.stories.safetensors: the means of the squares of the inputs of the linear layers of a checkpoint.

The text is split into windows of CONTEXT positions, each with BOS in front. The forward pass is written out here
in f64 and compared with the logits that make_logits.py has from transformers. README.md describes the format.
"""

import json
import pathlib

import numpy as np
import sentencepiece
from safetensors.numpy import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parents[1] / "examples/stories/model"
TEXT = HERE / "prompts.stories.txt"
CONTEXT = 64
BOS = 1


class Observed:
    """Sums of squares by input."""

    def __init__(self):
        self.sums, self.rows = {}, {}

    def __call__(self, name, x):
        self.sums[name] = self.sums.get(name, 0) + (x * x).sum(0)
        self.rows[name] = self.rows.get(name, 0) + len(x)
        return x

    def means(self):
        return {name: (total / self.rows[name]).astype(np.float32) for name, total in self.sums.items()}


def rms_norm(x, weight, epsilon):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weight


def rotate(x, theta):
    """RoPE of [T, heads, head_dim]; the pairs are the two halves of a head."""
    half = x.shape[-1] // 2
    angles = np.outer(np.arange(len(x)), theta ** (-np.arange(half) / half))[:, None, :]
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * np.cos(angles) - second * np.sin(angles),
                           second * np.cos(angles) + first * np.sin(angles)], -1)


def attend(q, k, v):
    """Causal attention of [T, heads, head_dim] over [T, kv_heads, head_dim]."""
    repeat = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, repeat, 1), np.repeat(v, repeat, 1)
    scores = np.einsum("thd,shd->hts", q, k) / np.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones(scores.shape[1:], bool)), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("hts,shd->thd", weights / weights.sum(-1, keepdims=True), v).reshape(len(q), -1)


def forward(config, tensors, ids, observe):
    """The logits of all positions; every input of a linear layer goes through `observe`."""
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    epsilon, theta = config["rms_norm_eps"], config["rope_theta"]
    hidden = tensors["model.embed_tokens.weight"][ids]
    for layer in range(config["num_hidden_layers"]):
        weight = lambda name: tensors[f"model.layers.{layer}.{name}.weight"]
        x = observe(f"layers.{layer}.q", rms_norm(hidden, weight("input_layernorm"), epsilon))
        q, k, v = ((x @ weight(f"self_attn.{name}_proj").T).reshape(len(x), count, -1)
                   for name, count in (("q", heads), ("k", kv_heads), ("v", kv_heads)))
        x = observe(f"layers.{layer}.o", attend(rotate(q, theta), rotate(k, theta), v))
        hidden = hidden + x @ weight("self_attn.o_proj").T
        x = observe(f"layers.{layer}.gate", rms_norm(hidden, weight("post_attention_layernorm"), epsilon))
        gate = x @ weight("mlp.gate_proj").T
        x = observe(f"layers.{layer}.down", gate / (1 + np.exp(-gate)) * (x @ weight("mlp.up_proj").T))
        hidden = hidden + x @ weight("mlp.down_proj").T
    x = observe("output", rms_norm(hidden, tensors["model.norm.weight"], epsilon))
    return x @ tensors["lm_head.weight"].T


def check(config, tensors):
    """The forward pass has the logits of transformers."""
    golden = load_file(HERE / "logits/stories.safetensors")
    for i in range(sum(name.startswith("tokens.") for name in golden)):
        logits = forward(config, tensors, golden[f"tokens.{i}"], lambda name, x: x)[golden[f"rows.{i}"]]
        error = np.abs(logits - golden[f"logits.{i}"]).max() / np.ptp(golden[f"logits.{i}"])
        assert error < 1e-5, (i, error)


def main():
    config = json.loads((MODEL / "config.json").read_text())
    tensors = {name: value.astype(np.float64) for name, value in load_file(MODEL / "model.safetensors").items()}
    check(config, tensors)
    tokenizer = sentencepiece.SentencePieceProcessor(model_file=str(MODEL / "tokenizer.model"))
    ids = tokenizer.encode(TEXT.read_text())
    observed = Observed()
    for start in range(0, len(ids), CONTEXT - 1):
        forward(config, tensors, [BOS, *ids[start:start + CONTEXT - 1]], observed)
    save_file(observed.means(), HERE / "importance.stories.safetensors")


if __name__ == "__main__":
    main()
