# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The model that ships as other files: as GGUF for llama.cpp, with its channels in another order, and with the
matrices that ggml's quantizer makes of it. Weights are NumPy arrays by their names in the checkpoint."""

import ctypes
import json
import shutil
from pathlib import Path

import numpy as np

MODEL = Path(__file__).resolve().parents[3] / "examples/stories/model"
CONFIG = json.loads((MODEL / "config.json").read_text())
# Linear layers by their names in the checkpoint and in GGUF.
LINEARS = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
           "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
           "mlp.down_proj": "ffn_down"}
NORMS = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
ENDS = {"model.embed_tokens": "token_embd", "lm_head": "output", "model.norm": "output_norm"}


def read_weights():
    data = (MODEL / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    weights = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = np.frombuffer(data[start + begin:start + end], np.float16)
            weights[name] = values.reshape(entry["shape"])
    return weights


def write_checkpoint(folder, weights):
    """A checkpoint with these weights, all of one type, f16 or f32."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in MODEL.iterdir():
        shutil.copy(file, folder)
    header, at = {}, 0
    for name, values in weights.items():
        kind = {np.dtype(np.float16): "F16", np.dtype(np.float32): "F32"}[values.dtype]
        header[name] = {"dtype": kind, "shape": values.shape, "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.writelines(np.ascontiguousarray(values).tobytes() for values in weights.values())


def shuffled(weights, seed):
    """The same function with the channels of the hidden state and of the MLPs in another order, so that other
    weights share a group. Seed 0: as it is."""
    if seed == 0:
        return weights
    random = np.random.default_rng(seed)
    hidden = random.permutation(CONFIG["hidden_size"])
    mlp = [random.permutation(CONFIG["intermediate_size"]) for _ in range(CONFIG["num_hidden_layers"])]
    result = {}
    for name, values in weights.items():
        order = mlp[int(name.split(".")[2])] if ".mlp." in name else None
        if name.endswith(("o_proj.weight", "norm.weight")):
            values = values[hidden]
        elif name.endswith("down_proj.weight"):
            values = values[hidden][:, order]
        else:
            values = values[:, hidden] if order is None else values[order][:, hidden]
        result[name] = values
    return result


def quantized_by_ggml(weights, library, gguf, kind):
    """The f32 values of ggml's encoding: `kind` for linear layers, Q8_0 for embedding and output. A matrix is
    encoded as one row, since its rows are no multiples of the 256 columns of a block."""
    ggml = ctypes.CDLL(str(library))
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    result = {}
    for name, values in weights.items():
        values = np.ascontiguousarray(values, np.float32)
        if values.ndim == 2:
            type_ = gguf.GGMLQuantizationType[kind if ".layers." in name else "Q8_0"]
            columns, size = gguf.GGML_QUANT_SIZES[type_]
            blocks = np.zeros(values.size // columns * size, np.uint8)
            assert values.size % columns == 0
            ggml.ggml_quantize_chunk(ctypes.c_int(type_.value), values.ctypes.data_as(ctypes.c_void_p),
                                     blocks.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(0), ctypes.c_int64(1),
                                     ctypes.c_int64(values.size), None)
            values = gguf.quants.dequantize(blocks, type_).astype(np.float32).reshape(values.shape)
        result[name] = values
    return result


def gguf_weights(weights):
    """Name and values of each tensor as GGUF has them: rows of Q and K in the order of pairs, norms in f32."""
    for name, ours in ENDS.items():
        yield ours, weights[f"{name}.weight"]
    for layer in range(CONFIG["num_hidden_layers"]):
        for name, ours in {**LINEARS, **NORMS}.items():
            values = weights[f"model.layers.{layer}.{name}.weight"]
            if ours in ("attn_q", "attn_k"):
                halves = values.reshape(-1, 2, CONFIG["head_dim"] // 2, values.shape[1])
                values = halves.swapaxes(1, 2).reshape(values.shape)
            yield f"blk.{layer}.{ours}", values


def add_tokenizer(writer, gguf):
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor(str(MODEL / "tokenizer.model"))
    kinds = [(pieces.is_unknown, gguf.TokenType.UNKNOWN), (pieces.is_control, gguf.TokenType.CONTROL),
             (pieces.is_byte, gguf.TokenType.BYTE), (lambda _: True, gguf.TokenType.NORMAL)]
    ids = range(pieces.vocab_size())
    writer.add_tokenizer_model("llama")
    writer.add_token_list([pieces.id_to_piece(i) for i in ids])
    writer.add_token_scores([pieces.get_score(i) for i in ids])
    writer.add_token_types([next(kind for applies, kind in kinds if applies(i)) for i in ids])
    writer.add_bos_token_id(CONFIG["bos_token_id"])
    writer.add_eos_token_id(CONFIG["eos_token_id"])
    writer.add_add_bos_token(True)


def write_gguf(path, weights, gguf):
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(CONFIG["max_position_embeddings"])
    writer.add_embedding_length(CONFIG["hidden_size"])
    writer.add_block_count(CONFIG["num_hidden_layers"])
    writer.add_feed_forward_length(CONFIG["intermediate_size"])
    writer.add_head_count(CONFIG["num_attention_heads"])
    writer.add_head_count_kv(CONFIG["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(CONFIG["rms_norm_eps"])
    writer.add_rope_dimension_count(CONFIG["head_dim"])
    writer.add_rope_freq_base(CONFIG["rope_theta"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    add_tokenizer(writer, gguf)
    for name, values in gguf_weights(weights):
        values = values.astype(np.float32) if values.ndim == 1 else values
        writer.add_tensor(f"{name}.weight", np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
