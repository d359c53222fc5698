# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The model that ships as a GGUF file in f16, for llama.cpp."""

import json

import gguf  # of llama.cpp's gguf-py
import numpy as np
import sentencepiece

NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}


def read_safetensors(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], np.float16).reshape(entry["shape"])
    return tensors


def interleaved(weight, heads):
    """The rows of Q or K in llama.cpp's order, in which rotary pairs are neighbours."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def renamed(tensors, config):
    """llama.cpp's names and tensors. Norm weights are f32."""
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    whole = {"model.embed_tokens": "token_embd", "lm_head": "output", "model.norm": "output_norm"}
    for name, tensor in tensors.items():
        source = name.removesuffix(".weight")
        target = whole.get(source)
        if target is None:
            layer, part = source.removeprefix("model.layers.").split(".", 1)
            target = f"blk.{layer}.{NAMES[part]}"
            if NAMES[part] in heads:
                tensor = interleaved(tensor, heads[NAMES[part]])
        tensor = tensor.astype(np.float32) if tensor.ndim == 1 else tensor
        yield f"{target}.weight", np.ascontiguousarray(tensor)


def add_vocabulary(writer, path, size):
    model = sentencepiece.SentencePieceProcessor(str(path))
    kinds = gguf.TokenType

    def kind(token):
        if model.is_unknown(token):
            return kinds.UNKNOWN
        if model.is_control(token):
            return kinds.CONTROL
        return kinds.BYTE if model.is_byte(token) else kinds.NORMAL

    writer.add_tokenizer_model("llama")
    writer.add_token_list([model.id_to_piece(token) for token in range(size)])
    writer.add_token_scores([model.get_score(token) for token in range(size)])
    writer.add_token_types([kind(token) for token in range(size)])
    writer.add_bos_token_id(model.bos_id())
    writer.add_eos_token_id(model.eos_id())
    writer.add_add_bos_token(True)


def write_stories(model, path):
    """Writes the checkpoint in the folder `model` to the file `path`."""
    config = json.loads((model / "config.json").read_text())
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    add_vocabulary(writer, model / "tokenizer.model", config["vocab_size"])
    for name, tensor in renamed(read_safetensors(model / "model.safetensors"), config):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
