#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the golden logits: small random checkpoints and what transformers computes from them.

Without options: writes models/<name>/ and logits/<name>.safetensors for every entry of MODELS, or those named.
With --checkpoint DIR --name NAME --prompts FILE: logits/NAME.safetensors for an existing checkpoint;
the prompts are text, one a line, made into ids (BOS first) by the checkpoint's tokenizer.model.
The format, the metric and the tolerance are described in README.md.
"""

import argparse
import json
import math
import pathlib
import zlib

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file as save_tensors

HERE = pathlib.Path(__file__).resolve().parent
PROMPT_LENGTHS = [1, 5, 33, 70]
GREEDY_STEPS = 128
PAGE = 32  # positions in a KV page: rows next to its multiples are always stored
DENSE_LIMIT = 40  # a prompt up to this length has the logits of every position stored

BASE = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100,
    "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": None,
    "tie_word_embeddings": False, "attention_bias": False, "mlp_bias": False,
    "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float32",
}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
# What differs from BASE; a key whose value is ABSENT is left out of config.json.
ABSENT = object()
MODELS = {
    "mha": {"num_key_value_heads": ABSENT, "num_hidden_layers": 3, "pretraining_tp": 1},
    "gqa": {"hidden_size": 64, "num_attention_heads": 8, "num_key_value_heads": 1, "intermediate_size": 88},
    "odd-vocab": {"vocab_size": 131, "hidden_size": 48, "num_attention_heads": 3, "num_key_value_heads": 3},
    "tied": {"tie_word_embeddings": True, "vocab_size": 200},
    "theta-1e6": {"rope_theta": 1000000.0, "rms_norm_eps": 1e-6},
    "rope-parameters": {"rope_parameters": {"rope_type": "default", "rope_theta": 50000.0},
                        "rope_theta": ABSENT, "rope_scaling": ABSENT, "torch_dtype": ABSENT, "dtype": "float32"},
    "llama3": {"rope_theta": 20000.0, "rope_scaling": LLAMA3, "num_attention_heads": 2, "num_key_value_heads": 1},
    "llama3-parameters": {"rope_parameters": {**LLAMA3, "rope_theta": 30000.0}, "num_attention_heads": 2,
                          "rope_theta": ABSENT, "rope_scaling": ABSENT, "torch_dtype": ABSENT, "dtype": "float32"},
    "linear": {"rope_scaling": {"type": "linear", "factor": 4.0}},
    "yarn": {"rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 64, "type": "yarn", "finetuned": True},
             "num_attention_heads": 2, "num_key_value_heads": 1},
    "yarn-parameters": {"rope_parameters": {"rope_type": "yarn", "rope_theta": 500.0, "factor": 8.0, "beta_fast": 8, "beta_slow": 0.5,
                                            "original_max_position_embeddings": 32, "mscale": 1.0, "mscale_all_dim": 0.5,
                                            "truncate": False}, "num_attention_heads": 2,
                        "rope_theta": ABSENT, "rope_scaling": ABSENT, "torch_dtype": ABSENT, "dtype": "float32"},
    "dynamic": {"rope_scaling": {"type": "dynamic", "factor": 2.0}, "torch_dtype": "float16"},
    "bf16": {"hidden_size": 48, "torch_dtype": "bfloat16", "intermediate_size": 96},
    "f16": {"hidden_size": 64, "torch_dtype": "float16", "intermediate_size": 88},
    "head-dim": {"head_dim": 16, "intermediate_size": 88},
    "sharded": {"torch_dtype": "bfloat16", "num_hidden_layers": 3},
}


def config_of(name):
    return {k: v for k, v in {**BASE, **MODELS[name]}.items() if v is not ABSENT}


def random_tensors(name, config):
    """Weights that keep activations near 1, attention uneven and logits a few units apart; norms not all 1."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    dim, ffn, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
    head_dim = config.get("head_dim", dim // heads)
    kv = config.get("num_key_value_heads", heads) * head_dim
    vocab, dtype = config["vocab_size"], getattr(torch, config.get("torch_dtype") or config["dtype"])
    tensors = {}

    def add(key, shape, gain=1.0):
        values = generator.standard_normal(shape) * gain / math.sqrt(shape[-1])
        tensors[key] = torch.from_numpy(values.astype(np.float32)).to(dtype)

    def norm(key):
        tensors[key] = torch.from_numpy(generator.uniform(0.5, 1.5, dim).astype(np.float32)).to(dtype)

    tied = config["tie_word_embeddings"]
    add("model.embed_tokens.weight", (vocab, dim), 2.0 if tied else math.sqrt(dim))
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        norm(at + "input_layernorm.weight")
        add(at + "self_attn.q_proj.weight", (heads * head_dim, dim), 1.5)
        add(at + "self_attn.k_proj.weight", (kv, dim), 1.5)
        add(at + "self_attn.v_proj.weight", (kv, dim))
        add(at + "self_attn.o_proj.weight", (dim, heads * head_dim))
        norm(at + "post_attention_layernorm.weight")
        add(at + "mlp.gate_proj.weight", (ffn, dim), 1.5)
        add(at + "mlp.up_proj.weight", (ffn, dim))
        add(at + "mlp.down_proj.weight", (dim, ffn))
        if name == "mha":  # older converters wrote this buffer; readers must know and ignore it
            tensors[at + "self_attn.rotary_emb.inv_freq"] = torch.full((head_dim // 2,), 7.0)
    norm("model.norm.weight")
    if not tied:
        add("lm_head.weight", (vocab, dim), 2.0)
    return tensors


def write_checkpoint(name, folder):
    config = config_of(name)
    tensors = random_tensors(name, config)
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("model*"):  # of an earlier run
        file.unlink()
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    if name != "sharded":
        save_tensors(tensors, folder / "model.safetensors", {"format": "pt"})
        return
    keys, count = list(tensors), 3
    cuts = [round(i * len(keys) / count) for i in range(count + 1)]  # a layer may lie in two files
    weight_map = {}
    for i in range(count):
        part = {key: tensors[key] for key in keys[cuts[i]:cuts[i + 1]]}
        file = f"model-{i + 1:05}-of-{count:05}.safetensors"
        save_tensors(part, folder / file, {"format": "pt"})
        weight_map |= dict.fromkeys(part, file)
    size = sum(t.numel() * t.element_size() for t in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def expected_frequencies(config):
    """RoPE's inverse frequencies by the published formulas, in f64, from config.json as it stands."""
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    rope = config.get("rope_parameters") or {}
    scaling = rope or config.get("rope_scaling") or {}
    theta = rope.get("rope_theta") or config["rope_theta"]
    f = theta ** (-np.arange(0, head_dim, 2) / head_dim)
    kind = scaling.get("rope_type") or scaling.get("type", "default")
    if kind == "linear":
        return f / scaling["factor"]
    if kind == "llama3":
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        turns = scaling["original_max_position_embeddings"] * f / (2 * math.pi)
        smooth = np.clip((turns - low) / (high - low), 0, 1)
        return (1 - smooth) * f / scaling["factor"] + smooth * f
    if kind == "yarn":
        turn = lambda beta: head_dim * math.log(scaling["original_max_position_embeddings"] / (2 * math.pi * beta)) / (2 * math.log(theta))
        low, high = turn(scaling.get("beta_fast", 32)), turn(scaling.get("beta_slow", 1))
        if scaling.get("truncate", True):
            low, high = math.floor(low), math.ceil(high)
        low, high = max(low, 0), min(high, head_dim - 1)
        smooth = np.clip((np.arange(head_dim // 2) - low) / (high - low), 0, 1)
        return smooth * f / scaling["factor"] + (1 - smooth) * f
    return f  # default; dynamic changes nothing within the original context


def load(folder):
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    config = json.loads((folder / "config.json").read_text())
    found = model.model.rotary_emb.inv_freq.numpy()
    np.testing.assert_allclose(found, expected_frequencies(config), rtol=1e-6, err_msg=str(folder))
    return model.eval()


def stored_rows(length):
    """The positions whose logits are stored: all of a short prompt, else the ends and both sides of page borders."""
    if length <= DENSE_LIMIT:
        return np.arange(length, dtype=np.int32)
    near = {p for border in range(0, length, PAGE) for p in range(border - 2, border + 2)}
    return np.array(sorted(p for p in near | {length - 1} if 0 <= p < length), dtype=np.int32)


@torch.no_grad()
def golden(model, prompts):
    """The tensors of one golden file, and the largest difference to f64 matrix products by logit range."""
    arrays, worst = {}, 0.0
    context = model.config.max_position_embeddings
    for i, ids in enumerate(prompts):
        tokens = torch.tensor([ids])
        out = model(tokens, use_cache=True)
        logits = out.logits[0]
        exact = model.double()(tokens).logits[0]
        model.float()
        worst = max(worst, float((logits - exact).abs().max() / (exact.max() - exact.min())))
        greedy, gaps, last = [], [], logits[-1]
        for _ in range(min(GREEDY_STEPS, context - len(ids))):
            best = torch.topk(last, 2).values
            greedy.append(int(torch.argmax(last)))
            gaps.append(float(best[0] - best[1]))
            out = model(torch.tensor([[greedy[-1]]]), past_key_values=out.past_key_values, use_cache=True)
            last = out.logits[0, -1]
        rows = stored_rows(len(ids))
        arrays |= {f"tokens.{i}": np.array(ids, np.int32), f"rows.{i}": rows,
                   f"logits.{i}": logits.numpy()[rows].astype(np.float32),
                   f"greedy.{i}": np.array(greedy, np.int32), f"gap.{i}": np.array(gaps, np.float32)}
    return arrays, worst


def random_prompts(name, vocab):
    generator = np.random.default_rng(zlib.crc32(name.encode()) + 1)
    return [[1] + generator.integers(0, vocab, length - 1).tolist() for length in PROMPT_LENGTHS]


def text_prompts(folder, file):
    import sentencepiece
    tokenizer = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    lines = [line for line in file.read_text("utf-8").split("\n") if line]
    return [[1] + tokenizer.encode(line) for line in lines]


def write_golden(name, folder, prompts):
    arrays, worst = golden(load(folder), prompts)
    file = HERE / "logits" / f"{name}.safetensors"
    file.parent.mkdir(exist_ok=True)
    save_arrays(arrays, file, {"made_with": f"transformers {transformers.__version__}, torch {torch.__version__}"})
    gaps = np.concatenate([arrays[f"gap.{i}"] for i in range(len(prompts))])
    spread = np.concatenate([arrays[f"logits.{i}"] for i in range(len(prompts))])
    print(f"{name:18} f32 to f64 {worst:.1e} of the range; logits {spread.min():.1f} to {spread.max():.1f}, "
          f"deviation {spread.std():.2f}; smallest gap {gaps.min():.1e}; {file.stat().st_size} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=pathlib.Path, help="an existing checkpoint instead of MODELS")
    parser.add_argument("--name", help="with --checkpoint: name of the golden file")
    parser.add_argument("--prompts", type=pathlib.Path, help="with --checkpoint: text file, one prompt a line")
    parser.add_argument("models", nargs="*", help="names of MODELS; all without any")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    if arguments.checkpoint:
        if not arguments.name or not arguments.prompts:
            parser.error("--checkpoint needs --name and --prompts")
        write_golden(arguments.name, arguments.checkpoint, text_prompts(arguments.checkpoint, arguments.prompts))
        return
    for name in arguments.models or MODELS:
        folder = HERE / "models" / name
        write_checkpoint(name, folder)
        write_golden(name, folder, random_prompts(name, config_of(name)["vocab_size"]))


if __name__ == "__main__":
    main()
