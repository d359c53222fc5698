#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes configs.jsonl: configurations with odd but harmless members, as AutoConfig of transformers 5 reads them.

Rows are described in README.md.
"""

import json
import math
import os
import pathlib
import random
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import transformers  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ABSENT = "ABSENT"
BASE = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 32, "intermediate_size": 88,
        "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "vocab_size": 64,
        "max_position_embeddings": 128, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "bos_token_id": 1, "eos_token_id": 2,
        "tie_word_embeddings": False, "hidden_act": "silu"}
ODD = {
    "architectures": [[], None, ABSENT, "LlamaForCausalLM", ["LLaMAForCausalLM"], ["LlamaModel"],
                      ["MyForCausalLM", "LlamaForCausalLM"]],
    "num_key_value_heads": [None, ABSENT, 1, 4],
    "head_dim": [None, 16, 8],
    "eos_token_id": [[2, -1], [-1], -1, [], None, ABSENT, [3, 2], [2, 64], [2, 10**12], [0]],
    "bos_token_id": [-1, None, ABSENT, 0, 64],
    "pad_token_id": [-1, None, 0, 99999],
    "tie_word_embeddings": [ABSENT, True],
    "rope_theta": [ABSENT, 10000, 500000, 1e6],
    "rope_scaling": [None, {}, [], False, {"type": "linear", "factor": 2}, {"rope_type": "linear", "factor": 2.5},
                     {"type": "default"}, {"rope_type": "default", "factor": 3.0},
                     {"type": "linear", "rope_type": "default", "factor": 5.0},
                     {"type": "dynamic", "rope_type": "linear", "factor": 6.0, "rope_theta": 20000.0},
                     {"type": "linear", "factor": 7.0, "alpha": 1000.0, "attention_factor": 2.0, "finetuned": True}],
    "rope_parameters": [None, {}, {"rope_type": "default"}, {"rope_type": "linear", "factor": 4.0},
                        {"rope_type": "default", "rope_theta": 30000.0}, {"rope_theta": 40000}],
    "hidden_act": [ABSENT],
    "rms_norm_eps": [ABSENT, 1e-6],
    "max_position_embeddings": [ABSENT, 4096],
    "torch_dtype": ["float16", None], "dtype": ["bfloat16", None],
    "quantization_config": [None, {}], "num_local_experts": [None, 0], "no_rope_layers": [None, []],
    "final_logit_softcapping": [None, 0.0], "layer_types": [None, ["full_attention", "full_attention"]],
    "text_config": [None, {}, {"hidden_size": 64}], "id2label": [{"0": "A"}], "is_decoder": [True],
    "original_max_position_embeddings": [64], "sliding_window": [None, 0, 4096], "n_embd": [64], "attention_dropout": [0.0], "pretraining_tp": [1, 2], "auto_map": [{}],
    "_name_or_path": [None, ""], "transformers_version": [None, "4.31.0"], "use_cache": [False],
    "vendor": [{"a": [1, None]}, {"NaN": [math.nan, "Infinity"]}, -math.inf],
    "unsloth_version": ["2024.9", math.inf],
}


def config_of(picker):
    config = dict(BASE)
    for name in picker.sample(sorted(ODD), picker.randrange(1, 8)):
        config[name] = picker.choice(ODD[name])
    return {name: value for name, value in config.items() if value != ABSENT}


def as_json(config):
    """The object, or its text if it has a number that JSON does not have."""
    try:
        json.dumps(config, allow_nan=False)
    except ValueError:
        return json.dumps(config)
    return config


def in_range(ids, size):
    ids = ids if isinstance(ids, list) else [] if ids is None else [ids]
    return [i for i in ids if 0 <= i < size]


def read(config):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
        read = transformers.AutoConfig.from_pretrained(folder)
    rope = read.rope_parameters
    return {"kv_heads": read.num_key_value_heads, "head_dim": read.head_dim, "context": read.max_position_embeddings,
            "epsilon": read.rms_norm_eps, "tied": read.tie_word_embeddings, "theta": rope["rope_theta"],
            "factor": rope["factor"] if rope["rope_type"] == "linear" else 1,
            "bos": in_range(read.bos_token_id, read.vocab_size), "eos": in_range(read.eos_token_id, read.vocab_size)}


def main():
    lines = []
    for seed in range(300):
        config = config_of(random.Random(seed))
        lines.append({"config": as_json(config), "read": read(config)})
    file = HERE / "configs.jsonl"
    file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), "utf-8", newline="\n")
    print(f"{file.name}: {len(lines)} lines, {file.stat().st_size} bytes, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
