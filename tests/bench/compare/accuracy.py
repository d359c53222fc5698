#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the accuracy of quantized weights with llama.cpp's on the model that ships: the mean Kullback-Leibler
divergence from the same model in f16, each program from its own, over the same windows of the same texts.

    python3 tests/bench/compare/accuracy.py --work /tmp/accuracy

`q8` runs llama.cpp with Q8_0. For `q4`, llama.cpp has no Q4_K of this model, whose rows are no multiples of 256:
ggml's quantizer encodes each matrix as one row, and Cria runs the values that it decodes to, in f32.

Needs Python 3.11 with NumPy and SentencePiece, CMake and a C++ compiler. Downloads llama.cpp with pip."""

import argparse
import json
import math
import random
import re
import subprocess
import sys
from pathlib import Path

from peers import peers

try:
    from stories_model import MODEL, quantized_by_ggml, read_weights, shuffled, write_checkpoint, write_gguf
except ModuleNotFoundError as problem:
    sys.exit(f"{problem}: expected Python with NumPy and SentencePiece; pip install numpy sentencepiece")

ROOT = Path(__file__).resolve().parents[3]
CONTEXT = 512  # positions of a window; both programs score its second half, and windows do not overlap


class Kl:
    """A mean of divergences with its standard error."""

    def __init__(self, mean, error, count):
        self.mean, self.error, self.count = mean, error, count

    def __str__(self):
        return f"{self.mean:.2e} ± {self.error:.0e}"


def pooled(samples):
    total = sum(each.count for each in samples)
    mean = sum(each.mean * each.count for each in samples) / total
    return Kl(mean, math.sqrt(sum((each.error * each.count) ** 2 for each in samples)) / total, total)


def ratio(ours, theirs):
    """With its standard error, as if the two were independent."""
    value = ours.mean / theirs.mean
    error = value * math.hypot(ours.error / ours.mean, theirs.error / theirs.mean)
    return f"{value:.3f} ± {error:.3f}"


def make_text(work, name):
    """Name of stories: their seed. `licence`: the text of this repository's licence."""
    path = work / f"{name}.txt"
    if name == "licence":
        path.write_text((ROOT / "LICENSE").read_text())
    else:
        sys.path.insert(0, str(ROOT / "examples/stories"))
        from stories import write_story

        stories = random.Random(int(name))
        path.write_text("\n\n".join(write_story(stories)[0] for _ in range(60)) + "\n")
    return path


class Cria:
    def __init__(self, options):
        self.program, self.work = options.cria, options.work

    def package(self, checkpoint, name, weights, target):
        path = self.work / f"{name}.{weights}.{target}.cria"
        command = [self.program, "compile", checkpoint, "--weights", weights, "--target", target, "--quiet"]
        subprocess.run([*command, "-o", path], check=True)
        return path

    def kl(self, package, base, text):
        """`ops` is measured on `reference`, whose activations are f32."""
        command = [self.program, "perplexity", package, text, "--against", base, "--stride", str(CONTEXT),
                   "--quiet", "--json", "--backend", "reference" if ".ops." in package.name else "cpu"]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return Kl(result["against"]["kl"], result["against"]["kl_error"], result["scored_tokens"])


class LlamaCpp:
    def __init__(self, options):
        self.peer = peers(options.work, options.llama_cpp, None)[0]
        self.peer.make(2, ["llama-quantize", "llama-perplexity"])
        self.work = options.work
        sys.path.insert(0, str(self.peer.source / "gguf-py"))
        import gguf

        self.gguf = gguf

    def run(self, name, *arguments):
        result = subprocess.run([self.peer.binary(name), *arguments], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{name} failed: {result.stderr[-1000:]}")
        return result.stdout + result.stderr

    def search(self, pattern, name, *arguments):
        """The groups of the first match in a program's output, whose last lines may be lost: its logger is a thread
        that the end of the program does not always wait for."""
        for _ in range(20):
            if found := re.search(pattern, self.run(name, *arguments)):
                return found.groups()
        sys.exit(f"{name}: expected output that matches {pattern}")

    def quantized(self, base, kind):
        path = self.work / f"stories.{kind}.gguf"
        self.run("llama-quantize", base, path, kind)
        return path

    def kl(self, model, base, text):
        logits = self.work / "base.kld"
        options = ["-c", str(CONTEXT), "-b", str(CONTEXT), "-t", "2", "--kl-divergence-base", logits]
        windows, = self.search(r"over (\d+) chunks", "llama-perplexity", "-m", base, "-f", text, *options)
        mean, error = self.search(r"Mean +KLD: +(\S+) ± +(\S+)", "llama-perplexity", "-m", model, "--kl-divergence",
                                  *options)
        return Kl(float(mean), float(error), int(windows) * (CONTEXT // 2 - 1))


def print_row(name, kls, baseline):
    """The divergences of a text or of all, and their ratios to that of `baseline`."""
    print(f"{name}: {kls[baseline].count} positions")
    for key, kl in kls.items():
        print(f"    {key:28} {kl}" + ("" if key == baseline else f"  ratio {ratio(kl, kls[baseline])}"), flush=True)


def print_all(rows, baseline):
    print_row("all", {key: pooled([row[key] for row in rows]) for key in rows[0]}, baseline)


def compare_q8(options, cria, llama):
    """In both programs' own activations, and in f32."""
    weights = read_weights()
    base = options.work / "stories.F16.gguf"
    write_gguf(base, weights, llama.gguf)
    theirs = llama.quantized(base, "Q8_0")
    packages = {(kind, target): cria.package(MODEL, "stories", kind, target)
                for kind in ("f16", "q8") for target in ("cpu", "ops")}
    rows = []
    for name in options.texts:
        text = make_text(options.work, name)
        rows.append({"llama.cpp Q8_0": llama.kl(theirs, base, text),
                     "Cria q8": cria.kl(packages["q8", "cpu"], packages["f16", "cpu"], text),
                     "Cria q8, f32 activations": cria.kl(packages["q8", "ops"], packages["f16", "ops"], text)})
        print_row(f"q8, text {name}", rows[-1], "llama.cpp Q8_0")
    print_all(rows, "llama.cpp Q8_0")


def make_q4_packages(options, cria, llama, seed):
    """Each competitor's package, and that in f16 to compare it with, of one order of channels."""
    weights, packages = shuffled(read_weights(), seed), {}
    ours = options.work / f"shuffled.{seed}"
    write_checkpoint(ours, weights)
    dense = cria.package(ours, ours.name, "f16", "cpu")
    for kind in ("Q4_K", "IQ4_XS"):
        theirs = options.work / f"ggml.{kind}.{seed}"
        write_checkpoint(theirs, quantized_by_ggml(weights, llama.peer.binary("libggml-base.so"), llama.gguf, kind))
        packages[f"ggml {kind}"] = cria.package(theirs, theirs.name, "f32", "cpu"), dense
    exact = cria.package(ours, ours.name, "f16", "ops")
    for kind in ("q4_k", "q4"):
        packages[f"Cria {kind}"] = cria.package(ours, ours.name, kind, "ops"), exact
    return packages


def compare_q4(options, cria, llama):
    """With f32 activations, of the model as it is and with its channels in other orders: the luck of rounding, which
    differs between these, is greater than the standard errors, which are over positions."""
    rows = []
    for seed in options.orders:
        packages = make_q4_packages(options, cria, llama, seed)
        for name in options.texts:
            text = make_text(options.work, name)
            rows.append({key: cria.kl(package, base, text) for key, (package, base) in packages.items()})
            print_row(f"q4, order {seed}, text {name}", rows[-1], "ggml Q4_K")
    print_all(rows, "ggml Q4_K")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for sources, builds and models")
    parser.add_argument("--cria", default=ROOT / "build/bin/cria", help="the program (default: %(default)s)")
    parser.add_argument("--llama-cpp", help="source of llama.cpp (default: downloaded)")
    parser.add_argument("--rows", default="q8,q4", help="weights, of %(default)s")
    parser.add_argument("--texts", default="2,3,4,licence", help="seeds of stories, or licence (%(default)s)")
    parser.add_argument("--orders", default="0,1,2,3", help="of channels, for q4; 0: as they are (%(default)s)")
    options = parser.parse_args()
    options.texts = options.texts.split(",")
    options.orders = [int(order) for order in options.orders.split(",")]
    return options


def main():
    options = parse_options()
    options.work.mkdir(parents=True, exist_ok=True)
    cria, llama = Cria(options), LlamaCpp(options)
    for row in options.rows.split(","):
        {"q8": compare_q8, "q4": compare_q4}[row](options, cria, llama)


if __name__ == "__main__":
    main()
