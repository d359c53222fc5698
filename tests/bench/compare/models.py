# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of the shape of TinyLlama-1.1B with random weights: packages of Cria, and GGUF files of equal size
for the peers, quantized by llama.cpp's own llama-quantize."""

import subprocess
import sys
from pathlib import Path

SHAPE = {"dim": 2048, "layers": 22, "heads": 32, "kv_heads": 4, "ffn": 5632, "vocab": 32000, "context": 2048}

# Row of the table: options of `cria compile`, and the types of the peers with options of llama-quantize.
# Where Cria keeps embedding and output in q8, so does the peer.
OUTPUT_Q8 = ["--output-tensor-type", "q8_0", "--token-embedding-type", "q8_0"]
ROWS = {
    "f16": (["--weights", "f16"], {"F16": []}),
    "bf16": (["--weights", "bf16", "--activations", "bf16"], {"BF16": []}),
    "q8": (["--weights", "q8"], {"Q8_0": []}),
    "q4": (["--weights", "q4"], {"Q4_0": OUTPUT_Q8, "IQ4_XS": OUTPUT_Q8}),
    "q4_k_m": (["--weights", "q4_k_m"], {"Q4_K_M": []}),
}


def make_package(cria, work, row):
    """Compiles the package of a row, unless it is there."""
    package = work / f"{row}.cria"
    if not package.exists():
        options = ["--preset", "tinyllama-1.1b", "--random-weights", "1", "--target", "cpu", "--quiet"]
        subprocess.run([cria, "compile", *options, *ROWS[row][0], "-o", package], check=True)
    return package


def tensors(shape):
    """Name and shape of each tensor, rows first."""
    dim, kv = shape["dim"], shape["dim"] // shape["heads"] * shape["kv_heads"]
    yield "token_embd.weight", (shape["vocab"], dim)
    yield "output.weight", (shape["vocab"], dim)
    yield "output_norm.weight", (dim,)
    for layer in range(shape["layers"]):
        sizes = {"attn_norm": (dim,), "ffn_norm": (dim,), "attn_q": (dim, dim), "attn_k": (kv, dim),
                 "attn_v": (kv, dim), "attn_output": (dim, dim), "ffn_gate": (shape["ffn"], dim),
                 "ffn_up": (shape["ffn"], dim), "ffn_down": (dim, shape["ffn"])}
        for name, size in sizes.items():
            yield f"blk.{layer}.{name}.weight", size


def write_f16(gguf, path, shape=SHAPE):
    """Writes the GGUF file that the others are quantized from. `gguf`: llama.cpp's package."""
    import numpy as np

    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(shape["context"])
    writer.add_embedding_length(shape["dim"])
    writer.add_block_count(shape["layers"])
    writer.add_feed_forward_length(shape["ffn"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv_heads"])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape["dim"] // shape["heads"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    kinds = gguf.TokenType
    special = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    special += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    words = [(f"word{i}", kinds.NORMAL) for i in range(shape["vocab"] - len(special))]
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in special + words])
    writer.add_token_scores([-float(i) for i in range(shape["vocab"])])
    writer.add_token_types([kind for _, kind in special + words])
    for name, size in tensors(shape):
        values = np.ones(size, np.float32) if len(size) == 1 else \
            random.standard_normal(size, np.float32).astype(np.float16) * np.float16(0.02)
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_gguf(peer, work, row):
    """The GGUF files of a row, by type; made unless they are there."""
    base = work / "F16.gguf"
    if not base.exists():
        sys.path.insert(0, str(peer.source / "gguf-py"))
        import gguf

        write_f16(gguf, base)
    files = {}
    for kind, options in ROWS[row][1].items():
        files[kind] = work / f"{kind}.gguf"
        if not files[kind].exists():
            subprocess.run([peer.binary("llama-quantize"), *options, base, files[kind], kind], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return files
