#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The model that ships tells stories in 8 bits as in 16: its grammar (examples/stories) parses each of 200.

    quantized_stories.py CRIA examples/stories
"""

import json
import pathlib
import subprocess
import sys
import tempfile

COUNT = 200


def tell(cria, model, folder):
    """Whole stories, each from a seed of its own; empty if one does not end by itself."""
    package, prompts = folder / "stories.cria", folder / "prompts.jsonl"
    subprocess.run([cria, "compile", model, "--weights", "q8", "--target", "cpu", "-q", "-o", package], check=True)
    prompts.write_text("".join(json.dumps({"prompt": "Once upon a time", "seed": seed}) + "\n" for seed in range(COUNT)))
    command = [cria, "run", package, "--prompts", prompts, "--temperature", "0.8", "--top-p", "0.9", "-q"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    return [row["prompt"] + row["text"] if row["finish_reason"] == "eos" else "" for row in rows]


def main():
    cria, example = sys.argv[1], pathlib.Path(sys.argv[2])
    sys.path.insert(0, str(example))
    from stories import parse_story
    with tempfile.TemporaryDirectory() as folder:
        stories = tell(cria, example / "model", pathlib.Path(folder))
    others = [story for story in stories if parse_story(story) is None]
    print(f"{len(stories) - len(others)} of {COUNT} stories parse")
    for story in others[:3]:
        print(f"no story: {story}")
    return 0 if len(stories) == COUNT and not others else 1


if __name__ == "__main__":
    sys.exit(main())
