#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes added_tokens.jsonl: token ids of texts with added tokens, by LlamaTokenizer of transformers 5.

Random tokenizers above tokenizer/tokenizer.model: added tokens with every flag, with gaps between their ids, and pieces
of the model among them, under the three rules for the leading space. Rows are described in README.md. --words writes
runtime/text/WordCharacters.inc instead: the characters that `tokenizers` takes for parts of a word.
"""

import json
import os
import pathlib
import random
import shutil
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import tokenizers  # noqa: E402
import transformers  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SIZE = 768  # pieces of the model
RULES = {"always": {"legacy": True}, "first": {"legacy": False}, "never": {"add_prefix_space": False, "legacy": False},
         "each": {"tokenizer_class": None}}  # as SentencePiece; no token is normalized
NAMES = ["<tool>", "<tool>x", "<|im_start|>", "<|im_end|>", "<|im", "[PAD]", "ab", "word", "é", "##", "a b", "你好", "<", "_x_",
         "hello", "<s2>", "\n\n", "x", "▁y", "🦙", "</think>", "12"]
PIECES = ["the", "ing", "▁a"]  # of the model
FILLERS = [" ", "  ", "\t", "\n", "\u00a0", "\u3000", "a", "hello", "x", "word", "_", "9", "é", "́", "你", "-", ".", "the ", "ing",
           "<", ">", "|im", "🦙", "y", "<s>", "</s>", "<unk>", "A", "ª", "Ⓐ", "٣"]


def tokens_of(picker):
    """Tokens as in added_tokens_decoder of tokenizer_config.json: (id, members)."""
    known, next_id, result = {}, SIZE, []
    for name in picker.sample(NAMES, picker.randrange(1, 7)) + (picker.sample(PIECES, 1) if picker.random() < 0.3 else []):
        flags = {flag: picker.random() < 0.3 for flag in ("lstrip", "rstrip", "single_word", "normalized")}
        special = picker.random() < 0.35 and name not in ("x", "<", "é", "▁y", "🦙") and name not in PIECES
        known[name] = {"content": name, "special": special} | flags
    vocabulary = vocabulary_of()
    for name, members in known.items():
        if name in vocabulary:
            if len(name) == 1 or members["special"]:  # not special in Cria
                members["special"] = False
            result.append((vocabulary[name], members))
        else:
            next_id += picker.choice([0, 0, 1, 5])
            result.append((next_id, members))
            next_id += 1
    return sorted(result, key=lambda item: item[0])


def vocabulary_of(cache={}):
    if not cache:
        import sentencepiece
        processor = sentencepiece.SentencePieceProcessor(model_file=str(HERE / "tokenizer" / "tokenizer.model"))
        cache.update({processor.id_to_piece(i): i for i in range(processor.get_piece_size())})
    return cache


def open_tokenizer(tokens, settings):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE / "tokenizer" / "tokenizer.model", folder)
        base = [(i, {"content": name, "special": True, "lstrip": False, "rstrip": False, "single_word": False,
                     "normalized": False}) for i, name in enumerate(("<unk>", "<s>", "</s>")) if i not in dict(tokens)]
        config = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
                  "add_bos_token": False, "added_tokens_decoder": {str(i): members for i, members in base + tokens}} | settings
        (pathlib.Path(folder) / "tokenizer_config.json").write_text(json.dumps(config))
        (pathlib.Path(folder) / "config.json").write_text('{"model_type": "llama"}')
        return transformers.AutoTokenizer.from_pretrained(folder)


def text_of(picker, tokens, rule):
    """A text that does not begin with a space: there SentencePiece, which Cria follows, differs from most of transformers 5."""
    parts = [picker.choice(tokens)[1]["content"] if picker.random() < 0.4 else picker.choice(FILLERS)
             for _ in range(picker.randrange(1, 9))]
    text = "".join(parts)
    return text if rule in ("never", "each") else text.lstrip(" ▁")


def rows_of(picker, tokens, rule, count):
    tokenizer = open_tokenizer(tokens, RULES[rule])
    stated = {members["content"]: i for i, members in tokens}  # transformers 5 closes gaps; the ids are the stated ones
    ids = {i: stated.get(token.content, i) for i, token in tokenizer.added_tokens_decoder.items()}
    for _ in range(count):
        text = text_of(picker, tokens, rule)
        row = {"text": text}
        for name, plain in (("ids", True), ("special_ids", False)):
            tokenizer._tokenizer.encode_special_tokens = plain
            row[name] = [ids.get(i, i) for i in tokenizer._tokenizer.encode(text, add_special_tokens=False).ids]
        if row["ids"] == row["special_ids"]:
            del row["special_ids"]
        yield row


def write_words():
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({"u": 0}, unk_token="u"))
    tokenizer.add_tokens([tokenizers.AddedToken("<w>", single_word=True, normalized=False)])
    ranges = []
    for code in range(0x110000):
        if not 0xD800 <= code <= 0xDFFF and 1 not in tokenizer.encode("<w>" + chr(code)).ids:
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    lines, line = [], " "
    for first, last in ranges:
        item = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(item) > 108:
            lines.append(line)
            line = " "
        line += item
    header = ("// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"
              f"// The characters that Hugging Face tokenizers {tokenizers.__version__} takes for parts of a word (\\w of Unicode 16), as\n"
              "// ranges. Written by tests/golden/make_added_tokens.py --words.\n")
    (HERE.parents[1] / "runtime" / "text" / "WordCharacters.inc").write_text(header + "\n".join(lines + [line]) + "\n")


def main():
    if "--words" in sys.argv:
        return write_words()
    lines = []
    for seed in range(102):
        picker = random.Random(seed)
        rule = list(RULES)[seed % 3] if seed < 90 else "each"
        tokens = tokens_of(picker)
        for _, members in tokens:
            members["normalized"] &= rule != "each"
        lines.append({"prefix": rule, "tokens": [{"id": i} | members for i, members in tokens],
                      "rows": list(rows_of(picker, tokens, rule, 24))})
    file = HERE / "added_tokens.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines), "utf-8",
                    newline="\n")
    print(f"{file.name}: {len(lines)} lines, {file.stat().st_size} bytes, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
