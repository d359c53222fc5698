#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes golden blocks of weight formats with the Python package `gguf` (pip install gguf numpy).

Writes weights.FORMAT.jsonl to the folder of this file; README.md describes them. Of each format there are blocks
of seeded values of many magnitudes and of values that are hard to encode (`groups`, `hard_groups`), blocks of the
model that ships (`groups_of_model`), and blocks of bytes that no encoder need write (`random_blocks`). Values are
encoded by `gguf`, and in the formats that it only decodes, q3_k to iq4_nl, by ggml's ggml_quantize_chunk without
importance; all blocks are decoded by `gguf`.

usage: make_weights.py LIBRARY [FOLDER]
  LIBRARY: ggml's shared library libggml-base.so
  FOLDER:  write blocks of all matrices of the model that ships there instead, up to 8192 weights of each;
           CRIA_GOLDEN_WEIGHTS=FOLDER lets GoldenWeightsTest read them
"""

import ctypes
import itertools
import json
import pathlib
import sys

import gguf
import numpy

HERE = pathlib.Path(__file__).resolve().parent
Type = gguf.GGMLQuantizationType
# Where the f16 members of a block are: scales, and minimums after them.
HALVES = {"q8_0": [0], "q4_0": [0], "q4_1": [0, 2], "q5_0": [0], "q5_1": [0, 2], "iq4_nl": [0], "q3_k": [108],
          "q4_k": [0, 2], "q5_k": [0, 2], "q6_k": [208], "iq4_xs": [0]}
ENCODED_BY_GGUF = ("q8_0", "q4_0", "q4_1", "q5_0", "q5_1")


def groups(size):
    """Groups of values, f32: where formats round, overflow or lose their scale."""
    random = numpy.random.Generator(numpy.random.PCG64(8))
    times = size // 32
    yield numpy.zeros(size)
    for scale in (1e-9, 1e-6, 2e-5, 1e-3, 0.02, 1, 100, 1e5):
        for _ in range(6 // times + 1 if times > 1 else 6):
            yield random.normal(0, scale, size)
    yield random.standard_t(2, size)  # outliers
    # 127 makes the scale of 8-bit codes 1, so that these are codes and the ties between them.
    yield numpy.tile(numpy.concatenate([[127], numpy.arange(31) - 15.5]), times)
    yield numpy.tile(numpy.concatenate([[-127], numpy.arange(31) + 0.5]), times)
    yield numpy.tile(numpy.concatenate([[127], numpy.arange(31) * 4.0 - 126]), times)
    one = numpy.zeros(size)
    one[17] = -3
    yield one
    yield numpy.full(size, 0.1)
    yield numpy.full(size, 65504 * 127.0)  # the largest scale of 8-bit codes
    yield numpy.where(numpy.arange(size) % 2 == 0, 0.0, -0.0)
    if size == 32:
        return
    yield random.normal(0, 1, size) * numpy.repeat(2.0 ** random.integers(-12, 12, times), 32)  # unequal groups
    yield numpy.abs(random.normal(0, 1, size))
    yield random.normal(5, 0.1, size)  # far from zero
    yield random.normal(-5, 0.1, size)


def hard_groups(size):
    """Groups of values, f32: equal ones, the least code of 8 bits, ratios beyond f16 and subnormal numbers."""
    random = numpy.random.Generator(numpy.random.PCG64(10))
    index = numpy.arange(size)
    yield numpy.full(size, -128)
    yield numpy.where(index % 2 == 0, -128, 127)
    yield numpy.where(index == 3, -128, 0.25)
    yield numpy.where(index == 5, 6e4, random.normal(0, 1e-3, size))
    yield numpy.where(index == 7, -6e4, random.normal(0, 100, size))
    yield 3 * 2.0 ** -numpy.minimum(index, 148)  # to the least f32
    yield random.normal(0, 1e-40, size)
    yield numpy.full(size, 6e-8 * 127)  # the least scale of 8-bit codes
    yield random.normal(0, 3e-6, size)
    if size == 256:
        yield random.normal(0, 1, size) * numpy.where(index < 32, 1e4, 1e-4)  # one group is all
        yield random.normal(0, 1, size) * numpy.where(index < 240, 1e-4, 1e4)
        yield numpy.repeat(random.normal(0, 1, size // 16), 16)  # groups of equal values


def matrices_of_model():
    """Name and weights, f32, of each matrix of the model that ships."""
    data = (HERE.parents[1] / "examples/stories/model/model.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8:start]).items():
        if len(entry.get("shape", [])) == 2:
            begin, end = entry["data_offsets"]
            yield name, numpy.frombuffer(data[start + begin:start + end], numpy.float16).astype(numpy.float32)


def groups_of_model(size):
    """Weights of three matrices, from their middle on."""
    for name, weights in matrices_of_model():
        if name.startswith("model.layers.1.") and any(part in name for part in ("q_proj", "gate_proj", "down_proj")):
            middle = weights[len(weights) // 2:]
            yield from middle[:4 * size].reshape(4, size)


def groups_of_all_matrices(size):
    for _, weights in matrices_of_model():
        groups = weights.reshape(-1, size)
        yield from groups[::max(1, weights.size // 8192)]


def random_blocks(name, size):
    """Blocks of random bytes, whose f16 members are normal, subnormal, zero, negative and large."""
    random = numpy.random.Generator(numpy.random.PCG64(9))
    for half in (0x2E66, 0x0001, 0x0000, 0xAE66, 0x7BFF, 0x03FF, 0x8001, 0x3C00):
        block = random.integers(0, 256, size, dtype=numpy.uint8)
        for i, at in enumerate(HALVES[name]):
            block[at:at + 2] = numpy.frombuffer(numpy.uint16(half ^ (0x0155 * i)).tobytes(), numpy.uint8)
        yield block
    for byte in (0x00, 0xFF, 0x88, 0x7F, 0x80):
        block = numpy.full(size, byte, dtype=numpy.uint8)
        for at in HALVES[name]:
            block[at:at + 2] = [0x66, 0x2E]
        yield block


def encoder(name, library):
    kind = Type[name.upper()]
    if name in ENCODED_BY_GGUF:
        return lambda values: gguf.quants.quantize(values, kind)

    def encode(values):
        block = numpy.zeros(gguf.GGML_QUANT_SIZES[kind][1], dtype=numpy.uint8)
        # ggml reads weights of the columns for some formats; those of equal importance are its default.
        library.ggml_quantize_chunk(ctypes.c_int(kind.value), values.ctypes.data_as(ctypes.c_void_p),
                                    block.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(0), ctypes.c_int64(1),
                                    ctypes.c_int64(len(values)), None)
        return block
    return encode


def lines_of(name, library, of_model):
    kind = Type[name.upper()]
    size, size_in_bytes = gguf.GGML_QUANT_SIZES[kind]
    encode, cases = encoder(name, library), []
    sources = (groups_of_all_matrices,) if of_model else (groups, hard_groups, groups_of_model)
    for values in itertools.chain.from_iterable(source(size) for source in sources):
        values = values.astype(numpy.float32)
        block = encode(values)
        if numpy.isfinite(gguf.quants.dequantize(block, kind)).all():  # otherwise they do not fit the format
            cases.append((values.tobytes().hex(), block))
    if not of_model:
        cases += [(None, block) for block in random_blocks(name, size_in_bytes)]
    for values, block in cases:
        decoded = gguf.quants.dequantize(block, kind).astype(numpy.float32)
        line = {"values": values} if values is not None else {}
        yield json.dumps({**line, "block": block.tobytes().hex(), "decoded": decoded.tobytes().hex()})


def main():
    library = ctypes.CDLL(sys.argv[1])
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else HERE
    for name in HALVES:
        with open(folder / f"weights.{name}.jsonl", "w") as file:
            file.writelines(line + "\n" for line in lines_of(name, library, of_model=folder != HERE))


if __name__ == "__main__":
    main()
