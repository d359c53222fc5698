#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes sentences/*.model and sentences.jsonl: SentencePiece models that normalize texts, and the ids of texts.

Small models with normalization rules, with and without bytes for unknown characters, repeated spaces and a space in
front. The tables of the rules that SentencePiece has are large, so that those of several models are one file
(sentences/RULE.map), which a reader appends to the model as a further normalizer_spec. Ids are those of SentencePiece, and those of the slow LlamaTokenizer of transformers 4 where the
checkpoint adds tokens (version 5 has none, and its fast tokenizers leave out what the model does to a text).
"""

import io
import json
import pathlib
import random
import tempfile

import sentencepiece
import transformers
from sentencepiece import sentencepiece_model_pb2

from make_tokenizer import corpus

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "sentences"
# name: rule, model type, byte_fallback, remove_extra_whitespaces, add_dummy_prefix, more options
MODELS = {
    "openllama": ("nmt_nfkc", "bpe", True, True, True, {}),
    "keeps-spaces": ("nmt_nfkc", "bpe", True, False, True, {}),
    "no-prefix": ("nmt_nfkc", "unigram", False, True, False, {"user_defined_symbols": ["<sep>", "ＡＢ", "A  B", "ﬁ"]}),
    "casefold": ("nfkc_cf", "unigram", False, True, True, {}),
    "casefold-plain": ("nfkc_cf", "bpe", True, False, False, {"user_defined_symbols": ["<sep>", "ＡＢ", "A  B", "ﬁ"]}),
    "rules": (None, "bpe", True, True, True, {}),
    "identity-spaces": ("identity", "bpe", True, True, True, {"user_defined_symbols": ["<sep>", "<sep><sep>", "++"]}),
    "identity-no-prefix": ("identity", "unigram", False, True, False, {}),
}
# Rules of our own: replacements of nothing and with spaces, keys that begin with others.
RULES = [("H", "h"), ("He", "  E  "), ("Hello", "bye"), (".", ""), ("Ω", " o m "), ("\n", " "), ("x", "\u2581"), ("😀", ":)")]
FILLERS = ["Hello", " world", "  two  spaces ", "\t", "\n", " \n ", "\u3000", "\u00a0", "ＡＢＣ", "ﬁne ﬂag", "①②", "½", "ﷺ", "カ\u3099",
           "e\u0301", "é", "Å", "Ω", "㍿", "½ cup", "ABC abc", "ẞ ß", "İstanbul", "\u200b", "\ufeff", "\u00ad", "\u2581", "\u2581\u2581x",
           "<sep>", "<sep><sep>", "A  B", "++", "ﬁ", "<s>", "</s>", "<unk>", "<0x41>", "😀", "👍🏽", "한국어", "各", "日本", "\u0007", "\u007f",
           "\u0000", "x", ".", " ", "   ", "\u00a8", "\u2003", "…", "™", "𝔘", "1/2", "\ufffd", "کی", "ı", "the ", "story"]
ADDED = [("<|word|>", False), ("<|end|>", True), (" gap ", False)]


def train(name):
    rule, kind, has_bytes, removes, prefix, more = MODELS[name]
    model = io.BytesIO()
    FOLDER.mkdir(exist_ok=True)
    if rule is None:
        rules = FOLDER / "rules.tsv"
        codes = lambda text: " ".join(f"{ord(character):X}" for character in text)
        rules.write_text("".join(f"{codes(key)}\t{codes(value)}\n" for key, value in RULES))
        normalization = {"normalization_rule_tsv": str(rules)}
    else:
        normalization = {"normalization_rule_name": rule}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, model_type=kind, vocab_size=620 if has_bytes else 330,
        unk_id=0, bos_id=1, eos_id=2, pad_id=-1, character_coverage=0.98, byte_fallback=has_bytes,
        add_dummy_prefix=prefix, remove_extra_whitespaces=removes, num_threads=1, hard_vocab_limit=False,
        minloglevel=2, **normalization, **more)
    if rule is None:
        rules.unlink()
    return model.getvalue()


def store(name, model):
    """Writes the model without a table that has a file of its own."""
    rule = MODELS[name][0]
    message = sentencepiece_model_pb2.ModelProto.FromString(model)
    if rule and rule != "identity":
        (FOLDER / f"{rule}.map").write_bytes(message.normalizer_spec.precompiled_charsmap)
        message.normalizer_spec.precompiled_charsmap = b""
    message.normalizer_spec.ClearField("normalization_rule_tsv")  # a path
    (FOLDER / f"{name}.model").write_bytes(message.SerializeToString())


def text_of(picker):
    text = "".join(picker.choice(FILLERS) for _ in range(picker.randrange(1, 9)))
    if picker.random() < 0.2:  # any characters
        text += "".join(chr(picker.choice([picker.randrange(1, 0x3000), picker.randrange(0xF900, 0x10000),
                                           picker.randrange(0x1D400, 0x1F200)])) for _ in range(4))
    return text


def slow(model):
    """The slow tokenizer, with added tokens behind the pieces of the model."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tokenizer.model"
        path.write_bytes(model)
        tokenizer = transformers.LlamaTokenizer(str(path), legacy=True, add_bos_token=False)
    tokenizer.add_tokens([transformers.AddedToken(text, normalized=False, special=special) for text, special in ADDED])
    return tokenizer


def rows_of(name):
    picker = random.Random(name)
    model = train(name)
    store(name, model)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    rule = MODELS[name][0]
    yield {"model": name} | ({"map": rule} if rule and rule != "identity" else {})
    for _ in range(120):
        text = text_of(picker)
        ids = processor.encode(text)
        yield {"text": text, "ids": ids, "decoded": processor.decode(ids)}
    tokenizer = slow(model)
    first = processor.get_piece_size()
    yield {"tokens": [{"id": first + i, "text": text, "special": special} for i, (text, special) in enumerate(ADDED)]}
    for _ in range(60):
        parts = [picker.choice(ADDED)[0] if picker.random() < 0.4 else picker.choice(FILLERS)
                 for _ in range(picker.randrange(2, 9))]
        # The names of control tokens are not cut out of texts that Cria encodes as text.
        text = "".join(part for part in parts if part not in ("<s>", "</s>", "<unk>"))
        if text:
            yield {"text": text, "ids": tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text))}


def main():
    rows = [row for name in MODELS for row in rows_of(name)]
    file = HERE / "sentences.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows), "utf-8",
                    newline="\n")
    print(f"{file.name}: {len(rows)} lines, {file.stat().st_size} bytes, sentencepiece {sentencepiece.__version__}, "
          f"transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
