#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes chat_tokens.jsonl: ids of conversations by apply_chat_template of transformers 5.

Random formats in the manner of ChatML, whose marks are special tokens, other tokens, or text, above
tokenizer/tokenizer.model. Rows are described in README.md.
"""

import json
import random

from make_added_tokens import HERE, RULES, SIZE, open_tokenizer, transformers

MARKS = ["<|im_start|>", "<|im_end|>", "<|user|>", "<|assistant|>", "<|end|>", "[INST]", "[/INST]", "<turn>", "</turn>",
         "### User:", "<s2>"]
CONTENTS = ["hi", "Hello world", "What does a cow say?", " a  b ", "x\n\ny", "", "é 你好 🦙", "1 + 1 = 2", "<b>bold</b>", "a|b"]
SHAPES = [
    "{% for m in messages %}START{{ m.role }}\n{{ m.content }}END\n{% endfor %}STARTassistant\n",
    "{% for m in messages %}START{{ m.content }} END{% endfor %}START",
    "{% for m in messages %}{% if m.role == 'user' %}START {{ m.content | trim }} END{% else %} {{ m.content }}{{ eos_token }}"
    "{% endif %}{% endfor %}",
    "{{ bos_token }}{% for m in messages %}START{{ m.role }}: {{ m.content }}{{ eos_token }}END{% endfor %}START",
]


TIGHT = [
    "{% for m in messages %}START{{ m.content }}END{{ eos_token }}{% endfor %}START x",
    "a{% for m in messages %}START  {{ m.content }}\t\n END \u3000 START{{ m.role }}{{ eos_token }} \n{% endfor %}b",
]
PLAIN, LINES, PUBLISHED = 60, 130, 60
LABELS = ["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<|im_start|>", "<|im_end|>", "<|user|>", "<|assistant|>", "<|system|>",
          "USER:", "ASSISTANT:", "### Instruction:", "### Response:", "<step>", "Source:", "<pad>", "<tool>", "<|endoftext|>"]
FLAGS = ("lstrip", "rstrip", "single_word", "normalized")


def flags_of(picker, has_flags):
    """Flags of a token: none in the first lines."""
    return {flag: has_flags and picker.random() < 0.35 for flag in FLAGS}


def line(seed):
    picker = random.Random(seed)
    has_flags = seed >= PLAIN
    rule = list(RULES)[seed % 3]
    start, end = picker.sample(MARKS, 2)
    tokens, next_id = [], SIZE
    for name in (start, end, "<tool>"):
        kind = picker.choice(["special", "token", "text"])
        if kind != "text":
            tokens.append((next_id, {"content": name, "special": kind == "special"} | flags_of(picker, has_flags)))
            next_id += 1
    if has_flags and picker.random() < 0.5:
        tokens.insert(0, (2, {"content": "</s>", "special": True} | flags_of(picker, True)))
    source = picker.choice(SHAPES + TIGHT if has_flags else SHAPES).replace("START", start).replace("END", end)
    tokenizer = open_tokenizer(tokens, RULES[rule])
    rows = []
    for _ in range(6):
        contents = [picker.choice(CONTENTS) for _ in range(picker.choice([1, 3]))]
        messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(contents)]
        ids = tokenizer.apply_chat_template(messages, chat_template=source, tokenize=True, return_dict=False)
        rows.append({"messages": messages, "ids": ids})
    return {"prefix": rule, "tokens": [{"id": i} | members for i, members in tokens], "jinja": source, "rows": rows}


def published_templates():
    rows = [json.loads(row) for row in (HERE / "chat_templates.jsonl").read_text("utf-8").split("\n") if row]
    return [row for row in rows if "published" in row]


def published_line(seed, templates):
    """A template that a plugin of its own renders, with some of its labels as tokens."""
    picker = random.Random(seed)
    rule = list(RULES)[seed % 3]
    template = templates[seed % len(templates)]
    inside = [name for name in LABELS if name in template["jinja"]]
    chosen = picker.sample(inside, picker.randrange(0, len(inside) + 1)) + picker.sample(LABELS[-3:], picker.randrange(0, 3))
    names = sorted(set(chosen))
    tokens = [(SIZE + i, {"content": name, "special": picker.random() < 0.5} | flags_of(picker, picker.random() < 0.3))
              for i, name in enumerate(names)]
    tokenizer = open_tokenizer(tokens, RULES[rule])
    rows = []
    for count in (1, 3, 1):
        messages = [{"role": ("user", "assistant")[i % 2], "content": picker.choice(CONTENTS)} for i in range(count)]
        ids = tokenizer.apply_chat_template(messages, chat_template=template["jinja"], tokenize=True, return_dict=False,
                                            add_generation_prompt=True)
        rows.append({"messages": messages, "ids": ids})
    return {"prefix": rule, "tokens": [{"id": i} | members for i, members in tokens], "jinja": template["jinja"],
            "plugin": template["template"], "rows": rows}


def main():
    lines = [line(seed) for seed in range(LINES)] + [published_line(seed, published_templates()) for seed in range(PUBLISHED)]
    file = HERE / "chat_tokens.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in lines), "utf-8",
                    newline="\n")
    print(f"{file.name}: {len(lines)} lines, {file.stat().st_size} bytes, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
