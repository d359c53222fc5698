#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the speed of Cria on the CPU with that of llama.cpp and ik_llama.cpp: models of the same shape and
size, all programs in alternation, medians with their spread, and the best settings of each peer.

    python3 tests/bench/compare/compare.py --work /tmp/compare --rows q8,q4 --rounds 5

Needs Python 3.11 with NumPy, CMake and a C++ compiler, and about 10 GB in --work. Downloads llama.cpp with
pip."""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from models import ROWS, make_gguf, make_package
from peers import peers


def cria_speeds(cria, package, options):
    """Tokens per second and fraction of the limit, by phase."""
    command = [cria, "bench", package, "--json", "--prompt", str(options.prompt), "--generate",
               str(options.generate), "--threads", str(options.threads), "--repetitions", "1", "--depth",
               str(options.depth)]
    speeds = {}
    for row in json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout):
        fraction = row["compute_fraction" if row["phase"] == "prefill" else "bandwidth_fraction"]
        speeds[row["phase"]] = (row["tokens_per_second"], fraction)
    return speeds


def peer_speeds(peer, model, variant, options):
    """The same of llama-bench, which states no limit; nothing if it fails, as it does for some variants."""
    command = [peer.binary("llama-bench"), "-m", model, "-t", str(options.threads), "-p", str(options.prompt),
               "-n", str(options.generate), "-r", "1", "-o", "json", *variant]
    if options.depth:
        command += ["-d", str(options.depth)]
    speeds = {}
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        return {}
    for row in json.loads(result.stdout):
        speeds["prefill" if row["n_prompt"] else "decode"] = (row["avg_ts"], None)
    return speeds


def candidates(row, options, opponents):
    """Name of each competitor of a row, and the function that measures it once."""
    work = options.work
    package = make_package(options.cria, work, row)
    result = {"Cria": lambda: cria_speeds(options.cria, package, options)}
    files = make_gguf(opponents[0], work, row)
    for peer in opponents:
        for kind, model in files.items():
            for variant in peer.variants:
                name = f"{peer.name} {kind} {' '.join(variant)}"
                result[name] = lambda p=peer, m=model, v=variant: peer_speeds(p, m, v, options)
    return result


def print_row(row, phase, samples):
    """The median of each competitor with the range of its samples, and ours as a multiple of the best."""
    medians = {name: statistics.median(speed for speed, _ in values) for name, values in samples.items()}
    best = max((name for name in medians if name != "Cria"), key=medians.get)
    fractions = [fraction for _, fraction in samples["Cria"] if fraction is not None]
    limit = f", {statistics.median(fractions):.2f} of the limit" if fractions else ""
    print(f"{phase} {row}: {medians['Cria'] / medians[best]:.2f} of the best peer ({best}){limit}")
    for name, values in samples.items():
        speeds = [speed for speed, _ in values]
        print(f"    {name:40} {medians[name]:9.2f} tok/s  ({min(speeds):.2f} to {max(speeds):.2f})")


def compare(row, options, opponents):
    """Runs all competitors of a row in alternation."""
    measures = candidates(row, options, opponents)
    samples = {}
    for _ in range(options.rounds):
        for name, measure in measures.items():
            for phase, sample in measure().items():
                samples.setdefault(phase, {}).setdefault(name, []).append(sample)
    for phase, by_name in samples.items():
        print_row(row, phase, by_name)
    sys.stdout.flush()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for sources, builds and models")
    parser.add_argument("--cria", default="build/bin/cria", help="the program (default: build/bin/cria)")
    parser.add_argument("--llama-cpp", help="source of llama.cpp (default: downloaded)")
    parser.add_argument("--ik-llama-cpp", help="source of ik_llama.cpp (default: not compared)")
    parser.add_argument("--rows", default=",".join(ROWS), help="weights, of %(default)s")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=32)
    parser.add_argument("--depth", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    unknown = [row for row in options.rows.split(",") if row not in ROWS]
    if unknown:
        parser.error(f"--rows: expected {', '.join(ROWS)}, got {', '.join(unknown)}")
    return options


def main():
    options = parse_options()
    options.work.mkdir(parents=True, exist_ok=True)
    opponents = peers(options.work, options.llama_cpp, options.ik_llama_cpp)
    for peer in opponents:
        peer.make(options.threads)
    for row in options.rows.split(","):
        compare(row, options, opponents)


if __name__ == "__main__":
    main()
