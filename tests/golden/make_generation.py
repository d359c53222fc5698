#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes generation.jsonl: settings of generation, and what generate of transformers 5 makes of logits with them.

Rows are described in README.md.
"""

import json
import math
import os
import pathlib
import random
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "critical"

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
VOCAB = 24  # below 50, the top_k that transformers takes where nothing states one
EOS = 2
APPLIED = {
    "do_sample": [True, True, True, False, None],
    "temperature": [0.3, 0.7, 1.0, 1.5, 1, None],
    "top_k": [0, 1, 3, 8, 50, None],
    "top_p": [0.0, 0.2, 0.6, 0.95, 1.0, 1, 1.5, None],
    "min_p": [0.0, 0.05, 0.3, 1.0, None],
    "typical_p": [0.2, 0.6, 0.95, 1.0, 2.0, None],
    "repetition_penalty": [0.8, 1.0, 1.1, 1.5, 3.0, 1, None],
    "min_new_tokens": [0, 1, 2, None],
    "max_new_tokens": [1, 2, 5, None],
}
UNUSABLE = {"temperature": [-1.0], "top_k": [-1, 2.5], "top_p": [-0.5], "min_p": [1.5, -0.1], "typical_p": [-0.2],
            "repetition_penalty": [0.0, -1.0], "max_new_tokens": [0, -3]}
NEUTRAL = {  # members that are not applied, with values that change nothing
    "num_beams": [1, None], "num_beam_groups": [1, None], "diversity_penalty": [0.0], "min_length": [0, None],
    "suppress_tokens": [None, []], "begin_suppress_tokens": [None], "bad_words_ids": [None], "sequence_bias": [None],
    "no_repeat_ngram_size": [0], "encoder_no_repeat_ngram_size": [0], "encoder_repetition_penalty": [1.0],
    "exponential_decay_length_penalty": [None], "forced_bos_token_id": [None], "forced_eos_token_id": [None],
    "penalty_alpha": [0.0, None], "epsilon_cutoff": [0.0], "eta_cutoff": [0.0], "top_h": [None], "guidance_scale": [1.0, None],
    "watermarking_config": [None], "renormalize_logits": [True, False], "remove_invalid_values": [False],
    "length_penalty": [1.0], "early_stopping": [False], "num_return_sequences": [1], "use_cache": [True, False],
    "output_scores": [False], "cache_implementation": [None], "_from_model_config": [True], "transformers_version": ["4.31.0"],
    "pad_token_id": [0, None], "token_healing": [False], "max_time": [None], "max_length": [64, 4096],
}
OPTIONS = ["temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty"]


def settings_of(picker):
    settings = {name: picker.choice(APPLIED[name]) for name in picker.sample(sorted(APPLIED), picker.randrange(1, 7))}
    settings.update({name: picker.choice(NEUTRAL[name]) for name in picker.sample(sorted(NEUTRAL), picker.randrange(0, 4))})
    if picker.random() < 0.15:
        name = picker.choice(sorted(UNUSABLE))
        settings[name] = picker.choice(UNUSABLE[name])
    return settings


def is_unusable(settings, name):
    return settings.get(name) in UNUSABLE.get(name, [])


def options_of(picker):
    """What a user states: some values, and that they are to be used."""
    if picker.random() < 0.6:
        return {}
    options = {name: picker.choice([v for v in APPLIED[name] if v is not None and v != 1])
               for name in picker.sample(OPTIONS, picker.randrange(1, 3))}
    return {name: float(value) if name != "top_k" else value for name, value in options.items()}


def load(folder, settings, in_config):
    """As from_pretrained of a model: generation_config.json, or without it config.json."""
    if in_config:
        config = {"model_type": "llama", "vocab_size": VOCAB, "eos_token_id": EOS, **settings}
        (folder / "config.json").write_text(json.dumps(config))
        return GenerationConfig.from_pretrained(folder, config_file_name="config.json", _from_model_config=True)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": EOS, **settings}))
    return GenerationConfig.from_pretrained(folder)


class FixedLogits(LlamaForCausalLM):
    """Answers with the same logits at every step."""

    logits = None

    def forward(self, input_ids=None, **_):
        row = torch.tensor(self.logits, dtype=torch.float32)
        return transformers.modeling_outputs.CausalLMOutputWithPast(
            logits=row.expand(input_ids.shape[0], input_ids.shape[1], -1).clone())


def generate(model, settings, in_config, prompt, options):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.generation_config = load(pathlib.Path(folder), settings, in_config)
        arguments = dict(options)
        if set(options) - {"repetition_penalty"}:
            arguments["do_sample"] = True
        torch.manual_seed(1)
        return model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                              output_scores=True, return_dict_in_generate=True, **arguments)


def row_of(model, seed):
    picker = random.Random(seed)
    settings, options, in_config = settings_of(picker), options_of(picker), picker.random() < 0.2
    options = {name: value for name, value in options.items() if not is_unusable(settings, name)}
    if in_config:
        settings.pop("pad_token_id", None)  # also read elsewhere
    prompt = [1] + [picker.randrange(3, VOCAB) for _ in range(picker.randrange(0, 9))]
    model.logits = [round(picker.gauss(0, 3), 2) for _ in range(VOCAB)]
    row = {"settings": settings, "in_config": in_config, "options": options, "prompt": prompt, "logits": model.logits}
    try:
        result = generate(model, settings, in_config, prompt, options)
    except (ValueError, TypeError) as why:
        return {**row, "refused": str(why)[:80]}
    scores = result.scores[0][0].double()
    left = torch.softmax(scores, 0)
    row["left"] = {str(i): round(float(p), 5) for i, p in enumerate(left) if math.isfinite(float(scores[i]))}
    ends = result.sequences[0][-1] == EOS
    row["max_new_tokens"] = None if ends or settings.get("max_new_tokens") is None else result.sequences.shape[1] - len(prompt)
    config = model.generation_config
    row["samples"] = bool(set(options) - {"repetition_penalty"}) or config.do_sample is True
    if not row["samples"]:
        row["choice"] = int(scores.argmax())
    return row


def main():
    model = FixedLogits(LlamaConfig(vocab_size=VOCAB, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                                    num_attention_heads=1, max_position_embeddings=64, eos_token_id=EOS))
    lines = [row_of(model, seed) for seed in range(200)]
    file = HERE / "generation.jsonl"
    file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), "utf-8", newline="\n")
    refused = sum("refused" in line for line in lines)
    print(f"{file.name}: {len(lines)} lines, {refused} refused, {file.stat().st_size} bytes, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
