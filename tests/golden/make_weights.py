#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes golden blocks of weight formats with the Python package `gguf` (pip install gguf numpy).

Writes weights.q8_0.jsonl to the folder of this file; README.md describes it.
"""

import json
import pathlib

import gguf
import numpy

HERE = pathlib.Path(__file__).resolve().parent
GROUP = 32


def groups():
    """Groups of values, f32: where formats round, overflow or lose their scale."""
    random = numpy.random.Generator(numpy.random.PCG64(8))
    yield numpy.zeros(GROUP)
    for scale in (1e-9, 1e-6, 2e-5, 1e-3, 0.02, 1, 100, 1e5):
        for _ in range(6):
            yield random.normal(0, scale, GROUP)
    yield random.standard_t(2, GROUP)  # outliers
    # 127 makes the scale 1, so that these are codes and the ties between them.
    yield numpy.concatenate([[127], numpy.arange(31) - 15.5])
    yield numpy.concatenate([[-127], numpy.arange(31) + 0.5])
    yield numpy.concatenate([[127], numpy.arange(31) * 4.0 - 126])
    one = numpy.zeros(GROUP)
    one[17] = -3
    yield one
    yield numpy.full(GROUP, 0.1)
    yield numpy.full(GROUP, 65504 * 127.0)  # the largest scale
    yield numpy.where(numpy.arange(GROUP) % 2 == 0, 0.0, -0.0)


def main():
    lines = []
    for values in groups():
        values = values.astype(numpy.float32)
        block = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
        decoded = gguf.quants.dequantize(block, gguf.GGMLQuantizationType.Q8_0).astype(numpy.float32)
        line = {"values": values.tobytes().hex(), "block": block.tobytes().hex(), "decoded": decoded.tobytes().hex()}
        lines.append(json.dumps(line))
    (HERE / "weights.q8_0.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
