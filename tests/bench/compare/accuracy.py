#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares what Q8_0 costs Cria and llama.cpp on the model that ships: the mean Kullback-Leibler divergence
from f16 weights, of each program from its own, on stories that the model has not seen.

    python3 tests/bench/compare/accuracy.py --work /tmp/compare

Needs what compare.py needs, and the Python package sentencepiece. llama-perplexity scores the second half of
each window of 512 tokens, and the windows of Cria overlap by half: it has twice as many positions."""

import argparse
import json
import random
import re
import subprocess
import sys
from pathlib import Path

from peers import peers

SOURCE = Path(__file__).resolve().parents[3]
MODEL = SOURCE / "examples/stories/model"
SEEDS = (2, 3, 4)
STORIES = 60
ATTEMPTS = 30  # llama-perplexity 0.5.0 often ends before its last lines are written


def write_text(path, seed):
    sys.path.insert(0, str(SOURCE / "examples/stories"))
    import stories

    chosen = random.Random(seed)
    path.write_text("\n\n".join(stories.write_story(chosen)[0] for _ in range(STORIES)))
    return path


def cria_divergence(cria, work, text):
    """Mean and standard error."""
    packages = {}
    for weights in ("f16", "q8"):
        packages[weights] = work / f"stories.{weights}.cria"
        if not packages[weights].exists():
            subprocess.run([cria, "compile", MODEL, "--weights", weights, "--target", "cpu", "-o",
                            packages[weights]], check=True, stdout=subprocess.DEVNULL)
    command = [cria, "perplexity", packages["q8"], text, "--against", packages["f16"], "--quiet", "--json"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    against = json.loads(output)["against"]
    return against["kl"], against["kl_error"]


def make_gguf(peer, work):
    files = {"F16": work / "stories.F16.gguf", "Q8_0": work / "stories.Q8_0.gguf"}
    sys.path.insert(0, str(peer.source / "gguf-py"))
    from stories_gguf import write_stories

    write_stories(MODEL, files["F16"])
    subprocess.run([peer.binary("llama-quantize"), files["F16"], files["Q8_0"], "Q8_0"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return files


def peer_divergence(peer, files, work, text):
    """Mean and standard error."""
    base = work / "stories.logits"
    command = [peer.binary("llama-perplexity"), "-f", text, "-c", "512", "--kl-divergence-base", base]
    subprocess.run([*command, "-m", files["F16"]], check=True, capture_output=True)
    command += ["-m", files["Q8_0"], "--kl-divergence"]
    for _ in range(ATTEMPTS):
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        if found := re.search(r"Mean +KLD: +(\S+) ± +(\S+)", output):
            return float(found[1]), float(found[2])
    sys.exit(f"{peer.name}: llama-perplexity printed no mean divergence in {ATTEMPTS} attempts")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for sources, builds and models")
    parser.add_argument("--cria", default="build/bin/cria", help="the program (default: build/bin/cria)")
    parser.add_argument("--llama-cpp", help="source of llama.cpp (default: downloaded)")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    peer = peers(options.work, options.llama_cpp, None)[0]
    peer.make(2, ("llama-quantize", "llama-perplexity"))
    files = make_gguf(peer, options.work)
    pairs = []
    for seed in SEEDS:
        text = write_text(options.work / f"stories.{seed}.txt", seed)
        pairs.append((cria_divergence(options.cria, options.work, text),
                      peer_divergence(peer, files, options.work, text)))
        (ours, error), (theirs, their_error) = pairs[-1]
        print(f"stories of seed {seed}: Cria q8 {ours:.2e} ± {error:.0e}, "
              f"llama.cpp Q8_0 {theirs:.2e} ± {their_error:.0e}")
    print(f"mean: {sum(a for (a, _), _ in pairs) / sum(b for _, (b, _) in pairs):.2f} of that of llama.cpp")


if __name__ == "__main__":
    main()
