# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the checkpoint's files in Hugging Face format."""

import json

import torch
from safetensors.torch import load_file, save_file

from model import Config
from tokens import BOS, EOS

# The Llama 2 chat format, for tools that render it from this file.
CHAT_TEMPLATE = """\
{%- if messages[0]['role'] == 'system' -%}
{%- set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' -%}
{%- set turns = messages[1:] -%}
{%- else -%}
{%- set system = '' -%}
{%- set turns = messages -%}
{%- endif -%}
{%- for message in turns -%}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
{{- raise_exception('roles must alternate: user, assistant, user, ...') -}}
{%- endif -%}
{%- set text = system + message['content'] if loop.first else message['content'] -%}
{%- if message['role'] == 'user' -%}
{{- bos_token + '[INST] ' + text.strip() + ' [/INST]' -}}
{%- else -%}
{{- ' ' + text.strip() + ' ' + eos_token -}}
{%- endif -%}
{%- endfor -%}"""


def config(cfg=Config()):
    return {
        "_name_or_path": "stories", "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "float16", "hidden_act": "silu",
        "hidden_size": cfg.dim, "intermediate_size": cfg.ffn, "num_hidden_layers": cfg.layers,
        "num_attention_heads": cfg.heads, "num_key_value_heads": cfg.kv_heads, "head_dim": cfg.head_dim,
        "vocab_size": cfg.vocab, "max_position_embeddings": cfg.context, "rms_norm_eps": cfg.eps,
        "rope_theta": cfg.theta, "rope_scaling": None, "tie_word_embeddings": False, "attention_bias": False,
        "mlp_bias": False, "attention_dropout": 0.0, "initializer_range": 0.02, "pretraining_tp": 1, "use_cache": True,
        "bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": None,
    }


GENERATION = {"bos_token_id": BOS, "eos_token_id": EOS, "do_sample": True, "temperature": 0.6, "top_p": 0.9, "max_length": 512}

TOKENIZER = {
    "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": None,
    "add_bos_token": True, "add_eos_token": False, "add_prefix_space": True, "legacy": True, "clean_up_tokenization_spaces": False,
    "model_max_length": 512, "sp_model_kwargs": {}, "chat_template": CHAT_TEMPLATE,
}


def write_settings(folder):
    for name, content in (("config", config()), ("generation_config", GENERATION), ("tokenizer_config", TOKENIZER)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")


def write_weights(model, folder):
    """The weights as f16; replaces the file in one step."""
    tensors = {name: tensor.detach().to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    new = folder / "model.safetensors.new"
    save_file(tensors, new, metadata={"format": "pt"})
    new.chmod(0o644)
    new.replace(folder / "model.safetensors")


def read_weights(folder):
    return {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
