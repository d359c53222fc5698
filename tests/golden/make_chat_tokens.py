#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes chat_tokens.jsonl: ids of conversations by apply_chat_template of transformers 5.

Random formats in the manner of ChatML, whose marks are special tokens, other tokens, or text, above
tokenizer/tokenizer.model. Rows are described in README.md.
"""

import json
import random

import jinja2
from transformers.utils.chat_template_utils import render_jinja_template

from make_added_tokens import HERE, RULES, SIZE, open_tokenizer, transformers, vocabulary_of

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
PLAIN, LINES, PUBLISHED, CASUAL, EACH = 60, 130, 60, 60, 30
LABELS = ["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<|im_start|>", "<|im_end|>", "<|user|>", "<|assistant|>", "<|system|>",
          "USER:", "ASSISTANT:", "### Instruction:", "### Response:", "<step>", "Source:", "<pad>", "<tool>", "<|endoftext|>"]
FLAGS = ("lstrip", "rstrip", "single_word", "normalized")


def flags_of(picker, has_flags):
    """Flags of a token: none in the first lines."""
    return {flag: has_flags and picker.random() < 0.35 for flag in FLAGS}


def line(seed, rule=None):
    picker = random.Random(seed)
    has_flags = seed >= PLAIN
    rule = rule or list(RULES)[seed % 3]
    start, end = picker.sample(MARKS, 2)
    tokens, next_id = [], SIZE
    for name in (start, end, "<tool>"):
        kind = picker.choice(["special", "token", "text"])
        if kind != "text":
            tokens.append((next_id, {"content": name, "special": kind == "special"} | flags_of(picker, has_flags)))
            next_id += 1
    if has_flags and picker.random() < 0.5:
        tokens.insert(0, (2, {"content": "</s>", "special": True} | flags_of(picker, True)))
    for _, members in tokens:
        members["normalized"] &= rule != "each"
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


# Templates whose sources are full of the words and signs of the names below.
BUSY = [
    "{# <tool> and <a> #}{% for m in messages %}{{ '<|' ~ m.role ~ '|>' }}\n{{ m.content }}{{ eos_token }}{% endfor %}",
    "{% for message in messages %}{% if message['role'] == 'user' and loop.index0 < 5 %}[Q] {{ message['content'] }}"
    "{% else %}[A] {{ message['content'] }}{% endif %}{% endfor %}",
    "{% for m in messages %}{% if '<tool>' in m.content or m.content.startswith('<a>') %}T{% endif %}"
    "{{ m.content.split('</a>') | join('</a>' if false else '') if 1 > 2 else m.content }}{{ '<' ~ 'end' ~ '>' }}{% endfor %}",
    "{% set open = '<|' %}{% set close = '|>' %}{% for m in messages %}{{- open + (m.role if m.role != 'tool' else 'x') + close -}}"
    "{{ m['content'] }}{% endfor %}{{ open + 'end' + close }}",
    "{% for m in messages %}{{ {'user': '<a', 'assistant': '<b'}[m.role] }}{% if true %}>{% endif %} {{ m.content }}{% endfor %}",
    "{%- if not tools is defined %}{{ raise_exception('no <tool> word') }}{% endif %}Use a tool < or > as <name>.\n"
    "{%- for m in messages -%}{% raw %}{{ x }}{% endraw %}{{ m.content | trim }}</{{ m.role }}>{%- endfor -%}",
]
CASUAL_NAMES = ["<tool>", "<a>", "</a>", "<b>", "<|tool|>", "<|user|>", "<|end|>", "<end>", "role", "user", "content", "tool", "word",
                "<name>", "</user>", "</tool>", "[Q]", "<", "|>", "{{ x }}", "x", "T", "end", "<|", "no"]


def literals_of(source):
    """The texts that a template may write, by the parser of jinja2: what is compared, searched or names a member is not written."""
    tree = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).parse(source)
    skipped = []
    for node in tree.find_all((jinja2.nodes.Compare, jinja2.nodes.Getitem, jinja2.nodes.Call)):
        if isinstance(node, jinja2.nodes.Compare):
            skipped += [node.expr] + [operand.expr for operand in node.ops]
        elif isinstance(node, jinja2.nodes.Getitem):
            skipped.append(node.arg)
        else:
            skipped += node.args[:1]
    strings = [node.value for node in tree.find_all(jinja2.nodes.Const)
               if isinstance(node.value, str) and not any(node is other for other in skipped)]
    return [node.data for node in tree.find_all(jinja2.nodes.TemplateData)] + strings


def casual_line(seed):
    """Messages that hold names of tokens that the template does not write: they are tokens there."""
    picker = random.Random(seed)
    rule = list(RULES)[seed % 3]
    source = picker.choice(BUSY + SHAPES[:1]).replace("START", "<turn>").replace("END", "</turn>")
    names, has_flags = picker.sample(CASUAL_NAMES, 9), seed % 2 == 1
    if has_flags:  # names that contain others of another kind, and words beside words, are those of make_added_tokens.py
        names = [name for name in names if not name.isalpha() and not any(other != name and other in name for other in names)]
    tokens = [(SIZE + i, {"content": name, "special": False} | flags_of(picker, has_flags)) for i, name in enumerate(names)]
    base = vocabulary_of()
    tokens = sorted(((base.get(members["content"], i), members) for i, members in tokens), key=lambda item: item[0])
    tokenizer = open_tokenizer(tokens, RULES[rule])
    stated = {members["content"]: i for i, members in tokens}
    sample = [{"role": role, "content": "\u00a4"} for role in ("user", "assistant", "user")]
    written = [render_jinja_template([conversation], chat_template=source, bos_token="<s>", eos_token="</s>")[0][0]
               for conversation in (sample, [{"role": "system", "content": "\u00a4"}] + sample)] + literals_of(source)
    marks = [name for name in names if any(name in text for text in written)]
    cuts = [name for name in marks if len(name) > 1]
    free = [name for name in names if name not in marks and not any(cut in name for cut in cuts)]
    ids = {i: stated.get(token.content, i) for i, token in tokenizer.added_tokens_decoder.items()}
    rows = []
    while len(rows) < 4:
        contents = ["".join(picker.choice(free + [" ", " a ", "see", "\n", ", "]) for _ in range(picker.randrange(1, 6)))
                    for _ in range(picker.choice([1, 3]))]
        messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(contents)]
        text = tokenizer.apply_chat_template(messages, chat_template=source, tokenize=False)
        if any(cut in content for cut in cuts for content in contents) or (rule != "never" and text.startswith(" ")):
            continue
        found = tokenizer.apply_chat_template(messages, chat_template=source, tokenize=True, return_dict=False)
        rows.append({"messages": messages, "ids": [ids.get(i, i) for i in found]})
    return {"prefix": rule, "tokens": [{"id": i} | members for i, members in tokens], "jinja": source, "marks": sorted(marks),
            "rows": rows}


def main():
    lines = [line(seed) for seed in range(LINES)] + [published_line(seed, published_templates()) for seed in range(PUBLISHED)]
    lines += [casual_line(seed) for seed in range(CASUAL)] + [line(LINES + seed, "each") for seed in range(EACH)]
    file = HERE / "chat_tokens.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in lines), "utf-8",
                    newline="\n")
    print(f"{file.name}: {len(lines)} lines, {file.stat().st_size} bytes, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
