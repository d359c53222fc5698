#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes tokenizer_folders.jsonl: what AutoTokenizer of transformers 5 makes of the files beside tokenizer/tokenizer.model.

Random folders: classes, settings that are absent, null or stated, tokens by name, as objects with flags and in lists, added
tokens in each of the files, and tokenizer.json as versions 4 and 5 save it. Where docs/checkpoints.md states another rule,
`as_read` fills in what it says. Rows are described in README.md.
"""

import json
import pathlib
import random
import shutil
import sys
import tempfile

from make_added_tokens import FILLERS, HERE, SIZE, transformers, vocabulary_of

NAMES = ["<tool>", "<tool>x", "<|im_start|>", "<|im", "[PAD]", "ab", "a b", "你好", "_x_", "hello", "<s2>", "\n\n", "</think>", "12"]
FLAGS = ("lstrip", "rstrip", "single_word", "normalized")
OFFSET = int(sys.argv[2]) if len(sys.argv) > 2 else 0
PIECES = ["ing", "the", "ver"]  # of the model, which are special only as words alone: Cria leaves such tokens out
CLASSES = ["LlamaTokenizer"] * 4 + ["LlamaTokenizerFast", "CodeLlamaTokenizer", "CodeLlamaTokenizerFast", None,
                                    "PreTrainedTokenizerFast", "TokenizersBackend", "PreTrainedTokenizer"]
ROLES = ["pad_token", "sep_token", "cls_token", "mask_token", "image_token", "role_token"]
MARK = "▁"
REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}
DOUBLE = {"type": "Replace", "pattern": {"Regex": r"\A" + MARK}, "content": MARK + MARK}
PREPEND = {"type": "Prepend", "prepend": MARK}


def flags_of(picker, chance=0.3):
    return {flag: picker.random() < chance for flag in FLAGS}


def base_tokens():
    return [{"id": i, "content": name, "special": True, **{flag: False for flag in FLAGS}}
            for i, name in enumerate(("<unk>", "<s>", "</s>"))]


def absent_null_or(picker, values):
    """A setting: absent, null, or one of the values."""
    return picker.choice([{}, {}, None] + [value for value in values])


def put(picker, config, name, values):
    value = absent_null_or(picker, values)
    if value != {}:
        config[name] = value


class Folder:
    """The files of a folder, and the names of tokens in them."""

    def __init__(self, picker):
        self.picker, self.files = picker, {}
        self.names = picker.sample(NAMES + PIECES, 9)
        self.used, self.objects = [], []
        self.config = {}
        self.model = {"model_type": "llama"}
        self.write()

    def take(self):
        name = self.names.pop()
        self.used.append(name)
        return name

    def write(self):
        picker = self.picker
        self.has_file = picker.random() < 0.5
        self.is_old = self.has_file and picker.random() < 0.35  # tokenizer.json of version 4
        has_config = picker.random() < 0.95
        name = picker.choice(CLASSES) if has_config else None
        if name and name != "PreTrainedTokenizer" and picker.random() < 0.1:
            self.model["tokenizer_class"] = name
        elif name:
            self.config["tokenizer_class"] = name
        self.kind = (name or "").removesuffix("Fast") or "none"
        if has_config and self.has_file and not self.is_old and picker.random() < 0.5:
            self.config["backend"] = "tokenizers"  # saved by version 5
        for setting in ("legacy", "add_prefix_space", "add_bos_token", "add_eos_token"):
            if not ("backend" in self.config and setting == "legacy"):
                put(picker, self.config, setting, [False, True])
        if self.kind in ("none", "PreTrainedTokenizer", "TokenizersBackend") and self.config.get("legacy", 0) is None:
            del self.config["legacy"]
        if self.kind == "CodeLlamaTokenizer":  # its defaults are the next ids of so small a tokenizer
            self.config |= {f"{name}_token": None for name in ("prefix", "middle", "suffix", "eot", "fill")}
        # Without a class, version 5 writes what the SentencePiece model does.
        self.is_model = self.has_file and not self.is_old and self.kind in ("none", "TokenizersBackend") and picker.random() < 0.5
        self.add_names()
        self.add_lists()
        self.add_tokens()
        self.files = {"config.json": self.model} | self.files
        if has_config:
            self.config = dict(sorted(self.config.items()))  # as it is saved
            self.files["tokenizer_config.json"] = self.config
        else:
            self.config = {}

    def flags(self, name):
        """Normalized tokens of other classes are found in other ways, which a note says or which matter little."""
        flags = flags_of(self.picker) | ({"single_word": True} if name in PIECES else {})
        is_plain = self.kind in ("LlamaTokenizer", "CodeLlamaTokenizer") or (self.has_file and not self.is_old and not self.is_model)
        return flags | ({} if is_plain else {"normalized": False})

    def named(self, name):
        """The name, or an object with flags."""
        if name not in PIECES and self.picker.random() < 0.5:
            return name
        self.objects.append(name)
        return {"__type": "AddedToken", "content": name, "special": self.picker.random() < 0.5} | self.flags(name)

    def add_names(self):
        picker = self.picker
        for role, name in (("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")):
            if picker.random() < 0.8:
                self.config[role] = name
        if picker.random() < 0.1:
            self.config["bos_token"] = None
        elif picker.random() < 0.15:
            self.config["bos_token"] = self.named("<b>")  # names with spaces break the template of transformers
            self.used.append("<b>")
        for role in picker.sample(ROLES, picker.choice([0, 0, 1, 2])):
            self.config[role] = picker.choice([None, "</s>", self.named(self.take())])

    def add_lists(self):
        picker = self.picker
        for member in ("additional_special_tokens", "extra_special_tokens"):
            if picker.random() < 0.35:
                tokens = [self.named(self.take()) for _ in range(picker.choice([0, 1, 2])) if len(self.names) > 1]
                as_object = member == "extra_special_tokens" and picker.random() < 0.3
                if as_object:  # beside it, version 5 loses the other list in some folders
                    self.config.pop("additional_special_tokens", None)
                self.config[member] = {f"{i}_name": token for i, token in enumerate(tokens)} if as_object else tokens

    def add_tokens(self):
        """Added tokens with ids, among them some that have a name or a role elsewhere."""
        picker = self.picker
        where = picker.choice(["decoder", "added_tokens.json", "tokenizer.json"] if self.has_file else ["decoder", "added_tokens.json"])
        again = [name for name in self.used if picker.random() < 0.3]
        if where == "added_tokens.json":  # there version 5 finds no name in a list of objects
            again = [name for name in again if name not in self.objects]
        names = again + [self.take() for _ in range(picker.randrange(0, 3)) if self.names]
        tokens = [{"id": vocabulary_of().get(name, SIZE + i), "content": name, "special": picker.random() < 0.4} | self.flags(name) for i, name in enumerate(names)]
        if where == "decoder":
            self.config["added_tokens_decoder"] = {str(token["id"]): {k: v for k, v in token.items() if k != "id"}
                                                   for token in base_tokens() + tokens}
        elif where == "added_tokens.json":
            self.files[where] = {token["content"]: token["id"] for token in tokens}
        if where != "decoder" and picker.random() < 0.3:
            self.add_map()
        if self.has_file:
            self.files["tokenizer.json"] = self.tokenizer_json(tokens)

    def add_map(self):
        entries = {role: self.config[role] for role in ("bos_token", "eos_token", "unk_token") if role in self.config}
        if self.names:
            name = self.take()
            entries["pad_token"] = {"content": name} | self.flags(name)
        if self.names and self.picker.random() < 0.4:
            entries["extra_special_tokens"] = [self.take()] if self.names[-1] not in PIECES else []
        self.files["special_tokens_map.json"] = json.loads(json.dumps(entries).replace('"__type": "AddedToken", ', ""))

    def tokenizer_json(self, tokens):
        picker = self.picker
        scheme = picker.choice(["always", "first", "never"])
        template = [{"SpecialToken": {"id": "<s>", "type_id": 0}}] if picker.random() < 0.7 else []
        behind = [{"SpecialToken": {"id": "</s>", "type_id": 0}}] if picker.random() < 0.15 else []
        processor = {"type": "TemplateProcessing", "single": template + [{"Sequence": {"id": "A", "type_id": 0}}] + behind,
                     "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                     "special_tokens": {name: {"id": name, "ids": [i], "tokens": [name]} for i, name in ((1, "<s>"), (2, "</s>"))}}
        metaspace = {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": False}
        old = {"type": "Sequence", "normalizers": [PREPEND, REPLACE]} if picker.random() < 0.7 else REPLACE
        new = None if not self.is_model else {
            "type": "Sequence", "normalizers": [REPLACE] + ([DOUBLE] if scheme == "always" else [])}
        pre_tokenizer = {"type": "Sequence", "pretokenizers": [metaspace]} if new else metaspace
        return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": base_tokens() + tokens,
                "normalizer": old if self.is_old else new, "pre_tokenizer": None if self.is_old else pre_tokenizer,
                "post_processor": picker.choice([processor, processor, processor, None,
                                                 {"type": "Sequence", "processors": [processor]}]),
                "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}]}}


class NamedFolder(Folder):
    """Tokens without ids, whose ids depend on the order of the members that name them."""

    MEMBERS = ["z_token", "a_token", "m_token", "pad_token", "mask_token", "name", "other"]

    def write(self):
        picker = self.picker
        self.has_file = self.is_old = self.is_model = False
        self.names = [name for name in self.names if name not in PIECES]
        self.kind = picker.choice(["LlamaTokenizer", "none"])
        self.config = {"legacy": False, "add_bos_token": True, "eos_token": "</s>", "unk_token": "<unk>"}
        self.config |= {"tokenizer_class": self.kind} if self.kind != "none" else {}
        self.config |= self.named_by(self.roles()) | self.further(self.named) | (
            {"additional_special_tokens": self.listed(self.named)} if picker.random() < 0.4 else {})
        self.config = self.shuffled(self.config)
        self.files = {"config.json": self.model, "tokenizer_config.json": self.config}
        if picker.random() < 0.5:
            entries = {member: self.take() for member in self.some(self.roles())} | self.further(lambda name: name)
            entries |= {"additional_special_tokens": self.listed(lambda name: name)} if picker.random() < 0.2 else {}
            self.files["special_tokens_map.json"] = self.shuffled(entries)

    def roles(self):
        return [member for member in self.MEMBERS if member.endswith("_token")]

    def some(self, members):
        return self.picker.sample(members, min(self.picker.randrange(4), max(len(self.names) - 1, 0)))

    def named_by(self, members):
        return {member: self.named(self.take()) for member in self.some(members)}

    def listed(self, form):
        return [form(self.take()) for _ in range(self.picker.randrange(3)) if self.names]

    def further(self, form):
        """extra_special_tokens as an object, as a list, or none."""
        kind = self.picker.random()
        members = {member: form(self.take()) for member in self.some(self.MEMBERS)} if kind < 0.5 else {}
        tokens = members if kind < 0.5 else self.listed(form)
        return {"extra_special_tokens": tokens} if kind < 0.8 else {}

    def shuffled(self, members):
        items = list(members.items())
        self.picker.shuffle(items)
        return dict(items)


def scheme_of(file):
    if file["pre_tokenizer"]:  # of LlamaTokenizer
        return file["pre_tokenizer"]["prepend_scheme"]
    return "always" if file["normalizer"]["type"] == "Sequence" else "never"


def as_read(folder):
    """tokenizer_config.json with the settings that docs/checkpoints.md takes for those that are not stated."""
    config = dict(folder.config)
    is_llama = folder.kind == "LlamaTokenizer"
    if config.get("legacy") is None and "backend" not in config and (is_llama or not folder.has_file):
        scheme = scheme_of(folder.files["tokenizer.json"]) if folder.has_file else "always"
        config["legacy"] = scheme != "first"
        if scheme == "never":
            config["add_prefix_space"] = False
    if "add_bos_token" not in config and not folder.has_file:
        config["add_bos_token"] = True
    return config


def model_of(cache={}):
    """The member `model` of tokenizer.json."""
    if not cache:
        with tempfile.TemporaryDirectory() as path:
            shutil.copy(HERE / "tokenizer" / "tokenizer.model", path)
            (pathlib.Path(path) / "config.json").write_text('{"model_type": "llama", "tokenizer_class": "LlamaTokenizer"}')
            cache.update(json.loads(transformers.AutoTokenizer.from_pretrained(path)._tokenizer.to_str())["model"])
    return cache


def open_folder(folder):
    with tempfile.TemporaryDirectory() as path:
        shutil.copy(HERE / "tokenizer" / "tokenizer.model", path)
        files = folder.files | {"tokenizer_config.json": as_read(folder)}
        if folder.has_file:
            files["tokenizer.json"] = folder.files["tokenizer.json"] | {"model": model_of()}
        for name, json_file in files.items():
            (pathlib.Path(path) / name).write_text(json.dumps(json_file))
        return transformers.AutoTokenizer.from_pretrained(path)


def ids_of(folder, tokenizer):
    """Ids of the tokenizer as the files state them, or as the next ones."""
    stated = {token["content"]: token["id"] for token in folder.files.get("tokenizer.json", {}).get("added_tokens", [])}
    stated |= folder.files.get("added_tokens.json", {})
    stated |= {token["content"]: int(i) for i, token in folder.config.get("added_tokens_decoder", {}).items()}
    next_id = max([SIZE - 1] + list(stated.values())) + 1
    ids = {}
    for i, token in sorted(tokenizer.added_tokens_decoder.items()):
        if token.content in stated or i < SIZE:
            ids[i] = stated.get(token.content, i)
        else:
            ids[i], next_id = next_id, next_id + 1
    return ids


def line(seed, kind=Folder):
    picker = random.Random(seed + OFFSET)
    folder = kind(picker)
    tokenizer = open_folder(folder)
    ids = ids_of(folder, tokenizer)
    rows = []
    while len(rows) < 10:
        parts = [picker.choice(folder.used) if folder.used and picker.random() < 0.45 else picker.choice(FILLERS)
                 for _ in range(picker.randrange(1, 8))]
        text = "".join(parts).lstrip(" ▁")
        if "<s>" in text and tokenizer.bos_token != "<s>":  # control tokens of the model that no file names
            continue
        row = {"text": text}
        for name, plain in (("ids", True), ("special_ids", False)):
            tokenizer._tokenizer.encode_special_tokens = plain
            try:
                row[name] = [ids.get(i, i) for i in tokenizer._tokenizer.encode(text, add_special_tokens=False).ids]
            except BaseException as panic:  # of the library, where tokens strip each other's white space
                assert "bad split" in str(panic)
        if len(row) < 3:
            continue
        if any(piece in text and piece in folder.used for piece in PIECES):
            row["special_ids"] = None
        if row["ids"] == row["special_ids"]:
            del row["special_ids"]
        rows.append(row)
    whole = tokenizer._tokenizer.encode("the the").ids
    plain = tokenizer._tokenizer.encode("the the", add_special_tokens=False).ids
    begin = next(at for at in range(len(whole)) if whole[at:at + len(plain)] == plain)
    assert begin < 2, whole
    return {"files": folder.files, "bos": ids.get(whole[0], whole[0]) if begin else -1, "rows": rows}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    lines = []
    for seed in range(count):
        lines.append(line(seed))
    for seed in range(count // 3):
        lines.append(line(seed, NamedFolder))
    file = HERE / "tokenizer_folders.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in lines), "utf-8",
                    newline="\n")
    print(f"{file.name}: {len(lines)} lines, {file.stat().st_size} bytes, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
