#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes rope.jsonl: RoPE settings as config.json has them, and what transformers computes from them.

Random settings of every type that Cria reads, in the older and the newer form, with members that are left out,
null, zero, or without effect.
"""

import copy
import json
import pathlib
import random

import torch
import transformers
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

HERE = pathlib.Path(__file__).resolve().parent
ORIGINAL = "original_max_position_embeddings"
# The settings of well-known models, as they were published.
PUBLISHED = [
    {"head_dim": 128, "max_position_embeddings": 65536,
     "rope_scaling": {"factor": 16.0, ORIGINAL: 4096, "type": "yarn", "finetuned": True}},
    {"head_dim": 128, "max_position_embeddings": 131072,
     "rope_scaling": {"factor": 32.0, ORIGINAL: 4096, "type": "yarn", "finetuned": True}},
    {"head_dim": 128, "max_position_embeddings": 32768, "rope_theta": 1000000.0,
     "rope_scaling": {"factor": 4.0, ORIGINAL: 32768, "type": "yarn"}},
    {"head_dim": 64, "max_position_embeddings": 163840,
     "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 0.707, "mscale_all_dim": 0.707,
                      ORIGINAL: 4096, "type": "yarn"}},
    {"head_dim": 64, "max_position_embeddings": 131072,
     "rope_parameters": {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, ORIGINAL: 4096, "rope_theta": 150000,
                         "rope_type": "yarn", "truncate": False}},
]


def yarn(picker, settings):
    def sometimes(name, values, chance=0.4):
        if picker.random() < chance:
            settings[name] = picker.choice(values)

    sometimes("attention_factor", [None, 0.75, 1.0, 1.3, 2.5])
    sometimes("beta_fast", [None, 0, 4, 16.5, 48])
    sometimes("beta_slow", [None, 0, 0.25, 1.5, 3])
    sometimes("mscale", [None, 0, 0.5, 0.707, 1])
    sometimes("mscale_all_dim", [None, 0, 0.3, 0.8, 1.0])
    sometimes("truncate", [None, True, False])
    sometimes("finetuned", [True, False])
    if ORIGINAL in settings and picker.random() < 0.15:
        settings["factor"] = None


def settings_of(picker, kind):
    settings = {picker.choice(["type", "rope_type"]): kind, "factor": picker.choice([1, 1.5, 2.0, 4, 8.0, 16.0, 31.7])}
    if kind != "linear" and picker.random() < 0.8:
        settings[ORIGINAL] = picker.choice([32, 64, 512, 2048, 4096])
    if kind == "llama3":
        settings |= {"low_freq_factor": picker.choice([0.5, 1.0]), "high_freq_factor": picker.choice([2, 4.0])}
    if kind == "yarn":
        yarn(picker, settings)
    return settings


def config_of(seed):
    picker = random.Random(seed)
    settings = settings_of(picker, picker.choice(["yarn"] * 8 + ["linear", "llama3"]))
    config = {"head_dim": picker.choice([4, 8, 16, 32, 64, 80, 128]), "max_position_embeddings": picker.choice([4096, 65536])}
    theta = picker.choice([None, 10000.0, 500000.0, 1e6, 25.5])
    newer = picker.random() < 0.5
    if newer:
        settings["rope_theta"] = theta or 10000.0
    elif theta:
        config["rope_theta"] = theta
    if settings.get("type", settings.get("rope_type")) != "linear" and picker.random() < 0.2:
        config[ORIGINAL] = picker.choice([128, 1024])
    return config | {"rope_parameters" if newer else "rope_scaling": settings}


def expected(config):
    sizes = {"hidden_size": 4 * config["head_dim"], "num_attention_heads": 4, "num_hidden_layers": 1,
             "intermediate_size": 8, "vocab_size": 16}
    rope = LlamaRotaryEmbedding(transformers.LlamaConfig(**sizes, **copy.deepcopy(config)))
    assert rope.inv_freq.dtype == torch.float32
    return {"frequencies": rope.inv_freq.tolist(), "factor": float(rope.attention_scaling)}


def main():
    transformers.logging.set_verbosity_error()
    configs = PUBLISHED + [config_of(seed) for seed in range(60)]
    lines = [{"config": config} | expected(config) for config in configs]
    file = HERE / "rope.jsonl"
    file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    print(f"{file.name}: {len(lines)} lines, {file.stat().st_size} bytes, transformers {transformers.__version__}, "
          f"torch {torch.__version__}")


if __name__ == "__main__":
    main()
